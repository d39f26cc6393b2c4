// Keeps what was typed on a page while its language is switched. Passwords and files cannot be kept, and the page says so.
"use strict";

const TYPED = "typed";

const KEPT_MS = 60_000; // the other language has loaded long before

// Every field with a key that is the same in the other language. A choice is known by its value, because a list can have changed.
function typedFields() {
  const seen = new Map();
  const fields = document.querySelectorAll("form input[name], form select[name], form textarea[name]");
  return [...fields].map((field) => {
    const key = `${new URL(field.form.action, location.href).pathname} ${field.name}`;
    seen.set(key, (seen.get(key) || 0) + 1);
    return [isChoice(field) ? `${key} = ${field.value}` : `${key} ${seen.get(key)}`, field];
  });
}

const isChoice = (field) => field.type === "checkbox" || field.type === "radio";
const isSecret = (field) =>
  field.type === "password" || field.type === "file" || /one-time-code|cc-/.test(field.autocomplete);
const isFixed = (field) => field.readOnly || ["hidden", "submit", "button", "image", "reset"].includes(field.type);

document.addEventListener("submit", (event) => {
  if (event.submitter?.name !== "language") return;
  const kept = {};
  let lost = false;
  for (const [key, field] of typedFields()) {
    if (isSecret(field)) lost ||= Boolean(field.value);
    else if (!isFixed(field)) kept[key] = isChoice(field) ? field.checked : field.value;
  }
  try {
    sessionStorage.setItem(TYPED, JSON.stringify({ kept, lost, at: Date.now() }));
  } catch {
    // The browser stores nothing for this site.
  }
});

function restoreTyped() {
  let stored = null;
  try {
    stored = JSON.parse(sessionStorage.getItem(TYPED));
    sessionStorage.removeItem(TYPED);
  } catch {
    return;
  }
  if (!stored || Date.now() - stored.at > KEPT_MS) return;
  for (const [key, field] of typedFields()) {
    if (!(key in stored.kept) || isSecret(field) || isFixed(field)) continue;
    const property = isChoice(field) ? "checked" : "value";
    if (field[property] === stored.kept[key]) continue;
    field[property] = stored.kept[key];
    for (let closed; (closed = field.closest("details:not([open])")); ) closed.open = true;
  }
  const told = document.querySelector("[data-text-lost]");
  if (!stored.lost || !told) return;
  const notice = document.createElement("p");
  notice.className = "tip";
  notice.setAttribute("role", "status");
  notice.textContent = told.dataset.textLost;
  document.querySelector("main").prepend(notice);
}

restoreTyped();
