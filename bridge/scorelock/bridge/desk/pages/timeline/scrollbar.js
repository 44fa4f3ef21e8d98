/** Where in the film the view is: a bar whose thumb is dragged. Keys scroll the timeline itself. */

/** @typedef {import("./view.js").View} View */

const LEAST = 24; // pixels

export class Scrollbar {
  /** @param {HTMLElement} bar @param {View} view @param {() => void} scrolled by the user */
  constructor(bar, view, scrolled) {
    this.bar = bar;
    this.view = view;
    this.scrolled = scrolled;
    bar.setAttribute("aria-hidden", "true");
    this.thumb = document.createElement("div");
    this.thumb.className = "tl-thumb";
    bar.append(this.thumb);
    bar.addEventListener("pointerdown", (event) => this.grab(event));
  }

  /** @returns {{ wide: number, room: number, most: number }} of the thumb, for it, of the view's left */
  measures() {
    const { view } = this;
    const all = view.duration * view.scale || 1;
    const wide = Math.max(LEAST, Math.min(1, view.width / all) * view.width);
    return { wide, room: view.width - wide, most: Math.max(0, all - view.width) };
  }

  show() {
    const { wide, room, most } = this.measures();
    const x = most > 0 ? (this.view.left / most) * room : 0;
    this.thumb.style.setProperty("width", `${wide}px`);
    this.thumb.style.setProperty("transform", `translateX(${x}px)`);
    this.bar.classList.toggle("tl-all", most < 1);
  }

  /** @param {PointerEvent} event */
  grab(event) {
    const { view, bar } = this;
    const { wide, room, most } = this.measures();
    if (event.button !== 0 || most <= 0 || room <= 0) return;
    const edge = bar.getBoundingClientRect().left;
    const x = (view.left / most) * room;
    const at = event.clientX - edge;
    const held = at >= x && at <= x + wide ? at - x : wide / 2;
    /** @param {PointerEvent} moved */
    const move = (moved) => {
      view.scrollPixels(((moved.clientX - edge - held) / room) * most);
      this.scrolled();
    };
    move(event);
    bar.setPointerCapture(event.pointerId);
    bar.addEventListener("pointermove", move);
    const end = () => bar.removeEventListener("pointermove", move);
    bar.addEventListener("lostpointercapture", end, { once: true });
  }
}
