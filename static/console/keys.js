/* Keyboard shortcuts, their help sheet, and a switch to turn them off. Ignored while typing, or with a modifier. */
"use strict";

(() => {
  const { all, remember, remembered, viewer } = Zizhi;
  const OFF = "zizhi-keys-off";
  const TYPED_IN = "input:not([type=checkbox]):not([type=radio]), textarea, [contenteditable]";
  const PRESSED = "a[href], button, summary, input, select, textarea";

  let off = remembered(OFF);

  const opened = () => document.querySelector(".decision[open]");

  /** Open one decision and keep the focus outside its fields, so that the number keys and Enter act on it. */
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

  function confirm() {
    const button = opened()?.querySelector("[type=submit].default");
    if (button && !button.disabled) button.form.requestSubmit(button);
    return Boolean(button);
  }

  const sheet = () => document.getElementById("keys");

  const does = {
    j: () => press("j"),
    k: () => press("k"),
    g: () => press("g"),
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
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && opened() && !target.closest("form:not(.decision form)")) {
      event.preventDefault();
      if (!event.repeat) confirm();
      return;
    }
    if (event.key === "Escape") {
      if (target.matches(TYPED_IN)) (target.closest("form[tabindex]") || document.querySelector("h1")).focus();
      else if (opened()) { opened().open = false; document.querySelector("h1").focus(); }
      return;
    }
    if (off || event.ctrlKey || event.metaKey || event.altKey || target.matches(TYPED_IN)) return;
    if (event.key === "Enter") {
      if (!event.repeat && !target.matches(PRESSED) && confirm()) event.preventDefault();
      return;
    }
    if (/^[1-9]$/.test(event.key) && !event.repeat) {
      if (opened()) event.preventDefault(); // a list in focus must not take the number
      tick(event.key);
      return;
    }
    if (target.matches("select")) return; // letters choose in a list
    const decision = document.querySelector(`.decision[data-key="${CSS.escape(event.key)}"]`);
    if (decision) { event.preventDefault(); open(decision); return; }
    const act = does[event.key];
    if (!act || (event.repeat && !"zZ".includes(event.key))) return;
    event.preventDefault();
    act();
  });

  const on = document.getElementById("keys-on");
  const show = () => document.body.classList.toggle("keys-off", off);
  document.getElementById("keys-open").addEventListener("click", () => sheet().showModal());
  on.checked = !off;
  on.addEventListener("change", () => { off = !on.checked; remember(OFF, off); show(); });
  show();
  all(".decision summary").forEach((summary) => summary.addEventListener("click", () => {
    const decision = summary.parentElement;
    requestAnimationFrame(() => { if (decision.open) decision.querySelector("form").focus({ preventScroll: true }); });
  }));
})();
