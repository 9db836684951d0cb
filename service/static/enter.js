// The wallet's app opened this page for its owner: go straight on. The way back leads past it: its
// link is spent, and what a browser keeps of a page that was left so soon differs.

const [arrival] = performance.getEntriesByType("navigation");
if (arrival?.type === "navigate") document.getElementById("enter").requestSubmit();
if (arrival?.type === "back_forward") history.back();
