/** The player's page: what it hears, what it shows at each frame, and what its buttons do. */

import { Playhead } from "../common/playhead.js";
import { Wire } from "../common/wire.js";
import { Herald, inBeats } from "./aloud.js";
import { stayAwake } from "./awake.js";
import { Grid, counted, sections } from "./beats.js";
import { Click } from "./click.js";
import { BeatLights, ChordSign, byId, setText } from "./face.js";
import { Follow } from "./follow.js";
import { Lines } from "./lines.js";
import { connection, transport } from "./link.js";
import { dress, fill, load, read, save } from "./options.js";
import { Reading } from "./reading.js";
import { drawStaff } from "./staff.js";
import { isShown } from "./streamer.js";
import { Strip } from "./strip.js";
import { MOST_CAPO } from "./transpose.js";

/** @typedef {import("../messages").Score} Score */
/** @typedef {import("./beats.js").Change} Change */

const NOTE_MS = 9000;
const AGAIN_MS = 1000;
const FRAME_S = 1 / 60; // what is drawn now is seen about a frame later
const NOTHING = Object.freeze({ root: "–", rest: "" });
const HITS = Object.freeze(
  /** @type {Record<string, string>} */ ({
    cut: "Cut",
    mark: "Hit",
    stinger: "Stinger",
    swell: "Swell",
    break: "Break",
  }),
);

class Player {
  constructor() {
    this.options = load();
    this.wire = new Wire("socket");
    this.playhead = new Playhead(this.wire);
    this.follow = new Follow(this.playhead);
    /** @type {Score | null} */
    this.score = null;
    /** @type {Grid | null} */
    this.grid = null;
    this.reading = new Reading({ key: "C major", flats: false }, this.options);
    /** @type {readonly import("../messages").Marker[]} */
    this.markers = [];
    this.houseRate = 1;
    this.lostAt = 0;
    this.fetching = 0;
    this.jumps = 0;
    this.herald = new Herald();
    this.announcedAt = 0;
    this.click = new Click(this.wire.clock, this.follow, () => this.grid);
    this.strip = new Strip(byId("bars"));
    this.lines = new Lines(byId("lines"));
    this.lights = new BeatLights(byId("beats"));
    this.signs = {
      now: new ChordSign(byId("now-room"), byId("now-chord")),
      next: new ChordSign(byId("next-room"), byId("next-chord")),
    };
    /** @type {Record<string, Change | null>} */
    this.staves = { now: null, next: null };
  }

  open() {
    const { wire } = this;
    wire.watch((state) => {
      if (state === "lost") this.lostAt ||= performance.now();
      if (state === "open") this.lostAt = 0;
    });
    wire.on("welcome", ({ film }) => {
      document.title = `${film}: Scorelock`;
      void this.fetchScore();
    });
    wire.on("cue_is", () => void this.fetchScore());
    wire.on("room", (room) => {
      this.houseRate = room.rate;
      if (JSON.stringify(room.markers) === JSON.stringify(this.markers)) return;
      this.markers = room.markers;
      this.redraw();
    });
    wire.on("count", (count) => this.follow.countIn(count, this.houseRate));
    wire.open();
    this.dressUp();
    stayAwake((words) => this.note(words));
    requestAnimationFrame(() => this.frame());
  }

  /** The newest score; asked for again until it is there. */
  async fetchScore() {
    const turn = ++this.fetching;
    try {
      const answer = await fetch(new URL("score.json", location.href), { cache: "no-cache" });
      if (!answer.ok) throw new Error(String(answer.status));
      const score = await answer.json();
      if (turn !== this.fetching) return;
      this.score = score;
      this.grid = new Grid(score);
      this.dressUp();
    } catch {
      setTimeout(
        () => turn === this.fetching && this.wire.state === "open" && this.fetchScore(),
        AGAIN_MS,
      );
    }
  }

