// The queue says what has changed since it was made; rows never jump under a finger. A lost line is
// said, with how old the list is, and tried again more and more slowly. A hidden page listens to
// nothing: browsers keep few lines to one host, and it asks for what it missed when it is back.

const news = document.querySelector("[data-live]");
const words = news.dataset;
const change = news.querySelector(".change");
const line = news.querySelector(".line");
const again = line.querySelector("button");
const rows = new Map(
  [...document.querySelectorAll("[data-ticket]")].map((row) => [row.dataset.ticket, row]),
);
const fresh = document.querySelector(".fresh");
const state = document.createElement("span");
state.className = "state";
fresh.prepend(state);

// Two beats of the server, and a little more.
const SILENCE = 40000;
const LONGEST_WAIT = 30000;
const added = new Set();
const changed = new Set();
let since = words.since;
let source = null;
let tries = 0;
let timer = 0;
let watchdog = 0;
let over = false;

function listen() {
  stop();
  if (over || document.hidden) return;
  source = new EventSource(`${words.live}?since=${encodeURIComponent(since)}`);
  for (const name of ["beat", "changed", "ended"]) source.addEventListener(name, hear);
  source.addEventListener("error", lost);
  watch();
}

function stop() {
  clearTimeout(timer);
  clearTimeout(watchdog);
  source?.close();
  source = null;
}

function watch() {
  clearTimeout(watchdog);
  watchdog = setTimeout(lost, SILENCE);
}

function hear(event) {
  tries = 0;
  line.hidden = true;
  state.textContent = words.liveWord;
  watch();
  if (event.lastEventId) since = event.lastEventId;
  if (event.type === "ended") {
    end();
    return;
  }
  const told = JSON.parse(event.data);
  for (const [ticket, what] of Object.entries(told.tickets)) note(ticket, what);
  if (told.looking) look(told.looking, told.looking_is_all);
  say(told.too_much);
}

// New is new wherever it will stand; a change matters where its row is seen.
function note(ticket, what) {
  if (what === "new") added.add(ticket);
  else if (rows.has(ticket)) {
    changed.add(ticket);
    mark(rows.get(ticket));
  } else if (what === "closed") added.delete(ticket);
}

// Who looks at a row is no news to act upon: it stands there, in a line that was kept free for it, and
// is gone again, without a word to whoever listens to the page.
function look(looking, isAll) {
  for (const [ticket, row] of rows) {
    const names = looking[ticket] ?? (isAll ? [] : null);
    const place = row.querySelector(".looking");
    if (!names || !place) continue;
    const text = names.length ? words.looking.replace("{names}", names.join(", ")) : "";
    if (place.textContent !== text) place.textContent = text;
  }
}

function mark(row) {
  if (row.classList.contains("changed")) return;
  row.classList.add("changed");
  const tag = document.createElement("span");
  tag.className = "tag news-tag";
  tag.textContent = words.changedRow;
  row.querySelector(".ref").append(tag);
}

function say(much) {
  const said = [];
  if (much) said.push(words.much);
  if (added.size) said.push(count(added.size, words.newOne, words.newMany));
  if (changed.size) said.push(count(changed.size, words.changedOne, words.changedMany));
  const text = said.join(" · ");
  if (!text && change.hidden) return;
  const where = change.querySelector("[data-said]");
  if (where.textContent !== text) where.textContent = text;
  change.hidden = !text;
}

function count(many, one, more) {
  return many === 1 ? one : more.replace("{n}", many);
}

function lost() {
  stop();
  if (over || document.hidden) return;
  state.textContent = "";
  tries += 1;
  const longest = Math.min(LONGEST_WAIT, 1000 * 2 ** (tries - 1));
  // Not all screens at once when a server comes back.
  retry(Date.now() + longest / 2 + (Math.random() * longest) / 2);
}

function retry(at) {
  const left = Math.ceil((at - Date.now()) / 1000);
  tell(left > 0 ? words.lost.replace("{s}", left) : words.trying);
  if (left > 0) timer = setTimeout(retry, 1000, at);
  else listen();
}

function tell(text) {
  line.hidden = false;
  line.querySelector("[data-said]").textContent = text.replace("{as_of}", words.asOf);
}

function end() {
  over = true;
  stop();
  state.textContent = "";
  tell(words.ended);
  const door = document.createElement("a");
  door.className = "button second";
  door.href = location.pathname + location.search;
  door.textContent = words.signIn;
  again.replaceWith(door);
}

again.addEventListener("click", () => {
  tell(words.trying);
  listen();
});
addEventListener("online", listen);
addEventListener("offline", lost);
addEventListener("pagehide", stop);
addEventListener("pageshow", (event) => event.persisted && listen());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    listen();
    return;
  }
  stop();
  state.textContent = "";
});
listen();
