/** The curves that are drawn: their ranges, and where a value lies between the foot and the top. */

/**
 * @typedef {object} Axis
 * @property {(value: number) => number} share 0 at the foot, 1 at the top
 * @property {(share: number) => number} value
 */

const LOUDEST = 0.5; // beyond it the renderer plays no louder
const LEAST_VELOCITY = 49;
const VELOCITIES = 63;
const BEND = 0.3;
const MOST_DENSITY = 40;

/** @param {number} value */
const within = (value) => Math.min(Math.max(value, 0), 1);

/** @type {Axis} */
const PLAIN = { share: within, value: within };

/**
 * As it is heard: the paper's renderer strikes with velocity 49 + 63 (loudness / 0.5)^0.3, and the
 * axis is even in velocity, so that what was played lies on what was asked for.
 * @type {Axis}
 */
const HEARD = {
  share: (value) => within(value / LOUDEST) ** BEND,
  value: (share) => LOUDEST * within(share) ** (1 / BEND),
};

/** Few notes are told apart better than many. @type {Axis} */
const ROOT = {
  share: (value) => Math.sqrt(within(value / MOST_DENSITY)),
  value: (share) => MOST_DENSITY * within(share) ** 2,
};

/** @param {string} curve @returns {Axis} */
export const axisOf = (curve) =>
  curve === "loudness" ? HEARD : curve === "density" ? ROOT : PLAIN;

/** @param {number} velocity 1..127 @returns {number} its share of the loudness axis */
export const heardOfVelocity = (velocity) => within((velocity - LEAST_VELOCITY) / VELOCITIES);

/** @param {string} curve @param {number} value @returns {string} such as "0.35", "12.5 notes" */
export const valueWords = (curve, value) =>
  curve === "density" ? `${value.toFixed(1)} notes` : value.toFixed(2);
