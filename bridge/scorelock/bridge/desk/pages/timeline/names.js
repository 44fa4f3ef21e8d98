/** Chord names: in the room there is, and as they are said. */

const SHORT = new Map([
  ["maj7", "Δ"],
  ["m7b5", "ø"],
  ["dim7", "°7"],
  ["dim", "°"],
  ["aug", "+"],
  ["sus4", "s4"],
  ["sus2", "s2"],
]);

/** @type {[RegExp, string][]} */
const SAID = [
  [/^m7b5/, " half-diminished"],
  [/^maj7/, " major 7"],
  [/^maj/, " major"],
  [/^dim/, " diminished "],
  [/^aug/, " augmented "],
  [/^m(?!aj)/, " minor "],
  [/sus/, " suspended "],
  [/b5/, " flat 5 "],
];

/**
 * @param {string} name "F#maj7sus4"
 * @returns {[string, string]} "F#" and "maj7sus4"
 */
export function rootAndQuality(name) {
  const root = /^[A-G][#b]*/.exec(name)?.[0] ?? name;
  return [root, name.slice(root.length)];
}

/**
 * @param {string} name
 * @param {number} width pixels
 * @param {(words: string, small: boolean) => number} measure pixels
 * @returns {string[]} one line, small or large; root and quality, small, on two; none where
 *   nothing fits
 */
export function fitted(name, width, measure) {
  if (measure(name, true) <= width) return [name];
  const [root, quality] = rootAndQuality(name);
  if (measure(root, true) > width) return [];
  let short = quality;
  for (const [long, sign] of SHORT) short = short.replace(long, sign);
  const fits = [quality, short].find((words) => words && measure(words, true) <= width);
  return fits ? [root, fits] : quality ? [] : [root];
}

/** @param {string} name "Bbm7" @returns {string} "B flat minor 7" */
export function said(name) {
  const [root, quality] = rootAndQuality(name);
  if (!/^[A-G]/.test(root)) return "no chord";
  let words = quality || " major";
  for (const [written, spoken] of SAID) words = words.replace(written, spoken);
  const sung = root.replaceAll("#", " sharp").replaceAll("b", " flat");
  return `${sung} ${words}`.replace(/\s+/g, " ").trim();
}
