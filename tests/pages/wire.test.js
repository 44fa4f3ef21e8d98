/** The socket to the desk, over sockets and timers that are not there. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Playhead } from "../../bridge/scorelock/bridge/desk/pages/common/playhead.js";
import { Wire } from "../../bridge/scorelock/bridge/desk/pages/common/wire.js";

class FakeSocket {
  static OPEN = 1;
  /** @type {FakeSocket[]} */
  static all = [];

  /** @param {string} url */
  constructor(url) {
    this.url = url;
    this.readyState = 0;
    /** @type {any[]} */
    this.sent = [];
    /** @type {(() => void) | null} */
    this.onopen = null;
    /** @type {((event: { data: string }) => void) | null} */
    this.onmessage = null;
    /** @type {(() => void) | null} */
    this.onclose = null;
    FakeSocket.all.push(this);
  }

  /** @param {string} data */
  send(data) {
    assert.equal(this.readyState, FakeSocket.OPEN);
    this.sent.push(JSON.parse(data));
  }

  close() {
    this.readyState = 3;
  }

  accept() {
    this.readyState = FakeSocket.OPEN;
    this.onopen?.();
  }

  /** @param {object} message */
  tell(message) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  drop() {
    this.readyState = 3;
    this.onclose?.();
  }
}

const NOW = { kind: "now", at_s: 10, position_s: 4, rate: 1, state: "locked", leads: "film" };
let ms = 0;

/** @param {number} by milliseconds, in steps that a timer may stand between */
function pass(by) {
  for (let gone = 0; gone < by; gone += 10) {
    ms += 10;
    mock.timers.tick(10);
  }
}

/** @returns {FakeSocket} */
const newest = () => /** @type {FakeSocket} */ (FakeSocket.all.at(-1));

/** @param {string} [path] */
function opened(path = "/socket") {
  const wire = new Wire(path, () => ms / 1000);
  wire.open();
  newest().accept();
  newest().tell({ kind: "welcome", run: "one" });
  return wire;
}

beforeEach(() => {
  ms = 0;
  FakeSocket.all = [];
  Object.assign(globalThis, {
    WebSocket: FakeSocket,
    location: { href: "http://desk.example:8765/r/token/" },
  });
  mock.timers.enable({ apis: ["setTimeout"] });
  mock.method(Math, "random", () => 0.5);
});

afterEach(() => mock.reset());

test("the socket is beside the page, whichever page it is", () => {
  assert.equal(new Wire("/socket").url, "ws://desk.example:8765/socket");
  assert.equal(new Wire("socket").url, "ws://desk.example:8765/r/token/socket");
  assert.equal(new Wire(new URL("https://a.example/b")).url, "wss://a.example/b");
});

test("messages go to those who asked for their kind", () => {
  const wire = opened();
  /** @type {string[]} */
  const heard = [];
  wire.on("trouble", ({ words }) => heard.push(words));
  newest().tell({ kind: "trouble", words: "no such chord", answers: null });
  newest().tell(NOW);
  assert.deepEqual(heard, ["no such chord"]);
});

test("the clock is measured often at first, then once a second", () => {
  opened();
  const pings = () => newest().sent.filter(({ kind }) => kind === "ping").length;
  pass(2700);
  newest().tell(NOW);
  assert.ok(pings() >= 40);
  const before = pings();
  pass(3000);
  assert.equal(pings(), before + 3);
});

test("a socket that does not open is given up, and another tried", () => {
  const wire = new Wire("/socket", () => ms / 1000);
  wire.open();
  const [first] = FakeSocket.all;
  pass(4900);
  assert.equal(FakeSocket.all.length, 1);
  pass(600);
  assert.equal(first?.readyState, 3);
  assert.equal(FakeSocket.all.length, 2);
});

