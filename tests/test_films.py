"""The main job on real films, through the command line, read back by independent readers."""

import json
from itertools import combinations
from pathlib import Path
from shutil import copyfile

import mido
import pretty_midi
import pytest
from films import SHARED, needs_films

from scorelock.bridge import cli
from scorelock.engine.features import EMOTIONS

LENGTH_S = {
    # by ffprobe, the picture's own length
    "big_buck_bunny_0_30.webm": 30.0,
    "flower.mp4": 5.005,
    "intel_car_detection.mp4": 30.16,
    "sintel_trailer_480x204.mp4": 52.167,
}

pytestmark = needs_films


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of our own with the films: what is seen in them is kept beside them."""
    folder = tmp_path_factory.mktemp("films")
    for name in LENGTH_S:
        copyfile(SHARED / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def scores(films: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each film's MIDI file and, beside it, the JSON of a second run."""
    folder = tmp_path_factory.mktemp("scores")
    for name in LENGTH_S:
        for suffix in (".mid", ".json"):
            output = folder / (name + suffix)
            assert cli.main(["compose", str(films / name), "-o", str(output)]) == 0
    return {name: folder / f"{name}.mid" for name in LENGTH_S}


@pytest.mark.parametrize("film", LENGTH_S)
def test_the_score_lasts_as_long_as_the_film(scores: dict[str, Path], film: str) -> None:
    file = mido.MidiFile(scores[film])
    now, sounding, last_off = 0.0, set(), 0.0
    for message in file:
        now += message.time
        if message.type == "note_on" and message.velocity:
            sounding.add((message.channel, message.note))
        elif message.type in ("note_on", "note_off"):
            sounding.remove((message.channel, message.note))
            last_off = now
    assert not sounding
    assert last_off == pytest.approx(LENGTH_S[film], abs=0.1)
    assert file.length == pytest.approx(LENGTH_S[film], abs=0.1)


@pytest.mark.parametrize("film", LENGTH_S)
def test_pretty_midi_reads_the_notes_that_json_tells(scores: dict[str, Path], film: str) -> None:
    told = json.loads(scores[film].with_suffix(".json").read_text(encoding="utf-8"))
    read = {part.name: part.notes for part in pretty_midi.PrettyMIDI(str(scores[film])).instruments}
    for part in {note["part"] for note in told["notes"]}:
        notes = [note for note in told["notes"] if note["part"] == part]
        got = sorted((n.pitch, round(n.start, 2), n.velocity) for n in read[part])
        wanted = sorted((n["pitch"], n["onset_s"], n["velocity"]) for n in notes)
        assert len(got) == len(wanted)
        for one, other in zip(got, wanted, strict=True):
            assert one == pytest.approx(other, abs=0.006)


def test_films_differ_in_their_score(scores: dict[str, Path]) -> None:
    for one, other in combinations(scores.values(), 2):
        chords = [
            [c["symbol"] for c in json.loads(path.with_suffix(".json").read_text())["chords"]]
            for path in (one, other)
        ]
        assert chords[0][:5] != chords[1][:5] or chords[0] != chords[1]
        assert one.read_bytes() != other.read_bytes()


def test_the_picture_is_read_as_a_person_would(scores: dict[str, Path]) -> None:
    told = {
        name: json.loads(path.with_suffix(".json").read_text())["picture"]
        for name, path in scores.items()
    }
    valence = {name: sum(seen["valence"]) / len(seen["valence"]) for name, seen in told.items()}
    assert valence["big_buck_bunny_0_30.webm"] > 0 > valence["sintel_trailer_480x204.mp4"]
    for seen in told.values():
        rows = zip(*(seen[name] for name in EMOTIONS), strict=True)
        assert all(sum(row) == pytest.approx(1, abs=1e-3) for row in rows)


@pytest.mark.parametrize(
    "options", [[], ["--key", "F# minor", "--primer", "F#m D A E", "--temperature", "0"]]
)
def test_the_same_settings_give_the_same_bytes(
    films: Path, tmp_path: Path, options: list[str]
) -> None:
    written = []
    for name in ("one.mid", "two.mid"):
        cli.main(["compose", str(films / "flower.mp4"), "-o", str(tmp_path / name), *options])
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]


def test_another_seed_gives_other_notes(films: Path, tmp_path: Path) -> None:
    film = str(films / "sintel_trailer_480x204.mp4")
    for seed in ("1", "2"):
        cli.main(["compose", film, "-o", str(tmp_path / f"{seed}.mid"), "--seed", seed])
    assert (tmp_path / "1.mid").read_bytes() != (tmp_path / "2.mid").read_bytes()


def test_key_and_primer_are_heard(films: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    film = str(films / "big_buck_bunny_0_30.webm")
    cli.main(["compose", film, "-o", str(output), "--key", "Gb", "--primer", "Gb Ebm Cb Db7"])
    told = json.loads(output.read_text(encoding="utf-8"))
    assert told["key"] == "Gb major"
    assert [c["symbol"] for c in told["chords"][:4]] == ["Gb", "Ebm", "Cb", "Db7"]
    assert [c["why"] for c in told["chords"][:5]] == ["primer"] * 4 + ["model"]
