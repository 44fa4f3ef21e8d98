/** A curve while it is drawn: points in time order; drawing back over it takes its place. */

/** @typedef {[number, number]} Point seconds and value */

const MOST_POINTS = 2000;

export class Stroke {
  constructor() {
    /** @type {Point[]} */
    this.points = [];
    /** @type {Point | null} */
    this.last = null;
  }

  /** @param {number} at_s @param {number} value */
  to(at_s, value) {
    const before = this.last?.[0] ?? at_s;
    const [from, until] = [Math.min(before, at_s), Math.max(before, at_s)];
    /** @type {Point} */
    const point = [at_s, value];
    const last = this.last;
    const kept = this.points.filter(
      (one) => one[0] < from || one[0] > until || (one === last && one[0] !== at_s),
    );
    const place = kept.findIndex((one) => one[0] > at_s);
    kept.splice(place < 0 ? kept.length : place, 0, point);
    this.points = kept;
    this.last = point;
  }

  /** @returns {Point[]} what is sent: every n-th where there are too many, and always both ends */
  sent() {
    const every = Math.ceil((this.points.length - 1) / (MOST_POINTS - 1)) || 1;
    const last = this.points.length - 1;
    return this.points.filter((_, nth) => nth % every === 0 || nth === last);
  }
}
