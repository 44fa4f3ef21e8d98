/**
 * A strip of canvases that shows a stretch of the film. Canvases are painted a few tracks a frame and
 * kept; scrolling moves them, zooming stretches them until those of the new scale are there.
 */

import { Brush } from "./brush.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./bands.js").Band} Band */
/** @typedef {import("./brush.js").Scene} Scene */
/**
 * @typedef {object} Tile
 * @property {HTMLCanvasElement} canvas
 * @property {CanvasRenderingContext2D} ctx
 * @property {Set<Band>} todo
 */
/**
 * @typedef {object} Layer
 * @property {HTMLElement} element
 * @property {number} scale pixels a second of what is painted
 * @property {number} base index that stands at the element's left
 * @property {Map<number, Tile>} tiles by index, that used last at the end
 */

const WIDE = 512; // CSS pixels, about
const SETTLED_MS = 70; // after which a scale is painted for
const STRETCH = 1.7; // more than which is not waited for
const FAR = 64; // tiles, further than which the element is put elsewhere
const SPARE = 12;

export class Strip {
  /**
   * @param {HTMLElement} host
   * @param {View} view
   * @param {Scene} scene
   * @param {readonly Band[]} bands
   */
  constructor(host, view, scene, bands) {
    this.host = host;
    this.view = view;
    this.scene = scene;
    this.bands = bands;
    /** @type {Layer | null} */
    this.shown = null;
    /** @type {Layer | null} */
    this.coming = null;
    /** @type {HTMLCanvasElement[]} */
    this.spare = [];
    this.scale = 0;
    this.scaledAt = -Infinity;
    this.ratio = devicePixelRatio;
    this.placed = "";
  }

  /** @returns {number} CSS pixels, a whole number of the device's */
  get wide() {
    return Math.round(WIDE * this.ratio) / this.ratio;
  }

  /** @param {readonly Band[]} bands other heights: everything is painted anew */
  layout(bands) {
    this.bands = bands;
    this.reset();
  }

  reset() {
    this.ratio = devicePixelRatio;
    this.spare = [];
    for (const layer of [this.shown, this.coming]) layer?.element.remove();
    this.shown = this.coming = null;
  }

  /**
   * Paint what has changed again, in its place.
   * @param {readonly string[] | null} ids of bands; null for all
   * @param {number} [from] seconds
   * @param {number} [to]
   */
  invalidate(ids, from = -Infinity, to = Infinity) {
    const bands = this.bands.filter(({ id }) => ids === null || ids.includes(id));
    for (const layer of [this.shown, this.coming]) {
      if (!layer) continue;
      const wide_s = this.wide / layer.scale;
      for (const [index, { todo }] of layer.tiles)
        if (index * wide_s <= to && (index + 1) * wide_s >= from)
          bands.forEach((band) => todo.add(band));
    }
  }

  /**
   * @param {number} now ms
   * @param {() => boolean} timeLeft whether more may be painted in this frame
   * @returns {boolean} whether something is left to be painted
   */
  frame(now, timeLeft) {
    const { view } = this;
    if (view.width <= 0 || view.duration <= 0) return false;
    if (view.scale !== this.scale) {
      this.scale = view.scale;
      this.scaledAt = now;
    }
    this.choose(now);
    const layer = this.coming ?? this.shown;
    const busy = layer ? this.paint(layer, timeLeft) : false;
    this.place();
    return busy || this.shown?.scale !== view.scale;
  }

  /** Have a layer for the scale there is. @param {number} now */
  choose(now) {
    const scale = this.view.scale;
    const settled = now - this.scaledAt >= SETTLED_MS;
    if (!this.shown) {
      this.shown = this.newLayer(scale);
      return;
    }
    if (this.coming && this.coming.scale !== scale && settled) this.drop(this.coming);
    if (this.shown.scale === scale) {
      if (this.coming) this.drop(this.coming);
      return;
    }
    const stretch = scale / this.shown.scale;
    const far = stretch > STRETCH || stretch < 1 / STRETCH;
    if (!this.coming && (settled || far)) {
      this.coming = this.newLayer(scale);
      this.coming.element.classList.add("tl-coming");
    }
  }

  /** @param {number} scale @returns {Layer} */
  newLayer(scale) {
    const element = document.createElement("div");
    element.className = "tl-tiles";
    this.host.prepend(element);
    this.placed = "";
    return { element, scale, base: this.firstSeen(scale), tiles: new Map() };
  }

  /** @param {Layer} layer */
  drop(layer) {
    for (const { canvas } of layer.tiles.values()) this.reuse(canvas);
    layer.element.remove();
    if (this.coming === layer) this.coming = null;
  }

  /** @param {HTMLCanvasElement} canvas */
  reuse(canvas) {
    canvas.remove();
    if (this.spare.length < SPARE) this.spare.push(canvas);
  }

