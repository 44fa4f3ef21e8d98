"""Who saw a film for a score sees it for that again; CLIP is asked for where it is needed."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from clips import keep_clip
from films import ffmpeg, needs_ffmpeg, write_film
from shots import pan

from scorelock.bridge import cli
from scorelock.bridge.commands.desk import film_of
from scorelock.bridge.cue_store import CueStore
from scorelock.bridge.seeing import Seeing, features_of
from scorelock.engine import muvisync
from scorelock.engine.cue_folder import FEATURES
from scorelock.engine.features import EXTRACTOR, PAPER, Layout
from scorelock.engine.key import Key
from scorelock.training.corpora import read_place

PUBLISHED = ("--bundle", "clip")


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models of this test's own, with none in it."""
    folder = tmp_path / "models"
    monkeypatch.setenv("SCORELOCK_MODELS", str(folder))
    return folder


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of two shots."""
    frames = [*pan(80, 1), *pan(64, 2)]
    return write_film(tmp_path_factory.mktemp("drawn") / "film.avi", frames)


@pytest.fixture
def film(drawn: Path, tmp_path: Path) -> Path:
    """The same, of this test's own."""
    return Path(shutil.copy(drawn, tmp_path))


Say = pytest.CaptureFixture[str]


def refused(capsys: Say, *words: str | Path) -> str:
    """The one line on stderr."""
    capsys.readouterr()
    assert cli.main([*map(str, words)]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    return err


def done(capsys: Say, *words: str | Path) -> str:
    """What goes to stderr, where all goes well."""
    capsys.readouterr()
    assert cli.main([*map(str, words)]) == 0
    return capsys.readouterr().err


def extractor(film: Path) -> str:
    """Who saw what is kept."""
    with np.load(film.parent / f"{film.name}.cue" / FEATURES) as kept:
        return str(json.loads(kept["about"].item())["extractor"])


def told(file: Path) -> str:
    """Who saw the film, by a score's own file."""
    return str(json.loads(file.read_text())["picture"]["extractor"])


@pytest.mark.parametrize(
    "words", [("compose", *PUBLISHED), ("compose", "--features", "paper"), ("analyse",)]
)
def test_without_clip_one_line_says_how_to_get_it(
    film: Path, tmp_path: Path, capsys: Say, words: tuple[str, ...]
) -> None:
    """Even where the picture was seen before."""
    paper = ("--features", "paper") if words == ("analyse",) else ("-o", tmp_path / "out.mid")
    for _ in range(2):
        said = refused(capsys, words[0], film, *words[1:], *paper)
        assert "scorelock models add clip" in said
        done(capsys, "analyse", film)


def test_a_bundle_of_the_published_layout_reads_the_papers_features(
    film: Path, models: Path, tmp_path: Path, capsys: Say
) -> None:
    keep_clip(models)
    out = tmp_path / "out.json"
    done(capsys, "compose", film, *PUBLISHED, "-o", out)
    assert extractor(film) == told(out)
    assert extractor(film).startswith(f"{PAPER} clip-of-768 ")
    done(capsys, "compose", film, "-o", out)
    assert told(out) == EXTRACTOR


def test_the_picture_is_not_enough_for_it(film: Path, tmp_path: Path, capsys: Say) -> None:
    said = refused(
        capsys, "compose", film, *PUBLISHED, "--features", "picture", "-o", tmp_path / "a.mid"
    )
    assert "expected --features paper" in said
    assert not (film.parent / "film.avi.cue").exists()


def test_nor_is_a_clip_of_another_width(
    film: Path, models: Path, tmp_path: Path, capsys: Say
) -> None:
    keep_clip(models, "small", width=512)
    clip = ("--clip", "small")
    said = refused(capsys, "compose", film, *PUBLISHED, *clip, "-o", tmp_path / "a.mid")
    assert "expected a CLIP of 768 numbers" in said
    done(capsys, "analyse", film)
    refused(capsys, "compose", film, *PUBLISHED, *clip)  # and nothing said of watching again
    done(capsys, "compose", film, "--features", "paper", *clip, "-o", tmp_path / "a.mid")
    assert extractor(film).startswith(f"{PAPER} clip-of-512 ")


def test_a_clip_chosen_by_name_has_to_be_there(film: Path, models: Path, capsys: Say) -> None:
    """Even where another one has seen the film."""
    keep_clip(models)
    words = ("analyse", film, "--features", "paper")
    done(capsys, *words)
    assert "scorelock models add clip --as mine" in refused(capsys, *words, "--clip", "mine")


def test_what_clip_sees_changes_no_score_of_the_picture(
    film: Path, models: Path, tmp_path: Path, capsys: Say
) -> None:
    files = [tmp_path / f"{name}.mid" for name in ("before", "after")]
    done(capsys, "compose", film, "-o", files[0])
    keep_clip(models)
    assert "watching it by" in done(capsys, "analyse", film, "--features", "paper")
    assert done(capsys, "analyse", film, "--again") == ""
    done(capsys, "compose", film, "-o", files[1])
    assert files[0].read_bytes() == files[1].read_bytes()
    assert extractor(film).startswith(PAPER)


def test_a_score_is_edited_on_what_it_was_made_on(film: Path, models: Path, capsys: Say) -> None:
    """CLIP may be gone then, and what CLIP saw is kept; a new score may be made on the other."""
    place = keep_clip(models)
    done(capsys, "edit", film, "new", *PUBLISHED)
    shutil.rmtree(place)
    made_on = CueStore.of(film).read().cue.features
    assert made_on.extractor.startswith(PAPER)
    done(capsys, "edit", film, "vary", "1-4", "--seed", "3")
    done(capsys, "edit", film, "draw", "sad", "1=0.9,3=0.9")
    assert CueStore.of(film).read().cue.features.extractor == made_on.extractor
    assert film_of(CueStore.of(film))[0] is not None
    done(capsys, "edit", film, "new", "--again")
    assert CueStore.of(film).read().cue.features.extractor == EXTRACTOR


def test_without_what_clip_saw_it_needs_clip_again(film: Path, models: Path, capsys: Say) -> None:
    place = keep_clip(models, "mine")
    keep_clip(models, "other", seed=1)
    done(capsys, "edit", film, "new", "--features", "paper", "--clip", "mine")
    before = CueStore.of(film).read().cue.features
    kept = film.parent / "film.avi.cue" / FEATURES
    kept.unlink()
    again = CueStore.of(film).read().cue.features
    assert again.extractor == before.extractor
    assert again.semantic is not None
    assert before.semantic is not None
    np.testing.assert_array_equal(again.semantic, before.semantic)
    shutil.rmtree(place)
    kept.unlink()
    assert "scorelock models add clip" in refused(capsys, "edit", film, "show")


@needs_ffmpeg
def test_a_new_cut_is_seen_as_the_old_one_was(
    film: Path, models: Path, tmp_path: Path, capsys: Say
) -> None:
    keep_clip(models)
    done(capsys, "edit", film, "new", *PUBLISHED)
    cut = tmp_path / "cut.avi"
    ffmpeg("-ss", "2", "-i", film, "-c:v", "ffv1", cut)
    done(capsys, "reconform", film, cut)
    assert CueStore.of(cut).read().cue.features.extractor == extractor(film)


@pytest.mark.parametrize("kind", ["picture", "paper"])
def test_in_the_data_sets_layout_it_reads_back_the_same(
    film: Path, models: Path, tmp_path: Path, capsys: Say, kind: str
) -> None:
    keep_clip(models)
    named = film.rename(film.with_name("a film.avi"))
    tree = tmp_path / "tree"
    words = ("--features", kind, "--layout", "muvisync", "-o", tree)
    assert f"wrote a_film to {tree}" in done(capsys, "analyse", named, *words)
    seen = features_of(named, Seeing.again(extractor(named)))
    heard = np.ones((2, len(seen)), np.float32)
    muvisync.write_heard(tree, "a_film", Key.parse("C"), np.ones(len(seen), np.int64), *heard)
    muvisync.write_split(tree, "test", ["a_film"])
    layout: Layout = "picture" if kind == "picture" else "published"
    (song,) = read_place(tree, "test", layout).songs
    np.testing.assert_array_equal(song.features, seen.matrix(layout))
    assert (tree / "vevo_semantic").is_dir() == (kind == "paper")


def test_layout_and_folder_go_together(film: Path, tmp_path: Path, capsys: Say) -> None:
    for words in (("--layout", "muvisync"), ("-o", tmp_path / "tree")):
        assert "--layout and -o" in refused(capsys, "analyse", film, *words)
