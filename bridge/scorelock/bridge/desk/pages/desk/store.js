/**
 * What the desk has said last, and the score that belongs to it. Views listen; nothing else keeps
 * what is shared.
 */

/** @typedef {import("../common/wire.js").Wire} Wire */
/** @typedef {import("../common/wire.js").TellKind} TellKind */
/** @typedef {import("../messages").Ask} Ask */
/** @typedef {import("../messages").Score} Score */
/** @typedef {import("../messages").Work} Work */
/**
 * @template {TellKind} K
 * @typedef {import("../common/wire.js").Told<K>} Told
 */

const AGAIN_MS = 1000;
const NO_ANSWER = "The desk does not answer.";
/** @type {TellKind[]} */
const KEPT = ["welcome", "hosts", "cue_is", "parts", "outs", "influence", "room", "film_is"];

export class Store {
  /** @param {Wire} wire */
  constructor(wire) {
    this.wire = wire;
    /** @type {Map<string, any>} */
    this.newest = new Map();
    /** @type {Map<string, Set<(message: any) => void>>} */
    this.hearers = new Map();
    /** @type {Map<string, Work>} what goes on */
    this.works = new Map();
    /** @type {Map<string, (why: string | null) => void>} by the kind of what was asked */
    this.waiting = new Map();
    this.fetching = false;
    for (const kind of KEPT) wire.on(kind, (message) => this.keep(kind, message));
    wire.on("cue_is", () => void this.fetchScore());
    wire.on("cue_is", () => this.answerAll(null));
    wire.on("trouble", (trouble) => {
      if (!this.answer(trouble.answers, trouble.words)) this.tell("trouble", trouble);
    });
    wire.on("work", (work) => this.hearWork(work));
    wire.watch((state) => {
      if (state !== "lost") return;
      this.answerAll(NO_ANSWER);
      this.works.clear();
      this.tell("works", this.works);
    });
  }

  /**
   * @template {TellKind} K
   * @param {K} kind
   * @returns {Told<K> | null}
   */
  get(kind) {
    return this.newest.get(kind) ?? null;
  }

  /** @returns {Score | null} */
  get score() {
    return this.newest.get("score") ?? null;
  }

  /**
   * @template {TellKind} K
   * @param {K} kind
   * @param {(message: Told<K>) => void} hearer told of each, and at once of the newest
   */
  on(kind, hearer) {
    this.listen(kind, hearer);
  }

  /** @param {(score: Score | null) => void} hearer */
  onScore(hearer) {
    this.listen("score", hearer);
  }

  /** @param {(works: Map<string, Work>) => void} hearer */
  onWorks(hearer) {
    this.listen("works", hearer);
  }

  /**
   * @param {Ask} message
   * @returns {boolean}
   */
  say(message) {
    return this.wire.say(message);
  }

  /**
   * Ask for another score, and hear what becomes of it; what is in its way is told to nobody else.
   *
   * @param {Ask} message
   * @returns {Promise<string | null>} why it was not done; null: the score is another now
   */
  ask(message) {
    this.answer(message.kind, null);
    if (!this.say(message)) return Promise.resolve(NO_ANSWER);
    return new Promise((answered) => this.waiting.set(message.kind, answered));
  }

  /**
   * @param {string | null} kind of what was asked
   * @param {string | null} why
   * @returns {boolean} whether somebody waited for it
   */
  answer(kind, why) {
    const answered = this.waiting.get(kind ?? "");
    this.waiting.delete(kind ?? "");
    answered?.(why);
    return answered !== undefined;
  }

  /** @param {string | null} why */
  answerAll(why) {
    for (const kind of [...this.waiting.keys()]) this.answer(kind, why);
  }

  /** @param {Work} work */
  hearWork(work) {
    if (work.done) this.works.delete(work.work);
    else this.works.set(work.work, work);
    this.tell("works", this.works);
  }

  /** Have the score that `CueIs` speaks of; while one is on its way, the next waits. */
  async fetchScore() {
    if (this.fetching) return;
    this.fetching = true;
    try {
      while (this.wanted > (this.score?.version ?? 0)) await this.fetchOnce(this.wanted);
      if (this.wanted === 0) this.keep("score", null);
    } catch {
      setTimeout(() => void this.fetchScore(), AGAIN_MS);
    } finally {
      this.fetching = false;
    }
  }

  /** @returns {number} the version that the desk has; 0 for none */
  get wanted() {
    return this.get("cue_is")?.version ?? 0;
  }

  /** @param {number} wanted version, or a newer one */
  async fetchOnce(wanted) {
    const answer = await fetch("/score.json", { cache: "no-cache" });
    /** @type {Score | null} */
    const score = answer.ok ? await answer.json() : null;
    if (!score || score.version < wanted) throw new Error("the score is not there yet");
    this.keep("score", score);
  }

  /**
   * @param {string} kind
   * @param {any} message
   */
  keep(kind, message) {
    this.newest.set(kind, message);
    this.tell(kind, message);
  }

  /**
   * @param {string} kind
   * @param {any} message
   */
  tell(kind, message) {
    for (const hearer of this.hearers.get(kind) ?? []) hearer(message);
  }

  /**
   * @param {string} kind
   * @param {(message: any) => void} hearer
   */
  listen(kind, hearer) {
    const hearers = this.hearers.get(kind) ?? new Set();
    this.hearers.set(kind, hearers.add(hearer));
    if (kind === "works") hearer(this.works);
    else if (this.newest.has(kind)) hearer(this.newest.get(kind));
  }
}
