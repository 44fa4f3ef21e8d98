/** Chord names, as the traditions of players write them and as they are said aloud. */

import { modulo, pitchClass } from "./transpose.js";

/** @typedef {import("./transpose.js").Key} Key */
/** @typedef {"symbols" | "jazz" | "german" | "solfege" | "numerals"} Spelling */
/** @typedef {{ root: number, quality: string, name: string }} Chord root -1 where none sounds */
/** @typedef {{ root: string, rest: string }} Symbol what is written large, and what follows */

export const NO_CHORD = "N.C.";

const SHARPS = "C C# D D# E F F# G G# A A# B".split(" ");
const FLATS = "C Db D Eb E F Gb G Ab A Bb B".split(" ");
const LETTERS = "CDEFGAB";
// Letters above the tonic for 0..11 semitones above it: 1 b2 2 b3 3 4 #4 5 b6 6 b7 7.
const LETTER_STEPS = [0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6];
const DEGREES = "I ♭II II ♭III III IV ♯IV V ♭VI VI ♭VII VII".split(" ");
/** @type {Readonly<Record<string, string>>} */
const SOLFEGE = { C: "Do", D: "Re", E: "Mi", F: "Fa", G: "Sol", A: "La", B: "Si" };

/** Quality: [lead sheet, jazz, after a numeral, said aloud]. */
/** @type {Readonly<Record<string, readonly [string, string, string, string]>>} */
const QUALITIES = Object.freeze({
  maj: ["", "", "", "major"],
  dim: ["dim", "°", "°", "diminished"],
  sus4: ["sus4", "sus4", "sus4", "suspended fourth"],
  min7: ["m7", "-7", "7", "minor seven"],
  min: ["m", "-", "", "minor"],
  sus2: ["sus2", "sus2", "sus2", "suspended second"],
  aug: ["aug", "+", "+", "augmented"],
  dim7: ["dim7", "°7", "°7", "diminished seven"],
  maj6: ["6", "6", "6", "major six"],
  hdim7: ["m7♭5", "ø7", "ø7", "half diminished"],
  7: ["7", "7", "7", "seven"],
  min6: ["m6", "-6", "6", "minor six"],
  maj7: ["maj7", "△7", "maj7", "major seven"],
});
const SMALL_NUMERALS = new Set(["dim", "min7", "min", "dim7", "hdim7", "min6"]);

/** @param {string} name @returns {string} "Bb" as "B♭" */
export const engraved = (name) =>
  name.slice(0, 1) + name.slice(1).replace("#", "♯").replace("b", "♭");

/**
 * The name of a pitch class in a key: A# in B major, Bb in C major; where that is a double
 * accidental, which nobody reads on a stand, the plain name on the key's side.
 *
 * @param {number} pitch any octave
 * @param {Key} key
 * @returns {string} such as "F#"
 */
export function spellPitch(pitch, key) {
  const tonic = pitchClass(key.tonic);
  const step = LETTER_STEPS[modulo(pitch - tonic, 12)] ?? 0;
  const letter = LETTERS[(LETTERS.indexOf(key.tonic[0] ?? "C") + step) % 7] ?? "C";
  return withLetter(pitch, letter) ?? plain(pitch, key.fifths < 0);
}

/** @param {number} pitch @param {boolean} flats @returns {string} */
export const plain = (pitch, flats) => (flats ? FLATS : SHARPS)[modulo(pitch, 12)] ?? "C";

/** @param {number} pitch @param {string} letter @returns {string | null} null if it needs two signs */
export function withLetter(pitch, letter) {
  const shift = modulo(pitch - pitchClass(letter) + 6, 12) - 6;
  return Math.abs(shift) > 1 ? null : letter + (["b", "", "#"][shift + 1] ?? "");
}

/**
 * @param {Chord} chord as written: its root has been transposed
 * @param {Key} key as written
 * @param {Spelling} spelling
 * @returns {Symbol}
 */
export function spell(chord, key, spelling) {
  const words = QUALITIES[chord.quality];
  if (chord.root < 0 || words === undefined) return { root: NO_CHORD, rest: "" };
  const [sheet, jazz, numeral] = words;
  if (spelling === "numerals") {
    const degree = DEGREES[modulo(chord.root - pitchClass(key.tonic), 12)] ?? "";
    const small = SMALL_NUMERALS.has(chord.quality);
    return { root: small ? degree.toLowerCase() : degree, rest: numeral };
  }
  const name = spellPitch(chord.root, key);
  const rest = spelling === "jazz" ? jazz : sheet;
  if (spelling === "german") return { root: german(name), rest };
  if (spelling === "solfege") {
    const root = (SOLFEGE[name[0] ?? "C"] ?? "") + engraved(name).slice(1);
    return { root, rest: rest && ` ${rest}` };
  }
  return { root: engraved(name), rest };
}

/** @param {string} name @returns {string} H for B, B for B flat */
function german(name) {
  if (name === "Bb") return "B";
  return engraved(name.replace("B", "H"));
}

/**
 * @param {Chord} chord
 * @param {Key} key
 * @returns {string} "F sharp minor seven"
 */
export function spoken(chord, key) {
  const words = QUALITIES[chord.quality];
  if (chord.root < 0 || words === undefined) return "no chord";
  const name = spellPitch(chord.root, key);
  const sign = name[1] === "#" ? " sharp" : name[1] === "b" ? " flat" : "";
  return `${name[0]}${sign} ${words[3]}`;
}

/** @param {Symbol} symbol @returns {string} on one line */
export const oneLine = ({ root, rest }) => root + rest;
