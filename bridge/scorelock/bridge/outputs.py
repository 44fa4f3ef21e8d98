"""Outputs without a MIDI system behind them."""

from scorelock.bridge.clock import Clock


class RecordingOut:
    """Keeps what it is sent: a list of (time, bytes)."""

    name = "recording"
    api: str | None = None

    def __init__(self, clock: Clock) -> None:
        self.sent: list[tuple[float, bytes]] = []
        self._clock = clock

    def send(self, data: bytes) -> None:
        """Keep it with the time."""
        self.sent.append((self._clock.now(), data))

    def alive(self) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Nothing to give back."""


class SilentOut:
    """Where there is no MIDI: everything runs, nothing is heard."""

    name = "none"
    api: str | None = None

    def send(self, data: bytes) -> None:
        """Drop it."""

    def alive(self) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Nothing to give back."""
