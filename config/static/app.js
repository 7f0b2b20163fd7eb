/* Comforts on pages that are whole without them: light or dark, figures under the pointer of a chart, lists that narrow as one types,
   a way to everything by keyboard, progress that shows itself. */
"use strict";

const THEME = "theme";
const root = document.documentElement;

function remembered(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // storage may be forbidden; what is usual then stands
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    /* the choice lasts for this page */
  }
}

if (remembered(THEME)) root.dataset.theme = remembered(THEME);

function enableThemeToggle(button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    remember(THEME, root.dataset.theme);
  });
}

function line(points, container) {
  const guide = document.createElementNS("http://www.w3.org/2000/svg", "path");
  guide.setAttribute("class", "guide");
  guide.setAttribute("visibility", "hidden");
  container.append(guide);
  return (x) => {
    guide.setAttribute("d", `M${x} ${points.top}V${points.bottom}`);
    guide.setAttribute("visibility", "visible");
  };
}

function entry(name, value) {
  const row = document.createElement("p");
  const figure = document.createElement("b");
  figure.textContent = value;
  row.append(name, figure);
  return row;
}

function said(cell) {
  return [...cell.childNodes].map((part) => part.textContent.trim()).filter(Boolean).join(" · ");
}

/* The table behind a chart, from its oldest line to its newest: its heads, and each line's. */
function figuresOf(chart) {
  const table = chart.closest("section").querySelector("table");
  const [first, last, top, bottom] = chart.dataset.plot.split(" ").map(Number);
  const rows = [...table.tBodies[0].rows].reverse().map((row) => [...row.cells].map(said));
  const step = (last - first) / Math.max(1, rows.length - 1);
  return { rows, top, bottom, x: rows.map((_, index) => first + index * step), names: [...table.tHead.rows[0].cells].map((cell) => cell.textContent) };
}

function enableFigures(chart) {
  const points = figuresOf(chart);
  const tip = document.createElement("div");
  const moveGuide = line(points, chart);
  let current = -1;
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("role", "status");
  chart.parentElement.append(tip);
  chart.tabIndex = 0;

  function show(index) {
    current = Math.max(0, Math.min(points.x.length - 1, index));
    const scale = chart.clientWidth / chart.viewBox.baseVal.width;
    const x = points.x[current] * scale;
    const [head, ...figures] = points.rows[current];
    tip.replaceChildren(entry(head, ""), ...figures.map((figure, column) => (figure ? entry(points.names[column + 1], figure) : "")));
    tip.hidden = false;
    tip.style.left = `${Math.max(0, Math.min(chart.clientWidth - tip.offsetWidth, x > chart.clientWidth / 2 ? x - tip.offsetWidth - 12 : x + 12))}px`;
    moveGuide(points.x[current]);
  }

  function hide() {
    tip.hidden = true;
    current = -1;
    chart.querySelector(".guide").setAttribute("visibility", "hidden");
  }

  chart.addEventListener("pointermove", (event) => {
    const box = chart.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * chart.viewBox.baseVal.width;
    const distances = points.x.map((place) => Math.abs(place - x));
    show(distances.indexOf(Math.min(...distances)));
  });
  chart.addEventListener("pointerleave", hide);
  chart.addEventListener("blur", hide);
  chart.addEventListener("focus", () => chart.matches(":focus-visible") && show(points.x.length - 1));
  chart.addEventListener("keydown", (event) => {
    const last = points.x.length - 1;
    const moves = { ArrowLeft: current - 1, ArrowRight: current + 1, Home: 0, End: last };
    if (event.key === "Escape") hide();
    else if (event.key in moves) {
      event.preventDefault();
      show(current < 0 ? last : moves[event.key]);
    }
  });
}

/* "Épicerie" is found by "epi". */
function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("œ", "oe").replaceAll("æ", "ae");
}

function enableFilter(input) {
  const list = document.getElementById(input.dataset.filter);
  if (!list) return;
  const items = [...list.querySelectorAll("[data-filter-item]")].map((item) => [item, fold(`${item.textContent} ${item.dataset.filterItem}`)]);
  const none = list.querySelector("[data-filter-none]") || document.querySelector(`[data-filter-none="${list.id}"]`);
  input.hidden = false;
  input.addEventListener("input", () => {
    const words = fold(input.value).split(/\s+/);
    let shown = 0;
    for (const [item, text] of items) {
      item.hidden = !words.every((word) => text.includes(word));
      if (!item.hidden) shown += 1;
    }
    if (none) none.hidden = shown > 0;
  });
  // Within a larger form, Enter would send that form.
  if (!input.name) input.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
}

