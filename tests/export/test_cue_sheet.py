"""The cue sheet and the spotting notes, as a spreadsheet opens them."""

import csv
from dataclasses import replace
from pathlib import Path

from gridded import PICK_UP, each_film, film_score, score

from scorelock.engine.hits import Hit
from scorelock.engine.tempo_map import Meter, TempoMap
from scorelock.export import cue_sheet


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_cue_sheet_has_a_row_for_each_score(tmp_path: Path) -> None:
    second = replace(score("Dm A7", key="D minor"), grid=PICK_UP, hits=())
    cue_sheet.write_cue_sheet(tmp_path / "out.csv", score(), second)
    rows = read(tmp_path / "out.csv")
    assert rows[0] == {
        **{"cue": "1m1", "film": "film.mp4", "in": "01:00:00:00", "out": "01:00:06:00"},
        **{"length_s": "6.000", "key": "C major", "tempo": "120.00", "meter": "4/4"},
        **{"chords": "6", "hits": "5"},
    }
    assert (rows[1]["cue"], rows[1]["key"], rows[1]["hits"]) == ("1m2", "D minor", "0")
    assert (rows[1]["tempo"], rows[1]["meter"]) == ("97.30 112.10 80.00", "3/4 4/4")


def test_spotting_notes_show_the_place_the_chord_and_the_miss(tmp_path: Path) -> None:
    hits = (Hit(2.5 + 1 / 24, 2.0, kind="stinger"), Hit(1.5 - 1 / 12), Hit(0.0))
    made = replace(score("C F G"), hits=hits, grid=TempoMap.steady(120, Meter(1, 3, 4)))
    cue_sheet.write_spotting(tmp_path / "out.csv", made)
    first, second, third = read(tmp_path / "out.csv")
    assert (first["timecode"], first["bar"], first["beat"]) == ("01:00:00:00", "1", "1.000")
    assert (second["timecode"], second["off_beat_frames"]) == ("01:00:01:10", "-2.00")
    assert (second["bar"], second["beat"], second["chord"]) == ("1", "3.833", "F")
    assert (third["timecode"], third["off_beat_frames"]) == ("01:00:02:13", "+1.00")
    assert (third["kind"], third["weight"], third["chord"]) == ("stinger", "2", "G")


def test_beats_are_the_meters_own(tmp_path: Path) -> None:
    made = replace(score("C F"), hits=(Hit(0.25),), grid=TempoMap.steady(120, Meter(1, 6, 8)))
    cue_sheet.write_spotting(tmp_path / "out.csv", made)
    (only,) = read(tmp_path / "out.csv")
    assert (only["beat"], only["off_beat_frames"]) == ("2.000", "+0.00")


@each_film
def test_a_films_notes_are_complete(film: str, tmp_path: Path) -> None:
    made = film_score(film)
    cue_sheet.write_spotting(tmp_path / "out.csv", made)
    rows = read(tmp_path / "out.csv")
    assert [float(row["at_s"]) for row in rows] == [round(hit.at_s, 6) for hit in made.hits]
    for row in rows:
        at_s = float(row["at_s"])
        (span,) = (s for s in made.cue.chords if s.start_s <= at_s < s.end_s)
        assert row["chord"] == made.cue.key.symbol(span.chord)
        assert row["mood"]
