/* The document viewer: rotate, zoom and pan pages, highlight boxes, show a crop of each field beside its value, and zoom to it. */
"use strict";

(() => {
  const { all, remember, remembered } = Zizhi;
  const BOXES_OFF = "zizhi-boxes-off";
  const views = all(".viewport").map((element) => {
    const sheet = element.querySelector(".sheet");
    const lies = Number(element.dataset.turn) % 360;
    return {
      element, sheet, lies, stage: element.querySelector(".stage"), image: sheet.querySelector("img"),
      width: Number(sheet.dataset.width), height: Number(sheet.dataset.height), turn: lies, zoom: 1,
    };
  });
  let boxesOff = remembered(BOXES_OFF);
  let shown = null;
  let flown = -1;

  /** Scale the page by `zoom` times the scale that fits; rotate the sheet about its corner and shift it back into view. */
  function lay(view) {
    const { w, h, scale } = size(view);
    const [width, height] = [view.width * scale, view.height * scale];
    const push = { 0: [0, 0], 90: [height, 0], 180: [width, height], 270: [0, width] }[view.turn];
    view.sheet.style.width = `${width}px`;
    view.sheet.style.transform = `translate(${push[0]}px, ${push[1]}px) rotate(${view.turn}deg)`;
    view.stage.style.width = `${w * scale}px`;
    view.stage.style.height = `${h * scale}px`;
  }

  function size(view) {
    const [w, h] = view.turn % 180 ? [view.height, view.width] : [view.width, view.height];
    const room = { w: view.element.clientWidth - 2, h: Math.max(parseFloat(getComputedStyle(view.element).maxHeight) - 2, 200) };
    const fits = Math.min(room.w / w, Math.max(room.h / h, (0.75 * room.w) / w));
    return { w, h, room, fits, scale: fits * view.zoom };
  }

  function show(view) {
    shown = view;
    views.forEach((other) => { other.element.hidden = other !== view; });
    all(".strip button").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.page === view.element.dataset.page)));
    lay(view);
  }

  /** Zoom about the middle of the visible part, so that it stays in view. */
  function zoom(factor, view = shown) {
    if (!view) return;
    const element = view.element;
    const middle = [(element.scrollLeft + element.clientWidth / 2) / element.scrollWidth, (element.scrollTop + element.clientHeight / 2) / element.scrollHeight];
    view.zoom = Math.min(8, Math.max(0.25, view.zoom * factor));
    lay(view);
    element.scrollLeft = middle[0] * element.scrollWidth - element.clientWidth / 2;
    element.scrollTop = middle[1] * element.scrollHeight - element.clientHeight / 2;
  }

  const tools = {
    in: () => zoom(1.4),
    out: () => zoom(1 / 1.4),
    fit: () => { if (shown) { shown.zoom = 1; lay(shown); } },
    turn: () => { if (shown) { shown.turn = (shown.turn + 90) % 360; lay(shown); } },
    boxes: () => {
      boxesOff = !boxesOff;
      remember(BOXES_OFF, boxesOff);
      showBoxes();
    },
    /** Go to the next field with a place on a page; fields that differ come first. */
    fly: () => {
      const rows = all("tr[class^=row-][data-field], .finding[data-field]").filter((row) => row.dataset.field && boxOf(row.dataset.field));
      const order = [...rows.filter((row) => row.matches(".row-differs")), ...rows.filter((row) => !row.matches(".row-differs"))];
      if (!order.length) return;
      flown = (flown + 1) % order.length;
      fly(order[flown].dataset.field);
    },
  };

  function showBoxes() {
    document.body.classList.toggle("boxes-off", boxesOff);
    all(".tools [data-do=boxes]").forEach((button) => button.setAttribute("aria-pressed", String(!boxesOff)));
  }

  /* --- From a value to its place ------------------------------------------------------------------------ */

  function boxOf(field) {
    for (const view of views) {
      const box = view.element.querySelector(`.box[data-field="${CSS.escape(field)}"]`);
      if (box) return { view, box };
    }
    return null;
  }

  function light(field, on) {
    all(`[data-field="${CSS.escape(field)}"]`).forEach((element) => element.classList.toggle("lit", on));
  }

  /** Show the field's page, zoomed so that the field fills most of the width. */
  function fly(field) {
    const place = boxOf(field);
    if (!place) return;
    const { view, box } = place;
    show(view);
    const { fits, room } = size(view);
    const [w, h] = [Number(box.getAttribute("width")), Number(box.getAttribute("height"))];
    const [across, down] = view.turn % 180 ? [h, w] : [w, h];
    view.zoom = Math.min(8, Math.max(1, Math.min((0.8 * room.w) / across, (0.4 * room.h) / down) / fits));
    lay(view);
    const [at, frame] = [box.getBoundingClientRect(), view.element.getBoundingClientRect()];
    view.element.scrollBy({ left: at.left + at.width / 2 - frame.left - frame.width / 2, top: at.top + at.height / 2 - frame.top - frame.height / 2 });
    all(".lit").forEach((element) => element.classList.remove("lit"));
    light(field, true);
  }

  /* --- A crop of the page beside the value ---------------------------------------------------------------- */

  const TALL = 132;

  /** Draw the crop from the loaded picture, without a request, rotated to the page's detected orientation. */
  function crop(canvas) {
    const place = boxOf(canvas.dataset.field);
    if (!place) return;
    const { view, box } = place;
    const draw = () => {
      if (!view.image.naturalWidth) return;
      const natural = view.image.naturalWidth / view.width;
      const [x, y, w, h] = ["x", "y", "width", "height"].map((side) => Number(box.getAttribute(side)) * natural);
      const margin = 0.12 * Math.min(w, h);
      const [cw, ch] = view.lies % 180 ? [h + 2 * margin, w + 2 * margin] : [w + 2 * margin, h + 2 * margin];
      const scale = Math.min(1, 900 / cw, TALL / ch);
      canvas.width = Math.max(1, Math.round(cw * scale));
      canvas.height = Math.max(1, Math.round(ch * scale));
      const pen = canvas.getContext("2d");
      pen.translate(canvas.width / 2, canvas.height / 2);
      pen.scale(scale, scale);
      pen.rotate((view.lies * Math.PI) / 180);
      pen.drawImage(view.image, x - margin, y - margin, w + 2 * margin, h + 2 * margin, -w / 2 - margin, -h / 2 - margin, w + 2 * margin, h + 2 * margin);
      canvas.hidden = false;
      const row = canvas.closest(".crop-row");
      if (row) row.hidden = false;
    };
    if (view.image.complete) draw();
    view.image.addEventListener("load", draw);
  }

  /* --- The page ------------------------------------------------------------------------------------------- */

  function drag(view) {
    let from = null;
    view.element.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, view);
    }, { passive: false });
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
  }

  if (views.length) show(views[0]);
  showBoxes();
  all(".strip button").forEach((button) => button.addEventListener("click", () => show(views[Number(button.dataset.page) - 1])));
  all(".tools button").forEach((button) => button.addEventListener("click", () => tools[button.dataset.do]()));
  views.forEach(drag);
  all("tr[data-field], .only-read [data-field], .finding[data-field]").forEach((element) => {
    const field = element.dataset.field;
    if (!field) return;
    element.addEventListener("pointerenter", () => light(field, true));
    element.addEventListener("pointerleave", () => light(field, false));
    element.addEventListener("click", () => { if (getSelection().isCollapsed) fly(field); });
    element.classList.toggle("flies", Boolean(boxOf(field)));
  });
  all("canvas.crop").forEach(crop);

  window.addEventListener("resize", () => shown && lay(shown));
  Zizhi.viewer = tools;
})();
