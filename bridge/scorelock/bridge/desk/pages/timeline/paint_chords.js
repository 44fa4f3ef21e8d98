/** Paints chords, each with its name as far as there is room, and the notes as a piano roll. */

import { rangeOf } from "./brush.js";
import { fitted } from "./names.js";
import { before, lastAt } from "./score_index.js";

/** @typedef {import("./brush.js").Brush} Brush */
/** @typedef {import("./score_index.js").ScoreChord} ScoreChord */
/** @typedef {import("./score_index.js").ScoreNote} ScoreNote */

const LEAST = 4; // pixels, below which chords are painted together
const PART_COLOURS = ["chord-line", "density", "motion", "loudness"];
const NOTES_FROM = 6; // pixels a second
const AGAIN = 800; // pixels after which a long chord is named again

/** @param {Brush} brush */
export function paintChords(brush) {
  brush.clear();
  const index = brush.scene.index;
  if (!index) return;
  const { chords } = index.score;
  const first = Math.max(0, lastAt(index.chords, brush.from));
  for (let nth = first; nth < chords.length;) {
    const chord = chords[nth];
    if (!chord || chord[0] > brush.to) break;
    if ((chord[1] - chord[0]) * brush.scale >= LEAST) {
      paintChord(brush, chord);
      nth += 1;
    } else nth = paintCrowd(brush, nth);
  }
  brush.ctx.globalAlpha = 1;
}

/**
 * Chords too narrow to be told apart: a block of them, to a multiple of some pixels, so that canvases
 * side by side agree.
 * @param {Brush} brush
 * @param {number} first
 * @returns {number} index of the next chord
 */
function paintCrowd(brush, first) {
  const index = brush.scene.index;
  if (!index) return first + 1;
  const start_s = index.chords[first] ?? 0;
  const until = (Math.floor((start_s * brush.scale) / LEAST) + 1) * LEAST;
  const next = Math.max(first + 1, before(index.chords, until / brush.scale));
  const crowd = index.score.chords.slice(first, next);
  const { top, height, ctx } = brush;
  const x = brush.x(start_s);
  const width = Math.max(1, ((crowd.at(-1)?.[1] ?? 0) - start_s) * brush.scale - 1);
  brush.fill("chord");
  ctx.fillRect(x, top + 3, width, height - 7);
  const edited = crowd.some((chord) => chord[5] === "edited");
  brush.fill("chord-line", edited ? 1 : 0.5);
  ctx.fillRect(x, top + height - 7, width, edited ? 3 : 1);
  brush.fill("locked");
  if (crowd.some((chord) => chord[6])) ctx.fillRect(x, top + 3, width, 3);
  return next;
}

/** @param {Brush} brush @param {ScoreChord} chord */
function paintChord(brush, chord) {
  const { ctx, top, height } = brush;
  const [start_s, end_s, name, root, , why, locked] = chord;
  const x = Math.round(brush.x(start_s));
  const width = Math.max(LEAST - 1, Math.round(brush.x(end_s)) - x - 1);
  const tall = height - 7;
  if (root >= 0) {
    brush.fill("chord");
    ctx.fillRect(x, top + 3, width, tall);
  }
  brush.fill("chord-line", why === "model" ? 0.55 : 1);
  ctx.fillRect(x, top + 3, 1, tall);
  if (why === "edited") ctx.fillRect(x, top + tall, width, 3);
  else if (why === "primer")
    for (let at = 0; at < width; at += 6)
      ctx.fillRect(x + at, top + tall + 1, Math.min(3, width - at), 2);
  if (locked) {
    brush.fill("locked");
    ctx.fillRect(x, top + 3, width, 3);
  }
  paintName(brush, name, { x, width, locked });
}

/**
 * @param {Brush} brush
 * @param {string} name
 * @param {{ x: number, width: number, locked: boolean }} box
 */