function enableCopy(button) {
  if (!navigator.clipboard) return;
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.copied;
    setTimeout(() => (button.textContent = label), 2000);
  });
}

function enableSlug(input) {
  const name = document.getElementById(input.dataset.slugOf);
  let proposed = input.value === "";
  input.addEventListener("input", () => (proposed = input.value === ""));
  name.addEventListener("input", () => {
    if (proposed) input.value = fold(name.value).replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 50);
  });
}

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
const DAYS = ["period", "from", "to", "compare", "compare_from", "compare_to"];

function showKeys() {
  for (const key of document.querySelectorAll("[data-keys]")) {
    key.textContent = `${isMac ? "⌘" : "Ctrl "}${key.dataset.keys}`;
    key.hidden = false;
  }
}

function enablePalette(opener) {
  const dialog = document.getElementById("palette");
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  const status = dialog.querySelector("[role=status]");
  let active = -1;
  let asked = 0;
  let timer = 0;

  opener.setAttribute("role", "button");
  opener.setAttribute("aria-haspopup", "dialog");

  function choose(index) {
    const options = [...list.querySelectorAll("[role=option]")];
    active = options.length ? (index + options.length) % options.length : -1;
    options.forEach((option, place) => option.setAttribute("aria-selected", String(place === active)));
    input.setAttribute("aria-activedescendant", active < 0 ? "" : options[active].id);
    if (active > 0) options[active].scrollIntoView({ block: "nearest" });
    else list.scrollTop = 0;
  }

  function element(name, className, text) {
    const made = document.createElement(name);
    made.className = className;
    made.textContent = text;
    return made;
  }

  function group(found, place) {
    const part = element("div", "hits-group", "");
    const title = element("p", "hits-title", found.title);
    title.id = `hits-${place}`;
    part.setAttribute("role", "group");
    part.setAttribute("aria-labelledby", title.id);
    part.append(title, ...found.hits.map((hit, number) => option(hit, `hit-${place}-${number}`)));
    if (found.more) part.append(element("p", "hits-more", status.dataset.more.replace("{n}", found.more)));
    return part;
  }

  function option(hit, id) {
    const link = element("a", "hit", hit.name);
    link.id = id;
    link.href = hit.url;
    link.tabIndex = -1;
    link.setAttribute("role", "option");
    if (hit.note) link.append(element("span", "hit-note", hit.note));
    return link;
  }

  function say(text) {
    status.textContent = text;
    status.hidden = !text;
  }

  async function ask() {
    const mine = ++asked;
    const here = new URLSearchParams(location.search);
    const query = new URLSearchParams({ q: input.value, page: opener.dataset.page });
    if (opener.dataset.palette.startsWith("/c/")) {
      query.delete("page");
      query.set("from_page", opener.dataset.page);
      for (const name of DAYS) if (here.get(name)) query.set(name, here.get(name));
    }
    try {
      const answer = await fetch(`${opener.dataset.palette}?${query}`, { headers: { Accept: "application/json" } });
      if (mine !== asked) return;
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      const found = await answer.json();
      list.replaceChildren(...found.groups.map(group));
      say(found.groups.length ? "" : status.dataset.none);
      choose(0);
    } catch {
      if (mine === asked) say(status.dataset.failed);
    }
  }

  function open() {
    if (document.querySelector("dialog[open]")) return;
    input.value = "";
    dialog.showModal();
    input.focus();
    ask();
  }

  opener.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  list.addEventListener("pointermove", (event) => {
    const hit = event.target.closest("[role=option]");
    if (hit && hit.getAttribute("aria-selected") !== "true") choose([...list.querySelectorAll("[role=option]")].indexOf(hit));
  });
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 100);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      const hit = list.querySelector("[aria-selected=true]");
      // With the key that opens a new tab elsewhere, here too.
      if (event.metaKey || event.ctrlKey) window.open(hit.href);
      else hit.click();
    }
  });
}

/* Keys without Ctrl: only where nothing that takes keys has the focus, and for as long as nobody turned them off. */
const SINGLE = "single-keys";

function enableKeys(dialog) {
  const choice = dialog.querySelector("[data-single-keys]");
  choice.checked = remembered(SINGLE) !== "off";
  choice.addEventListener("change", () => remember(SINGLE, choice.checked ? "on" : "off"));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.querySelectorAll("[data-keys-open]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => dialog.showModal());
  });
  document.addEventListener("keydown", (event) => {
    const taken = "input, select, textarea, dialog, details[open] *, .scroll, svg, audio, video, [contenteditable]";
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !choice.checked) return;
    if (document.querySelector("dialog[open]") || event.target.closest(taken)) return;
    const beside = { ArrowLeft: "a[rel=prev][data-beside]", ArrowRight: "a[rel=next][data-beside]" }[event.key];
    if (event.key === "?") dialog.showModal();
    else if (event.key === "/") document.querySelector("main input[type=search]:not([hidden])")?.focus();
    else if (beside) document.querySelector(beside)?.click();
    else return;
    event.preventDefault();
  });
}

