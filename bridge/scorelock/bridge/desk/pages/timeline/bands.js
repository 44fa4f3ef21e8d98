/** The tracks from top to bottom: their words, heights and painters. */

import { paintChords, paintNotes } from "./paint_chords.js";
import { paintCurve, paintEmotions, paintLoudness } from "./paint_curves.js";
import { paintHits, paintPictures, paintRuler } from "./paint_time.js";

/** @typedef {import("./brush.js").Brush} Brush */
/**
 * @typedef {object} Track
 * @property {string} id
 * @property {string} words
 * @property {string} legend what is seen in it, in a few words
 * @property {number} least pixels, open, where there is little room
 * @property {number} height pixels, open, where there is room for all
 * @property {(brush: Brush) => void} paint
 */
/** @typedef {{ id: string, top: number, height: number, paint: (brush: Brush) => void }} Band */

export const RULER_HEIGHT = 46;
export const COLLAPSED = 22;
const GROWING = new Set(["emotion", "loudness", "notes"]);
const MOST_MORE = 120; // pixels

/** @type {readonly Track[]} */
export const TRACKS = [
  {
    id: "pictures",
    words: "Picture",
    legend: "cuts below",
    least: 32,
    height: 58,
    paint: paintPictures,
  },
  { id: "hits", words: "Hits", legend: "markers above", least: 26, height: 36, paint: paintHits },
  { id: "chords", words: "Chords", legend: "", least: 30, height: 42, paint: paintChords },
  { id: "emotion", words: "Emotion", legend: "", least: 66, height: 92, paint: paintEmotions },
  { id: "motion", words: "Motion", legend: "", least: 22, height: 32, paint: paintCurve("motion") },
  {
    id: "density",
    words: "Density",
    legend: "0 to 40 notes",
    least: 22,
    height: 38,
    paint: paintCurve("density"),
  },
  { id: "loudness", words: "Loudness", legend: "", least: 26, height: 60, paint: paintLoudness },
  { id: "notes", words: "Notes", legend: "", least: 34, height: 92, paint: paintNotes },
];

/** @type {readonly Band[]} */
export const RULER = [{ id: "ruler", top: 0, height: RULER_HEIGHT, paint: paintRuler }];

/** @param {Brush} brush */
const paintNothing = (brush) => brush.clear();

/**
 * @param {ReadonlySet<string>} collapsed
 * @param {number} [room] pixels for all of them: each has its height as far as there is room; what is
 *   left over goes to those that gain by it
 * @returns {Band[]}
 */
export function stacked(collapsed, room = 0) {
  const open = TRACKS.filter(({ id }) => !collapsed.has(id));
  const shut = COLLAPSED * (TRACKS.length - open.length);
  const lowest = shut + open.reduce((sum, track) => sum + track.least, 0);
  const whole = shut + open.reduce((sum, track) => sum + track.height, 0);
  const share = whole > lowest ? Math.min(1, Math.max(0, room - lowest) / (whole - lowest)) : 1;
  const growing = open.filter(({ id }) => GROWING.has(id)).length;
  const spare = Math.max(0, room - whole);
  const more = growing ? Math.min(MOST_MORE, Math.floor(spare / growing)) : 0;
  let top = 0;
  return TRACKS.map(({ id, least, height, paint }) => {
    if (collapsed.has(id)) height = COLLAPSED;
    else height = least + Math.floor(share * (height - least)) + (GROWING.has(id) ? more : 0);
    const band = { id, top, height, paint: collapsed.has(id) ? paintNothing : paint };
    top += height;
    return band;
  });
}

/** @param {readonly Band[]} bands @returns {number} */
export const heightOf = (bands) => bands.reduce((sum, { height }) => sum + height, 0);

/** @param {readonly Band[]} bands @param {number} y @returns {Band | null} */
export const bandAt = (bands, y) =>
  bands.find(({ top, height }) => y >= top && y < top + height) ?? null;

/** @param {Band} band @param {string} emotion in front @returns {string | null} the curve that is drawn in it */
export function curveOf({ id }, emotion) {
  if (id === "emotion") return emotion;
  return id === "density" || id === "loudness" ? id : null;
}
