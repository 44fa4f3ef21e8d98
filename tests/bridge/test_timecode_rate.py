"""The host's timecode is asked for once, where the film leaves it open, and remembered."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from films import flat, write_film

from scorelock.bridge.live_options import RATES
from scorelock.bridge.timecode_rate import HOST, asker, known_rate
from scorelock.engine.timebase import FrameRate


class Answers:
    """A user who answers, and how often it was asked."""

    def __init__(self, answer: str) -> None:
        self.asked: list[tuple[str, Sequence[str]]] = []
        self._answer = answer

    def __call__(self, rate: FrameRate, choices: Sequence[str]) -> str:
        self.asked.append((str(rate), choices))
        return self._answer


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_film(tmp_path / "film.avi", flat(3, (0, 0, 0)), fps=24000 / 1001)


def test_it_is_asked_once_and_remembered(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    user = Answers("24")
    assert known_rate(film, None, user) == RATES["24"]
    assert user.asked == [("23.976", ("23.976", "24"))]
    assert known_rate(film, None, user) == RATES["24"]
    assert len(user.asked) == 1
    assert capsys.readouterr().err.splitlines() == [
        "timecode counts 24, as before; --timecode-rate changes it"
    ]


def test_what_is_told_is_taken_and_remembered(film: Path) -> None:
    assert known_rate(film, "29.97df", Answers("24")) == RATES["29.97df"]
    assert known_rate(film, None, None) == RATES["29.97df"]


def test_a_film_of_25_frames_leaves_nothing_open(tmp_path: Path) -> None:
    user = Answers("24")
    film = write_film(tmp_path / "film.avi", flat(3, (0, 0, 0)), fps=25)
    assert known_rate(film, None, user) is None
    assert (user.asked, [*tmp_path.iterdir()]) == ([], [film])


def test_nobody_there_nothing_known(film: Path) -> None:
    assert known_rate(film, None, None) is None
    assert asker() is None, "tests have no terminal"


@pytest.mark.parametrize("kept", [b"", b"{}", b'{"timecode_rate": 24}', b'{"timecode_rate": "9"}'])
def test_what_is_damaged_is_asked_again(film: Path, kept: bytes) -> None:
    folder = film.parent / f"{film.name}.cue"
    folder.mkdir()
    (folder / HOST).write_bytes(kept)
    assert known_rate(film, None, Answers("23.976")) == RATES["23.976"]


def test_where_nothing_can_be_kept_it_goes_on(film: Path) -> None:
    (film.parent / f"{film.name}.cue").write_bytes(b"in the way")
    assert known_rate(film, None, Answers("23.976")) == RATES["23.976"]
