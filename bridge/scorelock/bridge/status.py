"""The line that a player glances at: state, timecode, the chord, the next one and its countdown."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from scorelock.bridge.console import say
from scorelock.bridge.views import Snapshot
from scorelock.engine.timebase import FrameRate, Timecode
from scorelock.engine.vocabulary import Chord


class Spelling(Protocol):
    """How chords are written: a key, or what will know it."""

    def symbol(self, chord: Chord) -> str:
        """Such as "Bb7"."""
        ...


@contextmanager
def status_line(key: Spelling, rate: FrameRate) -> Iterator[Callable[[Snapshot], None]]:
    """Gives what shows a snapshot on stderr: refreshed on a terminal, else at a change of state."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(stderr=True)
    if console.is_terminal:
        with Live(console=console, auto_refresh=False) as live:
            yield lambda now: live.update(
                Text(_line(now, key, rate), no_wrap=True, overflow="ellipsis"), refresh=True
            )
        return
    shown: list[str] = []

    def show(now: Snapshot) -> None:
        if shown != [now.state, *now.others]:
            shown[:] = [now.state, *now.others]
            say(_line(now, key, rate))

    yield show


def _line(now: Snapshot, key: Spelling, rate: FrameRate) -> str:
    also = f"  also heard: {', '.join(now.others)}" if now.others else ""
    if now.host_s is None:
        return f"{now.state:<9} waiting for the host's position{also}"
    timecode = Timecode.from_seconds(max(0.0, now.host_s), rate)
    chord = "-" if now.chord is None else key.symbol(now.chord.chord)
    coming = ""
    if now.next_chord is not None and now.to_next_s is not None:
        coming = f"next {key.symbol(now.next_chord.chord):<6} in {now.to_next_s:4.1f} s"
    latency = f"  latency {now.latency_ms:g} ms" if now.latency_ms else ""
    late = f"late {now.late_ms:.1f} ms"
    return f"{now.state:<9} {timecode}  {chord:<6} {coming:<22}  {late}{latency}{also}"
