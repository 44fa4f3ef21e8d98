"""Shots that moved, were trimmed, come twice or are new are found to the frame."""

from dataclasses import dataclass

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scorelock.engine.fingerprint import WIDTH, Rows
from scorelock.engine.matching import LEAST, Piece, pieces

SHOTS = (40, 25, 60, 33, 90, 28)
STARTS = tuple(int(n) for n in np.cumsum((0, *SHOTS)))


def unit(rows: np.ndarray) -> Rows:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


def shot(frames: int, seed: int) -> Rows:
    """Pictures that go one way, each a little on from the one before."""
    draw = np.random.default_rng(seed)
    start, way = unit(draw.normal(size=(2, WIDTH)))
    turns = np.linspace(0, 0.03 * frames, frames)[:, None]
    return unit(np.cos(turns) * start + np.sin(turns) * way)


OLD = np.concatenate([shot(frames, seed) for seed, frames in enumerate(SHOTS)])


@dataclass(frozen=True)
class Cutting:
    """A shot (or a new one: None) and the frames that are cut from its head and its tail."""

    shot: int | None
    head: int
    tail: int


CUTTINGS = st.lists(
    st.builds(
        Cutting,
        st.one_of(st.integers(0, len(SHOTS) - 1), st.none()),
        st.integers(0, 8),
        st.integers(0, 8),
    ),
    min_size=1,
    max_size=8,
)


def cut(cuttings: list[Cutting]) -> tuple[Rows, list[Piece]]:
    """The new cut, and what was taken for it; pieces that go on are one."""
    rows: list[Rows] = []
    taken: list[Piece] = []
    at = 0
    for number, each in enumerate(cuttings):
        if each.shot is None:
            rows.append(shot(30, 100 + number))
        else:
            start, end = STARTS[each.shot] + each.head, STARTS[each.shot + 1] - each.tail
            rows.append(OLD[start:end])
            if taken and (taken[-1].end, taken[-1].old_end) == (at, start):
                taken[-1] = Piece(taken[-1].start, at + end - start, taken[-1].old)
            else:
                taken.append(Piece(at, at + end - start, start))
        at += len(rows[-1])
    return np.concatenate(rows), taken


@settings(max_examples=80, deadline=None)
@example([Cutting(0, 0, 0), Cutting(1, 1, 0)], 0)  # a frame less of a short, slow shot
@example([Cutting(1, 0, 2), Cutting(2, 0, 0)], 0)
@given(CUTTINGS, st.integers(0, 99))
def test_every_cut_is_found_to_the_frame(cuttings: list[Cutting], seed: int) -> None:
    new, taken = cut(cuttings)
    draw = np.random.default_rng(seed)
    light = draw.normal(size=WIDTH) * 0.001
    seen = (new + draw.normal(size=new.shape) * 0.001 + light).astype(np.float32)
    assert pieces(OLD, seen) == tuple(taken)


def test_another_film_and_black_have_nothing_in_common() -> None:
    assert pieces(OLD, shot(200, 77)) == ()
    black = np.zeros((50, WIDTH), np.float32)
    assert pieces(np.concatenate([black, OLD]), np.concatenate([black, shot(80, 77)])) == ()


def test_a_flash_of_a_shot_is_new() -> None:
    """Fewer frames than a chord could use are part of what is around them."""
    new = np.concatenate([shot(30, 101), OLD[50 : 50 + LEAST - 1], shot(30, 102)])
    assert pieces(OLD, new) == ()


def test_a_film_of_one_frame_has_pieces_of_none() -> None:
    assert pieces(OLD, OLD[:1]) == ()


def test_a_still_between_moving_shots_does_not_shift_them() -> None:
    """All its frames are alike: it goes on with what is beside it."""
    still = np.repeat(shot(1, 55), 400, axis=0)
    old = np.concatenate([OLD[:125], still, OLD[125:]])
    new = np.concatenate([OLD[65:125], still[:250], OLD[125:]])
    found = pieces(old, new)
    assert (found[0].start, found[0].old) == (0, 65)
    assert (found[-1].end, found[-1].old_end) == (len(new), len(old))
    assert [one.end for one in found[:-1]] == [other.start for other in found[1:]]
