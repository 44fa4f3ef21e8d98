"""Corpora are read as they are, what cannot be used is counted, batches mask what is padding."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorelock.engine.errors import BadSetting
from scorelock.engine.vocabulary import PAD
from scorelock.training.batches import Augment, Batch, training_batches
from scorelock.training.corpora import read_corpora
from scorelock.training.songs import Example

Make = Callable[..., Example]


def rewrite(path: Path, **changes: np.ndarray) -> None:
    with np.load(path) as pack:
        content = {name: pack[name] for name in pack.files}
    np.savez(path, **(content | changes))


def test_a_film_corpus_comes_back_as_it_was(corpora: Path, song: Make) -> None:
    held_out = read_corpora(corpora, ("muvisync",), "val", "picture").songs
    assert [s.name for s in held_out] == ["muvisync 006", "muvisync 007"]
    for found, wanted in zip(held_out, (song(36, 6), song(37, 7)), strict=True):
        assert found.film
        assert found.minor == wanted.minor
        np.testing.assert_array_equal(found.chords, wanted.chords)
        # The packs hold half precision: 11 significant bits.
        np.testing.assert_allclose(found.features, wanted.features, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(found.density, wanted.density, rtol=1e-3)


def test_published_features_are_unpacked(corpora: Path) -> None:
    (first, *_) = read_corpora(corpora, ("muvisync",), "train", "published").songs
    with np.load(corpora / "muvisync.npz") as pack:
        code = [pack[f"semantic{part}"] for part in ("", "_scale", "_basis", "_mean")]
    wanted = [
        sum(code[0][0, k] * code[1][k] * code[2][i, k] for k in range(3)) + code[3][i]
        for i in range(768)
    ]
    assert first.features.shape == (30, 776)
    np.testing.assert_allclose(first.features[0, :768], wanted, rtol=1e-3, atol=1e-3)


def test_a_plain_corpus_has_features_of_zeros_and_says_so(corpora: Path) -> None:
    songs = read_corpora(corpora, ("plain",), "train", "picture").songs
    assert len(songs) == 6
    assert not any(s.film or s.features.any() for s in songs)
    assert np.isnan(songs[0].density).all()


def test_loudness_speaks_the_film_corpuss_scale(corpora: Path) -> None:
    """The plain corpus is the film corpus's loudness, doubled and raised by 0.3."""
    songs = read_corpora(corpora, ("plain", "muvisync"), "train", "picture").songs
    plain, film = songs[:6], songs[6:]
    for one, other in zip(plain, film, strict=True):
        np.testing.assert_allclose(one.loudness, other.loudness, atol=2e-3)


def test_what_cannot_be_used_is_counted_by_its_reason(corpora: Path) -> None:
    with np.load(corpora / "muvisync.npz") as pack:
        motion, bounds, density = (pack[name].copy() for name in ("motion", "offsets", "density"))
        chords = pack["chord"].copy()
    motion[bounds[1]] = np.nan
    chords[bounds[2]] = 200
    bounds[1] = bounds[0]  # the first song is empty, the second one longer
    rewrite(
        corpora / "muvisync.npz", motion=motion, chord=chords, offsets=bounds, density=density[:-80]
    )
    corpus = read_corpora(corpora, ("muvisync",), "train", "picture")
    assert corpus.skipped == {
        "muvisync 000": "shorter than two seconds",
        "muvisync 001": "features not finite",
        "muvisync 002": "chords outside the vocabulary",
        "muvisync 005": "rows misaligned",
    }
    assert len(corpus.songs) == 2


@pytest.mark.parametrize(
    ("at", "offset", "lost"),
    [(1, -5, {0, 1}), (2, 10**6, {1, 2}), (3, 5, {2}), (8, 269, {7})],
    ids=["negative", "past the end", "backwards", "one too many"],
)
def test_a_song_whose_rows_are_elsewhere_is_left_out(
    corpora: Path, at: int, offset: int, lost: set[int]
) -> None:
    with np.load(corpora / "muvisync.npz") as pack:
        bounds = pack["offsets"].copy()
    bounds[at] = offset
    rewrite(corpora / "muvisync.npz", offsets=bounds)
    skipped: dict[str, str] = {}
    for split in ("train", "val"):
        skipped |= read_corpora(corpora, ("muvisync",), split, "picture").skipped
    assert set(skipped) == {f"muvisync {i:03}" for i in lost}
    assert all(str(offset) in why for why in skipped.values())


