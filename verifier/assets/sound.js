// Plays what a verdict sounds like. Browsers let a page make noise only after a click or a key,
// so the first of these wakes the loudspeaker.

let context = null;
let muted = read() === "off";

function read() {
  try { return localStorage.getItem("fugong-sound"); } catch { return null; }
}

export function wake() {
  if (muted) return;
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume();
}

export function isMuted() { return muted; }

export function mute(value) {
  muted = value;
  try { localStorage.setItem("fugong-sound", value ? "off" : "on"); } catch { /* private window */ }
  if (!value) wake();
}

// `notes` is "880:90,1320:140": hertz and milliseconds, in order.
export function play(notes) {
  if (muted || !notes || !context || context.state !== "running") return;
  let at = context.currentTime + 0.01;
  for (const note of notes.split(",")) {
    const [hertz, millis] = note.split(":").map(Number);
    const tone = context.createOscillator();
    const gain = context.createGain();
    // Low notes carry badly over small loudspeakers: give them overtones.
    tone.type = hertz < 400 ? "sawtooth" : "sine";
    tone.frequency.value = hertz;
    const end = at + millis / 1000;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(0.5, at + 0.008);
    gain.gain.setValueAtTime(0.5, end - 0.015);
    gain.gain.linearRampToValueAtTime(0, end);
    tone.connect(gain).connect(context.destination);
    tone.start(at);
    tone.stop(end);
    at = end + 0.06;
  }
}
