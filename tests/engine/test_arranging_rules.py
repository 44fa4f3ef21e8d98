"""A musician's checks: lines, styles, phrases, the drone; and an edit stays where it is made."""

from dataclasses import dataclass, replace
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scorelock.engine.arrange import Arranged, Playing, Style, arranged
from scorelock.engine.arranging.metre import PHRASE_BARS, Metre
from scorelock.engine.features import EMOTIONS
from scorelock.engine.score import ChordSpan, Dynamics, Note
from scorelock.engine.tempo_map import Meter, TempoMap
from scorelock.engine.vocabulary import QUALITIES, Chord

chords = st.builds(Chord, st.integers(0, 11), st.sampled_from(QUALITIES))


def mood(**shares: float) -> NDArray[np.float32]:
    """Six probabilities by name; the rest is neutral."""
    rest = {"neutral": 1 - sum(shares.values())}
    return np.array([(rest | shares).get(name, 0.0) for name in EMOTIONS], np.float32)


@dataclass(frozen=True)
class Piece:
    """All that a score is arranged from."""

    spans: tuple[ChordSpan, ...]
    dynamics: Dynamics
    grid: TempoMap
    emotion: NDArray[np.float32]

    def played(self, playing: Playing = Playing()) -> list[Arranged]:  # noqa: B008 - a value
        return list(arranged(self.spans, self.dynamics, self.grid, playing, self.emotion))


def piece(
    names: str, *, density: float = 12.0, loudness: float = 0.2, feeling: str = "neutral"
) -> Piece:
    """A chord a second at 120 beats a minute."""
    spans = [ChordSpan(i, i + 1, Chord.parse(name)) for i, name in enumerate(names.split())]
    rows = len(spans)
    return Piece(
        tuple(spans),
        Dynamics(np.full(rows, density, np.float32), np.full(rows, loudness, np.float32)),
        TempoMap(),
        np.tile(mood(**{feeling: 1.0}), (rows, 1)),
    )


@st.composite
def pieces(draw: st.DrawFn) -> Piece:
    """Chords of a quarter to two bars, on the beat or beside it, in a tempo and a meter."""
    meter = Meter(1, *draw(st.sampled_from([(4, 4), (3, 4), (6, 8), (5, 4), (7, 8), (2, 2)])))
    grid = TempoMap.steady(draw(st.floats(50, 180)), meter, draw(st.floats(-3, 3)))
    lengths = draw(st.lists(st.sampled_from([0.4, 1.0, 1.5, 2.0, 3.7]), min_size=2, max_size=16))
    ends = np.cumsum(lengths)
    spans = [
        ChordSpan(float(end - length), float(end), draw(chords))
        for end, length in zip(ends, lengths, strict=True)
    ]
    rows = int(np.ceil(ends[-1]))
    draws = np.random.default_rng(draw(st.integers(0, 2**32)))
    return Piece(
        tuple(spans),
        Dynamics(
            draws.uniform(1, 40, rows).astype(np.float32),
            draws.uniform(0, 1, rows).astype(np.float32),
        ),
        grid,
        draws.dirichlet(np.full(6, 0.4), rows).astype(np.float32),
    )


playings = st.builds(
    Playing, st.sampled_from(Style), st.floats(0, 1), st.booleans(), st.integers(0, 2**64)
)


def top(part: Arranged) -> int:
    return max(note.pitch for note in part.chords if note.onset_s == part.span.start_s)


@settings(deadline=None)
@given(pieces(), playings)
def test_every_note_is_in_its_span_and_its_range(made: Piece, playing: Playing) -> None:
    ranges = {"drone": (28, 51), "bass": (33, 47), "chords": (50, 74), "pattern": (33, 86)}
    for part in made.played(playing):
        for name, (lowest, highest) in ranges.items():
            for note in getattr(part, name):
                assert part.span.start_s <= note.onset_s < note.end_s <= part.span.end_s + 1e-9
                assert lowest <= note.pitch <= highest
                assert 1 <= note.velocity <= 127


@settings(deadline=None)
@given(pieces(), playings)
def test_outer_voices_are_a_line(made: Piece, playing: Playing) -> None:
    for before, now in pairwise(made.played(playing)):
        low, low_after = before.bass[0].pitch, now.bass[0].pitch
        high, high_after = top(before), top(now)
        assert abs(high_after - high) <= 12
        assert low_after < high_after
        if low != low_after and high != high_after:
            assert not (high - low) % 12 == (high_after - low_after) % 12 == 0


