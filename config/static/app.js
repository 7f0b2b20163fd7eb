/* Two comforts on pages that are whole without them: a choice of light or dark, and figures under the pointer of a chart. */
"use strict";

const THEME = "theme";
const root = document.documentElement;

function remembered() {
  try {
    return localStorage.getItem(THEME);
  } catch {
    return null; // storage may be forbidden; the system's choice then stands
  }
}

function remember(theme) {
  try {
    localStorage.setItem(THEME, theme);
  } catch {
    /* the choice lasts for this page */
  }
}

if (remembered()) root.dataset.theme = remembered();

function enableThemeToggle(button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    remember(root.dataset.theme);
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

function enableFigures(chart) {
  const points = JSON.parse(chart.dataset.points);
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
    tip.replaceChildren(entry(points.weeks[current], ""), ...points.series.map((series) => entry(series.name, series.labels[current])));
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

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-theme-toggle]").forEach(enableThemeToggle);
  document.querySelectorAll("svg[data-points]").forEach(enableFigures);
});
