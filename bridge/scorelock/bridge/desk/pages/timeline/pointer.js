/** Mouse, pen and fingers on the timeline: seeking, selecting, dragging hits, drawing, zooming. */

import { bandAt, curveOf } from "./bands.js";
import { axisOf } from "./curves.js";
import { shareAt } from "./paint_curves.js";
import { Stroke } from "./stroke.js";

/** @typedef {import("./timeline.js").Timeline} Timeline */
/**
 * @typedef {object} Gesture
 * @property {(x: number, y: number) => void} move
 * @property {(x: number, y: number) => void} end
 * @property {() => void} cancel
 * @property {() => void} [show] again after the view has moved
 */

const CLICK = 4; // pixels within which a press is a click
const HIT_REACH = 7;
const SEEK_EVERY_MS = 60;
const WHEEL_ZOOM = 0.0022; // of the logarithm of the scale, a pixel of the wheel
const LINE_PIXELS = 16;

export class Pointer {
  /** @param {Timeline} timeline */
  constructor(timeline) {
    this.timeline = timeline;
    /** @type {Gesture | null} */
    this.gesture = null;
    /** Pointers that are down. @type {Map<number, PointerEvent>} */
    this.down = new Map();
    const { ruler, body, scroller, ends } = timeline;
    const { signal } = ends;
    for (const area of [ruler, body]) {
      area.addEventListener("pointerdown", (event) => this.press(event, area), { signal });
      area.addEventListener("pointermove", (event) => this.move(event, area), { signal });
      area.addEventListener("pointerup", (event) => this.release(event, area), { signal });
      area.addEventListener("pointercancel", (event) => this.cancel(event), { signal });
    }
    body.addEventListener("dblclick", (event) => this.twice(event), { signal });
    ruler.addEventListener("dblclick", (event) => this.mark(event), { signal });
    scroller.addEventListener("wheel", (event) => this.wheel(event), { signal, passive: false });
  }

  /** @returns {boolean} whether something is being dragged */
  get busy() {
    return this.gesture !== null || this.down.size > 0;
  }

  show() {
    this.gesture?.show?.();
  }

