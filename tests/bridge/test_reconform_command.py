"""`scorelock reconform` as a composer uses it, on drawn films and edit lists."""

import argparse
import json
from pathlib import Path

import pytest
from films import ffmpeg, flat, needs_ffmpeg, noise, write_film
from shots import pan

from scorelock.bridge.cli import main
from scorelock.bridge.commands import reconform
from scorelock.bridge.cue_store import CueStore
from scorelock.engine.errors import BadSetting, ScorelockError
from scorelock.engine.history import History
from scorelock.engine.matching import Piece
from scorelock.engine.reconform import notes_of
from scorelock.engine.video import Image

SHOTS = (70, 50, 96, 41, 120, 60)
"""Frames of each, 24 a second."""
STARTS = tuple(sum(SHOTS[:i]) for i in range(len(SHOTS) + 1))


def shots() -> list[list[Image]]:
    return [pan(count, seed) for seed, count in enumerate(SHOTS)]


def joined(parts: list[list[Image]]) -> list[Image]:
    return [frame for part in parts for frame in part]


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six shots, with a cue of two takes, a chord that was set, and hits on the cuts."""
    path = write_film(tmp_path_factory.mktemp("old") / "old.avi", joined(shots()))
    for words in (
        "new --seed 4 --key Am",
        "hit take all",
        "chord 12-14 Fmaj7",
        "take B --seed 9",
    ):
        assert main(["edit", str(path), *words.split()]) == 0
    return path


def taken(old: Path, new: Path, *words: str) -> int:
    parser = argparse.ArgumentParser()
    reconform.add_arguments(parser)
    return reconform.run(parser.parse_args([str(old), str(new), *words]))


def histories(old: Path, new: Path) -> tuple[History, History]:
    return CueStore.of(old).read(), CueStore.of(new).read()


@needs_ffmpeg
def test_a_new_cut_of_another_size_keeps_all_that_its_shots_had(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second and the fourth shot are out, the third is trimmed by 17 frames at its head."""
    whole = shots()
    parts = [whole[0], whole[2][17:], whole[4], whole[5]]
    raw = write_film(tmp_path / "raw.avi", joined(parts))
    new = tmp_path / "new.mp4"
    change = "scale=120:68,eq=brightness=0.03"
    ffmpeg("-i", raw, "-vf", change, "-crf", "26", "-pix_fmt", "yuv420p", new)
    capsys.readouterr()

    assert taken(old, new) == 0
    out = capsys.readouterr().out.splitlines()
    assert out == [
        "kept     00:00:00:00 00:00:02:22 -> 00:00:00:00 00:00:02:22",
        "removed  00:00:02:22 00:00:05:00 ->            -",
        "trimmed  00:00:05:17 00:00:09:00 -> 00:00:02:22 00:00:06:05 (head -17 frames)",
        "removed  00:00:09:00 00:00:10:17 ->            -",
        "kept     00:00:10:17 00:00:15:17 -> 00:00:06:05 00:00:11:05",
        "kept     00:00:15:17 00:00:18:05 -> 00:00:11:05 00:00:13:17",
        "shots: 3 kept, 2 removed, 1 trimmed",
    ]

    before, after = histories(old, new)
    assert list(after.takes) == ["A", "B"]
    assert after.current == "B"
    pieces = ((0, 0, 70), (137, 70, 79), (257, 149, 180))  # old, new, frames
    for name, take in after.takes.items():
        was, is_now = notes_of(before.takes[name]), notes_of(take)
        moved = {round(24 * span.start_s, 2): span for span in take.chords}
        count = 0
        for span, notes in list(was.items())[:-1]:
            for first, place, frames in pieces:
                by_s = (place - first) / 24
                if first - 0.1 < 24 * span.start_s and 24 * span.end_s < first + frames + 0.1:
                    kept = is_now[moved[round(24 * span.start_s + 24 * by_s, 2)]]
                    sounds = [(n.pitch, n.velocity, n.channel) for n in sorted(kept)]
                    assert sounds == [(n.pitch, n.velocity, n.channel) for n in notes]
                    onsets = [n.onset_s + by_s for n in notes]
                    assert [n.onset_s for n in sorted(kept)] == pytest.approx(onsets, abs=1e-6)
                    count += 1
        assert count >= 5
    (chord,) = [span for span in after.takes["A"].chords if span.why == "edited"]
    assert (chord.start_s, chord.end_s) == pytest.approx((12 - 108 / 24, 14 - 108 / 24))
    assert [round(hit.at_s * 24) for hit in after.cue.hits] == [149, 269]


