/* The case page's conveniences: pages to turn and enlarge, boxes that light up, a preview, a clock. Everything that decides works without. */
"use strict";

(() => {
  document.body.classList.add("scripted");
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  /* --- Pages: one at a time, enlarged and turned ------------------------------------------------------ */

  const viewports = all(".viewport").map((element) => ({
    element,
    stage: element.querySelector(".stage"),
    sheet: element.querySelector(".sheet"),
    width: Number(element.querySelector(".sheet").dataset.width),
    height: Number(element.querySelector(".sheet").dataset.height),
    turn: Number(element.dataset.turn) % 360,
    zoom: 1,
  }));
  let shown = viewports[0];

  /** The page's own pixels are scaled by `zoom` times what fits; the sheet is turned about its corner and pushed back into view. */
  function lay(view) {
    const sideways = view.turn % 180 !== 0;
    const [w, h] = sideways ? [view.height, view.width] : [view.width, view.height];
    const room = { w: view.element.clientWidth - 2, h: Math.max(parseFloat(getComputedStyle(view.element).maxHeight) - 2, 200) };
    const scale = Math.min(room.w / w, Math.max(room.h / h, (0.75 * room.w) / w)) * view.zoom;
    const [width, height] = [view.width * scale, view.height * scale];
    const push = { 0: [0, 0], 90: [height, 0], 180: [width, height], 270: [0, width] }[view.turn];
    view.sheet.style.width = `${width}px`;
    view.sheet.style.transform = `translate(${push[0]}px, ${push[1]}px) rotate(${view.turn}deg)`;
    view.stage.style.width = `${w * scale}px`;
    view.stage.style.height = `${h * scale}px`;
  }

  function show(view) {
    shown = view;
    viewports.forEach((other) => { other.element.hidden = other !== view; });
    all(".strip button").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.page === view.element.dataset.page)));
    lay(view);
  }

  /** Enlarge about the middle of what is seen, so that it stays in view. */
  function zoom(view, factor) {
    const element = view.element;
    const middle = [(element.scrollLeft + element.clientWidth / 2) / element.scrollWidth, (element.scrollTop + element.clientHeight / 2) / element.scrollHeight];
    view.zoom = Math.min(8, Math.max(0.25, view.zoom * factor));
    lay(view);
    element.scrollLeft = middle[0] * element.scrollWidth - element.clientWidth / 2;
    element.scrollTop = middle[1] * element.scrollHeight - element.clientHeight / 2;
  }

  const tools = {
    in: () => zoom(shown, 1.4),
    out: () => zoom(shown, 1 / 1.4),
    fit: () => { shown.zoom = 1; lay(shown); },
    turn: () => { shown.turn = (shown.turn + 90) % 360; lay(shown); },
    boxes: (button) => {
      const off = document.body.classList.toggle("boxes-off");
      button.setAttribute("aria-pressed", String(!off));
    },
  };

  if (viewports.length) {
    show(viewports[0]);
    all(".strip button").forEach((button) => button.addEventListener("click", () => show(viewports[Number(button.dataset.page) - 1])));
    all(".tools button").forEach((button) => button.addEventListener("click", () => tools[button.dataset.do](button)));
    window.addEventListener("resize", () => lay(shown));
    viewports.forEach((view) => {
      view.element.addEventListener("wheel", (event) => {
        if (!event.ctrlKey) return;
        event.preventDefault();
        zoom(view, event.deltaY < 0 ? 1.15 : 1 / 1.15);
      }, { passive: false });
      let from = null;
      view.element.addEventListener("pointerdown", (event) => {
        if (event.button !== 0 || event.pointerType === "touch") return;
        from = [event.clientX + view.element.scrollLeft, event.clientY + view.element.scrollTop];
        view.element.setPointerCapture(event.pointerId);
      });
      view.element.addEventListener("pointermove", (event) => {
        if (from) { view.element.scrollLeft = from[0] - event.clientX; view.element.scrollTop = from[1] - event.clientY; }
      });
      view.element.addEventListener("pointerup", () => { from = null; });
      view.element.addEventListener("dragstart", (event) => event.preventDefault());
    });
  }

  /* --- A row points at its box ------------------------------------------------------------------------ */

  function light(field, on) {
    all(`[data-field="${CSS.escape(field)}"]`).forEach((element) => element.classList.toggle("lit", on));
  }

  all("tr[data-field], .only-read [data-field], .finding[data-field]").forEach((element) => {
    if (!element.dataset.field) return;
    element.addEventListener("pointerenter", () => light(element.dataset.field, true));
    element.addEventListener("pointerleave", () => light(element.dataset.field, false));
    element.addEventListener("click", () => {
      const view = viewports.find((candidate) => candidate.element.querySelector(`.box[data-field="${CSS.escape(element.dataset.field)}"]`));
      if (!view) return;
      show(view);
      const box = view.element.querySelector(`.box[data-field="${CSS.escape(element.dataset.field)}"]`).getBoundingClientRect();
      const frame = view.element.getBoundingClientRect();
      view.element.scrollBy({ left: box.left + box.width / 2 - frame.left - frame.width / 2, top: box.top + box.height / 2 - frame.top - frame.height / 2 });
    });
  });

  /* --- What the employer will be told ------------------------------------------------------------------ */

  all(".decision form").forEach((form) => {
    const preview = form.querySelector("[data-preview]");
    if (!preview) return;
    const note = form.querySelector("textarea[name=note]");
    const quote = preview.querySelector("[data-note]");
    const update = () => {
      const ticked = new Set(all("input[name=reasons]:checked", form).map((box) => box.value));
      all("li[data-code]", preview).forEach((item) => { item.hidden = !ticked.has(item.dataset.code); });
      quote.textContent = note.value;
      quote.hidden = !note.value.trim();
      preview.hidden = !ticked.size && quote.hidden;
    };
    form.addEventListener("input", update);
    update();
  });

  /* --- How long the claim holds ------------------------------------------------------------------------ */

  const claim = document.querySelector("[data-seconds-left]");
  if (claim) {
    const ends = performance.now() + 1000 * Number(claim.dataset.secondsLeft);
    const clock = claim.querySelector(".countdown");
    const tick = () => {
      const left = Math.ceil((ends - performance.now()) / 1000);
      claim.classList.toggle("soon", left <= 120);
      if (left <= 0) {
        claim.classList.add("over");
        claim.textContent = claim.dataset.over;
        clearInterval(timer);
        return;
      }
      clock.textContent = `(${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")})`;
    };
    const timer = setInterval(tick, 1000);
    tick();
  }
})();
