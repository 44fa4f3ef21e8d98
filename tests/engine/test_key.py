"""Keys in any spelling, and chords spelled in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelock.engine.errors import BadSetting
from scorelock.engine.key import Key
from scorelock.engine.vocabulary import Chord, parse_pitch_class


@pytest.mark.parametrize(
    ("text", "name", "transposition"),
    [
        ("C", "C major", 0),
        ("a minor", "A minor", 0),
        ("F# minor", "F# minor", -3),
        ("Gb major", "Gb major", -6),
        ("F# major", "F# major", -6),
        ("f#m", "F# minor", -3),
        ("Bb:MIN", "Bb minor", 1),
        ("E♭", "Eb major", 3),
        ("G# major", "Ab major", -4),
        ("Db minor", "C# minor", 4),
        ("CM", "C major", 0),
        ("d_min", "D minor", 5),
    ],
)
def test_spellings(text: str, name: str, transposition: int) -> None:
    key = Key.parse(text)
    assert (str(key), key.transposition) == (name, transposition)


@pytest.mark.parametrize("text", ["", "H major", "C dorian", "major", "F##", "C major 7", "12"])
def test_no_key(text: str) -> None:
    with pytest.raises(BadSetting, match="expected a key such as"):
        Key.parse(text)


@pytest.mark.parametrize(
    ("key", "chord", "symbol"),
    [
        ("C", "A#", "Bb"),
        ("A minor", "G#dim7", "G#dim7"),
        ("F", "A#:maj7", "Bbmaj7"),
        ("E", "G#m", "G#m"),
        ("Gb", "B", "Cb"),
        ("Gb", "D", "D"),  # its flat sixth would be Ebb
        ("B", "A#dim", "A#dim"),
    ],
)
def test_roots_are_spelled_in_the_key(key: str, chord: str, symbol: str) -> None:
    assert Key.parse(key).symbol(Chord.parse(chord)) == symbol


@given(st.sampled_from("ABCDEFG"), st.sampled_from(["", "#", "b"]), st.booleans())
def test_every_key_spells_all_twelve_notes(letter: str, sign: str, minor: bool) -> None:
    key = Key.parse(f"{letter}{sign} {'minor' if minor else 'major'}")
    assert -7 <= key.fifths <= 7
    assert key.pitch_class == parse_pitch_class(letter + sign)
    assert [parse_pitch_class(key.spell(pc)) for pc in range(12)] == list(range(12))
