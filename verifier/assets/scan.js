// The lane. Every step is one request; its answer is the drawn station, and nothing is shown
// before it has come: green means that the record is on disk.
import { press, reading, show } from "./keypad.js";
import { openCamera } from "./camera.js";
import { LONGEST_FALTER_IN_CODE_MS, listenForScanner } from "./scanner.js";
import { isMuted, mute, play, wake } from "./sound.js";

document.documentElement.classList.add("js");

const $ = (selector, root = document) => root.querySelector(selector);
const said = $("#said").dataset;
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (slot, name) => values[name] ?? slot);
const station = () => $("#station");
const REFRESH_MS = 5000;
// A scanner types like a very fast keyboard (scanner.js): keys wait this long to be a hand's.
const HAND_MS = 110;

let busy = false;
let digits = "";
let changed = false;
let direction = $("#scan-form [name=direction]:checked")?.value ?? "in";
let camera = null;
let last = lastScan();
let passedOver = false;
let ticking = 0;

// ---- asking ----------------------------------------------------------------------------------

async function ask(url, body, word) {
  if (busy) return;
  busy = true;
  wait(word);
  try {
    const response = await fetch(url, {
      method: body ? "POST" : "GET", body, headers: { "fugong-part": "1", accept: "text/html" },
      credentials: "same-origin", signal: AbortSignal.timeout(15000),
    });
    const drawn = new DOMParser().parseFromString(await response.text(), "text/html");
    const next = $("#station", drawn);
    if (!next) {
      // Another page (choose a person, sign on again), or the shell's own refusal.
      if (response.ok) { location.assign(response.url); return; }
      failed($("h1", drawn)?.textContent);
      return;
    }
    if ($("#main", drawn)) { location.assign(response.url); return; }
    const measured = station().dataset.stage === "measure";
    swap($("#bar", drawn), next);
    $("#lost").hidden = true;
    arrive(measured);
  } catch {
    failed();
    $("#lost").hidden = false;
  } finally {
    busy = false;
    station().removeAttribute("aria-busy");
  }
}

function swap(bar, next) {
  $("#bar").replaceWith(document.adoptNode(bar));
  station().replaceWith(document.adoptNode(next));
}

// While the server has not answered, the panel says so in grey, and says nothing else.
function wait(word) {
  station().setAttribute("aria-busy", "true");
  const label = $(".verdict .word span", station());
  if (label && word) label.textContent = word;
  const icon = $(".verdict .word .icon", station());
  icon?.remove();
}

function failed(reason) {
  const panel = $(".verdict", station());
  panel.className = "verdict unknown not-recorded";
  panel.replaceChildren(icon("dashed-square-question"), line("do", reason ? `${reason} ${said.failedDo}` : said.failedDo));
  const word = document.createElement("h1");
  word.className = "word";
  word.append(icon("dashed-square-question"), Object.assign(document.createElement("span"), { textContent: said.failed }));
  panel.firstElementChild.replaceWith(word);
  announce(`${said.failed} ${said.failedDo}`);
  play("660:160,440:260");
}

function line(name, text) {
  return Object.assign(document.createElement("p"), { className: name, textContent: text });
}

function icon(name) {
  const found = $("#icons").content.querySelector(`[data-icon="${name}"] svg`);
  return found ? document.importNode(found, true) : document.createElement("span");
}

// ---- an answer has come ----------------------------------------------------------------------

function arrive(measured) {
  const here = station();
  const { stage } = here.dataset;
  digits = "";
  changed = false;
  document.title = document.title.replace(/^.*?( · )/, `${here.dataset.title}$1`);
  announce([...here.querySelectorAll("[data-say] > *, [role=alert]")].map((it) => it.textContent.trim()).join(" "));
  play(here.dataset.notes);
  prepare();
  if (stage !== "ready") $(".stand").scrollIntoView({ block: "nearest" });
  // Who was just let in holds the code in view still, or does so when the camera first looks.
  if (measured && stage !== "measure" && stage !== "ready" && last.text) remember(last.text);
  // Another that came into view meanwhile is asked now.
  if (stage !== "measure" && passedOver) {
    passedOver = false;
    camera?.forget(last.text);
  }
}

