// Takes the form once, and shows how far the signing has come until its answer replaces the page.
// Whoever comes back by the back button finds the form ready again.
import { ask, showProgress } from "./progress.js";

const form = document.getElementById("pin");
const button = form.querySelector("button.primary");
const overlay = document.getElementById("progress");
let timer = 0;

const look = async () => {
  try {
    const progress = await ask(overlay.dataset.progress);
    if (progress && overlay.open) showProgress(overlay, progress);
  } catch { /* offline for a moment, or the answer is coming: look again */ }
  if (overlay.open) timer = setTimeout(look, 1000);
};

const wait = () => {
  button.disabled = true;
  if (!overlay) return;
  overlay.showModal();
  timer = setTimeout(look, 300);
};

const ready = () => {
  clearTimeout(timer);
  button.disabled = false;
  if (overlay?.open) overlay.close();
};

// A change of the language takes along what was typed, but for secrets.
document.querySelector("form.languages")?.addEventListener("submit", ({ target }) => {
  for (const { name, value } of form.querySelectorAll("input[type=text], input[type=tel]")) {
    target.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
});

form.addEventListener("submit", () => setTimeout(wait, 0));
overlay?.addEventListener("cancel", (event) => event.preventDefault());
window.addEventListener("pageshow", ready);
