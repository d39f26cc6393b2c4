// Asks the browser for a passkey before its form is sent, and puts the answer into the form.
"use strict";

const bytesOf = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const textOf = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const withBytes = (known) => (known || []).map((each) => ({ ...each, id: bytesOf(each.id) }));

async function ask(kind, options) {
  const publicKey = { ...options, challenge: bytesOf(options.challenge) };
  if (kind === "create") {
    publicKey.user = { ...options.user, id: bytesOf(options.user.id) };
    publicKey.excludeCredentials = withBytes(options.excludeCredentials);
  } else {
    publicKey.allowCredentials = withBytes(options.allowCredentials);
  }
  const made = await navigator.credentials[kind]({ publicKey });
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[part]) response[part] = textOf(made.response[part]);
  }
  return JSON.stringify({ id: made.id, rawId: textOf(made.rawId), type: made.type, response });
}

if (window.PublicKeyCredential) {
  document.querySelector("[data-no-passkeys]")?.remove();
  for (const form of document.querySelectorAll("[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const failed = form.querySelector("[data-failed]");
      failed.hidden = true;
      try {
        const options = JSON.parse(form.querySelector("script").textContent);
        form.elements.credential.value = await ask(form.dataset.passkey, options);
      } catch {
        failed.hidden = false; // cancelled, timed out, or no such passkey here
        return;
      }
      form.submit();
    });
  }
}
