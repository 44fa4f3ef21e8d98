"""The MIDI file, read back by two independent readers."""

from pathlib import Path

import mido
import pretty_midi
import pytest
from scores import cue

from scorelock.engine.arrange import arrange
from scorelock.engine.score import Cue, Performance
from scorelock.export.midi_file import write_midi

TICK_S = 0.5 / 480


@pytest.fixture
def score() -> tuple[Cue, Performance]:
    made = cue("C C Am F Bb7 G Gb", key="Gb major", duration_s=7.31, density=14)
    return made, arrange(made)


@pytest.fixture
def written(score: tuple[Cue, Performance], tmp_path: Path) -> Path:
    path = tmp_path / "out.mid"
    write_midi(path, *score)
    return path


def test_mido_plays_every_note_for_the_length_of_the_film(
    score: tuple[Cue, Performance], written: Path
) -> None:
    _, performance = score
    file = mido.MidiFile(written)
    now, sounding, ended = 0.0, {}, []
    for message in file:
        now += message.time
        if message.type == "note_on" and message.velocity:
            assert (message.channel, message.note) not in sounding
            sounding[message.channel, message.note] = (now, message.velocity)
        elif message.type in ("note_on", "note_off"):
            onset, velocity = sounding.pop((message.channel, message.note))
            ended.append((onset, now, message.note, velocity, message.channel))
    assert not sounding
    assert len(ended) == len(performance.notes)
    for got, note in zip(sorted(ended), performance.notes, strict=True):
        assert got[2:] == (note.pitch, note.velocity, note.channel)
        assert got[0] == pytest.approx(note.onset_s, abs=TICK_S)
        assert got[1] == pytest.approx(note.end_s, abs=TICK_S)
    assert file.length == pytest.approx(7.31, abs=TICK_S)
    assert max(end for _, end, *_ in ended) == pytest.approx(7.31, abs=0.1)


def test_pretty_midi_reads_the_same_parts(score: tuple[Cue, Performance], written: Path) -> None:
    parts = {i.name: len(i.notes) for i in pretty_midi.PrettyMIDI(str(written)).instruments}
    assert parts == {part.name: len(part.notes) for part in score[1].parts}


def test_chord_names_are_markers_in_the_key(written: Path) -> None:
    markers, now = [], 0
    for message in mido.MidiFile(written).tracks[0]:
        now += message.time
        if message.type == "marker":
            markers.append((now / 960, message.text))
    assert markers == [(0, "C"), (2, "Am"), (3, "F"), (4, "Bb7"), (5, "G"), (6, "Gb")]


def test_tempo_meter_and_key_are_written(written: Path) -> None:
    meta = {m.type: m for m in mido.MidiFile(written).tracks[0]}
    assert meta["set_tempo"].tempo == 500_000
    assert (meta["time_signature"].numerator, meta["time_signature"].denominator) == (4, 4)
    assert meta["key_signature"].key == "Gb"


def test_a_film_name_beyond_ascii_is_no_obstacle(tmp_path: Path) -> None:
    from dataclasses import replace

    made = cue("C F")
    film = replace(made.features.film, path="/films/Прощание été.mov")
    made = replace(made, features=replace(made.features, film=film))
    write_midi(tmp_path / "out.mid", made, arrange(made))
    assert mido.MidiFile(tmp_path / "out.mid").length == pytest.approx(2.0, abs=TICK_S)
