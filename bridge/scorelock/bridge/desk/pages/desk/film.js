/**
 * The page's film as a time line: while it leads and was moved here, it reports where it is; else
 * it follows the playhead, whoever leads.
 */

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("../common/playhead.js").Playhead} Playhead */
/** @typedef {import("../common/playhead.js").Now} Now */

const EVERY_MS = 100;
const STALE_FRAME_MS = 250; // a hidden page is shown no frames; its film goes on all the same
const LONG_SEEK_MS = 120; // a shorter one is told when it is done, as one locate
const SEEK_OFF_S = 0.15;
const STANDS_OFF_S = 0.02;
const NUDGE = 0.03;
const SEEKS_APART_MS = 1000;
const ORPHANED_MS = 3000;
const CONTRADICTED_MS = 1000;
const CONTRADICTED_S = 0.5;
const PLACE = "scorelock.place";

export class FilmPlayer extends EventTarget {
  /**
   * Events: "change" when it can show the film or cannot, and when it rolls or stops.
   *
   * @param {HTMLVideoElement} video
   * @param {Store} store
   * @param {Playhead} playhead
   */
  constructor(video, store, playhead) {
    super();
    this.video = video;
    this.store = store;
    this.playhead = playhead;
    /** Whether the film was moved last in this page, and no other has moved it since. */
    this.ours = false;
    /** @type {"none" | "opening" | "ready" | "cannot"} */
    this.state = "none";
    /** @type {[number, number] | null} */
    this.loop = null;
    /** @type {{ media_s: number, seenMs: number } | null} */
    this.frame = null;
    this.agreedMs = 0;
    this.lostMs = 0;
    this.seekTimer = 0;
    this.soughtMs = 0;
    /** What a seek takes here, which is to be added to its goal while the film goes on. */
    this.seek_s = 0.05;
    this.listen();
    setInterval(() => this.turn(), EVERY_MS);
  }

  listen() {
    const { video, store } = this;
    video.addEventListener("loadedmetadata", () => this.opened());
    video.addEventListener("error", () => this.become("cannot"));
    video.addEventListener("seeking", () => {
      clearTimeout(this.seekTimer);
      this.frame = null;
      this.soughtMs = performance.now();
      this.seekTimer = window.setTimeout(() => video.seeking && this.report(), LONG_SEEK_MS);
    });
    video.addEventListener("seeked", () => {
      this.seek_s = Math.min(1, (performance.now() - this.soughtMs) / 1000);
    });
    for (const happening of [
      "play",
      "playing",
      "pause",
      "seeked",
      "ratechange",
      "waiting",
      "ended",
    ])
      video.addEventListener(happening, () => {
        if (!video.seeking) this.report();
        this.changed();
      });
    store.on("welcome", ({ film_url }) => this.load(film_url));
    store.on("film_is", ({ url }) => this.load(url));
    store.wire.watch((state) => {
      if (state === "lost") video.pause();
    });
    this.watchFrames();
  }

  /** @returns {boolean} whether the desk takes the film for its clock, or would if it said where it is */
  get leads() {
    return (this.playhead.now?.leads || "film") === "film";
  }

  /** @returns {boolean} whether it moves by itself, not only by what the user wants */
  get rolls() {
    const { video } = this;
    return !video.paused && !video.ended && !video.seeking && video.readyState > 2;
  }

  /** @returns {number} film seconds, as they are seen */
  get position() {
    const { video, frame } = this;
    if (!frame || !this.rolls) return video.currentTime;
    const since = performance.now() - frame.seenMs;
    if (since > STALE_FRAME_MS) return video.currentTime;
    return Math.max(0, frame.media_s + (video.playbackRate * since) / 1000);
  }

  /** @param {string | null} url */
  load(url) {
    if (!url) {
      this.become("none");
      return;
    }
    if (new URL(url, location.href).href === this.video.src) return;
    this.video.src = url;
    this.become("opening");
  }

  opened() {
    // A browser that knows the sound's coding but not the picture's plays a film without a picture.
    this.become(this.video.videoWidth > 0 ? "ready" : "cannot");
    const place = sessionStorage.getItem(PLACE);
    sessionStorage.removeItem(PLACE);
    if (place !== null) this.seek(Number(place));
  }

  /** Have the page stand where it is now when it has been loaded anew. */
  keepPlace() {
    sessionStorage.setItem(PLACE, String(this.video.currentTime));
  }

