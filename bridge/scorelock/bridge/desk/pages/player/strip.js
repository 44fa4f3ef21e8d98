/** The bars to come, on one line: it follows while the film rolls, and can be leafed when not. */

/** @typedef {import("./beats.js").Grid} Grid */
/** @typedef {import("./reading.js").Reading} Reading */
/** @typedef {import("../messages").Marker} Marker */

const WANTED_EM = 9.5; // of a bar
const BEFORE = 0.22; // of its width lies behind the place where the film is
const SPARE = 2; // bars drawn beyond either side
const NEAR_S = 1e-3;
const PADDING = 8;
const [LEAST_EM, LARGEST_EM] = [0.6, 1.25];

export class Strip {
  /** @param {HTMLElement} element which scrolls */
  constructor(element) {
    this.element = element;
    this.track = document.createElement("div");
    this.track.className = "track";
    element.append(this.track);
    /** @type {Grid | null} */
    this.grid = null;
    /** @type {Reading | null} */
    this.reading = null;
    /** @type {readonly Marker[]} */
    this.markers = [];
    this.width = 170;
    this.em = 18;
    this.ruler = document.createElement("canvas").getContext("2d");
    /** @type {Map<number, HTMLElement>} */
    this.drawn = new Map();
    this.at = NaN;
    element.addEventListener("scroll", () => this.fillSight(), { passive: true });
    new ResizeObserver(() => this.measure()).observe(element);
  }

  /**
   * @param {Grid} grid
   * @param {Reading} reading
   * @param {readonly Marker[]} markers
   */
  show(grid, reading, markers) {
    [this.grid, this.reading, this.markers] = [grid, reading, markers];
    this.measure();
  }

  measure() {
    const room = this.element.clientWidth;
    const { fontFamily, fontSize } = getComputedStyle(this.element);
    this.em = parseFloat(fontSize);
    if (this.ruler !== null) this.ruler.font = `600 ${fontSize} ${fontFamily}`;
    this.width = room / Math.max(1.5, Math.round(room / (WANTED_EM * this.em)));
    const bars = this.grid?.bars.length ?? 0;
    this.track.style.setProperty("width", `${bars * this.width + room}px`);
    this.track.replaceChildren();
    this.drawn.clear();
    const { at } = this;
    this.at = NaN;
    if (Number.isFinite(at)) this.goTo(at);
    this.fillSight();
  }

  /**
   * @param {number} position film seconds; where it is the same as before, the player's own
   *     scrolling stays
   */
  goTo(position) {
    if (this.grid === null || position === this.at) return;
    this.at = position;
    this.element.scrollLeft = this.grid.barsAt(position) * this.width;
  }

  fillSight() {
    const { element, grid, width, drawn } = this;
    if (grid === null || width === 0) return;
    const shift = BEFORE * element.clientWidth;
    const first = Math.max(0, Math.floor((element.scrollLeft - shift) / width) - SPARE);
    const last = Math.min(
      grid.bars.length,
      first + Math.ceil(element.clientWidth / width) + 2 * SPARE + 1,
    );
    for (const [index, bar] of drawn) {
      if (index >= first && index < last) continue;
      bar.remove();
      drawn.delete(index);
    }
    for (let index = first; index < last; index++) {
      if (drawn.has(index)) continue;
      const bar = this.bar(grid, index);
      bar.style.setProperty("left", `${shift + index * width}px`);
      bar.style.setProperty("width", `${width}px`);
      drawn.set(index, bar);
      this.track.append(bar);
    }
  }

  /**
   * @param {Grid} grid
   * @param {number} index
   * @returns {HTMLElement}
   */
  bar(grid, index) {
    const [start, number] = grid.bars[index] ?? [0, 0];
    const end = grid.bars[index + 1]?.[0] ?? Math.max(grid.duration, start);
    const within = (/** @type {number} */ at) => at >= start - NEAR_S && at < end - NEAR_S;
    const section = this.markers.find(({ position_s }) => within(position_s));
    const bar = div("bar", "");
    bar.append(div("number", String(number)), div("flag", section?.name ?? ""));
    for (const hit of grid.hitsIn(start, end)) {
      const dot = div("hit", "");
      dot.style.setProperty("left", `${(grid.barsAt(hit.at) - index) * 100}%`);
      bar.append(dot);
    }
    const last = grid.changeIndex(end - NEAR_S);
    for (let change = Math.max(0, grid.changeIndex(start)); change <= last; change++) {
      const name = this.name(grid, change, index, end);
      if (name !== null) bar.append(name);
    }
    return bar;
  }

  /** @param {string} text @returns {number} pixels, at the strip's own size */
  widthOf(text) {
    return this.ruler?.measureText(text).width ?? text.length * this.em;
  }

  /**
   * A chord's name in a bar, in letters that its time leaves room for.
   *
   * @param {Grid} grid
   * @param {number} change
   * @param {number} index of the bar
   * @param {number} end of the bar, film seconds
   * @returns {HTMLElement | null} null where there is no room for any
   */
  name(grid, change, index, end) {
    const chord = grid.changes[change];
    if (chord === undefined || this.reading === null) return null;
    const from = grid.barsAt(chord.start) - index;
    const to = grid.barsAt(Math.min(end, grid.changes[change + 1]?.start ?? end)) - index;
    const text = this.reading.text(chord);
    const name = div(from < -NEAR_S ? "name carried" : "name", text);
    const room = (to - Math.max(0, from)) * this.width;
    if (room < this.em) return null;
    const size = Math.min(LARGEST_EM, (room - PADDING) / this.widthOf(text));
    name.style.setProperty("left", `${Math.max(0, from) * 100}%`);
    name.style.setProperty("max-width", `${room}px`);
    name.style.setProperty("font-size", `${Math.max(LEAST_EM, size).toFixed(2)}em`);
    return name;
  }
}

/** @param {string} className @param {string} text @returns {HTMLElement} */
function div(className, text) {
  const element = document.createElement("div");
  element.className = className;
  element.textContent = text;
  return element;
}
