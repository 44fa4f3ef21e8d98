/** Places in the film as people say them: timecode, bar and beat, and what stands there. */

/** @typedef {import("../messages").Score} Score */
/** @typedef {import("../messages").ScoreChord} ScoreChord */

/**
 * @param {readonly unknown[]} items in time order
 * @param {(index: number) => number} timeOf
 * @param {number} at_s
 * @returns {number} the index of the last one that is not after at_s; -1 for none
 */
export function lastUpTo(items, timeOf, at_s) {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timeOf(middle) <= at_s) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * SMPTE timecode; drop-frame numbering (SMPTE 12M) leaves out the first two numbers of each minute
 * but the tenth, four at 59.94.
 *
 * @param {number} seconds from the first frame's timecode on; may be negative
 * @param {number} fps
 * @param {string} start the first frame's timecode; a semicolon says drop-frame
 * @param {number} start_s the same in seconds
 */
export function timecode(seconds, fps, start = "00:00:00:00", start_s = 0) {
  const nominal = Math.max(1, Math.round(fps));
  const drop = start.includes(";");
  const at = seconds + start_s;
  let frame = Math.floor(Math.abs(at) * fps + 1e-4);
  if (drop) frame = dropped(frame, nominal);
  const parts = [
    Math.floor(frame / (nominal * 3600)) % 24,
    Math.floor(frame / (nominal * 60)) % 60,
    Math.floor(frame / nominal) % 60,
  ].map((part) => String(part).padStart(2, "0"));
  const last = String(frame % nominal).padStart(2, "0");
  return `${at < 0 && frame > 0 ? "-" : ""}${parts.join(":")}${drop ? ";" : ":"}${last}`;
}

/**
 * @param {number} frame counted
 * @param {number} nominal frames a second
 * @returns {number} the number that drop-frame timecode gives it
 */
function dropped(frame, nominal) {
  const skip = nominal / 15;
  const ten = nominal * 600 - 9 * skip;
  const minute = nominal * 60 - skip;
  const within = frame % ten;
  const minutes = within < nominal * 60 ? 0 : 1 + Math.floor((within - nominal * 60) / minute);
  return frame + skip * (9 * Math.floor(frame / ten) + minutes);
}

/**
 * @param {number} seconds
 * @returns {string} "1:05.3", for reading
 */
export function clockWords(seconds) {
  const tenths = Math.round(Math.abs(seconds) * 10);
  const minutes = Math.floor(tenths / 600);
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  return `${seconds < 0 ? "-" : ""}${minutes}:${rest}`;
}

/**
 * @param {Score} score
 * @param {number} at_s
 * @returns {{ bar: number, beat: number } | null}
 */
export function barBeat(score, at_s) {
  const index = lastUpTo(score.bars, (i) => /** @type {number[]} */ (score.bars[i])[0] ?? 0, at_s);
  const bar = score.bars[index];
  if (!bar) return null;
  return { bar: bar[1], beat: 1 + beatIndex(score, at_s) - beatIndex(score, bar[0]) };
}

/**
 * @param {Score} score
 * @param {number} at_s
 * @returns {number} of the last beat that is not after it; -1 for none
 */
export const beatIndex = (score, at_s) =>
  lastUpTo(score.beats_s, (i) => score.beats_s[i] ?? 0, at_s + 1e-6);

/**
 * @param {Score} score
 * @param {number} at_s
 * @returns {number} index of the chord that stands there, or of the last one; -1 for none
 */
export const chordIndex = (score, at_s) =>
  lastUpTo(score.chords, (i) => score.chords[i]?.[0] ?? 0, at_s);

/**
 * @param {Score} score
 * @param {number} at_s
 * @returns {{ name: string, beats: number } | null} the next other chord, and beats until then
 */
export function nextChord(score, at_s) {
  const here = chordIndex(score, at_s);
  const name = score.chords[here]?.[2];
  for (let index = here + 1; index < score.chords.length; index++) {
    const chord = score.chords[index];
    if (!chord || chord[2] === name) continue;
    return { name: chord[2], beats: beatIndex(score, chord[0]) - beatIndex(score, at_s) };
  }
  return null;
}

/**
 * @param {Score} score
 * @param {number} start_s
 * @param {number} end_s
 * @returns {string} "1:05.3 to 1:09.0, bar 12.1"
 */
export function spanWords(score, start_s, end_s) {
  const place = barBeat(score, start_s + 1e-3);
  const bar = place ? `, bar ${place.bar}.${place.beat}` : "";
  return `${clockWords(start_s)} to ${clockWords(end_s)}${bar}`;
}
