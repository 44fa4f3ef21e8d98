/**
 * The socket to the desk: it comes back by itself, and measures the desk's clock.
 */

import { DeskClock } from "./clock.js";

/** @typedef {import("../messages").Tell} Tell */
/** @typedef {import("../messages").Ask} Ask */
/** @typedef {Tell["kind"]} TellKind */
/**
 * @template {TellKind} K
 * @typedef {Extract<Tell, { kind: K }>} Told
 */
/** @typedef {"opening" | "open" | "lost"} WireState */

const FIRST_PINGS = 10;
const FIRST_EVERY_MS = 60;
const EVERY_MS = 1000;
const SILENT_MS = 3500; // the desk speaks once a second at least
const AGAIN_MS = [250, 500, 1000, 2000, 4000];

export class Wire {
  /** @param {string} path such as "/socket"; where it is */
  constructor(path) {
    this.url = new URL(path, location.href.replace(/^http/, "ws")).href;
    this.clock = new DeskClock();
    /** @type {WireState} */
    this.state = "opening";
    /** @type {Map<string, Set<(message: any) => void>>} */
    this.hearers = new Map();
    /** @type {Set<(state: WireState) => void>} */
    this.watchers = new Set();
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {string | null} */
    this.run = null;
    this.tries = 0;
    this.heardAt = 0;
    this.pings = 0;
    this.on("pong", (pong) => this.clock.pong(pong));
    this.on("welcome", ({ run }) => {
      if (this.run !== null && this.run !== run) this.clock.forget();
      this.run = run;
    });
  }

  /**
   * @template {TellKind} K
   * @param {K} kind
   * @param {(message: Told<K>) => void} hearer
   */
  on(kind, hearer) {
    const hearers = this.hearers.get(kind) ?? new Set();
    this.hearers.set(kind, hearers.add(hearer));
  }

  /** @param {(state: WireState) => void} watcher told of every change, and at once of the state */
  watch(watcher) {
    this.watchers.add(watcher);
    watcher(this.state);
  }

  /** Connect, for as long as the page is there. */
  open() {
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onopen = () => {
      this.tries = 0;
      this.pings = 0;
      this.heardAt = performance.now();
      this.become("open");
      this.beat(socket);
    };
    socket.onmessage = ({ data }) => {
      this.heardAt = performance.now();
      const message = JSON.parse(data);
      for (const hearer of this.hearers.get(message.kind) ?? []) hearer(message);
    };
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.become("lost");
      const wait = AGAIN_MS[Math.min(this.tries++, AGAIN_MS.length - 1)] ?? 0;
      setTimeout(() => this.open(), wait * (0.75 + Math.random() / 2));
    };
  }

  /**
   * @param {Ask} message
   * @returns {boolean} whether it could be said
   */
  say(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  /** @param {WebSocket} socket */
  beat(socket) {
    if (this.socket !== socket || socket.readyState !== WebSocket.OPEN) return;
    if (performance.now() - this.heardAt > SILENT_MS) {
      // A network that has gone says nothing: the close would come minutes later.
      socket.onclose = null;
      socket.close();
      this.become("lost");
      this.open();
      return;
    }
    this.say(this.clock.ping());
    const every = this.pings++ < FIRST_PINGS ? FIRST_EVERY_MS : EVERY_MS;
    setTimeout(() => this.beat(socket), every);
  }

  /** @param {WireState} state */
  become(state) {
    if (state === this.state) return;
    this.state = state;
    for (const watcher of this.watchers) watcher(state);
  }
}
