"""The 159 tokens, and chords as people write them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelock.engine.errors import BadSetting
from scorelock.engine.vocabulary import END, PAD, QUALITIES, Chord, N, decomposed

chords = st.builds(Chord, st.integers(0, 11), st.sampled_from(QUALITIES))


@pytest.mark.parametrize(
    ("text", "token"),
    [
        # id = 1 + 13 root + quality, qualities in the published order
        ("C", 1),
        ("C:dim", 2),
        ("C:maj7", 13),
        ("C#", 14),
        ("A:min", 1 + 13 * 9 + 4),
        ("B:maj7", 156),
    ],
)
def test_tokens_are_the_published_ones(text: str, token: int) -> None:
    assert Chord.parse(text).token == token


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Am", "A:min"),
        ("am", "A:min"),
        ("Bb7", "A#:7"),
        ("F#m7b5", "F#:hdim7"),
        ("Gbø", "F#:hdim7"),
        ("E♭maj7", "D#:maj7"),
        ("CM7", "C:maj7"),
        ("Cm7", "C:min7"),
        ("G7sus", None),
        ("Gsus", "G:sus4"),
        ("B°", "B:dim"),
        ("Cb", "B"),
        ("H", None),
        ("", None),
        ("C:", "C"),
        ("Am7/G", None),
    ],
)
def test_spellings(text: str, same: str | None) -> None:
    if same is None:
        with pytest.raises(BadSetting, match="expected a chord such as"):
            Chord.parse(text)
    else:
        assert Chord.parse(text) == Chord.parse(same)


@given(chords)
def test_symbol_and_token_name_the_same_chord(chord: Chord) -> None:
    assert Chord.parse(chord.symbol()) == chord
    assert Chord.from_token(chord.token) == chord


@given(chords, st.integers(-30, 30))
def test_transposing_moves_every_note(chord: Chord, semitones: int) -> None:
    moved = [(pitch + semitones) % 12 for pitch in chord.pitch_classes]
    assert list(chord.transposed(semitones).pitch_classes) == moved


@pytest.mark.parametrize("token", [N, END, PAD, -1, 200])
def test_special_tokens_are_no_chords(token: int) -> None:
    with pytest.raises(ValueError, match="not a chord"):
        Chord.from_token(token)


def test_decomposed_ids_follow_the_training_convention() -> None:
    roots, attributes = decomposed()
    assert (roots[N], attributes[N]) == (0, 0)
    assert (roots[1], attributes[1]) == (1, 1)  # C major: attribute 1, not the generator's 0
    assert (roots[156], attributes[156]) == (12, 13)
    assert (roots[END], attributes[END], roots[PAD], attributes[PAD]) == (13, 14, 14, 15)
    assert len(set(zip(roots.tolist(), attributes.tolist(), strict=True))) == 159
    assert roots.dtype == attributes.dtype == np.int64
