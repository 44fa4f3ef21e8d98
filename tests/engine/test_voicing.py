"""Voice leading, against every other placement."""

from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelock.engine.vocabulary import QUALITIES, Chord
from scorelock.engine.voicing import (
    BASS_HIGHEST,
    BASS_LOWEST,
    HIGHEST,
    LOWEST,
    Voicing,
    bass_note,
    movement,
    placements,
    thinned,
    voice,
)

chords = st.builds(Chord, st.integers(0, 11), st.sampled_from(QUALITIES))


@given(st.lists(chords, min_size=1, max_size=12))
def test_every_step_moves_least_and_keeps_the_rules(progression: list[Chord]) -> None:
    before: Voicing | None = None
    for chord in progression:
        now = voice(chord, before)
        assert {pitch % 12 for pitch in now} == set(chord.pitch_classes)
        assert LOWEST <= now[0] < now[1] < now[2] < now[3] <= HIGHEST
        assert all(high - low <= 12 for low, high in pairwise(now))
        if before is not None:
            assert movement(before, now) == min(movement(before, p) for p in placements(chord))
        before = now


@given(chords, chords)
def test_movement_is_the_cheapest_pairing_of_voices(one: Chord, other: Chord) -> None:
    a, b = voice(one, None), voice(other, None)
    cheapest = min(
        sum(abs(x - y) for x, y in zip(a, order, strict=True)) for order in permutations(b)
    )
    assert movement(a, b) == cheapest


def test_common_tones_stay() -> None:
    c = voice(Chord.parse("C"), None)
    assert len(set(c) & set(voice(Chord.parse("Am7"), c))) >= 3
    assert voice(Chord.parse("C"), c) == c


@given(chords, st.integers(33, 47))
def test_bass_has_the_root_in_its_register(chord: Chord, before: int) -> None:
    note = bass_note(chord, before)
    assert note % 12 == chord.root
    assert BASS_LOWEST <= note <= BASS_HIGHEST


@given(chords, st.integers(1, 4))
def test_thinning_keeps_what_tells_the_chord(chord: Chord, voices: int) -> None:
    full = voice(chord, None)
    kept = thinned(full, chord, voices)
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
