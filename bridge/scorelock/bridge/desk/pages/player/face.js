/** The page's signs: chords as large as their room lets them, beat lights, and lines of text. */

/** @typedef {import("./spell.js").Symbol} Symbol */
/** @typedef {import("./beats.js").Place} Place */

/**
 * @param {string} id
 * @returns {HTMLElement} which the page has
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

/** Sets text only where it is another, so that nothing is laid out for nothing. */
/** @param {HTMLElement} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export class ChordSign {
  /**
   * @param {HTMLElement} room
   * @param {HTMLElement} chord within it
   */
  constructor(room, chord) {
    this.room = room;
    this.chord = chord;
    this.shown = "";
    new ResizeObserver(() => this.fit()).observe(room);
  }

  /** @param {Symbol} symbol */
  show({ root, rest }) {
    const wanted = `${root}|${rest}`;
    if (wanted === this.shown) return;
    this.shown = wanted;
    const after = document.createElement("span");
    after.className = "rest";
    after.textContent = rest;
    this.chord.replaceChildren(root, after);
    this.fit();
  }

  /** As large as it can be. */
  fit() {
    const { room, chord } = this;
    const [width, height] = [room.clientWidth, room.clientHeight];
    if (width === 0 || height === 0) return;
    chord.style.setProperty("font-size", "100px");
    const size = Math.min((width / chord.offsetWidth) * 98, (height / chord.offsetHeight) * 90);
    chord.style.setProperty("font-size", `${Math.max(16, Math.floor(size))}px`);
  }
}

/**
 * One light a beat of the bar. `data-bar` and `data-beat` say which is lit, `data-at` when it fell
 * by this device's clock, in milliseconds of Unix time, while the film rolls.
 */
export class BeatLights {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
  }

  /**
   * @param {Place | null} place null for none
   * @param {number | null} at Unix time of the beat, milliseconds; null where the film stands
   */
  show(place, at) {
    const { element } = this;
    const count = place === null ? 0 : place.beats;
    while (element.children.length > count) element.lastElementChild?.remove();
    while (element.children.length < count) element.append(document.createElement("span"));
    if (place === null) {
      for (const name of ["bar", "beat", "at"]) delete element.dataset[name];
      return;
    }
    for (const [index, light] of [...element.children].entries()) {
      light.classList.toggle("lit", index === place.beat - 1);
    }
    element.dataset.bar = String(place.bar);
    element.dataset.beat = String(place.beat);
    if (at === null) delete element.dataset.at;
    else element.dataset.at = at.toFixed(2);
  }
}
