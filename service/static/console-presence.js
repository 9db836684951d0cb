// Says every few seconds that this ticket is being looked at, shows who else does, and says once that
// there is more to show than this page does. Never reloads by itself: somebody may be typing. A hidden
// page looks at nothing.

const form = document.querySelector("[data-presence]");
const shown = form.querySelector("[data-others]");
const happened = document.querySelector("[data-happened]");
const more = document.querySelector("[data-more]");
const EVERY = 15000;
// While the owner, on the phone, types what this page waits for.
const AWAITED = 3000;
const NOT_WORDS = "[type=hidden], [type=radio], [type=checkbox], [type=password], .code";
const awaitedUntil = performance.now() + Number(form.dataset.awaited) * 1000;
let timer = 0;

async function say() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      redirect: "error",
      signal: AbortSignal.timeout(EVERY),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    hear(await answer.json());
  } catch {
    put(form.dataset.unknown);
  } finally {
    again();
  }
}

// After the answer, so that a slow server is not asked twice at a time.
function again() {
  clearTimeout(timer);
  if (document.hidden) return;
  const isAwaited = !happened.firstChild && performance.now() < awaitedUntil;
  timer = setTimeout(say, isAwaited ? AWAITED : EVERY);
}

function hear({ others, state }) {
  if (others.length === 1) put(form.dataset.one.replace("{name}", others[0]));
  else put(others.length ? form.dataset.many.replace("{names}", others.join(", ")) : "");
  if (state === form.dataset.state || happened.firstChild) return;
  happened.append(more.content.cloneNode(true));
  warn();
}

// Read aloud only when it changes.
function put(text) {
  if (shown.textContent !== text) shown.textContent = text;
}

function warn() {
  const warning = happened.querySelector("[data-typed]");
  if (warning) warning.hidden = !hasWords();
}

// Of a refused form's words, too: the page holds them, nobody has stored them.
function hasWords() {
  const fields = [...document.querySelectorAll("main textarea, main input")];
  return fields.some((field) => !field.matches(NOT_WORDS) && field.value.trim());
}

function leave() {
  clearTimeout(timer);
  const said = new FormData(form);
  said.set("leaves", "1");
  navigator.sendBeacon(form.action, new URLSearchParams(said));
}

document.addEventListener("visibilitychange", () => (document.hidden ? leave() : say()));
document.addEventListener("input", warn);
addEventListener("pagehide", leave);
addEventListener("pageshow", say);
form.addEventListener("submit", (event) => event.preventDefault());
say();
