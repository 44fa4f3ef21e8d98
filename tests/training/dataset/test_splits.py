"""Splits by song: no group parted, no song moved, shares as asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelock.engine.errors import BadSetting
from scorelock.training.dataset.splits import SHARES, SPLITS, assign, group, parse_shares

names = st.text("abcdef0123456789", min_size=1, max_size=6)
groups_of = st.lists(names, unique=True, max_size=60).flatmap(
    lambda songs: (
        st.lists(st.tuples(st.sampled_from(songs), st.sampled_from(songs)), max_size=20).map(
            lambda same: (songs, same)
        )
        if songs
        else st.just(([], []))
    )
)


@given(groups_of)
def test_groups_are_the_connected_songs(drawn: tuple[list[str], list[tuple[str, str]]]) -> None:
    songs, same = drawn
    groups = group(songs, same)
    assert sorted(song for members in groups for song in members) == sorted(songs)
    where = {song: members for members in groups for song in members}
    for one, other in same:
        assert where[one] is where[other]
    # Spread from each song along the pairs: an oracle without union-find.
    for song in songs:
        reached, edge = {song}, {song}
        while edge:
            edge = {
                far
                for pair in same
                for near, far in (pair, pair[::-1])
                if near in edge and far not in reached
            }
            reached |= edge
        assert set(where[song]) == reached


@given(groups_of, groups_of)
def test_a_group_is_never_parted_and_no_song_moves(
    drawn: tuple[list[str], list[tuple[str, str]]], more: tuple[list[str], list[tuple[str, str]]]
) -> None:
    first = assign(group(*drawn), SHARES, {})
    songs = list(dict.fromkeys(drawn[0] + more[0]))
    new_alone = [pair for pair in more[1] if not set(pair) & set(drawn[0])]
    groups = group(songs, drawn[1] + new_alone)
    second = assign(groups, SHARES, first)
    assert set(second) == set(songs)
    assert {song: second[song] for song in first} == first
    for members in groups:
        assert len({second[song] for song in members}) == 1


@pytest.mark.parametrize("count", [10, 20, 100, 1000])
def test_shares_are_as_asked(count: int) -> None:
    splits = assign(group([f"{i}" for i in range(count)], []), SHARES, {})
    found = [sum(split == one for one in splits.values()) for split in SPLITS]
    assert found == pytest.approx([0.8 * count, 0.1 * count, 0.1 * count], abs=1)


@pytest.mark.parametrize("count", range(3, 12))
def test_no_split_is_empty_from_three_groups_on(count: int) -> None:
    splits = assign(group([f"{i}" for i in range(count)], []), SHARES, {})
    assert set(splits.values()) == set(SPLITS)


def test_a_large_group_is_learned_from() -> None:
    crowd = [f"same{i}" for i in range(10)]
    songs = [*crowd, *(f"other{i}" for i in range(10))]
    splits = assign(group(songs, [(crowd[0], one) for one in crowd]), SHARES, {})
    assert {splits[one] for one in crowd} == {"train"}


def test_songs_that_turn_out_the_same_are_learned_from() -> None:
    """What a model has learned from must not be asked of it later."""
    together = assign([("a", "b")], SHARES, {"a": "test", "b": "train"})
    assert together == {"a": "train", "b": "train"}


def test_a_split_may_be_left_out() -> None:
    splits = assign(group([f"{i}" for i in range(20)], []), (90, 10, 0), {})
    assert "test" not in splits.values()


def test_which_songs_are_drawn_does_not_depend_on_their_order() -> None:
    songs = [f"song{i}" for i in range(30)]
    assert assign(group(songs, []), SHARES, {}) == assign(group(songs[::-1], []), SHARES, {})


@pytest.mark.parametrize("text", ["", "80,20", "80,10,ten", "0,50,50", "80,-1,21", "nan,1,1"])
def test_shares_that_cannot_be_read(text: str) -> None:
    with pytest.raises(BadSetting, match="expected --split TRAIN,VAL,TEST"):
        parse_shares(text)


def test_shares_need_not_be_percent() -> None:
    assert parse_shares("8, 1,1") == (8, 1, 1)
