// Says every few seconds that this ticket is being looked at, and shows who else does. A hidden
// page looks at nothing.

const form = document.querySelector("[data-presence]");
const shown = form.querySelector("[data-others]");
const EVERY = 15000;
let timer = 0;

async function say() {
  clearTimeout(timer);
  if (document.hidden) return;
  timer = setTimeout(say, EVERY);
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      redirect: "error",
    });
    if (!answer.ok) throw new Error(String(answer.status));
    tell((await answer.json()).others);
  } catch {
    put(form.dataset.unknown);
  }
}

function tell(others) {
  if (others.length === 1) put(form.dataset.one.replace("{name}", others[0]));
  else put(others.length ? form.dataset.many.replace("{names}", others.join(", ")) : "");
}

// Read aloud only when it changes.
function put(text) {
  if (shown.textContent !== text) shown.textContent = text;
}

function leave() {
  clearTimeout(timer);
  const said = new FormData(form);
  said.set("leaves", "1");
  navigator.sendBeacon(form.action, new URLSearchParams(said));
}

document.addEventListener("visibilitychange", () => (document.hidden ? leave() : say()));
addEventListener("pagehide", leave);
addEventListener("pageshow", say);
form.addEventListener("submit", (event) => event.preventDefault());
say();
