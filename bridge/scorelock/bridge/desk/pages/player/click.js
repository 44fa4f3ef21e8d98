/** The click: short tones on the beats, given to the audio clock before they are due. */

/** @typedef {import("./follow.js").Follow} Follow */
/** @typedef {import("./beats.js").Grid} Grid */
/** @typedef {import("../common/clock.js").DeskClock} DeskClock */
/** @typedef {{ key: string, at: number, accent: boolean }} Due a beat: which, the desk's time, whether it leads */

const AHEAD_S = 0.3;
const AHEAD_HIDDEN_S = 1.5; // a page in the background wakes up once a second
const EVERY_MS = 40;
const TOO_LATE_S = 0.03;
const SAME_S = 0.1; // no two beats are as near

/**
 * The beats that fall before `until`, of the count-in and of the score.
 *
 * @param {Follow} follow
 * @param {Grid} grid
 * @param {number} at the desk's time
 * @param {number} until the desk's time
 * @returns {Due[]}
 */
export function due(follow, grid, at, until) {
  const counted = (follow.count?.beats_s ?? [])
    .map((beat, index) => ({
      key: `count ${beat}`,
      at: beat,
      accent: index % countedBar(follow, grid) === 0,
    }))
    .filter((beat) => beat.at >= at && beat.at < until);
  const played = follow.ahead(at, until).flatMap((stretch) =>
    grid.ticksIn(stretch.from, stretch.to).map((tick) => {
      const when = stretch.at + (tick.at - stretch.from) / stretch.rate;
      return { key: `beat ${tick.index}`, at: when, accent: tick.accent };
    }),
  );
  return [...counted, ...played];
}

/** @param {Follow} follow @param {Grid} grid @returns {number} beats in the bar that is counted in */
const countedBar = (follow, grid) => grid.place(follow.last ?? 0)?.beats ?? 4;

export class Click {
  /**
   * @param {DeskClock} clock
   * @param {Follow} follow
   * @param {() => Grid | null} grid
   */
  constructor(clock, follow, grid) {
    this.clock = clock;
    this.follow = follow;
    this.grid = grid;
    /** @type {AudioContext | null} */
    this.audio = null;
    /** @type {GainNode | null} */
    this.out = null;
    /** @type {Map<string, { at: number, tone: OscillatorNode | null }>} */
    this.given = new Map();
    this.volume = 0.6;
    this.jumps = 0;
    this.timer = 0;
  }

  /** @returns {boolean} */
  get on() {
    return this.timer !== 0;
  }

  /** @returns {boolean} whether this browser can */
  static get possible() {
    return typeof AudioContext === "function";
  }

  /** To be called by a tap or a key: browsers want one before they sound. */
  start() {
    if (this.audio === null) {
      this.audio = new AudioContext({ latencyHint: "interactive" });
      this.out = this.audio.createGain();
      this.out.connect(this.audio.destination);
      this.setVolume(this.volume);
    }
    void this.audio.resume();
    if (!this.on) this.timer = window.setInterval(() => this.give(), EVERY_MS);
  }

  stop() {
    window.clearInterval(this.timer);
    this.timer = 0;
    this.takeBack();
  }

  /** @param {number} volume 0 to 1, as it is heard */
  setVolume(volume) {
    this.volume = volume;
    if (this.out !== null) this.out.gain.value = volume * volume;
  }

  /** Give the audio clock what is due soon. */
  give() {
    const grid = this.grid();
    if (grid === null || !this.clock.known || this.audio?.state !== "running") return;
    const now = this.clock.now();
    this.follow.position(now);
    this.takeBackWhatIsNot(now);
    const until = now + (document.hidden ? AHEAD_HIDDEN_S : AHEAD_S);
    for (const beat of due(this.follow, grid, now - TOO_LATE_S, until)) {
      const near = this.given.get(beat.key);
      if (near === undefined || Math.abs(near.at - beat.at) > SAME_S)
        this.strike(this.audio, beat, now);
    }
  }

  /** @param {number} now the desk's time; forget what has sounded, and all after a locate or stop */
  takeBackWhatIsNot(now) {
    const { follow, given } = this;
    const stopped = !follow.rolls(now) && follow.count === null;
    if (follow.jumps !== this.jumps || stopped) this.takeBack();
    this.jumps = follow.jumps;
    for (const [key, { at }] of given) if (at < now - 2 * SAME_S) given.delete(key);
  }

  /**
   * @param {AudioContext} audio
   * @param {Due} beat
   * @param {number} now the desk's time
   */
  strike(audio, { key, at, accent }, now) {
    if (this.out === null) return;
    this.given.set(key, { at, tone: null });
    const wanted = heardNow(audio) + at - now;
    if (wanted < audio.currentTime - TOO_LATE_S) return;
    const when = Math.max(wanted, audio.currentTime);
    const tone = audio.createOscillator();
    const shape = audio.createGain();
    tone.frequency.value = accent ? 1760 : 1175;
    shape.gain.setValueAtTime(accent ? 1 : 0.6, when);
    shape.gain.exponentialRampToValueAtTime(0.001, when + 0.05);
    tone.connect(shape).connect(this.out);
    tone.start(when);
    tone.stop(when + 0.06);
    this.given.set(key, { at, tone });
  }

  /** What has not sounded yet will not. */
  takeBack() {
    const now = this.clock.now();
    for (const { at, tone } of this.given.values()) if (at > now) tone?.stop();
    this.given.clear();
  }
}

/** @param {AudioContext} audio @returns {number} of its time, what leaves the loudspeaker now */
function heardNow(audio) {
  const { contextTime = 0, performanceTime = 0 } = audio.getOutputTimestamp?.() ?? {};
  if (performanceTime > 0) return contextTime + (performance.now() - performanceTime) / 1000;
  return audio.currentTime - (audio.outputLatency || audio.baseLatency || 0);
}
