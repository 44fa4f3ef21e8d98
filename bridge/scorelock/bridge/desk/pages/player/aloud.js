/** What is said to those who listen to a screen reader: what comes, in time, and not too often. */

/** @typedef {{ text: string, beats: number, secondsAway: number, key: string }} Announced */

const LEAD_S = 1.5; // what a screen reader takes to say it, about
const LEAST_BEATS = 2;
const EVERY_S = 2.5;

/** @param {number} beats @returns {string} "in 2 beats" */
export const inBeats = (beats) => `in ${beats} ${beats === 1 ? "beat" : "beats"}`;

export class Herald {
  constructor() {
    this.saidAt = -Infinity;
    /** @type {Set<string>} */
    this.said = new Set();
  }

  /**
   * The line to say now. Each thing is said once, when it is two beats off, or further where two
   * beats are too short to say it; what comes too soon after another line is left out.
   *
   * @param {readonly Announced[]} coming what matters most first
   * @param {number} at seconds
   * @returns {string | null} null for nothing
   */
  say(coming, at) {
    if (at - this.saidAt < EVERY_S) return null;
    for (const { text, beats, secondsAway, key } of coming) {
      const near = beats <= LEAST_BEATS || secondsAway <= LEAD_S;
      if (!near || beats < 1 || this.said.has(key)) continue;
      this.saidAt = at;
      this.said.add(key);
      return `${inBeats(Math.ceil(beats - 1e-3))}: ${text}`;
    }
    return null;
  }

  /** The film is elsewhere: what was said may be said again. */
  forget() {
    this.said.clear();
  }
}
