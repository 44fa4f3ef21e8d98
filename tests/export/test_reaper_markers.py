"""Regions and markers in the form that REAPER's manager exports: #,Name,Start,End,Length,Color."""

import csv
import re
from pathlib import Path

import pytest
from gridded import each_film, film_score

from scorelock.export import reaper_markers


def seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+):(\d\d):(\d\d\.\d{3})", text)
    assert match is not None
    return 3600 * int(match[1]) + 60 * int(match[2]) + float(match[3])


@each_film
def test_chords_are_regions_and_hits_are_markers(film: str, tmp_path: Path) -> None:
    made = film_score(film)
    reaper_markers.write(tmp_path / "out.csv", made)
    with (tmp_path / "out.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["#", "Name", "Start", "End", "Length", "Color"]
    regions = [row for row in rows if row[0].startswith("R")]
    markers = [row for row in rows if row[0].startswith("M")]
    assert [row[0] for row in regions] == [f"R{i + 1}" for i in range(len(made.cue.chords))]
    assert [row[0] for row in markers] == [f"M{i + 1}" for i in range(len(made.hits))]
    for row, span in zip(regions, made.cue.chords, strict=True):
        assert row[1] == made.cue.key.symbol(span.chord)
        start, end, length = map(seconds, row[2:5])
        assert (start, end) == pytest.approx((span.start_s, span.end_s), abs=0.0005)
        assert length == pytest.approx(end - start, abs=1e-9)
    for row, hit in zip(markers, made.hits, strict=True):
        assert row[1] == hit.kind
        assert seconds(row[2]) == pytest.approx(hit.at_s, abs=0.0005)
        assert row[3:5] == ["", ""]
    assert {len(row[5]) for row in rows} == {6}
