"""The lead sheet, checked by the standard's schema, read by music21 and, where it is, MuseScore."""

import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from gridded import PICK_UP, each_film, film_score, grids, score
from hypothesis import HealthCheck, given, settings

from scorelock.engine.tempo_map import TICKS, TempoMap
from scorelock.engine.vocabulary import QUALITIES
from scorelock.export import music_xml
from scorelock.export.score import Score

MADE = score("Cb Ebm7 Abm6 Bbsus4 Gbmaj7 Fm7b5", key="Eb minor")

STUBS = {
    "http://www.w3.org/1999/xlink": """
        <xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace=
        "http://www.w3.org/1999/xlink">ATTRIBUTES</xs:schema>""".replace(
        "ATTRIBUTES",
        "".join(
            f'<xs:attribute name="{name}" type="xs:string"/>'
            for name in ("href", "type", "role", "title", "show", "actuate")
        ),
    ),
    "http://www.w3.org/XML/1998/namespace": """
        <xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace=
        "http://www.w3.org/XML/1998/namespace"><xs:attribute name="lang" type="xs:language"/>
        <xs:attribute name="space" type="xs:string"/></xs:schema>""",
}
"""The two schemas that MusicXML's takes from the network; a lead sheet uses nothing of them."""


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ANN401 - an untyped library
    """MusicXML 4.0 as the package `musicxml` ships it."""
    xmlschema = pytest.importorskip("xmlschema")
    spec = find_spec("musicxml")
    if spec is None or spec.origin is None:
        pytest.skip("needs the package musicxml, which ships the schema")
    source = Path(spec.origin).parent / "generate_classes" / "musicxml_4_0.xsd"
    folder = tmp_path_factory.mktemp("schema")
    text = source.read_text(encoding="utf-8")
    for number, (namespace, stub) in enumerate(STUBS.items()):
        (folder / f"{number}.xsd").write_text(stub.strip())
        at = text.index("schemaLocation=", text.index(f'namespace="{namespace}"'))
        text = text[:at] + f'schemaLocation="{number}.xsd"/>' + text[text.index("/>", at) + 2 :]
    (folder / "musicxml.xsd").write_text(text, encoding="utf-8")
    return xmlschema.XMLSchema(str(folder / "musicxml.xsd"))


def read(path: Path) -> Any:  # noqa: ANN401
    music21 = pytest.importorskip("music21")
    return music21.converter.parse(str(path), forceSource=True)


def chords_of(sheet: Any) -> list[tuple[Fraction, frozenset[int], int]]:  # noqa: ANN401
    """Where, in quarters, and which pitch classes over which root."""
    return [
        (
            Fraction(symbol.getOffsetInHierarchy(sheet)),
            frozenset(pitch.pitchClass for pitch in symbol.pitches),
            symbol.root().pitchClass,
        )
        for symbol in sheet.recurse().getElementsByClass("ChordSymbol")
    ]


def assert_same_chords(sheet: Any, made: Score) -> None:  # noqa: ANN401
    found = chords_of(sheet)
    assert len(found) == len(made.cue.chords)
    for (at, classes, root), span in zip(found, made.cue.chords, strict=True):
        assert at * TICKS == pytest.approx(made.paper.tick(span.start_s), abs=0.01)
        assert (classes, root) == (frozenset(span.chord.pitch_classes), span.chord.root)


@each_film
def test_a_films_lead_sheet_is_valid_and_has_the_same_chords(
    film: str,
    schema: Any,  # noqa: ANN401
    tmp_path: Path,
) -> None:
    made = film_score(film)
    music_xml.write(tmp_path / "out.musicxml", made)
    schema.validate(str(tmp_path / "out.musicxml"))
    sheet = read(tmp_path / "out.musicxml")
    assert_same_chords(sheet, made)
    marks = list(sheet.recurse().getElementsByClass("RehearsalMark"))
    places = [Fraction(mark.getOffsetInHierarchy(sheet)) * TICKS for mark in marks]
    assert places == pytest.approx([made.paper.tick(hit.at_s) for hit in made.hits], abs=0.01)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(grids())
def test_every_bar_is_full_and_valid_in_any_tempo_map(
    schema: Any,  # noqa: ANN401
    grid: TempoMap,
) -> None:
    made = replace(MADE, grid=grid)
    text = music_xml.document(made)
    schema.validate(text)
    sheet = ET.fromstring(text)
    for measure, (_, first, after) in zip(sheet.iter("measure"), made.bars(), strict=True):
        assert sum(int(d.text or 0) for d in measure.iter("duration")) == after - first


