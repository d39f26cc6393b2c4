// Sends the photo of a licence as soon as it is taken, chosen or dropped, and shows the progress.
// Without this script the browser submits the same form.
"use strict";

(() => {
  const form = document.querySelector("[data-photo]");
  if (!form) return;
  const RETRIES = [500, 2000]; // a lost connection is tried again after these milliseconds
  let busy = false;

  function show(name) {
    const item = document.createElement("li");
    const label = document.createElement("span");
    const state = document.createElement("span");
    const bar = document.createElement("progress");
    label.className = "name";
    label.textContent = name;
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", name);
    item.append(label, state, bar);
    form.querySelector(".sending").replaceChildren(item);
    return { state, bar };
  }

  function fail(shown, why) {
    busy = false;
    shown.state.textContent = why;
    shown.state.className = "failed";
    shown.bar.remove();
  }

  function take(file) {
    if (busy || !file) return;
    const shown = show(file.name);
    if (file.size > Number(form.dataset.maxBytes)) return fail(shown, form.dataset.textTooLarge);
    busy = true;
    send(file, shown, 0);
  }

  function send(file, shown, tried) {
    const body = new FormData();
    body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    body.append("photo", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
    request.upload.addEventListener("progress", (event) => {
      const part = event.lengthComputable ? event.loaded / event.total : 0;
      shown.bar.value = part;
      shown.state.textContent = part < 1 ? `${Math.floor(part * 100)} %` : form.dataset.textExamining;
      if (part === 1) shown.bar.removeAttribute("value");
    });
    request.addEventListener("loadend", () => {
      if (request.status === 413) return fail(shown, form.dataset.textTooLarge);
      if (request.status === 0 && tried < RETRIES.length) {
        setTimeout(() => send(file, shown, tried + 1), RETRIES[tried]);
      } else if (request.status === 0) {
        fail(shown, form.dataset.textFailed);
      } else {
        location.assign(form.dataset.next); // the page there shows what was read, or what is wrong
      }
    });
    request.send(body);
  }

  function choose(input) {
    take(input.files[0]);
    input.value = "";
  }

  form.addEventListener("change", (event) => {
    if (event.target.type === "file") choose(event.target);
  });
  // The photo may have been taken before this script had loaded.
  for (const input of form.querySelectorAll("[type=file]")) if (input.files.length) choose(input);
  const dragsFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!dragsFiles(event)) return;
    event.preventDefault(); // a file dropped elsewhere must not replace the page
    form.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) form.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    if (!dragsFiles(event)) return;
    event.preventDefault();
    form.classList.remove("over");
    take(event.dataTransfer.files[0]);
  });
})();
