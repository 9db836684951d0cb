"use strict";
// Each screen asks Norte's backend every second what it may show.

const calm = matchMedia("(prefers-reduced-motion: reduce)");

async function keepAsking(screen) {
  const device = screen.dataset.device;
  let shown = null;
  for (;;) {
    try {
      const answer = await fetch(`/devices/${device}/screen`);
      const html = await answer.text();
      if (answer.ok && html !== shown) {
        if (await show(screen, html)) shown = html;
      }
    } catch {
      // Norte itself is being restarted; what is shown stays until it answers.
    }
    await new Promise((wake) => setTimeout(wake, 1000));
  }
}

async function show(screen, html) {
  const next = new DOMParser().parseFromString(html, "text/html").body;
  const before = screen.querySelector(".app").dataset.state;
  const after = next.querySelector(".app").dataset.state;
  // A sheet that is open stays open while nothing but a figure changes.
  if (after === before && screen.querySelector("details[open]")) return false;
  const dies = before === "alive" && after === "void";
  if (dies && !calm.matches) {
    screen.classList.add("is-dying");
    await new Promise((wake) => setTimeout(wake, 650));
  }
  screen.replaceChildren(...next.childNodes);
  screen.classList.remove("is-dying");
  screen.classList.toggle("has-died", dies);
  if (after !== before) {
    screen.closest(".device").querySelector("[data-said]").textContent =
      screen.querySelector("h3").textContent;
  }
  return true;
}

async function lookUnderTheHood(hood) {
  const place = hood.querySelector("[data-hood]");
  for (;;) {
    if (hood.open) {
      try {
        const answer = await fetch("/hood");
        if (answer.ok) place.innerHTML = await answer.text();
      } catch {
        // As above.
      }
    }
    await new Promise((wake) => setTimeout(wake, 1000));
  }
}

document.addEventListener("submit", (event) => {
  // The pages open in a tab of their own; this one goes back to what it showed.
  const sheet = event.target.closest("details.sheet");
  if (sheet) setTimeout(() => { sheet.open = false; }, 0);
});

for (const screen of document.querySelectorAll("[data-device]")) keepAsking(screen);
lookUnderTheHood(document.querySelector(".hood"));
