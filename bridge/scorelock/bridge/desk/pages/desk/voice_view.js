/** The volume and level of the score in this page, and why it is not to be heard. */

import { its, setWords } from "./dom.js";

/** @typedef {import("./sound.js").Sound} Sound */
/** @typedef {import("./store.js").Store} Store */

const FLOOR_DB = -60;
const FALL = 0.06; // of the scale a frame
const WORDS_EVERY = 15; // frames

/**
 * @param {Sound} sound
 * @param {Store} store
 */
export function showVoice(sound, store) {
  const volume = its("score-volume", HTMLInputElement);
  volume.addEventListener("input", () => sound.setVolume(volume.valueAsNumber / 100));
  sound.setVolume(volume.valueAsNumber / 100);
  const words = its("voice-words", HTMLElement);
  const unlock = its("unlock", HTMLButtonElement);
  const shown = () => {
    const port = store.get("outs")?.port ?? "";
    const why = {
      none: "This browser makes no sound of its own: choose a MIDI out under Parts.",
      elsewhere: `plays on ${port}`,
      locked: "Click to hear it",
      open: "",
    }[sound.state];
    setWords(words, why);
    words.title = why;
    unlock.hidden = sound.state !== "locked" || !sound.playhead.rolls;
    volume.disabled = sound.state === "none" || sound.state === "elsewhere";
  };
  sound.addEventListener("change", shown);
  store.wire.on("now", shown);
  unlock.addEventListener("click", () => sound.unlock());
  shown();
  showLevel(sound);
}

/** @param {Sound} sound */
function showLevel(sound) {
  const meter = its("meter", HTMLElement);
  const bar = its("meter-bar", HTMLElement);
  let shown = 0;
  let frames = 0;
  const frame = () => {
    const level = sound.state === "open" ? (sound.instrument?.level ?? FLOOR_DB) : FLOOR_DB;
    const wanted = Math.max(0, Math.min(1, 1 - level / FLOOR_DB));
    const next = Math.max(wanted, shown - FALL);
    if (next !== shown) bar.style.setProperty("clip-path", `inset(0 ${100 - next * 100}% 0 0)`);
    shown = next;
    if (frames++ % WORDS_EVERY === 0) {
      meter.setAttribute("aria-valuenow", String(Math.round(100 * next)));
      meter.setAttribute("aria-valuetext", next > 0 ? `${Math.round(level)} dB` : "silence");
    }
    requestAnimationFrame(frame);
  };
  frame();
}
