// Sends a form only once: its button is disabled until the answer arrives. Moves the focus to errors.
"use strict";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-once]") || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const button = event.submitter || form.querySelector("button");
  button.setAttribute("aria-disabled", "true");
  if (button.dataset.busy) {
    button.dataset.label = button.textContent;
    button.textContent = button.dataset.busy;
  }
});

// The back button restores the page as it was; enable its forms again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-disabled]")) {
      button.removeAttribute("aria-disabled");
      if (button.dataset.label) button.textContent = button.dataset.label;
    }
  }
});

// A link to an item opens it. Not all browsers do this yet.
function openTarget() {
  const target = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
  if (!target?.closest("details:not([open])")) return;
  for (let closed; (closed = target.closest("details:not([open])")); ) closed.open = true;
  target.scrollIntoView();
}
window.addEventListener("hashchange", openTarget);
document.addEventListener("click", (event) => {
  const link = event.target.closest?.('a[href^="#"]');
  if (link && link.hash === location.hash) openTarget(); // the URL does not change, so there is no event
});
openTarget();

// A link of the error summary leads into its field. A file field hides behind the list of its errors.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.(".to-fields a");
  const field = link && document.getElementById(link.hash.slice(1));
  const box = field?.closest(".field") || field;
  const into = field?.matches("input, select, textarea") ? field : box?.querySelector("input, select, textarea");
  if (!into) return;
  event.preventDefault();
  box.scrollIntoView({ block: "center" });
  into.focus({ preventScroll: true });
});

document.querySelector("[data-focus]")?.focus();

// A code may be sent again after a while: the button counts down. Without this script, the server says how long to wait.
for (const button of document.querySelectorAll("[data-wait]")) {
  const label = button.textContent;
  const until = Date.now() + button.dataset.wait * 1000;
  button.disabled = true;
  const timer = setInterval(show, 1000);
  function show() {
    const left = Math.ceil((until - Date.now()) / 1000);
    button.textContent = left > 0 ? button.dataset.waiting.replace("{seconds}", left) : label;
    if (left > 0) return;
    button.disabled = false;
    clearInterval(timer);
  }
  show();
}
