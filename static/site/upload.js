// Uploads chosen or dropped files one by one, shows their progress, and inserts the server's answer.
// Without this script the browser submits the same forms.
"use strict";

(() => {
  const queue = [];
  const refusals = []; // [slot id, the server's <li>]
  let newest = null; // the editor in its latest version from the server
  let busy = false;
  const RETRIES = [500, 2000]; // a lost connection is tried again after these milliseconds, then by hand

  const formOf = (slotId) => document.getElementById(slotId)?.querySelector(".upload");

  function line(form, file) {
    const item = document.createElement("li");
    const name = document.createElement("span");
    const state = document.createElement("span");
    const bar = document.createElement("progress");
    name.className = "name";
    name.textContent = file.name;
    state.textContent = form.dataset.textWaiting;
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    item.append(name, state, bar);
    form.querySelector(".sending").append(item);
    return { item, state, bar };
  }

  function add(form, files, replaces) {
    const slotId = form.closest(".slot").id;
    for (const file of files) {
      const shown = line(form, file);
      if (file.size > Number(form.dataset.maxBytes)) fail(shown, form.dataset.textTooLarge);
      else queue.push({ slotId, file, shown, replaces });
    }
    work();
  }

  function fail(shown, why, retry) {
    shown.state.textContent = why;
    shown.state.className = "failed";
    shown.bar.remove();
    if (!retry) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link";
    button.textContent = retry.label;
    button.addEventListener("click", () => {
      shown.item.remove();
      add(retry.form, [retry.file], retry.replaces);
    });
    shown.item.append(button);
  }

  function work() {
    if (busy) return;
    const next = queue.shift();
    setSubmittable(!next);
    if (!next) return settle();
    busy = true;
    send(next).then(() => {
      busy = false;
      work();
    });
  }

  // The case must not be submitted while one of its files is still uploading.
  function setSubmittable(yes) {
    const button = document.querySelector("#submit-form .button");
    if (button) button.disabled = !yes;
  }

  function send(upload, tried = 0) {
    const { slotId, file, shown, replaces } = upload;
    const form = formOf(slotId);
    const body = new FormData();
    body.append("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
    body.append("kind", form.querySelector("[name=kind]").value);
    if (replaces) body.append("replaces", replaces);
    body.append("files", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
    request.upload.addEventListener("progress", (event) => {
      const part = event.lengthComputable ? event.loaded / event.total : 0;
      shown.bar.value = part;
      shown.state.textContent = part < 1 ? `${Math.floor(part * 100)} %` : form.dataset.textExamining;
      if (part === 1) shown.bar.removeAttribute("value");
    });
    return new Promise((done) => {
      request.addEventListener("loadend", () => {
        if (request.status === 0 && tried < RETRIES.length) {
          shown.state.textContent = form.dataset.textWaiting;
          setTimeout(() => send(upload, tried + 1).then(done), RETRIES[tried]);
          return;
        }
        answer(request, form, slotId, file, shown, replaces);
        done();
      });
      request.send(body);
    });
  }

  function answer(request, form, slotId, file, shown, replaces) {
    if (request.status === 413) return fail(shown, form.dataset.textTooLarge);
    const answered = request.status === 200 || request.status === 422;
    const page = answered ? new DOMParser().parseFromString(request.responseText, "text/html") : null;
    const editor = page?.getElementById("editor");
    if (editor && page.getElementById("case") === null) {
      newest = editor;
      for (const item of editor.querySelectorAll(".refusals li")) refusals.push([slotId, item]);
      if (request.status === 200) shown.state.textContent = form.dataset.textDone;
      shown.bar.remove();
    } else if (answered) {
      location.reload(); // signed out, or the case has changed: the page says which
    } else if (request.status !== 0) {
      const id = request.getResponseHeader("X-Request-Id");
      fail(shown, form.dataset.textFault + (id ? ` ${form.dataset.textQuote} ${id}` : ""));
    } else {
      fail(shown, form.dataset.textFailed, { label: form.dataset.textRetry, form, file, replaces });
    }
  }

  // All files are sent: show the current editor with the refusals, and keep the lines that can be retried.
  function settle() {
    if (!newest) return;
    const failed = [...document.querySelectorAll(".sending li:has(.failed)")].map((item) => [item.closest(".slot").id, item]);
    const fresh = document.adoptNode(newest);
    for (const opened of document.querySelectorAll("#editor details[id][open]")) {
      const same = fresh.querySelector(`#${CSS.escape(opened.id)}`);
      if (same) same.open = true; // an open item stays open
    }
    document.getElementById("editor").replaceWith(fresh);
    window.htmx?.process(fresh);
    window.htmx?.trigger(document.body, "added"); // tasks in progress may need it
    for (const list of fresh.querySelectorAll(".refusals")) list.replaceChildren();
    for (const [slotId, item] of refusals) document.getElementById(slotId)?.querySelector(".refusals").append(item);
    for (const [slotId, item] of failed) formOf(slotId)?.querySelector(".sending").append(item);
    const first = fresh.querySelector(".refusals:not(:empty)");
    (first || fresh.querySelector("#documents-title"))?.focus({ preventScroll: !first });
    newest = null;
    refusals.length = 0;
  }

  document.addEventListener("change", (event) => {
    const input = event.target;
    if (input.type !== "file") return;
    const form = input.closest("[data-upload]");
    if (!form || !input.files.length) return;
    add(formOf(form.closest(".slot").id), [...input.files], form.elements.replaces?.value);
    input.value = "";
  });

  const dragsFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
  const slotAt = (event) => (event.target.closest ? event.target.closest(".slot:has([data-upload])") : null);
  const unmark = () => document.querySelectorAll(".slot.over").forEach((slot) => slot.classList.remove("over"));

  document.addEventListener("dragover", (event) => {
    if (!dragsFiles(event)) return;
    event.preventDefault(); // a file dropped elsewhere must not replace the page
    unmark();
    slotAt(event)?.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) unmark();
  });
  document.addEventListener("drop", (event) => {
    if (!dragsFiles(event)) return;
    event.preventDefault();
    unmark();
    const slot = slotAt(event);
    if (slot) add(formOf(slot.id), [...event.dataTransfer.files]);
  });

  // Leaving the page would abort the upload.
  window.addEventListener("beforeunload", (event) => {
    if (busy) event.preventDefault();
  });
})();