function announce(text) {
  const live = $("#live");
  live.textContent = "";
  requestAnimationFrame(() => { live.textContent = text; });
}

// What the drawn station needs before hands are laid on it.
function prepare() {
  if (station().dataset.stage !== "measure") showDirection();
  if (limits()) shown(false);
  clearInterval(ticking);
  ticking = setInterval(tick, 1000);
  paintCountdowns();
}

function paintCountdowns() {
  for (const button of document.querySelectorAll("[data-seconds]")) {
    if (!button.closest(".lines")) button.textContent = fill(said.correct, { n: button.dataset.seconds });
  }
}

function tick() {
  for (const button of document.querySelectorAll("[data-seconds]")) {
    const left = Number(button.dataset.seconds) - 1;
    if (left <= 0) button.remove();
    else button.dataset.seconds = String(left);
  }
  paintCountdowns();
}

// ---- temperature -----------------------------------------------------------------------------

function limits() {
  const { min, max, low, fever } = station().dataset;
  return fever ? { min: Number(min), max: Number(max), low: Number(low), fever: Number(fever) } : null;
}

// `settled` is false for a key that may yet turn out to be a scanner's.
function key(name, settled = true) {
  const bounds = limits();
  if (!bounds || busy) return;
  const after = press(digits, name, bounds);
  changed ||= after.digits !== digits;
  digits = after.digits;
  shown(after.refused);
  if (settled) settleReading();
}

// A normal value records itself; a high or low one is heard, and waits for the button.
function settleReading() {
  const { kind } = reading(digits, limits());
  if (!changed) return;
  changed = false;
  if (kind === "normal") record();
  else if (kind === "fever") play("220:320,220:320");
  else if (kind === "low") play("660:120,660:120");
}

function tenths(value) { return `${Math.floor(value / 10)}.${value % 10}`; }

// The reading as typed; the panel turns red at the limit before anything is sent.
function shown(refused) {
  const bounds = limits();
  const here = station();
  const { kind } = reading(digits, bounds);
  const box = $("[data-reading]", here);
  $(".t", box).textContent = show(digits);
  box.classList.toggle("blank", kind === "none");
  box.classList.toggle("high", kind === "fever");
  box.classList.toggle("low", kind === "low");
  box.classList.toggle("implausible", refused);
  const panel = $(".verdict", here);
  const word = $(".word", panel);
  panel.dataset.word ??= word.textContent.trim();
  const fevered = kind === "fever";
  if (fevered !== panel.classList.contains("stop")) {
    panel.classList.toggle("stop", fevered);
    panel.classList.toggle("step", !fevered);
    const span = Object.assign(document.createElement("span"), { textContent: fevered ? said.feverWord : panel.dataset.word });
    word.replaceChildren(icon(fevered ? "octagon-cross" : "step"), span);
  }
  const values = { reading: show(digits), limit: tenths(kind === "low" ? bounds.low : bounds.fever) };
  $("#typed-says").textContent = refused ? said.implausible : fevered ? fill(said.fever, values) : kind === "low" ? fill(said.low, values) : "";
  const primary = $("[data-primary]", here);
  primary.dataset.usual ??= primary.textContent;
  primary.textContent = fevered ? said.recordFever : kind === "low" ? said.recordLow : primary.dataset.usual;
  primary.classList.toggle("high", fevered);
  primary.disabled = kind === "none" || kind === "partial";
}

function record() {
  const form = $("#measure-form");
  const { kind } = reading(digits, limits());
  if (!form || kind === "none" || kind === "partial") return;
  ask(form.getAttribute("action"), new URLSearchParams({ temperature: digits, direction: chosen(form) }), said.recording);
}

