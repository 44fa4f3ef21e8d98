"""Tempo, meters and hits from MIDI files of DAWs and of our own."""

from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import mido
import pytest
from gridded import NTSC_DROP, grids, score
from hypothesis import given, settings
from hypothesis import strategies as st
from mido import MetaMessage, MidiFile, MidiTrack

from scorelock.engine.errors import BadSetting
from scorelock.engine.hits import Hit
from scorelock.engine.tempo_map import Meter, TempoChange, TempoMap
from scorelock.engine.timebase import FrameRate, Timecode
from scorelock.export import midi_file
from scorelock.export.midi_import import read_midi
from scorelock.export.score import Score

FILM = FrameRate(Fraction(24))
MADE = score()


def contents(made: Score) -> bytes:
    """Of the file that is written."""
    written = BytesIO()
    midi_file.midi(made).save(file=written)
    return written.getvalue()


WHOLE = contents(MADE)


def daw_file(
    path: Path, *events: tuple[int, MetaMessage], ticks: int = 480, **options: int
) -> Path:
    """A conductor track with events at ticks, and a second track as DAWs write them."""
    file = MidiFile(ticks_per_beat=ticks, **options)
    track, now = MidiTrack(), 0
    for tick, message in events:
        track.append(message.copy(time=tick - now))
        now = tick
    file.tracks += [track, MidiTrack([mido.Message("note_on", note=60, time=999)])]
    file.save(path)
    return path


def tempo(bpm: float) -> MetaMessage:
    return MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))


def meter(beats: int, unit: int) -> MetaMessage:
    return MetaMessage("time_signature", numerator=beats, denominator=unit)


def test_a_daws_tempos_meters_and_markers(tmp_path: Path) -> None:
    path = daw_file(
        tmp_path / "daw.mid",
        (0, tempo(100)),
        (0, meter(3, 4)),
        (480, MetaMessage("marker", text="Door slams")),
        (3 * 480, tempo(140)),
        (6 * 480, meter(7, 8)),
        (6 * 480 + 120, MetaMessage("marker", text=" Stinger ")),
    )
    grid, hits = read_midi(path)
    assert grid == TempoMap(
        (TempoChange(Fraction(0), 600_000), TempoChange(Fraction(3), mido.bpm2tempo(140))),
        (Meter(1, 3, 4), Meter(3, 7, 8)),
    )
    at_s = float(Fraction(18, 10) + Fraction(13, 4) * Fraction(mido.bpm2tempo(140), 10**6))
    assert hits == (Hit(0.6, kind="mark"), Hit(at_s, kind="stinger"))


def test_until_the_first_tempo_it_is_120(tmp_path: Path) -> None:
    grid, _ = read_midi(daw_file(tmp_path / "late.mid", (960, tempo(60))))
    assert grid.seconds(3) == 2


def test_cue_points_count_before_markers(tmp_path: Path) -> None:
    cue, marker = MetaMessage("cue_marker", text="cut"), MetaMessage("marker", text="Am")
    path = daw_file(tmp_path / "both.mid", (0, tempo(120)), (480, marker), (960, cue))
    assert read_midi(path)[1] == (Hit(1.0),)


@settings(max_examples=40, deadline=None)
@given(grids(), st.sampled_from((None, Timecode(86400, FILM), Timecode(1800, NTSC_DROP))))
def test_our_own_file_gives_its_times_and_hits_back(
    tmp_path_factory: pytest.TempPathFactory, grid: TempoMap, start: Timecode | None
) -> None:
    path = tmp_path_factory.mktemp("midi") / "own.mid"
    made = replace(MADE, grid=grid, start=start)
    midi_file.write(path, made)
    read, hits = read_midi(path, start)
    assert (read.tempos, read.meters) == (made.paper.tempos, made.paper.meters)
    close = max(t.microseconds for t in read.tempos) / 960 / 1e6
    assert float(read.first_s) == pytest.approx(float(made.paper.first_s), abs=close)
    assert [h.kind for h in hits] == [h.kind for h in made.hits]
    assert [h.at_s for h in hits] == pytest.approx([h.at_s for h in made.hits], abs=close)


@pytest.mark.parametrize(
    ("rate", "start", "first_s"),
    [(FILM, "01:00:00:00", 0.5), (NTSC_DROP, "00:01:00;02", 1.7), (FILM, "00:00:00:00", 0.75)],
)
def test_without_the_cue_point_the_smpte_offset_says_where_the_film_begins(
    rate: FrameRate, start: str, first_s: float, tmp_path: Path
) -> None:
    made = replace(
        MADE, grid=TempoMap.steady(120, first_s=first_s), start=Timecode.parse(start, rate), hits=()
    )
    file = midi_file.midi(made)
    file.tracks[0] = MidiTrack(m for m in file.tracks[0] if m.type not in ("cue_marker", "marker"))
    file.save(tmp_path / "out.mid")
    grid, _ = read_midi(tmp_path / "out.mid", made.start)
    assert float(grid.first_s) == pytest.approx(first_s - 2, abs=1 / 100 / 24)
    assert read_midi(tmp_path / "out.mid")[0].first_s == 0


def test_no_tempo_is_an_error_of_one_line(tmp_path: Path) -> None:
    path = daw_file(tmp_path / "bare.mid", (0, meter(4, 4)))
    with pytest.raises(BadSetting, match="expected a MIDI file with a tempo, found none"):
        read_midi(path)


def test_a_meter_within_a_bar_is_an_error(tmp_path: Path) -> None:
    path = daw_file(tmp_path / "odd.mid", (0, tempo(120)), (480, meter(3, 4)))
    with pytest.raises(BadSetting, match="bar lines, got 3/4 1 quarters into"):
        read_midi(path)


@pytest.mark.parametrize("odd", [MetaMessage("set_tempo", tempo=0), meter(65, 4), meter(4, 64)])
def test_what_no_music_has_is_an_error(odd: MetaMessage, tmp_path: Path) -> None:
    path = daw_file(tmp_path / "odd.mid", (0, tempo(120)), (1920, odd))
    with pytest.raises(BadSetting, match="expected tempos and meters of music"):
        read_midi(path)


@pytest.mark.parametrize(
    "content", [b"", b"RIFF....", b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\0\0\0\x09\0"]
)
def test_no_midi_file_is_an_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.mid").write_bytes(content)
    with pytest.raises(BadSetting, match="expected a MIDI file"):
        read_midi(tmp_path / "bad.mid")


def test_smpte_division_is_an_error(tmp_path: Path) -> None:
    path = daw_file(tmp_path / "smpte.mid", (0, tempo(120)))
    data = bytearray(path.read_bytes())
    data[12:14] = b"\xe7\x28"  # -25 frames a second, 40 ticks a frame
    path.write_bytes(data)
    with pytest.raises(BadSetting, match="ticks a quarter"):
        read_midi(path)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_an_error_of_one_line(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.mid"
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, min(len(content), 500) - 1))
        content[at] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(20, len(content)))])
    said = ""
    try:
        read_midi(path)
    except BadSetting as err:
        said = str(err)
    assert len(said.splitlines()) <= 1
