/** Paints curves: from afar from least to greatest, near as a line through each second's middle. */

import { axisOf } from "./curves.js";

/** @typedef {import("./brush.js").Brush} Brush */
/** @typedef {import("./pyramid.js").Pyramid} Pyramid */
/** @typedef {import("./pyramid.js").Level} Level */

const INSET = 3; // pixels above and below the range of a curve
const DOTS_FROM = 10; // pixels a second

/** @param {{ top: number, height: number }} band @param {number} share @returns {number} */
export const yOf = ({ top, height }, share) => top + INSET + (height - 1 - 2 * INSET) * (1 - share);

/** @param {{ top: number, height: number }} band @param {number} y @returns {number} share, 0..1 */
export const shareAt = ({ top, height }, y) =>
  Math.min(Math.max(1 - (y - top - INSET) / (height - 1 - 2 * INSET), 0), 1);

/**
 * @param {Brush} brush
 * @param {string} curve
 * @param {Pyramid} pyramid
 * @param {(level: Level) => Float32Array} values
 * @param {(x: number, y: number) => void} put
 */
function through(brush, curve, pyramid, values, put) {
  const level = pyramid.level(brush.scale / 1.5);
  const rows = values(level);
  const axis = axisOf(curve);
  const first = Math.max(0, Math.floor(brush.from / level.step - 0.5) - 1);
  const last = Math.min(rows.length - 1, Math.ceil(brush.to / level.step) + 1);
  // A row is the middle of its second; before the first and after the last it stays as it is.
  if (first === 0 && last >= 0) put(brush.x(0), yOf(brush, axis.share(rows[0] ?? 0)));
  for (let nth = first; nth <= last; nth += 1)
    put(brush.x((nth + 0.5) * level.step), yOf(brush, axis.share(rows[nth] ?? 0)));
  // Of a draft, the rows end before the film does.
  const end_s = Math.min(rows.length * level.step, brush.scene.index?.duration ?? 0);
  if (last >= 0 && last === rows.length - 1)
    put(brush.x(end_s), yOf(brush, axis.share(rows[last] ?? 0)));
}

/** @param {Brush} brush @param {string} curve @param {Pyramid} pyramid */
function line(brush, curve, pyramid) {
  const { ctx } = brush;
  ctx.lineJoin = "round";
  ctx.beginPath();
  through(
    brush,
    curve,
    pyramid,
    ({ mean }) => mean,
    (x, y) => ctx.lineTo(x, y),
  );
  ctx.stroke();
}

/** From the foot to the mean, and faintly from least to greatest. @param {Brush} brush @param {string} curve @param {Pyramid} pyramid */
function area(brush, curve, pyramid) {
  const { ctx } = brush;
  ctx.beginPath();
  let [first, last] = [NaN, NaN];
  through(
    brush,
    curve,
    pyramid,
    ({ mean }) => mean,
    (x, y) => {
      if (Number.isNaN(first)) first = x;
      last = x;
      ctx.lineTo(x, y);
    },
  );
  if (Number.isNaN(first)) return;
  const foot = brush.top + brush.height - 1;
  ctx.lineTo(last, foot);
  ctx.lineTo(first, foot);
  ctx.fill();
}

/** @param {Brush} brush @param {string} curve @param {Pyramid} pyramid */
function spread(brush, curve, pyramid) {
  /** @type {[number, number][]} */
  const back = [];
  const { ctx } = brush;
  ctx.beginPath();
  through(
    brush,
    curve,
    pyramid,
    ({ most }) => most,
    (x, y) => ctx.lineTo(x, y),
  );
  through(
    brush,
    curve,
    pyramid,
    ({ least }) => least,
    (x, y) => back.push([x, y]),
  );
  for (const [x, y] of back.reverse()) ctx.lineTo(x, y);
  ctx.fill();
}

/** @param {Brush} brush */
export function paintEmotions(brush) {
  brush.clear();
  const { scene, ctx } = brush;
  const index = scene.index;
  if (!index) return;
  const names = index.score.emotions.filter((name) => name !== scene.chosen);
  for (const name of names) {
    const curve = index.curves.get(name);
    brush.pen(name, 1.25, 0.75);
    if (curve) line(brush, name, curve);
  }
  const [chosen, seen] = [index.curves.get(scene.chosen), index.seen.get(scene.chosen)];
  if (chosen && index.score.emotions.includes(scene.chosen)) {
    brush.fill(scene.chosen, 0.16);
    if (brush.scale < 1) spread(brush, scene.chosen, chosen);
    else area(brush, scene.chosen, chosen);
    if (seen) {
      brush.pen(scene.chosen, 1.25, 0.7);
      ctx.setLineDash([3, 3]);
      line(brush, scene.chosen, seen);
      ctx.setLineDash([]);
    }
    brush.pen(scene.chosen, 2.25);
    line(brush, scene.chosen, chosen);
  }
  ctx.globalAlpha = 1;
}

/** @param {string} name @returns {(brush: Brush) => void} */
export const paintCurve = (name) => (brush) => {
  brush.clear();
  const curve = brush.scene.index?.curves.get(name);
  if (!curve) return;
  brush.fill(name, 0.22);
  area(brush, name, curve);
  brush.fill(name, 0.22);
  if (brush.scale < 1) spread(brush, name, curve);
  brush.pen(name, 1.5);
  line(brush, name, curve);
  brush.ctx.globalAlpha = 1;
};

const paintAsked = paintCurve("loudness");

/** The loudness asked for, and on it what was played. @param {Brush} brush */
export function paintLoudness(brush) {
  paintAsked(brush);
  const { scene, ctx, from, to } = brush;
  const { seconds } = scene.played;
  if (seconds.size === 0) return;
  if (brush.scale >= DOTS_FROM) paintDots(brush);
  else {
    // A stretch of seconds that is at least 3 pixels wide, counted from 0 for all canvases alike.
    const step = Math.max(1, Math.ceil(3 / brush.scale));
    brush.fill("played", 0.9);
    for (let at = Math.floor(from / step) * step; at < to; at += step) {
      const heard = meanHeard(seconds, at, at + step);
      if (heard === null) continue;
      const wide = Math.max(2, step * brush.scale - 1);
      ctx.fillRect(brush.x(at), yOf(brush, heard) - 1, wide, 2);
    }
  }
  ctx.globalAlpha = 1;
}

/** @param {Brush} brush */
function paintDots(brush) {
  const { scene, ctx, from, to } = brush;
  brush.fill("played", 0.85);
  const margin = 3 / brush.scale;
  for (let second = Math.floor(from - margin); second <= to + margin; second += 1)
    for (const [at_s, heard] of scene.played.seconds.get(second)?.notes ?? []) {
      ctx.beginPath();
      ctx.arc(brush.x(at_s), yOf(brush, heard), 2, 0, 2 * Math.PI);
      ctx.fill();
    }
}

/** @param {Map<number, import("./played.js").Second>} seconds @param {number} from @param {number} to */
function meanHeard(seconds, from, to) {
  let [sum, count] = [0, 0];
  for (let second = from; second < to; second += 1) {
    const played = seconds.get(second);
    sum += played?.sum ?? 0;
    count += played?.notes.length ?? 0;
  }
  return count ? sum / count : null;
}