function chosen(form) { return $("[name=direction]:checked", form)?.value ?? direction; }

// ---- scanning --------------------------------------------------------------------------------

function scan(text) {
  const code = text.trim();
  remember(code);
  if (code) ask("/scan", new URLSearchParams({ text: code, direction }), said.checking);
}

// Kept over look-up and visitor form: coming back from them, the same code is still in view, and
// asking it again would take away the green that has just appeared.
function remember(text) {
  last = { text, at: Date.now() };
  keep("fugong-last", JSON.stringify(last));
}

function lastScan() {
  try { return JSON.parse(kept("fugong-last")) ?? { text: "", at: 0 }; } catch { return { text: "", at: 0 }; }
}

function next() {
  ask(`/part?direction=${direction}`, null, null);
}

// ---- forms and buttons -----------------------------------------------------------------------

document.addEventListener("submit", (event) => {
  const form = event.target;
  const action = form.getAttribute("action");
  if (form.id === "measure-form") { event.preventDefault(); record(); return; }
  if (form.classList.contains("next")) { event.preventDefault(); next(); return; }
  if (form.id === "scan-form") { event.preventDefault(); scan($("#code").value); $("#code").value = ""; $("#code").blur(); return; }
  if (form.id === "photo-form" || /^\/(session|correct)\//.test(action)) {
    event.preventDefault();
    const body = new FormData(form, event.submitter);
    if (form.id === "photo-form") body.set("direction", direction);
    ask(action, form.id === "photo-form" ? body : new URLSearchParams(body), said.checking);
    form.reset();
  }
});

document.addEventListener("click", (event) => {
  wake();
  const button = event.target.closest("button");
  if (button?.dataset.key) key(button.dataset.key);
  // A button that keeps the focus would take the next Enter for itself.
  if (event.detail > 0) button?.blur();
});

document.addEventListener("change", (event) => {
  if (event.target.id === "photo") { $("#photo-form").requestSubmit(); return; }
  if (event.target.name === "direction" && event.target.type === "radio") turn(event.target.value);
});

// The way of whoever stands there, else of those who come.
function turn(way) {
  const { stage, session } = station().dataset;
  if (stage === "measure") {
    if (session) ask(`/session/${session}/act`, new URLSearchParams({ do: way }), said.checking);
    return;
  }
  direction = way;
  keep("fugong-direction", way);
  showDirection();
}

function showDirection() {
  for (const radio of document.querySelectorAll("[name=direction][type=radio]")) radio.checked = radio.value === direction;
  for (const link of document.querySelectorAll('.desk a[href^="/people"], .desk a[href^="/visitor"]')) {
    link.search = new URLSearchParams({ direction });
  }
}

function keep(name, value) {
  try { sessionStorage.setItem(name, value); } catch { /* private window */ }
}

function kept(name) {
  try { return sessionStorage.getItem(name); } catch { return null; }
}

const sound = $("#sound");
const saySound = () => {
  sound.textContent = isMuted() ? sound.dataset.off : sound.dataset.on;
  sound.setAttribute("aria-pressed", String(!isMuted()));
};
sound.addEventListener("click", () => { mute(!isMuted()); saySound(); play("880:70"); });

// ---- keys: a scanner that types, and a hand --------------------------------------------------

let burst = 0;
let lastKey = 0;
let scanning = false;
let before = "";
let later = 0;

listenForScanner((text) => {
  takeBack();
  quiet();
  scan(text);
});

function quiet() {
  clearTimeout(later);
  burst = 0;
  scanning = false;
}

// The reading is again what a hand made it.
function takeBack() {
  if (burst === 0 || !limits()) return;
  digits = before;
  shown(false);
}

