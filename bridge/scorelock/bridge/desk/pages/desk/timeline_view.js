/** The timeline in its place: its tools, what is done to it, and what is done with a selection. */

import { Timeline } from "../timeline/timeline.js";
import { editChord, keepFrom } from "./chord_editor.js";
import { button, choice, iconButton, its, make, setWords } from "./dom.js";
import { clockWords } from "./places.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./editing.js").Editing} Editing */
/** @typedef {import("./transport.js").Transport} Transport */
/** @typedef {import("../common/playhead.js").Playhead} Playhead */
/** @typedef {import("../messages").Draw["curve"]} CurveName */

/** @type {CurveName[]} */
const CURVES = [
  "density",
  "loudness",
  "exciting",
  "fearful",
  "tense",
  "sad",
  "relaxing",
  "neutral",
];
const ZOOM = 1.6;

export class TimelineView {
  /**
   * @param {Store} store
   * @param {Playhead} playhead
   * @param {Transport} transport
   * @param {Editing} editing
   */
  constructor(store, playhead, transport, editing) {
    this.store = store;
    this.transport = transport;
    this.editing = editing;
    this.timeline = new Timeline(its("timeline", HTMLElement), playhead);
    this.timeline.setThumbs((/** @type {number} */ second) => `/thumbs/${second}.jpg`);
    /** @type {"select" | "draw"} */
    this.tool = "select";
    /** @type {CurveName} */
    this.curve = "density";
    this.build();
    this.listen();
    store.onScore((score) => {
      if (score) this.timeline.setScore(score);
      this.showSelection();
    });
    store.on("room", ({ markers }) => this.timeline.setMarkers(markers));
    store.wire.on("played", ({ notes }) => this.timeline.setPlayed(notes));
  }

  // Tools -------------------------------------------------------------------------------------------

  build() {
    const { editing, store } = this;
    const undo = iconButton("undo", "Undo (U)", () => editing.undo());
    const redo = iconButton("redo", "Redo (Shift+U)", () => editing.redo());
    const tools = this.buildTools();
    this.selection = make("div", { class: "selection", role: "group", "aria-label": "Selection" });
    its("tools", HTMLElement).append(
      make("div", { class: "joined" }, undo, redo),
      make("span", { class: "gap" }),
      ...tools,
      make("span", { class: "gap" }),
      this.selection,
      make("span", { class: "rest" }),
      this.buildZoom(),
    );
    store.on("cue_is", (cue) => {
      undo.disabled = !cue.undo;
      redo.disabled = !cue.redo;
      undo.title = `Undo ${cue.settings.undoes ?? ""} (U)`;
      redo.title = `Redo ${cue.settings.redoes ?? ""} (Shift+U)`;
      this.showSelection();
    });
    editing.addEventListener("select", () => this.showSelection());
    this.showSelection();
    this.setTool("select");
  }

  buildTools() {
    this.selectButton = button("Select", () => this.setTool("select"), { title: "Select (S)" });
    this.drawButton = button("Draw", () => this.setTool("draw"), {
      title: "Draw a curve with the pointer (D)",
    });
    const curves = choice(
      "Curve to draw",
      CURVES.map((name) => [name, name]),
      (value) => {
        this.curve = CURVES.find((name) => name === value) ?? "density";
        this.setTool("draw");
      },
    );
    this.on("curve", ({ curve }) => {
      this.curve = curve;
      curves.value = curve;
    });
    return [make("div", { class: "joined" }, this.selectButton, this.drawButton), curves];
  }

  buildZoom() {
    this.followButton = button("Follow", () => this.toggleFollow(), {
      title: "Keep the playhead in view (F)",
      "aria-pressed": String(this.timeline.follow),
    });
    return make(
      "div",
      { class: "selection" },
      this.followButton,
      make(
        "div",
        { class: "joined" },
        button("−", () => this.timeline.zoom(1 / ZOOM), {
          "aria-label": "Zoom out",
          title: "Zoom out (−)",
        }),
        button("Fit", () => this.timeline.fit(), { title: "The whole film (0)" }),
        button("+", () => this.timeline.zoom(ZOOM), {
          "aria-label": "Zoom in",
          title: "Zoom in (+)",
        }),
      ),
    );
  }

  /** @param {"select" | "draw"} tool */
  setTool(tool) {
    this.tool = tool;
    this.timeline.setTool(tool, this.curve);
    this.selectButton?.setAttribute("aria-pressed", String(tool === "select"));
    this.drawButton?.setAttribute("aria-pressed", String(tool === "draw"));
  }

  toggleFollow() {
    this.timeline.setFollow(!this.timeline.follow);
  }

  showFollow() {
    this.followButton?.setAttribute("aria-pressed", String(this.timeline.follow));
  }

  /** @param {1 | -1} way */
  zoom(way) {
    this.timeline.zoom(ZOOM ** way);
  }

  showSelection() {
    const { editing, selection, store } = this;
    if (!selection) return;
    const { span } = editing;
    if (!span) {
      const words = store.score ? "Click a chord to change it; drag to select" : "";
      selection.replaceChildren(make("span", { class: "selection-words" }, words));
      return;
    }
    const [start_s, end_s] = span;
    const cue = store.get("cue_is");
    const takes = cue?.takes.filter((name) => name !== cue.take) ?? [];
    const words = make("span", { class: "selection-words" });
    setWords(words, `${clockWords(start_s)} to ${clockWords(end_s)}`);
    selection.replaceChildren(
      words,
      button("Lock", () => editing.lock(true), { title: "Keep these chords (L)" }),
      button("Unlock", () => editing.lock(false)),
      button("Vary", () => editing.vary(), { title: "Other chords here (V)" }),
      ...(takes.length > 0
        ? [keepFrom(takes, (name) => store.say({ kind: "keep_take", name, start_s, end_s }))]
        : []),
      button("Loop", () => this.transport.loop(span), { title: "Go round here (C)" }),
    );
  }

  // What is done in it ------------------------------------------------------------------------------

  listen() {
    const { store, transport, editing } = this;
    this.on("seek", ({ at_s }) => transport.seek(at_s));
    this.on("follow", () => this.showFollow());
    this.on("select", (selection) => {
      /** @type {[number, number] | null} */
      const span = selection && [selection.start_s, selection.end_s];
      transport.selected = span;
      editing.select(span);
    });
    this.on("chord", ({ index, x, y }) => editChord(store, index, { x, y }));
    this.on("hit-add", ({ at_s }) => store.say({ kind: "add_hit", position_s: at_s }));
    this.on("hit-move", ({ from_s, to_s }) =>
      store.say({ kind: "move_hit", position_s: from_s, to_s }),
    );
    this.on("hit-remove", ({ at_s }) => store.say({ kind: "remove_hit", position_s: at_s }));
    this.on("draw", ({ curve, points }) => store.say({ kind: "draw", curve, points }));
    this.on("loop", ({ start_s, end_s }) => transport.loop([start_s, end_s]));
    this.on("marker", ({ at_s }) => editing.marker(at_s));
  }

  /**
   * @param {string} name
   * @param {(detail: any) => void} act
   */
  on(name, act) {
    this.timeline.addEventListener(name, (event) => {
      if (event instanceof CustomEvent) act(event.detail);
    });
  }
}
