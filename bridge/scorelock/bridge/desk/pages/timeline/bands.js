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
 * @property {number} height pixels, open
 * @property {(brush: Brush) => void} paint
 */
/** @typedef {{ id: string, top: number, height: number, paint: (brush: Brush) => void }} Band */

export const RULER_HEIGHT = 46;
export const COLLAPSED = 24;
const GROWING = new Set(["emotion", "loudness", "notes"]);
const MOST_MORE = 120; // pixels

/** @type {readonly Track[]} */
export const TRACKS = [
  { id: "pictures", words: "Picture", legend: "cuts below", height: 58, paint: paintPictures },
  { id: "hits", words: "Hits", legend: "markers above", height: 36, paint: paintHits },
  { id: "chords", words: "Chords", legend: "locked, edited", height: 42, paint: paintChords },
  { id: "emotion", words: "Emotion", legend: "", height: 92, paint: paintEmotions },
  { id: "motion", words: "Motion", legend: "", height: 32, paint: paintCurve("motion") },
  {
    id: "density",
    words: "Density",
    legend: "0 to 40 notes",
    height: 38,
    paint: paintCurve("density"),
  },
  { id: "loudness", words: "Loudness", legend: "asked, played", height: 60, paint: paintLoudness },
  { id: "notes", words: "Notes", legend: "", height: 92, paint: paintNotes },
];

/** @type {readonly Band[]} */
export const RULER = [{ id: "ruler", top: 0, height: RULER_HEIGHT, paint: paintRuler }];

/** @param {Brush} brush */
const paintNothing = (brush) => brush.clear();

/**
 * @param {ReadonlySet<string>} collapsed
 * @param {number} [room] pixels for all of them: what is left over goes to those that gain by it
 * @returns {Band[]}
 */
export function stacked(collapsed, room = 0) {
  const heights = TRACKS.map(({ id, height }) => (collapsed.has(id) ? COLLAPSED : height));
  const growing = TRACKS.filter(({ id }) => GROWING.has(id) && !collapsed.has(id)).length;
  const spare = Math.max(0, room - heights.reduce((sum, height) => sum + height, 0));
  const more = growing ? Math.min(MOST_MORE, Math.floor(spare / growing / 8) * 8) : 0;
  let top = 0;
  return TRACKS.map(({ id, paint }, nth) => {
    const shut = collapsed.has(id);
    const height = (heights[nth] ?? 0) + (GROWING.has(id) && !shut ? more : 0);
    const band = { id, top, height, paint: shut ? paintNothing : paint };
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
