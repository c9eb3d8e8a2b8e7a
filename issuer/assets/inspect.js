// The inspectors' scan page: camera and keyboard scanner fill in the form that also works without
// them. The text is sent to the console; the link inside it is never followed.

import { openCamera } from "./camera.js";
import { listenForScanner } from "./scanner.js";

const form = document.getElementById("look");
const box = document.getElementById("camera");
const start = document.getElementById("start");

function send(text) {
  form.elements.text.value = text;
  form.elements.picture.value = "";
  form.requestSubmit();
}

listenForScanner(send);

const camera = openCamera(box, send);
start.hidden = false;
start.addEventListener("click", () => {
  start.hidden = true;
  box.hidden = false;
  camera.start();
});
