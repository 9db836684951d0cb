// A pressed button shows it, and pressing twice sends once. The server is safe without this.

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog") return;
  if (form.classList.contains("busy")) {
    event.preventDefault();
    return;
  }
  form.classList.add("busy");
  form.setAttribute("aria-busy", "true");
  const pressed = event.submitter ?? form.querySelector("button");
  pressed?.setAttribute("data-pressed", "");
  pressed?.setAttribute("aria-disabled", "true");
});

// Coming "back" shows the page as it was left; it must be ready to press again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form.busy")) {
    form.classList.remove("busy");
    form.removeAttribute("aria-busy");
    const pressed = form.querySelector("[data-pressed]");
    pressed?.removeAttribute("data-pressed");
    pressed?.removeAttribute("aria-disabled");
  }
});
