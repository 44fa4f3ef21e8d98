/**
 * The score along the film, to see and to bend: a component that says what the user wants as events
 * and changes nothing itself.
 *
 * Events (CustomEvent, with this detail): seek {at_s}; select {start_s, end_s} or null; chord {index,
 * x, y, how: "open"} with x and y in the window; hit-move {from_s, to_s}; hit-add {at_s}; hit-remove
 * {at_s}; draw {curve, points}; loop {start_s, end_s}; marker {at_s}; curve {curve} when another
 * emotion is put in front; follow {on} when the user scrolls away from the playhead or comes back.
 */

import { RULER, RULER_HEIGHT, TRACKS, curveOf, heightOf, stacked } from "./bands.js";
import { coloursOf, watchLooks } from "./colours.js";
import { Heads, add } from "./heads.js";
import { Keys } from "./keys.js";
import { Overlay } from "./overlay.js";
import { Played } from "./played.js";
import { Pointer } from "./pointer.js";
import { ScoreIndex, before } from "./score_index.js";
import { Scrollbar } from "./scrollbar.js";
import { Thumbs } from "./thumbs.js";
import { Strip } from "./tiles.js";
import { View } from "./view.js";

/** @typedef {import("../messages").Score} Score */
/** @typedef {import("../messages").Marker} Marker */
/** @typedef {import("../messages").Draw["curve"]} CurveName */
/** @typedef {{ position: () => number | null, rolls: boolean, now: { loop_s?: readonly [number, number] | null } | null }} Playhead */
/** @typedef {{ start_s: number, end_s: number }} Selection */
/** @typedef {"select" | "draw"} Tool */
/** @typedef {{ unit?: import("./timecode.js").Unit, collapsed?: string[] }} Options */

const PAINT_MS = 2; // of a frame; what is painted takes the browser as long again and more
const PLAYED_EVERY_MS = 250;
const SMOOTH_SPAN_S = 8; // a view this short moves with the playhead; longer ones are turned like pages
const JUMP_S = 0.5;

export class Timeline extends EventTarget {
  /**
   * @param {HTMLElement} root empty; its height is the timeline's
   * @param {Playhead} playhead
   * @param {Options} [options]
   */
  constructor(root, playhead, { unit = "timecode", collapsed = [] } = {}) {
    super();
    this.root = root;
    this.playhead = playhead;
    this.view = new View();
    this.collapsed = new Set(collapsed);
    this.bands = stacked(this.collapsed);
    /** @type {Selection | null} */
    this.selected = null;
    /** @type {Tool} */
    this.tool = "select";
    this.following = true;
    this.lastPosition = NaN;
    this.shownView = "";
    /** @type {readonly [number, number] | null} */
    this.loop = null;
    this.playedShown = { revision: 0, at: 0, from: Infinity, to: -Infinity };
    this.ends = new AbortController();
    root.classList.add("timeline");
    this.scroller = add(root, "div", "tl-scroller");
    // The tracks come before their heads: Tab reaches what is worked with first.
    this.ruler = add(this.scroller, "div", "tl-ruler");
    this.body = add(this.scroller, "div", "tl-body");
    const corner = add(this.scroller, "div", "tl-corner");
    const column = add(this.scroller, "div", "tl-column");
    this.empty = add(this.body, "p", "tl-empty", "The score appears here as the film is watched.");
    this.said = add(root, "p", "tl-said");
    this.said.setAttribute("aria-live", "polite");
    this.ruler.style.setProperty("height", `${RULER_HEIGHT}px`);
    this.overlay = new Overlay(this.ruler, this.body, this.view);
    this.scrollbar = new Scrollbar(add(root, "div", "tl-bar"), this.view, () => this.scrolled());
    this.heads = new Heads(corner, column, {
      toggle: (id) => this.toggle(id),
      choose: (emotion) => this.choose(emotion, true),
      unit: () => this.setUnit(this.scene.unit === "timecode" ? "seconds" : "timecode"),
    });
    /** @type {string | null} the curve that was drawn or chosen last */
    this.drawn = null;
    /** @type {import("./brush.js").Scene} */
    this.scene = {
      index: null,
      colours: coloursOf(root),
      family: getComputedStyle(root).fontFamily,
      played: new Played(),
      thumbs: new Thumbs((second) => this.pictureCame(second)),
      markers: [],
      unit,
      chosen: "",
    };
    this.strips = {
      ruler: new Strip(this.ruler, this.view, this.scene, RULER),
      body: new Strip(this.body, this.view, this.scene, this.bands),
    };
    this.heads.showUnit(unit);
    this.keys = new Keys(this);
    this.pointer = new Pointer(this);
    this.layout();
    this.stopWatching = watchLooks(() => this.themeChanged());
    this.sizes = new ResizeObserver(() => this.resized());
    this.sizes.observe(this.body);
    this.sizes.observe(this.scroller);
    this.raf = requestAnimationFrame(this.frame);
  }

  // What is shown -------------------------------------------------------------------------------