// Digits show at once; what they lead to waits until it is sure that a hand typed them. Times are
// those of the keys, not of their handling: a page that was held up gets all of them at once.
function typed(name, at) {
  const gap = at - lastKey;
  if (gap > LONGEST_FALTER_IN_CODE_MS) scanning = false;
  if (gap > HAND_MS) burst = 0;
  if (burst === 0) before = digits;
  lastKey = at;
  burst += 1;
  // No hand types so many keys at once.
  scanning ||= burst > 4;
  clearTimeout(later);
  if (scanning) { takeBack(); return; }
  if (/^[0-9]$/.test(name)) key(name, false);
  else if (!/^[+=-]$/.test(name)) return;
  later = setTimeout(() => settle(name), HAND_MS);
}

function settle(name) {
  if (/^[0-9]$/.test(name)) { if (limits()) settleReading(); }
  else if (burst > 1) return;
  else if (name === "-") turn("out");
  else turn("in");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  wake();
  const field = event.target.closest?.("input:not([type=radio]), textarea, select");
  if (event.key === "Escape") { event.preventDefault(); if (field) field.blur(); else next(); return; }
  if (field) return;
  if (event.key === "Enter") {
    // The end of a code that came too haltingly to be heard as one (scanner.js) presses no button.
    const stray = scanning && event.timeStamp - lastKey <= LONGEST_FALTER_IN_CODE_MS;
    quiet();
    if (stray) { event.preventDefault(); return; }
    if (event.target.closest?.("button, a, summary")) return;
    event.preventDefault();
    const primary = $("[data-primary]:not(:disabled)", station()) ?? $("[data-next]", station());
    primary?.click();
    return;
  }
  if (event.key === "Backspace") { event.preventDefault(); key("back"); return; }
  if (event.key.length !== 1) return;
  if (event.key === " " && event.target.closest?.("button, a, summary, input")) return;
  event.preventDefault();
  typed(event.key, event.timeStamp);
});

// ---- camera ----------------------------------------------------------------------------------

const opener = $("#camera-open");
const lens = $("#camera");

function seen(text) {
  if (station().dataset.stage === "measure" || busy) { passedOver = true; return; }
  // The pass of whoever was just let in is still in view.
  if (text === last.text && Date.now() - last.at < 8000) return;
  scan(text);
}

function toggleCamera() {
  if (camera) {
    camera.remove();
    camera = null;
    lens.replaceChildren();
  } else {
    camera = openCamera(lens, seen, { onRefused: () => location.reload() });
    camera.start();
  }
  lens.hidden = !camera;
  opener.textContent = camera ? said.cameraClose : said.cameraOpen;
  opener.classList.toggle("primary", !camera);
  opener.classList.toggle("gate", !camera);
  // Kept over look-up and visitor form, which are pages of their own.
  keep("fugong-camera", camera ? "on" : "off");
}
opener.addEventListener("click", toggleCamera);
if (kept("fugong-camera") === "on") toggleCamera();

// ---- how old everything is -------------------------------------------------------------------

async function refresh() {
  if (busy || document.hidden) return;
  try {
    const response = await fetch("/part", { headers: { "fugong-part": "1" }, credentials: "same-origin", signal: AbortSignal.timeout(4000) });
    const drawn = new DOMParser().parseFromString(await response.text(), "text/html");
    const bar = $("#bar", drawn);
    if (response.redirected || !$("#station", drawn)) { location.reload(); return; }
    $("#lost").hidden = true;
    if (!busy && !$(".gate-menu[open]")) $("#bar").replaceWith(document.adoptNode(bar));
    if (!busy) $(".side").replaceWith(document.adoptNode($(".side", drawn)));
    paintCountdowns();
  } catch {
    $("#lost").hidden = false;
  }
}
setInterval(refresh, REFRESH_MS);

// A step that began on another page ended here: loading this address again must not repeat it.
if (location.pathname !== "/") history.replaceState(null, "", "/");
if (station().dataset.stage === "ready" && !location.search.includes("direction=")) direction = kept("fugong-direction") ?? direction;
saySound();
prepare();
play(station().dataset.notes);
