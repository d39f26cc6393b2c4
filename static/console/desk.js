/* What the parts of the desk share: a start on every page that is shown, requests, and exchanging one case's page for another's.
   Everything that decides works without any of it. */
"use strict";

window.Zizhi = (() => {
  document.body.classList.add("scripted");
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const starts = [];
  let pictures = [];

  /** Run `start` with the page's content now, and with each content that takes its place. */
  function ready(start) {
    starts.push(start);
    start(document.getElementById("content"));
  }

  const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;
  const desk = () => document.getElementById("desk");
  const mine = () => desk()?.dataset.mine !== undefined;

  /** Send a form's fields; the answer, with `ok`. Fails where the server cannot be reached or does not answer as it does to a script. */
  async function post(url, fields, { keepalive = false } = {}) {
    const body = new URLSearchParams(fields);
    body.set("csrfmiddlewaretoken", token());
    const response = await fetch(url, { method: "POST", body, keepalive, headers: { Accept: "application/json" } });
    if (!(response.headers.get("Content-Type") || "").startsWith("application/json")) throw new Error(`${response.status}`);
    return { ok: response.ok, ...(await response.json()) };
  }

  /** A case's page with its pictures, loaded and decoded, ready to be put in place. `ahead`: before it is its turn. */
  async function load(url, { ahead = false } = {}) {
    const asked = (address) => (ahead ? `${address}${address.includes("?") ? "&" : "?"}ahead=1` : address);
    const response = await fetch(asked(url));
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!response.ok || !fresh.getElementById("desk")) throw new Error(`${response.status}`);
    const loaded = await Promise.all(all(".sheet img", fresh).map(async (place) => {
      const source = place.getAttribute("src");
      place.removeAttribute("src");
      try {
        const image = new Image();
        for (const name of ["alt", "width", "height"]) image.setAttribute(name, place.getAttribute(name));
        const picture = await fetch(asked(source));
        if (!picture.ok) throw new Error(`${picture.status}`);
        image.src = URL.createObjectURL(await picture.blob());
        await image.decode();
        return { place, image };
      } catch {
        return { place, source };
      }
    }));
    return { url, fresh, loaded };
  }

  /** Put a loaded page in the place of the one that is shown. */
  function show({ url, fresh, loaded }) {
    const content = document.adoptNode(fresh.getElementById("content"));
    for (const { place, image, source } of loaded) {
      if (image) place.replaceWith(image);
      else place.setAttribute("src", source);
    }
    const crumbs = document.adoptNode(fresh.querySelector(".breadcrumbs"));
    all(".messagelist").forEach((list) => list.remove());
    document.querySelector(".breadcrumbs").replaceWith(crumbs);
    document.getElementById("content").replaceWith(content);
    document.title = fresh.title;
    history.pushState(null, "", url);
    all(".language [name=next]").forEach((field) => { field.value = url; });
    pictures.forEach((address) => URL.revokeObjectURL(address));
    pictures = loaded.filter(({ image }) => image).map(({ image }) => image.src);
    window.scrollTo(0, 0);
    starts.forEach((start) => start(content));
    content.querySelector("h1").focus({ preventScroll: true });
  }

  function drop({ loaded }) {
    loaded.forEach(({ image }) => image && URL.revokeObjectURL(image.src));
  }

  /** Say something at the foot of the page; `html` comes from the server. */
  function toast(html) {
    document.getElementById("toasts").innerHTML = html;
  }

  function offline() {
    const line = document.createElement("p");
    const toasts = document.getElementById("toasts");
    line.className = "toast";
    line.textContent = toasts.dataset.offline;
    toasts.replaceChildren(line);
  }

  window.addEventListener("popstate", () => location.reload());
  return { all, ready, post, load, show, drop, toast, offline, desk, mine };
})();
