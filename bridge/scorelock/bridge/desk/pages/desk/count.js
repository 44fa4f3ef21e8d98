/** Counting in, over the picture: the beats that are still to come, each on its moment. */

import { its } from "./dom.js";

/** @param {import("../common/wire.js").Wire} wire */
export function showCount(wire) {
  const place = its("count-in", HTMLElement);
  let frame = 0;
  wire.on("count", ({ beats_s, rolls_s }) => {
    cancelAnimationFrame(frame);
    const turn = () => {
      const now = wire.clock.now();
      const gone = beats_s.filter((beat) => beat <= now).length;
      const counts = now < rolls_s && gone > 0;
      place.hidden = !counts;
      place.textContent = counts ? String(beats_s.length - gone + 1) : "";
      if (now < rolls_s) frame = requestAnimationFrame(turn);
    };
    turn();
  });
}
