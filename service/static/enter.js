// The wallet's app opened this page for its owner: go straight on. Not on the way back, where the
// link is spent and the person would be thrown forward for ever.

const [arrival] = performance.getEntriesByType("navigation");
if (arrival?.type === "navigate") document.getElementById("enter").requestSubmit();
