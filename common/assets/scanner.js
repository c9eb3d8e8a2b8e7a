// Hears USB and Bluetooth scanners, which type a code like a very fast keyboard and end it with
// Enter (or Tab), wherever the focus is.
//
//   import { listenForScanner } from "./scanner.js";
//   const stop = listenForScanner((text) => …);
//
// Normal typing stays untouched: only a burst faster than fingers, long enough for a code, counts.
// What such a burst typed into a field is taken out again, unless the field (or a parent) has
// data-scanner="keep".

const MIN_LENGTH = 8;
const LONGEST_GAP_MS = 100;
const MEAN_GAP_MS = 45;
// A scanner falters over Bluetooth or on a busy machine. No fingers were so fast for so long, so it
// goes on; the longer where what it has typed begins as our codes do.
const LONGEST_FALTER_MS = 800;
export const LONGEST_FALTER_IN_CODE_MS = 3000;
const BEGINS_A_CODE = /^(?:fg1:|https?:\/\/)/i;

export function listenForScanner(onText, root = document) {
  let burst = null;

  function onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) {
      burst = null;
      return;
    }
    if (event.key === "Enter" || event.key === "Tab") {
      finish(event);
      return;
    }
    const character = typed(event);
    if (character === null) {
      // Shift and CapsLock come between the letters of a scanner; anything else ends the burst.
      if (event.key !== "Shift" && event.key !== "CapsLock") burst = null;
      return;
    }
    if (event.repeat || (burst && !goesOn(burst, event.timeStamp))) burst = null;
    if (!burst) {
      const field = editable(event.target);
      burst = { text: "", first: event.timeStamp, last: event.timeStamp, faltered: 0, field, before: field ? content(field) : null };
    }
    const gap = event.timeStamp - burst.last;
    if (gap > LONGEST_GAP_MS) burst.faltered += gap;
    burst.text += character;
    burst.last = event.timeStamp;
    // Outside of fields some letters are shortcuts of the browser (quick find, scrolling).
    if (!burst.field && burst.text.length > 2) event.preventDefault();
  }

  function finish(event) {
    const done = burst;
    burst = null;
    if (!done || !isScanner(done) || !goesOn(done, event.timeStamp)) return;
    event.preventDefault();
    event.stopPropagation();
    if (done.field && !done.field.closest("[data-scanner='keep']")) restore(done.field, done.before);
    onText(tidy(done.text));
  }

  root.addEventListener("keydown", onKey, true);
  return () => root.removeEventListener("keydown", onKey, true);
}

function isScanner({ text, first, last, faltered }) {
  return text.length >= MIN_LENGTH && (last - first - faltered) / (text.length - 1) <= MEAN_GAP_MS;
}

function goesOn(burst, at) {
  return at - burst.last <= longestGap(burst);
}

function longestGap(burst) {
  if (!isScanner(burst)) return LONGEST_GAP_MS;
  return BEGINS_A_CODE.test(burst.text.normalize("NFKC")) ? LONGEST_FALTER_IN_CODE_MS : LONGEST_FALTER_MS;
}

// With an input method on, browsers hide the letter ("Process", "Unidentified") but not the key.
const SIGNS = {
  Minus: "-_", Equal: "=+", Slash: "/?", Period: ".>", Comma: ",<", Semicolon: ";:", Quote: "'\"",
  Backslash: "\\|", BracketLeft: "[{", BracketRight: "]}", Backquote: "`~", Space: "  ",
};

function typed(event) {
  if ([...event.key].length === 1) return event.key;
  if (event.key !== "Process" && event.key !== "Unidentified") return null;
  const { code, shiftKey } = event;
  const letter = /^Key([A-Z])$/.exec(code);
  if (letter) return shiftKey ? letter[1] : letter[1].toLowerCase();
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(code);
  if (digit) return digit[1];
  return SIGNS[code]?.[shiftKey ? 1 : 0] ?? null;
}

/** Undoes what keyboards do to a code: full-width forms, and CapsLock where case carries nothing. */
export function tidy(text) {
  const plain = text.normalize("NFKC").trim();
  if (/^https?:\/\/[^/]+\/v\/\d+$/i.test(plain)) return plain.toLowerCase();
  if (/^fg1:\d+$/i.test(plain)) return plain.toUpperCase();
  return plain;
}

function editable(target) {
  if (!target?.matches) return null;
  const field = "input:not([type=button],[type=submit],[type=checkbox],[type=radio],[type=file]), textarea";
  return target.matches(field) && !target.readOnly && !target.disabled ? target : null;
}

function content(field) {
  return { value: field.value, start: field.selectionStart, end: field.selectionEnd };
}

function restore(field, before) {
  field.value = before.value;
  try {
    field.setSelectionRange(before.start, before.end);
  } catch {
    // Number and mail fields have no selection.
  }
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
