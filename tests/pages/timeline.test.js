/** The timeline's parts that need no page: times, names, curves, searching, and what is in view. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { readFileSync } from "node:fs";

import {
  frameOfSecond,
  rulerMarks,
  timecode,
  clockTime,
} from "../../bridge/scorelock/bridge/desk/pages/timeline/timecode.js";
import { fitted, said } from "../../bridge/scorelock/bridge/desk/pages/timeline/names.js";
import { Pyramid } from "../../bridge/scorelock/bridge/desk/pages/timeline/pyramid.js";
import { Stroke } from "../../bridge/scorelock/bridge/desk/pages/timeline/stroke.js";
import { View } from "../../bridge/scorelock/bridge/desk/pages/timeline/view.js";
import { ScoreIndex } from "../../bridge/scorelock/bridge/desk/pages/timeline/score_index.js";
import {
  axisOf,
  heardOfVelocity,
} from "../../bridge/scorelock/bridge/desk/pages/timeline/curves.js";
import { Played } from "../../bridge/scorelock/bridge/desk/pages/timeline/played.js";
import {
  TRACKS,
  bandAt,
  heightOf,
  stacked,
} from "../../bridge/scorelock/bridge/desk/pages/timeline/bands.js";

const folder = "../../bridge/scorelock/bridge/desk/pages/timeline";
const NTSC = 30000 / 1001;

/** @param {number} seed */
function randomness(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

test("drop-frame numbering leaves out two numbers a minute but every tenth", () => {
  const start = { fps: NTSC, start: "00:00:00;00", start_s: 0 };
  /** @type {[number, string][]} frames and their numbers, as SMPTE ST 12-1 has them */
  const known = [
    [0, "00:00:00;00"],
    [1799, "00:00:59;29"],
    [1800, "00:01:00;02"],
    [3597, "00:01:59;29"],
    [3598, "00:02:00;02"],
    [17981, "00:09:59;29"],
    [17982, "00:10:00;00"],
    [107892, "01:00:00;00"],
  ];
  for (const [frame, words] of known) assert.equal(timecode(frame / NTSC, start), words);
  for (const [second, frame] of /** @type {[number, number][]} */ ([
    [60, 1800],
    [119, 3568],
    [600, 17982],
    [3600, 107892],
  ]))
    assert.equal(frameOfSecond(second, start), frame);
});

test("every frame has its own number, counting on", () => {
  for (const [fps, sign] of /** @type {[number, string][]} */ ([
    [24, ":"],
    [25, ":"],
    [NTSC, ";"],
  ])) {
    const start = { fps, start: `01:00:00${sign}00`, start_s: 0 };
    const numbers = Array.from({ length: 40000 }, (_, frame) => timecode(frame / fps, start));
    for (let at = 1; at < numbers.length; at += 1)
      assert.ok((numbers[at] ?? "") > (numbers[at - 1] ?? ""));
  }
});

test("a film begins at the host's time", () => {
  assert.equal(timecode(1.5, { fps: 24, start: "01:00:00:00", start_s: 3600 }), "01:00:01:12");
});

test("the ruler's marks stand on their own timecode, far enough apart", () => {
  const random = randomness(4);
  for (let nth = 0; nth < 400; nth += 1) {
    const fps = [24, 25, 30, NTSC][nth % 4] ?? 24;
    const sign = fps === NTSC ? ";" : ":";
    const start = { fps, start: `01:00:00${sign}00`, start_s: 3600 };
    const scale = 10 ** (4 * random() - 1);
    const from = 5000 * random();
    const marks = rulerMarks({
      start,
      unit: "timecode",
      scale,
      from,
      to: from + 1000 / scale,
      apart: 90,
    });
    assert.ok(marks.length >= 1);
    for (const [at, mark] of marks.entries()) {
      assert.equal(timecode(mark.seconds, start), mark.words);
      const next = marks[at + 1];
      if (next) assert.ok((next.seconds - mark.seconds) * scale > 80, `${scale}`);
    }
  }
});

test("seconds are told as a clock", () => {
  assert.equal(clockTime(62.46, 1), "1:02.5");
  assert.equal(clockTime(59.99, 1), "1:00.0");
  assert.equal(clockTime(3723), "1:02:03");
});

test("chords are said as one says them", () => {
  assert.equal(said("Am7"), "A minor 7");
  assert.equal(said("Bbm7b5"), "B flat half-diminished");
  assert.equal(said("F#maj7sus4"), "F sharp major 7 suspended 4");
  assert.equal(said("C"), "C major");
  assert.equal(said("Ebdim7"), "E flat diminished 7");
  assert.equal(said("G7"), "G 7");
  assert.equal(said("Gaug"), "G augmented");
});

test("a name takes the room there is: whole, on two lines, its root, nothing", () => {
  const measure = (/** @type {string} */ words) => 10 * words.length;
  assert.deepEqual(fitted("F#maj7", 60, measure), ["F#maj7"]);
  assert.deepEqual(fitted("F#maj7", 50, measure), ["F#", "maj7"]);
  assert.deepEqual(fitted("F#maj7", 30, measure), ["F#", "Δ"]);
  assert.deepEqual(fitted("F#maj7", 10, measure), []);
  assert.deepEqual(fitted("C", 9, measure), []);
});

test("what is painted never goes beyond the room", () => {
  const measure = (/** @type {string} */ words, /** @type {boolean} */ small) =>
    (small ? 6 : 8) * words.length;
  for (const name of ["C", "Bbm7b5", "F#maj7sus4", "Ebdim7", "Em", "N"])
    for (let width = 0; width < 100; width += 1)
      for (const line of fitted(name, width, measure)) assert.ok(measure(line, true) <= width);
});

test("a pyramid holds the least and the greatest of all rows at every level", () => {
  const random = randomness(9);
  for (const size of [0, 1, 2, 3, 17, 1000]) {
    const rows = Array.from({ length: size }, () => random());
    const { levels } = new Pyramid(rows);
    for (const { step, least, most } of levels)
      for (const [at, low] of least.entries()) {
        const part = rows.slice(at * step, (at + 1) * step);
        assert.ok(Math.abs(low - Math.min(...part)) < 1e-6);
        assert.ok(Math.abs((most[at] ?? 0) - Math.max(...part)) < 1e-6);
      }
  }
});

test("an axis and its way back agree, and played lies on what was asked for", () => {
  for (const curve of ["tense", "density", "loudness"])
    for (let share = 0; share <= 1; share += 0.05) {
      const axis = axisOf(curve);
      assert.ok(Math.abs(axis.share(axis.value(share)) - share) < 1e-9);
    }
  for (const loudness of [0.01, 0.1, 0.25, 0.5]) {
    const velocity = 49 + 63 * (loudness / 0.5) ** 0.3;
    assert.ok(Math.abs(heardOfVelocity(velocity) - axisOf("loudness").share(loudness)) < 1e-9);
  }
});

test("a stroke drawn back over itself keeps time order and the newest values", () => {
  const random = randomness(2);
  for (let round = 0; round < 50; round += 1) {
    const stroke = new Stroke();
    let at = 50;
    for (let step = 0; step < 200; step += 1) {
      at = Math.min(100, Math.max(0, at + Math.round(20 * random() - 10)));
      stroke.to(at, step);
      const times = stroke.points.map(([time]) => time);
      assert.deepEqual(
        times,
        [...new Set(times)].sort((a, b) => a - b),
      );
      assert.ok(stroke.points.some(([time, value]) => time === at && value === step));
    }
  }
});

test("no more points are sent than the desk takes, the ends among them", () => {
  const stroke = new Stroke();
  for (let at = 0; at < 5001; at += 1) stroke.to(at, at / 5001);
  const sent = stroke.sent();
  assert.ok(sent.length <= 2000);
  assert.deepEqual([sent[0]?.[0], sent.at(-1)?.[0]], [0, 5000]);
});

test("zooming leaves what is under the pointer where it is, and never shows beyond the film", () => {
  const random = randomness(7);
  const view = new View();
  view.resize(1000, 7200);
  assert.equal(view.end, 7200);
  for (let nth = 0; nth < 2000; nth += 1) {
    const x = 1000 * random();
    const seconds = view.seconds(x);
    const old = view.scale;
    view.zoomTo(view.scale * 4 ** (2 * random() - 1), x);
    assert.ok(view.start >= -1e-9 && view.end <= 7200 + 1e-6);
    const free = view.left > 0 && view.start * view.scale < 7200 * view.scale - 1000 - 1e-6;
    if (free && view.scale !== old) assert.ok(Math.abs(view.x(seconds) - x) < 1e-3);
  }
});

test("a view of the whole film stays one when it is resized; another keeps its middle", () => {
  const view = new View();
  view.resize(1000, 100);
  view.resize(500, 100);
  assert.deepEqual([view.start, view.end], [0, 100]);
  view.zoomTo(50, 250);
  const middle = (view.start + view.end) / 2;
  view.resize(800, 100);
  assert.ok(Math.abs((view.start + view.end) / 2 - middle) < 1e-9);
});

/** @returns {import("../../bridge/scorelock/bridge/desk/pages/messages").Score} */
const score = () => ({
  version: 1,
  draft: false,
  film: "a.mp4",
  duration_s: 30,
  fps: 24,
  start: "00:00:00:00",
  start_s: 0,
  key: "A minor",
  flats: false,
  bars: Array.from({ length: 16 }, (_, nth) => [2 * nth, nth + 1, 4, 4]),
  beats_s: Array.from({ length: 61 }, (_, nth) => nth / 2),
  tempos: [
    [0, 120],
    [10, 121],
    [10.1, 122],
    [20, 90],
  ],
  chords: [
    [0, 23.5, "C", 0, "maj", "model", false, [60, 64, 67]],
    [23.5, 25, "Am7", 9, "min7", "edited", true, [57, 60, 64, 67]],
  ],
  hits: [
    [3, "mark", 1],
    [9, "cut", 1],
  ],
  cuts: [[9, 0.7]],
  emotions: ["sad", "tense"],
  emotion: [Array(30).fill(0.5), Array(30).fill(0.2)],
  seen: [Array(30).fill(0.5), Array(30).fill(0.3)],
  motion: Array(30).fill(0),
  density: Array(30).fill(3),
  loudness: Array(30).fill(0.2),
  parts: ["chords"],
  notes: [
    [0, 1, 60, 80, 0],
    [12, 10, 72, 80, 0],
  ],
});

test("what is where: chords, hits, beats, frames", () => {
  const index = new ScoreIndex(score());
  assert.deepEqual(
    [0, 23.49, 23.5, 24.9, 25, 29].map((at) => index.chordAt(at)),
    [0, 0, 1, 1, -1, -1],
  );
  assert.deepEqual(
    [index.hitNear(3.1, 0.2), index.hitNear(5, 0.2), index.hitNear(7, 9)],
    [0, -1, 1],
  );
  assert.deepEqual([index.hitNear(0, Infinity), index.hitNear(29, Infinity)], [0, 1]);
  assert.deepEqual(
    [index.beatFrom(3, 1), index.beatFrom(3, -1), index.beatFrom(3.2, -1)],
    [3.5, 2.5, 3],
  );
  assert.equal(index.frameAt(1.03), 25 / 24);
  assert.equal(index.frameAt(99), 719 / 24);
  assert.equal(index.chordWords(1), "bar 12, A minor 7, 23.5 to 25 seconds, edited, locked");
  assert.deepEqual([...index.seen.keys()], ["tense"]);
  assert.deepEqual(index.tempoLabels(10, 60), [0, 1, 3]);
});

test("a score with nothing in it yet can be asked, too", () => {
  const none = { bars: [], beats_s: [], tempos: [], chords: [], hits: [], cuts: [], notes: [] };
  const curves = { emotions: [], emotion: [], seen: null, motion: [], density: [], loudness: [] };
  const index = new ScoreIndex({ ...score(), ...none, ...curves });
  assert.equal(index.chordAt(1), -1);
  assert.equal(index.hitNear(1, Infinity), -1);
  assert.ok(index.beatLength(1) > 0);
  assert.equal(index.chordWords(0), "no chord");
});

test("what is played again takes the place of what was played", () => {
  const played = new Played();
  played.add(5.2, 100, 10);
  played.add(5.7, 80, 10.5);
  assert.equal(played.seconds.get(5)?.notes.length, 2);
  played.add(5.2, 60, 60);
  assert.deepEqual(played.seconds.get(5)?.notes, [[5.2, heardOfVelocity(60)]]);
});

test("tracks lie on each other without a gap, shut or open, and fill the room", () => {
  for (const shut of [[], ["notes"], ["emotion", "loudness", "notes"], TRACKS.map(({ id }) => id)])
    for (const room of [0, 300, 600, 2000]) {
      const bands = stacked(new Set(shut), room);
      let top = 0;
      for (const band of bands) {
        assert.equal(band.top, top);
        assert.equal(bandAt(bands, top)?.id, band.id);
        top += band.height;
      }
      assert.equal(heightOf(bands), top);
      const least = heightOf(stacked(new Set(shut)));
      assert.ok(top >= least && top <= Math.max(least, room));
    }
});

test("every colour that is painted with is one of the page's", () => {
  const tokens = readFileSync(new URL(`${folder}/../common/tokens.css`, import.meta.url), "utf8");
  const colours = readFileSync(new URL(`${folder}/colours.js`, import.meta.url), "utf8");
  const names = [...colours.matchAll(/"([a-z-]+)"/g)].map(([, name]) => name ?? "");
  const listed = names.slice(names.indexOf("ground"), names.indexOf("neutral") + 1);
  assert.ok(listed.length > 20);
  for (const name of listed) assert.ok(tokens.includes(`--${name}:`), name);
});
