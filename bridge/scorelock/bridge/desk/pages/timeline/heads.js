/** The names at the left of the tracks, their legends, and what opens and shuts them. */

import { RULER_HEIGHT, TRACKS } from "./bands.js";

/** @typedef {import("./bands.js").Band} Band */
/** @typedef {import("./timecode.js").Unit} Unit */

/**
 * @param {HTMLElement} parent
 * @param {string} tag
 * @param {string} name
 * @param {string} [words]
 */
export function add(parent, tag, name, words) {
  const element = document.createElement(tag);
  element.className = name;
  if (words !== undefined) element.textContent = words;
  if (element instanceof HTMLButtonElement) element.type = "button";
  parent.append(element);
  return element;
}

/** @param {string} word */
const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

export class Heads {
  /**
   * @param {HTMLElement} corner beside the ruler
   * @param {HTMLElement} column beside the tracks
   * @param {{ toggle: (id: string) => void, choose: (emotion: string) => void, unit: () => void }} on
   */
  constructor(corner, column, on) {
    corner.style.setProperty("height", `${RULER_HEIGHT}px`);
    this.unit = add(corner, "button", "tl-unit");
    this.unit.addEventListener("click", on.unit);
    add(corner, "span", "tl-corner-words", "Bars");
    add(corner, "span", "tl-corner-words", "Tempo");
    this.on = on;
    /** @type {Map<string, HTMLElement>} */
    this.heads = new Map();
    /** @type {Map<string, HTMLElement>} */
    this.emotions = new Map();
    /** @type {HTMLElement | null} */
    this.legend = null;
    for (const track of TRACKS) this.addHead(column, track);
  }

  /** @param {HTMLElement} column @param {import("./bands.js").Track} track */
  addHead(column, { id, words, legend }) {
    const head = add(column, "div", `tl-head tl-head-${id}`);
    const button = add(head, "button", "tl-name", words);
    button.addEventListener("click", () => this.on.toggle(id));
    if (id === "emotion") this.legend = add(head, "div", "tl-emotions");
    else if (id === "chords") this.addSigns(head, ["locked", "edited"]);
    else if (id === "loudness") this.addSigns(head, ["asked", "played"]);
    else if (legend) add(head, "span", "tl-legend", legend);
    this.heads.set(id, head);
  }

  /** @param {HTMLElement} head @param {string[]} signs */
  addSigns(head, signs) {
    const list = add(head, "span", "tl-legend tl-signs");
    for (const sign of signs) {
      add(list, "i", `tl-sign tl-sign-${sign}`);
      add(list, "span", "tl-sign-words", sign);
    }
  }

  /** @param {readonly Band[]} bands @param {ReadonlySet<string>} collapsed */
  layout(bands, collapsed) {
    for (const { id, height } of bands) {
      const head = this.heads.get(id);
      const button = head?.querySelector("button");
      head?.style.setProperty("height", `${height}px`);
      head?.classList.toggle("tl-shut", collapsed.has(id));
      button?.setAttribute("aria-expanded", String(!collapsed.has(id)));
    }
  }

  /** @param {readonly string[]} names @param {string} chosen */
  showEmotions(names, chosen) {
    if (!this.legend) return;
    if (names.some((name) => !this.emotions.has(name)) || names.length !== this.emotions.size) {
      this.legend.replaceChildren();
      this.emotions.clear();
      for (const name of names) this.addEmotion(this.legend, name);
    }
    for (const [name, button] of this.emotions)
      button.setAttribute("aria-pressed", String(name === chosen));
  }

  /** @param {HTMLElement} legend @param {string} name */
  addEmotion(legend, name) {
    const button = add(legend, "button", "tl-emotion");
    add(button, "i", "tl-swatch").style.setProperty("background", `var(--${name})`);
    button.append(capital(name));
    button.addEventListener("click", () => this.on.choose(name));
    this.emotions.set(name, button);
  }

  /** @param {Unit} unit */
  showUnit(unit) {
    this.unit.textContent = unit === "timecode" ? "Timecode" : "Seconds";
    const other = unit === "timecode" ? "seconds" : "timecode";
    this.unit.title = `Show ${other} instead`;
  }
}
