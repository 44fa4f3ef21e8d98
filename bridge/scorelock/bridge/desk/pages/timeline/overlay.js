/** What moves over the painted tracks: playhead, selection, loop, focus, and what is being drawn. */

import { yOf } from "./paint_curves.js";
import { axisOf } from "./curves.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./bands.js").Band} Band */
/** @typedef {[number, number] | null} Span seconds */

const BEYOND = 20; // pixels that something may reach out of the view
const SVG = "http://www.w3.org/2000/svg";

/** @param {HTMLElement} parent @param {string} name */
function piece(parent, name) {
  const element = document.createElement("div");
  element.className = name;
  element.hidden = true;
  parent.append(element);
  return element;
}

export class Overlay {
  /** @param {HTMLElement} ruler @param {HTMLElement} body @param {View} view */
  constructor(ruler, body, view) {
    this.view = view;
    this.loops = [piece(ruler, "tl-loop"), piece(body, "tl-loop-shade")];
    this.selections = [piece(ruler, "tl-selection"), piece(body, "tl-selection")];
    this.focus = piece(body, "tl-focus");
    this.hit = piece(body, "tl-hit-moving");
    this.heads = [piece(ruler, "tl-playhead tl-cap"), piece(body, "tl-playhead")];
    this.drawing = document.createElementNS(SVG, "svg");
    this.drawing.setAttribute("class", "tl-drawing");
    this.line = document.createElementNS(SVG, "polyline");
    this.drawing.append(this.line);
    body.append(this.drawing);
    /** @type {number | null} */
    this.headX = null;
  }

  /** @param {number | null} seconds */
  playhead(seconds) {
    const x = seconds === null ? null : this.view.x(Math.max(0, seconds));
    const shown = x !== null && x >= -BEYOND && x <= this.view.width + BEYOND ? x : null;
    if (shown === this.headX) return;
    this.headX = shown;
    for (const head of this.heads) {
      if (head.hidden !== (shown === null)) head.hidden = shown === null;
      if (shown !== null) head.style.setProperty("transform", `translateX(${shown.toFixed(2)}px)`);
    }
  }

  /** @param {Span} span */
  loop(span) {
    for (const element of this.loops) this.lay(element, span);
  }

  /** @param {Span} span */
  selection(span) {
    for (const element of this.selections) this.lay(element, span);
  }

  /** @param {Span} span @param {Band} [band] */
  focused(span, band) {
    this.lay(this.focus, span);
    if (!band) return;
    this.focus.style.setProperty("top", `${band.top}px`);
    this.focus.style.setProperty("height", `${band.height}px`);
  }

  /** @param {number | null} at_s */
  movingHit(at_s) {
    this.hit.hidden = at_s === null;
    if (at_s !== null)
      this.hit.style.setProperty("transform", `translateX(${this.view.x(at_s).toFixed(2)}px)`);
  }

  /** @param {HTMLElement} element @param {Span} span */
  lay(element, span) {
    const { view } = this;
    const from = span ? Math.max(view.x(span[0]), -BEYOND) : 0;
    const to = span ? Math.min(view.x(span[1]), view.width + BEYOND) : 0;
    element.hidden = !span || to < -BEYOND || from > view.width + BEYOND;
    if (element.hidden) return;
    element.style.setProperty("left", `${from}px`);
    element.style.setProperty("width", `${Math.max(1, to - from)}px`);
  }

  /**
   * @param {readonly import("./stroke.js").Point[]} points
   * @param {string} curve
   * @param {Band | null} band null: nothing is drawn
   */
  stroke(points, curve, band) {
    this.drawing.classList.toggle("tl-on", band !== null && points.length > 0);
    if (!band) return;
    const axis = axisOf(curve);
    const place = points.map(
      ([at_s, value]) =>
        `${this.view.x(at_s).toFixed(1)},${yOf(band, axis.share(value)).toFixed(1)}`,
    );
    this.line.setAttribute("points", place.length > 1 ? place.join(" ") : `${place} ${place}`);
    this.line.style.setProperty("stroke", `var(--${curve})`);
  }
}
