/* Open menus close on Escape and on a click elsewhere, and "/" leads to the search. The menus and the search work without this. */
"use strict";

(() => {
  const menus = () => document.querySelectorAll("#header details[open]");
  const isWide = matchMedia("(min-width: 1025px)");

  function keysOff() {
    try {
      return localStorage.getItem("zizhi-keys-off") === "1";
    } catch {
      return false;
    }
  }

  document.addEventListener("click", (event) => {
    for (const menu of menus()) if (!menu.contains(event.target) && (isWide.matches || menu.id)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented) return;
    if (event.key === "Escape") {
      for (const menu of menus()) {
        if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
        menu.open = false;
      }
      return;
    }
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || keysOff()) return;
    if (target.matches("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) return;
    const field = document.getElementById("find");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
})();
