// Away at once, and the page is not in the browser's way back. Without this the link leads there
// too, and the way back asks who it is.

for (const link of document.querySelectorAll("[data-away]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    location.replace(link.href);
  });
}
