"""Timecode against frames against seconds, at every rate."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelock.engine.errors import BadSetting
from scorelock.engine.timebase import FrameRate, Timecode

NTSC = Fraction(30000, 1001)
RATES = [
    *(FrameRate(Fraction(fps)) for fps in (24, 25, 30, 50, 60)),
    *(FrameRate(Fraction(fps * 1000, 1001)) for fps in (24, 30, 60)),
    *(FrameRate(Fraction(fps * 1000, 1001), drop=True) for fps in (30, 60)),
]
rates = st.sampled_from(RATES)
DAY = 24 * 3600 * 23  # frames that every rate here has in a day


@given(rates, st.integers(0, DAY))
def test_text_and_frame_are_the_same_instant(rate: FrameRate, frame: int) -> None:
    assert Timecode.parse(str(Timecode(frame, rate)), rate) == Timecode(frame, rate)


@given(rates, st.integers(0, DAY))
def test_seconds_and_frame_are_the_same_instant(rate: FrameRate, frame: int) -> None:
    assert Timecode.from_seconds(Timecode(frame, rate).seconds, rate).frame == frame


@given(st.integers(0, DAY - 1))
def test_drop_frame_counts_up_without_repeats(frame: int) -> None:
    rate = FrameRate(NTSC, drop=True)
    assert str(Timecode(frame, rate)) < str(Timecode(frame + 1, rate))


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("00:00:59;29", 1799),
        ("00:01:00;02", 1800),  # ;00 and ;01 are dropped
        ("00:10:00;00", 17982),  # but not in every tenth minute
        ("01:00:00;00", 107892),
    ],
)
def test_known_drop_frame_numbers(text: str, frame: int) -> None:
    rate = FrameRate(NTSC, drop=True)
    assert Timecode.parse(text, rate).frame == frame
    assert str(Timecode(frame, rate)) == text


def test_a_semicolon_means_drop_frame() -> None:
    assert Timecode.parse("01:00:00;00", FrameRate(NTSC)).frame == 107892
    assert Timecode.parse("01:00:00:00", FrameRate(NTSC)).frame == 108000
    assert Timecode.parse("01:00:00;00", FrameRate(Fraction(25))).frame == 90000


@pytest.mark.parametrize(
    "text", ["", "1:2:3", "00:00:00:24", "00:61:00:00", "00:00:60:00", "nan", "-1:00:00:00"]
)
def test_impossible_timecode(text: str) -> None:
    with pytest.raises(BadSetting, match=r"timecode"):
        Timecode.parse(text, FrameRate(Fraction(24)))


def test_a_dropped_number_is_an_error() -> None:
    with pytest.raises(BadSetting, match="does not exist"):
        Timecode.parse("00:01:00;00", FrameRate(NTSC, drop=True))


@pytest.mark.parametrize(
    ("measured", "fps"),
    [(23.976, Fraction(24000, 1001)), (24.0, 24), (29.97003, NTSC), (12.5, Fraction(25, 2))],
)
def test_measured_rates_become_exact(measured: float, fps: Fraction) -> None:
    assert FrameRate.nearest(measured).fps == fps
