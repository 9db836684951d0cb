// Keys for whoever answers forty tickets in a shift; every one of them presses what can be seen on
// the page. None of them decides a release. Switched off in the list that "?" opens.

const help = document.getElementById("keys");
const opener = document.querySelector("[data-keys]");
const off = document.getElementById("keys-off");
const place = "console-keys-off";
const ACTS = { a: "assign", n: "note" };
let switchedOff = false;

try {
  switchedOff = localStorage.getItem(place) === "1";
} catch {
  // Storage is switched off: the keys work.
}
off.checked = switchedOff;
off.addEventListener("change", () => {
  switchedOff = off.checked;
  try {
    if (switchedOff) localStorage.setItem(place, "1");
    else localStorage.removeItem(place);
  } catch {
    // Until this page is left.
  }
});
opener.hidden = false;
opener.addEventListener("click", () => help.showModal());

document.addEventListener("keydown", (event) => {
  if (switchedOff || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.isComposing || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (act(event.key)) event.preventDefault();
});

function isTyping(target) {
  return target.closest("input, select, textarea, [contenteditable]") !== null;
}

function act(key) {
  if (key === "?") help.showModal();
  else if (key === "/") document.getElementById("reference")?.focus();
  else if (key === "j" || key === "k") return step(key === "j" ? 1 : -1);
  else return key in ACTS && press(ACTS[key]);
  return true;
}

function step(by) {
  const links = [...document.querySelectorAll(".queue .ref a")];
  const now = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
  const next = now < 0 && by > 0 ? 0 : now + by;
  const link = links[Math.max(0, Math.min(next, links.length - 1))];
  link?.focus();
  return Boolean(link);
}

// On the queue a key is about the row it stands on.
function press(name) {
  const row = document.activeElement?.closest("tr[data-ticket]");
  const target = (row ?? document).querySelector(`[data-act="${name}"]${row ? "" : ":not(tr *)"}`);
  if (!target) return false;
  const fold = target.closest("details");
  if (fold) fold.open = true;
  if (target.matches("button, a, summary")) target.click();
  else target.focus();
  return true;
}
