// A ticket's page: one folded form open at a time, and a counter where words are limited. The page
// works without it.

const folded = [...document.querySelectorAll(".desk details")];
for (const one of folded) {
  one.addEventListener("toggle", () => {
    if (!one.open) return;
    for (const other of folded) if (other !== one) other.open = false;
    one.querySelector("select, textarea, a")?.focus();
  });
}
