// The example number is that of the chosen country. Without this it is the wallet's own.

const chosen = document.getElementById("country");
const example = document.getElementById("example");

function show() {
  example.textContent = chosen.selectedOptions[0].dataset.example;
}

chosen.addEventListener("change", show);
// A browser that comes back may have kept another choice than the page was sent with.
show();
