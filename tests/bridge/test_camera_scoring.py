"""A camera's show on a manual clock: what sounds, when, and what becomes of a camera that fails."""

import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from cameras import WARM_UP_S, CameraRig, Parrot, SlowClip, ended, frames, lost, manifest, still
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelock.bridge.camera.arrivals import Arrival, Frame
from scorelock.bridge.camera.playing import FOREVER_S
from scorelock.bridge.camera.scoring import DELAY_S, LEAD_S, TOO_SLOW, slot_edges
from scorelock.bridge.follower import Follower
from scorelock.bridge.show import OscTo, Show
from scorelock.bridge.show_log import Turn, decode, encode
from scorelock.bridge.timelines import house
from scorelock.bridge.transport import Position, Roll
from scorelock.engine import on_the_fly
from scorelock.engine.compose import MAJOR, MINOR
from scorelock.engine.decoder import Rows
from scorelock.engine.key import Key
from scorelock.engine.on_the_fly import CLOSE_S
from scorelock.engine.onlooker import Row
from scorelock.engine.score import ComposeSettings, Dynamics, Performance
from scorelock.engine.slots import Rhythm
from scorelock.engine.tempo_map import TempoMap
from scorelock.engine.vocabulary import Chord


def test_the_first_chord_and_each_other_one_come_in_time() -> None:
    """Within two seconds of the first picture, and never on a picture older than a second and a
    half, whatever the chord's second shows.
    """
    rig = CameraRig(frames(20, fps=25)).run(19.9)
    report = rig.scoring.report()
    assert rig.strikes()[0] == pytest.approx(DELAY_S, abs=0.002)
    assert report.first_chord_s == pytest.approx(DELAY_S)
    assert report.age_s is not None
    assert report.age_s.max == pytest.approx(LEAD_S + 1 / 25)
    assert (report.seconds, report.dropped_seconds, report.held_seconds) == (19, 0, 0)
    assert rig.timeline.ignored == {}


def test_a_recorded_camera_replays() -> None:
    """The same frames at the same times: the same messages at the same times."""
    first, again = (CameraRig(frames(30)).run(30) for _ in range(2))
    assert first.sent == again.sent
    assert len(first.strikes()) > 5
    other = CameraRig(frames(30), replace(first.fly._settings, seed=9)).run(30)
    assert other.sent != first.sent


def test_a_chord_that_stays_is_not_struck_again_when_the_camera_freezes() -> None:
    """Frozen from 3 s to 10 s: it is said, the chord holds, and both end with a new picture."""
    frozen = [*(each for each in frames(3)), *frames(16, start_s=10)]
    rig = CameraRig(frozen).run(16)
    strikes = rig.strikes()
    assert not [at_s for at_s in strikes if 4.3 < at_s < 11.2]
    assert [at_s for at_s in strikes if at_s > 11.2]
    assert rig.said == [
        "the camera stands: no picture for 2 s; the chord is held",
        "the camera moves again",
    ]
    report = rig.scoring.report()
    assert (report.held_seconds, report.stalls, report.reconnects) == (7, 1, 0)
    assert report.dropped_seconds == 0


def test_unplugged_its_chord_rings_out_and_it_goes_on_when_it_is_back() -> None:
    script: list[Arrival] = [*frames(5.5), lost(5.5), *frames(20, start_s=12.3)]
    rig = CameraRig(script).run(8.9)
    assert rig.keyboard.down == set()
    released_s = max(at_s for at_s, data in rig.notes() if data[0] & 0xF0 == 0x80)
    assert released_s == pytest.approx(5 + CLOSE_S + DELAY_S, abs=0.01)
    rig.run(20)
    back_s = next(at_s for at_s in rig.strikes() if at_s > 9)
    assert back_s == pytest.approx(12 + DELAY_S, abs=0.01)
    assert rig.said == [
        "the camera has gone: it gives no more pictures; waiting for it to come back",
        "the camera is back",
    ]
    assert rig.scoring.report().reconnects == 1


def test_what_was_recorded_ends_with_a_chord_that_rings_out() -> None:
    rig = CameraRig([*frames(6), ended(6.0)]).run(60)
    assert rig.over
    assert rig.keyboard.down == set()
    assert rig.clock.now() == pytest.approx(WARM_UP_S + 6 + CLOSE_S + DELAY_S, abs=0.01)


