/** Film seconds as the host's timecode or as seconds, and where a ruler has its marks. */

/** @typedef {{ fps: number, start: string, start_s: number }} Start */
/** @typedef {"timecode" | "seconds"} Unit */
/** @typedef {{ seconds: number, words: string }} Mark */

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
const FRAMES = [1, 2, 5, 10];
const PARTS_S = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5];

/** @param {number} number */
const two = (number) => String(number).padStart(2, "0");

/** @param {Start} start */
const dropping = ({ start, fps }) =>
  /[;.]\d\d$/.test(start) && Math.round(fps) % 30 === 0 ? Math.round(fps) / 15 : 0;

/**
 * The count of frames from midnight to a whole second of timecode (SMPTE ST 12-1: drop-frame
 * numbering leaves out 2 numbers, 4 at 59.94, at each minute but every tenth).
 * @param {number} second
 * @param {Start} start
 */
export function frameOfSecond(second, start) {
  const minute = Math.floor(second / 60);
  const drop = dropping(start);
  const before = drop * (minute - Math.floor(minute / 10));
  // A minute's first numbers are those left out: it begins with the one after them.
  const here = second % 60 === 0 && minute % 10 ? drop : 0;
  return second * Math.round(start.fps) - before + here;
}

/**
 * @param {number} seconds of the film
 * @param {Start} start
 * @returns {string} "01:00:12:07", with ";" before the frames of drop-frame numbering
 */
export function timecode(seconds, start) {
  const rate = Math.round(start.fps);
  const drop = dropping(start);
  let frame = Math.max(0, Math.round((seconds + start.start_s) * start.fps));
  if (drop) {
    const tenMinutes = 600 * rate - 9 * drop;
    const tens = Math.floor(frame / tenMinutes);
    const rest = frame - tens * tenMinutes;
    const minutes = rest < 60 * rate ? 0 : 1 + Math.floor((rest - 60 * rate) / (60 * rate - drop));
    frame += drop * (9 * tens + minutes);
  }
  const second = Math.floor(frame / rate);
  const clock = [Math.floor(second / 3600) % 24, Math.floor(second / 60) % 60, second % 60];
  return `${clock.map(two).join(":")}${drop ? ";" : ":"}${two(frame % rate)}`;
}

/**
 * @param {number} seconds of the film
 * @param {number} [places] after the point
 * @returns {string} "1:02.5", or "1:02:03" past an hour
 */
export function clockTime(seconds, places = 0) {
  const whole = Math.round(seconds * 10 ** places) / 10 ** places;
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = (whole % 60).toFixed(places).padStart(places ? places + 3 : 2, "0");
  return hours ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/**
 * @param {{ start: Start, unit: Unit, scale: number, from: number, to: number, apart: number }} of
 *   scale in pixels a second; marks are `apart` pixels or more
 * @returns {Mark[]} from the one at or before `from` to `to` seconds
 */
export function rulerMarks({ start, unit, scale, from, to, apart }) {
  const least = apart / scale;
  if (unit === "seconds") return secondMarks(least, from, to);
  const step = STEPS_S.find((one) => one >= least) ?? 7200;
  if (least <= (FRAMES.at(-1) ?? 0) / start.fps) return frameMarks(start, least, from, to);
  /** @type {Mark[]} */
  const marks = [];
  const first = Math.floor((from + start.start_s) / step) * step;
  for (let second = first - step; ; second += step) {
    const seconds = frameOfSecond(Math.max(0, second), start) / start.fps - start.start_s;
    if (seconds > to) return marks;
    if (second >= 0) marks.push({ seconds, words: timecode(seconds, start) });
  }
}

/** @param {number} least @param {number} from @param {number} to */
function secondMarks(least, from, to) {
  const step = [...PARTS_S, ...STEPS_S].find((one) => one >= least) ?? 7200;
  const places = step >= 1 ? 0 : step >= 0.1 ? 1 : 2;
  const marks = [];
  for (let nth = Math.floor(from / step); nth * step <= to; nth += 1)
    marks.push({ seconds: nth * step, words: clockTime(nth * step, places) });
  return marks;
}

/** @param {Start} start @param {number} least @param {number} from @param {number} to */
function frameMarks(start, least, from, to) {
  const step = FRAMES.find((one) => one >= least * start.fps) ?? 10;
  const marks = [];
  for (let frame = Math.floor((from * start.fps) / step) * step; ; frame += step) {
    const seconds = frame / start.fps;
    if (seconds > to) return marks;
    marks.push({ seconds, words: timecode(seconds, start) });
  }
}
