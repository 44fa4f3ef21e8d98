"""The JSON file: what a script relies on."""

import json
from dataclasses import asdict, replace
from pathlib import Path

from gridded import PICK_UP, score
from scores import cue

from scorelock.engine.arrange import arrange
from scorelock.export import json_file
from scorelock.export.score import Score


def test_chords_dynamics_and_notes_with_their_times(tmp_path: Path) -> None:
    made = cue("C C Bb", duration_s=3.4, density=[4, 9, 12, 12], loudness=0.25)
    performance = arrange(made)
    json_file.write(tmp_path / "out.json", Score(made, performance))
    read = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    chords = [
        (c["symbol"], c["root"], c["quality"], c["start_s"], c["end_s"]) for c in read["chords"]
    ]
    assert chords == [("C", 0, "maj", 0.0, 2.0), ("Bb", 10, "maj", 2.0, 3.4)]
    assert read["density"] == [4, 9, 12, 12]
    assert read["loudness"] == [0.25] * 4
    assert read["film"]["duration_s"] == 3.4
    assert read["picture"]["cuts_s"] == [1.5]
    notes = sorted(
        (n["onset_s"], n["duration_s"], n["pitch"], n["velocity"], n["channel"])
        for n in read["notes"]
    )
    assert notes == [
        (n.onset_s, n.duration_s, n.pitch, n.velocity, n.channel) for n in performance.notes
    ]
    assert {n["part"] for n in read["notes"]} >= {"chords", "bass", "pattern"}


def test_musical_time_hits_and_the_start_timecode(tmp_path: Path) -> None:
    made = replace(score(), grid=PICK_UP)
    json_file.write(tmp_path / "out.json", made)
    read = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert read["start"] == "01:00:00:00"
    assert read["grid"]["first_s"] == 0.7
    assert [(t["quarter"], round(t["bpm"], 1)) for t in read["grid"]["tempos"]] == [
        *((0, 97.3), (6, 112.1), (8, 80)),
    ]
    assert read["grid"]["meters"] == [
        {"bar": 1, "beats": 3, "unit": 4},
        {"bar": 3, "beats": 4, "unit": 4},
    ]
    assert read["hits"] == [asdict(hit) for hit in made.hits]