def test_a_camera_that_gives_nothing_is_waited_for_in_silence() -> None:
    rig = CameraRig([]).run(10)
    assert (rig.sent, rig.said) == ([], [])
    assert rig.scoring.report().age_s is None
    assert CameraRig([ended(0.5)]).run(10).over


class SlowParrot(Parrot):
    """Takes its time now and then."""

    rig: CameraRig

    def begin(self, features, minor):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        if len(self.seen) == 5:
            self.rig._pass(self.rig.clock.now() + 4.0)
        return super().begin(features, minor)


def test_a_chord_that_comes_too_late_is_counted_and_the_show_goes_on() -> None:
    """The machine was away for four seconds: the chord went on, the next ones are in time."""
    model = SlowParrot()
    rig = CameraRig(frames(30), model=model)
    model.rig = rig
    rig.run(30)
    report = rig.scoring.report()
    assert 2 <= report.dropped_seconds <= 3
    assert report.seconds >= 29
    assert report.age_s is not None
    assert report.age_s.p50 == pytest.approx(LEAD_S + 0.25)
    assert rig.keyboard.loose_offs == rig.keyboard.double_ons == 0


class CalmParrot(Parrot):
    """Has few notes played, so that an hour of them is soon over."""

    def dynamics(self, features: Rows) -> Dynamics:
        few, soft = np.full((2, len(features)), [[3], [0.2]], np.float32)
        return Dynamics(few, soft)


def test_an_hour_is_steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """No second dropped, no chord old, no memory filled; a chord changes every four seconds."""
    monkeypatch.setattr(on_the_fly, "WINDOW", 8)  # of which the hour has as many as of longer ones
    monkeypatch.setattr(on_the_fly, "AHEAD", 2)
    monkeypatch.setattr(house, "EVERY_S", 0.5)  # its place is told less often
    lean = ComposeSettings(recall=0.0, affect=0.0)
    clip = SlowClip(0.3)
    rig = CameraRig(frames(3700, fps=1.0), lean, CalmParrot(), clip).run(1800)
    clip.seen.clear()
    rig.sent.clear()
    before = sys.getallocatedblocks()
    rig.run(3600)
    clip.seen.clear()
    rig.sent.clear()
    kept = sys.getallocatedblocks() - before
    report = rig.scoring.report()
    assert (report.seconds, report.dropped_seconds, report.held_seconds) == (3600, 0, 0)
    assert report.chords >= 900
    assert report.age_s is not None
    assert report.age_s.p95 < 1.5
    assert kept < 1800 * 4  # objects: an age for the report, but no note
    assert rig.keyboard.loose_offs == rig.keyboard.double_ons == 0


class ClipParrot(Parrot):
    """Reads the published layout."""

    def __init__(self) -> None:
        super().__init__(manifest("published"))

    def newest(self) -> list[Rows]:
        """The newest row of each chord: 768 numbers of CLIP and 8 of the picture."""
        return [rows[-1 - on_the_fly.AHEAD] for rows in self.seen]


