import assert from "node:assert/strict";
import { test } from "node:test";

import { diatonic, onRoot } from "../../bridge/scorelock/bridge/desk/pages/desk/chord_names.js";
import {
  barBeat,
  clockWords,
  nextChord,
  timecode,
} from "../../bridge/scorelock/bridge/desk/pages/desk/places.js";

/** Two bars of 3/4 at 60 beats a minute, after a beat and a half of pick-up in bar 0. */
const score = /** @type {any} */ ({
  bars: [
    [-1.5, 0, 3, 4],
    [1.5, 1, 3, 4],
    [4.5, 2, 3, 4],
  ],
  beats_s: [-1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5],
  chords: [
    [0, 1.5, "C"],
    [1.5, 2.5, "C"],
    [2.5, 4.5, "F"],
    [4.5, 7, "G7"],
  ],
});

test("drop-frame timecode leaves out two numbers a minute, but not each tenth", () => {
  const fps = 30000 / 1001;
  const at = (/** @type {number} */ frame) => timecode((frame + 0.5) / fps, fps, "00:00:00;00");
  assert.equal(at(1799), "00:00:59;29");
  assert.equal(at(1800), "00:01:00;02");
  assert.equal(at(17981), "00:09:59;29");
  assert.equal(at(17982), "00:10:00;00");
  assert.equal(at(107892), "01:00:00;00");
});

test("drop-frame at 59.94 leaves out four", () => {
  const fps = 60000 / 1001;
  const at = (/** @type {number} */ frame) => timecode((frame + 0.5) / fps, fps, "00:00:00;00");
  assert.equal(at(3599), "00:00:59;59");
  assert.equal(at(3600), "00:01:00;04");
  assert.equal(at(35964), "00:10:00;00");
});

test("timecode counts from the film's first frame on", () => {
  assert.equal(timecode(1.5, 24, "01:00:00:00", 3600), "01:00:01:12");
  assert.equal(timecode(-0.5, 25), "-00:00:00:12");
});

test("a bar's first beat is beat one, in the pick-up as well", () => {
  assert.deepEqual(barBeat(score, 0), { bar: 0, beat: 2 });
  assert.deepEqual(barBeat(score, 1.5), { bar: 1, beat: 1 });
  assert.deepEqual(barBeat(score, 4.49), { bar: 1, beat: 3 });
  assert.equal(barBeat(score, -2), null);
});

test("the next chord is another one, and so many beats away", () => {
  assert.deepEqual(nextChord(score, 0.6), { name: "F", beats: 2 });
  assert.deepEqual(nextChord(score, 4.4), { name: "G7", beats: 1 });
  assert.equal(nextChord(score, 5), null);
});

test("places are read as minutes and seconds", () => {
  assert.equal(clockWords(65.26), "1:05.3");
  assert.equal(clockWords(59.96), "1:00.0");
  assert.equal(clockWords(-0.5), "-0:00.5");
});

test("the chords of a key are spelt in it", () => {
  assert.deepEqual(diatonic("C major"), ["C", "Dm", "Em", "F", "G", "Am", "Bdim"]);
  assert.deepEqual(diatonic("F# major"), ["F#", "G#m", "A#m", "B", "C#", "D#m", "E#dim"]);
  assert.deepEqual(diatonic("C minor"), ["Cm", "Ddim", "Eb", "Fm", "Gm", "G", "Ab", "Bb"]);
  assert.deepEqual(diatonic("Db major")[3], "Gb");
  assert.deepEqual(diatonic("nothing"), []);
});

test("other chords stand on the same root", () => {
  assert.ok(onRoot("Bbmaj7").includes("Bbm7b5"));
  assert.deepEqual(onRoot("N"), []);
});
