/** How loud what was played was: notes by the second in which they fell, newest playing only. */

import { heardOfVelocity } from "./curves.js";

/** @typedef {{ at: number, notes: [number, number][], sum: number }} Second */

const AGAIN_S = 3; // after which notes in the same second are of another playing

export class Played {
  constructor() {
    /** @type {Map<number, Second>} */
    this.seconds = new Map();
    this.revision = 0;
  }

  /**
   * @param {number} film_s
   * @param {number} velocity 1..127
   * @param {number} at when it went out, seconds of any clock that only goes on
   */
  add(film_s, velocity, at) {
    const second = Math.floor(film_s);
    let played = this.seconds.get(second);
    if (!played || at - played.at > AGAIN_S) {
      played = { at, notes: [], sum: 0 };
      this.seconds.set(second, played);
    }
    const heard = heardOfVelocity(velocity);
    played.at = at;
    played.notes.push([film_s, heard]);
    played.sum += heard;
    this.revision += 1;
  }

  clear() {
    this.seconds.clear();
  }
}