/* Who waits longer than a moment sees that something happens. */
function enableWaiting() {
  let timer = 0, sent = null;
  const wait = () => (timer = setTimeout(() => root.classList.add("waiting"), 300));
  const stop = () => {
    sent = null;
    clearTimeout(timer);
    root.classList.remove("waiting");
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const isPage = link.origin === location.origin && !link.hasAttribute("download") && !link.target && !/\.(pdf|csv|xlsx|png|html)$/.test(link.pathname);
    if (isPage && link.href.split("#")[0] !== location.href.split("#")[0]) wait();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method === "dialog" || "download" in form.dataset) return;
    // Whoever presses twice means once: the second request would lose the answer to the first.
    if (form === sent) return event.preventDefault();
    sent = form;
    setTimeout(() => (sent = null), 10_000);
    wait();
  });
  addEventListener("pageshow", stop);
  addEventListener("pagehide", stop);
}

/* What moves is looked at again every few seconds, for as long as the page says that it moves. */
function enableLive() {
  const moving = () => [...document.querySelectorAll("[data-live]")];

  async function look() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const text = await answer.text();
    // Without the head, whose styles have a nonce of their own.
    const now = new DOMParser().parseFromString(text.slice(text.indexOf("<main"), text.indexOf("</main>")), "text/html");
    for (const part of moving()) {
      const fresh = now.getElementById(part.id);
      // Whoever is in the middle of it by keyboard stays there.
      if (fresh && !part.contains(document.activeElement)) part.replaceWith(fresh);
      // What was waited for is there.
      else if (!fresh && part.dataset.live === "reload") location.reload();
    }
  }

  function again() {
    if (moving().length) setTimeout(() => (document.hidden ? Promise.resolve() : look()).catch(() => {}).finally(again), 3000);
  }
  again();
}

/* A grid of figures: keys walk through it as in a spreadsheet, a block of cells is pasted, totals follow. */
function enableGrid(table) {
  const rows = [...table.querySelectorAll("tr")].map((row) => [...row.querySelectorAll("input")]).filter((row) => row.length);
  const inputs = rows.flat();
  const form = table.closest("form");
  const state = form.querySelector("[data-grid-state]");
  const numbers = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 2 });
  const point = numbers.format(1.5).charAt(1);
  let sending = false;

  function place(input) {
    const row = rows.findIndex((cells) => cells.includes(input));
    return [row, row < 0 ? -1 : rows[row].indexOf(input)];
  }

  function go(row, column) {
    const input = rows[row]?.[column];
    if (!input) return;
    input.focus();
    input.select();
  }

  function value(input) {
    const bare = input.value.replace(/[\s'’]/g, "");
    const plain = point === "," ? bare.replace(",", ".") : bare.replaceAll(",", "");
    return /^-?\d+(\.\d+)?$/.test(plain) ? Number(plain) : null;
  }

  function added(cells) {
    const known = cells.map(value).filter((one) => one !== null);
    return known.length ? known.reduce((sum, one) => sum + one, 0) : null;
  }

  function together(sums, kpi) {
    const parts = rows.filter(([first]) => first.closest("tr").dataset.kpi === kpi);
    const channels = parts.filter(([first]) => first.closest("tr").dataset.channel);
    const whole = parts.find(([first]) => !first.closest("tr").dataset.channel);
    [...sums.querySelectorAll("td")].slice(0, whole.length).forEach((cell, column) => {
      const sum = added(channels.map((row) => row[column]));
      const wanted = value(whole[column]);
      cell.textContent = sum === null ? "–" : numbers.format(sum);
      cell.classList.toggle("differs", sum !== null && wanted !== null && Math.abs(sum - wanted) > 1e-6);
    });
  }

  function changed(input) {
    const row = rows[place(input)[0]];
    const line = input.closest("tr");
    const count = inputs.filter((one) => one.value !== one.defaultValue).length;
    input.classList.toggle("is-changed", input.value !== input.defaultValue);
    state.textContent = count === 0 ? "" : count === 1 ? state.dataset.one : state.dataset.many.replace("{n}", count);
    if ("addsUp" in line.dataset) {
      const sum = added(row);
      line.querySelector("[data-total]").textContent = sum === null ? "–" : numbers.format(sum);
    }
    const sums = table.querySelector(`[data-sums="${line.dataset.kpi}"]`);
    if (sums) together(sums, line.dataset.kpi);
  }

  table.addEventListener("input", (event) => changed(event.target));
  table.addEventListener("focusin", (event) => event.target.select?.());
  table.addEventListener("keydown", (event) => {
    const [row, column] = place(event.target);
    if (row < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const { selectionStart: start, selectionEnd: end, value: text } = event.target;
    const whole = start === 0 && end === text.length;
    const moves = { ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], Enter: [row + (event.shiftKey ? -1 : 1), column] };
    if (whole || end === 0) moves.ArrowLeft = [row, column - 1];
    if (whole || start === text.length) moves.ArrowRight = [row, column + 1];
    if (event.key === "Escape") {
      event.target.value = event.target.defaultValue;
      changed(event.target);
    } else if (event.key in moves && (event.key === "Enter" || !event.shiftKey)) {
      event.preventDefault();
      go(...moves[event.key]);
    }
  });
  table.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text").replace(/\r?\n$/, "");
    const block = text.split(/\r?\n/).map((line) => line.split("\t"));
    const [row, column] = place(event.target);
    if (row < 0 || (block.length === 1 && block[0].length === 1)) return;
    event.preventDefault();
    block.forEach((cells, down) =>
      cells.forEach((cell, right) => {
        const input = rows[row + down]?.[column + right];
        if (!input) return;
        input.value = cell.trim();
        changed(input);
      }),
    );
  });
  form.addEventListener("submit", () => (sending = true));
  // The running month is in sight, with the one before.
  const now = table.querySelector("th.is-now");
  const region = table.parentElement;
  if (now && now.offsetLeft + now.offsetWidth > region.clientWidth) region.scrollLeft = now.offsetLeft - region.clientWidth / 2;
  addEventListener("beforeunload", (event) => {
    if (!sending && inputs.some((input) => input.value !== input.defaultValue)) event.preventDefault();
  });
}

