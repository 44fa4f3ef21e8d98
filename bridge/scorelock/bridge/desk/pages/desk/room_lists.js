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

/** @param {string} label @param {string} value @param {number} maxlength @returns {HTMLInputElement} */
const field = (label, value = "", maxlength = 60) =>
  make("input", { type: "text", maxlength, "aria-label": label, placeholder: label, value });

/**
 * Places of a rehearsal: a form that adds one, and a row for each.
 *
 * @template Place
 */
class Places {
  /**
   * @param {Wire} wire
   * @param {RoomTransport} transport
   * @param {string} title
   * @param {HTMLInputElement} word what is said of a new one
   * @param {string} adds the words of the button that adds it
   */
  constructor(wire, transport, title, word, adds) {
    this.wire = wire;
    this.transport = transport;
    this.word = word;
    /** @type {Score | null} */
    this.score = null;
    /** @type {Place[]} */
    this.places = [];
    this.list = make("ol", { class: "room-list", "aria-label": title });
    const adder = make("button", { type: "submit" }, adds);
    const form = make("form", { class: "room-add" }, word, adder);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.add(word.value.trim());
    });
    this.element = make("fieldset", {}, make("legend", {}, title), form, this.list);
  }

  /** @param {Place[]} places */
  keep(places) {
    if (JSON.stringify(places) === JSON.stringify(this.places)) return;
    this.places = places;
    this.show();
  }

  /** @param {Score} score */
  setScore(score) {
    this.score = score;
    this.show();
  }

  show() {
    replaceRows(this.list, this.rows());
  }

  /** @abstract @param {string} _word */
  add(_word) {}

  /** @abstract @returns {HTMLElement[]} */
  rows() {
    return [];
  }
}

/** @extends {Places<Marker>} */
export class Sections extends Places {
  /**
   * @param {Wire} wire
   * @param {RoomTransport} transport
   */
  constructor(wire, transport) {
    const name = field("Name of a new section");
    super(wire, transport, "Sections", name, "Begin a section here");
  }

  /** @override @param {string} word */
  add(word) {
    const here = this.transport.playhead.position();
    if (here === null) return;
    const name = word || `Section ${this.places.length + 1}`;
    this.wire.say({ kind: "set_marker", position_s: Math.max(0, here), name });
    this.word.value = "";
  }

  /** @param {Room} room */
  setRoom({ markers }) {
    this.keep(markers);
  }

  /** @override */
  rows() {
    return this.places.map((marker, index) => this.row(marker, index));
  }

  /** @param {Marker} marker @param {number} index @returns {HTMLElement} */
  row({ position_s, name }, index) {
    const { wire, transport } = this;
    const key = (/** @type {string} */ what) => ({ "data-key": `${what} ${position_s}` });
    const end = this.places[index + 1]?.position_s ?? this.score?.duration_s ?? position_s;
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

/** @extends {Places<RoomTake>} */
export class Takes extends Places {
  /**
   * @param {Wire} wire
   * @param {RoomTransport} transport
   */
  constructor(wire, transport) {
    const word = field("A word on the take", "", 200);
    super(wire, transport, "Rehearsed takes", word, "Mark the take just played");
  }

  /** @override @param {string} word */
  add(word) {
    this.wire.say({ kind: "mark_take", word });
    this.word.value = "";
  }

  /** @param {Room} room */
  setRoom({ takes }) {
    this.keep(takes);
  }

  /** @override */
  rows() {
    return [...this.places].reverse().map((take) => this.row(take));
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
