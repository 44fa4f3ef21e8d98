/** What a player reads for what sounds: transposing instruments, capo, and the key that gives. */

/** @typedef {"C" | "Bb" | "Eb" | "F"} Instrument */
/** @typedef {{ tonic: string, minor: boolean, fifths: number }} Key sharps above 0, flats below */

/** Semitones from what sounds up to what is written: trumpet in B flat, alto in E flat, horn. */
export const WRITTEN_ABOVE = Object.freeze({ C: 0, Bb: 2, Eb: 9, F: 7 });
export const MOST_CAPO = 11;

const MAJORS = "Cb Gb Db Ab Eb Bb F C G D A E B F# C#".split(" ");
const MINORS = "Ab Eb Bb F C G D A E B F# C# G# D# A#".split(" ");
/** @type {Readonly<Record<string, number>>} */
const LETTERS = Object.freeze({ C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 });

/**
 * @param {number} number
 * @param {number} divisor
 * @returns {number} what is left, 0 or more
 */
export const modulo = (number, divisor) => ((number % divisor) + divisor) % divisor;

/** @param {string} name such as "F#" @returns {number} 0..11 from C */
export function pitchClass(name) {
  const sharps = name.split("#").length - 1;
  const flats = name.slice(1).split("b").length - 1;
  return modulo((LETTERS[name[0] ?? "C"] ?? 0) + sharps - flats, 12);
}

/**
 * @param {string} text as the score has it, "F# minor"
 * @returns {Key | null} null where it names no key that has a signature
 */
export function parseKey(text) {
  const [tonic = "", mode = "major"] = text.split(" ");
  const minor = mode === "minor";
  const at = (minor ? MINORS : MAJORS).indexOf(tonic);
  return at < 0 ? null : { tonic, minor, fifths: at - 7 };
}

/**
 * @param {Instrument} instrument
 * @param {number} capo fret 0..11: the shapes lie that much below what sounds
 * @returns {number} semitones 0..11 from what sounds up to what is read, octaves aside
 */
export const shiftOf = (instrument, capo) => modulo(WRITTEN_ABOVE[instrument] - capo, 12);

/**
 * The written key: the one with fewest accidentals; of F sharp and G flat (six each) the one on
 * the side of the key that sounds. What is not transposed keeps its key.
 *
 * @param {Key} key
 * @param {number} shift semitones
 * @returns {Key}
 */
export function transposeKey(key, shift) {
  if (modulo(shift, 12) === 0) return key;
  const wanted = modulo(pitchClass(key.tonic) + shift, 12);
  const side = key.fifths < 0 ? -1 : 1;
  return (key.minor ? MINORS : MAJORS)
    .map((tonic, at) => ({ tonic, minor: key.minor, fifths: at - 7 }))
    .filter(({ tonic }) => pitchClass(tonic) === wanted)
    .reduce((a, b) => {
      const less = Math.abs(a.fifths) - Math.abs(b.fifths);
      if (less !== 0) return less < 0 ? a : b;
      return Math.sign(a.fifths) === side ? a : b;
    });
}
