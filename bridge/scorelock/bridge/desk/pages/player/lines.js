/** Draws streamers and punches over the page. */

import { punch, streamers } from "./streamer.js";

/** @typedef {import("./beats.js").Grid} Grid */

const MOST = 3;

export class Lines {
  /** @param {HTMLElement} element which covers the page */
  constructor(element) {
    this.element = element;
    this.lines = Array.from({ length: MOST }, () => add(element, "streamer"));
    this.disc = add(element, "punch");
  }

  /**
   * @param {Grid | null} grid null to show nothing
   * @param {number} position film seconds
   * @param {import("./streamer.js").Shown} shown
   */
  draw(grid, position, shown) {
    const coming = grid === null ? [] : streamers(grid, position, shown);
    const width = this.element.clientWidth;
    this.lines.forEach((line, index) => {
      const streamer = coming[index];
      line.hidden = streamer === undefined;
      if (streamer === undefined) return;
      line.dataset.hit = streamer.kind;
      line.style.setProperty(
        "transform",
        `translateX(${streamer.share * (width - line.clientWidth)}px)`,
      );
    });
    const bright = grid === null ? 0 : punch(grid, position, shown);
    this.disc.hidden = bright === 0;
    this.disc.style.setProperty("opacity", String(bright));
  }
}

/** @param {HTMLElement} parent @param {string} className @returns {HTMLElement} */
function add(parent, className) {
  const element = document.createElement("div");
  element.className = className;
  element.hidden = true;
  parent.append(element);
  return element;
}
