"""Scores of what was heard, against cases whose answer is plain."""

import numpy as np
import pytest
from mir_eval import chord as mir_eval_chord
from scores import cue

from scorelock.engine.key import Key
from scorelock.engine.vocabulary import END, INTERVALS, Chord, N
from scorelock.export.listening_score import (
    Trial,
    chord_scores,
    correlation,
    density_right,
    key_score,
    label,
    scores,
)
from scorelock.export.truth import Truth
from scorelock.training.listening.heard import Heard


def tokens(chords: str) -> np.ndarray:
    return np.array([N if name == "N" else Chord.parse(name).token for name in chords.split()])


def trial(true: str, heard: str, *, key: str = "C", heard_key: str = "C") -> Trial:
    """A piece of one chord a second; its density and loudness rise and are heard as they are."""
    score = cue(true)
    rising = np.arange(1, 1 + len(true.split())).astype(np.float32)
    asked, level = (rising / np.float32(part) for part in (100, 50))
    return Trial(
        name="piece",
        font="font",
        style="pad",
        truth=Truth(Key.parse(key), score.chords, rising, asked),
        heard=Heard(Key.parse(heard_key), 1.0, tokens(heard), rising, level, 0.0, 1.0),
        level=level,
    )


@pytest.mark.parametrize("token", range(1, END))
def test_mir_eval_reads_every_chord_with_the_notes_that_it_has(token: int) -> None:
    """mir_eval's own tables of qualities are the oracle."""
    chord = Chord.from_token(token)
    root, notes, bass = mir_eval_chord.encode(label(token))
    assert (root, bass) == (chord.root, 0)
    assert tuple(np.flatnonzero(notes)) == INTERVALS[chord.quality]


def test_no_chord_is_none_to_mir_eval() -> None:
    assert not mir_eval_chord.encode(label(N))[1].any()


@pytest.mark.parametrize(
    ("true", "heard", "majmin", "sevenths", "root", "exact"),
    [
        ("C Am F G7", "C Am F G7", 1, 1, 1, 1),
        ("C Am F G7", "C Am F G", 1, 0.75, 1, 0.75),
        ("C Am F G", "C A F G", 0.75, 0.75, 1, 0.75),
        ("C Am F G", "C C C C", 0.25, 0.25, 0.25, 0.25),
        ("C Am F G", "C Am N N", 0.5, 0.5, 0.5, 0.5),
        ("C Am F G", "C Am", 0.5, 0.5, 0.5, 0.5),  # heard too short
        ("C Am", "C Am F G", 1, 1, 1, 1),  # heard too long
        ("C Csus4 C C", "C C C C", 1, 1, 1, 0.75),  # mir_eval compares no sus4
    ],
)
def test_chords_are_right_for_as_long_as_they_are(
    true: str, heard: str, majmin: float, sevenths: float, root: float, exact: float
) -> None:
    found = chord_scores([trial(true, "C")], [tokens(heard)])
    wanted = {"majmin": majmin, "sevenths": sevenths, "root": root, "exact": exact}
    assert found == pytest.approx(wanted)


def test_each_second_weighs_the_same_however_long_its_piece() -> None:
    pieces = [trial("C C C C C C", "C"), trial("G G", "C")]
    found = chord_scores(pieces, [tokens("C C C C C C"), tokens("C C")])
    assert found["majmin"] == pytest.approx(6 / 8)


@pytest.mark.parametrize(
    ("heard", "score"),
    [("C", 1.0), ("G", 0.5), ("Am", 0.3), ("Cm", 0.2), ("F#", 0.0), ("B#", 1.0)],
)
def test_a_near_key_counts_in_part(heard: str, score: float) -> None:
    assert key_score(Key.parse("C"), Key.parse(heard)) == score


@pytest.mark.parametrize(
    ("true", "heard", "right"),
    [
        ([10.0], [8.0], [True]),
        ([10.0], [12.0], [True]),
        ([10.0], [7.0], [False]),
        ([4.0], [5.0], [False]),
        ([0.0], [0.0], [True]),
        ([0.0], [1.0], [False]),
        ([5.0, 5.0], [5.0], [True]),
    ],
)
def test_density_is_right_within_a_fifth(
    true: list[float], heard: list[float], right: list[bool]
) -> None:
    both = np.array(true, np.float32), np.array(heard, np.float32)
    assert density_right(*both).tolist() == right


def test_correlation_knows_no_scale_and_needs_change() -> None:
    rising = np.arange(4, dtype=np.float32)
    assert correlation(rising, 3 * rising + 1) == pytest.approx(1)
    assert correlation(rising, -rising) == pytest.approx(-1)
    assert correlation(rising, np.ones(4, np.float32)) is None


def test_what_is_heard_wholly_scores_one() -> None:
    found = scores([trial("C Am F G7", "C Am F G7")])
    assert found.pop("steady") == 0.25  # 2.5 is near enough to 3, not to 1, 2 and 4
    assert found == pytest.approx(dict.fromkeys(found, 1.0))


def test_a_wrong_key_costs_its_piece() -> None:
    pieces = [trial("C G C G", "C G C G"), trial("C G", "C G", heard_key="Am")]
    found = scores(pieces)
    assert (found["key"], found["key_near"]) == pytest.approx((0.5, 0.65))
