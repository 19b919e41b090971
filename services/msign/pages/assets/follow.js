"use strict";
// Loads the page again when what it shows has changed.
const followed = document.querySelector("[data-follow]");
const look = async () => {
  try {
    const response = await fetch(followed.dataset.follow, { headers: { Accept: "application/json" } });
    if (!response.ok || (await response.json()).state !== followed.dataset.state) {
      window.location.assign(followed.dataset.page);
      return;
    }
  } catch { /* offline for a moment: look again */ }
  setTimeout(look, 1000);
};
setTimeout(look, 1000);
