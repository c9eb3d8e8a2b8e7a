// The number pad beside the PIN field.
document.documentElement.classList.add("js");
const field = document.getElementById("pin");
document.querySelector("[data-pin-pad]")?.addEventListener("click", (event) => {
  const key = event.target.closest("[data-key]")?.dataset.key;
  if (!key || !field) return;
  if (key === "clear") field.value = "";
  else if (key === "back") field.value = field.value.slice(0, -1);
  else if (field.value.length < field.maxLength) field.value += key;
});
