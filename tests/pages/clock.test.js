/** Two pages' clocks over a network that delays each message by another time. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { DeskClock } from "../../bridge/scorelock/bridge/desk/pages/common/clock.js";

/** @typedef {(random: () => number) => number} Delay seconds, of one message */

/** @param {number} seed */
function randomness(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A page whose clock goes wrong by `ppm`, and its way to a desk whose time is given. */
class Page {
  /** @param {{ seed: number, ppm: number, delay: Delay, pings?: (nth: number) => number }} how */
  constructor({ seed, ppm, delay, pings = (nth) => (nth < 40 ? 0.06 : 1) }) {
    this.random = randomness(seed);
    for (let warm = 0; warm < 8; warm += 1) this.random();
    this.skew = 1 + ppm * 1e-6;
    this.began = 1000 * this.random();
    this.local = this.began;
    this.delay = delay;
    this.pings = pings;
    this.clock = new DeskClock(() => this.local);
    this.said = 0;
    this.pingAt = 0;
    /** @type {{ arrives: number, number: number, at_s: number }[]} */
    this.coming = [];
  }

  /** @param {number} time the world's, seconds */
  reach(time) {
    this.local = this.began + time * this.skew;
  }

  /**
   * @param {number} time
   * @param {(time: number) => number} deskTime
   */
  advance(time, deskTime) {
    for (;;) {
      const pong = this.coming[0];
      const next = Math.min(this.pingAt, pong?.arrives ?? Infinity);
      if (next > time) break;
      this.reach(next);
      if (pong && pong.arrives === next) {
        this.clock.pong(pong);
        this.coming.shift();
      } else {
        this.ping(next, deskTime);
      }
    }
    this.reach(time);
  }

  /**
   * @param {number} time
   * @param {(time: number) => number} deskTime
   */
  ping(time, deskTime) {
    const { number } = this.clock.ping();
    const there = time + this.delay(this.random);
    const back = there + this.delay(this.random);
    const behind = this.coming.at(-1)?.arrives ?? 0; // a stream keeps its order
    this.coming.push({ arrives: Math.max(back, behind), number, at_s: deskTime(there) });
    this.pingAt = time + this.pings(this.said++);
  }
}

/**
 * How far two pages are apart, every 10 ms from one time to another.
 * @param {Page} one
 * @param {Page} other
 * @param {number} from
 * @param {number} to
 * @param {(time: number) => number} [deskTime]
 */
function apart(one, other, from, to, deskTime = (time) => 5e5 + time) {
  const found = [];
  for (let time = from; time < to; time += 0.01) {
    one.advance(time, deskTime);
    other.advance(time, deskTime);
    found.push(Math.abs(one.clock.now() - other.clock.now()));
  }
  return found;
}

/** @param {number[]} all */
const p99 = (all) => [...all].sort((a, b) => a - b)[Math.floor(0.99 * all.length)] ?? NaN;

/** @type {Delay} */
const jitter50 = (random) => 0.05 * random();

/**
 * @param {Delay} delay
 * @param {number} from
 * @param {number} to
 */
function manyPairs(delay, from, to) {
  const all = [];
  for (let pair = 0; pair < 60; pair += 1) {
    const one = new Page({ seed: 2 * pair + 1, ppm: 60, delay });
    const other = new Page({ seed: 2 * pair + 2, ppm: -60, delay });
    apart(one, other, 0, from);
    all.push(...apart(one, other, from, to));
  }
  return all;
}

for (const [words, delay] of /** @type {[string, Delay][]} */ ([
  ["up to 50 ms each way", jitter50],
  ["50 ms give or take 50 each way", (random) => 0.1 * random()],
  ["20 ms and a long tail", (random) => 0.005 - 0.02 * Math.log(1 - random())],
])) {
  test(`two pages agree: delays of ${words}`, () => {
    const settled = p99(manyPairs(delay, 5, 120));
    const early = p99(manyPairs(delay, 1.5, 5));
    assert.ok(settled < 0.015, `${settled}`);
    assert.ok(early < 0.03, `${early}`);
  });
}

test("the clock keeps to the desk's own, and glides once it has settled", () => {
  const page = new Page({ seed: 5, ppm: 80, delay: jitter50 });
  const deskTime = (/** @type {number} */ time) => 300 + time;
  let before = -Infinity;
  for (let time = 2; time < 60; time += 0.005) {
    page.advance(time, deskTime);
    const now = page.clock.now();
    assert.ok(Math.abs(now - deskTime(time)) < 0.012);
    assert.ok(now > before + 0.0045, "it moves on evenly");
    assert.ok(now < before + 0.0055 || before === -Infinity);
    assert.ok(
      Math.abs(now - deskTime(time)) <= page.clock.error + 0.004,
      "it says how exact it is",
    );
    before = now;
  }
});

test("a desk that was started anew is another clock", () => {
  const page = new Page({ seed: 7, ppm: 0, delay: jitter50 });
  page.advance(20, (time) => 100 + time);
  page.clock.forget();
  assert.equal(page.clock.known, false);
  page.coming = [];
  page.advance(23, (time) => 9000 + time);
  assert.ok(Math.abs(page.clock.now() - 9023) < 0.03);
});

test("a device that slept, and whose clock stood meanwhile, is right again at the next pong", () => {
  const page = new Page({ seed: 9, ppm: 0, delay: jitter50 });
  page.advance(20, (time) => 100 + time);
  for (const asleep of [0.5, 60, -60]) {
    page.coming = [];
    page.advance(page.pingAt + 3, (time) => 100 + asleep + time);
    const time = page.local - page.began;
    assert.ok(Math.abs(page.clock.now() - (100 + asleep + time)) < 0.03, `${asleep} s`);
  }
});

test("a clock that knows nothing says so, and heeds no pong that it did not ask for", () => {
  const clock = new DeskClock(() => 12);
  clock.pong({ number: 1, at_s: 99 });
  assert.equal(clock.known, false);
  assert.equal(clock.now(), 12);
  assert.equal(clock.error, Infinity);
});

test("pings that nobody answers are forgotten", () => {
  const clock = new DeskClock(() => 1);
  for (let ping = 0; ping < 1000; ping += 1) clock.ping();
  assert.ok(clock.sent.size <= 64);
  clock.pong({ number: 1000, at_s: 5 });
  assert.equal(clock.now(), 5);
});