def test_a_song_without_rows_is_left_out(corpora: Path) -> None:
    with np.load(corpora / "muvisync.npz") as pack:
        bounds = pack["offsets"]
    rewrite(corpora / "muvisync.npz", offsets=bounds[:-1])
    corpus = read_corpora(corpora, ("muvisync",), "val", "picture")
    assert list(corpus.skipped) == ["muvisync 007"]
    assert [song.name for song in corpus.songs] == ["muvisync 006"]


@pytest.mark.parametrize("column", ["density", "loudness"])
def test_a_film_song_without_its_dynamics_is_left_out(corpora: Path, column: str) -> None:
    with np.load(corpora / "muvisync.npz") as pack:
        rows = pack[column].copy()
    rows[3] = np.nan
    rewrite(corpora / "muvisync.npz", **{column: rows})
    corpus = read_corpora(corpora, ("muvisync",), "train", "picture")
    assert corpus.skipped == {"muvisync 000": f"{column} not finite"}


def test_features_of_the_picture_need_no_semantic_arrays(corpora: Path) -> None:
    with np.load(corpora / "muvisync.npz") as pack:
        content = {name: pack[name] for name in pack.files if not name.startswith("semantic")}
    np.savez(corpora / "muvisync.npz", **content)
    assert len(read_corpora(corpora, ("muvisync",), "val", "picture").songs) == 2
    with pytest.raises(BadSetting, match="damaged one: 'semantic"):
        read_corpora(corpora, ("muvisync",), "val", "published")


@pytest.mark.parametrize(
    ("column", "rows"),
    [
        ("emotion", np.zeros((268, 5))),
        ("motion", np.zeros((268, 1))),
        ("motion", np.full(268, "fast")),
        ("motion", np.full(268, 1j)),
        ("chord", np.zeros(268)),
        ("offsets", np.array(3)),
        ("minor", np.zeros(7, bool)),
        ("semantic_basis", np.zeros((700, 3))),
        ("semantic_mean", np.zeros(700)),
        ("semantic", np.zeros((268, 4), np.int8)),
    ],
)
def test_an_array_of_another_kind_is_named(corpora: Path, column: str, rows: np.ndarray) -> None:
    rewrite(corpora / "muvisync.npz", **{column: rows})
    with pytest.raises(BadSetting, match=f"damaged one: .*{column}"):
        read_corpora(corpora, ("muvisync",), "val", "published")


def test_a_missing_corpus_is_named(corpora: Path) -> None:
    with pytest.raises(BadSetting, match=r"expected the corpus pop910 in .*pop910\.npz nor"):
        read_corpora(corpora, ("pop910",), "train", "picture")


