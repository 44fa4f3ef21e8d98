"""`scorelock edit`, `render` and `plot` as a composer uses them, on a drawn film."""

import json
from pathlib import Path

import mido
import pytest
from films import noise, write_film

from scorelock.bridge import cue_store
from scorelock.bridge.cli import main


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen seconds of five shots."""
    pictures = noise(5)
    lengths = (60, 84, 96, 48, 96)
    frames = [
        picture for picture, count in zip(pictures, lengths, strict=True) for _ in range(count)
    ]
    path = write_film(tmp_path_factory.mktemp("edit") / "film.avi", frames)
    assert main(["edit", str(path), "new", "--seed", "4", "--key", "A minor"]) == 0
    return path


@pytest.fixture
def edit(film: Path, capsys: pytest.CaptureFixture[str]) -> "Editor":
    return Editor(film, capsys)


class Editor:
    """Types commands and reads what they say."""

    def __init__(self, film: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.film = film
        self._capsys = capsys

    def __call__(self, *words: str) -> list[str]:
        self._capsys.readouterr()
        assert main(["edit", str(self.film), *words]) == 0
        return self._capsys.readouterr().out.splitlines()

    def fails(self, *words: str) -> str:
        assert main(["edit", str(self.film), *words]) == 2
        said = self._capsys.readouterr().err.splitlines()
        return said[-1]


def chords(lines: list[str]) -> list[str]:
    return lines[2:]


def test_a_chord_is_set_stays_and_is_undone(edit: Editor) -> None:
    before = edit("show")
    after = edit("chord", "4-6", "Fmaj7")
    assert any("4.000     6.000  Fmaj7 (edited) locked" in line for line in after)
    varied = edit("vary", "0-16")
    assert any("4.000     6.000  Fmaj7 (edited) locked" in line for line in varied)
    assert chords(varied) != chords(after)
    edit("undo")
    assert chords(edit("undo")) == chords(before)
    assert chords(edit("redo")) == chords(after)
    assert chords(edit("undo")) == chords(before)


def test_a_score_that_another_program_is_changing_is_left_alone(
    edit: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cue_store, "PATIENCE_S", 0.1)
    before = edit("show")
    with cue_store.CueStore.of(edit.film).held():
        assert "try again when it is done" in edit.fails("chord", "4-6", "Fmaj7")
        assert edit("show") == before
    edit("chord", "4-6", "Fmaj7")
    edit("undo")


def test_spans_may_be_timecode_and_curves_are_drawn(edit: Editor) -> None:
    edit("lock", "00:00:02:00-00:00:04:00")
    assert "locked: 0" not in edit("show")[1]
    assert "locked: 0" in edit("unlock", "0-16")[1]
    edit("draw", "loudness", "2=0.1,6=0.5")
    for _ in range(3):
        edit("undo")


def test_time_hits_and_style(edit: Editor) -> None:
    found = edit("time", "--tempo", "find", "--rhythm", "bar")
    assert "rhythm bar" in found[1]
    with_hits = edit("hit", "take", "all")
    assert "hits: 4" in with_hits[1]
    starts = [float(line.split()[0]) for line in chords(with_hits)]
    assert {2.5, 6.0, 10.0, 12.0} <= {round(start, 3) for start in starts}
    moved = edit("hit", "move", "6", "6.25", "--kind", "stinger")
    assert "6.250" in "\n".join(moved)
    edit("hit", "add", "8.5", "--kind", "swell")
    assert "hits: 4" in edit("hit", "remove", "8.5")[1]
    edit("play", "--style", "ballad", "--humanise", "0")
    for _ in range(6):
        edit("undo")


def test_takes_and_what_is_kept_of_them(edit: Editor) -> None:
    first = chords(edit("show"))
    other = chords(edit("take", "B", "--seed", "9"))
    assert other != first
    assert chords(edit("take", "A")) == first
    mixed = chords(edit("keep", "0-8", "B"))
    assert mixed != first
    edit("undo")
    edit("undo")
    assert edit("show")[0].startswith("take A of A;")


def test_rendered_files_are_those_of_the_cue(edit: Editor, tmp_path: Path) -> None:
    files = [tmp_path / f"score{ending}" for ending in (".mid", ".json", ".lab", ".musicxml")]
    words = [word for file in files for word in ("-o", str(file))]
    assert main(["render", f"{edit.film}.cue", *words, "--film-start", "01:00:00:00"]) == 0
    told = json.loads(files[1].read_text())
    assert [chord["symbol"] for chord in told["chords"]] == [
        line.split()[2] for line in chords(edit("show"))
    ]
    midi = mido.MidiFile(files[0])
    assert midi.length == pytest.approx(16.0, abs=0.1)
    (offset,) = [m for m in midi.tracks[0] if m.type == "smpte_offset"]
    assert offset.hours == 1


def test_the_timeline_is_drawn(edit: Editor, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from PIL import Image

    assert main(["plot", str(edit.film), "-o", str(tmp_path / "cue.png")]) == 0
    with Image.open(tmp_path / "cue.png") as picture:
        width, height = picture.size
        colours = picture.convert("RGB").getcolors(1 << 20)
    assert width > 900
    assert height > 900
    assert colours is not None
    assert len(colours) > 50


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("new",), "there is one"),
        (("chord", "4-6", "H9"), "chord"),
        (("chord", "4", "Am"), "span"),
        (("chord", "40-50", "Am"), "inside the film"),
        (("vary", "a-b"), "timecode"),
        (("draw", "hope", "1=0.2"), "curve"),
        (("draw", "loudness", "1=x"), "points"),
        (("draw", "loudness", "5=0.2,1=0.3"), "time order"),
        (("hit", "move", "3", "4"), "there are: none"),
        (("hit", "add", "99"), "inside the film"),
        (("hit", "take", "no.csv"), "no.csv"),
        (("time", "--tempo", "fast"), "--tempo of 10 to 600"),
        (("time", "--tempo", "find", "--tempo-range", "150-60"), "150 to 60"),
        (("time", "--tempo", "find", "--tempo-range", "x"), "--tempo-range"),
        (("time", "--meter", "4/5"), "--meter"),
        (("play", "--humanise", "3"), "--humanise"),
        (("take", "Z"), "take of A"),
        (("keep", "0-4", "Z"), "take of A"),
        (("redo",), "redo"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_changes_nothing(
    edit: Editor, words: tuple[str, ...], said: str
) -> None:
    path = Path(f"{edit.film}.cue") / "cue.json"
    before = path.read_bytes()
    if words == ("redo",):
        edit("lock", "0-2")
        before = path.read_bytes()
    assert said in edit.fails(*words)
    assert path.read_bytes() == before
    if words == ("redo",):
        edit("undo")


def test_a_film_without_a_cue_says_how_to_make_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = write_film(tmp_path / "new.avi", noise(24))
    for command in ("edit", "render", "plot"):
        words = [command, str(film), *(["show"] if command == "edit" else [])]
        assert main(words) == 2
        assert "new composes one" in capsys.readouterr().err


def test_tempos_are_told_with_every_miss_in_frames(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hits = tmp_path / "hits.csv"
    hits.write_text("time,weight\n1.0,2\n3.0,1\n4.5,1\n")
    words = ["tempo", str(film), "--hits", str(hits), "--tempo-range", "100-130"]
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    best = json.loads(capsys.readouterr().out)[0]
    assert best["within"] == 1.0
    for miss in best["misses"]:
        beats = (miss["at_s"] - best["first_s"]) * best["tempos"][0]["bpm"] / 60
        off_s = (beats - round(beats)) * 60 / best["tempos"][0]["bpm"]
        assert abs(miss["frames"]) == pytest.approx(abs(off_s) * 24, abs=0.01)
    assert main(words) == 0
    told = capsys.readouterr().out.splitlines()
    assert len([line for line in told if "frames from the beat" in line]) == 3
