/** A curve at every zoom: least, greatest and mean of 1, 2, 4, ... rows at a time. */

/**
 * @typedef {object} Level
 * @property {number} step rows that an entry stands for
 * @property {Float32Array} least
 * @property {Float32Array} most
 * @property {Float32Array} mean
 */

export class Pyramid {
  /** @param {ArrayLike<number>} rows one value a second */
  constructor(rows) {
    const values = Float32Array.from(rows);
    /** @type {Level[]} */
    this.levels = [{ step: 1, least: values, most: values, mean: values }];
    for (let level = this.levels[0]; level && level.mean.length > 1;) {
      level = halved(level);
      this.levels.push(level);
    }
  }

  /**
   * @param {number} scale pixels a row
   * @returns {Level} the finest whose entries are a pixel wide or more
   */
  level(scale) {
    const found = this.levels.find(({ step }) => step * scale >= 1) ?? this.levels.at(-1);
    return /** @type {Level} */ (found);
  }
}

/** @param {Level} fine @returns {Level} */
function halved({ step, least, most, mean }) {
  const size = Math.ceil(mean.length / 2);
  const coarse = {
    step: 2 * step,
    least: new Float32Array(size),
    most: new Float32Array(size),
    mean: new Float32Array(size),
  };
  for (let at = 0; at < size; at += 1) {
    const [one, two] = [2 * at, Math.min(2 * at + 1, mean.length - 1)];
    coarse.least[at] = Math.min(least[one] ?? 0, least[two] ?? 0);
    coarse.most[at] = Math.max(most[one] ?? 0, most[two] ?? 0);
    coarse.mean[at] = ((mean[one] ?? 0) + (mean[two] ?? 0)) / 2;
  }
  return coarse;
}
