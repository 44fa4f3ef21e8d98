"""Work may take as long as it likes while it shows signs of life; what hangs is given up."""

import itertools
import os
from pathlib import Path
from threading import Event, current_thread

import pytest

from scorelock.training import stalls
from scorelock.training.stalls import Stalled, patience_s, unless_stalled


def test_what_work_gives_and_raises_comes_through() -> None:
    assert unless_stalled(lambda: 7, "a number") == 7
    with pytest.raises(TimeoutError, match="of its own"):
        unless_stalled(lambda: (_ for _ in ()).throw(TimeoutError("of its own")), "a number")


def test_work_that_hangs_is_given_up_and_keeps_no_process_from_ending() -> None:
    held = Event()

    def work() -> bool:
        assert current_thread().daemon
        return held.wait()

    with pytest.raises(Stalled, match=r"expected a film, nothing came for 0 s; see .*again$"):
        unless_stalled(work, "a film", 0.01)
    held.set()


def test_slow_work_with_signs_of_life_is_waited_for() -> None:
    """By looks, not by a clock: it ends after more of them than would be waited without a sign."""
    looks, ended = itertools.count(), Event()

    def sign() -> int:
        look = next(looks)
        if look == 5:
            ended.set()
        return look

    assert unless_stalled(ended.wait, "a film", 0.01, sign)
    assert next(looks) >= 6


def test_a_whole_file_may_be_read_first(tmp_path: Path) -> None:
    """Forty gigabytes, of which none is on the disk: over an hour at the slowest."""
    path = tmp_path / "film.mov"
    path.touch()
    empty_s = patience_s(path)
    os.truncate(path, 40 * 10**9)
    assert empty_s == stalls.PATIENCE_S
    assert patience_s(path) - empty_s == pytest.approx(4000)
