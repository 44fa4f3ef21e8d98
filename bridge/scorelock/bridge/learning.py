"""From what was heard to what it means: which address tells the position, and in which unit.

Pure. A position is what moves evenly against arrival time while the host rolls and stands still
when it does not. How much it moves a second tells the unit: 1 is seconds, 1000 milliseconds, 25
frames, 48000 samples, 2 beats at a tempo of 120. Play and stop are what is one way in every roll
and another after it.
"""

import math
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from scorelock.bridge.dialects.contract import Args, Ignored, number
from scorelock.bridge.dialects.learned import argument, measured, numeral
from scorelock.bridge.dialects.mapping import MOST_ARGUMENTS, Mapping, Unit, Word, told
from scorelock.bridge.movement import Movement, Numbers, Span, movement
from scorelock.bridge.osc import Argument
from scorelock.engine.timebase import FrameRate

FITS: Final = 0.015  # of the slope, to be a unit: the nearest are 4 % apart
AS_FINE_S: Final = 0.002
LIGHT_S: Final = 0.7  # how far a light may be from the first or last report of a roll
MOST_STATES: Final = 6  # values of a light
TEMPOS: Final = (20.0, 400.0)
SHORTEST_LENGTH_S: Final = 5.0
COUNTED: Final = ("seconds", "milliseconds")
RATES: Final = (24, 25, 30, 48, 50, 60, 120)
SAMPLE_RATES: Final = (44_100, 48_000, 88_200, 96_000, 176_400, 192_000)
_ANY_RATE: Final = FrameRate(Fraction(1))
_PLAYS: Final = re.compile("play|roll|run|start|state|mode|transport|go", re.IGNORECASE)
_STOPS: Final = re.compile("stop|end|halt", re.IGNORECASE)
_PAUSES: Final = re.compile("paus|hold", re.IGNORECASE)
_TEMPO: Final = re.compile("tempo|bpm", re.IGNORECASE)
_SPEED: Final = re.compile("rate|speed", re.IGNORECASE)


class Said(NamedTuple):
    """A message and when it arrived."""

    at_s: float
    address: str
    args: Args


class Candidate(NamedTuple):
    """What may be the position. `certain` is False where the slope alone made the unit."""

    word: Word
    unit: Unit
    movement: Movement
    certain: bool = True
    other: Word | None = None  # the tempo or length that goes with it


@dataclass(frozen=True, slots=True)
class Findings:
    """What is understood.

    Attributes:
        mapping: None as long as nothing moves as a position does.
        remarks: a line each, for the user: what is doubtful or missing.
        rolls: from the first to the last report of each.
        stands: whether the host stands now.
    """

    mapping: Mapping | None
    remarks: tuple[str, ...] = ()
    rolls: tuple[Span, ...] = ()
    stands: bool = False


class _Heard:
    """What was said, by address and argument."""

    def __init__(self, said: Iterable[Said], until_s: float) -> None:
        self.until_s = until_s
        self._numbers: dict[Word, tuple[Numbers, Numbers]] = {}
        self.messages: dict[str, list[Said]] = defaultdict(list)
        for each in said:
            self.messages[each.address].append(each)
        self.began_s = min((each[0].at_s for each in self.messages.values()), default=until_s)

    def words(self) -> Iterator[Word]:
        """Every argument of every address."""
        for address, messages in self.messages.items():
            most = max(len(each.args) for each in messages)
            yield from (Word(address, index) for index in range(min(most, MOST_ARGUMENTS)))

    def values(self, word: Word) -> list[tuple[float, Argument]]:
        """What one of them was, and when."""
        index = word.argument or 0
        heard = self.messages[word.address]
        return [(each.at_s, each.args[index]) for each in heard if index < len(each.args)]

    def numbers(self, word: Word) -> tuple[Numbers, Numbers]:
        """The same, as far as it was a number: times and values."""
        if word not in self._numbers:
            read = self._series(word, lambda args: number((numeral(argument(word, args)),)))
            self._numbers[word] = read
        return self._numbers[word]

    def measures(self, word: Word, unit: Unit) -> tuple[Numbers, Numbers]:
        """The same as positions in a unit."""
        rate = unit.rate(_ANY_RATE)
        return self._series(word, lambda args: measured(unit, word, args, rate))

    def _series(self, word: Word, read: Callable[[Args], float]) -> tuple[Numbers, Numbers]:
        at_s: list[float] = []
        values: list[float] = []
        for each in self.messages[word.address]:
            try:
                values.append(read(each.args))
            except Ignored:
                continue
            at_s.append(each.at_s)
        if 10 * len(values) < 9 * len(self.messages[word.address]):
            return np.empty(0), np.empty(0)
        return np.array(at_s), np.array(values)


