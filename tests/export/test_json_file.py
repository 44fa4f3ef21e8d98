"""The JSON file: what a script relies on."""

import json
from pathlib import Path

from scores import cue

from scorelock.engine.arrange import arrange
from scorelock.export.json_file import write_json


def test_chords_dynamics_and_notes_with_their_times(tmp_path: Path) -> None:
    made = cue("C C Bb", duration_s=3.4, density=[4, 9, 12, 12], loudness=0.25)
    performance = arrange(made)
    write_json(tmp_path / "out.json", made, performance)
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
    assert {n["part"] for n in read["notes"]} == {"chords", "bass", "pattern"}
