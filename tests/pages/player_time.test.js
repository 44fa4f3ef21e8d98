import assert from "node:assert/strict";
import { test } from "node:test";

import { faster, wentRound } from "../../bridge/scorelock/bridge/desk/pages/desk/room_transport.js";
import { Herald } from "../../bridge/scorelock/bridge/desk/pages/player/aloud.js";
import { Grid, counted, sections } from "../../bridge/scorelock/bridge/desk/pages/player/beats.js";
import { due } from "../../bridge/scorelock/bridge/desk/pages/player/click.js";
import { Follow } from "../../bridge/scorelock/bridge/desk/pages/player/follow.js";
import { connection, transport } from "../../bridge/scorelock/bridge/desk/pages/player/link.js";
import { punch, streamers } from "../../bridge/scorelock/bridge/desk/pages/player/streamer.js";

/** @typedef {import("../../bridge/scorelock/bridge/desk/pages/messages").ScoreChord} ScoreChord */
/** @typedef {import("../../bridge/scorelock/bridge/desk/pages/messages").ScoreHit} ScoreHit */
/** @typedef {import("../../bridge/scorelock/bridge/desk/pages/messages").Now} Now */

/** @param {number} start @param {number} end @param {number} root @returns {ScoreChord} */
const chord = (start, end, root, quality = "maj") => [
  start,
  end,
  "",
  root,
  quality,
  "model",
  false,
  [],
];

// Two bars of four at a beat a second, two of three at two beats a second; numbered from 5 on.
const SCORE = {
  /** @type {[number, number, number, number][]} */
  bars: [
    [0, 5, 4, 4],
    [4, 6, 4, 4],
    [8, 7, 3, 4],
    [9.5, 8, 3, 4],
  ],
  beats_s: [0, 1, 2, 3, 4, 5, 6, 7, 8, 8.5, 9, 9.5, 10, 10.5],
  chords: [
    chord(0, 2, 0),
    chord(2, 4, 0),
    chord(4, 8, 9, "min7"),
    chord(8, 9.5, 5),
    chord(9.5, 11, 7),
  ],
  /** @type {ScoreHit[]} */
  hits: [
    [3, "cut", 1],
    [6, "stinger", 1],
    [9, "mark", 1],
  ],
  duration_s: 11,
};
const GRID = new Grid(SCORE);
const near = (/** @type {number | null} */ a, /** @type {number} */ b, by = 1e-9) =>
  assert.ok(a !== null && Math.abs(a - b) <= by, `${a} is not ${b}`);

test("bar and beat at a place, in any meter", () => {
  /** @type {Array<[number, number, number, number]>} */
  const table = [
    [0, 5, 1, 4],
    [0.99, 5, 1, 4],
    [3.999999, 6, 1, 4], // a bar line that was rounded
    [3.99, 5, 4, 4],
    [7.5, 6, 4, 4],
    [8.6, 7, 2, 3],
    [10.9, 8, 3, 3],
    [-2, 5, 1, 4],
    [99, 8, 3, 3],
  ];
  for (const [at, bar, beat, beats] of table) {
    const place = GRID.place(at);
    assert.deepEqual([place?.bar, place?.beat, place?.beats], [bar, beat, beats], String(at));
  }
  assert.equal(new Grid({ ...SCORE, bars: [], beats_s: [] }).place(1), null);
});

test("beats and seconds undo each other everywhere", () => {
  for (let at = -5; at < 20; at += 0.173) near(GRID.secondsAt(GRID.beatsAt(at)), at, 1e-9);
  near(GRID.beatsAt(8.25), 8.5);
  near(GRID.barsAt(6), 1.5);
  near(GRID.barsAt(10.25), 3.5);
});

test("the next chord is the next other one, counted in beats", () => {
  const next = GRID.nextChord(0.5);
  assert.equal(next?.change.root, 9);
  near(next?.beats ?? null, 3.5);
  near(GRID.nextChord(7.5)?.beats ?? null, 0.5);
  near(GRID.nextChord(8.25)?.beats ?? null, 2.5);
  assert.equal(GRID.nextChord(10), null);
  assert.equal(GRID.chordAt(3)?.root, 0);
  assert.equal(GRID.chordAt(-1), null);
});

test("in a loop the next chord is that of its beginning", () => {
  const round = GRID.nextChord(7, [2, 8]);
  assert.equal(round?.change.root, 0);
  near(round?.beats ?? null, 1);
  assert.equal(GRID.nextChord(2.5, [0, 3]), null); // one chord all the way round
  const beyond = GRID.nextChord(2.5, [1, 4.5]);
  near(beyond?.beats ?? null, 1.5); // within the loop as always
  const again = new Grid({ ...SCORE, chords: [chord(0, 2, 0), chord(2, 4, 7), chord(4, 11, 0)] });
  const second = again.nextChord(4.5, [0, 5]); // C goes on over the seam, then G
  assert.equal(second?.change.root, 7);
  near(second?.beats ?? null, 2.5);
});

