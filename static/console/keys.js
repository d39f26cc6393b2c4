/* A key for everything, a sheet that tells them, and a way to turn them off. Never while somebody types, or with a modifier. */
"use strict";

(() => {
  const { all, ready, viewer } = Zizhi;
  const OFF = "zizhi-keys-off";
  const TYPED_IN = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
  const PRESSED = "a[href], button, summary, input, select, textarea";

  function stored() {
    try {
      return localStorage.getItem(OFF) === "1";
    } catch {
      return false;
    }
  }

  let off = stored();

  const opened = () => document.querySelector(".decision[open]");

  /** Open one decision and leave the focus beside it, so that the number keys and Enter are its own. */
  function open(decision) {
    decision.open = true;
    decision.querySelector("form").focus({ preventScroll: true });
    decision.scrollIntoView({ block: "nearest" });
    if (decision.matches(".decision-hold, .decision-escalate")) decision.querySelector("textarea").focus();
  }

  function tick(number) {
    const box = opened()?.querySelector(`[data-number="${number}"]`);
    if (!box) return;
    box.checked = !box.checked;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.closest("label").scrollIntoView({ block: "nearest" });
  }

  const press = (key) => document.querySelector(`#desk [data-key="${key}"]:is(a, button), #toasts [data-key="${key}"]`)?.click();

  function confirm(event) {
    const form = opened()?.querySelector("form");
    if (!form) return false;
    if (form.matches("[data-held]")) Zizhi.send(form, event.timeStamp);
    else form.requestSubmit(form.querySelector("[type=submit].default"));
    return true;
  }

  const sheet = () => document.getElementById("keys");

  const does = {
    j: () => press("j"),
    k: () => press("k"),
    c: () => press("c"),
    u: () => press("u"),
    t: () => (document.querySelector(".take-over button") || document.querySelector('[data-key="t"]'))?.focus(),
    n: () => opened()?.querySelector("textarea")?.focus(),
    z: () => viewer.in(),
    Z: () => viewer.out(),
    o: () => viewer.turn(),
    f: () => viewer.fly(),
    b: () => viewer.boxes(),
    "?": () => sheet()?.showModal(),
    "？": () => sheet()?.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.isComposing || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && target.matches(".decision textarea")) {
      event.preventDefault();
      confirm(event);
      return;
    }
    if (event.key === "Escape") {
      if (target.matches(TYPED_IN)) (target.closest("form[tabindex]") || document.querySelector("h1")).focus();
      else if (opened()) { opened().open = false; document.querySelector("h1").focus(); }
      return;
    }
    if (off || event.ctrlKey || event.metaKey || event.altKey || target.matches(TYPED_IN)) return;
    if (event.key === "Enter") {
      if (!event.repeat && !target.matches(PRESSED) && confirm(event)) event.preventDefault();
      return;
    }
    if (/^[1-9]$/.test(event.key) && !event.repeat) { tick(event.key); return; }
    const decision = document.querySelector(`.decision[data-key="${CSS.escape(event.key)}"]`);
    if (decision) { event.preventDefault(); open(decision); return; }
    const act = does[event.key];
    if (!act || (event.repeat && !"zZ".includes(event.key))) return;
    event.preventDefault();
    act();
  });

  ready((root) => {
    root.querySelector("#keys-open")?.addEventListener("click", () => sheet().showModal());
    const on = root.querySelector("#keys-on");
    if (!on) return;
    on.checked = !off;
    document.body.classList.toggle("keys-off", off);
    on.addEventListener("change", () => {
      off = !on.checked;
      document.body.classList.toggle("keys-off", off);
      try {
        localStorage.setItem(OFF, off ? "1" : "0");
      } catch {
        /* It holds until the page is left. */
      }
    });
    all(".decision summary", root).forEach((summary) => summary.addEventListener("click", () => {
      const decision = summary.parentElement;
      requestAnimationFrame(() => { if (decision.open) decision.querySelector("form").focus({ preventScroll: true }); });
    }));
  });
})();
