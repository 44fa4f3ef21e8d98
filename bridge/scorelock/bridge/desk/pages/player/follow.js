/**
 * Where this page takes the film to be: the playhead's word, without jerks, network or not.
 *
 * While nothing comes the last word is carried on. A word that differs a little from it (the
 * network was gone, and the tempo bent meanwhile) is caught up with by and by; one that differs
 * much is a locate, and taken at once. After a count-in it rolls by itself, when it was said to.
 */

/** @typedef {import("../messages").Now} Now */
/** @typedef {import("../messages").Count} Count */
/** @typedef {{ position: (at?: number) => number | null, rolls: boolean, now: Now | null }} Playhead */
/** @typedef {{ from: number, to: number, at: number, rate: number }} Stretch film from, to, when, how fast */

const JUMP_S = 0.25;
const CATCH_UP = 0.1; // seconds a second
const OTHER_CLOCK_S = 1; // time goes back by so much only where the desk is another run
const UNSAID_S = 1; // how long one rolls on the word of a count-in alone

export class Follow {
  /** @param {Playhead} playhead */
  constructor(playhead) {
    this.playhead = playhead;
    /** @type {Count | null} */
    this.count = null;
    this.countedRate = 1;
    this.rolled = false;
    this.lastAt = 0;
    /** @type {number | null} */
    this.last = null;
    /** Grows when the film is suddenly elsewhere. */
    this.jumps = 0;
  }

  /**
   * @param {Count} count
   * @param {number} rate at which it will roll
   */
  countIn(count, rate) {
    this.count = count.beats_s.length > 0 ? count : null;
    this.countedRate = rate;
  }

  /**
   * @param {number} at the desk's time
   * @returns {boolean} whether it moves, as far as is known
   */
  rolls(at) {
    return this.playhead.rolls || this.onCount(at);
  }

  /** @returns {Loop} while it goes round */
  get loop() {
    return this.playhead.now?.loop_s ?? null;
  }

  /** @param {number} at @returns {number} film seconds a second */
  rate(at) {
    if (this.onCount(at)) return this.countedRate;
    return this.rolls(at) ? (this.playhead.now?.rate ?? 0) : 0;
  }

  /** @param {number} at @returns {boolean} counted in, and the desk has not said yet that it rolls */
  onCount(at) {
    const { count, playhead } = this;
    if (count === null || playhead.now === null || playhead.rolls) return false;
    return (
      at >= count.rolls_s && at < count.rolls_s + UNSAID_S && playhead.now.at_s < count.rolls_s
    );
  }

  /** @param {number} at @returns {number | null} what the desk's last word comes to */
  said(at) {
    const position = this.playhead.position(at);
    if (position === null || !this.onCount(at)) return position;
    return position + this.countedRate * (at - (this.count?.rolls_s ?? at));
  }

  /**
   * Go on to a moment; one that is before the last counts as that one.
   *
   * @param {number} at the desk's time
   * @returns {number | null} film seconds; null where nobody knows
   */
  position(at) {
    if (at < this.lastAt && this.lastAt - at < OTHER_CLOCK_S) return this.last;
    const passed = Math.max(0, at - this.lastAt);
    const rolls = this.rolls(at);
    const said = this.said(at);
    const expected = this.last === null ? null : this.last + passed * this.rate(at);
    this.lastAt = at;
    if (said === null || expected === null) this.stand(said, rolls);
    else if (!rolls || !this.rolled) {
      if (Math.abs(said - expected) > JUMP_S) this.jumps++;
      this.stand(said, rolls);
    } else this.catchUp(said, expected, passed);
    return this.last;
  }

  /** @param {number | null} said @param {boolean} rolls */
  stand(said, rolls) {
    if ((this.last === null) !== (said === null)) this.jumps++;
    this.last = said;
    this.rolled = rolls && said !== null;
  }

  /** @param {number} said @param {number} expected @param {number} passed seconds */
  catchUp(said, expected, passed) {
    const behind = this.round(said - expected);
    if (Math.abs(behind) > JUMP_S) {
      this.jumps++;
      this.last = said;
      return;
    }
    const most = CATCH_UP * passed;
    this.last = said - behind + Math.max(-most, Math.min(most, behind));
  }

  /** @param {number} behind @returns {number} the same, where one of both has gone round already */
  round(behind) {
    if (this.loop === null) return behind;
    const length = this.loop[1] - this.loop[0];
    if (Math.abs(behind + length) < JUMP_S) return behind + length;
    return Math.abs(behind - length) < JUMP_S ? behind - length : behind;
  }

  /**
   * What will be passed, if all goes on so: in one piece, or in several while it goes round.
   *
   * @param {number} at the desk's time, about that of the last `position`
   * @param {number} until the desk's time
   * @returns {Stretch[]}
   */
  ahead(at, until) {
    const { loop, count } = this;
    if (this.last === null || until <= at) return [];
    let [when, rate] = [at, this.rate(at)];
    let from = this.last + (at - this.lastAt) * rate;
    if (rate <= 0 && count !== null && at < count.rolls_s) {
      [when, rate] = [count.rolls_s, this.countedRate];
    }
    if (rate <= 0) return [];
    const stretches = [];
    while (when < until) {
      const end = loop && from < loop[1] ? Math.min(until, when + (loop[1] - from) / rate) : until;
      const to = from + (end - when) * rate;
      stretches.push({ from, to, at: when, rate });
      if (end >= until || loop === null) break;
      [from, when] = [loop[0], end];
    }
    return stretches;
  }
}

/** @typedef {[number, number] | null} Loop */