@settings(deadline=None)
@given(pieces(), playings, st.data())
def test_an_edit_is_heard_until_the_next_phrase(
    made: Piece, playing: Playing, data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(made.spans) - 1))
    spans = list(made.spans)
    spans[number] = replace(spans[number], chord=data.draw(chords))
    before, after = made.played(playing), replace(made, spans=tuple(spans)).played(playing)
    assert after[:number] == before[:number]
    metre = Metre(made.grid)
    edited = metre.phrase(spans[number].start_s).number
    for one, other in zip(before, after, strict=True):
        if metre.phrase(one.span.start_s).number > edited:
            # The drone alone may be struck softly or not by what was before it.
            assert (one.bass, one.pattern) == (other.bass, other.pattern)
            assert [n.pitch for n in one.chords] == [n.pitch for n in other.chords]


def test_styles_are_played_differently() -> None:
    made = piece("C C Am Am F F G G C C C C")
    scores: dict[Style, list[Arranged]] = {
        style: made.played(Playing(style)) for style in Style if style is not Style.AUTO
    }
    for one, other in combinations(scores, 2):
        assert [a.notes for a in scores[one]] != [a.notes for a in scores[other]]

    def mean(style: Style, name: str) -> float:
        return float(np.mean([n.duration_s for a in scores[style] for n in getattr(a, name)]))

    assert mean(Style.PAD, "pattern") > mean(Style.ARPEGGIO, "pattern")
    assert mean(Style.OSTINATO, "pattern") < 0.2
    assert mean(Style.BLOCK, "chords") < mean(Style.PAD, "chords")
    pulse = [n.pitch for n in scores[Style.PULSE][2].pattern]
    assert max(pulse.count(pitch) for pitch in pulse) >= len(pulse) / 2


@pytest.mark.parametrize(
    ("feeling", "density", "style"),
    [
        ("sad", 6.0, Style.BALLAD),
        ("relaxing", 12.0, Style.ARPEGGIO),
        ("relaxing", 3.5, Style.PAD),
        ("fearful", 10.0, Style.PULSE),
        ("tense", 18.0, Style.OSTINATO),
        ("exciting", 14.0, Style.BLOCK),
        ("neutral", 8.0, Style.BROKEN),
    ],
)
def test_the_style_fits_the_picture(feeling: str, density: float, style: Style) -> None:
    made = piece("Am Am F F C C G G", density=density, feeling=feeling)
    assert made.played() == made.played(Playing(style))


def test_one_second_does_not_change_the_style() -> None:
    made = piece("Am Am F F C C G G", density=10.0, feeling="fearful")
    emotion = made.emotion.copy()
    emotion[5] = mood(sad=1.0)
    glimpse = replace(made, emotion=emotion)
    assert glimpse.played() == glimpse.played(Playing(Style.PULSE))


def test_fear_and_tension_have_a_drone() -> None:
    for feeling in ("fearful", "tense"):
        made = piece("Am F Dm E", feeling=feeling)
        for part in made.played():
            low, high = (note.pitch for note in part.drone)
            assert low % 12 == part.span.chord.root
            assert high - low in (7, 12)
            assert all(note.onset_s == part.span.start_s for note in part.drone)
            assert all(note.end_s == part.span.end_s for note in part.drone)
        assert not any(part.drone for part in made.played(Playing(drone=False)))
    assert not any(part.drone for part in piece("Am F Dm E", feeling="relaxing").played())


@settings(deadline=None)
@given(st.lists(chords, min_size=2, max_size=12), st.integers(0, 11))
def test_a_drone_stays_on_the_tonic_unless_it_rubs(progression: list[Chord], tonic: int) -> None:
    spans = [ChordSpan(i, i + 1, chord) for i, chord in enumerate(progression)]
    rows = len(spans)
    made = arranged(
        spans,
        Dynamics(np.full(rows, 12, np.float32), np.full(rows, 0.2, np.float32)),
        emotion=np.tile(mood(fearful=1.0), (rows, 1)),
        tonic=tonic,
    )
    for part in made:
        tones = part.span.chord.pitch_classes
        rubs = any(abs(tonic - tone) in (1, 11) for tone in tones)
        assert part.drone[0].pitch % 12 == (part.span.chord.root if rubs else tonic)


