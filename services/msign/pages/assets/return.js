// Leads back at once; but whoever came to this page by the back button or loaded it again decides for themselves.
const [navigation] = performance.getEntriesByType("navigation");
if (navigation?.type === "navigate") document.getElementById("return").submit();