  /** Show the score as the options have it. */
  dressUp() {
    dress(this.options);
    this.click.setVolume(this.options.volume / 100);
    if (this.score !== null) this.reading = new Reading(this.score, this.options);
    const { instrument, capo } = this.options;
    const name = instrument.replace("b", "♭");
    setText(
      byId("reads"),
      [instrument === "C" ? "" : `In ${name}`, capo ? `Capo ${capo}` : ""]
        .filter(Boolean)
        .join(", "),
    );
    this.redraw();
  }

  redraw() {
    this.staves = { now: null, next: null };
    if (this.grid !== null) this.strip.show(this.grid, this.reading, this.markers);
  }

  frame() {
    requestAnimationFrame(() => this.frame());
    const { clock } = this.wire;
    const now = clock.now();
    // The light shown in a frame is that of the beat nearest to it, early or late by half a frame.
    const seen = now + FRAME_S * 1.5;
    const position = this.follow.position(seen);
    this.showLink(seen);
    this.showCount(seen);
    if (this.follow.jumps !== this.jumps) this.herald.forget();
    this.jumps = this.follow.jumps;
    if (position === null || this.grid === null) this.lights.show(null, null);
    else this.showPlace(this.grid, position, seen, now);
  }

  /** @param {number} seen */
  showLink(seen) {
    const { wire, follow, playhead, score } = this;
    const aloneFor = this.lostAt ? (performance.now() - this.lostAt) / 1000 : 0;
    const placed = playhead.now !== null;
    const { known, error } = wire.clock;
    const said = connection({ wire: wire.state, known, error, placed, aloneFor });
    const link = byId("link");
    link.dataset.mood = said.mood;
    setText(link, said.words);
    const counting = this.beatsLeft(seen) > 0;
    setText(
      byId("state"),
      transport({ now: playhead.now, rolls: follow.rolls(seen), counting, score }),
    );
  }

  /** @param {number} seen @returns {number} beats of the count-in that are left, this one included */
  beatsLeft(seen) {
    const { count } = this.follow;
    if (count === null || seen >= count.rolls_s || seen < (count.beats_s[0] ?? 0)) return 0;
    return count.beats_s.filter((beat) => beat > seen).length + 1;
  }

  /** @param {number} seen */
  showCount(seen) {
    const left = this.beatsLeft(seen);
    const count = byId("count");
    count.hidden = left === 0;
    setText(count, String(left || ""));
  }

  /**
   * @param {Grid} grid
   * @param {number} position film seconds
   * @param {number} seen the desk's time of it
   * @param {number} now the desk's time
   */
  showPlace(grid, position, seen, now) {
    const rate = this.follow.rate(seen);
    const place = grid.place(position);
    const since = place === null ? 0 : (position - grid.secondsAt(place.index)) / rate;
    const unix = performance.timeOrigin + performance.now() + (seen - since - now) * 1000;
    this.lights.show(place, rate > 0 ? unix : null);
    setText(byId("bar"), place === null ? "–" : `${place.bar}.${place.beat}`);
    byId("beats").classList.toggle("stands", rate === 0);
    this.strip.goTo(position);
    this.lines.draw(rate > 0 ? grid : null, position, this.options.streamers);
    this.showChord("now", grid.chordAt(position));
    this.showNext(grid, position, rate);
    this.showComing(grid, position);
  }

  /** @param {Grid} grid @param {number} position @param {number} rate */
  showNext(grid, position, rate) {
    const next = grid.nextChord(position, this.follow.loop);
    const togo = next === null ? 0 : counted(next.beats);
    this.showChord("next", next?.change ?? null);
    setText(byId("togo"), togo ? String(togo) : "");
    setText(byId("togo-words"), togo ? (togo === 1 ? "beat" : "beats") : "");
    if (rate > 0 && next !== null) this.announce(grid, next, position);
  }

