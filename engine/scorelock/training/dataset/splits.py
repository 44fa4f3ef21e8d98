"""Which songs are learned from and which are kept to be asked: by song, without leakage.

Two videos with the same music are one group, and a group is never parted. Where a group goes is
decided once: videos that come later move no song that was there before.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, get_args

from scorelock.engine.errors import BadSetting
from scorelock.training.songs import Split

SPLITS: Final[tuple[Split, ...]] = get_args(Split)
"""Train, val, test."""
Shares = tuple[float, float, float]
"""Of the songs, in the order of `SPLITS`; any scale."""
SHARES: Final[Shares] = (80.0, 10.0, 10.0)
ENOUGH: Final = 3
"""From so many groups on, no split that has a share stays empty."""


def parse_shares(text: str) -> Shares:
    """Read "80,10,10".

    Raises:
        BadSetting: these are not three shares, the first above 0.
    """
    try:
        train, val, test = (float(word) for word in text.split(","))
    except ValueError:
        train = val = test = -1
    if not (0 < train < float("inf") and 0 <= val < float("inf") and 0 <= test < float("inf")):
        raise BadSetting(f"expected --split TRAIN,VAL,TEST, such as 80,10,10, got {text!r}")
    return train, val, test


def group(songs: Sequence[str], same: Iterable[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Groups of songs with the same music, all in order, each song in one.

    Args:
        songs: ids.
        same: pairs of them with the same music; what is the same as the same is the same.
    """
    parent = {song: song for song in songs}

    def root(song: str) -> str:
        while parent[song] != song:
            parent[song] = song = parent[parent[song]]
        return song

    for one, other in same:
        first, second = sorted((root(one), root(other)))
        parent[second] = first
    groups: dict[str, list[str]] = {}
    for song in sorted(songs):
        groups.setdefault(root(song), []).append(song)
    return [tuple(members) for members in groups.values()]


def assign(
    groups: Sequence[tuple[str, ...]], shares: Shares, earlier: Mapping[str, Split]
) -> dict[str, Split]:
    """The split of every song.

    A group stays where its songs were. Where they were in several, for nobody knew that they are
    the same, it goes to the first of `SPLITS`: what was learned from must not be asked. New groups
    go to the split that lacks most, large ones first, for they fit in few places, and the rest in
    an order that depends on their names alone, as good as drawn by lot.
    """
    found: dict[str, Split] = {}
    counts = dict.fromkeys(SPLITS, 0)
    new: list[tuple[str, ...]] = []

    def put(members: tuple[str, ...], split: Split) -> None:
        found.update(dict.fromkeys(members, split))
        counts[split] += len(members)

    for members in groups:
        were = {earlier[song] for song in members if song in earlier}
        if were:
            put(members, next(split for split in SPLITS if split in were))
        else:
            new.append(members)
    songs = sum(map(len, groups))
    wanted = {
        split: share * songs / sum(shares) for split, share in zip(SPLITS, shares, strict=True)
    }
    new.sort(key=lambda members: (-len(members), _lot(members)))
    if len(groups) >= ENOUGH:
        for split in SPLITS:
            if wanted[split] and not counts[split] and new:
                # The smallest group will do, but to learn from the largest is best.
                put(new.pop(0 if split == SPLITS[0] else -1), split)
    for members in new:
        put(members, max(SPLITS, key=lambda split: wanted[split] - counts[split]))
    return found


def _lot(members: tuple[str, ...]) -> bytes:
    return hashlib.sha256("\n".join(members).encode()).digest()
