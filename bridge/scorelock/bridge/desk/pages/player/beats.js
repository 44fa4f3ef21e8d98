/** Where one is in a score: bar and beat, beats to go, what sounds, what comes. */

/** @typedef {import("../messages").Score} Score */
/** @typedef {import("../messages").Marker} Marker */
/** @typedef {[number, number] | null} Loop */
/** @typedef {{ start: number, root: number, quality: string, name: string, pitches: number[] }} Change */
/** @typedef {{ bar: number, beat: number, beats: number, index: number, barIndex: number }} Place */
/** @typedef {{ change: Change, beats: number }} Coming */
/** @typedef {{ index: number, at: number, accent: boolean }} Tick a beat, and when it falls */

const NEAR_S = 1e-4; // a beat and its bar line are the same instant, apart from rounding
const NEAR_BEATS = 1e-3;

/**
 * @param {number} count
 * @param {(index: number) => boolean} isBefore true for the first so many, false for the others
 * @returns {number} how many are before
 */
function howManyBefore(count, isBefore) {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @param {number} beats @returns {number} as one counts: 1 on the last beat */
export const counted = (beats) => Math.max(0, Math.ceil(beats - NEAR_BEATS));

/** A score's beats, bars, chord changes and hits, to be asked at any place. */
export class Grid {
  /** @param {Pick<Score, "bars" | "beats_s" | "chords" | "hits" | "duration_s">} score */
  constructor({ bars, beats_s, chords, hits, duration_s }) {
    this.bars = bars;
    this.beats = beats_s;
    this.duration = duration_s;
    this.firstBeats = bars.map(([at]) =>
      howManyBefore(beats_s.length, (i) => (beats_s[i] ?? 0) < at - NEAR_S),
    );
    /** @type {Change[]} */
    this.changes = [];
    for (const [start, , name, root, quality, , , pitches] of chords) {
      const last = this.changes.at(-1);
      if (last?.root === root && last.quality === quality) continue;
      this.changes.push({ start, root, quality, name, pitches });
    }
    this.hits = hits.map(([at, kind]) => ({ at, kind }));
  }

  /**
   * @param {number} position film seconds
   * @returns {Place | null} null where there are no bars; before the first bar it is the first beat
   */
  place(position) {
    if (this.bars.length === 0 || this.beats.length === 0) return null;
    const { beats, bars } = this;
    const before = howManyBefore(beats.length, (i) => (beats[i] ?? 0) <= position + NEAR_S);
    const index = Math.max(0, before - 1);
    const barIndex = Math.max(
      0,
      howManyBefore(bars.length, (i) => (this.firstBeats[i] ?? 0) <= index) - 1,
    );
    const [, bar, inBar] = bars[barIndex] ?? [0, 1, 4, 4];
    return {
      bar,
      beat: index - (this.firstBeats[barIndex] ?? 0) + 1,
      beats: inBar,
      index,
      barIndex,
    };
  }

  /**
   * @param {number} position film seconds
   * @returns {number} beats since the first one, with fractions; beyond the ends at the end's tempo
   */
  beatsAt(position) {
    const { beats } = this;
    if (beats.length < 2) return position;
    const before = howManyBefore(beats.length, (i) => (beats[i] ?? 0) <= position);
    const at = Math.min(Math.max(before - 1, 0), beats.length - 2);
    const [from, to] = [beats[at] ?? 0, beats[at + 1] ?? 1];
    return at + (position - from) / (to - from);
  }

  /**
   * @param {number} count beats since the first one, with fractions
   * @returns {number} film seconds: what `beatsAt` undoes
   */
  secondsAt(count) {
    const { beats } = this;
    if (beats.length < 2) return count;
    const at = Math.min(Math.max(Math.floor(count), 0), beats.length - 2);
    const [from, to] = [beats[at] ?? 0, beats[at + 1] ?? 1];
    return from + (count - at) * (to - from);
  }

  /** @param {number} position @returns {number} bars since the first one, with fractions */
  barsAt(position) {
    const { firstBeats, beats } = this;
    const count = this.beatsAt(position);
    const found = howManyBefore(firstBeats.length, (i) => (firstBeats[i] ?? 0) <= count);
    const at = Math.max(0, found - 1);
    const from = firstBeats[at] ?? 0;
    const to = firstBeats[at + 1] ?? Math.max(beats.length, from + 1);
    return at + (count - from) / (to - from);
  }

  /** @param {number} position @returns {number} of the change that sounds; -1 before the first */
  changeIndex(position) {
    const { changes } = this;
    return howManyBefore(changes.length, (i) => (changes[i]?.start ?? 0) <= position + NEAR_S) - 1;
  }

  /** @param {number} position @returns {Change | null} what sounds there */
  chordAt(position) {
    return this.changes[this.changeIndex(position)] ?? null;
  }

  /**
   * @param {number} position
   * @param {Loop} [loop] in which the transport goes round
   * @returns {Coming | null} the next other chord, and how many beats away
   */
  nextChord(position, loop = null) {
    const here = this.chordAt(position);
    const next = this.changes[this.changeIndex(position) + 1];
    const away = (/** @type {number} */ to) => this.beatsAt(to) - this.beatsAt(position);
    const round = loop && position < loop[1] ? loop : null;
    if (next && !(round && next.start >= round[1] - NEAR_S))
      return { change: next, beats: away(next.start) };
    if (!round) return null;
    const first = this.chordAt(round[0]);
    if (first && !sameChord(first, here)) return { change: first, beats: away(round[1]) };
    const second = this.changes[this.changeIndex(round[0]) + 1];
    if (!second || second.start >= round[1] - NEAR_S) return null;
    const again = this.beatsAt(second.start) - this.beatsAt(round[0]);
    return { change: second, beats: away(round[1]) + again };
  }

  /**
   * @param {number} from film seconds
   * @param {number} to film seconds
   * @returns {{ at: number, kind: string }[]} the hits from `from` on, before `to`
   */
  hitsIn(from, to) {
    const first = howManyBefore(this.hits.length, (i) => (this.hits[i]?.at ?? 0) < from);
    const end = howManyBefore(this.hits.length, (i) => (this.hits[i]?.at ?? 0) < to);
    return this.hits.slice(first, end);
  }

  /**
   * @param {number} from film seconds
   * @param {number} to film seconds
   * @returns {Tick[]} the beats from `from` on, before `to`, in film seconds
   */
  ticksIn(from, to) {
    const { beats } = this;
    const ticks = [];
    let index = howManyBefore(beats.length, (i) => (beats[i] ?? 0) < from);
    for (; index < beats.length && (beats[index] ?? 0) < to; index++) {
      const at = beats[index] ?? 0;
      ticks.push({ index, at, accent: this.place(at)?.beat === 1 });
    }
    return ticks;
  }
}

/** @param {Change} a @param {Change | null} b @returns {boolean} */
const sameChord = (a, b) => b !== null && a.root === b.root && a.quality === b.quality;

/**
 * @param {readonly Marker[]} markers in time order
 * @param {number} position film seconds
 * @returns {{ here: Marker | null, next: Marker | null }} the section one is in, and the next
 */
export function sections(markers, position) {
  const before = howManyBefore(
    markers.length,
    (i) => (markers[i]?.position_s ?? 0) <= position + NEAR_S,
  );
  return { here: markers[before - 1] ?? null, next: markers[before] ?? null };
}
