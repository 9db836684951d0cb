// Time left counts on between two looks at the server, and the page says how old it is.
// The server's clock decides: this browser's is only asked how long ago the page was made.

const body = document.body;
const words = body.dataset;
const servedAt = Number(words.now) * 1000;
const openedAt = Date.now();
const age = document.querySelector("[data-age]");
const clocks = document.querySelectorAll("[data-until]");

function lasts(milliseconds) {
  const minutes = Math.floor(milliseconds / 60000);
  if (minutes < 1) return words.moment;
  if (minutes < 60) return words.minutes.replace("{m}", minutes);
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return words.hours.replace("{h}", hours).replace("{m}", minutes % 60);
  return words.days.replace("{d}", Math.floor(hours / 24)).replace("{h}", hours % 24);
}

function tick() {
  const passed = Date.now() - openedAt;
  for (const clock of clocks) {
    const left = Number(clock.dataset.until) * 1000 - (servedAt + passed);
    const late = left <= 0;
    const said = (late ? words.late : words.left).replace("{time}", lasts(Math.abs(left)));
    if (clock.textContent !== said) clock.textContent = said;
    clock.classList.toggle("late", late);
    clock.classList.toggle("soon", !late && left < 15 * 60000);
    clock.closest("tr")?.classList.toggle("breached", late);
  }
  if (age && passed >= 60000) {
    age.hidden = false;
    age.textContent = age.dataset.words.replace("{time}", lasts(passed));
  }
}

if (clocks.length || age) setInterval(tick, 5000);
