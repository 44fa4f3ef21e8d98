/** The timeline by keyboard: chords one by one, hits to a frame, curves point by point. */

import { axisOf, valueWords } from "./curves.js";
import { lastAt } from "./score_index.js";
import { Stroke } from "./stroke.js";
import { clockTime } from "./timecode.js";

/** @typedef {import("./timeline.js").Timeline} Timeline */

const SETTLE_MS = 500; // without a key, after which a moved hit stays there
const DRAW_STEP = 0.05; // of the height of a curve
const HELP =
  "Arrow keys go from chord to chord, with Shift they select. Enter opens a chord. H goes to the " +
  "hits and back: up and down choose a hit, left and right move it by a frame, with Shift by a " +
  "beat, Insert adds one at the playhead, Delete removes it. When drawing, arrow keys set points, " +
  "Enter keeps them. Plus and minus zoom, 0 shows the whole film, Page Up and Page Down scroll.";

export class Keys {
  /** @param {Timeline} timeline */
  constructor(timeline) {
    this.timeline = timeline;
    /** @type {"chords" | "hits"} */
    this.mode = "chords";
    /** film seconds of what has the focus; scores come and go */
    this.chordAt_s = 0;
    this.hitAt_s = 0;
    /** where a selection was begun @type {number | null} */
    this.anchor_s = null;
    /** @type {{ from_s: number, to_s: number, timer: ReturnType<typeof setTimeout> } | null} */
    this.moving = null;
    /** @type {{ stroke: Stroke, at_s: number, share: number } | null} */
    this.drawing = null;
    const { body, root, ends } = timeline;
    const { signal } = ends;
    const help = document.createElement("p");
    help.id = "tl-help";
    help.hidden = true;
    help.textContent = HELP;
    root.append(help);
    body.tabIndex = 0;
    body.setAttribute("role", "application");
    body.setAttribute("aria-label", "Timeline");
    body.setAttribute("aria-roledescription", "timeline of the score");
    body.setAttribute("aria-describedby", help.id);
    body.addEventListener("keydown", (event) => this.press(event), { signal });
    body.addEventListener("focus", () => this.entered(), { signal });
    body.addEventListener("blur", () => this.left(), { signal });
  }

  /** @returns {import("./score_index.js").ScoreIndex | null} */
  get index() {
    return this.timeline.scene.index;
  }

  /** @returns {number} index of the chord that has the focus */
  get chord() {
    return Math.max(0, lastAt(this.index?.chords ?? [], this.chordAt_s));
  }

  /** @returns {number} index of the hit that has the focus, -1 for none */
  get hit() {
    return this.index?.hitNear(this.hitAt_s, Infinity) ?? -1;
  }

  entered() {
    this.show();
    if (this.index) this.timeline.say(this.words());
  }

  left() {
    this.commitHit();
    this.show();
  }

  scoreChanged() {
    this.show();
  }

  toolChanged() {
    this.dropDrawing();
  }

  /** @returns {string} of what has the focus */
  words() {
    const { index } = this;
    if (!index) return "";
    return this.mode === "hits" ? index.hitWords(this.hit) : index.chordWords(this.chord);
  }

  /** The ring around what has the focus. */
  show() {
    const { overlay, body } = this.timeline;
    if (this.drawing) this.showDrawing();
    if (this.moving) overlay.movingHit(this.moving.to_s);
    const seen = this.index !== null && document.activeElement === body;
    overlay.focused(seen ? this.span() : null, this.timeline.band(this.mode));
  }