test("beats to go are counted as musicians do", () => {
  assert.deepEqual([4, 3.5, 1.0001, 1, 0.2, 0].map(counted), [4, 4, 1, 1, 1, 0]);
});

test("sections", () => {
  const markers = [
    { position_s: 2, name: "A" },
    { position_s: 6, name: "B" },
  ];
  assert.deepEqual(sections(markers, 1), { here: null, next: markers[0] });
  assert.deepEqual(sections(markers, 2), { here: markers[0], next: markers[1] });
  assert.deepEqual(sections(markers, 7), { here: markers[1], next: null });
});

test("a streamer leaves eight beats before its hit and arrives on it", () => {
  const score = {
    ...SCORE,
    beats_s: Array.from({ length: 30 }, (_, i) => i / 2),
    bars: SCORE.bars.slice(0, 1),
  };
  const grid = new Grid({ ...score, hits: [[10, "stinger", 1]] });
  assert.deepEqual(streamers(grid, 5.9, "all"), []);
  near(streamers(grid, 6.0001, "all")[0]?.share ?? null, 0, 1e-3);
  near(streamers(grid, 8, "all")[0]?.share ?? null, 0.5);
  near(streamers(grid, 9.9999, "all")[0]?.share ?? null, 1, 1e-3);
  assert.equal(punch(grid, 9.9, "all"), 0);
  near(punch(grid, 10, "all"), 1);
  assert.ok(punch(grid, 10.1, "all") < 1);
  assert.equal(punch(grid, 10.5, "all"), 0);
});

test("streamers to cuts only where they are wished", () => {
  assert.deepEqual(
    streamers(GRID, 2.5, "strong").map(({ kind }) => kind),
    ["stinger", "mark"],
  );
  assert.deepEqual(
    streamers(GRID, 2.5, "all").map(({ kind }) => kind),
    ["cut", "stinger", "mark"],
  );
  assert.deepEqual(streamers(GRID, 2.5, "none"), []);
});

/** A playhead that says what a test wants. */
class Said {
  constructor() {
    /** @type {Now | null} */
    this.now = null;
  }

  /** @param {number} at_s @param {number | null} position_s @param {number} rate @param {[number, number] | null} [loop_s] */
  say(at_s, position_s, rate, loop_s = null) {
    const state = rate > 0 ? "locked" : "stopped";
    this.now = { kind: "now", at_s, position_s, rate, state, leads: "house", loop_s };
  }

  get rolls() {
    return (this.now?.rate ?? 0) > 0;
  }

  position(at = 0) {
    if (this.now === null || this.now.position_s === null) return null;
    const { at_s, position_s, rate, loop_s } = this.now;
    const position = position_s + rate * (at - at_s);
    if (!loop_s || position < loop_s[1]) return position;
    return loop_s[0] + ((position - loop_s[0]) % (loop_s[1] - loop_s[0]));
  }
}

/** @param {Follow} follow @param {number} from @param {number} to @returns {number[]} at 60 a second */
function watch(follow, from, to) {
  const places = [];
  for (let at = from; at < to; at += 1 / 60) places.push(follow.position(at) ?? NaN);
  return places;
}

test("with no word from the desk the film goes on", () => {
  const said = new Said();
  const follow = new Follow(said);
  said.say(100, 10, 1);
  near(watch(follow, 100, 130).at(-1) ?? null, 40, 0.05);
  assert.equal(follow.jumps, 1);
});

test("a small difference is caught up with, never backwards; a great one is a locate", () => {
  const said = new Said();
  const follow = new Follow(said);
  said.say(0, 0, 1);
  watch(follow, 0, 10);
  said.say(10, 9.8, 1); // 0.2 s less than we think
  const places = watch(follow, 10, 14);
  for (let i = 1; i < places.length; i++) assert.ok((places[i] ?? 0) > (places[i - 1] ?? 0));
  near(places[0] ?? null, 10, 0.03);
  near(places.at(-1) ?? null, said.position(14 - 1 / 60) ?? NaN, 0.02);
  assert.equal(follow.jumps, 1);
  said.say(14, 60, 1);
  near(follow.position(14), 60, 1e-6);
  assert.equal(follow.jumps, 2);
});

test("a start and a stop are taken at once", () => {
  const said = new Said();
  const follow = new Follow(said);
  said.say(0, 5, 0);
  watch(follow, 0, 1);
  said.say(1, 5, 1);
  near(follow.position(1.1), 5.1, 1e-9); // the word came 0.1 s late
  said.say(1.2, 5.2, 0);
  near(follow.position(1.3), 5.2, 1e-9);
});

test("a loop is gone round without a jump", () => {
  const said = new Said();
  const follow = new Follow(said);
  said.say(0, 1, 1, [1, 3]);
  const places = watch(follow, 0, 9);
  assert.equal(follow.jumps, 1);
  assert.ok(places.every((place) => place >= 1 - 1e-6 && place < 3 + 1e-6));
});

