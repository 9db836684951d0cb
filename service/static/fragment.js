// The token of a link travels behind the "#", where no server, log or Referer sees it. Move it into
// the form and out of the address bar; remember it for this tab, so that a reload loses nothing.

const form = document.querySelector("form[data-fragment]");
const field = form.elements.namedItem("token");
const place = `token-${form.dataset.fragment}`;

arrive();
// A link that is opened where its page stands already loads nothing: only the "#" changes.
addEventListener("hashchange", arrive);

function arrive() {
  const behind = decodeURIComponent(location.hash.slice(1));
  // A place on this page is no token.
  const fromAddress = document.getElementById(behind) ? "" : behind;
  if (fromAddress) {
    history.replaceState(null, "", location.pathname + location.search);
    keep(fromAddress);
  }

  // After a refusal the person has to see the field: the token kept here is the one refused.
  const token = field.getAttribute("aria-invalid") ? fromAddress : fromAddress || kept();
  if (token) {
    field.value = token;
    field.type = "hidden";
    document.getElementById("by-hand").hidden = true;
  }
}

function keep(value) {
  try {
    sessionStorage.setItem(place, value);
  } catch {
    // Storage is switched off: only a reload needs it.
  }
}

function kept() {
  try {
    return sessionStorage.getItem(place);
  } catch {
    return null;
  }
}