  /** @param {number} scale @returns {number} index */
  firstSeen(scale) {
    return Math.floor((this.view.start * scale) / this.wide);
  }

  /**
   * @param {Layer} layer
   * @returns {{ seen: number[], near: number[] }} indices in view, and those of a view more each way
   */
  wanted(layer) {
    const { view, wide } = this;
    const first = this.firstSeen(layer.scale);
    const last = Math.floor((view.end * layer.scale - 0.01) / wide);
    const end = Math.ceil((view.duration * layer.scale) / wide) - 1;
    const seen = [];
    for (let at = first; at <= Math.min(last, end); at += 1) seen.push(at);
    const near = [];
    for (let more = 1; more <= last - first + 1; more += 1) {
      if (last + more <= end) near.push(last + more);
      if (more === 1 && first > 0) near.push(first - 1);
    }
    return { seen, near };
  }

  /**
   * @param {Layer} layer
   * @param {() => boolean} timeLeft
   * @returns {boolean} whether something is left
   */
  paint(layer, timeLeft) {
    const { seen, near } = this.wanted(layer);
    const all = layer === this.coming ? seen : [...seen, ...near];
    let left = false;
    for (const index of all) {
      const tile = this.tile(layer, index);
      for (const band of tile.todo) {
        if (!timeLeft()) {
          left = true;
          break;
        }
        this.paintBand(layer, index, tile, band);
      }
    }
    this.forget(layer, all.length + 4);
    if (layer === this.coming && !left) this.swap(layer);
    return left;
  }

  /** @param {Layer} layer all in view is painted */
  swap(layer) {
    const old = this.shown;
    layer.element.classList.remove("tl-coming");
    this.shown = layer;
    this.coming = null;
    if (old) this.drop(old);
  }

  /** @param {Layer} layer @param {number} index @returns {Tile} */
  tile(layer, index) {
    let tile = layer.tiles.get(index);
    if (tile) layer.tiles.delete(index);
    else tile = this.newTile(layer, index);
    layer.tiles.set(index, tile);
    return tile;
  }

  /** @param {Layer} layer @param {number} index @returns {Tile} */
  newTile(layer, index) {
    const canvas = this.spare.pop() ?? this.newCanvas();
    const ctx = canvas.getContext("2d", { alpha: false });
    if (!ctx) throw new Error("a canvas of this browser cannot be painted on");
    ctx.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.lay(canvas, index - layer.base);
    layer.element.append(canvas);
    return { canvas, ctx, todo: new Set(this.bands) };
  }

  newCanvas() {
    const last = this.bands.at(-1);
    const tall = (last?.top ?? 0) + (last?.height ?? 0);
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(WIDE * this.ratio);
    canvas.height = Math.round(tall * this.ratio);
    canvas.style.setProperty("width", `${canvas.width / this.ratio}px`);
    canvas.style.setProperty("height", `${canvas.height / this.ratio}px`);
    return canvas;
  }

  /** @param {HTMLCanvasElement} canvas @param {number} nth from the layer's base */
  lay(canvas, nth) {
    canvas.style.setProperty("left", `${nth * this.wide}px`);
  }

  /** @param {Layer} layer @param {number} index @param {Tile} tile @param {Band} band */
  paintBand(layer, index, tile, band) {
    const { ctx, todo } = tile;
    const place = { scale: layer.scale, left: index * this.wide, width: this.wide };
    ctx.save();
    ctx.beginPath();
    ctx.rect(0, band.top, this.wide, band.height);
    ctx.clip();
    band.paint(new Brush(ctx, this.scene, place, band));
    ctx.restore();
    todo.delete(band);
  }

  /** @param {Layer} layer @param {number} most tiles that are kept */
  forget(layer, most) {
    for (const [index, { canvas }] of layer.tiles) {
      if (layer.tiles.size <= most) return;
      layer.tiles.delete(index);
      this.reuse(canvas);
    }
  }

  /** Move what is painted to where it is seen. */
  place() {
    const { view, shown } = this;
    if (!shown) return;
    const first = this.firstSeen(shown.scale);
    if (Math.abs(first - shown.base) > FAR) {
      shown.base = first;
      for (const [index, { canvas }] of shown.tiles) this.lay(canvas, index - first);
    }
    const stretch = view.scale / shown.scale;
    const left = shown.base * this.wide * stretch - view.left;
    const x = stretch === 1 ? Math.round(left * this.ratio) / this.ratio : left;
    const transform = `translateX(${x}px)${stretch === 1 ? "" : ` scaleX(${stretch})`}`;
    if (transform === this.placed) return;
    this.placed = transform;
    shown.element.style.setProperty("transform", transform);
  }
}
