"""`scorelock learn`: hear a host that nobody knows, and write down what its words mean."""

import argparse
import re
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scorelock.bridge.osc_in import DEFAULT_LISTEN
from scorelock.engine.errors import BadSetting

if TYPE_CHECKING:
    from scorelock.bridge.clock import Clock
    from scorelock.bridge.dialects.mapping import Mapping, Word
    from scorelock.bridge.learning import Findings, Said
    from scorelock.bridge.osc_in import OscIn

LOOK_S: Final = 0.5
PATIENCE_S: Final = 60.0
FIRST_ROLL_S: Final = 8.0
SECOND_ROLL_S: Final = 3.0
MOST_MESSAGES: Final = 100_000  # a quarter of an hour of a talkative host
SHOWN: Final = 8  # addresses


class Step(NamedTuple):
    """What the user is asked to do, and how it is known that it was done."""

    ask: str
    done: Callable[["Findings"], bool]


STEPS: Final = (
    Step(
        "1. press play in your host, and let it run",
        lambda found: bool(found.rolls) and _length(found.rolls[-1]) >= FIRST_ROLL_S,
    ),
    Step("2. press stop", lambda found: found.stands),
    Step(
        "3. go to another place, and press play again",
        lambda found: len(found.rolls) > 1 and _length(found.rolls[-1]) >= SECOND_ROLL_S,
    ),
    Step("4. press stop again", lambda found: found.stands),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where to listen, what is known already, and where the mapping goes."""
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="NAME.json",
        help="where the mapping goes, for scorelock live --words NAME.json",
    )
    parser.add_argument(
        "--listen",
        default=DEFAULT_LISTEN,
        metavar="[tcp:]HOST:PORT",
        help="where the host sends OSC (default: %(default)s)",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        metavar="S",
        help="listen for so long, without asking for anything (default: step by step)",
    )
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="WHAT=ADDRESS[ARGUMENT][:UNIT or =VALUE]",
        help="set by hand what an address says, such as position=/foo:seconds, play=/bar, "
        "stop=/state[1]=Stop, tempo=/bpm; may be given again. With a position and a play or stop "
        "nothing is listened to. Units: seconds, milliseconds, clock (H:MM:SS.mmm), "
        "samples@48000, frames@25, timecode@25, beats, share@180",
    )
    parser.add_argument("--force", action="store_true", help="replace a file that is there")


def run(args: argparse.Namespace) -> int:
    """Listen, understand, write; the mapping's words go to stdout."""
    from scorelock.bridge.console import say
    from scorelock.bridge.dialects.mapping import Unit, dump, from_plain, to_plain
    from scorelock.engine.files import writing

    if args.output.exists() and not args.force:
        raise BadSetting(
            f"expected a new file, {args.output} is there; choose another with -o, or --force"
        )
    if args.seconds is not None and not 0 < args.seconds < threading.TIMEOUT_MAX:
        raise BadSetting(f"expected --seconds above 0, got {args.seconds:g}")
    by_hand = hand_written(args.map)
    if "position" in by_hand and by_hand.keys() & {"play", "stop"}:
        mapping = from_plain(by_hand)
    else:
        if "position" in by_hand:  # a slip should show before the listening
            Unit.parse(by_hand["position"]["unit"])
        mapping = from_plain(to_plain(_listened(args, by_hand, say)) | by_hand)
    with writing(args.output) as beside:
        beside.write_text(dump(mapping), encoding="utf-8")
    print("\n".join(summary(mapping)))
    print(f"written: {args.output}; play with scorelock live FILM --words {args.output}")
    return 0


def hand_written(settings: Sequence[str]) -> dict[str, Any]:
    """What --map sets, as the file has it.

    Raises:
        BadSetting: one that is not of the form.
    """
    from scorelock.bridge.dialects.mapping import FORMAT, MODES, NUMBERS, VERSION

    plain: dict[str, Any] = {"format": FORMAT, "version": VERSION} if settings else {}
    for setting in settings:
        what, _, where = setting.partition("=")
        unit = value = ""
        if what == "position":
            where, _, unit = where.rpartition(":")
        else:
            where, _, value = where.partition("=")
        match = re.fullmatch(r"(/[^\s\[\]]*)(?:\[([0-9]{1,3})\])?", where)
        if (
            what not in ("position", *MODES, *NUMBERS)
            or match is None
            or (value and what in NUMBERS)
        ):
            raise BadSetting(
                "expected a --map such as position=/foo:seconds, position=/foo[1]:samples@48000, "
                f"play=/bar or stop=/state=Stop, got {setting!r}"
            )
        word: dict[str, Any] = {"address": match[1], "argument": int(match[2] or 0)}
        if what in MODES:
            plain.setdefault(what, []).append(word | ({"is": _value(value)} if value else {}))
        else:
            plain[what] = word | ({"unit": unit} if what == "position" else {})
    return plain


def _value(words: str) -> float | str:
    return float(words) if re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,9})?", words) else words


