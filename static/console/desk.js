/* Functions shared by the scripts of the case page. Deciding works without any of them. */
"use strict";

window.Zizhi = (() => {
  document.body.classList.add("scripted");
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const desk = document.getElementById("desk");
  const mine = () => desk.dataset.mine !== undefined;

  /** Send a form's fields in the background; return the answer, with `ok`. Fails if the server is unreachable or answers with a page. */
  async function post(url, fields, { keepalive = false } = {}) {
    const body = new URLSearchParams(fields);
    body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    const response = await fetch(url, { method: "POST", body, keepalive });
    if (!(response.headers.get("Content-Type") || "").startsWith("application/json")) throw new Error(`${response.status}`);
    const answer = await response.json();
    return { ok: response.ok && !answer.refused, ...answer };
  }

  /** Load the page again. `location.reload` would resend a form if this page is its answer. */
  const reload = () => location.replace(location.pathname + location.search);

  /** A setting that this browser stores. Without storage, it lasts until the page is left. */
  function remembered(name) {
    try {
      return localStorage.getItem(name) === "1";
    } catch {
      return false;
    }
  }

  function remember(name, on) {
    try {
      localStorage.setItem(name, on ? "1" : "0");
    } catch {
      /* It lasts until the page is left. */
    }
  }

  window.addEventListener("pageshow", (event) => { if (event.persisted) reload(); });
  return { all, desk, mine, post, reload, remembered, remember };
})();
