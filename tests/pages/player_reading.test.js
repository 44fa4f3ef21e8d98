import assert from "node:assert/strict";
import { test } from "node:test";

import { DEFAULTS, sound } from "../../bridge/scorelock/bridge/desk/pages/player/options.js";
import { Reading } from "../../bridge/scorelock/bridge/desk/pages/player/reading.js";
import { oneLine, spell, spoken } from "../../bridge/scorelock/bridge/desk/pages/player/spell.js";
import { heads } from "../../bridge/scorelock/bridge/desk/pages/player/staff.js";
import {
  parseKey,
  shiftOf,
  transposeKey,
} from "../../bridge/scorelock/bridge/desk/pages/player/transpose.js";

/** @typedef {import("../../bridge/scorelock/bridge/desk/pages/player/transpose.js").Instrument} Instrument */
/** @typedef {import("../../bridge/scorelock/bridge/desk/pages/player/spell.js").Spelling} Spelling */

/** @param {string} text */
const key = (text) => parseKey(text) ?? assert.fail(`${text} is no key`);

/** @param {string} text @param {number} shift */
function written(text, shift) {
  const { tonic, minor } = transposeKey(key(text), shift);
  return `${tonic} ${minor ? "minor" : "major"}`;
}

// As orchestration books have them; where a key has seven accidentals, its twin.
/** @type {Record<Exclude<Instrument, "C">, Array<[string, string]>>} */
const WRITTEN = {
  Bb: [
    ["Bb major", "C major"],
    ["C major", "D major"],
    ["Eb major", "F major"],
    ["F major", "G major"],
    ["Ab major", "Bb major"],
    ["Db major", "Eb major"],
    ["Gb major", "Ab major"],
    ["G major", "A major"],
    ["D major", "E major"],
    ["A major", "B major"],
    ["E major", "F# major"],
    ["B major", "Db major"],
    ["D minor", "E minor"],
    ["C# minor", "D# minor"],
    ["G# minor", "Bb minor"],
    ["Bb minor", "C minor"],
  ],
  Eb: [
    ["Eb major", "C major"],
    ["C major", "A major"],
    ["F major", "D major"],
    ["Bb major", "G major"],
    ["G major", "E major"],
    ["D major", "B major"],
    ["A major", "F# major"],
    ["E major", "Db major"],
    ["Gb major", "Eb major"],
    ["C minor", "A minor"],
    ["G minor", "E minor"],
  ],
  F: [
    ["F major", "C major"],
    ["C major", "G major"],
    ["Bb major", "F major"],
    ["D major", "A major"],
    ["E major", "B major"],
    ["B major", "F# major"],
    ["Db major", "Ab major"],
    ["Cb major", "Gb major"],
    ["A minor", "E minor"],
    ["Eb minor", "Bb minor"],
  ],
};

test("each instrument reads in the key of the orchestration books", () => {
  for (const [name, keys] of Object.entries(WRITTEN)) {
    const shift = shiftOf(/** @type {Instrument} */ (name), 0);
    for (const [sounds, reads] of keys)
      assert.equal(written(sounds, shift), reads, `${name}: ${sounds}`);
  }
});

test("what is not transposed keeps its key, F sharp and G flat apart", () => {
  for (const text of ["Gb major", "F# major", "Cb major", "C# major", "A# minor"]) {
    assert.equal(written(text, 0), text);
  }
});

test("a capo puts the shapes below what sounds", () => {
  /** @type {Array<[string, number, string]>} */
  const table = [
    ["Eb major", 3, "C major"],
    ["F major", 1, "E major"],
    ["A major", 2, "G major"],
    ["C major", 5, "G major"],
    ["Bb major", 1, "A major"],
    ["F minor", 1, "E minor"],
    ["C major", 0, "C major"],
  ];
  for (const [sounds, capo, shapes] of table)
    assert.equal(written(sounds, shiftOf("C", capo)), shapes);
});

const change = (/** @type {number} */ root, /** @type {string} */ quality, name = "") => ({
  start: 0,
  root,
  quality,
  name,
  pitches: [],
});

test("chords as each tradition writes them", () => {
  /** @type {Array<[string, number, string, Record<Spelling, string>]>} */
  const table = [
    [
      "C major",
      9,
      "min7",
      { symbols: "Am7", jazz: "A-7", german: "Am7", solfege: "La m7", numerals: "vi7" },
    ],
    [
      "C major",
      11,
      "hdim7",
      { symbols: "Bm7♭5", jazz: "Bø7", german: "Hm7♭5", solfege: "Si m7♭5", numerals: "viiø7" },
    ],
    [
      "F major",
      10,
      "maj7",
      { symbols: "B♭maj7", jazz: "B♭△7", german: "Bmaj7", solfege: "Si♭ maj7", numerals: "IVmaj7" },
    ],
    [
      "F# minor",
      6,
      "maj7",
      { symbols: "F♯maj7", jazz: "F♯△7", german: "F♯maj7", solfege: "Fa♯ maj7", numerals: "Imaj7" },
    ],
    [
      "D major",
      1,
      "sus4",
      {
        symbols: "C♯sus4",
        jazz: "C♯sus4",
        german: "C♯sus4",
        solfege: "Do♯ sus4",
        numerals: "VIIsus4",
      },
    ],
    [
      "Gb major",
      11,
      "maj",
      { symbols: "C♭", jazz: "C♭", german: "C♭", solfege: "Do♭", numerals: "IV" },
    ],
    [
      "A minor",
      8,
      "dim7",
      {
        symbols: "G♯dim7",
        jazz: "G♯°7",
        german: "G♯dim7",
        solfege: "Sol♯ dim7",
        numerals: "vii°7",
      },
    ],
    [
      "C major",
      10,
      "7",
      { symbols: "B♭7", jazz: "B♭7", german: "B7", solfege: "Si♭ 7", numerals: "♭VII7" },
    ],
    [
      "C minor",
      3,
      "aug",
      { symbols: "E♭aug", jazz: "E♭+", german: "E♭aug", solfege: "Mi♭ aug", numerals: "♭III+" },
    ],
  ];
  for (const [inKey, root, quality, spellings] of table) {
    for (const [spelling, wanted] of Object.entries(spellings)) {
      const symbol = spell(change(root, quality), key(inKey), /** @type {Spelling} */ (spelling));
      assert.equal(oneLine(symbol), wanted);
    }
  }
});

