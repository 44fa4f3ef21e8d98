/** Where the film is at any moment: the desk's last word, moved on by its clock. */

/** @typedef {import("./wire.js").Wire} Wire */
/** @typedef {import("./wire.js").Told<"now">} Now */

export class Playhead {
  /** @param {Wire} wire */
  constructor(wire) {
    this.clock = wire.clock;
    /** @type {Now | null} */
    this.now = null;
    /** @type {string | null} */
    this.run = null;
    wire.on("welcome", ({ run }) => {
      if (run !== this.run) this.now = null; // what another run has said counts on another clock
      this.run = run;
    });
    wire.on("now", (now) => {
      this.now = now;
    });
  }

  /** @returns {boolean} whether the film moves forwards at a known place */
  get rolls() {
    const now = this.now;
    return (
      now !== null &&
      now.position_s !== null &&
      now.rate > 0 &&
      (now.state === "locked" || now.state === "flywheel")
    );
  }

  /**
   * @param {number} [at] a moment of the desk's clock; the present one if there is none
   * @returns {number | null} film seconds, negative before the film; null where nobody knows
   */
  position(at = this.clock.now()) {
    if (this.now === null || this.now.position_s === null) return null;
    const { at_s, position_s, rate, loop_s } = this.now;
    const position = position_s + rate * (at - at_s);
    if (!loop_s || position_s >= loop_s[1] || position < loop_s[1]) return position;
    return loop_s[0] + ((position - loop_s[0]) % (loop_s[1] - loop_s[0]));
  }
}
