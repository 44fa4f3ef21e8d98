/** The desk's own transport for a rehearsal: counting in, going to sections, loop and speed. */

import { button, choice, iconButton, labelled, make, setOptions, setWords, show } from "./dom.js";
import { barBeat, clockWords } from "./places.js";

/** @typedef {import("../common/wire.js").Wire} Wire */
/** @typedef {import("../common/playhead.js").Playhead} Playhead */
/** @typedef {import("../messages").Room} Room */
/** @typedef {import("../messages").Score} Score */
/** @typedef {[number, number]} Span */

const HOUSE = "house";
const LEAST_SPEED = 25;
const MOST_SPEED = 150;
const STEP = 5; // per cent
const WATCH_MS = 100;
const NEAR_S = 0.5; // going back from just behind a section's start goes to the one before it

/**
 * @param {number} rate
 * @returns {number} after another time round: five per cent more, up to the film's own speed
 */
export const faster = (rate) =>
  rate >= 1 ? rate : Math.min(1, (Math.round(rate * 100) + STEP) / 100);

/**
 * Whether a loop has begun anew between two looks at the place.
 *
 * @param {number | null} before film seconds
 * @param {number | null} now film seconds
 * @param {Span | null} loop
 */
export const wentRound = (before, now, loop) =>
  before !== null && now !== null && loop !== null && before - now > (loop[1] - loop[0]) / 2;

/**
 * @param {Score | null} score
 * @param {number} at_s
 * @returns {string} "bar 12", or the time where there are no bars
 */
export function placeWords(score, at_s) {
  const place = score && barBeat(score, at_s + 1e-3);
  if (!place) return clockWords(at_s);
  return place.beat === 1 ? `bar ${place.bar}` : `bar ${place.bar}.${place.beat}`;
}

export class RoomTransport {
  /**
   * @param {Wire} wire
   * @param {Playhead} playhead
   */
  constructor(wire, playhead) {
    this.wire = wire;
    this.playhead = playhead;
    /** @type {Room | null} */
    this.room = null;
    /** @type {Score | null} */
    this.score = null;
    /** @type {Span | null} */
    this.selection = null;
    /** @type {number | null} */
    this.before = null;
    this.leader = make("p", { class: "hint" });
    this.element = make(
      "fieldset",
      {},
      make("legend", {}, "The desk’s own transport"),
      this.makeTransport(),
      this.makeSpeed(),
      this.makeLoop(),
      this.leader,
    );
    wire.on("now", ({ leads }) => this.showLeader(leads));
    setInterval(() => this.watchLoop(), WATCH_MS);
  }

  makeTransport() {
    const bars = ["No count", "1 bar in", "2 bars in", "4 bars in"];
    this.countIn = choice(
      "Bars to count in",
      bars.map((words) => [String(parseInt(words, 10) || 0), words]),
      () => {},
    );
    this.countIn.value = "1";
    return make(
      "div",
      { class: "line room-buttons" },
      iconButton("back", "To the section before", () => this.step(-1)),
      button("Play", () => this.play(), {
        class: "main",
        "aria-label": "Play with the desk’s transport",
      }),
      button("Stop", () => this.wire.say({ kind: "halt" }), {
        "aria-label": "Stop the desk’s transport",
      }),
      iconButton("on", "To the next section", () => this.step(1)),
      this.countIn,
    );
  }

  makeSpeed() {
    const limits = { min: LEAST_SPEED, max: MOST_SPEED };
    const asked = (/** @type {number} */ percent) => {
      if (percent >= LEAST_SPEED && percent <= MOST_SPEED)
        this.wire.say({ kind: "speed", rate: percent / 100 });
    };
    const slider = make("input", {
      type: "range",
      ...limits,
      step: STEP,
      change: () => asked(slider.valueAsNumber),
    });
    const number = make("input", {
      type: "number",
      ...limits,
      step: 1,
      "aria-label": "Speed in per cent",
      class: "room-percent",
      change: () => asked(number.valueAsNumber),
    });
    this.slider = slider;
    this.number = number;
    return make(
      "div",
      { class: "line" },
      labelled("Speed", slider),
      make("span", { class: "room-unit" }, number, "%"),
      button("100 %", () => asked(100), { "aria-label": "The film’s own speed" }),
    );
  }

