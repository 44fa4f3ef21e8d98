import assert from "node:assert/strict";
import { test } from "node:test";

import {
  beginning,
  goingOn,
  heard,
  longestOf,
  stretches,
} from "../../bridge/scorelock/bridge/desk/pages/desk/schedule.js";

/** @type {Array<[number, number, number, number, number]>} */
const notes = [
  [0, 8, 36, 80, 1],
  [0, 1, 60, 80, 0],
  [1, 1, 62, 80, 0],
  [2, 1, 64, 80, 0],
  [3, 1, 65, 80, 0],
];

test("each note begins in exactly one of the stretches that follow one another", () => {
  const found = [];
  for (let at = 0; at < 4; at += 0.25) found.push(...beginning(notes, at, at + 0.25));
  assert.deepEqual(found, notes);
});

test("what began before and has not ended goes on, however long ago it began", () => {
  const pitches = goingOn(notes, 2.5, longestOf(notes)).map(([, , pitch]) => pitch);
  assert.deepEqual(pitches, [36, 64]);
  assert.deepEqual(goingOn(notes, 8, longestOf(notes)), []);
});

test("without a loop the film is one stretch", () => {
  assert.deepEqual(stretches(3, 4, null), [
    { from_s: 3, to_s: 4, run_s: 3, end_s: Infinity, again: false },
  ]);
});

test("a loop is cut where the film jumps, and nothing is left out or played twice", () => {
  // Oracle: the film's place at each thousandth, by going round step by step.
  const loop = /** @type {[number, number]} */ ([2, 3.5]);
  const place = (/** @type {number} */ run) => {
    let at = run;
    while (at >= loop[1]) at -= loop[1] - loop[0];
    return at;
  };
  const cut = stretches(1, 9.3, loop);
  let run = 1;
  for (const { from_s, to_s, run_s } of cut) {
    assert.ok(Math.abs(run_s - run) < 1e-9);
    for (let step = 0.001; step < to_s - from_s - 1e-6; step += 0.05)
      assert.ok(Math.abs(place(run + step) - (from_s + step)) < 1e-6);
    run += to_s - from_s;
  }
  assert.ok(Math.abs(run - 9.3) < 1e-9);
  assert.deepEqual(
    cut.map(({ again }) => again),
    [false, true, true, true, true],
  );
});

test("scheduled bit by bit, a loop begins each lap once", () => {
  const loop = /** @type {[number, number]} */ ([0.1, 0.4]);
  let laps = 0;
  for (let step = 0; step < 300; step++)
    laps += stretches(step * 0.01, (step + 1) * 0.01, loop).filter(({ again }) => again).length;
  assert.equal(laps, 9); // of 0.3 s, from 0.1 to 3 s: at 0.4, 0.7 ... 2.8
});

test("a solo silences the others, muted or not", () => {
  const names = ["chords", "bass", "pattern"];
  const part = (/** @type {string} */ name, mute = false, solo = false) => ({
    part: name,
    mute,
    solo,
  });
  assert.deepEqual(heard(names, []), [true, true, true]);
  assert.deepEqual(heard(names, [part("bass", true)]), [true, false, true]);
  assert.deepEqual(heard(names, [part("chords", true, true), part("bass")]), [true, false, true]);
  assert.deepEqual(heard(names, [part("chords", true, true), part("bass"), part("pattern")]), [
    true,
    false,
    false,
  ]);
});
