/* A decision: what the employer will get while it is typed, drafts, saved replies, sending, and taking it back. */
"use strict";

(() => {
  const { all, ready, post, desk, mine } = Zizhi;
  const waits = new Map();
  let sending = false;

  /** Once nothing has been typed for a moment; asked again, the moment begins anew. */
  function soon(what, moment, act) {
    clearTimeout(waits.get(what));
    waits.set(what, setTimeout(() => { waits.delete(what); act(); }, moment));
  }

  const fields = (form) => new URLSearchParams(new FormData(form));

  /* --- What the employer will get ------------------------------------------------------------------------- */

  let asked = 0;

  async function preview(form) {
    const box = form.querySelector("[data-mails]");
    if (!box || !mine()) return;
    const turn = ++asked;
    let answer;
    try {
      answer = await post(desk().dataset.preview, fields(form));
    } catch {
      return;
    }
    if (turn !== asked || !box.isConnected) return;
    const refusal = box.querySelector(".refusal-ahead");
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

  /* --- Drafts --------------------------------------------------------------------------------------------- */

  let typed = null;

  function keep() {
    if (!typed) return;
    const form = typed;
    typed = null;
    waits.delete("draft");
    post(desk().dataset.draft, fields(form), { keepalive: true }).catch(() => { typed = form; });
  }

  function forget() {
    typed = null;
    ["draft", "preview"].forEach((what) => clearTimeout(waits.get(what)));
  }

  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") keep(); });
  window.addEventListener("pagehide", keep);

  /* --- Sending -------------------------------------------------------------------------------------------- */

  function refuse(form, says) {
    const line = form.querySelector(".refusal");
    line.textContent = says;
    line.hidden = false;
    line.scrollIntoView({ block: "nearest" });
  }

  /** `since`: when the key or the button was pressed. */
  async function send(form, since) {
    if (sending || !form.reportValidity()) return;
    sending = true;
    forget();
    const sent = fields(form);
    sent.set("confirmed", "1");
    try {
      const answer = await post(form.action, sent);
      if (answer.ok) await Zizhi.onward(answer, since);
      else refuse(form, answer.says);
    } catch {
      Zizhi.offline();
    } finally {
      sending = false;
    }
  }

  async function insert(form) {
    const sent = fields(form);
    sent.set("insert", "1");
    try {
      const answer = await post(form.action, sent);
      if (!answer.ok) { refuse(form, answer.says); return; }
      const note = form.querySelector("[name=note]");
      note.value = answer.note;
      note.dispatchEvent(new Event("input", { bubbles: true }));
      note.focus();
    } catch {
      Zizhi.offline();
    }
  }

  async function undo(form) {
    try {
      const answer = await post(form.action, {});
      if (!answer.ok) { Zizhi.toast(""); say(answer.says); return; }
      forget();
      await Zizhi.onward(answer);
    } catch {
      Zizhi.offline();
    }
  }

  function say(words) {
    const line = document.createElement("p");
    line.className = "toast";
    line.textContent = words;
    document.getElementById("toasts").replaceChildren(line);
  }

  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (form.matches("[data-undo]")) { event.preventDefault(); undo(form); return; }
    if (!form.matches(".decision form")) return;
    if (submitter?.name === "insert") { event.preventDefault(); insert(form); return; }
    if (!form.matches("[data-held]") || submitter?.hasAttribute("formaction")) { forget(); return; }
    event.preventDefault();
    send(form, event.timeStamp);
  });

  /* --- How long it can be undone --------------------------------------------------------------------------- */

  function count() {
    const form = document.querySelector("#toasts .toast[data-seconds]");
    if (!form || form.dataset.counts) return;
    form.dataset.counts = "1";
    const ends = performance.now() + 1000 * Number(form.dataset.seconds);
    const timer = setInterval(() => {
      const left = Math.ceil((ends - performance.now()) / 1000);
      if (left <= 0 || !form.isConnected) { clearInterval(timer); form.remove(); return; }
      form.querySelector(".left").textContent = `${left} s`;
    }, 500);
  }

  new MutationObserver(count).observe(document.getElementById("toasts"), { childList: true, subtree: true });
  count();

  ready((root) => {
    forget();
    all(".decision", root).forEach((decision) => {
      const form = decision.querySelector("form");
      decision.addEventListener("toggle", () => { if (decision.open) preview(form); });
      form.addEventListener("input", (event) => {
        form.querySelector(".refusal").hidden = true;
        if (event.target.name === "reply") return;
        typed = form;
        soon("draft", 1000, keep);
        soon("preview", 250, () => preview(form));
      });
      if (decision.open) preview(form);
    });
  });

  Zizhi.send = send;
})();