test("a count-in rolls on its own word, and for no longer than a second", () => {
  const said = new Said();
  const follow = new Follow(said);
  said.say(0, 4, 0);
  follow.position(0.5);
  follow.countIn({ kind: "count", beats_s: [1, 2, 3, 4], rolls_s: 5 }, 0.5);
  near(follow.position(4.9), 4);
  near(follow.position(5.4), 4.2);
  assert.ok(follow.rolls(5.4));
  near(follow.position(6.5), 4); // the desk never said so
  said.say(7, 4, 0);
  follow.countIn({ kind: "count", beats_s: [8, 9], rolls_s: 10 }, 1);
  follow.countIn({ kind: "count", beats_s: [], rolls_s: 8.5 }, 1); // called off
  near(follow.position(10.2), 4);
});

test("the click falls on the count and on the beats, through a loop, at any speed", () => {
  const said = new Said();
  const follow = new Follow(said);
  said.say(0, 4, 0);
  follow.position(0);
  follow.countIn({ kind: "count", beats_s: [1, 2, 3, 4], rolls_s: 5 }, 1);
  const clicks = due(follow, GRID, 0, 7.5);
  assert.deepEqual(
    clicks.map(({ at }) => at),
    [1, 2, 3, 4, 5, 6, 7],
  );
  assert.deepEqual(
    clicks.map(({ accent }) => accent),
    [true, false, false, false, true, false, false],
  );
  said.say(10, 6, 0.5, [4, 8]);
  follow.position(10);
  const round = due(follow, GRID, 10, 17);
  assert.deepEqual(
    round.map(({ at }) => at),
    [10, 12, 14, 16],
  );
  assert.deepEqual(
    round.map(({ accent }) => accent),
    [false, false, true, false],
  );
});

test("announcements come two beats ahead, once each, and not in a stream", () => {
  const herald = new Herald();
  const coming = (/** @type {number} */ beats, key = "a") => [
    { text: "F major seven", beats, secondsAway: beats, key },
  ];
  assert.equal(herald.say(coming(4), 0), null);
  assert.equal(herald.say(coming(2), 2), "in 2 beats: F major seven");
  assert.equal(herald.say(coming(1), 3), null);
  assert.equal(herald.say(coming(2, "b"), 4), null); // too soon after the last
  assert.equal(herald.say(coming(1.5, "c"), 6), "in 2 beats: F major seven");
  const quick = [{ text: "F", beats: 4, secondsAway: 1.4, key: "d" }]; // two beats would be too short
  assert.equal(herald.say(quick, 10), "in 4 beats: F");
  assert.equal(herald.say(coming(0.5, "e"), 20), null); // over before it is said
});

test("the page says how it stands with the desk", () => {
  const facts = { known: true, placed: true, error: 0.0032, aloneFor: 0 };
  assert.deepEqual(connection({ ...facts, wire: "open" }), {
    mood: "good",
    words: "In time ± 4 ms",
  });
  const alone = connection({ ...facts, wire: "lost", aloneFor: 12.9 });
  assert.equal(
    alone.words,
    "On its own since 12 s: the network has gone. It goes on and will catch up.",
  );
  assert.equal(connection({ ...facts, wire: "opening", aloneFor: 3 }).mood, "bad");
  assert.equal(
    connection({ ...facts, wire: "opening", known: false }).words,
    "Waiting for the desk",
  );
  assert.equal(connection({ ...facts, wire: "open", known: false }).words, "Setting the clock");
});

test("the page says what the transport does, where that is not plain", () => {
  const said = new Said();
  said.say(0, 1, 1);
  const facts = { now: said.now, rolls: true, counting: false, score: { draft: false } };
  assert.equal(transport(facts), "");
  assert.equal(transport({ ...facts, score: null }), "No score yet");
  assert.equal(transport({ ...facts, now: null }), "Waiting for the transport");
  assert.equal(transport({ ...facts, counting: true }), "Counting in");
  said.say(0, 1, 0.8);
  assert.equal(transport({ ...facts, now: said.now }), "At 80 % of the tempo");
  said.say(0, 1, 0);
  assert.equal(transport({ ...facts, now: said.now, rolls: false }), "Stopped");
});

test("a practice loop speeds up by five per cent each time round, up to the film's speed", () => {
  let rate = 0.85;
  const rates = Array.from({ length: 5 }, () => (rate = faster(rate)));
  assert.deepEqual(rates, [0.9, 0.95, 1, 1, 1]);
  assert.equal(faster(1.2), 1.2);
  assert.ok(wentRound(7.9, 4.05, [4, 8]));
  assert.ok(!wentRound(5, 5.1, [4, 8]));
  assert.ok(!wentRound(7, 6.5, [4, 8])); // somebody went back a little
  assert.ok(!wentRound(null, 4, [4, 8]));
});
