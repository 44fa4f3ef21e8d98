"""Calibrating: delays that are known come out, and a real loop-back is measured."""

import argparse
import json
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import mido
import pytest
from fakes import note, performance
from hypothesis import given, settings
from hypothesis import strategies as st
from jackd import running_jack
from scores import cue

from scorelock.bridge.calibration import Arrivals, delays, onsets
from scorelock.bridge.commands import calibrate
from scorelock.engine.errors import BadSetting, PortError, ScorelockError
from scorelock.export import formats
from scorelock.export.score import Score

NOTES = [(i / 4, 60 + i * 7 % 12) for i in range(40)]
"""Onsets in seconds, and pitches."""


def arguments(*words: str) -> argparse.Namespace:
    """The command's arguments, as its parser reads them."""
    parser = argparse.ArgumentParser()
    calibrate.add_arguments(parser)
    return parser.parse_args(words)


def test_a_delay_that_all_have_is_found() -> None:
    found = delays(onsets(NOTES), onsets((at_s + 0.03, pitch) for at_s, pitch in NOTES))
    assert found.delays_s == pytest.approx([0.03] * 40)
    assert (found.missing, found.extra, found.agree) == (0, 0, True)
    assert found.jitter_s == pytest.approx(0, abs=1e-9)


def test_what_is_missing_and_extra_is_counted_and_does_not_shift_the_rest() -> None:
    repeated = [(i * 0.15, 60) for i in range(100)]  # one pitch, closer than a delay may be
    came = [(at_s - 0.06, pitch) for at_s, pitch in repeated if not 3 <= at_s < 4]
    came += [(7.03, 60), (8.0, 99)]
    found = delays(onsets(repeated), onsets(came))
    assert found.median_s == pytest.approx(-0.06)
    assert found.p99_s == pytest.approx(-0.06)
    assert (found.missing, found.extra) == (7, 2)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 30), st.integers(60, 72)),
        min_size=12,
        max_size=60,
        unique_by=lambda each: (round(each[0] * 2.5), each[1]),
    ),
    st.floats(-0.3, 0.3),
    st.randoms(use_true_random=False),
)
def test_any_delay_is_found_through_jitter_losses_and_strangers(
    notes: list[tuple[float, int]], delay_s: float, draw: random.Random
) -> None:
    """A fifth is lost, and each may be 4 ms off."""
    kept = draw.sample(notes, k=len(notes) - len(notes) // 5)
    came = [(at_s + delay_s + draw.uniform(-0.004, 0.004), pitch) for at_s, pitch in kept]
    came += [(draw.uniform(0, 30), 40)]
    found = delays(onsets(notes), onsets(came))
    assert found.agree
    assert found.median_s == pytest.approx(delay_s, abs=0.0041)
    assert len(found.delays_s) + found.missing == len(notes)
    assert len(found.delays_s) + found.extra == len(came)


times = st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(60, 62)), max_size=30)


@settings(deadline=None)
@given(times, times)
def test_nothing_is_found_twice_and_nothing_before_it_was_sent(
    meant: list[tuple[float, int]], came: list[tuple[float, int]]
) -> None:
    found = delays(onsets(meant), onsets(came), earliest_s=0.0)
    assert 0 <= found.missing <= len(meant)
    assert 0 <= found.extra <= len(came)
    assert all(0 <= delay_s <= 0.6 for delay_s in found.delays_s)


def test_no_notes_do_not_agree() -> None:
    assert not delays({}, {}).agree
    assert not delays(onsets(NOTES), onsets(NOTES[:19])).agree
    assert delays(onsets(NOTES), onsets(NOTES[:20])).agree


def test_messages_are_stamped_by_the_one_that_waited_least() -> None:
    arrivals = Arrivals()
    arrivals.add([(0.0, b"a"), (0.5, b"b")], 10.7)
    arrivals.add([(0.25, b"c")], 10.751)
    arrivals.add([(1.0, b"d")], 12.0)
    assert [at_s for at_s, _ in arrivals.stamped()] == pytest.approx(
        [10.001, 10.501, 10.751, 11.751]
    )


# From files.

PLAYED = performance(*(note(i / 4, i / 4 + 0.2, 60 + i % 12, channel=i % 2) for i in range(80)))


@pytest.fixture
def score(tmp_path: Path) -> Path:
    """What `scorelock compose` writes."""
    path = tmp_path / "score.mid"
    formats.write(path, Score(cue("C C Am F"), PLAYED))
    return path


def take(path: Path, delay_s: float, *, bpm: float = 97, channel: int | None = None) -> Path:
    """What a host at another tempo and resolution records of it."""
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))])
    now = 0
    for each in PLAYED.notes:
        tick = round((each.onset_s + delay_s) * 960 * bpm / 60)
        sound = {"note": each.pitch, "channel": each.channel if channel is None else channel}
        track.append(mido.Message("note_on", velocity=70, time=max(0, tick - now), **sound))
        track.append(mido.Message("note_on", velocity=0, time=50, **sound))
        now = max(now, tick) + 50
    file = mido.MidiFile(type=0, ticks_per_beat=960)
    file.tracks.append(track)
    file.save(path)
    return path


