/**
 * Streamers and punches: a line goes across the screen and is at its far side on the hit, where a
 * disc flashes; as film composers have scratched and punched them into the film since the 1930s.
 */

/** @typedef {import("./beats.js").Grid} Grid */
/** @typedef {{ at: number, kind: string, beats: number, share: number }} Streamer share 0 to 1 of its way */

export const STREAMER_BEATS = 8;
export const PUNCH_S = 0.22;
const MOST = 3; // more lines at a time tell nobody anything

/** @typedef {"all" | "strong" | "none"} Shown which hits; strong: all but cuts */

/**
 * @param {string} kind of a hit
 * @param {Shown} shown
 * @returns {boolean}
 */
export const isShown = (kind, shown) => shown === "all" || (shown === "strong" && kind !== "cut");

/**
 * The hits that come within `beats`, the nearest first.
 *
 * @param {Grid} grid
 * @param {number} position film seconds
 * @param {Shown} shown
 * @param {number} [beats]
 * @returns {Streamer[]}
 */
export function streamers(grid, position, shown, beats = STREAMER_BEATS) {
  const here = grid.beatsAt(position);
  return grid
    .hitsIn(position, grid.secondsAt(here + beats))
    .filter(({ kind }) => isShown(kind, shown))
    .slice(0, MOST)
    .map(({ at, kind }) => {
      const away = grid.beatsAt(at) - here;
      return { at, kind, beats: away, share: Math.min(1, Math.max(0, 1 - away / beats)) };
    });
}

/**
 * @param {Grid} grid
 * @param {number} position film seconds
 * @param {Shown} shown
 * @param {number} [length] seconds that a flash stays
 * @returns {number} how bright the punch is, 1 on the hit to 0
 */
export function punch(grid, position, shown, length = PUNCH_S) {
  const struck = grid
    .hitsIn(position - length, position + 1e-4)
    .filter(({ kind }) => isShown(kind, shown));
  const last = struck.at(-1);
  return last ? Math.min(1, Math.max(0, 1 - (position - last.at) / length)) : 0;
}