/* What a form would do is told while it is filled in: the page is asked as its button would, and the part of that name is shown. */
function enablePreview(form) {
  const button = form.querySelector("[data-preview-button]");
  const names = form.dataset.previewNames?.split(" ");
  let asked = 0;
  let timer = 0;
  if (button) button.hidden = true;

  async function look() {
    const mine = ++asked;
    const fields = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && (!names || names.includes(name)));
    const answer = await fetch(`${location.pathname}?${new URLSearchParams(fields)}`, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected || mine !== asked) return;
    const text = await answer.text();
    const now = new DOMParser().parseFromString(text.slice(text.indexOf("<main"), text.indexOf("</main>")), "text/html");
    const fresh = now.getElementById(form.dataset.preview);
    if (fresh) document.getElementById(form.dataset.preview).replaceChildren(...fresh.childNodes);
  }

  form.addEventListener("input", (event) => {
    if (names && !names.includes(event.target.name)) return;
    clearTimeout(timer);
    timer = setTimeout(() => look().catch(() => {}), 250);
  });
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-theme-toggle]").forEach(enableThemeToggle);
  document.querySelectorAll("svg[data-plot]").forEach(enableFigures);
  document.querySelectorAll("[data-filter]").forEach(enableFilter);
  document.querySelectorAll("[data-copy]").forEach(enableCopy);
  document.querySelectorAll("[data-slug-of]").forEach(enableSlug);
  document.querySelectorAll("[data-grid]").forEach(enableGrid);
  document.querySelectorAll("[data-preview]").forEach(enablePreview);
  // On a phone, the page that one is on may be out of sight among those beside it.
  document.querySelectorAll(".parts [aria-current]").forEach((part) => (part.parentElement.scrollLeft = part.offsetLeft - 48));
  showKeys();
  document.querySelectorAll("[data-palette]").forEach(enablePalette);
  document.querySelectorAll("#keys").forEach(enableKeys);
  enableWaiting();
  enableLive();
});

/* A picker closes when one looks elsewhere, and gives the focus back. */
document.addEventListener("click", (event) => {
  // On a phone, what lies behind it is its own ground.
  for (const picker of document.querySelectorAll("details.picker[open]")) if (event.target === picker || !picker.contains(event.target)) picker.open = false;
});
document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && document.querySelector("details.picker[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

/* On paper, what could be opened on the screen is open. */
addEventListener("beforeprint", () => document.querySelectorAll("#data details:not([open])").forEach((part) => ((part.open = true), (part.dataset.shut = ""))));
addEventListener("afterprint", () => document.querySelectorAll("details[data-shut]").forEach((part) => ((part.open = false), delete part.dataset.shut)));