@pytest.mark.parametrize("channel", [None, 0, 9])
@pytest.mark.parametrize(
    ("delay_s", "given_ms", "use_ms"), [(0.025, 0, -25), (0.12, 40, -80), (0.0, -15, -15)]
)
def test_a_recording_tells_the_latency_that_puts_it_right(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    score: Path,
    delay_s: float,
    given_ms: float,
    use_ms: float,
    channel: int | None,
) -> None:
    """Recorded late means play earlier, which is a lower --latency than it was."""
    recorded = take(tmp_path / "take.mid", delay_s, channel=channel)
    words = ("--recorded", str(recorded), "--score", str(score), "--latency", str(given_ms))
    assert calibrate.run(arguments(*words, "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["latency_ms"] == pytest.approx(use_ms, abs=0.6)
    assert (told["found"], told["missing"], told["extra"]) == (80, 0, 0)
    assert told["median_ms"] == pytest.approx(1000 * delay_s, abs=0.6)
    assert calibrate.run(arguments(*words)) == 0
    assert f"--latency {told['latency_ms']}" in capsys.readouterr().out


def empty(path: Path) -> Path:
    """A MIDI file without notes."""
    mido.MidiFile(tracks=[mido.MidiTrack()]).save(path)
    return path


def other(path: Path) -> Path:
    """One that has other notes."""
    return take(path, 20.0)


def junk(path: Path) -> Path:
    """No MIDI file."""
    path.write_bytes(b"MThd\0\0\0\6\0\1\0\1")
    return path


def frames(path: Path) -> Path:
    """A MIDI file whose times are in frames of timecode."""
    path.write_bytes(
        take(path, 0).read_bytes()[:12] + b"\xe7\x28" + take(path, 0).read_bytes()[14:]
    )
    return path


@pytest.mark.parametrize("made", [empty, other, junk, frames, lambda path: path / "absent"])
def test_a_file_that_does_not_fit_is_one_line(
    tmp_path: Path, score: Path, made: Callable[[Path], Path]
) -> None:
    recorded = made(tmp_path / "take.mid")
    with pytest.raises(BadSetting, match=r"take\.mid") as err:
        calibrate.run(arguments("--recorded", str(recorded), "--score", str(score)))
    assert "\n" not in str(err.value)


@settings(deadline=None)
@given(content=st.binary(max_size=80), cut=st.integers(0, 400), junk=st.binary(max_size=6))
def test_no_file_raises_anything_else(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, cut: int, junk: bytes
) -> None:
    folder = tmp_path_factory.mktemp("files")
    whole = take(folder / "take.mid", 0.0).read_bytes()
    header, path = b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\0\0\0\x50", folder / "bad.mid"
    for data in (content, header + content, whole[:cut] + junk + whole[cut + len(junk) :]):
        path.write_bytes(data)
        with suppress(BadSetting):
            calibrate.run(arguments("--recorded", str(path), "--score", str(folder / "take.mid")))


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--midi-out", "a"),
        ("--midi-in", "a"),
        ("--recorded", "a.mid"),
        ("--midi-out", "a", "--midi-in", "b", "--score", "c.mid"),
        ("--midi-out", "a", "--midi-in", "b", "--notes", "0"),
        ("--recorded", "a.mid", "--score", "b.mid", "--latency", "nan"),
    ],
)
def test_a_way_that_is_none_is_one_line(words: tuple[str, ...]) -> None:
    with pytest.raises(ScorelockError, match="expected") as err:
        calibrate.run(arguments(*words))
    assert "\n" not in str(err.value)


# Through a real MIDI system.


@pytest.fixture(scope="module")
def jack() -> Iterator[None]:
    """A JACK server for the tests of this file."""
    with running_jack("scorelock-calibrate"):
        yield


@pytest.mark.usefixtures("jack")
def test_a_loop_back_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--midi-out", "virtual:loop-back", "--midi-in", "loop-back", "--notes", "30", "--json")
    assert calibrate.run(arguments(*words)) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["sent"] == 30
    assert told["lost"] <= 5  # a busy machine may lose some
    assert 0 < told["median_ms"] < 200
    assert told["p99_ms"] >= told["median_ms"]
    assert told["latency_ms"] == pytest.approx(-told["median_ms"] / 2, abs=0.01)


@pytest.mark.usefixtures("jack")
def test_where_nothing_comes_back_is_one_line() -> None:
    words = ("--midi-out", "virtual:there", "--midi-in", "virtual:nothing", "--notes", "2")
    with pytest.raises(PortError, match=r"nothing.*got 0 of 2") as err:
        calibrate.run(arguments(*words))
    assert "\n" not in str(err.value)