  /** @param {Score} score */
  setScore(score) {
    const { scene, view } = this;
    const old = scene.index;
    this.empty.hidden = true;
    scene.index = new ScoreIndex(score);
    if (old && old.score.film !== score.film) scene.played.clear();
    if (!score.emotions.includes(scene.chosen)) scene.chosen = score.emotions[0] ?? "";
    this.heads.showEmotions(score.emotions, scene.chosen);
    if (view.duration !== score.duration_s) {
      view.resize(view.width, score.duration_s);
      this.shownView = "";
    }
    this.keys.scoreChanged();
    this.repaint();
  }

  /** @param {import("../messages").Played["notes"]} notes */
  setPlayed(notes) {
    const shown = this.playedShown;
    for (const [film_s, , velocity, , at_s] of notes) {
      this.scene.played.add(film_s, velocity, at_s);
      shown.from = Math.min(shown.from, film_s);
      shown.to = Math.max(shown.to, film_s);
    }
  }

  /** @param {(second: number) => string} urlOf the address of the picture at a whole second */
  setThumbs(urlOf) {
    this.scene.thumbs.from(urlOf);
    this.strips.body.invalidate(["pictures"]);
  }

  /** @param {Marker[]} markers */
  setMarkers(markers) {
    this.scene.markers = [...markers].sort((a, b) => a.position_s - b.position_s);
    this.strips.body.invalidate(["hits"]);
  }

  /** @param {import("./timecode.js").Unit} unit of the ruler */
  setUnit(unit) {
    this.scene.unit = unit;
    this.heads.showUnit(unit);
    this.strips.ruler.invalidate(null);
  }

  /** Colours, fonts or the pixel ratio are others. */
  themeChanged() {
    this.scene.colours = coloursOf(this.root);
    this.scene.family = getComputedStyle(this.root).fontFamily;
    if (devicePixelRatio === this.strips.body.ratio) this.repaint();
    else for (const strip of Object.values(this.strips)) strip.reset();
  }

  repaint() {
    for (const strip of Object.values(this.strips)) strip.invalidate(null);
  }

  /** @param {string} id open or shut a track */
  toggle(id) {
    if (!this.collapsed.delete(id)) this.collapsed.add(id);
    this.layout();
  }

  layout() {
    this.bands = stacked(this.collapsed, this.scroller.clientHeight - RULER_HEIGHT);
    this.body.style.setProperty("height", `${heightOf(this.bands)}px`);
    this.heads.layout(this.bands, this.collapsed);
    this.strips.body.layout(this.bands);
    this.shownView = "";
  }

  // What is in view -----------------------------------------------------------------------------

  /** @returns {boolean} whether the view goes with the playhead */
  get follow() {
    return this.following;
  }

  set follow(on) {
    this.following = on;
    this.lastPosition = NaN;
  }

  /**
   * @param {number} factor above 1 is closer
   * @param {number} [at_s] stays where it is; the playhead where it is in view, or else the middle
   */
  zoom(factor, at_s = this.anchor()) {
    this.view.zoomTo(this.view.scale * factor, this.view.x(at_s));
  }

  /** @returns {number} seconds */
  anchor() {
    const { view } = this;
    const position = this.playhead.position();
    const seen = position !== null && position >= view.start && position <= view.end;
    return seen ? position : (view.start + view.end) / 2;
  }

  /** The whole film. */
  fit() {
    this.view.zoomTo(this.view.least, 0);
  }

  /** One beat, that at the playhead, from edge to edge. */
  zoomToBeat() {
    const index = this.scene.index;
    if (!index) return;
    const at_s = this.anchor();
    this.view.zoomTo(this.view.width / (1.1 * index.beatLength(at_s)), this.view.x(at_s));
    this.view.reveal(at_s, at_s + index.beatLength(at_s));
  }

  /** @param {number} seconds comes to the left */
  scrollTo(seconds) {
    this.view.scrollPixels(seconds * this.view.scale);
  }

  /** The user has scrolled: the view stays there while the playhead is elsewhere. */
  scrolled() {
    const position = this.playhead.position();
    const { start, end } = this.view;
    if (this.playhead.rolls && position !== null && (position < start || position > end))
      this.setFollow(false);
  }

  /** @param {boolean} on */
  setFollow(on) {
    if (on === this.follow) return;
    this.follow = on;
    this.emit("follow", { on });
  }

  // What is chosen ------------------------------------------------------------------------------

  /** @returns {Selection | null} */
  get selection() {
    return this.selected;
  }

  /** @param {number | null} from_s @param {number} [to_s] null, or nothing between: no selection */
  select(from_s, to_s = 0) {
    this.selected = from_s === null || to_s <= from_s ? null : { start_s: from_s, end_s: to_s };
    this.shownView = "";
  }

  /** @param {Tool} tool @param {CurveName} [curve] that is drawn */
  setTool(tool, curve) {
    this.tool = tool;
    if (curve) this.setCurve(curve);
    this.body.classList.toggle("tl-draws", tool === "draw");
    this.keys.toolChanged();
  }

