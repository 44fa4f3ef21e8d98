"""The MIDI file, read back by three independent readers."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mido
import pretty_midi
import pytest
from gridded import NTSC_DROP, PICK_UP, each_film, film_score, grids, score
from hypothesis import given, settings

from scorelock.engine.expression import values
from scorelock.engine.hits import KINDS
from scorelock.engine.tempo_map import TICKS, TempoMap
from scorelock.engine.timebase import FrameRate, Timecode
from scorelock.export import midi_file
from scorelock.export.score import Score

MADE = score(key="Gb major")
Sounded = tuple[float, float, int, int, int]  # on, off, pitch, velocity, channel


def half_a_tick(made: Score) -> float:
    """Of the slowest tempo, in seconds, and what a float may add."""
    return max(t.microseconds for t in made.paper.tempos) / TICKS / 2e6 + 1e-6


def sounded(file: mido.MidiFile, lead_s: float) -> list[Sounded]:
    """Notes in film seconds, as mido plays them."""
    now, on, ended = -lead_s, {}, []
    for message in file:
        now += message.time
        if message.type == "note_on" and message.velocity:
            assert (message.channel, message.note) not in on
            on[message.channel, message.note] = (now, message.velocity)
        elif message.type in ("note_on", "note_off"):
            onset, velocity = on.pop((message.channel, message.note))
            ended.append((onset, now, message.note, velocity, message.channel))
    assert not on
    return sorted(ended, key=lambda note: (note[4], note[2], note[0]))


def assert_same_notes(found: list[Sounded], made: Score) -> None:
    wanted = sorted(made.performance.notes, key=lambda n: (n.channel, n.pitch, n.onset_s))
    assert len(found) == len(wanted)
    close = half_a_tick(made)
    for (on, off, *rest), note in zip(found, wanted, strict=True):
        assert rest == [note.pitch, note.velocity, note.channel]
        assert on == pytest.approx(note.onset_s, abs=close)
        assert off == pytest.approx(note.end_s, abs=close)


@settings(max_examples=25, deadline=None)
@given(grids())
def test_mido_plays_every_note_at_its_second_in_any_tempo_map(grid: TempoMap) -> None:
    made = replace(MADE, grid=grid)
    with TemporaryDirectory() as folder:
        midi_file.write(Path(folder) / "out.mid", made)
        file = mido.MidiFile(Path(folder) / "out.mid")
    assert_same_notes(sounded(file, made.lead_s), made)
    ends = file.length - made.lead_s
    assert ends == pytest.approx(made.performance.duration_s, abs=half_a_tick(made))


def read_by_mido(path: Path) -> dict[str, list[tuple[int, Any]]]:
    """What the conductor track says, by kind, with ticks."""
    found: dict[str, list[tuple[int, Any]]] = {}
    now = 0
    for message in mido.MidiFile(path).tracks[0]:
        now += message.time
        said = {
            name: value for name, value in vars(message).items() if name not in ("type", "time")
        }
        found.setdefault(message.type, []).append((now, tuple(said.values())))
    return found


def test_the_conductor_track_of_a_pick_up(tmp_path: Path) -> None:
    made = replace(MADE, grid=PICK_UP)
    midi_file.write(tmp_path / "out.mid", made)
    said = read_by_mido(tmp_path / "out.mid")
    begins = 3 * TICKS - round(0.7 * 97.3 / 60 * TICKS)  # into bar 0 of three quarters
    assert [tick for tick, _ in said["set_tempo"]] == [0, 9 * TICKS, 11 * TICKS]
    assert [60e6 / us for _, (us,) in said["set_tempo"]] == pytest.approx([97.3, 112.1, 80], 1e-5)
    meters = [(tick, *meter[:2]) for tick, meter in said["time_signature"]]
    assert meters == [(0, 3, 4), (9 * TICKS, 4, 4)]
    assert said["key_signature"] == [(0, ("Gb",))]
    assert said["cue_marker"][0] == (begins, (midi_file.FILM_STARTS,))
    assert [text for _, (text,) in said["cue_marker"][1:]] == list(KINDS)
    assert [text for _, (text,) in said["marker"]] == "C Am F G7 Bb C".split()
    for (tick, _), at_s in zip(said["marker"], range(6), strict=True):
        assert tick == made.grid.tick(at_s) + 3 * TICKS


@pytest.mark.parametrize(
    ("rate", "start", "first_s", "offset"),
    [
        ("24", "01:00:00:00", 0, (24, 1, 0, 0, 0, 0)),
        ("24", "01:00:00:00", 0.5, (24, 0, 59, 58, 12, 0)),  # bar 0 lasts 2 s
        ("25", "00:00:00:00", 1.98, (25, 23, 59, 59, 24, 50)),
        ("30000/1001d", "01:00:00;00", 0, (29.97, 1, 0, 0, 0, 0)),
        ("30000/1001d", "00:10:00;02", 0, (29.97, 0, 10, 0, 2, 0)),
        ("24000/1001", "10:00:00:00", 0, (24, 10, 0, 0, 0, 0)),
        ("50", "01:00:00:49", 0, (25, 1, 0, 0, 24, 50)),
        ("12", "01:00:00:05", 0, (24, 1, 0, 0, 10, 0)),
        ("60", "02:03:04:59", 0, (30, 2, 3, 4, 29, 50)),
    ],
)
def test_the_smpte_offset_is_the_timecode_of_the_files_first_bar(
    rate: str, start: str, first_s: float, offset: tuple[float, ...]
) -> None:
    exact = NTSC_DROP if rate.endswith("d") else FrameRate(Fraction(rate))
    grid = TempoMap.steady(120, first_s=first_s)
    made = replace(MADE, grid=grid, start=Timecode.parse(start, exact))
    said = midi_file.smpte_offset(made)
    assert said is not None
    got = (said.frame_rate, said.hours, said.minutes, said.seconds, said.frames, said.sub_frames)
    assert got == offset


def test_there_is_no_smpte_offset_where_timecode_is_unknown_or_cannot_be_said() -> None:
    assert midi_file.smpte_offset(replace(MADE, start=None)) is None
    odd = Timecode(5, FrameRate(Fraction(23)))
    assert midi_file.smpte_offset(replace(MADE, start=odd)) is None


def test_pretty_midi_reads_the_same_parts_and_tempos(tmp_path: Path) -> None:
    made = replace(MADE, grid=PICK_UP, programs={"chords": 48}, controllers=(1, 11))
    midi_file.write(tmp_path / "out.mid", made)
    file = pretty_midi.PrettyMIDI(str(tmp_path / "out.mid"))
    assert file.resolution == TICKS
    parts = {part.name: part for part in file.instruments}
    playing = [part for part in made.performance.parts if part.notes]
    assert list(parts) == [part.name for part in playing]
    close = half_a_tick(made)
    for part in playing:
        found = sorted((n.start - made.lead_s, n.pitch, n.velocity) for n in parts[part.name].notes)
        wanted = sorted((n.onset_s, n.pitch, n.velocity) for n in part.notes)
        assert [note[0] for note in found] == pytest.approx([n[0] for n in wanted], abs=close)
        key = sorted((n[1], n[2]) for n in wanted)
        assert sorted((n[1], n[2]) for n in found) == key
    assert parts["chords"].program == 48
    times, bpm = file.get_tempo_changes()
    assert bpm == pytest.approx([97.3, 112.1, 80], rel=1e-5)
    wanted_s = [float(made.paper.seconds(t.quarter)) + made.lead_s for t in made.paper.tempos]
    assert times == pytest.approx(wanted_s, abs=1e-6)
    assert [(m.numerator, m.denominator) for m in file.time_signature_changes] == [(3, 4), (4, 4)]


def test_controllers_follow_the_loudness_in_every_part(tmp_path: Path) -> None:
    made = replace(MADE, controllers=(1, 11))
    midi_file.write(tmp_path / "out.mid", made)
    file = pretty_midi.PrettyMIDI(str(tmp_path / "out.mid"))
    at_s, wanted = values(tuple(map(float, made.cue.dynamics.loudness)))
    for part in file.instruments:
        for number in (1, 11):
            own = [c for c in part.control_changes if c.number == number]
            assert [c.value for c in own] == wanted
            assert [c.time for c in own] == pytest.approx(at_s, abs=1e-3)


@each_film
def test_symusic_reads_a_films_score_as_it_was_written(film: str, tmp_path: Path) -> None:
    symusic = pytest.importorskip("symusic")
    made = film_score(film)
    midi_file.write(tmp_path / "out.mid", made)
    file, paper = symusic.Score(str(tmp_path / "out.mid")), made.paper
    assert file.ticks_per_quarter == TICKS
    assert [(t.time, t.mspq) for t in file.tempos] == [
        (t.quarter * TICKS, t.microseconds) for t in paper.tempos
    ]
    assert [(m.time, m.numerator, m.denominator) for m in file.time_signatures] == [
        (paper.bar_quarter(m.bar) * TICKS, m.beats, m.unit) for m in paper.meters
    ]
    key = made.cue.key
    assert [(k.key, k.tonality) for k in file.key_signatures] == [(key.fifths, int(key.minor))]
    assert [(m.time, m.text) for m in file.markers] == [
        (paper.tick(span.start_s), key.symbol(span.chord)) for span in made.cue.chords
    ]
    tracks = {track.name: track for track in file.tracks if track.notes}
    playing = [part for part in made.performance.parts if part.notes]
    assert set(tracks) == {part.name for part in playing}
    for part in playing:
        found = sorted((n.time, n.pitch, n.duration, n.velocity) for n in tracks[part.name].notes)
        assert found == sorted(
            (on, n.pitch, max(1, paper.tick(n.end_s) - on), n.velocity)
            for n in part.notes
            for on in [paper.tick(n.onset_s)]
        )


@each_film
def test_mido_plays_a_films_score_at_its_seconds(film: str, tmp_path: Path) -> None:
    made = film_score(film)
    midi_file.write(tmp_path / "out.mid", made)
    assert_same_notes(sounded(mido.MidiFile(tmp_path / "out.mid"), made.lead_s), made)


def test_a_film_name_beyond_ascii_is_no_obstacle(tmp_path: Path) -> None:
    film = replace(MADE.cue.features.film, path="/films/Прощание été.mov")
    made = replace(MADE, cue=replace(MADE.cue, features=replace(MADE.cue.features, film=film)))
    midi_file.write(tmp_path / "out.mid", made)
    assert mido.MidiFile(tmp_path / "out.mid").length == pytest.approx(6.0, abs=1e-3)
