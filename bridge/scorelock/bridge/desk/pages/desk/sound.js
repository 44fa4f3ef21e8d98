/**
 * The score in the browser, when no MIDI output is chosen: notes are scheduled a little ahead on
 * the audio's clock, where the playhead will be; a timer does it, as pages in the background have
 * no frames.
 */

import { beginning, goingOn, heard, keyOf, longestOf, stretches } from "./schedule.js";
import { Instrument } from "./voice.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("../common/playhead.js").Playhead} Playhead */
/** @typedef {import("../messages").ScoreNote} Note */
/** @typedef {import("./schedule.js").Span} Span */
/** @typedef {{ run_s: number, at: number, rate: number, loop: Span | null }} Mark */

const EVERY_MS = 25;
const AHEAD_S = 0.12;
const AHEAD_HIDDEN_S = 1.5; // timers of hidden pages come once a second
const JUMP_S = 0.06;

export class Sound extends EventTarget {
  /**
   * Events: "change" when it can be heard, or not any more.
   *
   * @param {Store} store
   * @param {Playhead} playhead
   */
  constructor(store, playhead) {
    super();
    this.store = store;
    this.playhead = playhead;
    this.volume = 0.8;
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {Instrument | null} */
    this.instrument = null;
    /** Where the film was when notes were scheduled last. @type {Mark | null} */
    this.mark = null;
    this.until_run_s = 0;
    this.stale = false;
    /** @type {number | null} */
    this.offset = null;
    /** The moment of the audio's clock that is heard at this turn. */
    this.heard_at = 0;
    /** @type {Note[]} */
    this.notes = [];
    this.longest_s = 0;
    this.open();
    store.onScore(() => this.read());
    store.on("parts", () => this.read());
    store.on("outs", () => this.changed());
    setInterval(() => this.turn(), EVERY_MS);
  }

  open() {
    if (typeof AudioContext !== "function") return;
    try {
      this.context = new AudioContext({ latencyHint: "balanced" });
      this.instrument = new Instrument(this.context);
      this.instrument.setVolume(this.volume);
    } catch {
      this.context = null; // such as a machine without any sound device
      return;
    }
    this.context.addEventListener("statechange", () => this.changed());
    for (const gesture of ["pointerdown", "keydown"])
      addEventListener(gesture, () => this.unlock(), { capture: true });
  }

  unlock() {
    if (this.context?.state === "suspended") void this.context.resume();
  }

  /** @returns {"none" | "elsewhere" | "locked" | "open"} whether this page can be heard */
  get state() {
    if (this.store.get("outs")?.port) return "elsewhere";
    if (!this.context) return "none";
    return this.context.state === "running" ? "open" : "locked";
  }

  /** @param {number} share 0 to 1 */
  setVolume(share) {
    this.volume = share;
    this.instrument?.setVolume(share);
  }