  /** @param {"now" | "next"} which @param {Change | null} change */
  showChord(which, change) {
    this.signs[which].show(change === null ? NOTHING : this.reading.symbol(change));
    const { staff } = this.options;
    if (this.staves[which] === change && change !== null) return;
    this.staves[which] = change;
    const svg = /** @type {Element} */ (byId(`${which}-staff`));
    svg.toggleAttribute("hidden", staff === "none");
    if (staff !== "none")
      drawStaff(svg, change === null ? [] : this.reading.heads(change, staff), staff);
  }

  /** @param {Grid} grid @param {number} position */
  showComing(grid, position) {
    const { here, next } = sections(this.markers, position);
    setText(byId("section"), here?.name ?? this.score?.film ?? "Scorelock");
    const away = (/** @type {number} */ at) => grid.beatsAt(at) - grid.beatsAt(position);
    const bars =
      next === null ? 0 : Math.ceil(grid.barsAt(next.position_s) - grid.barsAt(position) - 1e-3);
    const inBars = `In ${bars} ${bars === 1 ? "bar" : "bars"}`;
    setText(byId("next-section"), next ? `${inBars}: ${next.name}` : "");
    const hit = this.nextHit(grid, position);
    const beats = hit ? counted(away(hit.at)) : 0;
    setText(
      byId("next-hit"),
      hit && beats <= 32 ? `${HITS[hit.kind] ?? "Hit"} ${inBeats(beats)}` : "",
    );
  }

  /**
   * @param {Grid} grid
   * @param {import("./beats.js").Coming} next
   * @param {number} position
   */
  announce(grid, { change, beats }, position) {
    if (position < this.announcedAt) this.herald.forget();
    this.announcedAt = position;
    if (!this.options.aloud) return;
    const here = grid.beatsAt(position);
    const secondsAway = grid.secondsAt(here + beats) - position;
    const coming = [
      { text: this.reading.aloud(change), beats, secondsAway, key: `${change.start}` },
    ];
    const hit = this.nextHit(grid, position);
    if (hit !== undefined) {
      const away = { beats: grid.beatsAt(hit.at) - here, secondsAway: hit.at - position };
      coming.unshift({ text: HITS[hit.kind] ?? "Hit", key: `hit ${hit.at}`, ...away });
    }
    const line = this.herald.say(coming, performance.now() / 1000);
    if (line !== null) setText(byId("aloud"), line);
  }

  /** @param {Grid} grid @param {number} position */
  nextHit(grid, position) {
    return grid
      .hitsIn(position, Infinity)
      .find(({ kind }) => isShown(kind, this.options.streamers));
  }

  /** @param {string} words for a while */
  note(words) {
    const note = byId("note");
    setText(note, words);
    setTimeout(() => setText(note, ""), NOTE_MS);
  }
}

/** @param {Player} player */
function wireButtons(player) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("options"));
  const form = /** @type {HTMLFormElement} */ (byId("options-form"));
  const capo = /** @type {HTMLSelectElement} */ (byId("capo"));
  const volume = /** @type {HTMLInputElement} */ (byId("volume"));
  const click = byId("click");
  for (let fret = 0; fret <= MOST_CAPO; fret++)
    capo.add(new Option(fret ? `Fret ${fret}` : "None", String(fret)));
  byId("options-open").addEventListener("click", () => {
    fill(form, player.options);
    dialog.showModal();
  });
  form.addEventListener("change", () => {
    player.options = read(form, player.options);
    save(player.options);
    player.dressUp();
  });
  volume.value = String(player.options.volume);
  volume.addEventListener("input", () => {
    player.options = { ...player.options, volume: Number(volume.value) };
    save(player.options);
    player.click.setVolume(player.options.volume / 100);
  });
  click.addEventListener("click", () => {
    if (!Click.possible)
      return player.note("This browser cannot play the click: it has no Web Audio.");
    if (player.click.on) player.click.stop();
    else player.click.start();
    click.setAttribute("aria-pressed", String(player.click.on));
  });
}

const player = new Player();
wireButtons(player);
player.open();