def test_a_quiet_passage_keeps_its_density_under_a_drone() -> None:
    counts = [
        len(part.notes)
        for part in piece("Am F Dm E Am F Dm E", density=3.0, feeling="fearful").played()
    ]
    assert np.mean(counts[:-1]) == pytest.approx(3.0, rel=0.15)


def test_common_tones_are_struck_softly() -> None:
    made = piece("C Am C Am", density=4.5)
    first, second, *_ = made.played(Playing(Style.PAD, humanise=0))
    kept = {n.pitch for n in first.chords} & {n.pitch for n in second.chords}
    soft = [n.velocity for n in second.chords if n.pitch in kept]
    new = [n.velocity for n in second.chords if n.pitch not in kept]
    assert kept
    assert all(velocity < second.bass[0].velocity for velocity in soft)
    assert all(velocity > max(soft) for velocity in new)


def test_strong_beats_are_accented() -> None:
    (part, _) = piece("C C", density=14.0).played(Playing(Style.ARPEGGIO, humanise=0))
    by_onset = {note.onset_s: note.velocity for note in part.pattern}
    assert by_onset[0.0] > by_onset[0.5] > by_onset[0.25] > by_onset[0.125]


def test_a_phrase_rises_and_falls() -> None:
    names = " ".join(["C"] * 8)
    bass = [part.bass[0].velocity for part in piece(names).played(Playing(humanise=0))]
    assert max(bass) - bass[0] >= 4
    assert bass.index(max(bass)) in (4, 5)


def test_a_hand_is_late_by_8_ms_and_4_steps_of_velocity_at_most() -> None:
    made = piece("C F G C C F G C", density=16.0)

    def pattern(humanise: float) -> list[Note]:
        return [n for part in made.played(Playing(humanise=humanise)) for n in part.pattern]

    machine, human = pattern(0.0), pattern(1.0)
    late = [b.onset_s - a.onset_s for a, b in zip(machine, human, strict=True)]
    uneven = [b.velocity - a.velocity for a, b in zip(machine, human, strict=True)]
    assert min(late) == 0
    assert 0.004 < max(late) <= 0.008 + 1e-9
    assert (min(uneven), max(uneven)) == (-4, 4)
    assert all(note.onset_s * 8 == round(note.onset_s * 8) for note in machine)


@given(
    st.floats(40, 220),
    st.sampled_from([(4, 4), (3, 4), (6, 8), (12, 8), (5, 4), (7, 8), (2, 2), (3, 16)]),
    st.floats(0, 50),
    st.floats(0.1, 20),
)
def test_beats_cover_every_moment_once(
    bpm: float, meter: tuple[int, int], start_s: float, length_s: float
) -> None:
    metre = Metre(TempoMap.steady(bpm, Meter(1, *meter), 1.0))
    beats = list(metre.beats(start_s, start_s + length_s))
    assert beats[0].start_s <= start_s + 1e-6
    assert beats[-1].end_s >= start_s + length_s - 1e-6
    assert all(one.end_s == pytest.approx(other.start_s) for one, other in pairwise(beats))
    for beat in beats:
        for depth in range(4):
            steps = list(beat.steps(depth))
            assert len(steps) == beat.division(depth)
            assert steps[0].onset_s == beat.start_s
            assert steps[-1].end_s == pytest.approx(beat.end_s)
            assert all(step.level > beat.level for step in steps[1:])
    phrase = metre.phrase(start_s)
    assert phrase.start_s <= start_s + 2e-6
    assert start_s < phrase.end_s
    bar_s = meter[0] * 4 / meter[1] * 60 / bpm
    assert phrase.end_s - phrase.start_s == pytest.approx(PHRASE_BARS * bar_s, rel=1e-5)


def test_compound_meters_are_felt_in_dotted_beats() -> None:
    metre = Metre(TempoMap.steady(180, Meter(1, 6, 8)))
    one, two = metre.beats(0.0, 1.0)
    assert (one.start_s, two.start_s, two.end_s) == pytest.approx((0.0, 0.5, 1.0), abs=1e-5)
    assert [step.level for step in one.steps(1)] == [0, 3, 3]
    assert [beat.level for beat in Metre(TempoMap()).beats(0.0, 2.0)] == [0, 2, 1, 2]
