// The rule of the temperature keypad, apart from any page: three digits make tenths of a degree.
// `limits` are tenths of a degree Celsius: {min, max} of what a body can have, `low` below which a
// reading is repeated, `fever` from which nobody goes in. The same rule in Rust: pages/keypad.rs.

// Whether digits typed so far can still become a plausible reading.
function possible(digits, limits) {
  const factor = 10 ** (3 - digits.length);
  const first = Number(digits) * factor;
  return first <= limits.max && first + factor - 1 >= limits.min;
}

// One key: a digit, "back" or "clear". Returns the digits afterwards and whether the key was refused.
export function press(digits, key, limits) {
  if (key === "clear") return { digits: "", refused: false };
  if (key === "back") return { digits: digits.slice(0, -1), refused: false };
  if (!/^[0-9]$/.test(key)) return { digits, refused: false };
  const next = digits + key;
  if (next.length > 3 || !possible(next, limits)) return { digits, refused: true };
  return { digits: next, refused: false };
}

// What the digits say: "none", "partial", "low", "normal" or "fever"; tenths once there are three.
export function reading(digits, limits) {
  if (digits.length === 0) return { kind: "none", tenths: null };
  if (digits.length < 3) return { kind: "partial", tenths: null };
  const tenths = Number(digits);
  if (tenths >= limits.fever) return { kind: "fever", tenths };
  return { kind: tenths < limits.low ? "low" : "normal", tenths };
}

// As the display shows it: "36.5", and a dash for each digit still missing.
export function show(digits) {
  const shown = digits.padEnd(3, "–");
  return `${shown.slice(0, 2)}.${shown.slice(2)}`;
}
