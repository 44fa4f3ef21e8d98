/** Play, stop and go: of whatever we command. A host that leads is told so, not commanded. */

import { choice, icon, iconButton, its } from "./dom.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./film.js").FilmPlayer} FilmPlayer */
/** @typedef {import("../common/playhead.js").Playhead} Playhead */
/** @typedef {[number, number]} Span */

const NEAR_S = 0.25; // going back from just behind a place goes to the one before it

export class Transport {
  /**
   * @param {Store} store
   * @param {Playhead} playhead
   * @param {FilmPlayer} film
   * @param {(words: string) => void} tell
   */
  constructor(store, playhead, film, tell) {
    this.store = store;
    this.playhead = playhead;
    this.film = film;
    this.tell = tell;
    this.countIn = 0;
    /** @type {Span | null} what the timeline has selected */
    this.selected = null;
    this.build();
    film.addEventListener("change", () => this.shown());
    store.wire.on("now", () => this.shown());
  }

  build() {
    this.playButton = iconButton("play", "Play", () => this.toggle(), { class: "play main" });
    this.loopButton = iconButton("loop", "Loop the selection", () => this.toggleLoop(), {
      "aria-pressed": "false",
    });
    const bars = choice(
      "Count in",
      [
        ["0", "No count"],
        ["1", "1 bar in"],
        ["2", "2 bars in"],
      ],
      (value) => {
        this.countIn = Number(value);
      },
    );
    its("transport", HTMLElement).append(
      iconButton("start", "To the start", () => this.seek(0)),
      iconButton("back", "To the marker or hit before", () => this.step(-1)),
      this.playButton,
      iconButton("on", "To the next marker or hit", () => this.step(1)),
      this.loopButton,
      bars,
    );
  }

  /** @returns {"film" | "house" | "host"} whom we command */
  get leads() {
    const leads = this.playhead.now?.leads || "film";
    return leads === "film" || leads === "house" ? leads : "host";
  }

  /** @returns {boolean} */
  get rolls() {
    const now = this.playhead.now;
    return this.leads === "film" && this.film.ours
      ? !this.film.video.paused
      : now !== null && now.rate > 0 && this.playhead.rolls;
  }

  toggle() {
    if (this.leads === "host") this.refuse();
    else if (this.rolls) this.stop();
    else this.play();
  }

  play() {
    const filmWill = this.film.state === "ready" || this.film.state === "opening";
    const filmCan = this.leads === "film" && filmWill && this.countIn === 0;
    if (filmCan) this.film.play();
    else {
      // The house transport can count in, and needs no film.
      if (this.leads === "film") this.hand("house");
      this.store.say({ kind: "play", count_in_bars: this.countIn });
    }
  }

  stop() {
    if (this.leads === "film") this.film.pause();
    else this.store.say({ kind: "halt" });
  }

  /** @param {string} host who leads from now on, from where we are */
  hand(host) {
    const position = this.playhead.position();
    if (host === "house" && position !== null)
      this.store.say({ kind: "locate", position_s: Math.max(0, position) });
    this.store.say({ kind: "lead", host });
  }

  /** @param {number} position_s */
  seek(position_s) {
    const to = Math.max(0, Math.min(position_s, this.store.get("welcome")?.duration_s ?? Infinity));
    if (this.leads === "host") this.refuse();
    else if (this.leads === "film" && this.film.state === "ready") this.film.seek(to);
    else {
      if (this.leads === "film") this.store.say({ kind: "lead", host: "house" });
      this.store.say({ kind: "locate", position_s: to });
    }
  }

  /** @param {-1 | 1} way to the next place that has a name */
  step(way) {
    const here = this.playhead.position() ?? 0;
    const { score } = this.store;
    const markers = this.store.get("room")?.markers ?? [];
    const places = [
      0,
      ...(score?.hits ?? []).map(([at]) => at),
      ...markers.map(({ position_s }) => position_s),
      score?.duration_s ?? 0,
    ].sort((a, b) => a - b);
    const near = this.rolls ? NEAR_S : 0.01;
    const to =
      way > 0
        ? places.find((at) => at > here + 0.01)
        : places.filter((at) => at < here - near).pop();
    if (to !== undefined) this.seek(to);
  }

  toggleLoop() {
    if (this.playhead.now?.loop_s) this.loop(null);
    else if (this.selected) this.loop(this.selected);
    else this.tell("Select a passage in the timeline first: it is what the loop goes round.");
  }

  /** @param {Span | null} span_s */
  loop(span_s) {
    if (this.leads === "host") this.refuse();
    else if (this.leads === "film" && this.film.state === "ready") this.film.setLoop(span_s);
    else this.store.say({ kind: "loop", span_s });
  }

  refuse() {
    const leads = this.playhead.now?.leads ?? "";
    const name = this.store.get("hosts")?.hosts.find((host) => host.name === leads)?.words ?? leads;
    this.tell(
      `${name} leads: play, stop and go there. To use this transport, choose the film under Source.`,
    );
  }

  shown() {
    const { playButton, loopButton } = this;
    if (!playButton || !loopButton) return;
    const words = this.rolls ? "Stop" : "Play";
    if (playButton.title !== words) {
      playButton.title = words;
      playButton.setAttribute("aria-label", words);
      playButton.replaceChildren(icon(this.rolls ? "stop" : "play"));
    }
    const loops = Boolean(this.playhead.now?.loop_s);
    loopButton.setAttribute("aria-pressed", String(loops));
    loopButton.title = loops ? "End the loop" : "Loop the selection";
  }
}