  /** @param {string} curve */
  setCurve(curve) {
    this.drawn = curve;
    if (this.scene.index?.score.emotions.includes(curve)) this.choose(curve, false);
    const band = this.bandOfCurve(curve);
    if (band && this.collapsed.has(band.id)) this.toggle(band.id);
  }

  /** @returns {string} the curve that is drawn by the keyboard */
  get curve() {
    return this.drawn ?? this.scene.chosen;
  }

  /** @param {string} emotion comes to the front @param {boolean} byUser */
  choose(emotion, byUser) {
    this.scene.chosen = emotion;
    this.heads.showEmotions(this.scene.index?.score.emotions ?? [], emotion);
    this.strips.body.invalidate(["emotion"]);
    if (!byUser) return;
    this.drawn = emotion;
    this.emit("curve", { curve: emotion });
  }

  /** @param {string} curve @returns {import("./bands.js").Band | null} */
  bandOfCurve(curve) {
    return this.bands.find((band) => curveOf(band, this.scene.chosen) === curve) ?? null;
  }

  /** @param {string} id @returns {import("./bands.js").Band} */
  band(id) {
    const nth = TRACKS.findIndex((track) => track.id === id);
    return /** @type {import("./bands.js").Band} */ (this.bands[nth]);
  }

  /** @param {string} kind @param {unknown} detail */
  emit(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }

  /** @param {string} words for those who do not see it */
  say(words) {
    this.said.textContent = words;
  }

  // Frames --------------------------------------------------------------------------------------

  resized() {
    const bands = stacked(this.collapsed, this.scroller.clientHeight - RULER_HEIGHT);
    if (heightOf(bands) !== heightOf(this.bands)) this.layout();
    this.view.resize(this.body.clientWidth, this.view.duration);
    this.shownView = "";
  }

  /** @param {number | null} second */
  pictureCame(second) {
    if (second === null) {
      this.strips.body.invalidate(["pictures"]);
      return;
    }
    const reach = (2 * this.scene.thumbs.width(100)) / this.view.scale + 2;
    this.strips.body.invalidate(["pictures"], second - reach, second + reach);
  }

  /** @param {number} now ms */
  frame = (now) => {
    this.raf = requestAnimationFrame(this.frame);
    const position = this.playhead.position();
    this.turnPage(position);
    this.showPlayed(now);
    this.showOver();
    this.overlay.playhead(this.scene.index ? position : null);
    const deadline = performance.now() + PAINT_MS;
    let painted = 0;
    const timeLeft = () => painted++ === 0 || performance.now() < deadline;
    this.strips.ruler.frame(now, timeLeft);
    this.strips.body.frame(now, timeLeft);
  };

  /** Have the playhead in view, if it is followed and has moved. @param {number | null} position */
  turnPage(position) {
    if (position === null || position === this.lastPosition) return;
    const jumped = !(Math.abs(position - this.lastPosition) < JUMP_S);
    this.lastPosition = position;
    if (!this.following || this.pointer.busy || !(this.playhead.rolls || jumped)) return;
    const { view } = this;
    const x = view.x(position);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (this.playhead.rolls && view.end - view.start < SMOOTH_SPAN_S && !still)
      view.scrollPixels(position * view.scale - view.width / 3);
    else if (x < 0 || x > view.width * 0.96)
      view.scrollPixels(position * view.scale - view.width * 0.04);
  }

  /** @param {number} now ms */
  showPlayed(now) {
    const shown = this.playedShown;
    const { revision } = this.scene.played;
    if (shown.revision === revision || now - shown.at < PLAYED_EVERY_MS) return;
    this.strips.body.invalidate(["loudness"], shown.from - 8, shown.to + 8);
    this.playedShown = { revision, at: now, from: Infinity, to: -Infinity };
  }

  /** What lies over the tracks, when the view or it has changed. */
  showOver() {
    const { view, overlay } = this;
    const loop = this.playhead.now?.loop_s ?? null;
    const key = `${view.scale} ${view.left} ${view.width} ${view.duration}`;
    if (key === this.shownView && loop === this.loop) return;
    this.shownView = key;
    this.loop = loop;
    overlay.loop(loop ? [loop[0], loop[1]] : null);
    overlay.selection(this.selected ? [this.selected.start_s, this.selected.end_s] : null);
    this.keys.show();
    this.pointer.show();
    this.scrollbar.show();
  }

  /** @param {number} from_s @param {number} to_s @returns {[number, number]} first chord in it, and the first after */
  chordsIn(from_s, to_s) {
    const index = this.scene.index;
    if (!index) return [0, 0];
    return [Math.max(0, index.chordAt(from_s)), before(index.chords, to_s)];
  }

  /** Leave the page as it was. */
  destroy() {
    cancelAnimationFrame(this.raf);
    this.ends.abort();
    this.stopWatching();
    this.sizes.disconnect();
    this.scene.thumbs.close();
    this.root.replaceChildren();
    this.root.classList.remove("timeline");
  }
}
