/* Comforts on the pages of imports, which are whole without them: a file can be dropped, a mapping is looked at as it is changed,
   and what is being done is followed. */
"use strict";

function enableDrop(zone) {
  const input = zone.querySelector("input[type=file]");
  const name = zone.querySelector("[data-drop-name]");
  const form = zone.closest("form");

  function told() {
    const file = input.files[0];
    const isTooLarge = Boolean(file) && file.size > Number(zone.dataset.most);
    name.hidden = !isTooLarge;
    name.textContent = isTooLarge ? zone.dataset.tooLarge : "";
    form.querySelector("button").disabled = isTooLarge;
  }

  zone.querySelector("[data-drop-hint]").hidden = false;
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    const chosen = new DataTransfer();
    chosen.items.add(event.dataTransfer.files[0]);
    input.files = chosen.files;
    told();
  });
  input.addEventListener("change", told);
  form.addEventListener("submit", () => {
    const button = form.querySelector("button");
    button.textContent = form.dataset.sending;
    button.disabled = true;
  });
}

/* A page, or null. Held by a template, for a document of its own would be refused the styles of another answer's nonce. */
async function fetched(address, options) {
  const answer = await fetch(address, options);
  if (!answer.ok) return null;
  const held = document.createElement("template");
  held.innerHTML = await answer.text();
  return held.content;
}

/* What is being done is asked for again, ever less often, until it is done. */
function enableRefresh(part) {
  let wait = Number(part.dataset.refresh);
  part.querySelector("[data-without-script]").hidden = true;

  async function again() {
    const page = await fetched(location.href).catch(() => null);
    const now = page && page.getElementById(part.id);
    if (page && !(now && now.dataset.refresh)) location.reload();
    else {
      wait = Math.min(wait * 1.3, 10000);
      setTimeout(again, wait);
    }
  }

  setTimeout(again, wait);
}

const MAPPING = "mapping";
const PARTS = ["verdict", MAPPING, "preview"];

/* The parts of the page as they are now; whoever types in one of them goes on typing. */
function swap(page) {
  const focused = document.activeElement;
  const open = [...document.querySelectorAll(`#${MAPPING} details`)].map((details) => details.open);
  for (const id of PARTS) {
    const now = page.getElementById(id);
    if (now) document.getElementById(id).replaceWith(document.adoptNode(now));
  }
  prepare();
  document.querySelectorAll(`#${MAPPING} details`).forEach((details, place) => {
    if (place in open) details.open = open[place];
  });
  const again = focused.id && document.getElementById(focused.id);
  if (!again) return;
  if (again.type === "text") again.value = focused.value;
  again.focus({ preventScroll: true });
}

function prepare() {
  document.querySelector("[data-look-again]").hidden = true;
}

function enableMapping() {
  let asked = 0;
  let timer = 0;
  prepare();

  async function look() {
    const mine = asked;
    const body = new FormData(document.getElementById(MAPPING));
    body.set("do", "check");
    document.querySelector("[name=do][value=store]").disabled = true;
    document.getElementById("verdict").setAttribute("aria-busy", "true");
    const page = await fetched(location.href, { method: "POST", body }).catch(() => null);
    if (mine !== asked) return;
    if (page && page.getElementById(MAPPING)) swap(page);
    else location.reload();
  }

  document.addEventListener("change", (event) => {
    if (!event.target.form || event.target.form.id !== MAPPING) return;
    asked += 1; // an answer on its way knows nothing of this change
    clearTimeout(timer);
    timer = setTimeout(look, 150);
  });
}

document.querySelectorAll("[data-drop-zone]").forEach(enableDrop);
document.querySelectorAll("[data-refresh]").forEach(enableRefresh);
if (document.querySelector("form[data-mapping]")) enableMapping();