  makeLoop() {
    this.from = choice("Loop from", [], () => this.chooseTo());
    this.to = choice("Loop to", [], () => {});
    this.looper = button("Loop", () => this.loopSections());
    this.selected = button("Loop the selection", () => this.selection && this.loop(this.selection));
    this.selected.disabled = true;
    this.ender = button("End the loop", () => this.wire.say({ kind: "loop", span_s: null }));
    this.stepUp = make("input", { type: "checkbox" });
    this.looped = make("p", { class: "room-looped", role: "status" });
    return make(
      "div",
      { class: "line" },
      labelled("From", this.from),
      labelled("To", this.to),
      this.looper,
      this.selected,
      this.ender,
      make("label", { class: "check" }, this.stepUp, "5 % faster each time round, up to 100 %"),
      this.looped,
    );
  }

  /** @param {Room} room */
  setRoom(room) {
    this.room = room;
    const percent = Math.round(room.rate * 100);
    if (this.slider) show(this.slider, percent);
    if (this.number) show(this.number, percent);
    this.showPlaces();
  }

  /** @param {Score} score */
  setScore(score) {
    this.score = score;
    this.showPlaces();
  }

  /** @param {Span | null} span */
  setSelection(span) {
    this.selection = span;
    if (this.selected) this.selected.disabled = span === null;
  }

  /** @returns {Array<{ at: number, words: string }>} where sections begin, with the film's start */
  get starts() {
    const markers = (this.room?.markers ?? []).map(({ position_s, name }) => ({
      at: position_s,
      words: name,
    }));
    return markers[0] && markers[0].at < 0.01
      ? markers
      : [{ at: 0, words: "The start" }, ...markers];
  }

  showPlaces() {
    const { from, to, ender, looped, score } = this;
    if (!from || !to || !ender || !looped) return;
    const options = this.starts.map(({ at, words }) => {
      /** @type {[string, string]} */
      const option = [String(at), `${words}, ${placeWords(score, at)}`];
      return option;
    });
    const end = score?.duration_s ?? 0;
    setOptions(from, options);
    setOptions(to, [...options.slice(1), [String(end), "The end"]]);
    if (Number(to.value) <= Number(from.value)) this.chooseTo();
    const loop = this.room?.loop_s ?? null;
    ender.disabled = loop === null;
    const words = loop
      ? `Goes round from ${placeWords(score, loop[0])} to ${placeWords(score, loop[1])}.`
      : "";
    setWords(looped, words);
  }

  /** The section that begins there, until one chooses otherwise. */
  chooseTo() {
    if (!this.from || !this.to) return;
    const from = Number(this.from.value);
    const after = [...this.to.options].find(({ value }) => Number(value) > from);
    if (after) this.to.value = after.value;
  }

  loopSections() {
    const span = [Number(this.from?.value), Number(this.to?.value)].sort((a, b) => a - b);
    this.loop([span[0] ?? 0, span[1] ?? 0]);
  }

  /** @param {Span} span_s */
  loop(span_s) {
    const here = this.playhead.position();
    this.wire.say({ kind: "loop", span_s });
    if (here === null || here < span_s[0] || here >= span_s[1]) this.go(span_s[0]);
  }

  play() {
    this.wire.say({ kind: "play", count_in_bars: Number(this.countIn?.value ?? 0) });
  }

  /** @param {number} position_s where our transport goes, and leads from then on */
  go(position_s) {
    if (this.playhead.now?.leads !== HOUSE) this.wire.say({ kind: "lead", host: HOUSE });
    this.wire.say({ kind: "locate", position_s });
  }

  /** @param {-1 | 1} way */
  step(way) {
    const here = this.playhead.position() ?? 0;
    const near = this.playhead.rolls ? NEAR_S : 0.01;
    const starts = this.starts.map(({ at }) => at);
    const to =
      way > 0
        ? starts.find((at) => at > here + 0.01)
        : starts.reverse().find((at) => at < here - near);
    if (to !== undefined) this.go(to);
    else if (way < 0) this.go(0);
  }

  /** Speed up when a loop begins anew, where that is wished. */
  watchLoop() {
    const { playhead, room, before } = this;
    const now = playhead.rolls && playhead.now?.leads === HOUSE ? playhead.position() : null;
    this.before = now;
    if (!this.stepUp?.checked || !room || !wentRound(before, now, playhead.now?.loop_s ?? null))
      return;
    const rate = faster(room.rate);
    if (rate !== room.rate) this.wire.say({ kind: "speed", rate });
  }

  /** @param {string} leads */
  showLeader(leads) {
    setWords(
      this.leader,
      leads === HOUSE
        ? ""
        : "Another transport leads now. Play, or going to a section or take, hands the lead to the desk’s own.",
    );
  }
}