def learn(said: Sequence[Said], until_s: float, position: Word | None = None) -> Findings:
    """Find the position, and what tells play, stop, tempo and rate.

    Args:
        said: in the order of arrival.
        until_s: to when was listened.
        position: where it is, if that is known.
    """
    heard = _Heard(said, until_s)
    words = [word for word in heard.words() if position in (None, word)]
    candidates = [each for word in words for each in _candidates(heard, word)]
    if not candidates:
        return Findings(None)
    best, *others = _ranked(candidates, until_s)
    rolls = best.movement.rolls
    modes = _modes(heard, best)
    tempo = best.other if best.unit.name == "beats" else _tempo(heard, candidates, rolls)
    mapping = Mapping(
        best.word,
        best.unit,
        **modes,
        tempo=tempo,
        rate=_speed(heard, rolls, (word.address for words in modes.values() for word in words)),
        length=best.other if best.unit.name == "share" else None,
    )
    stands = best.movement.stands(until_s)
    return Findings(mapping, tuple(_remarks(heard, mapping, best, others)), rolls, stands)


def _candidates(heard: _Heard, word: Word) -> Iterator[Candidate]:
    at_s, values = heard.numbers(word)
    if len(values) and (moves := movement(at_s, values)):
        yield from _counted(heard, word, moves, float(values.min()), float(values.max()))
    fits: list[tuple[tuple[float, ...], Unit, Movement]] = []
    for unit in _written(heard, word):
        at_s, values = heard.measures(word, unit)
        moving = movement(at_s, values)
        if moving is not None and abs(moving.slope - 1) < FITS:
            fits.append(((-len(values), not _is_full(unit, values), moving.uneven_s), unit, moving))
    if fits:
        # At another rate than its own, some frames do not exist or never come, or a second gapes.
        _, unit, moves = min(fits, key=lambda fit: fit[0])
        yield Candidate(word, unit, moves)


def _is_full(unit: Unit, values: Numbers) -> bool:
    """Whether every frame of a second came, of some second."""
    nominal = int(unit.per or 0)
    return bool(nominal) and len(set(np.round(values * nominal) % nominal)) == nominal


def _written(heard: _Heard, word: Word) -> Sequence[Unit]:
    """In which units a text, or four whole numbers, may be a position."""
    values = [value for _, value in heard.values(word)]
    if not values or not isinstance(values[0], str | int):
        return ()
    is_drop = any(isinstance(value, str) and ";" in value for value in values)
    drops = {30: Fraction("29.97"), 60: Fraction("59.94")} if is_drop else {}
    rates = (Unit("timecode", drops.get(rate, Fraction(rate)), rate in drops) for rate in RATES)
    return (Unit("clock"), *rates)


def _counted(
    heard: _Heard, word: Word, moves: Movement, least: float, most: float
) -> Iterator[Candidate]:
    """By the slope: a usual one, one that a tempo or a length explains, or what else it may be."""
    usual: dict[Unit, float] = {Unit("seconds"): 1.0, Unit("milliseconds"): 1000.0}
    usual |= {Unit("frames", Fraction(rate)): float(rate) for rate in RATES}
    usual |= {Unit("samples", Fraction(rate)): float(rate) for rate in SAMPLE_RATES}
    off = {unit: abs(moves.slope / slope - 1) for unit, slope in usual.items()}
    nearest = min(off, key=off.__getitem__)
    if off[nearest] < FITS:
        yield Candidate(word, nearest, moves)
        return
    length_s, bpm = 1 / moves.slope, 60 * moves.slope
    if least >= 0 and most <= 1 and length_s >= SHORTEST_LENGTH_S:
        length = _constant(heard, moves.rolls, length_s)
        share = Unit("share", None if length else _rounded(length_s))
        yield Candidate(word, share, moves, length is not None, length)
    elif tempo := _constant(heard, moves.rolls, bpm):
        yield Candidate(word, Unit("beats"), moves, True, tempo)
    elif TEMPOS[0] <= bpm <= TEMPOS[1]:
        yield Candidate(word, Unit("beats", _rounded(bpm)), moves, False)


