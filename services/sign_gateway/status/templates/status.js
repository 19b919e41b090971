// The page reads itself again now and then, without losing what is unfolded, selected or in focus; it can be stopped.
const button = document.getElementById("pause");
const unfolded = (root) => [...root.querySelectorAll("details")].filter((one) => one.open).map((one) => one.id);
let paused = false;

async function renew() {
  const old = document.getElementById("state");
  const busy = old.contains(document.activeElement) || String(getSelection()) !== "";
  if (paused || document.hidden || busy) return;
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("state");
    if (!fresh || paused) return;
    for (const id of unfolded(old)) fresh.querySelector("#" + CSS.escape(id))?.setAttribute("open", "");
    old.replaceWith(document.adoptNode(fresh));
    document.title = page.title;
  } catch {
    document.title = "No answer · MSign gateway";
  }
}

button.hidden = false;
button.addEventListener("click", () => {
  paused = !paused;
  button.textContent = paused ? "Go on" : "Pause";
});
setInterval(renew, button.dataset.everyS * 1000);