  /** Nothing sounds any more; what rolls goes on with the next note. */
  panic() {
    this.instrument?.silence();
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  read() {
    const { score } = this.store;
    const on = heard(score?.parts ?? [], this.store.get("parts")?.parts ?? []);
    this.notes = score ? score.notes.filter(([, , , , part]) => on[part] ?? true) : [];
    this.longest_s = longestOf(this.notes);
    this.stale = true;
  }

  stop() {
    if (!this.mark) return;
    this.mark = null;
    this.instrument?.silence();
  }

  turn() {
    const { now } = this.playhead;
    const { clock, state } = this.store.wire;
    this.heard_at = this.heardNow();
    const at = clock.now();
    const position = this.playhead.position(at);
    if (this.state !== "open" || state !== "open" || !now || !this.playhead.rolls) this.stop();
    else if (position !== null) this.advance(at, position, now.rate, this.loopOf(now));
  }

  /**
   * @param {import("../common/playhead.js").Now} now
   * @returns {Span | null} the loop that the playhead keeps to
   */
  loopOf({ loop_s, position_s }) {
    return loop_s && (position_s ?? 0) < loop_s[1] ? loop_s : null;
  }

  /**
   * @param {number} at desk's clock
   * @param {number} position film seconds then
   * @param {number} rate
   * @param {Span | null} loop
   */
  advance(at, position, rate, loop) {
    const run_s = this.runOf(at, position, rate, loop);
    if (run_s === null) this.begin(at, position, rate, loop);
    else this.mark = { run_s, at, rate, loop };
    const here_s = run_s ?? position;
    const delay_s = this.latency;
    const ahead_s = (document.hidden ? AHEAD_HIDDEN_S : AHEAD_S) + delay_s;
    const to_s = here_s + ahead_s * rate;
    if (to_s <= this.until_run_s) return;
    for (const stretch of stretches(this.until_run_s, to_s, loop)) {
      const when = (/** @type {number} */ film_s) =>
        this.heard_at + (stretch.run_s + film_s - stretch.from_s - here_s) / rate;
      const notes = beginning(this.notes, stretch.from_s, stretch.to_s);
      if (stretch.again) notes.push(...goingOn(this.notes, stretch.from_s, this.longest_s));
      for (const note of notes) this.strike(note, stretch, when, stretch.run_s);
    }
    this.until_run_s = to_s;
  }

  /**
   * @param {Note} note
   * @param {{ from_s: number, end_s: number }} stretch
   * @param {(film_s: number) => number} when audio seconds
   * @param {number} lap makes the note another one each time round
   */
  strike(note, stretch, when, lap) {
    const [onset, duration, pitch, velocity, part] = note;
    const name = this.store.score?.parts[part] ?? "";
    const key = stretch.end_s === Infinity ? keyOf(note) : `${keyOf(note)} ${lap.toFixed(3)}`;
    this.instrument?.strike(key, name, {
      pitch,
      velocity,
      at: when(Math.max(onset, stretch.from_s)),
      until: when(Math.min(onset + duration, stretch.end_s)),
    });
  }

  /**
   * Film seconds that count on where the film goes round.
   *
   * @param {number} at
   * @param {number} position
   * @param {number} rate
   * @param {Span | null} loop
   * @returns {number | null} null where what was scheduled does not hold any more
   */
  runOf(at, position, rate, loop) {
    const { mark } = this;
    const same = mark && mark.rate === rate && String(mark.loop) === String(loop);
    if (!same || this.stale) return null;
    const expected = mark.run_s + (at - mark.at) * rate;
    const length = loop ? loop[1] - loop[0] : 0;
    const laps = length > 0 ? Math.round((expected - position) / length) : 0;
    const run_s = position + laps * length;
    return Math.abs(run_s - expected) > JUMP_S ? null : run_s;
  }

  /**
   * Sound what stands here: what sounds already goes on, the rest ends.
   *
   * @param {number} at
   * @param {number} position
   * @param {number} rate
   * @param {Span | null} loop
   */
  begin(at, position, rate, loop) {
    const { instrument } = this;
    this.stale = false;
    this.mark = { run_s: position, at, rate, loop };
    this.until_run_s = position;
    if (!instrument) return;
    const notes = goingOn(this.notes, position, this.longest_s);
    const wanted = new Map(notes.map((note) => [keyOf(note), note]));
    const now = instrument.context.currentTime;
    instrument.silence((key, voice) => wanted.has(key) && voice.at <= now && voice.until > now);
    const when = (/** @type {number} */ film_s) => this.heard_at + (film_s - position) / rate;
    const end_s = loop && position < loop[1] ? loop[1] : Infinity;
    for (const [key, note] of wanted) {
      const until = Math.min(note[0] + note[1], end_s);
      const voice = instrument.voices.get(key);
      if (voice) voice.endAt(when(until));
      else if (until - position > 0.1)
        this.strike(note, { from_s: position, end_s }, when, position);
    }
  }

  // Clocks ------------------------------------------------------------------------------------------

  /** @returns {number} the moment of the audio's clock that is heard just now */
  heardNow() {
    const { context } = this;
    if (!context) return 0;
    const page_s = performance.now() / 1000;
    const { contextTime, performanceTime } = context.getOutputTimestamp?.() ?? {};
    const heard_s =
      contextTime && performanceTime
        ? contextTime - performanceTime / 1000
        : context.currentTime - (context.outputLatency || context.baseLatency || 0) - page_s;
    const off = this.offset === null ? Infinity : heard_s - this.offset;
    // The two clocks are read one after the other, a few ms apart: their difference is smoothed.
    this.offset = this.offset === null || Math.abs(off) > 0.05 ? heard_s : this.offset + off / 20;
    return page_s + this.offset;
  }

  /** @returns {number} seconds from the audio's clock to the ear */
  get latency() {
    return Math.max(0, Math.min(0.5, (this.context?.currentTime ?? 0) - this.heard_at));
  }
}