def test_a_dry_run_only_says_what_has_changed(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A new shot, and two that changed places."""
    whole = shots()
    parts = [whole[1], whole[0], noise(30, size=(160, 90)), whole[4]]
    new = write_film(tmp_path / "new.avi", joined(parts))
    capsys.readouterr()
    assert taken(old, new, "-n") == 0
    kinds = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert sorted(kinds[:-1]) == ["kept", "kept", "moved", "new", *["removed"] * 3]
    assert not CueStore.of(new).exists()


EDL = """TITLE: SECOND CUT
FCM: NON-DROP FRAME

001  OLD      V     C        01:00:00:00 01:00:02:22 10:00:00:00 10:00:02:22
* FROM CLIP NAME: old.avi
002  OLD      AA    C        01:00:05:17 01:00:09:00 10:00:02:22 10:00:06:05
003  OLD      V     C        01:00:05:17 01:00:09:00 10:00:02:22 10:00:06:05
004  A002     V     C        00:00:00:00 00:00:01:06 10:00:06:05 10:00:07:11
005  OLD      B     D    006 01:00:10:17 01:00:18:05 10:00:07:11 10:00:14:23
"""


def test_an_edit_list_says_the_same_without_looking(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = shots()
    parts = [whole[0], whole[2][17:], noise(30, size=(160, 90)), whole[4], whole[5]]
    new = write_film(tmp_path / "new.avi", joined(parts))
    edl = tmp_path / "second.edl"
    edl.write_text(EDL)
    capsys.readouterr()
    assert taken(old, new, "-n") == 0
    by_picture = capsys.readouterr().out
    assert taken(old, edl, "-n", "--start", "01:00:00:00") == 0
    assert capsys.readouterr().out == by_picture
    assert taken(old, edl, "--film", str(new), "--start", "01:00:00:00") == 0
    before, after = histories(old, new)
    assert after.cue.chords[-1].end_s == pytest.approx(359 / 24)
    assert [round(hit.at_s * 24) for hit in after.cue.hits] == [179, 299]
    assert before.cue.hits != after.cue.hits


def events(text: str) -> list[Piece]:
    from fractions import Fraction

    from scorelock.engine.timebase import FrameRate
    from scorelock.export.edl import parse_edl

    edl = parse_edl(text, FrameRate(Fraction(24)))
    return list(reconform.pieces_of(edl, Path("My Film v3.mov"), None, 0, 1000)[0])


def test_the_film_is_known_by_its_clip_name_its_reel_or_as_the_only_one() -> None:
    line = "001  {} V C 00:00:01:00 00:00:02:00 00:00:00:00 00:00:01:00\n"
    other = "002  B V C 00:00:01:00 00:00:02:00 00:00:01:00 00:00:02:00\n"
    taken = [Piece(0, 24, 24)]
    assert events(line.format("AX") + "* FROM CLIP NAME: MY FILM V3.MOV\n" + other) == taken
    assert events(line.format("MY FILM") + other.replace(" B ", " BL ")) == taken
    assert events(line.format("TAPE")) == taken
    with pytest.raises(BadSetting, match="--reel"):
        events(line.format("A") + other)


def test_another_speed_is_new_and_what_goes_on_is_one_piece() -> None:
    first = "001  F V C 00:00:01:00 00:00:02:00 00:00:00:00 00:00:01:00\n"
    on = "002  F V C 00:00:02:00 00:00:03:00 00:00:01:00 00:00:02:00\n"
    slow = "003  F V C 00:00:03:00 00:00:04:00 00:00:02:00 00:00:04:00\nM2 F 012.0 00:00:03:00\n"
    assert events(first + on + slow) == [Piece(0, 48, 24)]


@pytest.mark.parametrize(
    ("edl", "words", "said"),
    [
        (EDL, (), "--film"),
        (EDL, ("-n",), "--start"),
        (EDL, ("-n", "--reel", "XYZ"), "--reel"),
        (EDL, ("-n", "--start", "1:2"), "timecode"),
        (EDL.replace("10:00:06:05 10:00:07:11", "10:00:06:00 10:00:07:11"), ("-n",), "one picture"),
        (EDL.replace("01:00:05:17", "01:00:05:33"), ("-n",), "line 6"),
        ("TITLE: NONE\n", ("-n",), "found none"),
    ],
)
def test_an_edit_list_that_cannot_be_meant_is_one_line(
    old: Path, tmp_path: Path, edl: str, words: tuple[str, ...], said: str
) -> None:
    path = tmp_path / "cut.edl"
    path.write_text(edl)
    start = ("--start", "01:00:00:00") if said not in ("--start", "timecode") else ()
    with pytest.raises(ScorelockError, match=said) as error:
        taken(old, path, *words, *start)
    assert "\n" not in str(error.value)


def test_films_that_are_no_cuts_of_each_other_are_one_line(old: Path, tmp_path: Path) -> None:
    frames = joined(shots()[:3])
    fast = write_film(tmp_path / "fast.avi", frames, fps=25)
    other = write_film(tmp_path / "other.avi", pan(60, 77))
    black = write_film(tmp_path / "black.avi", flat(48, (0, 0, 0), (160, 90)))
    copy = tmp_path / "copy.avi"
    copy.write_bytes(old.read_bytes())
    for film, said in (
        (fast, "24 frames a second"),
        (other, "not one of its shots"),
        (black, "not one of its shots"),
        (copy, "itself"),
        (tmp_path / "none.avi", "found nothing"),
    ):
        with pytest.raises(ScorelockError, match=said) as error:
            taken(old, film)
        assert "\n" not in str(error.value)
        assert not CueStore.of(film).exists()


def test_a_cue_that_is_there_is_not_lost(old: Path, tmp_path: Path) -> None:
    new = write_film(tmp_path / "new.avi", joined(shots()[2:]))
    assert taken(old, new) == 0
    path = CueStore.of(new).path
    content = path.read_bytes()
    with pytest.raises(ScorelockError, match="--again"):
        taken(old, new)
    assert path.read_bytes() == content
    assert taken(old, new, "--again") == 0
    assert json.loads(path.read_bytes()) == json.loads(content)


def test_a_list_of_another_length_is_refused(old: Path, tmp_path: Path) -> None:
    new = write_film(tmp_path / "new.avi", joined(shots()[:3]))
    edl = tmp_path / "cut.edl"
    edl.write_text(EDL)
    with pytest.raises(BadSetting, match="as long as"):
        taken(old, edl, "--film", str(new), "--start", "01:00:00:00")


def test_a_film_without_a_cue_says_how_to_make_one(tmp_path: Path) -> None:
    old = write_film(tmp_path / "old.avi", joined(shots()[:3]))
    new = write_film(tmp_path / "new.avi", joined(shots()[1:3]))
    with pytest.raises(ScorelockError, match="new composes one"):
        taken(old, new)
