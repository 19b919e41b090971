"use strict";
// Takes the form once, and says that it takes a while; whoever comes back by the back button finds it ready again.
const form = document.getElementById("pin");
const button = form.querySelector("button.primary");
const said = form.querySelector("[data-while-signing]");
const ready = (yes) => {
  button.disabled = !yes;
  said.textContent = yes ? "" : said.dataset.whileSigning;
};
form.addEventListener("submit", () => setTimeout(ready, 0, false));
window.addEventListener("pageshow", () => ready(true));
