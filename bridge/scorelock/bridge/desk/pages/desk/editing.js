/** What can be done to the score: to the selection, or else to the chord at the playhead. */

import { chordIndex } from "./places.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("../common/playhead.js").Playhead} Playhead */
/** @typedef {[number, number]} Span */

export class Editing extends EventTarget {
  /**
   * Events: "select" when another passage is selected, or none.
   *
   * @param {Store} store
   * @param {Playhead} playhead
   * @param {(words: string) => void} tell
   */
  constructor(store, playhead, tell) {
    super();
    this.store = store;
    this.playhead = playhead;
    this.tell = tell;
    /** @type {Span | null} what is selected */
    this.span = null;
  }

  /** @param {Span | null} span */
  select(span) {
    if (String(span) === String(this.span)) return;
    this.span = span;
    this.dispatchEvent(new Event("select"));
  }

  /** @returns {Span | null} the selection, or the chord at the playhead */
  get target() {
    if (this.span) return this.span;
    const { score } = this.store;
    const chord = score?.chords[chordIndex(score, this.playhead.position() ?? 0)];
    return chord ? [chord[0], chord[1]] : null;
  }

  /** @param {(start_s: number, end_s: number) => void} act */
  onTarget(act) {
    const { target } = this;
    if (target) act(...target);
    else this.tell("There is no chord there yet.");
  }

  /** @param {boolean} on */
  lock(on) {
    this.onTarget((start_s, end_s) => this.store.say({ kind: "lock", start_s, end_s, on }));
  }

  toggleLock() {
    this.onTarget((start_s, end_s) => {
      const chords = this.store.score?.chords ?? [];
      const within = chords.filter(([from, to]) => from < end_s && to > start_s);
      this.lock(!within.every((chord) => chord[6]));
    });
  }

  vary() {
    this.onTarget((start_s, end_s) => this.store.say({ kind: "vary", start_s, end_s }));
  }

  regenerate() {
    this.onTarget((start_s) => this.store.say({ kind: "regenerate", start_s }));
  }

  undo() {
    if (this.store.get("cue_is")?.undo) this.store.say({ kind: "undo" });
    else this.tell("There is nothing to undo.");
  }

  redo() {
    if (this.store.get("cue_is")?.redo) this.store.say({ kind: "redo" });
    else this.tell("There is nothing to do again.");
  }

  /** @param {number} index */
  take(index) {
    const name = this.store.get("cue_is")?.takes[index];
    if (name) this.store.say({ kind: "choose_take", name });
    else this.tell("There is no such take yet: begin one under Takes.");
  }

  /**
   * A marker there, or none there any more.
   *
   * @param {number | null} here film seconds
   */
  marker(here = this.playhead.position()) {
    if (here === null || here < 0) return;
    const markers = this.store.get("room")?.markers ?? [];
    const there = markers.find(({ position_s }) => Math.abs(position_s - here) < 0.25);
    const names = new Set(markers.map(({ name }) => name));
    let name = "";
    for (let number = 1; !there && !name; number++)
      if (!names.has(`Section ${number}`)) name = `Section ${number}`;
    this.store.say({ kind: "set_marker", position_s: there?.position_s ?? here, name });
  }
}
