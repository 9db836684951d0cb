"use strict";
// Looks for new messages and puts them in without disturbing what is being read.

function finish(root) {
  for (const frame of root.querySelectorAll("iframe")) {
    const fit = () => { frame.style.height = `${Math.ceil(frame.contentDocument.documentElement.getBoundingClientRect().height)}px`; };
    frame.addEventListener("load", fit);
    if (frame.contentDocument && frame.contentDocument.readyState === "complete") fit();
  }
  for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.textContent = "Copied";
});

function takeIn(page) {
  document.getElementById("people").replaceWith(page.getElementById("people"));
  const here = document.getElementById("stream");
  const there = page.getElementById("stream");
  if (!here || !there) {
    document.getElementById("messages").replaceWith(page.getElementById("messages"));
    finish(document.getElementById("messages"));
    return;
  }
  const fresh = [...there.children].filter((one) => !document.getElementById(one.id));
  for (const one of fresh.reverse()) {
    one.classList.add("has-arrived");
    here.prepend(one);
    finish(one);
  }
}

async function look() {
  try {
    const { newest } = await (await fetch("/newest")).json();
    if (String(newest) !== document.body.dataset.newest) {
      // Without a choice the page shows whoever heard last, so that name is asked for by choice.
      const shown = document.querySelector("[aria-current] .address");
      const address = new URLSearchParams(location.search).get("to") ?? (shown && shown.textContent);
      const query = address ? `?to=${encodeURIComponent(address)}` : "";
      const text = await (await fetch(`/${query}`)).text();
      takeIn(new DOMParser().parseFromString(text, "text/html"));
      document.body.dataset.newest = String(newest);
    }
  } catch {
    // The demo is being restarted; the next look will tell.
  }
  setTimeout(look, 1000);
}

finish(document);
look();