  /** @param {FilmPlayer["state"]} state */
  become(state) {
    this.state = state;
    this.changed();
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  // What the user does ----------------------------------------------------------------------------

  play() {
    if (this.playhead.now?.leads === "") this.store.say({ kind: "lead", host: "film" });
    this.take();
    if (this.video.ended) this.video.currentTime = this.loop?.[0] ?? 0;
    void this.start();
  }

  pause() {
    this.take();
    this.video.pause();
  }

  /** @param {number} position_s */
  seek(position_s) {
    this.take();
    this.video.currentTime = Math.max(0, position_s);
  }

  /** @param {[number, number] | null} span_s */
  setLoop(span_s) {
    this.take();
    this.loop = span_s;
    this.report();
  }

  take() {
    this.agreedMs = performance.now();
    if (this.ours) return;
    this.ours = true;
    this.loop = this.playhead.now?.loop_s ?? null;
    this.setRate(1);
    this.report(); // it was another page's that was followed so far
  }

  async start() {
    try {
      await this.video.play();
    } catch (err) {
      // Without a gesture of the user a browser starts films only in silence.
      if (!(err instanceof DOMException) || err.name !== "NotAllowedError") return;
      this.video.muted = true;
      this.changed();
      await this.video.play().catch(() => {});
    }
  }

  // What is told ------------------------------------------------------------------------------------

  watchFrames() {
    const { video } = this;
    if (!("requestVideoFrameCallback" in video)) return;
    /** @type {VideoFrameRequestCallback} */
    const seen = (_, { mediaTime, expectedDisplayTime }) => {
      this.frame = { media_s: mediaTime, seenMs: expectedDisplayTime };
      this.goRound();
      video.requestVideoFrameCallback(seen);
    };
    video.requestVideoFrameCallback(seen);
  }

  report() {
    const { clock } = this.store.wire;
    if (!this.ours || !this.leads || !clock.known || this.state !== "ready") return;
    this.store.say({
      kind: "film",
      at_s: clock.now(),
      position_s: this.position,
      rolling: this.rolls,
      rate: this.video.playbackRate,
      loop_s: this.loop,
    });
  }

  goRound() {
    const { video, loop } = this;
    if (!this.ours || !this.leads || !loop || !this.rolls) return;
    if (video.currentTime >= loop[1]) [video.currentTime] = loop;
  }

  turn() {
    const open = this.store.wire.state === "open";
    const now = this.playhead.now;
    if (!open || !now) this.agreedMs = performance.now(); // nobody can contradict yet
    if (this.state !== "ready" || !open) return;
    if (!now) {
      this.report();
      return;
    }
    if (this.isOrphaned(now)) this.take();
    if (!this.leads || this.isContradicted(now)) this.ours = false;
    if (!this.ours) this.follow(now);
    else {
      this.goRound();
      if (this.rolls || now.position_s === null) this.report();
    }
  }

  /**
   * @param {Now} now
   * @returns {boolean} whether the film leads, but no page says where it is
   */
  isOrphaned(now) {
    if (now.state !== "lost") this.lostMs = 0;
    else if (this.lostMs === 0) this.lostMs = performance.now();
    const lost = this.lostMs > 0 && performance.now() - this.lostMs > ORPHANED_MS;
    return this.leads && (now.position_s === null || lost);
  }

  /**
   * @param {Now} now
   * @returns {boolean} whether another page has moved the film for a while
   */
  isContradicted(now) {
    const latency_s = Math.abs(this.store.get("hosts")?.latency_ms ?? 0) / 1000;
    const there = this.playhead.position();
    const off = there === null ? 0 : Math.abs(there - this.position);
    const alike = off < CONTRADICTED_S + latency_s && now.rate > 0 === this.rolls;
    if (alike || this.video.seeking) this.agreedMs = performance.now();
    return this.ours && performance.now() - this.agreedMs > CONTRADICTED_MS;
  }

  // When another leads ------------------------------------------------------------------------------

  /** @param {Now} now */
  follow(now) {
    const { video, playhead } = this;
    this.loop = null;
    const there = playhead.position();
    if (video.seeking || there === null || !Number.isFinite(video.duration)) return;
    const wanted = Math.min(Math.max(0, there), video.duration);
    if (playhead.rolls && there >= 0 && there < video.duration) this.runAt(wanted, now.rate);
    else this.standAt(wanted);
  }

  /**
   * @param {number} wanted film seconds
   * @param {number} rate of the leader
   */
  runAt(wanted, rate) {
    const { video } = this;
    const off = this.position - wanted;
    if (video.paused) void this.start();
    if (Math.abs(off) > SEEK_OFF_S && performance.now() - this.soughtMs > SEEKS_APART_MS)
      video.currentTime = Math.min(video.duration, wanted + this.seek_s * rate);
    this.setRate(rate * (1 - Math.max(-NUDGE, Math.min(NUDGE, off / 2))));
  }

  /** @param {number} wanted film seconds */
  standAt(wanted) {
    const { video } = this;
    if (!video.paused) video.pause();
    this.setRate(1);
    if (Math.abs(video.currentTime - wanted) > STANDS_OFF_S) video.currentTime = wanted;
  }

  /** @param {number} rate those that browsers can play */
  setRate(rate) {
    const within = Math.max(0.1, Math.min(8, rate));
    if (Math.abs(within - this.video.playbackRate) > 0.002) this.video.playbackRate = within;
  }
}