test("no chord is written and said as none", () => {
  assert.equal(oneLine(spell(change(-1, "", "N"), key("C major"), "jazz")), "N.C.");
  assert.equal(spoken(change(-1, "", "N"), key("C major")), "no chord");
});

test("chords are said in words", () => {
  assert.equal(spoken(change(5, "maj7"), key("C major")), "F major seven");
  assert.equal(spoken(change(10, "hdim7"), key("Db major")), "B flat half diminished");
  assert.equal(spoken(change(6, "min"), key("A major")), "F sharp minor");
});

test("a reading transposes, respells and leaves alone what the score cannot say", () => {
  /** @type {Array<[string, Instrument, number, number, string, string]>} */
  const table = [
    ["Bb major", "Bb", 0, 10, "maj7", "Cmaj7"],
    ["E major", "Bb", 0, 4, "maj", "F♯"],
    ["E major", "Bb", 0, 9, "maj", "B"],
    ["Ab major", "Eb", 0, 8, "maj", "F"],
    ["C major", "F", 0, 9, "min7", "Em7"],
    ["Eb major", "C", 3, 0, "min", "Am"],
    ["F major", "C", 1, 10, "maj", "A"],
  ];
  for (const [inKey, instrument, capo, root, quality, wanted] of table) {
    const reading = new Reading(
      { key: inKey, flats: false },
      { instrument, capo, spelling: "symbols" },
    );
    assert.equal(reading.text(change(root, quality)), wanted);
  }
  const none = new Reading({ key: "", flats: true }, { ...DEFAULTS });
  assert.equal(none.text(change(10, "7")), "B♭7");
  assert.equal(none.text(change(-1, "", "N")), "N.C.");
});

/** @param {number[]} pitches @param {number} root @param {string} quality @param {string} inKey */
const notes = (pitches, root, quality, inKey) =>
  heads(pitches, { root, quality }, key(inKey), "treble");

test("chord tones stand on their own letters", () => {
  /** @type {Array<[number[], number, string, string, string]>} */
  const table = [
    [[60, 64, 67], 0, "maj", "C major", "C E G"],
    [[60, 63, 67], 0, "min", "E major", "C Eb G"],
    [[70, 73, 76, 80], 10, "hdim7", "Db major", "Bb Db Fb Ab"],
    [[66, 70, 73, 77], 6, "maj7", "F# minor", "F# A# C# E#"],
    [[68, 71, 74, 77], 8, "dim7", "A minor", "G# B D F"],
    [[61, 66, 68], 1, "sus4", "D major", "C# F# G#"],
    [[60, 62, 67], 0, "sus2", "C major", "C D G"],
    [[60, 64, 67, 69], 0, "maj6", "C major", "C E G A"],
  ];
  for (const [pitches, root, quality, inKey, wanted] of table) {
    const found = notes(pitches, root, quality, inKey);
    assert.equal(found.map(({ letter, sign }) => letter + sign).join(" "), wanted);
  }
});

test("notes stand where musicians look for them", () => {
  assert.deepEqual(
    notes([60, 64, 67], 0, "maj", "C major").map(({ step }) => step),
    [5, 7, 9],
  ); // C5 E5 G5
  const bass = heads([60, 64, 67], { root: 0, quality: "maj" }, key("C major"), "bass");
  assert.deepEqual(
    bass.map(({ step }) => step),
    [3, 5, 7],
  ); // C3 E3 G3
});

test("of two neighbours on a line and a space one stands aside", () => {
  const sus = notes([60, 62, 67], 0, "sus2", "C major");
  assert.deepEqual(
    sus.map(({ aside }) => aside),
    [false, true, false],
  );
});

test("options from an older or damaged store become usable ones", () => {
  assert.deepEqual(sound(null), DEFAULTS);
  assert.deepEqual(sound("nonsense"), DEFAULTS);
  const mixed = sound({
    instrument: "Eb",
    capo: 99,
    spelling: "klingon",
    large: "yes",
    volume: 0,
    old: 1,
  });
  assert.deepEqual(mixed, { ...DEFAULTS, instrument: "Eb", volume: 0 });
  assert.deepEqual(sound({ ...DEFAULTS, capo: 2.5 }), DEFAULTS);
  assert.deepEqual(sound(JSON.parse(JSON.stringify({ ...DEFAULTS, capo: 11 }))), {
    ...DEFAULTS,
    capo: 11,
  });
});
