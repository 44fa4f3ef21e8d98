"""The chord lists: .lab read by mir_eval, .csv by the standard library."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gridded import PICK_UP, each_film, film_score, score

from scorelock.engine.vocabulary import QUALITIES, Chord
from scorelock.export import chord_list
from scorelock.export.score import Score


def read_lab(path: Path) -> list[tuple[float, float, int | None, frozenset[int]]]:
    """Start, end, root, and pitch classes, as mir_eval has them; N has no root."""
    mir_eval = pytest.importorskip("mir_eval")
    intervals, labels = mir_eval.io.load_labeled_intervals(str(path))
    roots, bitmaps, _ = mir_eval.chord.encode_many(labels)
    return [
        (start, end, int(root) if root >= 0 else None, _classes(int(root), bitmap))
        for (start, end), root, bitmap in zip(intervals, roots, bitmaps, strict=True)
    ]


def _classes(root: int, bitmap: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> frozenset[int]:
    return frozenset((int(step) + root) % 12 for step in np.flatnonzero(bitmap))


def assert_same_chords(path: Path, made: Score) -> None:
    found = read_lab(path)
    assert len(found) == len(made.cue.chords)
    for (start, end, root, classes), span in zip(found, made.cue.chords, strict=True):
        assert (start, end) == pytest.approx((span.start_s, span.end_s), abs=1e-6)
        assert (root, classes) == (span.chord.root, frozenset(span.chord.pitch_classes))


@each_film
def test_mir_eval_reads_a_films_chords(film: str, tmp_path: Path) -> None:
    made = film_score(film)
    chord_list.write_lab(tmp_path / "out.lab", made)
    assert_same_chords(tmp_path / "out.lab", made)


def test_mir_eval_reads_every_quality(tmp_path: Path) -> None:
    made = score(" ".join(f"{root}:{q}" for q in QUALITIES for root in ("C", "Eb")), key="Ab")
    chord_list.write_lab(tmp_path / "out.lab", made)
    assert_same_chords(tmp_path / "out.lab", made)
    assert "Eb:hdim7" in (tmp_path / "out.lab").read_text()


def test_time_without_a_chord_is_n(tmp_path: Path) -> None:
    made = score("C F G")
    made = replace(made, cue=replace(made.cue, chords=made.cue.chords[1:2]))
    chord_list.write_lab(tmp_path / "out.lab", made)
    found = [(start, end, root) for start, end, root, _ in read_lab(tmp_path / "out.lab")]
    assert found == [(0, 1, None), (1, 2, 5), (2, 3, None)]


def test_the_table_has_seconds_timecode_bar_and_beat(tmp_path: Path) -> None:
    made = replace(score("Cm Bb7", key="C minor"), grid=PICK_UP)
    chord_list.write_csv(tmp_path / "out.csv", made)
    with (tmp_path / "out.csv").open(newline="") as file:
        first, second = csv.DictReader(file)
    assert first["bar"] == "0"
    assert float(first["beat"]) == pytest.approx(4 - 0.7 * 97.3 / 60, abs=1e-3)
    assert (second["start_s"], second["start"]) == ("1.000000", "01:00:01:00")
    assert (second["end_s"], second["end"]) == ("2.000000", "01:00:02:00")
    assert Chord.parse(second["symbol"]) == Chord(int(second["root"]), second["quality"])
    assert second["symbol"] == "Bb7"
    assert second["why"] == "model"
