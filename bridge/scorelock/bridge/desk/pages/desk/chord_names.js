/** Chords that lie near at hand: those of the key, and others on the same root. */

/** @type {Record<string, number>} */
const NATURAL = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
const LETTERS = "CDEFGAB";
const MAJOR = { steps: [0, 2, 4, 5, 7, 9, 11], kinds: ["", "m", "m", "", "", "m", "dim"] };
const MINOR = { steps: [0, 2, 3, 5, 7, 8, 10], kinds: ["m", "dim", "", "m", "m", "", ""] };
const KINDS = ["", "m", "7", "maj7", "m7", "6", "m6", "sus4", "sus2", "dim", "dim7", "m7b5", "aug"];

/**
 * @param {string} key such as "F# minor"
 * @returns {string[]} its triads, from the first degree on; in minor the dominant's major too
 */
export function diatonic(key) {
  const match = /^([A-G])([#b]?) (major|minor)$/.exec(key);
  if (!match) return [];
  const [, letter = "C", accidental = "", mode] = match;
  const tonic = (NATURAL[letter] ?? 0) + (accidental === "#" ? 1 : accidental === "b" ? -1 : 0);
  const { steps, kinds } = mode === "major" ? MAJOR : MINOR;
  const roots = steps.map((step, degree) => spelt(letter, degree, tonic + step));
  const chords = roots.map((root, degree) => root + kinds[degree]);
  if (mode === "minor") chords.splice(5, 0, roots[4] ?? "");
  return chords;
}

/**
 * @param {string} letter of the tonic
 * @param {number} degree 0 to 6
 * @param {number} pitch class, or any octave of it
 * @returns {string}
 */
function spelt(letter, degree, pitch) {
  const name = LETTERS[(LETTERS.indexOf(letter) + degree) % 7] ?? "C";
  const shift = ((pitch - (NATURAL[name] ?? 0) + 18) % 12) - 6;
  return name + (shift > 0 ? "#" : "b").repeat(Math.abs(shift));
}

/**
 * @param {string} name of a chord
 * @returns {string[]} all kinds of chord on its root
 */
export function onRoot(name) {
  const root = /^[A-G][#b]?/.exec(name)?.[0];
  return root ? KINDS.map((kind) => root + kind) : [];
}
