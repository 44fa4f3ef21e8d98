"""A lead sheet as MusicXML 4.0: chord symbols over rests, in the film's key, meters and tempos.

Hits are rehearsal marks with their kind and timecode. A bar is cut into rests at chords that fall
on its beats, so that every reader sees them where they belong; what falls between beats carries
its offset.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from scorelock.engine.files import writing
from scorelock.engine.key import Key
from scorelock.engine.tempo_map import TICKS, Meter
from scorelock.engine.vocabulary import Chord
from scorelock.export.score import Score

HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
KINDS: Final = {
    "maj": "major",
    "dim": "diminished",
    "sus4": "suspended-fourth",
    "min7": "minor-seventh",
    "min": "minor",
    "sus2": "suspended-second",
    "aug": "augmented",
    "dim7": "diminished-seventh",
    "maj6": "major-sixth",
    "hdim7": "half-diminished",
    "7": "dominant",
    "min6": "minor-sixth",
    "maj7": "major-seventh",
}
"""Of the qualities, in MusicXML's words (kind-value)."""

NOTE_TYPES: Final = {
    4 * TICKS // part: name
    for part, name in (
        *((1, "whole"), (2, "half"), (4, "quarter")),
        *((8, "eighth"), (16, "16th"), (32, "32nd")),
    )
}
"""Names of plain note values by their ticks, the longest first."""


@dataclass(frozen=True, slots=True)
class _Sign:
    """What stands over the staff at a tick; its element takes an offset as `<offset>`."""

    tick: int
    element: Element
    cuts: bool


def write(path: Path, score: Score) -> None:
    """Write `document` beside its place, then rename."""
    with writing(path) as beside:
        beside.write_text(document(score), encoding="utf-8")


def document(score: Score) -> str:
    """The lead sheet's text."""
    root = Element("score-partwise", version="4.0")
    SubElement(SubElement(root, "work"), "work-title").text = score.title
    _texts(SubElement(SubElement(root, "identification"), "encoding"), {"software": "Scorelock"})
    listed = SubElement(SubElement(root, "part-list"), "score-part", id="P1")
    SubElement(listed, "part-name").text = "Chords"
    instrument = SubElement(listed, "score-instrument", id="P1-I1")
    SubElement(instrument, "instrument-name").text = "Chords"
    root_part = SubElement(root, "part", id="P1")
    signs = sorted(_signs(score), key=attrgetter("tick"))
    bars = list(score.bars())
    for bar, first, after in bars:
        measure = SubElement(root_part, "measure", number=str(bar + score.first_bar - 1))
        _attributes(measure, score, bar)
        own = slice(*(bisect_left(signs, tick, key=attrgetter("tick")) for tick in (first, after)))
        _fill(measure, signs[own], first, after, score.paper.meter_at(bar))
        if bar == len(bars):
            barline = SubElement(measure, "barline", location="right")
            SubElement(barline, "bar-style").text = "light-heavy"
    indent(root, " ")
    return HEAD + tostring(root, encoding="unicode") + "\n"


def _attributes(measure: Element, score: Score, bar: int) -> None:
    """Key and clef in the first bar, the meter there and where it changes."""
    changes = {meter.bar: meter for meter in score.paper.meters}
    if bar not in changes:
        return
    attributes, key = SubElement(measure, "attributes"), score.cue.key
    if bar == 1:
        SubElement(attributes, "divisions").text = str(TICKS)
        signature = {"fifths": str(key.fifths), "mode": "minor" if key.minor else "major"}
        _texts(SubElement(attributes, "key"), signature)
    meter = {"beats": str(changes[bar].beats), "beat-type": str(changes[bar].unit)}
    _texts(SubElement(attributes, "time"), meter)
    if bar == 1:
        _texts(SubElement(attributes, "clef"), {"sign": "G", "line": "2"})


def _signs(score: Score) -> Iterator[_Sign]:
    paper = score.paper
    for change in paper.tempos:
        yield _Sign(int(change.quarter * TICKS), _tempo(change.bpm), cuts=False)
    for number, hit in enumerate(sorted(score.hits)):
        tick, words = paper.tick(hit.at_s), f"{hit.kind} {score.timecode(hit.at_s)}"
        yield _Sign(tick, _text("rehearsal", _mark(number)), cuts=False)
        yield _Sign(tick, _text("words", words), cuts=False)
    for span in score.cue.chords:
        yield _Sign(paper.tick(span.start_s), _harmony(span.chord, score.cue.key), cuts=True)


def _tempo(bpm: float) -> Element:
    text = f"{bpm:.2f}".rstrip("0").rstrip(".")
    direction = Element("direction", placement="above")
    metronome = SubElement(SubElement(direction, "direction-type"), "metronome")
    _texts(metronome, {"beat-unit": "quarter", "per-minute": text})
    SubElement(direction, "sound", tempo=f"{bpm:.6f}")
    return direction


def _mark(number: int) -> str:
    """A to Z, then AA to ZZ."""
    return chr(ord("A") + number % 26) * (number // 26 + 1)


def _text(tag: str, text: str) -> Element:
    direction = Element("direction", placement="above")
    SubElement(SubElement(direction, "direction-type"), tag).text = text
    return direction


def _harmony(chord: Chord, key: Key) -> Element:
    name = key.spell(chord.root)
    harmony = Element("harmony")
    root = SubElement(harmony, "root")
    SubElement(root, "root-step").text = name[0]
    if name[1:]:
        SubElement(root, "root-alter").text = {"#": "1", "b": "-1"}[name[1:]]
    kind = SubElement(harmony, "kind", text=key.symbol(chord).removeprefix(name))
    kind.text = KINDS[chord.quality]
    return harmony


def _fill(measure: Element, signs: list[_Sign], first: int, after: int, meter: Meter) -> None:
    """The rests of a bar, cut at the chords on its beats, each after the signs that are over it."""
    beat = 4 * TICKS // meter.unit
    cuts = {sign.tick for sign in signs if sign.cuts and (sign.tick - first) % beat == 0}
    for start, end in pairwise(sorted({first, after} | cuts)):
        for sign in signs:
            if start <= sign.tick < end:
                _place(measure, sign, sign.tick - start)
        if end - start == after - first:
            note = SubElement(measure, "note")
            SubElement(note, "rest", measure="yes")
            _texts(note, {"duration": str(end - start), "voice": "1"})
        else:
            for value in _values(end - start):
                note = SubElement(measure, "note")
                _texts(note, {"rest": "", "duration": str(value), "voice": "1"})
                SubElement(note, "type").text = NOTE_TYPES[value]


def _place(measure: Element, sign: _Sign, offset: int) -> None:
    if offset:
        place = Element("offset")
        place.text = str(offset)
        sound = sign.element.find("sound")  # the schema wants an offset before it
        sign.element.insert(len(sign.element) - (sound is not None), place)
    measure.append(sign.element)


def _values(ticks: int) -> Iterator[int]:
    """Plain note values that fill so many ticks, the longest first."""
    for value in NOTE_TYPES:
        count, ticks = divmod(ticks, value)
        yield from [value] * count


def _texts(parent: Element, children: dict[str, str]) -> None:
    for tag, text in children.items():
        SubElement(parent, tag).text = text or None
