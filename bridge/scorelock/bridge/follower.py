"""Events in, messages out: the sync clock and all that speaks by it, as one.

All of the sender's thinking without its thread, for tests and for replaying. Pure.
"""

from collections.abc import Iterable
from dataclasses import replace

from scorelock.bridge.chaser import Chaser, State, SyncFix
from scorelock.bridge.curves import Curves
from scorelock.bridge.leader import Leader
from scorelock.bridge.leading.clock_out import ClockOut
from scorelock.bridge.leading.mtc_out import MtcOut
from scorelock.bridge.leading.osc_out import OscOut
from scorelock.bridge.ledger import Ledger
from scorelock.bridge.player import Player
from scorelock.bridge.reel import Reel
from scorelock.bridge.show import Show
from scorelock.bridge.show_log import Decided
from scorelock.bridge.transport import Lead, Panic, TransportEvent
from scorelock.bridge.voice import DueMessage, Voice
from scorelock.engine.arrange import Arranged
from scorelock.engine.onward import Onward


class Follower:
    """Plays a show by what it is told of the host.

    Attributes:
        ledgers: what sounds, one an output.
        leader: who is followed; ask it before `advance`.
    """

    def __init__(self, show: Show) -> None:
        self.ledgers = [Ledger() for _ in range(show.ports)]
        self.leader = Leader(show.lead, show.latencies)
        self.chaser = Chaser(show.latency_s)
        self.player = Player(show, self.ledgers)
        self._duration_s, self._lanes = show.performance.duration_s, show.lanes
        self._voices: list[Voice] = [self.player]
        self._osc: OscOut | None = None
        self._curves: Curves | None = None
        self._fix: SyncFix | None = None
        start_s = show.film_start_s
        if show.expression is not None:
            self._curves = Curves(show.expression, start_s)
            self._voices.insert(0, self._curves)
        if (to := show.timecode_out) is not None:
            self._voices.append(MtcOut(to.rate, to.port))
        if (beats := show.clock_out) is not None:
            self._voices.append(ClockOut(beats.bpm, start_s, beats.port))
        if (told := show.osc_out) is not None:
            self._osc = OscOut((), told.hits_s, told.key, start_s, told.port)
            self._voices.append(self._osc)

    def add(self, part: Arranged | Onward) -> None:
        """Take in what was composed since."""
        if isinstance(part, Onward):
            self.player.load(Reel.of(part.notes, self._duration_s, self._lanes))
            if self._curves is not None:
                self._curves.lead(part.span.end_s, part.loudness)
            if self._osc is not None and part.key is not None:
                self._osc.key = part.key
        else:
            self.player.add(part.notes)
        if self._osc is not None:
            self._osc.add([part.span])

    def decided(self, fix: SyncFix) -> Decided:
        """What is known of the host at a fix, without all that changes by itself."""
        chaser = self.chaser
        return Decided(
            *(fix.at_s, fix.state, fix.take, fix.position_s, fix.rate),
            *(chaser.locates, chaser.drop_outs),
        )

    def advance(
        self, events: Iterable[TransportEvent], now_s: float
    ) -> tuple[list[DueMessage], SyncFix, float]:
        """Take in events in their order; gives what is due, the fix, and when to come again."""
        due: list[DueMessage] = []
        for event in events:
            match event:
                case Panic():
                    due += self.player.panic(event.at_s)
                case Lead():
                    self.chaser.forget(event.at_s)
                case _:
                    self.chaser.observe(event)
        fix = self._fix = self.chaser.fix(now_s)
        for voice in self._voices:
            due += voice.advance(fix)
        return due, fix, min(voice.wake_s(fix) for voice in self._voices)

    def end(self) -> list[DueMessage]:
        """What tells those that follow us that the show is over: to them the host has stopped.

        The notes are left to their ports, which release them whatever has failed.
        """
        if self._fix is None:
            return []
        over = replace(self._fix, state=State.STOPPED, rate=0.0)
        return [
            due for voice in self._voices if voice != self.player for due in voice.advance(over)
        ]