class Ears:
    """All messages that arrive, and how much of it none is; the first ones, if they are many."""

    def __init__(self, osc: "OscIn") -> None:
        from scorelock.bridge.dialects import hosts
        from scorelock.engine.timebase import FrameRate

        self._osc = osc
        self._known = hosts(FrameRate(Fraction(25)))
        self._said: list[Said] = []
        self._lock = threading.Lock()
        self.not_osc = 0
        self.places: Counter[str] = Counter()
        """Positions by the dialect that understands them as they are."""

    def receive(self, datagram: bytes, at_s: float) -> None:
        """Take what arrived at at_s."""
        from scorelock.bridge.dialects import read
        from scorelock.bridge.learning import Said
        from scorelock.bridge.osc import BadPacket, decode
        from scorelock.bridge.transport import Position

        try:
            messages = decode(datagram)
        except BadPacket:
            self.not_osc += 1
            return
        reading = read(self._known, datagram, at_s, self._osc.peer)
        self.places[reading.source] += any(isinstance(e, Position) for e in reading.events)
        with self._lock:
            if len(self._said) < MOST_MESSAGES:
                self._said += (Said(at_s, *message) for message in messages)

    def said(self) -> "list[Said]":
        """What came so far; from any thread."""
        with self._lock:
            return list(self._said)


def _listened(
    args: argparse.Namespace, by_hand: dict[str, Any], say: Callable[[str], None]
) -> "Mapping":
    """The mapping of what is heard.

    Raises:
        BadSetting: nothing came, or nothing of it is a position.
    """
    from scorelock.bridge.clock import MonotonicClock
    from scorelock.bridge.dialects.mapping import Word, from_plain
    from scorelock.bridge.osc_in import OscIn

    given = by_hand.get("position")
    position = Word(given["address"], given["argument"]) if given else None
    clock = MonotonicClock()
    with OscIn(args.listen, clock) as osc:
        ears = Ears(osc)
        osc.start(ears.receive)
        where = "{}:{}".format(*osc.address)
        say(f"listening on {where}: have your host send its OSC there")
        if args.seconds is None:
            found = guided(ears.said, clock, say, position)
        else:
            found = unattended(ears.said, clock, args.seconds, position)
    said = ears.said()
    if not said:
        junk = f" but {ears.not_osc} datagrams that are not OSC" if ears.not_osc else ""
        raise BadSetting(
            f"expected OSC at {where}, nothing arrived{junk}; have the host send to this machine "
            "and port, and look whether a firewall is between"
        )
    for remark in found.remarks:
        say(remark)
    for name in ears.places.keys() - {""}:
        say(f"{name} is understood as it is: scorelock live needs no --words for it")
    if found.mapping is not None:
        return found.mapping
    if given:
        say(f"{given['address']} did not move as time does: only what --map says is known")
        return from_plain(by_hand)
    raise BadSetting(_no_position(said))


def _no_position(said: "Sequence[Said]") -> str:
    counts = Counter(each.address for each in said)
    shown = ", ".join(address for address, _ in counts.most_common(SHOWN))
    more = f" and {len(counts) - SHOWN} more" if len(counts) > SHOWN else ""
    return (
        f"expected an address that moves as time does while the host plays, {shown}{more} do not; "
        "play for ten seconds, or say which it is: --map position=ADDRESS:UNIT"
    )


def guided(
    said: "Callable[[], Sequence[Said]]",
    clock: "Clock",
    say: Callable[[str], None],
    position: "Word | None" = None,
) -> "Findings":
    """Ask for one thing after the other; each is waited for until it is seen, or for a minute."""
    from scorelock.bridge.learning import learn

    for step in STEPS:
        say(step.ask)
        until_s = clock.now() + PATIENCE_S
        while not step.done(found := learn(said(), clock.now(), position)):
            if clock.now() >= until_s:
                say("   that was not heard: going on with what there is")
                return found
            clock.sleep_until(clock.now() + LOOK_S)
        if step is STEPS[0] and found.mapping is not None:
            say(f"   heard {_place(found.mapping.position)}, in {found.mapping.unit}")
    return learn(said(), clock.now(), position)


def unattended(
    said: "Callable[[], Sequence[Said]]",
    clock: "Clock",
    seconds: float,
    position: "Word | None" = None,
) -> "Findings":
    """What is understood after so many seconds."""
    from scorelock.bridge.learning import learn

    clock.sleep_until(clock.now() + seconds)
    return learn(said(), clock.now(), position)


def summary(mapping: "Mapping") -> list[str]:
    """A line a word."""
    from scorelock.bridge.dialects.mapping import MODES, NUMBERS

    lines = [f"position  {_place(mapping.position)} in {mapping.unit}"]
    lines += [f"{key:<9} {_place(word)}" for key in MODES for word in getattr(mapping, key)]
    words = ((key, getattr(mapping, key)) for key in NUMBERS)
    return lines + [f"{key:<9} {_place(word)}" for key, word in words if word is not None]


def _place(word: "Word") -> str:
    which = f"[{word.argument}]" if word.argument else ""
    return f"{word.address}{which}" + ("" if word.value is None else f" = {word.value}")


def _length(span: tuple[float, float]) -> float:
    return span[1] - span[0]
