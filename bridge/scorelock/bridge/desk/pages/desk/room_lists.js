/** Sections and rehearsed takes, as lists in which one goes from place to place. */

import { button, iconButton, make } from "./dom.js";
import { placeWords } from "./room_transport.js";

/** @typedef {import("../common/wire.js").Wire} Wire */
/** @typedef {import("../messages").Room} Room */
/** @typedef {import("../messages").Score} Score */
/** @typedef {import("../messages").Marker} Marker */
/** @typedef {import("../messages").RoomTake} RoomTake */
/** @typedef {import("./room_transport.js").RoomTransport} RoomTransport */

/**
 * Put other rows there; what had the focus has it again, or what stands in its place.
 *
 * @param {HTMLElement} list
 * @param {HTMLElement[]} rows whose controls have `data-key`
 */
function replaceRows(list, rows) {
  const focused = document.activeElement;
  const key =
    focused instanceof HTMLElement && list.contains(focused) ? focused.dataset.key : undefined;
  list.replaceChildren(...rows);
  list.hidden = rows.length === 0;
  if (key === undefined) return;
  const controls = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[data-key]")]);
  (controls.find((control) => control.dataset.key === key) ?? controls.at(-1))?.focus();
}

/** @param {string} label @param {string} value @returns {HTMLInputElement} */
const field = (label, value = "") =>
  make("input", { type: "text", maxlength: 60, "aria-label": label, placeholder: label, value });

export class Sections {
  /**
   * @param {Wire} wire
   * @param {RoomTransport} transport
   */
  constructor(wire, transport) {
    this.wire = wire;
    this.transport = transport;
    /** @type {Score | null} */
    this.score = null;
    /** @type {Marker[]} */
    this.markers = [];
    this.name = field("Name of a new section");
    this.list = make("ol", { class: "room-list", "aria-label": "Sections" });
    const form = make(
      "form",
      { class: "room-add" },
      this.name,
      make("button", { type: "submit" }, "Begin a section here"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.add();
    });
    this.element = make("fieldset", {}, make("legend", {}, "Sections"), form, this.list);
  }

  add() {
    const here = this.transport.playhead.position();
    if (here === null) return;
    const usual = `Section ${this.markers.length + 1}`;
    const name = this.name.value.trim() || usual;
    this.wire.say({ kind: "set_marker", position_s: Math.max(0, here), name });
    this.name.value = "";
  }

  /** @param {Room} room */
  setRoom({ markers }) {
    if (JSON.stringify(markers) === JSON.stringify(this.markers)) return;
    this.markers = markers;
    this.show();
  }

  /** @param {Score} score */
  setScore(score) {
    this.score = score;
    this.show();
  }

  show() {
    replaceRows(
      this.list,
      this.markers.map((marker, index) => this.row(marker, index)),
    );
  }

  /** @param {Marker} marker @param {number} index @returns {HTMLElement} */
  row({ position_s, name }, index) {
    const { wire, transport } = this;
    const key = (/** @type {string} */ what) => ({ "data-key": `${what} ${position_s}` });
    const end = this.markers[index + 1]?.position_s ?? this.score?.duration_s ?? position_s;
    const input = field(`Name of ${name}`, name);
    input.dataset.key = `name ${position_s}`;
    input.addEventListener("change", () => {
      const wanted = input.value.trim();
      if (wanted) wire.say({ kind: "set_marker", position_s, name: wanted });
      else input.value = name;
    });
    return make(
      "li",
      {},
      button(placeWords(this.score, position_s), () => transport.go(position_s), {
        class: "room-go",
        "aria-label": `Go to ${name}, ${placeWords(this.score, position_s)}`,
        ...key("go"),
      }),
      input,
      iconButton("loop", `Loop ${name}`, () => transport.loop([position_s, end]), {
        class: "quiet",
        disabled: end <= position_s,
        ...key("loop"),
      }),
      button("×", () => wire.say({ kind: "set_marker", position_s, name: "" }), {
        class: "quiet",
        "aria-label": `Remove ${name}`,
        title: `Remove ${name}`,
        ...key("remove"),
      }),
    );
  }
}

export class Takes {
  /**
   * @param {Wire} wire
   * @param {RoomTransport} transport
   */
  constructor(wire, transport) {
    this.wire = wire;
    this.transport = transport;
    /** @type {Score | null} */
    this.score = null;
    /** @type {RoomTake[]} */
    this.takes = [];
    this.word = make("input", {
      type: "text",
      maxlength: 200,
      "aria-label": "A word on the take",
      placeholder: "A word on the take",
    });
    this.list = make("ol", { class: "room-list", "aria-label": "Rehearsed takes" });
    const form = make(
      "form",
      { class: "room-add" },
      this.word,
      make("button", { type: "submit" }, "Mark the take just played"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      wire.say({ kind: "mark_take", word: this.word.value.trim() });
      this.word.value = "";
    });
    this.element = make("fieldset", {}, make("legend", {}, "Rehearsed takes"), form, this.list);
  }

  /** @param {Room} room */
  setRoom({ takes }) {
    if (JSON.stringify(takes) === JSON.stringify(this.takes)) return;
    this.takes = takes;
    this.show();
  }

  /** @param {Score} score */
  setScore(score) {
    this.score = score;
    this.show();
  }

  show() {
    replaceRows(
      this.list,
      [...this.takes].reverse().map((take) => this.row(take)),
    );
  }

  /** @param {RoomTake} take @returns {HTMLElement} */
  row({ number, start_s, end_s, word, when }) {
    const from = placeWords(this.score, start_s);
    const to = placeWords(this.score, end_s);
    return make(
      "li",
      {},
      button(`Take ${number}`, () => this.transport.go(start_s), {
        class: "room-go",
        "aria-label": `Go to the start of take ${number}, ${from}`,
        "data-key": `go ${number}`,
      }),
      make(
        "span",
        { class: "room-take" },
        make("span", { class: "room-word" }, word || `${from} to ${to}`),
        make("small", {}, word ? `${from} to ${to} · ${when}` : when),
      ),
      button("×", () => this.wire.say({ kind: "remove_take", number }), {
        class: "quiet",
        "aria-label": `Remove take ${number}`,
        title: `Remove take ${number}`,
        "data-key": `remove ${number}`,
      }),
    );
  }
}
