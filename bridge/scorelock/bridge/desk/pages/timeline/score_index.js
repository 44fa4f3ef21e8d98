/** A score made ready to be drawn and searched: times in arrays, curves as pyramids. */

import { said } from "./names.js";
import { Pyramid } from "./pyramid.js";
import { clockTime } from "./timecode.js";

/** @typedef {import("../messages").Score} Score */
/** @typedef {import("../messages").ScoreChord} ScoreChord */
/** @typedef {import("../messages").ScoreHit} ScoreHit */
/** @typedef {import("../messages").ScoreNote} ScoreNote */

const LONG_S = 8; // a note that is found by looking through all that are as long

/**
 * @param {ArrayLike<number>} times in order
 * @param {number} at
 * @returns {number} how many are before `at`
 */
export function before(times, at) {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * @param {ArrayLike<number>} times in order
 * @param {number} at
 * @returns {number} index of the last at or before it, -1 for none
 */
export const lastAt = (times, at) => before(times, at + 1e-9) - 1;

/** @param {readonly { 0: number }[]} rows */
const firsts = (rows) => Float64Array.from(rows, (row) => row[0]);

export class ScoreIndex {
  /** @param {Score} score */
  constructor(score) {
    this.score = score;
    this.duration = score.duration_s;
    this.chords = firsts(score.chords);
    this.hits = firsts(score.hits);
    this.cuts = firsts(score.cuts);
    this.bars = firsts(score.bars);
    this.beats = Float64Array.from(score.beats_s);
    this.tempos = firsts(score.tempos);
    this.notes = firsts(score.notes);
    this.longNotes = score.notes.filter((note) => note[1] > LONG_S);
    /** @type {Map<string, Pyramid>} */
    this.curves = new Map([
      ["motion", new Pyramid(score.motion)],
      ["density", new Pyramid(score.density)],
      ["loudness", new Pyramid(score.loudness)],
    ]);
    /** As they were seen, of those that were drawn otherwise. @type {Map<string, Pyramid>} */
    this.seen = new Map();
    score.emotions.forEach((name, nth) => this.addEmotion(name, nth));
    const [lowest, highest] = pitchRange(score.notes);
    this.lowest = lowest;
    this.highest = highest;
    this.pitches = pitchesBySecond(score.notes, score.duration_s);
    /** @type {{ scale: number, at: number[] }} */
    this.labelled = { scale: 0, at: [] };
  }

  /** @param {string} name @param {number} nth */
  addEmotion(name, nth) {
    const felt = this.score.emotion[nth] ?? [];
    const seen = this.score.seen?.[nth];
    this.curves.set(name, new Pyramid(felt));
    if (seen?.some((value, row) => Math.abs(value - (felt[row] ?? 0)) > 5e-4))
      this.seen.set(name, new Pyramid(seen));
  }

  /** @param {number} seconds @returns {number} index of the chord there, -1 for none */
  chordAt(seconds) {
    const found = lastAt(this.chords, seconds);
    const chord = this.score.chords[found];
    return chord && seconds < chord[1] ? found : -1;
  }

  /** @param {number} seconds @param {number} within seconds @returns {number} index, -1 for none */
  hitNear(seconds, within) {
    const after = before(this.hits, seconds);
    const past = seconds - (this.hits[after - 1] ?? -Infinity);
    const ahead = (this.hits[after] ?? Infinity) - seconds;
    if (Math.min(past, ahead) > within || this.hits.length === 0) return -1;
    return past <= ahead ? after - 1 : after;
  }

  /** @param {number} seconds @returns {number} the nearest frame's seconds, inside the film */
  frameAt(seconds) {
    const { fps } = this.score;
    const last = Math.max(0, Math.ceil(this.duration * fps) - 1);
    return Math.min(Math.max(Math.round(seconds * fps), 0), last) / fps;
  }

  /**
   * @param {number} seconds
   * @param {number} by beats, 1 or -1
   * @returns {number} the next beat that way
   */
  beatFrom(seconds, by) {
    const nth =
      by > 0 ? lastAt(this.beats, seconds + 1e-3) + 1 : before(this.beats, seconds - 1e-3) - 1;
    return Math.min(Math.max(this.beats[nth] ?? seconds + by / 2, 0), this.duration);
  }

  /** @param {number} seconds @returns {number} of the beat there, in seconds */
  beatLength(seconds) {
    const nth = Math.min(Math.max(lastAt(this.beats, seconds), 0), this.beats.length - 2);
    return (this.beats[nth + 1] ?? 0.5) - (this.beats[nth] ?? 0) || 0.5;
  }

  /** @param {number} seconds @returns {string} "bar 12, " or nothing before the first */
  barWords(seconds) {
    const bar = this.score.bars[lastAt(this.bars, seconds)];
    return bar ? `bar ${bar[1]}, ` : "";
  }

  /** @param {number} nth @returns {string} "bar 12, A minor 7, 23.5 to 25 seconds, locked" */
  chordWords(nth) {
    const chord = this.score.chords[nth];
    if (!chord) return "no chord";
    const [start, end, name, , , why, locked] = chord;
    const round = (/** @type {number} */ value) => String(Math.round(value * 100) / 100);
    const times = end < 60 ? `${round(start)} to ${round(end)} seconds` : spanWords(start, end);
    const chosen = why === "edited" ? ", edited" : why === "primer" ? ", primer" : "";
    return `${this.barWords(start)}${said(name)}, ${times}${chosen}${locked ? ", locked" : ""}`;
  }

  /** @param {number} nth @returns {string} such as "hit 3 of 9, mark, bar 4, 0:12.48" */
  hitWords(nth) {
    const hit = this.score.hits[nth];
    if (!hit) return "no hits";
    const where = this.barWords(hit[0]) + clockTime(hit[0], 2);
    return `hit ${nth + 1} of ${this.hits.length}, ${hit[1]}, ${where}`;
  }

  /**
   * @param {number} scale pixels a second
   * @param {number} apart pixels
   * @returns {number[]} indices of the tempo changes that have room for a label
   */
  tempoLabels(scale, apart) {
    if (this.labelled.scale === scale) return this.labelled.at;
    let last = -Infinity;
    const at = [];
    for (let nth = 0; nth < this.tempos.length; nth += 1) {
      const x = (this.tempos[nth] ?? 0) * scale;
      if (x - last < apart) continue;
      last = x;
      at.push(nth);
    }
    this.labelled = { scale, at };
    return at;
  }
}

/** @param {number} start @param {number} end */
const spanWords = (start, end) => `${clockTime(start, 1)} to ${clockTime(end, 1)}`;

/** @param {ScoreNote[]} notes @returns {[number, number]} with room for an octave and a half */
function pitchRange(notes) {
  let [low, high] = [127, 0];
  for (const [, , pitch] of notes) {
    low = Math.min(low, pitch);
    high = Math.max(high, pitch);
  }
  if (low > high) return [48, 72];
  const more = Math.max(0, 18 - (high - low)) / 2;
  return [low - more - 1, high + more + 1];
}

/**
 * Lowest and highest pitch struck in each second, for the piano roll from afar.
 * @param {ScoreNote[]} notes
 * @param {number} duration
 */
function pitchesBySecond(notes, duration) {
  const size = Math.max(1, Math.ceil(duration));
  const [low, high] = [new Float32Array(size).fill(NaN), new Float32Array(size).fill(NaN)];
  for (const [onset, , pitch] of notes) {
    const second = Math.min(size - 1, Math.max(0, Math.floor(onset)));
    const [least, most] = [low[second] ?? NaN, high[second] ?? NaN];
    low[second] = Number.isNaN(least) ? pitch : Math.min(least, pitch);
    high[second] = Number.isNaN(most) ? pitch : Math.max(most, pitch);
  }
  for (let second = 1; second < size; second += 1) {
    if (!Number.isNaN(low[second] ?? NaN)) continue;
    low[second] = low[second - 1] ?? NaN;
    high[second] = high[second - 1] ?? NaN;
  }
  return { low: new Pyramid(low), high: new Pyramid(high) };
}
