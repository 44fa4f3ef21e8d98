/** A score as one player reads it: transposed, and spelt in the player's way. */

import { parseKey, shiftOf, transposeKey, modulo } from "./transpose.js";
import { oneLine, spell, spoken } from "./spell.js";
import { heads } from "./staff.js";

/** @typedef {import("./beats.js").Change} Change */
/** @typedef {import("./options.js").Options} Options */

export class Reading {
  /**
   * @param {{ key: string, flats: boolean }} score
   * @param {Pick<Options, "instrument" | "capo" | "spelling">} options
   */
  constructor(score, { instrument, capo, spelling }) {
    const key = parseKey(score.key) ?? {
      tonic: score.flats ? "F" : "C",
      minor: false,
      fifths: score.flats ? -1 : 0,
    };
    this.shift = shiftOf(instrument, capo);
    this.key = transposeKey(key, this.shift);
    this.spelling = spelling;
  }

  /** @param {Change} change @returns {Change} as it is written */
  written(change) {
    if (change.root < 0) return change;
    const root = modulo(change.root + this.shift, 12);
    return { ...change, root, pitches: change.pitches.map((pitch) => pitch + this.shift) };
  }

  /** @param {Change} change @returns {import("./spell.js").Symbol} */
  symbol(change) {
    return spell(this.written(change), this.key, this.spelling);
  }

  /** @param {Change} change @returns {string} "Am7" */
  text(change) {
    return oneLine(this.symbol(change));
  }

  /** @param {Change} change @returns {string} "A minor seven" */
  aloud(change) {
    return spoken(this.written(change), this.key);
  }

  /**
   * @param {Change} change
   * @param {import("./staff.js").Clef} clef
   * @returns {import("./staff.js").Head[]}
   */
  heads(change, clef) {
    const written = this.written(change);
    return written.root < 0 ? [] : heads(written.pitches, written, this.key, clef);
  }
}
