// Buttons that only a script can serve appear when it can: share sheet, copy, print.

const status = document.getElementById("shared");

for (const button of document.querySelectorAll("[data-share]")) {
  button.hidden = !navigator.share;
  button.addEventListener("click", () => {
    navigator.share({ text: words(button.dataset.share) }).catch(() => {
      // The person closed the share sheet.
    });
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(words(button.dataset.copy));
    button.textContent = button.dataset.done;
    status.textContent = button.dataset.done;
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

function words(id) {
  return document.getElementById(id).textContent.trim();
}