function paintName(brush, name, { x, width, locked }) {
  const { ctx, top, height } = brush;
  const middle = top + height / 2 + (locked ? 1 : 0);
  const lock = locked && width >= 30 ? 13 : 0;
  if (lock && x > -20) padlock(brush, x + 5, middle - 5);
  const fonts = { large: brush.font(13, 600), small: brush.font(11, 600) };
  const lines = fitted(name, width - lock - 7, (words, small) =>
    brush.measure(words, small ? fonts.small : fonts.large),
  );
  const [first, second] = lines;
  if (!first) return;
  brush.fill("chord-ink");
  const at = x + 4 + lock;
  const large = first === name && brush.measure(name, fonts.large) <= width - lock - 7;
  ctx.font = large ? fonts.large : fonts.small;
  if (second) {
    ctx.fillText(first, at, middle - 6);
    ctx.fillText(second, at, middle + 6);
    return;
  }
  ctx.fillText(first, at, middle);
  // A chord longer than the view is named again and again, for all canvases at the same places.
  brush.fill("chord-ink", 0.7);
  const long = AGAIN * Math.ceil(Math.max(0, -x - 200) / AGAIN);
  for (let more = Math.max(AGAIN, long); more < width - 80 && x + more < brush.width; more += AGAIN)
    ctx.fillText(first, at + more, middle);
}

/** @param {Brush} brush @param {number} x @param {number} y its top left; it is 8 by 10 */
function padlock(brush, x, y) {
  const { ctx } = brush;
  brush.fill("locked");
  brush.pen("locked", 1.5);
  ctx.fillRect(x, y + 4, 8, 6);
  ctx.beginPath();
  ctx.arc(x + 4, y + 4, 2.5, Math.PI, 0);
  ctx.stroke();
}

/** @param {Brush} brush */
export function paintNotes(brush) {
  brush.clear();
  const index = brush.scene.index;
  if (!index) return;
  if (brush.scale < NOTES_FROM) paintNotesFromAfar(brush);
  else {
    const [first] = rangeOf(index.notes, brush.from - 8.1, brush.to);
    for (const note of index.longNotes)
      if (note[0] < brush.to && note[0] + note[1] > brush.from) paintNote(brush, note);
    const { notes } = index.score;
    for (let nth = first; nth < notes.length; nth += 1) {
      const note = notes[nth];
      if (!note || note[0] > brush.to) break;
      if (note[0] + note[1] > brush.from) paintNote(brush, note);
    }
  }
  brush.ctx.globalAlpha = 1;
}

/** @param {Brush} brush @param {ScoreNote} note */
function paintNote(brush, [onset, duration, pitch, velocity, part]) {
  const index = brush.scene.index;
  if (!index) return;
  const y = pitchY(brush, pitch);
  const tall = Math.max(2, Math.min(7, brush.height / (index.highest - index.lowest)));
  const x = brush.x(onset);
  brush.fill(PART_COLOURS[part] ?? "ink-soft", 0.45 + (0.55 * velocity) / 127);
  brush.ctx.fillRect(x, y - tall / 2, Math.max(1.5, duration * brush.scale - 1), tall);
}

/** @param {Brush} brush @param {number} pitch */
function pitchY(brush, pitch) {
  const index = brush.scene.index;
  if (!index) return brush.top;
  const share = (pitch - index.lowest) / (index.highest - index.lowest);
  return brush.top + 2 + (brush.height - 5) * (1 - share);
}

/** Where notes would lie on each other: from the lowest to the highest. @param {Brush} brush */
function paintNotesFromAfar(brush) {
  const pitches = brush.scene.index?.pitches;
  if (!pitches) return;
  const low = pitches.low.level(brush.scale / 2);
  const high = pitches.high.level(brush.scale / 2);
  const wide = low.step * brush.scale;
  brush.fill("chord-line", 0.55);
  const last = Math.min(low.least.length, Math.ceil(brush.to / low.step) + 1);
  for (let nth = Math.max(0, Math.floor(brush.from / low.step)); nth < last; nth += 1) {
    const [least, most] = [low.least[nth] ?? NaN, high.most[nth] ?? NaN];
    if (Number.isNaN(least) || Number.isNaN(most)) continue;
    const y = pitchY(brush, most);
    const tall = Math.max(2, pitchY(brush, least) - y);
    brush.ctx.fillRect(brush.x(nth * low.step), y, wide + 0.25, tall);
  }
}
