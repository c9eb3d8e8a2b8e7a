// Looks again every few seconds while somebody else has to act.
const seconds = Number(document.querySelector("[data-wait]")?.dataset.wait ?? 0);
if (seconds > 0) setTimeout(() => location.reload(), seconds * 1000);
