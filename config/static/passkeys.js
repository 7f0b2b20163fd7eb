/* Shows what needs passkeys where the browser has them, and says so on the page when one was not given. */
"use strict";

function showPasskeys() {
  if (!window.PublicKeyCredential) return;
  document.querySelectorAll("[data-passkeys]").forEach((part) => (part.hidden = false));
  document.querySelectorAll("[data-no-passkeys]").forEach((part) => (part.hidden = true));
}

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  document.querySelectorAll("[data-passkey-problem]").forEach((part) => {
    part.hidden = false;
    part.setAttribute("role", "alert");
  });
});
document.addEventListener("DOMContentLoaded", showPasskeys);
