/** The desk's page: everything is made here, once, and given to what needs it. */

import { Playhead } from "../common/playhead.js";
import { Wire } from "../common/wire.js";
import { mountCompose } from "./compose_panel.js";
import { showCount } from "./count.js";
import { its, make } from "./dom.js";
import { Editing } from "./editing.js";
import { mountExports } from "./exports_panel.js";
import { FilmPlayer } from "./film.js";
import { showFilm } from "./film_view.js";
import { listenToKeys, showSheet } from "./keyboard.js";
import { showNotices, tell } from "./notices.js";
import { mountParts } from "./parts_panel.js";
import { mountPicture } from "./picture_panel.js";
import { showReadouts } from "./readouts.js";
import { Sound } from "./sound.js";
import { mountSource } from "./source_panel.js";
import { Store } from "./store.js";
import { showSplit } from "./split.js";
import { showTabs } from "./tabs.js";
import { mountTakes } from "./takes_panel.js";
import { TimelineView } from "./timeline_view.js";
import { Transport } from "./transport.js";
import { showVoice } from "./voice_view.js";

const wire = new Wire("/socket");
const playhead = new Playhead(wire);
const store = new Store(wire);
const film = new FilmPlayer(its("film", HTMLVideoElement), store, playhead);
const transport = new Transport(store, playhead, film, tell);
const editing = new Editing(store, playhead, tell);
const sound = new Sound(store, playhead);

showNotices(store);
showReadouts(store, playhead);
showFilm(film, store, () => transport.toggle());
showVoice(sound, store);
showCount(wire);
showSplit();
const timeline = new TimelineView(store, playhead, transport, editing);

const panic = () => {
  sound.panic();
  if (wire.say({ kind: "panic" })) tell("Silence on every channel of every output.");
  else tell("The desk does not answer; only this browser was silenced.", true);
};
its("panic", HTMLButtonElement).addEventListener("click", panic);

/** @param {HTMLElement} root */
async function mountRoom(root) {
  try {
    const { mount } = await import("./room.js");
    const room = mount(root, wire, playhead);
    const told = store.get("room");
    if (told) room.setRoom(told);
    store.onScore((score) => score && room.setScore(score));
    editing.addEventListener("select", () => room.setSelection(editing.span));
  } catch (err) {
    root.append(make("p", { class: "hint" }, "The rehearsal's panel could not be loaded."));
    throw err;
  }
}

showTabs([
  { id: "parts", words: "Parts", mount: (root) => mountParts(root, store) },
  { id: "source", words: "Source", mount: (root) => mountSource(root, store) },
  { id: "takes", words: "Takes", mount: (root) => mountTakes(root, store, editing) },
  { id: "compose", words: "Compose", mount: (root) => mountCompose(root, store) },
  { id: "picture", words: "Picture", mount: (root) => mountPicture(root, store) },
  { id: "export", words: "Export", mount: (root) => mountExports(root, store) },
  { id: "rehearsal", words: "Rehearsal", mount: (root) => void mountRoom(root) },
]);

/** @type {import("./keyboard.js").Group[]} */
const keys = [
  {
    name: "Transport",
    keys: [
      { key: " ", words: "Play, stop", act: () => transport.toggle() },
      { key: "backspace", shown: "Backspace", words: "To the start", act: () => transport.seek(0) },
      { key: "[", words: "Marker or hit before", act: () => transport.step(-1) },
      { key: "]", words: "Next marker or hit", act: () => transport.step(1) },
      { key: "c", words: "Loop the selection, end the loop", act: () => transport.toggleLoop() },
      { key: "m", words: "Marker here, or remove it", act: () => editing.marker() },
      { key: "p", shift: true, words: "PANIC (also Esc Esc)", act: panic },
    ],
  },
  {
    name: "Score",
    keys: [
      { key: "l", words: "Lock, unlock", act: () => editing.toggleLock() },
      { key: "v", words: "Vary", act: () => editing.vary() },
      { key: "r", words: "Regenerate from here", act: () => editing.regenerate() },
      { key: "a", words: "The first take", act: () => editing.take(0) },
      { key: "b", words: "The second take", act: () => editing.take(1) },
      { key: "u", words: "Undo (also Ctrl+Z)", act: () => editing.undo() },
      { key: "u", shift: true, words: "Redo (also Ctrl+Shift+Z)", act: () => editing.redo() },
    ],
  },
  {
    name: "Timeline",
    keys: [
      { key: "+", words: "Zoom in", act: () => timeline.zoom(1) },
      { key: "-", words: "Zoom out", act: () => timeline.zoom(-1) },
      { key: "0", words: "The whole film", act: () => timeline.timeline.fit() },
      { key: "f", words: "Follow the playhead", act: () => timeline.toggleFollow() },
      { key: "s", words: "Select", act: () => timeline.setTool("select") },
      { key: "d", words: "Draw", act: () => timeline.setTool("draw") },
      { key: "?", words: "These keys", act: () => showSheet(keys) },
    ],
  },
];
const alike = [
  { key: "z", ctrl: true, words: "", act: () => editing.undo() },
  { key: "z", ctrl: true, shift: true, words: "", act: () => editing.redo() },
  { key: "y", ctrl: true, words: "", act: () => editing.redo() },
  { key: "=", words: "", act: () => timeline.zoom(1) },
];
listenToKeys(keys, alike, panic);

/** @type {string | null} */
let run = null;
wire.on("welcome", (welcome) => {
  // Another run of the desk may have other pages: this one begins anew.
  if (run !== null && run !== welcome.run) {
    film.keepPlace();
    location.reload();
  }
  run = welcome.run;
});
wire.open();
