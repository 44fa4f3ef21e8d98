/** Paints the ruler (time, bars and beats, tempo), hits and markers, and the picture. */

import { rangeOf } from "./brush.js";
import { before, lastAt } from "./score_index.js";
import { rulerMarks } from "./timecode.js";

/** @typedef {import("./brush.js").Brush} Brush */

const LABEL = 140; // pixels that a label left of the canvas may reach into it
const ROW = 16;

/** @param {Brush} brush */
export function paintRuler(brush) {
  const { ctx, top, width, height } = brush;
  brush.fill("raised");
  ctx.fillRect(0, top, width, height);
  brush.fill("line");
  ctx.fillRect(0, top + ROW, width, 1);
  ctx.fillRect(0, top + height - 1, width, 1);
  paintMarks(brush);
  paintBars(brush);
  paintTempos(brush);
  ctx.globalAlpha = 1;
}

/** @param {Brush} brush */
function paintMarks(brush) {
  const { scene, scale, from, to, top, ctx } = brush;
  const start = scene.index?.score;
  if (!start) return;
  const apart = scene.unit === "timecode" ? 104 : 72;
  const marks = rulerMarks({
    start,
    unit: scene.unit,
    scale,
    from: from - LABEL / scale,
    to,
    apart,
  });
  brush.font(11);
  for (const { seconds, words } of marks) {
    brush.fill("line-strong");
    brush.tick(seconds, top, ROW);
    brush.fill("ink-soft");
    ctx.fillText(words, Math.round(brush.x(seconds)) + 4, top + ROW / 2 + 2);
  }
}

/** @param {Brush} brush */
function paintBars(brush) {
  const { scene, scale, from, to, top, ctx } = brush;
  const index = scene.index;
  if (!index) return;
  const rows = index.score.bars;
  const first = Math.max(0, lastAt(index.bars, from - LABEL / scale));
  const end = before(index.bars, to);
  const apart = brush.apart(index.bars);
  const every = 2 ** Math.max(0, Math.ceil(Math.log2(44 / apart)));
  if (apart >= 60) paintBeats(brush);
  brush.font(11, 600);
  for (let nth = first; nth < end; nth += 1) {
    const bar = rows[nth];
    if (!bar || (bar[1] - 1) % every) continue;
    brush.fill("line-strong");
    brush.tick(bar[0], top + ROW + 1, ROW);
    brush.fill("ink");
    const words = barWords(bar, every === 1 ? rows[nth - 1] : bar);
    ctx.fillText(words, Math.round(brush.x(bar[0])) + 4, top + 1.5 * ROW + 1);
  }
}

/** @typedef {[number, number, number, number]} Bar */

/** Its number, and the meter where it is another. @param {Bar} bar @param {Bar | undefined} last */
function barWords([, number, beats, unit], last) {
  return last?.[2] === beats && last[3] === unit ? String(number) : `${number}  ${beats}/${unit}`;
}

/** @param {Brush} brush */
function paintBeats(brush) {
  const index = brush.scene.index;
  if (!index) return;
  const [first, end] = rangeOf(index.beats, brush.from, brush.to);
  brush.fill("line-strong", 0.7);
  for (let nth = first; nth < end; nth += 1)
    brush.tick(index.beats[nth] ?? 0, brush.top + 2 * ROW - 5, 5);
}

/** @param {Brush} brush */
function paintTempos(brush) {
  const { scene, scale, from, to, top, ctx } = brush;
  const index = scene.index;
  if (!index) return;
  const labelled = index.tempoLabels(scale, 66);
  brush.font(10);
  const early = from - LABEL / scale;
  for (const nth of labelled) {
    const [at_s, tempo] = index.score.tempos[nth] ?? [0, 0];
    if (at_s < early || at_s > to) continue;
    const x = Math.round(brush.x(at_s));
    brush.fill("accent");
    ctx.fillRect(x, top + 2 * ROW + 3, 3, 9);
    brush.fill("ink-soft");
    ctx.fillText(`${String(Math.round(tempo * 10) / 10)} bpm`, x + 6, top + 2 * ROW + 8);
  }
}

