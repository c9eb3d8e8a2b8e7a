// Reads QR codes with the camera.
//
//   import { openCamera } from "./camera.js";
//   const camera = openCamera(box, (text) => …, { describe, onRefused });
//   camera.start();
//
// `box` is an element of class "camera". Its data attributes hold the texts in the page's language
// (data-say-starting, -aim, -no-https, -no-permission, -no-camera, -busy, -unreachable, -two-codes,
// -nth, -again, -torch) and, in data-frames, the address that reads a JPEG frame and answers
// {"texts": […]}: for browsers that can't read codes themselves (iOS Safari, Firefox).
//
// One text is reported once for as long as its code stays in view, which frames that were read
// tell: one that never came says nothing. With several different codes in view, the person chooses;
// `describe(text)` may name them (a string or a promise of one).

const WIDTH = 1280;
const HEIGHT = 720;
const QUALITY = 0.7;
const MAX_BYTES = 1_000_000;
const LOCAL_EVERY_MS = 120;
const REMOTE_EVERY_MS = 200;
const RETRY_MS = 1500;
const GONE_AFTER_MS = 2500;

export function openCamera(box, onText, options = {}) {
  const view = build(box);
  const canvas = document.createElement("canvas");
  // What is in view, with the time since which no frame has shown it, or null.
  const seen = new Map();
  let settled = { key: "", chosen: false };
  let wanted = false;
  let stream = null;
  let run = 0;
  let detector = null;

  function say(name, state) {
    view.say.textContent = (name && box.dataset[name]) || "";
    box.dataset.state = state;
  }

  async function start() {
    wanted = true;
    if (stream || document.hidden) return;
    const mine = ++run;
    if (!window.isSecureContext || !navigator.mediaDevices?.getUserMedia) {
      return say("sayNoHttps", "failed");
    }
    say("sayStarting", "starting");
    let opened;
    try {
      opened = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: { ideal: "environment" }, width: { ideal: WIDTH }, height: { ideal: HEIGHT } },
      });
    } catch (error) {
      if (mine === run) say(reason(error), "failed");
      return;
    }
    // Stopped, or hidden, while the person was deciding.
    if (mine !== run || !wanted || document.hidden) {
      for (const track of opened.getTracks()) track.stop();
      return;
    }
    stream = opened;
    view.video.srcObject = stream;
    const [track] = stream.getVideoTracks();
    track.addEventListener("ended", () => {
      if (mine === run) {
        close();
        say("sayBusy", "failed");
      }
    });
    try {
      await view.video.play();
    } catch {
      // Hidden or stopped before the first picture; whoever did that has set the state.
      if (mine !== run) return;
    }
    offerTorch(track);
    detector = await localDetector();
    if (mine !== run) return;
    say("sayAim", "running");
    loop(mine);
  }

  async function loop(mine) {
    let failures = 0;
    while (mine === run && stream) {
      const began = performance.now();
      let texts = null;
      let pause = detector ? LOCAL_EVERY_MS : REMOTE_EVERY_MS;
      try {
        texts = detector ? await readHere() : await readThere(mine);
        if (!detector && failures > 0) say("sayAim", "running");
        failures = 0;
      } catch {
        failures += 1;
        if (detector && failures >= 3) {
          // A detector that is there but doesn't work (seen on devices without its service).
          detector = null;
          failures = 0;
        } else if (!detector) {
          say("sayUnreachable", "running");
          pause = RETRY_MS;
        }
      }
      if (mine !== run) return;
      if (texts) await look(mine, [...new Set(texts.filter(Boolean))]);
      await sleep(Math.max(20, pause - (performance.now() - began)));
    }
  }

  async function readHere() {
    if (view.video.readyState < 2) return null;
    const codes = await detector.detect(view.video);
    return codes.map((code) => code.rawValue);
  }

  // The next frame is taken only after the last one was answered. Null where none was read.
  async function readThere(mine) {
    const { videoWidth, videoHeight } = view.video;
    if (!box.dataset.frames || !videoWidth || view.video.readyState < 2) return null;
    const [long, short] = videoWidth >= videoHeight ? [WIDTH, HEIGHT] : [HEIGHT, WIDTH];
    const scale = Math.min(1, long / videoWidth, short / videoHeight);
    canvas.width = Math.round(videoWidth * scale);
    canvas.height = Math.round(videoHeight * scale);
    canvas.getContext("2d", { alpha: false }).drawImage(view.video, 0, 0, canvas.width, canvas.height);
    let frame = await jpeg(QUALITY);
    if (frame && frame.size > MAX_BYTES) frame = await jpeg(QUALITY / 2);
    if (!frame || mine !== run) return null;
    const answer = await fetch(box.dataset.frames, {
      method: "POST",
      body: frame,
      headers: { "content-type": "image/jpeg", accept: "application/json" },
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout ? AbortSignal.timeout(10_000) : undefined,
    });
    if (answer.status === 401 || answer.status === 403 || answer.status === 410) {
      stop();
      options.onRefused?.(answer.status);
      return null;
    }
    // Too many frames at once, or one that can't be read: the next one may do.
    if (answer.status === 422 || answer.status === 429) return null;
    if (!answer.ok) throw new Error(String(answer.status));
    const { texts } = await answer.json();
    return Array.isArray(texts) ? texts : [];
  }

  function jpeg(quality) {
    return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
  }

  async function look(mine, texts) {
    const together = texts.length > 1 ? [...texts].sort().join("\n") : null;
    const now = performance.now();
    for (const [text, since] of seen) {
      if (texts.includes(text) || text === together) seen.set(text, null);
      else if (since === null) seen.set(text, now);
      else if (now - since > GONE_AFTER_MS) seen.delete(text);
    }
    if (together) await several(mine, texts, together);
    else if (texts.length === 1) report(texts[0]);
  }

  function report(text) {
    if (seen.has(text)) return;
    seen.set(text, null);
    onText(text);
  }

  // Asked once for as long as the same codes stay in view together.
  async function several(mine, texts, key) {
    if (key !== settled.key || !seen.has(key)) {
      const chosen = await ask(mine, texts);
      if (mine !== run) return;
      settled = { key, chosen: chosen !== null };
      seen.set(key, null);
      if (chosen !== null) onText(chosen);
    }
    if (settled.chosen) for (const text of texts) seen.set(text, null);
  }

  async function ask(mine, texts) {
    say("sayTwoCodes", "asking");
    const list = texts.slice(0, 4);
    const names = await Promise.all(
      list.map(async (text, at) => {
        const plain = (box.dataset.sayNth || "{n}").replace("{n}", String(at + 1));
        try {
          return (await options.describe?.(text)) || plain;
        } catch {
          return plain;
        }
      }),
    );
    if (mine !== run) return null;
    const chosen = await new Promise((resolve) => {
      view.choose = resolve;
      const question = document.createElement("p");
      question.textContent = box.dataset.sayTwoCodes || "";
      const buttons = [...names, box.dataset.sayAgain || ""].map((name, at) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = at < list.length ? "btn" : "btn quiet";
        button.textContent = name;
        button.addEventListener("click", () => resolve(list[at] ?? null));
        return button;
      });
      view.choice.replaceChildren(question, ...buttons);
      view.choice.hidden = false;
      buttons[0].focus();
    });
    view.choose = null;
    view.choice.hidden = true;
    view.choice.replaceChildren();
    if (mine === run) say("sayAim", "running");
    return chosen;
  }

  function offerTorch(track) {
    const can = track.getCapabilities?.().torch === true;
    view.torch.hidden = !can;
    view.torch.setAttribute("aria-pressed", "false");
    view.torch.onclick = async () => {
      const on = view.torch.getAttribute("aria-pressed") !== "true";
      try {
        await track.applyConstraints({ advanced: [{ torch: on }] });
        view.torch.setAttribute("aria-pressed", String(on));
      } catch {
        view.torch.hidden = true;
      }
    };
  }

  function close() {
    run += 1;
    view.choose?.(null);
    if (stream) for (const track of stream.getTracks()) track.stop();
    stream = null;
    seen.clear();
    view.video.srcObject = null;
    view.torch.hidden = true;
  }

  function stop() {
    wanted = false;
    close();
    say(null, "idle");
  }

  // A camera that runs unseen costs the battery and frightens its owner.
  function onVisibility() {
    if (document.hidden) {
      if (stream || box.dataset.state === "starting") {
        close();
        say(null, "idle");
      }
    } else if (wanted) {
      start();
    }
  }
  document.addEventListener("visibilitychange", onVisibility);
  window.addEventListener("pagehide", close);

  say(null, "idle");
  return {
    start,
    stop,
    /** Forgets what was seen but for one text, so that another still in view is reported again. */
    forget(but) {
      for (const text of [...seen.keys()]) if (text !== but) seen.delete(text);
    },
    /** Stops for good. */
    remove() {
      stop();
      document.removeEventListener("visibilitychange", onVisibility);
      window.removeEventListener("pagehide", close);
    },
  };
}

function reason(error) {
  switch (error?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return "sayNoPermission";
    case "NotFoundError":
    case "OverconstrainedError":
      return "sayNoCamera";
    default:
      return "sayBusy";
  }
}

async function localDetector() {
  try {
    if (!("BarcodeDetector" in window)) return null;
    const formats = await window.BarcodeDetector.getSupportedFormats();
    return formats.includes("qr_code") ? new window.BarcodeDetector({ formats: ["qr_code"] }) : null;
  } catch {
    return null;
  }
}

function build(box) {
  const make = (tag, name, attributes = {}) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const video = make("video", "", { playsinline: "", muted: "", autoplay: "" });
  video.muted = true;
  const aim = make("div", "aim", { "aria-hidden": "true" });
  const say = make("p", "say", { role: "status" });
  const tools = make("div", "tools");
  const torch = make("button", "btn", { type: "button", "aria-pressed": "false" });
  torch.textContent = box.dataset.sayTorch || "";
  torch.hidden = true;
  tools.append(torch);
  const choice = make("div", "choice", { role: "group", "aria-live": "assertive" });
  choice.hidden = true;
  box.replaceChildren(video, aim, say, tools, choice);
  return { video, say, torch, choice, choose: null };
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
