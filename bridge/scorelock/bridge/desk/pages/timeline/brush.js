/** What a track is painted with: a canvas, the stretch of film on it, and the looks. */

import { before } from "./score_index.js";

/** @typedef {import("./score_index.js").ScoreIndex} ScoreIndex */
/** @typedef {import("./colours.js").Colours} Colours */
/** @typedef {import("./played.js").Played} Played */
/** @typedef {import("./thumbs.js").Thumbs} Thumbs */
/** @typedef {import("./timecode.js").Unit} Unit */
/** @typedef {import("../messages").Marker} Marker */

/**
 * @typedef {object} Scene what is painted
 * @property {ScoreIndex | null} index
 * @property {Colours} colours
 * @property {string} family of fonts
 * @property {Played} played
 * @property {Thumbs} thumbs
 * @property {Marker[]} markers in time order
 * @property {Unit} unit of the ruler
 * @property {string} chosen the emotion in front
 */

/** @type {Map<string, number>} */
const widths = new Map();

export class Brush {
  /**
   * @param {CanvasRenderingContext2D} ctx
   * @param {Scene} scene
   * @param {{ scale: number, left: number, width: number }} place pixels a second; of the film left
   *   of the canvas; of the canvas
   * @param {{ top: number, height: number }} band
   */
  constructor(ctx, scene, { scale, left, width }, { top, height }) {
    this.ctx = ctx;
    this.scene = scene;
    this.scale = scale;
    this.left = left;
    this.width = width;
    this.top = top;
    this.height = height;
    /** first and last seconds on it */
    this.from = left / scale;
    this.to = (left + width) / scale;
  }

  /** @param {string} name @returns {string} */
  colour(name) {
    return this.scene.colours[name] ?? "gray";
  }

  /** @param {number} seconds @returns {number} pixels from the canvas' left */
  x(seconds) {
    return seconds * this.scale - this.left;
  }

  /** @param {string} name @param {number} [alpha] */
  fill(name, alpha = 1) {
    this.ctx.fillStyle = this.colour(name);
    this.ctx.globalAlpha = alpha;
  }

  /** @param {string} name @param {number} [width] @param {number} [alpha] */
  pen(name, width = 1, alpha = 1) {
    this.ctx.strokeStyle = this.colour(name);
    this.ctx.lineWidth = width;
    this.ctx.globalAlpha = alpha;
  }

  /** @param {number} size pixels @param {number} [weight] */
  font(size, weight = 400) {
    const font = `${weight} ${size}px ${this.scene.family}`;
    this.ctx.font = font;
    this.ctx.textBaseline = "middle";
    return font;
  }

  /**
   * @param {string} words
   * @param {string} font as `font` gave it
   * @returns {number} pixels
   */
  measure(words, font) {
    const key = `${font}|${words}`;
    let width = widths.get(key);
    if (width === undefined) {
      if (widths.size > 4000) widths.clear();
      this.ctx.font = font;
      width = this.ctx.measureText(words).width;
      widths.set(key, width);
    }
    return width;
  }

  /** A line one pixel wide, from top to foot. @param {number} seconds @param {number} top @param {number} height */
  tick(seconds, top, height) {
    this.ctx.fillRect(Math.round(this.x(seconds)), top, 1, height);
  }

  /** The ground of the track, with faint bar lines and the hits. */
  clear() {
    const { ctx, top, width, height } = this;
    this.fill("panel");
    ctx.fillRect(0, top, width, height);
    this.grid();
    this.fill("line");
    ctx.fillRect(0, top + height - 1, width, 1);
    ctx.globalAlpha = 1;
  }

  grid() {
    const index = this.scene.index;
    if (!index) return;
    this.ticks(index.bars, 24, "line", 0.55);
    this.ticks(index.hits, 12, "hit", 0.5);
  }

  /** @param {Float64Array} times @param {number} least pixels @param {string} name @param {number} alpha */
  ticks(times, least, name, alpha) {
    if (this.apart(times) < least) return;
    const [first, end] = rangeOf(times, this.from, this.to);
    this.fill(name, alpha);
    for (let nth = first; nth < end; nth += 1) this.tick(times[nth] ?? 0, this.top, this.height);
  }

  /**
   * Of the whole film, so that canvases side by side agree.
   * @param {Float64Array} times
   * @returns {number} pixels from one to the next, on the average
   */
  apart(times) {
    const duration = this.scene.index?.duration ?? 0;
    return (duration * this.scale) / Math.max(1, times.length);
  }
}

/**
 * @param {Float64Array} times in order
 * @param {number} from
 * @param {number} to
 * @returns {[number, number]} index of the first in it, and of the first after it
 */
export function rangeOf(times, from, to) {
  return [before(times, from), before(times, to)];
}