test("a network that says nothing any more is noticed, and its late words are not heeded", () => {
  const wire = opened();
  /** @type {string[]} */
  const states = [];
  wire.watch((state) => states.push(state));
  let heard = 0;
  wire.on("now", () => heard++);
  const silent = newest();
  pass(6500);
  assert.deepEqual(states, ["open", "lost"]);
  assert.equal(wire.say({ kind: "undo" }), false);
  silent.tell(NOW);
  silent.drop();
  assert.equal(heard, 0);
  newest().accept();
  newest().tell(NOW);
  assert.deepEqual(states, ["open", "lost", "open"]);
  assert.equal(heard, 1);
  assert.equal(wire.say({ kind: "undo" }), true);
});

test("a page that was held up reads first what came meanwhile", () => {
  const wire = opened();
  pass(3000);
  newest().tell(NOW);
  ms += 20_000;
  const before = newest().sent.length;
  while (newest().sent.length === before) pass(10);
  newest().tell(NOW);
  pass(2000);
  assert.equal(wire.state, "open");
  assert.equal(FakeSocket.all.length, 1);
});

test("one socket is tried at a time, ever more seldom, and at once again after a welcome", () => {
  opened();
  newest().drop();
  for (let tries = 0; tries < 200; tries += 1) {
    pass(100);
    if (newest().readyState !== 3) newest().drop();
  }
  assert.ok(FakeSocket.all.length > 5 && FakeSocket.all.length < 12, `${FakeSocket.all.length}`);
  assert.ok(FakeSocket.all.every(({ readyState }) => readyState === 3));
  pass(4000);
  newest().accept();
  newest().tell({ kind: "welcome", run: "one" });
  newest().drop();
  const before = FakeSocket.all.length;
  pass(320);
  assert.equal(FakeSocket.all.length, before + 1);
});

test("a desk that takes sockets and drops them at once is not stormed", () => {
  const wire = new Wire("/socket", () => ms / 1000);
  wire.open();
  for (let tries = 0; tries < 200; tries += 1) {
    if (newest().readyState === 0) newest().accept();
    if (newest().readyState === FakeSocket.OPEN) newest().drop();
    pass(100);
  }
  assert.ok(FakeSocket.all.length < 12, `${FakeSocket.all.length}`);
});

test("another run of the desk has another clock", () => {
  const wire = opened();
  const { number } = newest().sent[0];
  newest().tell({ kind: "pong", number, at_s: 77 });
  assert.ok(wire.clock.known);
  newest().tell({ kind: "welcome", run: "one" });
  assert.ok(wire.clock.known);
  newest().tell({ kind: "welcome", run: "two" });
  assert.equal(wire.clock.known, false);
});

test("the playhead moves on from the desk's last word, lost or not, and goes round its loop", () => {
  const wire = opened();
  const playhead = new Playhead(wire);
  assert.equal(playhead.position(), null);
  assert.equal(playhead.rolls, false);
  newest().tell({ ...NOW, loop_s: null });
  assert.equal(playhead.position(12.5), 6.5);
  assert.ok(playhead.rolls);
  newest().drop();
  assert.equal(playhead.position(110), 104);
  newest().tell(NOW);
  pass(400);
  newest().accept();
  newest().tell({ ...NOW, rate: 0.5, loop_s: [2, 6] });
  assert.equal(playhead.position(12), 5);
  assert.equal(playhead.position(14), 2);
  assert.equal(playhead.position(24), 3);
  newest().tell({ ...NOW, position_s: 8, loop_s: [2, 6] });
  assert.equal(playhead.position(12), 10);
  newest().tell({ ...NOW, position_s: null, state: "lost" });
  assert.equal(playhead.position(12), null);
  assert.equal(playhead.rolls, false);
});

test("the playhead forgets what another run of the desk has said", () => {
  const wire = opened();
  const playhead = new Playhead(wire);
  newest().tell({ kind: "welcome", run: "one" });
  newest().tell(NOW);
  newest().tell({ kind: "welcome", run: "one" });
  assert.equal(playhead.position(12), 6);
  newest().tell({ kind: "welcome", run: "two" });
  assert.equal(playhead.position(12), null);
});
