// A passkey in place of typing: the page's question goes to the authenticator, its answer into the
// form. Without script, or without authenticators, the button never shows.

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const listed = (known) => (known ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

function readable(options) {
  const read = { ...options, challenge: bytes(options.challenge) };
  if (options.user) read.user = { ...options.user, id: bytes(options.user.id) };
  if (options.excludeCredentials) read.excludeCredentials = listed(options.excludeCredentials);
  if (options.allowCredentials) read.allowCredentials = listed(options.allowCredentials);
  return read;
}

function written(credential) {
  const { response } = credential;
  const said = { clientDataJSON: text(response.clientDataJSON) };
  for (const part of ["authenticatorData", "signature", "userHandle", "attestationObject"]) {
    if (response[part]) said[part] = text(response[part]);
  }
  const { id, type } = credential;
  return JSON.stringify({ id, rawId: text(credential.rawId), type, response: said });
}

async function asked(part, form) {
  const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
  const answer = await fetch(part.dataset.passkey, { method: "POST", body, redirect: "error" });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`${answer.status}`);
  return { publicKey: readable(await answer.json()) };
}

async function use(part) {
  const form = part.closest("form");
  const [none, failed] = ["[data-none]", "[data-failed]"].map((one) => part.querySelector(one));
  none.hidden = failed.hidden = true;
  const makes = "makes" in part.dataset;
  if (makes && !form.reportValidity()) return;
  try {
    const options = await asked(part, form);
    if (!options) {
      none.hidden = false;
      return;
    }
    const credential = makes
      ? await navigator.credentials.create(options)
      : await navigator.credentials.get(options);
    form.elements.passkey.value = written(credential);
    // Password and code are not needed beside it.
    form.noValidate = !makes;
    form.requestSubmit(form.querySelector("button:not([type=button])"));
  } catch {
    failed.hidden = false;
  }
}

if (window.PublicKeyCredential) {
  for (const part of document.querySelectorAll("[data-passkey]")) {
    part.hidden = false;
    part.querySelector("button").addEventListener("click", () => use(part));
  }
}
