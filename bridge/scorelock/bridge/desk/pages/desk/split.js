/** The bar between the film with the panels and the timeline: dragged, or moved by the arrow keys. */

import { its } from "./dom.js";

const KEPT = "scorelock.upper";
const STEP = 2; // percent
const USUAL = 43;

/** Show it where it was left the last time. */
export function showSplit() {
  const split = its("split", HTMLElement);
  const room = /** @type {HTMLElement} */ (split.parentElement);
  const [least, most] = [Number(split.ariaValueMin), Number(split.ariaValueMax)];
  let upper = USUAL;
  /** @param {number} percent of the height above it */
  const set = (percent) => {
    upper = Math.min(Math.max(Math.round(percent * 10) / 10, least), most);
    room.style.setProperty("--upper", `${upper}%`);
    split.ariaValueNow = String(Math.round(upper));
    split.ariaValueText = `${Math.round(upper)} percent`;
  };
  /** @param {number} percent */
  const keep = (percent) => {
    set(percent);
    localStorage.setItem(KEPT, String(upper));
  };
  set(Number(localStorage.getItem(KEPT)) || USUAL);
  split.addEventListener("keydown", (event) => {
    /** @type {Record<string, number>} */
    const wanted = { ArrowUp: upper - STEP, ArrowDown: upper + STEP, Home: least, End: most };
    const percent = wanted[event.key];
    if (percent === undefined) return;
    event.preventDefault();
    keep(percent);
  });
  split.addEventListener("dblclick", () => keep(USUAL));
  drags(split, (y) => {
    const { top, height } = room.getBoundingClientRect();
    keep((100 * (y - top)) / height);
  });
}

/**
 * @param {HTMLElement} element
 * @param {(y: number) => void} to in the window, pixels
 */
function drags(element, to) {
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    element.classList.add("dragged");
  });
  element.addEventListener("pointermove", ({ clientY }) => {
    if (element.classList.contains("dragged")) to(clientY);
  });
  element.addEventListener("lostpointercapture", () => element.classList.remove("dragged"));
}
