/** A chord on a staff: which line or space each note takes, and the drawing of it. */

import { pitchClass, modulo } from "./transpose.js";
import { plain, spellPitch, withLetter } from "./spell.js";

/** @typedef {import("./transpose.js").Key} Key */
/** @typedef {"treble" | "bass"} Clef */
/**
 * A note: its letter, its sign, its place in half spaces above the lowest line, whether it stands
 * beside the column because its neighbour is a second below, and the column of its sign.
 *
 * @typedef {{ letter: string, sign: string, step: number, aside: boolean, column: number }} Head
 */

const SVG = "http://www.w3.org/2000/svg";
const LETTERS = "CDEFGAB";
// The lowest line, counted in letters from C of octave 0, and the pitch of the middle line.
const CLEFS = Object.freeze({
  treble: { lowest: 4 * 7 + 2, middle: 71 },
  bass: { lowest: 2 * 7 + 4, middle: 50 },
});
// Letters above the root for 0..11 semitones: chords are thirds upon thirds.
const TONE_STEPS = [0, 1, 1, 2, 2, 3, 4, 4, 4, 5, 6, 6];

/**
 * @param {number} pitch MIDI
 * @param {{ root: number, quality: string }} chord as written
 * @param {Key} key as written
 * @returns {string} such as "Eb" for the third of C minor, in any key
 */
export function spellTone(pitch, chord, key) {
  const root = spellPitch(chord.root, key);
  const interval = modulo(pitch - chord.root, 12);
  const steps = interval === 9 && chord.quality === "dim7" ? 6 : (TONE_STEPS[interval] ?? 0);
  const letter = LETTERS[(LETTERS.indexOf(root[0] ?? "C") + steps) % 7] ?? "C";
  return withLetter(pitch, letter) ?? plain(pitch, key.fifths < 0);
}

/**
 * @param {readonly number[]} pitches MIDI, as written but for the octave, which the clef chooses
 * @param {{ root: number, quality: string }} chord
 * @param {Key} key
 * @param {Clef} clef
 * @returns {Head[]} from the lowest up
 */
export function heads(pitches, chord, key, clef) {
  if (pitches.length === 0) return [];
  const mean = pitches.reduce((a, b) => a + b) / pitches.length;
  const octaves = Math.round((CLEFS[clef].middle - mean) / 12);
  const placed = pitches
    .map((pitch) => {
      const name = spellTone(pitch, chord, key);
      const natural =
        pitch + 12 * octaves - (modulo(pitch - pitchClass(name[0] ?? "C") + 6, 12) - 6);
      const letter = name[0] ?? "C";
      const octave = Math.floor(natural / 12) - 1;
      const step = octave * 7 + LETTERS.indexOf(letter) - CLEFS[clef].lowest;
      return { letter, sign: name.slice(1), step, aside: false, column: 0 };
    })
    .sort((a, b) => a.step - b.step);
  let before = null;
  let column = 0;
  for (const head of placed) {
    head.aside = before !== null && head.step - before.step <= 1 && !before.aside;
    before = head;
    if (head.sign !== "") head.column = column++ % 3;
  }
  return placed;
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @returns {Element}
 */
function shape(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

const WIDTH = 118;
const NOTE_X = 84;

/** @param {number} step @returns {number} lines are 10 apart, the lowest at 40 */
const y = (step) => 40 - step * 5;

/** @param {Clef} clef @returns {Element[]} */
function drawClef(clef) {
  if (clef === "bass") {
    return [
      shape("circle", { class: "ink", cx: 8, cy: 10, r: 3.2 }),
      shape("path", { class: "stroke", d: "M6 9C5 1 20-3 22 8C23 20 14 29 4 34" }),
      shape("circle", { class: "ink", cx: 28, cy: 5, r: 2 }),
      shape("circle", { class: "ink", cx: 28, cy: 15, r: 2 }),
    ];
  }
  const curl =
    "M14 34C9 31 10 23 16.5 23C24 23 26 31 23 35.5C19 41.5 8 41.5 4.500 34C1 26 7 19 12.500 13";
  const stem =
    "C18.500 7 21 0 19-8C18-12 15.500-13 14-10C11.500-5 12 0 13.500 8L18.500 45C19.500 52 13 55 9.500 51";
  return [
    shape("path", { class: "stroke", d: curl + stem }),
    shape("circle", { class: "ink", cx: 10.5, cy: 49, r: 3 }),
  ];
}

/** @param {Head} head @returns {Element[]} */
function drawSign({ sign, step, column }) {
  if (sign === "") return [];
  const [x, at] = [NOTE_X - 19 - column * 11, y(step)];
  const flat = `M${x} ${at - 13}V${at + 5}C${x + 9} ${at} ${x + 7} ${at - 7} ${x} ${at - 2}`;
  const sharp =
    `M${x} ${at - 9}V${at + 11}M${x + 5} ${at - 11}V${at + 9}` +
    `M${x - 3} ${at - 2}L${x + 8} ${at - 5}M${x - 3} ${at + 5}L${x + 8} ${at + 2}`;
  return [shape("path", { class: "sign", d: sign === "#" ? sharp : flat })];
}

/** @param {Head} head @returns {Element[]} */
function drawHead({ step, aside }) {
  const x = NOTE_X + (aside ? 12.5 : 0);
  const lines = [];
  for (let line = -2; line >= step; line -= 2) lines.push(line);
  for (let line = 10; line <= step; line += 2) lines.push(line);
  return [
    ...lines.map((line) => shape("path", { class: "line", d: `M${x - 11} ${y(line)}h22` })),
    shape("ellipse", { class: "head", cx: x, cy: y(step), rx: 6, ry: 3.9 }),
  ];
}

/**
 * @param {Element} svg emptied first
 * @param {readonly Head[]} notes
 * @param {Clef} clef
 */
export function drawStaff(svg, notes, clef) {
  svg.setAttribute("viewBox", `0 -24 ${WIDTH} 92`);
  const lines = [0, 10, 20, 30, 40].map((at) =>
    shape("path", { class: "line", d: `M0 ${at}h${WIDTH}` }),
  );
  const music = notes.flatMap((head) => [...drawSign(head), ...drawHead(head)]);
  svg.replaceChildren(...lines, ...drawClef(clef), ...music);
}