  /** @param {MouseEvent} event @param {HTMLElement} area @returns {[number, number]} */
  place(event, area) {
    const box = area.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  /** @param {PointerEvent} event @param {HTMLElement} area */
  press(event, area) {
    if (event.button !== 0 || !this.timeline.scene.index) return;
    area.setPointerCapture(event.pointerId);
    this.down.set(event.pointerId, event);
    if (this.down.size > 1) {
      this.gesture?.cancel();
      this.gesture = null;
      return;
    }
    const [x, y] = this.place(event, area);
    this.gesture = area === this.timeline.ruler ? this.onRuler(event, x) : this.onBody(x, y);
  }

  /** @param {PointerEvent} event @param {HTMLElement} area */
  move(event, area) {
    const before = this.down.get(event.pointerId);
    if (!before) {
      if (area === this.timeline.body) this.hover(event);
      return;
    }
    if (this.down.size > 1) this.pinch(before, event, area);
    this.down.set(event.pointerId, event);
    if (!this.gesture) return;
    for (const each of event.getCoalescedEvents?.() ?? [event])
      this.gesture.move(...this.place(each, area));
    this.gesture.move(...this.place(event, area));
  }

  /** @param {PointerEvent} event @param {HTMLElement} area */
  release(event, area) {
    if (!this.down.delete(event.pointerId)) return;
    const gesture = this.gesture;
    this.gesture = null;
    gesture?.end(...this.place(event, area));
  }

  /** @param {PointerEvent} event */
  cancel(event) {
    this.down.delete(event.pointerId);
    this.drop();
  }

  /** End what is being dragged without doing it. @returns {boolean} whether there was something */
  drop() {
    const gesture = this.gesture;
    this.gesture = null;
    gesture?.cancel();
    return gesture !== null;
  }

  /** @param {PointerEvent} event */
  hover(event) {
    const { body, bands, tool, scene } = this.timeline;
    const [x, y] = this.place(event, body);
    const band = bandAt(bands, y);
    const draws = tool === "draw" && band !== null && curveOf(band, scene.chosen) !== null;
    body.classList.toggle("tl-can-draw", draws);
    body.classList.toggle("tl-can-move", band?.id === "hits" && this.hitAt(x) >= 0);
    body.classList.toggle("tl-can-open", band?.id === "chords" && !draws);
  }

  /** @param {number} x @returns {number} index, -1 for none */
  hitAt(x) {
    const { view, scene } = this.timeline;
    return scene.index?.hitNear((x + view.left) / view.scale, HIT_REACH / view.scale) ?? -1;
  }

  /** @param {PointerEvent} event @param {number} x @returns {Gesture} */
  onRuler(event, x) {
    return event.shiftKey ? this.looping(x) : this.scrubbing(x);
  }

  /** @param {number} x @param {number} y @returns {Gesture} */
  onBody(x, y) {
    const { bands, tool, scene } = this.timeline;
    const band = bandAt(bands, y);
    const curve = band && curveOf(band, scene.chosen);
    if (tool === "draw" && band && curve) return this.drawing(x, y, band, curve);
    const hit = band?.id === "hits" ? this.hitAt(x) : -1;
    if (hit >= 0) return this.movingHit(x, hit);
    return this.selecting(x, band?.id === "chords");
  }

  /** @param {number} x @returns {Gesture} */
  scrubbing(x) {
    const { timeline } = this;
    let said = -Infinity;
    /** @param {number} at */
    const seek = (at) => {
      said = performance.now();
      timeline.emit("seek", { at_s: timeline.view.seconds(at) });
    };
    seek(x);
    return {
      move: (at) => {
        if (performance.now() - said >= SEEK_EVERY_MS) seek(at);
      },
      end: (at) => {
        if (Math.abs(at - x) > 0) seek(at);
      },
      cancel: () => {},
    };
  }

  /** @param {number} x @returns {Gesture} */
  looping(x) {
    const { timeline } = this;
    const { view, overlay, scene } = timeline;
    const first = view.seconds(x);
    /** @param {number} at @returns {[number, number]} */
    const span = (at) => {
      const ends = [first, view.seconds(at)].map((s) => scene.index?.frameAt(s) ?? s);
      return [Math.min(...ends), Math.max(...ends)];
    };
    const cancel = () => void (timeline.shownView = "");
    return {
      move: (at) => overlay.loop(span(at)),
      end: (at) => {
        cancel();
        const [start_s, end_s] = span(at);
        if (Math.abs(at - x) > CLICK && end_s > start_s) timeline.emit("loop", { start_s, end_s });
      },
      cancel,
    };
  }

  /** @param {number} x @param {boolean} chords whether whole chords are selected @returns {Gesture} */
  selecting(x, chords) {
    const { timeline } = this;
    const { view } = timeline;
    const before = timeline.selection;
    const first = view.seconds(x);
    let far = false;
    /** @param {number} at */
    const move = (at) => {
      far ||= Math.abs(at - x) > CLICK;
      if (!far) return;
      if (at < 0 || at > view.width)
        view.scrollPixels(view.left + (at < 0 ? at : at - view.width) / 4);
      const last = view.seconds(at);
      timeline.select(...this.span(Math.min(first, last), Math.max(first, last), chords));
    };
    return {
      move,
      end: (at) => {
        move(at);
        if (far) timeline.emit("select", timeline.selection);
        else this.click(x, chords);
      },
      cancel: () => timeline.select(before?.start_s ?? null, before?.end_s),
    };
  }

  /**
   * @param {number} from @param {number} to seconds
   * @param {boolean} chords
   * @returns {[number, number]}
   */
  span(from, to, chords) {
    const index = this.timeline.scene.index;
    if (!index) return [from, to];
    if (!chords) return [index.frameAt(from), index.frameAt(to)];
    const [first, end] = this.timeline.chordsIn(from, to);
    return [index.score.chords[first]?.[0] ?? from, index.score.chords[end - 1]?.[1] ?? to];
  }

  /** @param {number} x @param {boolean} chords */
  click(x, chords) {
    const { timeline } = this;
    const at_s = timeline.view.seconds(x);
    const nth = chords ? (timeline.scene.index?.chordAt(at_s) ?? -1) : -1;
    if (nth >= 0) {
      timeline.keys.focusChord(nth);
      timeline.keys.openChord();
      return;
    }
    if (timeline.selection) {
      timeline.select(null);
      timeline.emit("select", null);
    }
    timeline.emit("seek", { at_s });
  }

  /** @param {number} x @param {number} hit index @returns {Gesture} */
  movingHit(x, hit) {
    const { timeline } = this;
    const { overlay, view, scene, keys } = timeline;
    const from_s = scene.index?.hits[hit] ?? 0;
    let to_s = from_s;
    keys.focusHit(hit);
    const cancel = () => overlay.movingHit(null);
    return {
      move: (at) => {
        if (Math.abs(at - x) <= 1 && to_s === from_s) return;
        to_s = scene.index?.frameAt(from_s + (at - x) / view.scale) ?? from_s;
        overlay.movingHit(to_s);
      },
      end: () => {
        cancel();
        if (to_s !== from_s) keys.moved(from_s, to_s);
      },
      cancel,
    };
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {import("./bands.js").Band} band
   * @param {string} curve
   * @returns {Gesture}
   */
  drawing(x, y, band, curve) {
    const { timeline } = this;
    const { overlay, view } = timeline;
    const stroke = new Stroke();
    const axis = axisOf(curve);
    const show = () => overlay.stroke(stroke.points, curve, band);
    /** @param {number} at @param {number} height */
    const move = (at, height) => {
      stroke.to(view.seconds(at), axis.value(shareAt(band, height)));
      show();
    };
    const cancel = () => overlay.stroke([], curve, null);
    if (curve !== timeline.curve) {
      timeline.drawn = curve;
      timeline.emit("curve", { curve });
    }
    move(x, y);
    return {
      move,
      show,
      end: (at, height) => {
        move(at, height);
        cancel();
        timeline.emit("draw", { curve, points: stroke.sent() });
      },
      cancel,
    };
  }

  /** @param {MouseEvent} event two clicks: a hit where there is none */
  twice(event) {
    const { timeline } = this;
    const [x, y] = this.place(event, timeline.body);
    const index = timeline.scene.index;
    if (!index || bandAt(timeline.bands, y)?.id !== "hits" || this.hitAt(x) >= 0) return;
    timeline.emit("hit-add", { at_s: index.frameAt(timeline.view.seconds(x)) });
  }

  /** @param {MouseEvent} event */
  mark(event) {
    const { timeline } = this;
    const [x] = this.place(event, timeline.ruler);
    const at_s = timeline.scene.index?.frameAt(timeline.view.seconds(x));
    if (at_s !== undefined) timeline.emit("marker", { at_s });
  }

  /** @param {PointerEvent} before @param {PointerEvent} event @param {HTMLElement} area */
  pinch(before, event, area) {
    const other = [...this.down.values()].find(({ pointerId }) => pointerId !== event.pointerId);
    if (!other) return;
    const { view } = this.timeline;
    const apart = (/** @type {PointerEvent} */ one) => Math.abs(one.clientX - other.clientX);
    const edge = area.getBoundingClientRect().left;
    const middle = (event.clientX + other.clientX) / 2 - edge;
    const factor = Math.max(20, apart(event)) / Math.max(20, apart(before));
    view.zoomTo(view.scale * factor, middle);
    view.scrollPixels(view.left - (event.clientX - before.clientX) / 2);
    this.timeline.scrolled();
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    const { timeline } = this;
    const { view, scroller, body } = timeline;
    const unit = event.deltaMode === 1 ? LINE_PIXELS : event.deltaMode === 2 ? view.width : 1;
    const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
    if (event.ctrlKey || event.metaKey) {
      // A pinch on a touchpad comes as a wheel with ctrl and small steps.
      const strength = Math.abs(dy) < 15 ? 4 * WHEEL_ZOOM : WHEEL_ZOOM;
      const [x] = this.place(event, body);
      view.zoomTo(view.scale * Math.exp(-dy * strength), Math.max(0, x));
    } else {
      const tall = scroller.scrollHeight > scroller.clientHeight + 1;
      const sideways = event.shiftKey || Math.abs(dx) > Math.abs(dy) || !tall;
      if (!sideways) return;
      view.scrollPixels(view.left + (Math.abs(dx) > Math.abs(dy) ? dx : dy));
    }
    event.preventDefault();
    timeline.scrolled();
  }
}
