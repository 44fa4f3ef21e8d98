"""A score that is made up while it plays: every voice goes on with what was added last."""

import pytest
from pythonosc.osc_message import OscMessage

from scorelock.bridge.clock import ManualClock
from scorelock.bridge.curves import Curves
from scorelock.bridge.follower import Follower
from scorelock.bridge.show import Expression, Lane, OscTo, Show
from scorelock.bridge.show_log import Turn, decode, encode
from scorelock.bridge.transport import Position, Roll
from scorelock.bridge.views import ChordLine
from scorelock.engine.key import Key
from scorelock.engine.onward import Onward
from scorelock.engine.score import ChordSpan, Note, Performance
from scorelock.engine.vocabulary import Chord

C, F = Chord.parse("C"), Chord.parse("F")
HELD = [
    Onward(ChordSpan(0, 1, C), (Note(0, 1, 60, 80, 0), Note(0, 1, 72, 70, 2)), 0.1),
    Onward(ChordSpan(0, 2, C), (Note(0, 2, 60, 80, 0), Note(1, 0.5, 72, 70, 2)), 0.5),
    Onward(ChordSpan(2, 3, F), (Note(0, 2, 60, 80, 0), Note(2, 1, 65, 80, 0)), 0.1),
]
"""A chord that stays for two seconds under a pattern, and another."""


def played(show: Show, *, late_s: float = 0.0) -> list[tuple[float, int, bytes]]:
    """What goes out, each part of `HELD` added a quarter of a second before its time."""
    follower, clock = Follower(show), ManualClock()
    sent: list[tuple[float, int, bytes]] = []
    coming = list(HELD)
    reports: list[Roll | Position] = [
        Roll(1.0),
        *(Position(1.0 + i / 10, i / 10) for i in range(35)),
    ]
    while clock.now() < 4.2:
        now_s = clock.now()
        if coming and now_s >= 0.75 + late_s * (len(coming) == 2) + 3 - len(coming):
            follower.add(coming.pop(0))
        heard = [event for event in reports if event.at_s <= now_s]
        reports = reports[len(heard) :]
        due, _, _ = follower.advance(follower.leader.led("camera", None, now_s, heard), now_s)
        sent += [(round(now_s - 1.0, 2), message.port, message.data) for message in due]
        clock.sleep_until(now_s + 0.01)
    return sent


def test_a_note_that_lasts_longer_than_it_was_to_sounds_on() -> None:
    sent = [(at_s, data.hex()) for at_s, _, data in played(Show(Performance((), 1e7)))]
    chord = [(at_s, data) for at_s, data in sent if data[1] == "0"]
    assert [data for _, data in chord] == ["903c50", "803c00", "904150", "804100"]
    assert [at_s for at_s, _ in chord[:3]] == pytest.approx([0.0, 2.0, 2.0], abs=0.02)
    assert [data for _, data in sent if data[1] == "2"] == ["924846", "824800", "924846", "824800"]


def test_what_is_added_too_late_is_struck_then() -> None:
    """The chord had ended, for nobody knew that it stays."""
    sent = played(Show(Performance((), 1e7)), late_s=0.5)
    chord = [(at_s, data.hex()) for at_s, _, data in sent if data[0] & 0x0F == 0]
    assert [data for _, data in chord[:3]] == ["903c50", "803c00", "903c50"]
    assert 1.2 < chord[2][0] < 1.3


def test_controllers_go_from_loudness_to_loudness() -> None:
    show = Show(Performance((), 1e7), expression=Expression((), (11,), (Lane(0, 3),)))
    values = [(at_s, data[2]) for at_s, _, data in played(show) if data[:2] == b"\xb3\x0b"]
    numbers = [value for _, value in values]
    loudest = max(numbers)
    top = numbers.index(loudest)
    assert numbers[: top + 1] == sorted(numbers[: top + 1])
    assert numbers[top:] == sorted(numbers[top:], reverse=True)
    assert numbers[0] < 95 < 120 < loudest <= 127
    assert 1.9 <= values[top][0] <= 2.01


def test_a_curve_that_is_led_on_for_an_hour_stays_short() -> None:
    follower = Follower(Show(Performance((), 1e7), expression=Expression((), (1,), (Lane(),))))
    (curves,) = (voice for voice in follower._voices if isinstance(voice, Curves))
    follower.advance(follower.leader.led("camera", None, 0.0, [Roll(0.0)]), 0.0)
    for second in range(300):
        curves.lead(second + 1.0, (second % 7) / 10)
        report = Position(float(second), float(second))
        follower.advance(follower.leader.led("camera", None, report.at_s, [report]), report.at_s)
    assert len(curves._values) < 100


def test_a_chord_that_stays_is_told_once() -> None:
    show = Show(Performance((), 1e7), ports=2, osc_out=OscTo(Key.parse("C"), (), 1))
    told = [OscMessage(data) for _, port, data in played(show) if port == 1]
    assert [m.params[0] for m in told if m.address == "/scorelock/chord"] == ["C", "F"]


def test_views_show_how_long_it_is_known_to_last() -> None:
    line = ChordLine(None)
    for onward in HELD:
        line.add(onward.span)
    now, coming, to_next_s = line.at(1.5)
    assert (now, coming, to_next_s) == (HELD[1].span, HELD[2].span, 0.5)


def test_a_log_keeps_it() -> None:
    turn = Turn(3.5, 0, tuple(HELD))
    assert decode(encode(turn)) == turn