def _rounded(value: float) -> Fraction:
    """As exact as a slope is."""
    whole = round(value)
    return Fraction(whole if abs(value / whole - 1) < FITS / 5 else f"{value:.2f}")


def _constant(heard: _Heard, rolls: Sequence[Span], wanted: float) -> Word | None:
    """What is about this number in every roll."""
    near = [
        (abs(value / wanted - 1), word)
        for word in heard.words()
        if (value := _steady(heard, word, rolls)) is not None
    ]
    off, word = min(near, default=(1.0, None))
    return word if off < FITS else None


def _steady(heard: _Heard, word: Word, rolls: Sequence[Span]) -> float | None:
    """The one number that an argument is in every roll."""
    at_s, values = heard.numbers(word)
    if not len(values):
        return None
    inside = {
        float(value)
        for start_s, end_s in rolls
        for value in values[
            max(0, np.searchsorted(at_s, start_s + LIGHT_S) - 1) : np.searchsorted(at_s, end_s)
        ]
    }
    return inside.pop() if len(inside) == 1 else None


def _ranked(candidates: Sequence[Candidate], until_s: float) -> list[Candidate]:
    """The best first: one whose unit is certain, that stops as hosts do, goes on without jumps,
    and of those that do the finest.
    """
    longest_s = max(each.movement.rolled_s for each in candidates)
    fewest = min(each.movement.breaks for each in candidates)

    def faults(each: Candidate) -> tuple[float, ...]:
        moves = each.movement
        always = len(moves.rolls) == 1 and not moves.stands(until_s)
        in_part = moves.rolled_s < 0.7 * longest_s
        fineness = round(moves.coarse_s / AS_FINE_S)
        plain = each.unit.name not in COUNTED
        return (always, not each.certain, in_part, moves.breaks > fewest + 1, fineness, plain)

    return sorted(candidates, key=faults)


def _modes(heard: _Heard, best: Candidate) -> dict[str, tuple[Word, ...]]:
    """What says play, stop and pause, each as rules."""
    words = [word for word in heard.words() if word != best.word]
    lights = [(word, light) for word in words if (light := _light(heard, word, best.movement))]
    pauses = tuple(
        Word(word.address, word.argument, value)
        for word, (_, dark) in lights
        for value in dark
        if (_PAUSES.search(word.address) and value) or _PAUSES.search(str(value))
    )
    mains = [each for each in lights if not _PAUSES.search(each[0].address)]
    if mains:
        word, (lit, dark) = min(
            mains, key=lambda each: (not _PLAYS.search(each[0].address), str(each[0].address))
        )
        play: tuple[Word, ...] = (word._replace(value=lit),)
        stop = tuple(rule for value in dark if (rule := word._replace(value=value)) not in pauses)
    else:
        rolls, around_s = best.movement.rolls, best.movement.around_s
        starts = [(a - around_s, a + LIGHT_S) for a, _ in rolls if a > heard.began_s + LIGHT_S]
        ended = rolls if best.movement.stands(heard.until_s) else rolls[:-1]
        ends = [(b - LIGHT_S, b + around_s) for _, b in ended]
        bounds = (-math.inf, *(t for a, b in rolls for t in (a, b - LIGHT_S)), math.inf)
        rests = [(bounds[i], bounds[i + 1]) for i in range(0, len(bounds), 2)]
        play = _once_in(heard, starts, starts, _PLAYS)
        stop = _once_in(heard, ends, rests, _STOPS)
    return {"play": play, "stop": stop, "pause": pauses}


