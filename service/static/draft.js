// What was typed stays in this tab until the report is stored, whatever the line does.

const prefix = "draft-";
const form = document.querySelector("form[data-draft]");
const kept = document.querySelector("[data-kept]");

try {
  if (form) keepDraft(prefix + form.dataset.draft);
  if (kept) showDraft(kept);
  if (document.querySelector("[data-draft-done]")) forgetDrafts();
} catch {
  // Storage is switched off: the page works as it does without a script.
}

function keepDraft(place) {
  const typed = JSON.parse(sessionStorage.getItem(place) ?? "{}");
  for (const [name, value] of Object.entries(typed)) fill(name, value);
  form.addEventListener("input", () => {
    const values = Object.fromEntries(new FormData(form));
    delete values.csrf_token;
    sessionStorage.setItem(place, JSON.stringify(values));
  });
}

// What the server already has wins; only what is still empty is filled.
function fill(name, value) {
  const field = form.elements.namedItem(name);
  if (!field || !value || field.value) return;
  field.value = value;
  if (field.closest) openFold(field);
  else for (const choice of field) if (choice.checked) openFold(choice);
}

function openFold(field) {
  const fold = field.closest("details");
  if (fold) fold.open = true;
}

function showDraft(section) {
  for (const place of drafts()) {
    const typed = JSON.parse(sessionStorage.getItem(place));
    for (const row of section.querySelectorAll("[data-field][hidden]")) {
      const text = typed[row.dataset.field];
      if (!text) continue;
      row.querySelector("dd").textContent = text;
      row.hidden = false;
      section.hidden = false;
    }
  }
}

function forgetDrafts() {
  for (const place of drafts()) sessionStorage.removeItem(place);
}

function drafts() {
  return Object.keys(sessionStorage).filter((place) => place.startsWith(prefix));
}