def test_a_damaged_corpus_is_named(corpora: Path) -> None:
    content = (corpora / "plain.npz").read_bytes()
    (corpora / "plain.npz").write_bytes(content[: len(content) // 2])
    (corpora / "other.npz").write_bytes(b"no archive")
    np.savez(corpora / "empty.npz", ids=np.array(["a"]))
    (corpora / "empty.meta.jsonl").write_text("")
    for name in ("plain", "other", "empty"):
        with pytest.raises(BadSetting, match=f"damaged|{name}") as caught:
            read_corpora(corpora, (name,), "train", "picture")
        assert "\n" not in str(caught.value)
    rewrite(corpora / "muvisync.npz", motion=np.zeros(240, np.float16))
    corpus = read_corpora(corpora, ("muvisync",), "val", "picture")
    assert corpus.skipped == {"muvisync 007": "rows misaligned"}


def test_no_songs_left_is_an_error(corpora: Path) -> None:
    lines = (corpora / "plain.meta.jsonl").read_text().splitlines()
    moved = [json.dumps(json.loads(line) | {"split": "test"}) for line in lines]
    (corpora / "plain.meta.jsonl").write_text("\n".join(moved))
    with pytest.raises(BadSetting, match=r"split train in .*plain\.npz, it has: test$"):
        read_corpora(corpora, ("plain",), "train", "picture")
    assert len(read_corpora(corpora, ("plain",), "test", "picture").songs) == 8
    rewrite(corpora / "muvisync.npz", motion=np.full(268, np.nan))
    with pytest.raises(BadSetting, match="6 left out, such as muvisync 000: features not finite;"):
        read_corpora(corpora, ("muvisync",), "train", "picture")


def test_half_precision_does_not_overflow(packed: Path) -> None:
    """The densities of MuVi-Sync sum far past float16's 65504."""
    songs = read_corpora(packed, ("muvisync",), "train", "picture").songs
    assert len(songs) == 597
    assert np.isfinite(sum(float(s.density.sum()) for s in songs))


def test_every_real_corpus_is_read_whole(packed: Path) -> None:
    names = ("pop909", "billboard", "openewld", "chordmelody", "freedoom")
    corpus = read_corpora(packed, names, "train", "picture")
    assert corpus.skipped == {}
    assert len(corpus.songs) == 757 + 737 + 413 + 334 + 84


def test_padding_is_marked(song: Make) -> None:
    batch = Batch.of([song(5), song(3, film=False)])
    assert batch.hidden.tolist() == [[False] * 5, [False] * 3 + [True] * 2]
    assert (batch.chords == PAD).tolist() == batch.hidden.tolist()
    assert batch.targets.isnan()[..., 0].tolist() == batch.hidden.tolist()
    assert batch.film.tolist() == [True, False]
    assert batch.emotion.shape == (2, 5, 6)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(2, 60), min_size=1, max_size=20), st.integers(1, 7), st.integers(2, 40))
def test_an_epoch_holds_every_song_once(
    song: Make, lengths: list[int], size: int, seconds: int
) -> None:
    """Whatever the crops, each song is there once, contiguous and not longer than asked."""
    songs = [
        # Loudness numbers every second of every song.
        replace(song(n), loudness=(1000 * i + np.arange(n)).astype(np.float32))
        for i, n in enumerate(lengths)
    ]
    seen = []
    for batch in training_batches(
        songs, size, seconds, Augment(no_film=0.0), np.random.default_rng(0)
    ):
        assert len(batch.chords) <= size
        for row, hidden in zip(batch.targets[..., 1], batch.hidden, strict=True):
            numbers = row[~hidden].int().tolist()
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
            index = numbers[0] // 1000
            assert len(numbers) == min(seconds, lengths[index])
            seen.append(index)
    assert sorted(seen) == list(range(len(lengths)))


def test_a_share_of_the_films_is_hidden(song: Make) -> None:
    songs = [song(4, seed) for seed in range(400)]
    batches = training_batches(songs, 16, 300, Augment(no_film=0.25), np.random.default_rng(0))
    shown = [bool(f) for batch in batches for f in batch.film]
    # Five standard deviations of a binomial share.
    assert abs(shown.count(False) / 400 - 0.25) < 5 * (0.25 * 0.75 / 400) ** 0.5
    for batch in batches:
        assert not batch.features[~batch.film].any()


def test_excerpts_are_parts_of_any_length(song: Make) -> None:
    """Half of the songs whole, the others contiguous parts that begin and end anywhere."""
    whole = replace(song(100), loudness=np.arange(100, dtype=np.float32))
    rng = np.random.default_rng(0)
    lengths, firsts = [], []
    for batch in training_batches([whole] * 400, 16, 300, Augment(no_film=0, excerpt=0.5), rng):
        for row, hidden in zip(batch.targets[..., 1], batch.hidden, strict=True):
            seconds = row[~hidden].int().tolist()
            assert seconds == list(range(seconds[0], seconds[0] + len(seconds)))
            lengths.append(len(seconds))
            firsts.append(seconds[0])
    assert 150 < lengths.count(100) < 250
    assert min(lengths) < 10
    assert max(first + length for first, length in zip(firsts, lengths, strict=True)) == 100
    assert max(firsts) > 70
