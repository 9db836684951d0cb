// Fills the code in from the text message where the browser can, and counts down to the next code.

const field = document.getElementById("code");

if (field && "OTPCredential" in window) {
  const waiting = new AbortController();
  field.form.addEventListener("submit", () => waiting.abort());
  navigator.credentials
    .get({ otp: { transport: ["sms"] }, signal: waiting.signal })
    .then((message) => {
      // Filled in, not sent: the person presses the button and knows what it does.
      field.value = message.code;
      field.form.querySelector("button").focus();
    })
    .catch(() => {
      // Refused or too late: the field is there to type in.
    });
}

const again = document.querySelector("button[data-wait]");
const wait = Number(again.dataset.wait);
if (wait > 0) {
  const words = again.textContent;
  const ends = performance.now() + wait * 1000;
  again.setAttribute("aria-disabled", "true");
  again.classList.add("later");
  again.form.addEventListener("submit", stayHere);
  tick();

  function tick() {
    const left = Math.ceil((ends - performance.now()) / 1000);
    if (left > 0) {
      const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      again.textContent = again.dataset.waiting.replace("{time}", time);
      setTimeout(tick, 250);
      return;
    }
    again.form.removeEventListener("submit", stayHere);
    again.removeAttribute("aria-disabled");
    again.classList.remove("later");
    again.textContent = words;
    const ready = document.getElementById("again-ready");
    ready.textContent = ready.dataset.ready;
  }
}

function stayHere(event) {
  event.preventDefault();
}
