/** Which notes are to be heard, and when: film seconds in, nothing of the audio in it. */

import { lastUpTo } from "./places.js";

/** @typedef {import("../messages").ScoreNote} Note */
/** @typedef {[number, number]} Span */
/**
 * A stretch of the film as it will be played: `run_s` counts on where the film goes round.
 *
 * @typedef {{ from_s: number, to_s: number, run_s: number, end_s: number, again: boolean }} Stretch
 */

const ROUNDING_S = 1e-9;

/**
 * @param {number} from_run_s
 * @param {number} to_run_s
 * @param {Span | null} loop
 * @returns {Stretch[]} end_s is where the film jumps back, and nothing may sound on; again: it
 *     begins with such a jump
 */
export function stretches(from_run_s, to_run_s, loop) {
  if (!loop || loop[1] <= loop[0])
    return [
      { from_s: from_run_s, to_s: to_run_s, run_s: from_run_s, end_s: Infinity, again: false },
    ];
  const length = loop[1] - loop[0];
  const found = [];
  for (let run_s = from_run_s; run_s < to_run_s - ROUNDING_S;) {
    const lap = Math.max(0, Math.floor((run_s - loop[0] + ROUNDING_S) / length));
    const from_s = run_s - lap * length;
    const to_s = Math.min(loop[1], to_run_s - lap * length);
    const again = lap > 0 && Math.abs(from_s - loop[0]) < 1e-6;
    found.push({ from_s, to_s, run_s, end_s: loop[1], again });
    run_s = to_s + lap * length;
  }
  return found;
}

/**
 * @param {readonly Note[]} notes in time order
 * @param {number} from_s
 * @param {number} to_s
 * @returns {Note[]} that begin in it
 */
export function beginning(notes, from_s, to_s) {
  const onset = (/** @type {number} */ index) => notes[index]?.[0] ?? 0;
  const first = lastUpTo(notes, onset, from_s - ROUNDING_S) + 1;
  const last = lastUpTo(notes, onset, to_s - ROUNDING_S) + 1;
  return notes.slice(first, last);
}

/**
 * @param {readonly Note[]} notes in time order
 * @param {number} at_s
 * @param {number} longest_s of all notes
 * @returns {Note[]} that began before and go on
 */
export const goingOn = (notes, at_s, longest_s) =>
  beginning(notes, at_s - longest_s, at_s).filter(([onset, duration]) => onset + duration > at_s);

/** @param {readonly Note[]} notes */
export const longestOf = (notes) =>
  notes.reduce((longest, [, duration]) => Math.max(longest, duration), 0);

/** @param {Note} note */
export const keyOf = ([onset, , pitch, , part]) => `${part} ${pitch} ${onset}`;

/**
 * @param {readonly string[]} names of the score's parts
 * @param {readonly { part: string, mute: boolean, solo: boolean }[]} parts how they are played
 * @returns {boolean[]} for each name whether it is heard: a solo beats a mute
 */
export function heard(names, parts) {
  const solos = parts.some(({ solo }) => solo);
  return names.map((name) => {
    const part = parts.find((each) => each.part === name);
    return !part || (solos ? part.solo : !part.mute);
  });
}
