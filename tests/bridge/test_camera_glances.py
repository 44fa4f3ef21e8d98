"""CLIP on a thread of its own: it is shown the newest, and nobody waits for it."""

import threading
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from clips import Rows, Witness

from scorelock.bridge.camera.glances import Glances, beside
from scorelock.bridge.clock import MonotonicClock
from scorelock.engine.errors import BadBundle
from scorelock.engine.onlooker import Glance
from scorelock.engine.semantics import PictureModel
from scorelock.engine.video import Image

CLOCK = MonotonicClock()


def blue(value: int) -> Image:
    """A frame that `Witness` knows again."""
    return np.full((4, 4, 3), (value, 0, 0), np.uint8)


class Held(Witness):
    """Is busy with a frame until it is let go; its first one, the grey, is let through."""

    def __init__(self) -> None:
        super().__init__()
        self.busy = threading.Semaphore(0)
        self.free = threading.Semaphore(1)

    def see(self, frames: Sequence[Image]) -> tuple[Rows, Rows]:
        if self.shown:
            self.busy.release()
        assert self.free.acquire(timeout=10)
        return super().see(frames)


def wait_for(glances: Glances, at_s: float) -> Glance:
    """What it saw of the frame of that time; at most ten seconds."""
    until_s = CLOCK.now() + 10
    while CLOCK.now() < until_s:
        glance = glances.before(at_s + 0.5)
        if glance is not None and glance.at_s == at_s:
            return glance
        CLOCK.sleep_until(CLOCK.now() + 0.005)
    pytest.fail(f"it never saw the frame of {at_s} s")


def test_of_those_that_wait_it_sees_the_newest() -> None:
    clip = Held()
    with beside(lambda: clip) as glances:
        assert glances is not None
        assert glances.blank.tolist() == [128, 128, 128]
        glances.show(0.0, blue(10))
        assert clip.busy.acquire(timeout=10)
        for number in range(1, 5):
            glances.show(float(number), blue(10 + number))
        assert glances.before(9.0) is None
        clip.free.release(2)
        first, last = wait_for(glances, 0.0), wait_for(glances, 4.0)
    assert (first.semantic[0], last.semantic[0]) == (10, 14)
    assert first.emotion.tolist() == [0, 0, 0, 1, 0, 0]
    assert clip.shown == [1, 1, 1]


def test_what_comes_later_is_not_seen_before() -> None:
    """The chord of a second is the same whether CLIP has seen the next one already or not."""
    with beside(Witness) as glances:
        assert glances is not None
        for number in range(10):
            glances.show(float(number), blue(number))
            wait_for(glances, float(number))
        newest, earlier = glances.before(10.0), glances.before(9.0)
    assert newest is not None
    assert earlier is not None
    assert (newest.at_s, earlier.at_s) == (9.0, 8.0)


class Broken(Witness):
    """Fails at its second frame."""

    def see(self, frames: Sequence[Image]) -> tuple[Rows, Rows]:
        if self.shown:
            raise MemoryError("no room on the device")
        return super().see(frames)


def test_a_clip_that_fails_says_so_and_ends() -> None:
    with beside(Broken) as glances:
        assert glances is not None
        glances.show(0.0, blue(1))
        with pytest.raises(MemoryError, match="no room on the device"):
            wait_for(glances, 0.0)
        glances.show(1.0, blue(2))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("clip")]


def refused() -> PictureModel:
    """It cannot be opened."""
    raise BadBundle("expected a CLIP")


@pytest.mark.parametrize("opened", [refused, lambda: None])
def test_none_is_no_thread(opened: Callable[[], PictureModel | None]) -> None:
    if opened is refused:
        with pytest.raises(BadBundle, match="expected a CLIP"), beside(opened):
            pass
    else:
        with beside(opened) as glances:
            assert glances is None
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("clip")]
