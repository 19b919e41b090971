// Follows what happens elsewhere: loads the page again when that has become something else, and counts the time down.
// Not while a form of the page is on its way: it may be what changes things, and its answer says what became of it.
import { ask, showProgress } from "./progress.js";

const followed = document.querySelector("[data-follow]");
const clock = document.querySelector("[data-seconds]");
let sending = false;
const end = performance.now() + 1000 * Number(clock?.dataset.seconds ?? 0);

const count = () => {
  const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
  clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
};

const look = async () => {
  try {
    const now = await ask(followed.dataset.follow);
    if (!sending && now?.state !== followed.dataset.state) {
      window.location.assign(followed.dataset.page);
      return;
    }
    if (now?.total && followed.querySelector("progress")) showProgress(followed, now);
  } catch { /* offline for a moment: look again */ }
  setTimeout(look, 1000);
};

document.addEventListener("submit", () => { sending = true; });
window.addEventListener("pageshow", () => { sending = false; });
if (clock) setInterval(count, 1000);
setTimeout(look, 1000);