def greys(until_s: int) -> list[Arrival]:
    """Each second begins with a grey of its number, and goes on in black."""
    return [still(n / 5, 0 if n % 5 else n // 5 + 1) for n in range(5 * until_s)]


@pytest.mark.parametrize(("takes_s", "seconds"), [(0.02, 9), (0.6, 9), (1.03, 3)])
def test_what_clip_sees_in_time_is_of_the_second_itself(takes_s: float, seconds: int) -> None:
    """It may finish in the time that is left to choose a chord; what comes next is not mixed in."""
    model = ClipParrot()
    rig = CameraRig(greys(seconds), model=model, clip=SlowClip(takes_s)).run(seconds + 0.2)
    rows, report = model.newest(), rig.scoring.report()
    assert [row[0] for row in rows] == list(range(2, seconds + 1))
    assert all(row.shape == (776,) for row in rows)
    assert all((row[-6:] == np.eye(6)[3]).all() for row in rows)
    assert (report.late_embeddings, report.dropped_seconds) == (0, 0)
    assert report.age_s is not None
    assert report.age_s.max == pytest.approx(DELAY_S)
    assert rig.said == []


def test_a_clip_that_is_too_slow_delays_nobody() -> None:
    """What it saw last serves, its age is told, and once what to do."""
    model = ClipParrot()
    rig = CameraRig(greys(30), model=model, clip=SlowClip(2.6)).run(29.9)
    quick = CameraRig(greys(30), model=ClipParrot(), clip=SlowClip(0.02)).run(29.9)
    assert rig.strikes()[0] == quick.strikes()[0] == pytest.approx(DELAY_S, abs=0.002)
    rows, report = model.newest(), rig.scoring.report()
    assert [row[0] for row in rows[:8]] == [-1, 1, 1, 1, 3, 3, 6, 6]
    assert rows[0][-6:].sum() == pytest.approx(1)
    assert rows[0][-3] < 1  # the picture's own emotions until then
    assert report.late_embeddings == len(rows) + 1  # the tonic begins, and asks no model
    assert (report.seconds, report.dropped_seconds) == (30, 0)
    assert report.age_s is not None
    assert 2.6 < report.age_s.p50 < report.age_s.max <= 2 * 2.6 + 1 + LEAD_S
    assert rig.said == [TOO_SLOW]
    assert f"CLIP came late for {len(rows) + 1} chords" in str(report)


def test_emotions_alone_serve_a_bundle_of_the_picture() -> None:
    model = Parrot()
    CameraRig(greys(5), model=model, clip=SlowClip(0.1)).run(4.9)
    for rows in model.seen:
        assert rows.shape[1] == 8
        assert (rows[-1, 2:] == np.eye(6)[3]).all()


GAPS = st.sampled_from([0.01, 0.04, 0.04, 0.3, 1.0, 2.5])
KINDS = st.sampled_from(["frame"] * 12 + ["black", "other size", "lost"])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(GAPS, KINDS), min_size=1, max_size=60),
    st.sampled_from([None, 0.05, 0.9, 3.0]),
)
def test_whatever_comes_every_note_ends(
    happens: list[tuple[float, str]], clip_s: float | None
) -> None:
    at_s, script = 0.0, list[Arrival]()
    for number, (gap_s, kind) in enumerate(happens):
        at_s += gap_s
        if kind == "lost":
            script.append(lost(at_s))
        else:
            size = (48, 40) if kind == "other size" else (32, 18)
            script.append(still(at_s, 0 if kind == "black" else number * 37 % 256, size))
    clip = None if clip_s is None else SlowClip(clip_s)
    rig = CameraRig([*script, ended(at_s)], clip=clip).run(at_s + 30)
    assert rig.over
    assert rig.keyboard.down == set()
    assert rig.keyboard.loose_offs == rig.keyboard.double_ons == 0
    report = rig.scoring.report()
    assert report.frames == sum(isinstance(each, Frame) for each in script)
    if report.age_s is not None and clip is None:
        assert report.age_s.max <= 1 + LEAD_S + 1e-6


@pytest.mark.parametrize(("rhythm", "first"), [(Rhythm.FREE, [0, 1, 2]), (Rhythm.BAR, [0, 3, 6])])
def test_chords_change_on_the_grid(rhythm: Rhythm, first: list[float]) -> None:
    edges = slot_edges(rhythm, TempoMap.steady(80.0))
    found = [next(edges) for _ in range(200)]
    assert found[:3] == pytest.approx(first)
    assert all(after > before for before, after in pairwise(found))


def test_those_that_follow_are_told_chords_in_the_key_that_came_with_them() -> None:
    """The picture chose it, after the show had begun; a replay tells the same."""
    fly = on_the_fly.OnTheFly(Parrot(), ComposeSettings(recall=0.0, primer=(Chord.parse("F#"),)))
    dark = Row(0, 1.0, np.full(6, 1 / 6, np.float32), -0.5, 25)
    part = replace(fly.next(dark, 0.0, 1.0), key=Key.parse("Bb minor"))
    kept = decode(encode(Turn(0.0, 0, (part,))))
    assert isinstance(kept, Turn)
    for heard in (part, *kept.parts):
        follower = Follower(Show(Performance((), FOREVER_S), osc_out=OscTo(MAJOR, (), 0)))
        follower.add(heard)
        follower.advance(follower.leader.led("camera", None, 0.0, [Roll(0.0)]), 0.0)
        heard_at = follower.leader.led("camera", None, 0.01, [Position(0.01, 0.01)])
        due, _, _ = follower.advance(heard_at, 0.01)
        assert any(b"Gb" in message.data for message in due)
    assert fly.key == MINOR