/** @param {Brush} brush */
export function paintHits(brush) {
  brush.clear();
  const { ctx, scene, scale, from, to, top, height } = brush;
  const index = scene.index;
  if (!index) return;
  const crowded = brush.apart(index.hits) < 12;
  const [first, end] = rangeOf(index.hits, from - 10 / scale, to + 10 / scale);
  for (let nth = first; nth < end; nth += 1) {
    const hit = index.score.hits[nth];
    if (!hit) continue;
    brush.fill("hit", crowded ? 0.7 : 1);
    brush.tick(hit[0], top + height / 2 + 1, height / 2 - 5);
    if (!crowded) hitSign(ctx, hit[1], Math.round(brush.x(hit[0])) + 0.5, top + height - 11);
  }
  paintMarkers(brush);
  ctx.globalAlpha = 1;
}

/**
 * @param {CanvasRenderingContext2D} ctx with the colour set
 * @param {string} kind
 * @param {number} x middle
 * @param {number} y middle
 */
function hitSign(ctx, kind, x, y) {
  /** @type {Record<string, number[]>} */
  const shapes = {
    cut: [0, -4, 4, 0, 0, 4, -4, 0],
    mark: [0, -7, 7, 0, 0, 7, -7, 0],
    stinger: [0, 7, -7, -6, 7, -6],
    swell: [-9, 0, 0, -7, 0, 7],
    break: [-6, -6, -2, -6, -2, 6, -6, 6, -6, -6, 2, -6, 6, -6, 6, 6, 2, 6, 2, -6],
  };
  const shape = shapes[kind] ?? shapes["mark"] ?? [];
  ctx.beginPath();
  for (let nth = 0; nth < shape.length; nth += 2)
    ctx.lineTo(x + (shape[nth] ?? 0), y + (shape[nth + 1] ?? 0));
  ctx.fill();
}

/** @param {Brush} brush */
function paintMarkers(brush) {
  const { ctx, scene, scale, from, to, top } = brush;
  const font = brush.font(11, 600);
  let free = -Infinity;
  for (const { position_s, name } of scene.markers) {
    if (position_s > to) break;
    const x = Math.round(brush.x(position_s));
    const room = x >= free && position_s > from - 400 / scale;
    const width = Math.min(150, brush.measure(name, font)) + 10;
    brush.fill("accent");
    ctx.fillRect(x, top, 1, brush.height);
    ctx.fillRect(x, top + 2, 5, 12);
    if (!room) continue;
    brush.font(11, 600);
    brush.fill("ink");
    ctx.fillText(name, x + 9, top + 8.5, 150);
    free = x + width + 12;
  }
}

/** @param {Brush} brush */
export function paintPictures(brush) {
  const { ctx, scene, scale, from, to, top, width, height } = brush;
  brush.fill("raised");
  ctx.fillRect(0, top, width, height);
  const index = scene.index;
  if (!index) return;
  const { thumbs } = scene;
  const tall = height - 10;
  const wide = thumbs.width(tall);
  const step = 2 ** Math.max(0, Math.floor(Math.log2(wide / scale)));
  const last = Math.max(0, Math.ceil(index.duration) - 1);
  for (
    let nth = Math.floor((from * scale) / wide);
    nth * wide < Math.min(to, index.duration) * scale;
    nth += 1
  ) {
    const second = Math.floor(((nth + 0.5) * wide) / scale / step) * step;
    const picture = thumbs.get(Math.min(second, last));
    if (picture) ctx.drawImage(picture, nth * wide - brush.left, top, wide, tall);
  }
  paintCuts(brush, tall);
  brush.fill("line");
  ctx.fillRect(0, top + height - 1, width, 1);
  ctx.globalAlpha = 1;
}

/** @param {Brush} brush @param {number} tall of the pictures, pixels */
function paintCuts(brush, tall) {
  const index = brush.scene.index;
  if (!index) return;
  const [first, end] = rangeOf(index.cuts, brush.from, brush.to);
  const long = brush.apart(index.cuts) >= 24;
  let drawn = -Infinity;
  for (let nth = first; nth < end; nth += 1) {
    const [at_s, strength] = index.score.cuts[nth] ?? [0, 0];
    const x = Math.round(brush.x(at_s));
    if (x < drawn + 2) continue;
    drawn = x;
    if (long) {
      brush.fill("ground");
      brush.ctx.fillRect(x - 1, brush.top, 3, tall);
    }
    brush.fill("cut", 0.5 + 0.5 * Math.min(1, strength));
    brush.ctx.fillRect(x, brush.top + tall + 1, 1, brush.height - tall - 2);
  }
}
