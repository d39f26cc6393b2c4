/* A decision: the mail to the employer, drafts, sending once, and the time left to undo it. */
"use strict";

(() => {
  const { all, post, desk, mine } = Zizhi;
  const offline = document.getElementById("offline");
  let sending = false;

  const fields = (form) => new URLSearchParams(new FormData(form));

  /** Call `act` when nothing has happened for `wait` milliseconds. */
  function debounced(wait, act) {
    let timer;
    return (...given) => { clearTimeout(timer); timer = setTimeout(act, wait, ...given); };
  }

  /* --- The mail that the employer will get ------------------------------------------------------------------ */

  let asked = 0;

  async function preview(form) {
    const box = form.querySelector("[data-mails]");
    if (!box || !mine() || sending) return;
    const turn = ++asked;
    let answer;
    try {
      answer = await post(desk.dataset.preview, fields(form));
    } catch {
      return;
    }
    if (turn !== asked) return;
    const refusal = box.querySelector(".mails-refusal");
    refusal.hidden = answer.ok;
    refusal.textContent = answer.ok ? "" : answer.says;
    box.querySelector(".both").hidden = !answer.ok;
    all("article", box).forEach((article) => {
      const mail = answer.mails?.[article.dataset.language];
      article.querySelector("h4").textContent = mail?.subject || "";
      article.querySelector(".mail").textContent = mail?.body || "";
    });
    box.hidden = false;
  }

  /* --- Drafts ----------------------------------------------------------------------------------------------- */

  let typed = null;

  async function keep() {
    if (!typed) return;
    const form = typed;
    typed = null;
    try {
      await post(desk.dataset.draft, fields(form), { keepalive: true });
      offline.hidden = true;
    } catch {
      typed = form;
      offline.hidden = false;
    }
  }

  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") keep(); });
  window.addEventListener("pagehide", keep);

  const previewSoon = debounced(250, preview);
  const keepSoon = debounced(1000, keep);

  all(".decision").forEach((decision) => {
    const form = decision.querySelector("form");
    decision.addEventListener("toggle", () => { if (decision.open) preview(form); });
    form.addEventListener("input", (event) => {
      form.querySelector("#refusal")?.remove();
      if (sending || event.target.name === "reply") return;
      typed = form;
      keepSoon();
      previewSoon(form);
    });
    if (decision.open) preview(form);
  });
  document.getElementById("refusal")?.scrollIntoView({ block: "nearest" });

  /* --- Sending ---------------------------------------------------------------------------------------------- */

  /** Send a form only once. Its text is sent with it, and is not saved as a draft. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    offline.hidden = navigator.onLine;
    if (sending || !navigator.onLine) { event.preventDefault(); return; }
    if (form === typed) typed = null;
    lock(true);
    setTimeout(lock, 10_000, false);
  });

  /** Disable the buttons after the form has been read, because a disabled button's value is not sent. */
  function lock(on) {
    sending = on;
    setTimeout(() => all("button[type=submit]").forEach((button) => { button.disabled = on; }));
  }

  /* --- How long it can be undone ---------------------------------------------------------------------------- */

  const toast = document.querySelector(".toast[data-seconds]");
  if (toast) {
    const ends = performance.now() + 1000 * Number(toast.dataset.seconds);
    const timer = setInterval(() => {
      const left = Math.ceil((ends - performance.now()) / 1000);
      toast.querySelector(".left").textContent = `${left} s`;
      if (left <= 0) { clearInterval(timer); toast.remove(); }
    }, 500);
  }
})();
