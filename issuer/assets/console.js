// Small comforts of the console. Everything works without them.

// A form is sent once: a second press on a slow line must not repeat an act.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "get") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 8000);
});

// Coming back with the browser's arrow, a form may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// A page that is meant for paper offers to print itself.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// A key that is held down must not decide one case after the other.
document.addEventListener("keydown", (event) => {
  if (event.repeat && event.key === "Enter" && event.target.closest?.(".decide")) event.preventDefault();
});
// Work under way: the page moves by itself; without scripts it is refreshed.
const running = document.querySelector("[data-running]");
if (running) {
  const bar = running.querySelector("progress");
  const text = running.querySelector("[data-words]");
  const look = async () => {
    try {
      const answer = await fetch(running.dataset.running, { headers: { accept: "application/json" } });
      const now = await answer.json();
      if (!answer.ok || now.state !== "running") {
        location.reload();
        return;
      }
      bar.value = now.done;
      text.textContent = text.dataset.words.replace("{done}", now.done).replace("{total}", now.total);
      setTimeout(look, 700);
    } catch {
      setTimeout(look, 3000);
    }
  };
  setTimeout(look, 500);
}
