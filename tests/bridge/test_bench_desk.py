"""What the bench makes of what pages noted down."""

import pytest

from scorelock.bridge.bench_desk import GOALS, against_notes, rows


def test_notes_are_compared_with_what_was_shown_when_they_were_sent() -> None:
    """The page's clock is 100 s behind the machine's; it shows the film 10 ms early."""
    shown = [(at / 60, at / 60 - 5 + 0.01) for at in range(600)]
    notes = [(100 + second, second - 5.0) for second in (1.5, 2.25, 9.0)]
    late = (100 + 4.0, 4.0 - 5.0 + 0.05)
    unseen = (100 + 11.0, 6.0)
    apart = against_notes(shown, [*notes, late, unseen], 100.0)
    assert apart == pytest.approx([0.01, 0.01, 0.01, 0.04])


def test_each_goal_is_a_row() -> None:
    result = {key: goal / 2 for key, (goal, _) in GOALS.items()}
    shown = list(rows(result))
    assert len(shown) == len(GOALS)
    assert {row[3] for row in shown} == {"0.50"}