def _light(
    heard: _Heard, word: Word, moves: Movement
) -> tuple[float | str, tuple[float | str, ...]] | None:
    """What an argument is in every roll, and what it is after them, if that is never the same."""
    heard_values = heard.values(word)
    at_s = [at_s for at_s, _ in heard_values]
    values = [told(value) for _, value in heard_values]
    if len(set(values)) > MOST_STATES or not {type(v) for v in values} <= {int, float, bool, str}:
        return None
    spans = [*moves.rolls, (heard.until_s, heard.until_s)]
    lit: set[object] = set()
    dark: dict[object, float | str] = {}
    for (start_s, end_s), (next_s, _) in pairwise(spans):
        first = bisect_right(at_s, min(start_s + LIGHT_S, end_s)) - 1
        lit.update(values[max(0, first) : bisect_right(at_s, end_s - LIGHT_S)])
        rests = bisect_right(at_s, min(end_s + moves.around_s, (end_s + next_s) / 2)) - 1
        if rests >= 0 and next_s - end_s > moves.still_s:
            dark[values[rests]] = _as_told(heard_values[rests][1])
    if len(lit) != 1 or not dark or lit & dark.keys():
        return None
    (value,) = lit
    return _as_told(heard_values[values.index(value)][1]), tuple(dark.values())


def _as_told(value: Argument) -> float | str:
    assert isinstance(value, float | int | str)
    return value


def _once_in(
    heard: _Heard, each_of: Sequence[Span], only_in: Sequence[Span], name: re.Pattern[str]
) -> tuple[Word, ...]:
    """An address of such a name, with a message in each of some spans and none outside others.

    Without a value that changes, when it comes alone would be too little to go by.
    """
    found = [
        address
        for address, messages in heard.messages.items()
        if each_of
        and name.search(address)
        and all(any(a <= each.at_s <= b for a, b in only_in) for each in messages)
        and all(any(a <= each.at_s <= b for each in messages) for a, b in each_of)
    ]
    return tuple(Word(address, None) for address in found[:1])


def _tempo(heard: _Heard, candidates: Iterable[Candidate], rolls: Sequence[Span]) -> Word | None:
    """What a movement in beats agrees with, or what is called so."""
    beats = (each.other for each in candidates if each.unit.name == "beats" and each.other)
    called = (
        word
        for word in heard.words()
        if _TEMPO.search(word.address)
        and (bpm := _steady(heard, word, rolls)) is not None
        and TEMPOS[0] <= bpm <= TEMPOS[1]
    )
    return next(beats, None) or next(called, None)


def _speed(heard: _Heard, rolls: Sequence[Span], modes: Iterable[str]) -> Word | None:
    """What is called so and is 1 while the host rolls; not 0 when it stands, which is a light."""
    lights = set(modes)
    return next(
        (
            word
            for word in heard.words()
            if _SPEED.search(word.address)
            and word.address not in lights
            and set(heard.numbers(word)[1].tolist()) == {1.0}
        ),
        None,
    )


def _remarks(
    heard: _Heard, mapping: Mapping, best: Candidate, others: Iterable[Candidate]
) -> Iterator[str]:
    for other in others:
        if other.word.address != best.word.address:
            more_ms = 1000 * (other.movement.coarse_s - best.movement.coarse_s)
            yield (
                f"not used: {other.word.address}, a position in {other.unit}, "
                f"{'as fine' if more_ms < 1 else f'{more_ms:.0f} ms coarser'}"
            )
    if len(best.movement.rolls) == 1 and not best.movement.stands(heard.until_s):
        yield f"{best.word.address} never stood still: it may be a clock of the day; stop the host"
    if not best.certain:
        yield (
            f"{best.unit} is a guess from how fast {best.word.address} moves: write what your "
            "host says in its place"
        )
    bpm = mapping.tempo and _steady(heard, mapping.tempo, best.movement.rolls)
    if mapping.unit.name == "seconds" and bpm and abs(bpm / 60 - 1) < FITS:
        yield "beats look like seconds at a tempo of 60: if they are beats, learn at another tempo"
    if not (mapping.play or mapping.stop):
        yield "nothing says play or stop: it will be seen from the position, a little later"
