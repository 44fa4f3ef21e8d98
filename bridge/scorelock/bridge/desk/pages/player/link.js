/** In words: whether this page is in time with the desk, and what the transport does. */

/** @typedef {{ mood: "good" | "warn" | "bad", words: string }} Said */

/**
 * @param {object} facts
 * @param {import("../common/wire.js").WireState} facts.wire
 * @param {boolean} facts.known whether the desk's time is known
 * @param {boolean} facts.placed whether it was ever said where the film is
 * @param {number} facts.error of the clock, seconds
 * @param {number} facts.aloneFor since when the wire is lost, seconds
 * @returns {Said}
 */
export function connection({ wire, known, placed, error, aloneFor }) {
  if (wire !== "open" && known && placed) {
    const since = Math.floor(aloneFor);
    const words = `On its own since ${since} s: the network has gone. It goes on and will catch up.`;
    return { mood: "bad", words };
  }
  if (wire !== "open") return { mood: "warn", words: "Waiting for the desk" };
  if (!known) return { mood: "warn", words: "Setting the clock" };
  return { mood: "good", words: `In time ± ${Math.max(1, Math.ceil(error * 1000))} ms` };
}

/** @type {Readonly<Record<string, string>>} */
const STATES = Object.freeze({
  stopped: "Stopped",
  locating: "Moving to another place",
  flywheel: "The transport is silent; the desk goes on",
  lost: "The transport has been lost",
});

/**
 * @param {object} facts
 * @param {import("../messages").Now | null} facts.now
 * @param {boolean} facts.rolls
 * @param {boolean} facts.counting
 * @param {{ draft: boolean } | null} facts.score
 * @returns {string} empty where all goes its way
 */
export function transport({ now, rolls, counting, score }) {
  if (score === null) return "No score yet";
  if (counting) return "Counting in";
  if (now === null || now.position_s === null) return "Waiting for the transport";
  if (rolls && now.state !== "flywheel") {
    const slow =
      Math.abs(now.rate - 1) > 0.005 ? `At ${Math.round(now.rate * 100)} % of the tempo` : "";
    return slow || (score.draft ? "A draft: the film is still being watched" : "");
  }
  return STATES[now.state] ?? (rolls ? "" : "Stopped");
}