def test_chords_are_spelled_in_the_key(tmp_path: Path) -> None:
    music_xml.write(tmp_path / "out.musicxml", MADE)
    sheet = read(tmp_path / "out.musicxml")
    roots = [s.root().name for s in sheet.recurse().getElementsByClass("ChordSymbol")]
    assert roots == ["C-", "E-", "A-", "B-", "G-", "F"]
    (key,) = sheet.recurse().getElementsByClass("KeySignature")
    assert (key.sharps, key.mode) == (-6, "minor")


def test_every_quality_is_read_with_its_notes(tmp_path: Path) -> None:
    made = score(
        " ".join(f"{root}:{quality}" for quality in QUALITIES for root in ("Db", "F#", "A"))
    )
    music_xml.write(tmp_path / "out.musicxml", made)
    assert_same_chords(read(tmp_path / "out.musicxml"), made)


def test_meters_tempos_and_the_pick_up(tmp_path: Path) -> None:
    made = replace(MADE, grid=PICK_UP)
    music_xml.write(tmp_path / "out.musicxml", made)
    sheet = read(tmp_path / "out.musicxml")
    bars = list(sheet.parts[0].getElementsByClass("Measure"))
    assert [bar.number for bar in bars[:3]] == [0, 1, 2]
    meters = [
        (m.measureNumber, m.ratioString)
        for m in sheet.recurse().getElementsByClass("TimeSignature")
    ]
    assert meters == [(0, "3/4"), (3, "4/4")]
    tempos = {
        m.getOffsetInHierarchy(sheet): m.number
        for m in sheet.recurse().getElementsByClass("MetronomeMark")
    }
    assert tempos == pytest.approx({0: 97.3, 9: 112.1, 11: 80}, rel=1e-4)


def test_chords_on_beats_stand_before_rests_of_their_length() -> None:
    """For readers that ignore offsets: at 120 a minute and a chord a second, two a bar."""
    sheet = ET.fromstring(music_xml.document(score("C F G C")))
    for measure in sheet.iter("measure"):
        tags = [each.tag for each in measure if each.tag in ("harmony", "note")]
        assert tags == ["harmony", "note"] * 2
        assert [note.findtext("type") for note in measure.iter("note")] == ["half", "half"]
        assert measure.find("harmony/offset") is None


MUSESCORE = next(filter(None, map(shutil.which, ("mscore", "mscore3", "musescore"))), None)
LENGTHS = {
    "whole": Fraction(4),
    "half": Fraction(2),
    "quarter": Fraction(1),
    "eighth": Fraction(1, 2),
}


def musescore_chords(path: Path, made: Score) -> list[tuple[float, int, str]]:
    """Tick, root and the rest of the symbol of every chord in MuseScore's own format."""
    found: list[tuple[float, int, str]] = []
    for voice, (_, first, _) in zip(ET.parse(path).iter("voice"), made.bars(), strict=True):
        now = Fraction(first)
        for each in voice:
            if each.tag == "Rest":
                plain = LENGTHS.get(each.findtext("durationType", ""))
                quarters = plain or 4 * Fraction(each.findtext("duration", ""))
                now += quarters * TICKS
            elif each.tag == "location":  # it goes back over a rest to where the symbol stands
                now += 4 * Fraction(each.findtext("fractions", "")) * TICKS
            elif each.tag == "Harmony":
                fifths_above_c = int(each.findtext("root", "")) - 14
                found.append((float(now), 7 * fifths_above_c % 12, each.findtext("name", "")))
    return found


@pytest.mark.skipif(MUSESCORE is None, reason="needs MuseScore: apt-get install musescore3")
@each_film
def test_musescore_opens_a_films_lead_sheet_with_the_same_chords(film: str, tmp_path: Path) -> None:
    made = film_score(film)
    music_xml.write(tmp_path / "in.musicxml", made)
    subprocess.run(
        [str(MUSESCORE), "-o", tmp_path / "out.mscx", tmp_path / "in.musicxml"],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path)},
        capture_output=True,
        check=True,
        timeout=120,
    )
    key = made.cue.key
    assert musescore_chords(tmp_path / "out.mscx", made) == [
        (
            made.paper.tick(span.start_s),
            span.chord.root,
            key.symbol(span.chord).removeprefix(key.spell(span.chord.root)),
        )
        for span in made.cue.chords
    ]