  /** @returns {[number, number] | null} seconds of what has the focus */
  span() {
    if (this.mode === "chords") {
      const chord = this.index?.score.chords[this.chord];
      return chord ? [chord[0], chord[1]] : null;
    }
    const at_s = this.moving?.to_s ?? this.index?.hits[this.hit];
    const reach = 9 / this.timeline.view.scale;
    return at_s === undefined ? null : [at_s - reach, at_s + reach];
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (!this.index || event.altKey || event.ctrlKey || event.metaKey) return;
    const done = this.timeline.tool === "draw" && this.draw(event) ? true : this.act(event);
    if (!done) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether it was for us */
  act(event) {
    if (event.key === "Escape" && this.timeline.pointer.drop()) return true;
    const act =
      this.common(event) ?? (this.mode === "hits" ? this.onHits(event) : this.onChords(event));
    act?.();
    return act !== null;
  }

  /** @param {KeyboardEvent} event @returns {(() => void) | null} */
  common({ key }) {
    const { timeline } = this;
    const { view } = timeline;
    /** @type {Record<string, () => void>} */
    const acts = {
      "+": () => timeline.zoom(1.5, this.place()),
      "=": () => timeline.zoom(1.5, this.place()),
      "-": () => timeline.zoom(1 / 1.5, this.place()),
      0: () => timeline.fit(),
      h: () => this.change(),
      H: () => this.change(),
      PageUp: () => this.scroll(-0.9 * view.width),
      PageDown: () => this.scroll(0.9 * view.width),
    };
    return acts[key] ?? null;
  }

  /** @returns {number} seconds of what has the focus where that is in view, else the playhead's */
  place() {
    const { view } = this.timeline;
    const at_s = this.mode === "hits" ? this.hitAt_s : this.chordAt_s;
    return at_s >= view.start && at_s <= view.end ? at_s : this.timeline.anchor();
  }

  /** @param {number} pixels */
  scroll(pixels) {
    const { timeline } = this;
    timeline.view.scrollPixels(timeline.view.left + pixels);
    timeline.scrolled();
  }

  /** From chords to hits or back. */
  change() {
    this.commitHit();
    this.mode = this.mode === "hits" ? "chords" : "hits";
    if (this.mode === "hits") {
      this.hitAt_s = this.chordAt_s;
      this.focusHit(this.hit);
    } else this.focusChord(this.chord);
  }

  // Chords --------------------------------------------------------------------------------------

  /** @param {KeyboardEvent} event @returns {(() => void) | null} */
  onChords({ key, shiftKey }) {
    const last = (this.index?.chords.length ?? 0) - 1;
    /** @type {Record<string, () => void>} */
    const acts = {
      ArrowLeft: () => this.step(this.chord - 1, shiftKey),
      ArrowRight: () => this.step(this.chord + 1, shiftKey),
      Home: () => this.step(0, shiftKey),
      End: () => this.step(last, shiftKey),
      Enter: () => this.openChord(),
    };
    if (key === "Escape") return this.escape();
    return acts[key] ?? null;
  }

  /** @returns {(() => void) | null} */
  escape() {
    const { timeline } = this;
    if (!timeline.selection) return null;
    return () => {
      timeline.select(null);
      timeline.emit("select", null);
    };
  }

  /** @param {number} nth @param {boolean} extend the selection */
  step(nth, extend) {
    const { index } = this;
    const last = (index?.chords.length ?? 0) - 1;
    const anchor_s = this.anchor_s ?? this.chordAt_s;
    this.focusChord(Math.min(Math.max(nth, 0), last));
    this.anchor_s = extend ? anchor_s : null;
    if (!extend || !index) return;
    const [from, to] = [lastAt(index.chords, anchor_s), this.chord].sort((a, b) => a - b);
    const { timeline } = this;
    timeline.select(index.chords[from ?? 0] ?? 0, index.score.chords[to ?? 0]?.[1] ?? 0);
    timeline.emit("select", timeline.selection);
  }

  /** @param {number} nth */
  focusChord(nth) {
    const chord = this.index?.score.chords[nth];
    this.mode = "chords";
    if (!chord) return;
    this.chordAt_s = chord[0];
    this.timeline.view.reveal(chord[0], chord[1]);
    this.timeline.scrolled();
    this.show();
    this.timeline.say(this.words());
  }

  /** Have the shell open the chord that has the focus, which becomes the selection. */
  openChord() {
    const { timeline } = this;
    const { view, body } = timeline;
    const chord = this.index?.score.chords[this.chord];
    if (!chord) return;
    timeline.select(chord[0], chord[1]);
    timeline.emit("select", timeline.selection);
    const band = timeline.band("chords");
    const box = body.getBoundingClientRect();
    const from = Math.max(0, view.x(chord[0]));
    const to = Math.min(view.width, view.x(chord[1]));
    const [x, y] = [box.left + (from + to) / 2, box.top + band.top + band.height];
    timeline.emit("chord", { index: this.chord, x, y, how: "open" });
  }

  // Hits ----------------------------------------------------------------------------------------

  /** @param {KeyboardEvent} event @returns {(() => void) | null} */
  onHits({ key, shiftKey }) {
    /** @type {Record<string, () => void>} */
    const acts = {
      ArrowLeft: () => this.nudge(-1, shiftKey),
      ArrowRight: () => this.nudge(1, shiftKey),
      ArrowUp: () => this.otherHit(this.hit - 1),
      ArrowDown: () => this.otherHit(this.hit + 1),
      Home: () => this.otherHit(0),
      End: () => this.otherHit((this.index?.hits.length ?? 0) - 1),
      Enter: () => this.commitHit(),
      Insert: () => this.addHit(),
      Delete: () => this.removeHit(),
      Backspace: () => this.removeHit(),
      Escape: () => (this.moving ? this.dropHit() : this.change()),
    };
    return acts[key] ?? null;
  }

  /** @param {number} nth */
  otherHit(nth) {
    this.commitHit();
    this.focusHit(Math.min(Math.max(nth, 0), (this.index?.hits.length ?? 0) - 1));
  }

  /** @param {number} nth */
  focusHit(nth) {
    this.mode = "hits";
    const at_s = this.index?.hits[nth];
    if (at_s !== undefined) {
      this.hitAt_s = at_s;
      this.timeline.view.reveal(at_s, at_s);
      this.timeline.scrolled();
    }
    this.show();
    this.timeline.say(this.words());
  }

  /** @param {number} by 1 or -1 @param {boolean} beats and not frames */
  nudge(by, beats) {
    const { index } = this;
    const from_s = this.moving?.from_s ?? index?.hits[this.hit];
    if (!index || from_s === undefined) return;
    const at_s = this.moving?.to_s ?? from_s;
    const there = beats ? index.beatFrom(at_s, by) : at_s + by / index.score.fps;
    const to_s = index.frameAt(there);
    if (this.moving) clearTimeout(this.moving.timer);
    this.moving = { from_s, to_s, timer: setTimeout(() => this.commitHit(), SETTLE_MS) };
    this.timeline.view.reveal(to_s, to_s);
    this.show();
    this.timeline.say(`${index.barWords(to_s)}${clockTime(to_s, 2)}`);
  }

  commitHit() {
    const { moving } = this;
    this.dropHit();
    if (moving && moving.to_s !== moving.from_s) this.moved(moving.from_s, moving.to_s);
  }

  dropHit() {
    if (!this.moving) return;
    clearTimeout(this.moving.timer);
    this.moving = null;
    this.timeline.overlay.movingHit(null);
    this.show();
  }

  /** @param {number} from_s @param {number} to_s */
  moved(from_s, to_s) {
    this.hitAt_s = to_s;
    this.timeline.emit("hit-move", { from_s, to_s });
  }

  addHit() {
    const at_s = this.index?.frameAt(this.timeline.anchor()) ?? 0;
    this.hitAt_s = at_s;
    this.timeline.emit("hit-add", { at_s });
    this.timeline.say(`hit added at ${clockTime(at_s, 2)}`);
  }

  removeHit() {
    const at_s = this.index?.hits[this.hit];
    this.dropHit();
    if (at_s === undefined) return;
    this.timeline.emit("hit-remove", { at_s });
    this.timeline.say(`hit removed at ${clockTime(at_s, 2)}`);
  }

  // Curves --------------------------------------------------------------------------------------

  /** @param {KeyboardEvent} event @returns {boolean} */
  draw({ key, shiftKey }) {
    const by = shiftKey ? 5 : 1;
    /** @type {Record<string, () => void>} */
    const acts = {
      ArrowLeft: () => this.drawTo(-by, 0),
      ArrowRight: () => this.drawTo(by, 0),
      ArrowUp: () => this.drawTo(0, by * DRAW_STEP),
      ArrowDown: () => this.drawTo(0, -by * DRAW_STEP),
      Enter: () => this.commitDrawing(),
      Escape: () => this.dropDrawing(),
    };
    const begun = this.drawing !== null;
    const act = begun || key.startsWith("Arrow") ? acts[key] : undefined;
    act?.();
    return act !== undefined;
  }

  /** @param {number} by_s @param {number} up share of the height */
  drawTo(by_s, up) {
    const { timeline, index } = this;
    const { curve } = timeline;
    const axis = axisOf(curve);
    this.drawing ??= this.beginDrawing();
    const pen = this.drawing;
    pen.at_s = Math.min(Math.max(pen.at_s + by_s, 0), index?.duration ?? 0);
    pen.share = Math.min(Math.max(pen.share + up, 0), 1);
    pen.stroke.to(pen.at_s, axis.value(pen.share));
    timeline.view.reveal(pen.at_s, pen.at_s);
    this.showDrawing();
    timeline.say(
      `${curve} ${valueWords(curve, axis.value(pen.share))} at ${clockTime(pen.at_s, 1)}`,
    );
  }

  beginDrawing() {
    const { timeline, index } = this;
    const { curve } = timeline;
    const at_s = timeline.view.seconds(timeline.view.x(timeline.anchor()));
    const rows = index?.curves.get(curve)?.levels[0]?.mean;
    const share = axisOf(curve).share(rows?.[Math.floor(at_s)] ?? 0);
    return { stroke: new Stroke(), at_s, share };
  }

  showDrawing() {
    const { overlay, curve } = this.timeline;
    const points = this.drawing?.stroke.points ?? [];
    overlay.stroke(points, curve, this.drawing ? this.timeline.bandOfCurve(curve) : null);
  }

  commitDrawing() {
    const { timeline } = this;
    const points = this.drawing?.stroke.sent();
    this.dropDrawing();
    if (points) timeline.emit("draw", { curve: timeline.curve, points });
  }

  dropDrawing() {
    if (!this.drawing) return;
    this.drawing = null;
    this.showDrawing();
  }
}
