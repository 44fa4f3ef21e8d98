/**
 * The socket to the desk: it comes back by itself, and measures the desk's clock.
 */

import { DeskClock, localNow } from "./clock.js";

/** @typedef {import("../messages").Tell} Tell */
/** @typedef {import("../messages").Ask} Ask */
/** @typedef {Tell["kind"]} TellKind */
/**
 * @template {TellKind} K
 * @typedef {Extract<Tell, { kind: K }>} Told
 */
/** @typedef {"opening" | "open" | "lost"} WireState */

const FIRST_PINGS = 40;
const FIRST_EVERY_MS = 60;
const EVERY_MS = 1000;
const CONNECT_MS = 5000;
const SILENT_S = 3.5; // the desk speaks once a second at least
const DOUBT_MS = 500;
const AGAIN_MS = [250, 500, 1000, 2000, 4000];

export class Wire {
  /**
   * @param {string | URL} path such as "/socket"; where it is
   * @param {() => number} [local] this page's clock, seconds
   */
  constructor(path, local = localNow) {
    this.url = new URL(path, location.href).href.replace(/^http/, "ws");
    this.clock = new DeskClock(local);
    /** @type {WireState} */
    this.state = "opening";
    /** @type {Map<string, Set<(message: any) => void>>} */
    this.hearers = new Map();
    /** @type {Set<(state: WireState) => void>} */
    this.watchers = new Set();
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} what is next: to give up, ping or try */
    this.timer = undefined;
    /** @type {string | null} */
    this.run = null;
    this.tries = 0;
    this.heardAt = 0;
    this.doubted = false;
    this.pings = 0;
    this.on("pong", (pong) => this.clock.pong(pong));
    this.on("welcome", ({ run }) => {
      if (this.run !== null && this.run !== run) this.clock.forget();
      this.run = run;
      this.tries = 0;
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
    clearTimeout(this.timer);
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.timer = setTimeout(() => this.lose(socket), CONNECT_MS);
    socket.onopen = () => {
      clearTimeout(this.timer);
      this.pings = 0;
      this.doubted = false;
      this.heardAt = this.clock.local();
      this.become("open");
      this.beat(socket);
    };
    socket.onmessage = ({ data }) => {
      this.heardAt = this.clock.local();
      const message = JSON.parse(data);
      for (const hearer of this.hearers.get(message.kind) ?? []) hearer(message);
    };
    socket.onclose = () => this.lose(socket);
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
    // A network that has gone says nothing: the close would come minutes later. But a page that was
    // held up has not read yet what came meanwhile.
    const silent = this.clock.local() - this.heardAt > SILENT_S;
    if (silent && this.doubted) {
      this.lose(socket);
      return;
    }
    this.doubted = silent;
    this.say(this.clock.ping());
    const every = this.pings++ < FIRST_PINGS ? FIRST_EVERY_MS : EVERY_MS;
    this.timer = setTimeout(() => this.beat(socket), silent ? DOUBT_MS : every);
  }

  /**
   * Be done with a socket, whatever it still says, and try another soon.
   * @param {WebSocket} socket
   */
  lose(socket) {
    clearTimeout(this.timer);
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    this.socket = null;
    this.become("lost");
    const wait = AGAIN_MS[Math.min(this.tries++, AGAIN_MS.length - 1)] ?? 0;
    this.timer = setTimeout(() => this.open(), wait * (0.75 + Math.random() / 2));
  }

  /** @param {WireState} state */
  become(state) {
    if (state === this.state) return;
    this.state = state;
    for (const watcher of this.watchers) watcher(state);
  }
}
