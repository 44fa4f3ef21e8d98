"""Notes are those that basic-pitch's rules give, stated here slowly, frame after frame."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scorelock.training.listening.heard import LOWEST, PITCHES, HeardNote
from scorelock.training.listening.notes import find_notes

Array = NDArray[np.float32]


def slowly(activity: Array, onsets: Array) -> set[tuple[int, int, int]]:
    """(first frame, frame after the last, pitch) by the rules of the paper's appendix code:

    1. A rise of activity over one frame and over two is an onset too, scaled to the surest one.
    2. From every onset of 0.5 that tops both frames beside it, the latest first, a note runs on
       until 11 frames together are below 0.3; it must last longer than 11 frames.
    3. A note silences its pitch and both neighbours. Of what is left the surest frame is followed
       forth and back by the same rule, and all that was passed is silenced.
    """
    frames = len(activity)
    rises = np.zeros_like(activity)
    for f in range(2, frames):
        rises[f] = np.maximum(
            0, np.minimum(activity[f] - activity[f - 1], activity[f] - activity[f - 2])
        )
    if rises.max() > 0:
        onsets = np.maximum(onsets, rises * (onsets.max() / rises.max()))
    left = activity.copy()
    found = set()

    def silence(frame: int, pitch: int) -> None:
        left[frame, max(0, pitch - 1) : pitch + 2] = 0

    for begin in range(frames - 2, 0, -1):
        for pitch in range(PITCHES - 1, -1, -1):
            here = onsets[begin, pitch]
            if here < 0.5 or here <= max(onsets[begin - 1, pitch], onsets[begin + 1, pitch]):
                continue
            end, low = begin + 1, 0
            while end < frames - 1 and low < 11:
                low = low + 1 if left[end, pitch] < np.float32(0.3) else 0
                end += 1
            end -= low
            if end - begin > 11:
                found.add((begin, end, LOWEST + pitch))
                for frame in range(begin, end):
                    silence(frame, pitch)
    while left.max() >= np.float32(0.3):
        middle, pitch = divmod(int(left.argmax()), PITCHES)
        left[middle, pitch] = 0
        end, low = middle + 1, 0
        while end < frames - 1 and low < 11:
            low = low + 1 if left[end, pitch] < np.float32(0.3) else 0
            silence(end, pitch)
            end += 1
        end -= 1 + low
        begin, low = middle - 1, 0
        while begin > 0 and low < 11:
            low = low + 1 if left[begin, pitch] < np.float32(0.3) else 0
            silence(begin, pitch)
            begin -= 1
        begin += 1 + low
        if end - begin > 11:
            found.add((begin, end, LOWEST + pitch))
    return found


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    frames=st.integers(3, 160),
    smooth=st.integers(1, 24),
    share=st.floats(0.05, 1),
)
def test_the_same_notes_as_by_the_slow_statement(
    seed: int, frames: int, smooth: int, share: float
) -> None:
    rng = np.random.default_rng(seed)
    rough = rng.random((frames + smooth, PITCHES))
    total = np.cumsum(rough, axis=0)
    activity = ((total[smooth:] - total[:-smooth]) / smooth).astype(np.float32)
    activity = (activity - activity.min()) / np.float32(np.ptp(activity))
    activity[:, rng.random(PITCHES) > share] = 0
    onsets = (rng.random((frames, PITCHES)) ** 3).astype(np.float32)

    found = find_notes(activity, onsets, 1.0)

    spans = [(round(n.onset_s), round(n.end_s), n.pitch) for n in found]
    assert set(spans) == slowly(activity, onsets)
    assert len(set(spans)) == len(spans)
    assert list(found) == sorted(found)


def held(begin: int, end: int, frames: int = 200) -> tuple[Array, Array]:
    """Activity and onsets of A4 that sounds in [begin, end)."""
    activity = np.zeros((frames, PITCHES), np.float32)
    onsets = np.zeros_like(activity)
    activity[begin:end, 69 - LOWEST] = 0.75
    onsets[begin, 69 - LOWEST] = 0.9
    return activity, onsets


def test_a_held_pitch_is_one_note_in_seconds() -> None:
    assert find_notes(*held(20, 80), 0.01) == (HeardNote(0.2, 0.8, 69, 0.75),)


@pytest.mark.parametrize(("gap", "notes"), [(10, 1), (11, 2)])
def test_a_gap_of_eleven_frames_parts_two_notes(gap: int, notes: int) -> None:
    activity, onsets = held(20, 120)
    activity *= 2 / 3  # so that the rise after the gap is no onset
    activity[60 : 60 + gap, 69 - LOWEST] = 0.29

    assert len(find_notes(activity, onsets, 0.01)) == notes


@pytest.mark.parametrize(("frames", "notes"), [(11, 0), (12, 1)])
def test_a_note_lasts_longer_than_eleven_frames(frames: int, notes: int) -> None:
    assert len(find_notes(*held(20, 20 + frames), 0.01)) == notes


def test_an_onset_within_a_pitch_that_sounds_on_strikes_it_again() -> None:
    activity, onsets = held(20, 120)
    onsets[70, 69 - LOWEST] = 0.8

    assert [(n.onset_s, n.end_s) for n in find_notes(activity, onsets, 1.0)] == [
        (20, 70),
        (70, 120),
    ]


def test_a_pitch_takes_what_leaks_into_its_neighbours() -> None:
    activity, onsets = held(20, 80)
    activity[20:80, 68 - LOWEST] = 0.5

    assert [n.pitch for n in find_notes(activity, onsets, 1.0)] == [69]


@pytest.mark.parametrize("frames", [0, 1, 2, 3])
def test_next_to_nothing_has_no_notes(frames: int) -> None:
    sure = np.ones((frames, PITCHES), np.float32)

    assert find_notes(sure, sure, 1.0) == ()
