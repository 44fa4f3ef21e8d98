/** Where the film is and what sounds, at display rate; who leads, and how well. */

import { its, setWords } from "./dom.js";
import { barBeat, chordIndex, nextChord, timecode } from "./places.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("../common/playhead.js").Playhead} Playhead */
/** @typedef {import("../messages").Score} Score */

/** @type {Record<string, string>} */
const STATES = {
  stopped: "Stopped",
  locating: "Locating",
  locked: "Locked",
  flywheel: "Flywheel",
  lost: "Lost",
};

/**
 * @param {Store} store
 * @param {Playhead} playhead
 */
export function showReadouts(store, playhead) {
  const fields = {
    timecode: its("timecode", HTMLElement),
    bars: its("bars", HTMLElement),
    now: its("chord-now", HTMLElement),
    next: its("chord-next", HTMLElement),
    within: its("chord-in", HTMLElement),
  };
  const frame = () => {
    const position = playhead.position();
    setWords(fields.timecode, timecodeOf(store, position));
    const { score } = store;
    const words = score && position !== null ? chordsOf(score, position) : NOTHING;
    setWords(fields.bars, words.bars);
    setWords(fields.now, words.now);
    setWords(fields.next, words.next);
    setWords(fields.within, words.within);
    requestAnimationFrame(frame);
  };
  frame();
  showLight(store, playhead);
  store.on("welcome", ({ film }) => {
    const name = its("film-name", HTMLElement);
    setWords(name, film);
    name.title = film;
    document.title = `${film} – Scorelock`;
  });
}

const NOTHING = { bars: "–", now: "–", next: "–", within: "" };

/**
 * @param {Store} store
 * @param {number | null} position
 */
function timecodeOf(store, position) {
  const fps = store.get("welcome")?.fps;
  if (position === null || !fps) return "--:--:--:--";
  return timecode(position, fps, store.score?.start, store.score?.start_s);
}

/**
 * @param {Score} score
 * @param {number} position
 */
function chordsOf(score, position) {
  const place = barBeat(score, position);
  const chord = score.chords[chordIndex(score, position)];
  const next = nextChord(score, position);
  const beats = next && next.beats > 0 ? next.beats : 0;
  return {
    bars: place ? `${place.bar}.${place.beat}` : "–",
    now: chord && position < chord[1] ? chord[2] : "–",
    next: next?.name ?? "–",
    within: beats ? `in ${beats} ${beats === 1 ? "beat" : "beats"}` : "",
  };
}

/**
 * @param {Store} store
 * @param {Playhead} playhead
 */
function showLight(store, playhead) {
  const light = its("light", HTMLElement);
  const state = its("light-state", HTMLElement);
  const by = its("light-by", HTMLElement);
  const shown = () => {
    const now = playhead.now;
    if (store.wire.state !== "open" || !now) {
      light.dataset.state = "lost";
      setWords(state, store.wire.state === "lost" ? "Waiting again" : "Waiting");
      setWords(by, "for the desk");
      return;
    }
    light.dataset.state = now.state;
    setWords(state, STATES[now.state] ?? now.state);
    setWords(by, now.leads ? leaderWords(store, now.leads) : "nobody leads yet");
    by.title = by.textContent ?? "";
  };
  store.wire.on("now", shown);
  store.on("hosts", shown);
  store.wire.watch(shown);
}

/**
 * @param {Store} store
 * @param {string} leads
 */
export const leaderWords = (store, leads) =>
  store.get("hosts")?.hosts.find(({ name }) => name === leads)?.words ||
  { film: "The film", house: "Our own transport" }[leads] ||
  leads;
