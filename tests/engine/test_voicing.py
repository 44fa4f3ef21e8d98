"""Voice leading and the bass line, against every other placement."""

from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelock.engine.arranging import bass
from scorelock.engine.arranging.voicing import (
    HIGHEST,
    LOWEST,
    TOP,
    Hand,
    Voicing,
    led,
    movement,
    placed,
    placements,
    thinned,
)
from scorelock.engine.vocabulary import QUALITIES, Chord

chords = st.builds(Chord, st.integers(0, 11), st.sampled_from(QUALITIES))
progressions = st.lists(chords, min_size=2, max_size=12)
voices = st.integers(1, 4)


def line(progression: list[Chord], voices: int) -> list[Hand]:
    """One phrase: the hand set once, then led, each bass on the nearest root or inversion."""
    hands = [placed(progression[0], bass.rooted(progression[0]), voices)]
    for chord in progression[1:]:
        low = bass.walked(chord, hands[-1].bass, arrives=False, voices=voices)
        hands.append(led(chord, low, voices, hands[-1]))
    return hands


def outer(hand: Hand) -> tuple[int, int]:
    return hand.bass, hand.heard[-1]


def is_parallel(one: Hand, other: Hand, interval: int) -> bool:
    """By the letter of the rule: both voices move and the interval is the same before and after."""
    (low, high), (low_after, high_after) = outer(one), outer(other)
    moved = low != low_after and high != high_after
    return moved and (high - low) % 12 == (high_after - low_after) % 12 == interval


def choices(chord: Chord, hand: Hand, voices: int) -> list[Hand]:
    return [
        Hand(v, thinned(v, chord, voices, hand.bass % 12), hand.bass) for v in placements(chord)
    ]


@settings(deadline=None)
@given(progressions, voices)
def test_every_step_keeps_the_rules_and_moves_least_under_them(
    progression: list[Chord], voices: int
) -> None:
    hands = line(progression, voices)
    for chord, hand in zip(progression, hands, strict=True):
        assert {pitch % 12 for pitch in hand.voicing} == set(chord.pitch_classes)
        assert LOWEST <= hand.voicing[0] < hand.voicing[1] < hand.voicing[2] < hand.voicing[3]
        assert hand.voicing[3] <= HIGHEST
        assert all(high - low <= 12 for low, high in pairwise(hand.voicing))
        assert hand.bass < hand.voicing[0]
    for chord, before, now in zip(progression[1:], hands, hands[1:], strict=False):

        def leap(hand: Hand, before: Hand = before) -> int:
            return abs(hand.heard[-1] - before.heard[-1])

        lawful = [
            hand
            for hand in choices(chord, now, voices)
            if hand.heard[-1] in TOP
            and not is_parallel(before, hand, 0)
            and not is_parallel(before, hand, 7)
            and leap(hand) <= 7
        ]
        assert not is_parallel(before, now, 0)
        assert leap(now) <= 12
        if lawful:
            assert now in lawful
            least = min(movement(before.voicing, hand.voicing) for hand in lawful)
            assert movement(before.voicing, now.voicing) == least


@given(chords, chords)
def test_movement_is_the_cheapest_pairing_of_voices(one: Chord, other: Chord) -> None:
    a, b = placements(one)[0], placements(other)[-1]
    cheapest = min(
        sum(abs(x - y) for x, y in zip(a, order, strict=True)) for order in permutations(b)
    )
    assert movement(a, b) == cheapest


def test_common_tones_stay() -> None:
    c, am, again = line([Chord.parse(name) for name in ("C", "Am7", "C")], 4)
    assert len(set(c.voicing) & set(am.voicing)) >= 3
    assert led(Chord.parse("C"), c.bass, 4, c) == c
    assert len(set(am.voicing) & set(again.voicing)) >= 3


@given(chords, chords, voices)
def test_nothing_runs_in_parallel_into_a_new_phrase(last: Chord, first: Chord, voices: int) -> None:
    new = placed(first, bass.rooted(first), voices)
    for before in choices(last, Hand((), (), bass.rooted(last)), voices):
        assert not is_parallel(before, new, 0)


@given(progressions, st.lists(st.booleans(), min_size=12, max_size=12))
def test_bass_has_the_root_where_the_music_arrives(
    progression: list[Chord], arrivals: list[bool]
) -> None:
    low = bass.rooted(progression[0])
    assert low % 12 == progression[0].root
    for chord, arrives in zip(progression[1:], arrivals, strict=False):
        now = bass.walked(chord, low, arrives=arrives, voices=4)
        assert bass.LOWEST <= now <= bass.HIGHEST
        assert now % 12 in chord.pitch_classes
        nearest = min(abs(p - low) for p in range(33, 48) if p % 12 == chord.root)
        if arrives:
            assert now % 12 == chord.root
        if now % 12 != chord.root:  # an inversion is there for a step instead of a leap
            assert 0 < abs(now - low) <= bass.STEP < nearest
        low = now


def test_a_bass_walks_down_by_inversion() -> None:
    names = ["C", "G", "Am"]  # C B A
    low = [48 - 12]
    for name in names[1:]:
        low.append(bass.walked(Chord.parse(name), low[-1], arrives=False, voices=4))
    assert [pitch % 12 for pitch in low] == [0, 11, 9]


@given(chords, voices)
def test_thinning_keeps_what_tells_the_chord(chord: Chord, voices: int) -> None:
    for full in placements(chord):
        kept: Voicing = thinned(full, chord, voices, chord.root)
        assert len(kept) == voices
        assert set(kept) <= set(full)
        assert kept == tuple(sorted(kept))
        assert chord.pitch_classes[1] in {pitch % 12 for pitch in kept} or (
            voices == 1 and len(chord.pitch_classes) == 4
        )


@pytest.mark.parametrize("quality", QUALITIES)
def test_triads_never_double_the_third(quality: str) -> None:
    chord = Chord(0, quality)
    if len(chord.pitch_classes) == 3:
        third = chord.pitch_classes[1]
        assert all([p % 12 for p in v].count(third) == 1 for v in placements(chord))
