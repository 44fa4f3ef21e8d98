/**
 * The desk's clock on this page, known from round trips.
 *
 * A ping that left at `sent` and was answered at `at_s` of the desk's clock cannot have arrived
 * before it left: the difference of the clocks is at most `at_s - sent`, and at least
 * `at_s - heard`. The least of the ones and the greatest of the others enclose it from both sides,
 * so that each way's quickest message counts, though they were not of one round trip.
 */

/** @typedef {{ upper: number, lower: number, at: number }} Bounds */

const REMEMBERED_S = 30; // in which two quartz clocks part by 3 ms at most (100 ppm)
const DRIFT = 1e-4;
const COARSE_S = 0.005; // browsers round their clocks; bounds that cross by more are contradictory
const SETTLED = 20; // round trips; with fewer what is measured is taken at once, then it glides
const JUMP_S = 0.2; // unless it is off by more than that
const GLIDE = 0.02; // seconds a second

/** @returns {number} this page's clock, seconds */
export const localNow = () => performance.now() / 1000;

export class DeskClock {
  /** @param {() => number} [local] */
  constructor(local = localNow) {
    this.local = local;
    /** @type {Map<number, number>} */
    this.sent = new Map();
    /** @type {Bounds[]} */
    this.bounds = [];
    this.number = 0;
    this.shown = 0;
    this.shownAt = 0;
  }

  /** @returns {{ kind: "ping", number: number }} what to say now */
  ping() {
    this.sent.set(++this.number, this.local());
    if (this.sent.size > 64) this.sent.delete(this.number - 64);
    return { kind: "ping", number: this.number };
  }

  /** @param {{ number: number, at_s: number }} pong */
  pong({ number, at_s }) {
    const heard = this.local();
    const sent = this.sent.get(number);
    if (sent === undefined) return;
    this.sent.delete(number);
    this.now();
    this.bounds.push({ upper: at_s - sent, lower: at_s - heard, at: heard });
    this.bounds = this.bounds.filter(({ at }) => heard - at <= REMEMBERED_S);
    // A device that slept stops its clock meanwhile: what was known before is wrong.
    const { upper, lower } = this.enclosed();
    if (lower - upper > COARSE_S) this.bounds = this.bounds.slice(-1);
  }

  /** Forget what was measured: the desk is another run, whose clock may be another. */
  forget() {
    this.bounds = [];
    this.sent.clear();
  }

  /** @returns {boolean} whether the desk's time is known at all */
  get known() {
    return this.bounds.length > 0;
  }

  /** @returns {number} how far off it may be, seconds; Infinity while it is not known */
  get error() {
    const { upper, lower } = this.enclosed();
    return Math.abs(upper - lower) / 2;
  }

  /** @returns {number} the desk's time, seconds; this page's own until it is known */
  now() {
    const local = this.local();
    if (!this.known) return local;
    const { upper, lower } = this.enclosed();
    const off = (upper + lower) / 2 - this.shown;
    const most = GLIDE * Math.max(0, local - this.shownAt);
    const atOnce = this.bounds.length < SETTLED || Math.abs(off) > JUMP_S;
    this.shown += atOnce ? off : Math.max(-most, Math.min(most, off));
    this.shownAt = local;
    return local + this.shown;
  }

  /** @returns {{ upper: number, lower: number }} the desk's clock less this page's */
  enclosed() {
    const local = this.local();
    let upper = Infinity;
    let lower = -Infinity;
    for (const bound of this.bounds) {
      const drift = DRIFT * (local - bound.at);
      upper = Math.min(upper, bound.upper + drift);
      lower = Math.max(lower, bound.lower - drift);
    }
    return { upper, lower };
  }
}
