"""MIDI ports: what there is on this machine, and the only door to python-rtmidi.

On Linux the ALSA sequencer is asked first, then JACK; macOS has CoreMIDI and Windows WinMM. Each
may be missing (no sound in the kernel, no server, no system library), which is a result here, not
an accident.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Final, Protocol, Self

from scorelock.bridge.ledger import Ledger
from scorelock.bridge.outputs import SilentOut
from scorelock.engine.errors import MissingPart, PortError

CLIENT: Final = "Scorelock"
VIRTUAL: Final = "virtual"
_APIS: Final = {
    "ALSA": "API_LINUX_ALSA",
    "JACK": "API_UNIX_JACK",
    "CoreMIDI": "API_MACOSX_CORE",
    "WinMM": "API_WINDOWS_MM",
}
_MISSING: Final = {
    "ALSA": "the kernel offers no ALSA sequencer (/dev/snd/seq)",
    "JACK": "no JACK server runs",
}
_QUEUE: Final = 1 << 16  # messages that wait to be read; the library's default is 1,023
_WITHOUT_VIRTUAL: Final = ("WinMM",)
_NO_VIRTUAL: Final = (
    "Windows has no virtual MIDI ports of its own: install loopMIDI, add a port there, "
    "and choose it with {option}"
)


class MidiOut(Protocol):
    """Takes MIDI messages, one a call, and sends them at once."""

    @property
    def name(self) -> str:
        """What a user calls it."""
        ...

    @property
    def api(self) -> str | None:
        """The system behind it; None where nothing is heard."""
        ...

    def send(self, data: bytes) -> None:
        """Send one message."""
        ...

    def alive(self) -> bool:
        """Whether anything still takes what is sent."""
        ...

    def close(self) -> None:
        """Give the port back; what was sent before still goes out. Closing again does nothing."""
        ...


class MidiIn(Protocol):
    """Keeps what comes in until it is asked for."""

    @property
    def name(self) -> str:
        """What a user calls it."""
        ...

    def read(self) -> list[tuple[float, bytes]]:
        """What came since: seconds after the message before, and the message."""
        ...

    def close(self) -> None:
        """Give the port back. Closing again does nothing."""
        ...


@dataclass(frozen=True, slots=True)
class ApiStatus:
    """A way to MIDI that this build knows, or one line on why it has none.

    Attributes:
        name: what it is called.
        available: whether it works here.
        reason: why it does not.
        ports: its outputs.
        inputs: its inputs.
        virtual: whether it can make new ones.
    """

    name: str
    available: bool
    reason: str
    ports: tuple[str, ...]
    inputs: tuple[str, ...]
    virtual: bool


@dataclass(frozen=True, slots=True)
class MidiStatus:
    """All ways to MIDI; where none is available, reason says why in one line."""

    apis: tuple[ApiStatus, ...]
    reason: str

    @property
    def available(self) -> ApiStatus | None:
        """The one that is used: the first that works."""
        return next((api for api in self.apis if api.available), None)


def midi_status() -> MidiStatus:
    """Ask every MIDI API that is compiled in. Raises nothing."""
    try:
        rtmidi = _rtmidi()
    except MissingPart as err:
        return MidiStatus((), str(err))
    compiled = rtmidi.get_compiled_api()
    apis = tuple(
        _ask(rtmidi, name) for name, api in _APIS.items() if getattr(rtmidi, api) in compiled
    )
    reason = "; ".join(api.reason for api in apis if not api.available)
    return MidiStatus(apis, reason or "this build of python-rtmidi has no MIDI API")


def open_port(wanted: str) -> "RtMidiOut":
    """Open "virtual", "virtual:NAME", or an output by its name or a part of it that only it has.

    Raises:
        PortError: no MIDI here, no such port, or the system refused; says what there is.
    """
    api = _available("output")
    if (name := _virtual(wanted, api, "--midi-out")) is not None:
        return RtMidiOut(api.name, name, None)
    number = _choose(wanted, api.ports, "output", "--midi-out ")
    return RtMidiOut(api.name, api.ports[number], number)


def open_input(wanted: str, option: str = "--follow mtc:") -> "RtMidiIn":
    """Open "virtual", "virtual:NAME", or an input by its name or a part of it that only it has.

    `option` is how a user chose it.

    Raises:
        PortError: no MIDI here, no such port, or the system refused; says what there is.
    """
    api = _available("input")
    if (name := _virtual(wanted, api, option.rstrip(" :"))) is not None:
        return RtMidiIn(api.name, name, virtual=True)
    return RtMidiIn(api.name, wanted, option=option)


def midi_out_or_none(
    wanted: str | None, say: Callable[[str], None], opened: Callable[[str], MidiOut]
) -> MidiOut:
    """The output that is asked for; without a wish a new virtual one, or silence that is told.

    `opened` opens one by name, such as `open_port` or one in a process of its own.

    Raises:
        PortError: an output was asked for and cannot be had.
    """
    if wanted is not None:
        return opened(wanted)
    try:
        return opened(VIRTUAL)
    except PortError as err:
        say(f"going on without sound: {err}")
        return SilentOut()


def _available(what: str) -> ApiStatus:
    status = midi_status()
    if status.available is None:
        raise PortError(f"expected a MIDI {what}, found none: {status.reason}; see scorelock ports")
    return status.available


def _virtual(wanted: str, api: ApiStatus, option: str) -> str | None:
    """The name of the new virtual port that is meant; None where one that exists is."""
    if wanted != VIRTUAL and not wanted.startswith(f"{VIRTUAL}:"):
        return None
    if not api.virtual:
        raise PortError(_NO_VIRTUAL.format(option=option))
    return wanted.partition(":")[2] or CLIENT


def _choose(wanted: str, ports: Sequence[str], what: str, option: str) -> int:
    """The number of the port that is meant."""
    found = [name for name in ports if name == wanted] or [
        name for name in ports if wanted.casefold() in name.casefold()
    ]
    if len(found) != 1:
        there = ", ".join(f'"{name}"' for name in found or ports) or "none"
        raise PortError(
            f'expected one MIDI {what} named "{wanted}", found: {there}; '
            f"choose one with {option}NAME, or make one with {option}{VIRTUAL}:NAME"
        )
    return ports.index(found[0])


class RtMidiOut:
    """An output of the system: an existing one by number, or a new virtual one."""

    def __init__(self, api: str, name: str, number: int | None) -> None:
        self.name = name
        self.api: str | None = api
        self._server = _jack_server() if api == "JACK" else None
        rtmidi = _rtmidi()
        try:
            with _quiet_libraries():
                self._out: Any = rtmidi.MidiOut(getattr(rtmidi, _APIS[api]), name=CLIENT)
                if number is None:
                    self._out.open_virtual_port(name)
                else:
                    self._out.open_port(number, name=CLIENT)
        except (OSError, RuntimeError) as err:
            raise PortError(f'expected to open MIDI output "{name}", {api} said: {err}') from err

    def send(self, data: bytes) -> None:
        """Send one message at once; with JACK it goes out in the next period.

        Raises:
            PortError: the system refused it.
        """
        try:
            self._out.send_message(data)
        except (OSError, RuntimeError) as err:
            raise PortError(f'expected "{self.name}" to take MIDI, {self.api} said: {err}') from err

    def alive(self) -> bool:
        """False when the JACK server has gone.

        Sending on without it freezes the whole process once its buffer is full (about 2,340
        messages), and nothing else tells. Other systems' ports do not go away under us.
        """
        return self._server is None or self._server in _listening_sockets()

    def close(self) -> None:
        """Close and delete it, which is what removes a virtual port; waits for what was sent."""
        out, self._out = self._out, None
        if out is not None and self.alive():
            out.close_port()
            out.delete()


class RtMidiIn:
    """An input of the system: an existing one by name or a part of it, or a new virtual one.

    Messages queue in the library until they are read: a callback into Python would hold up the
    MIDI system's own thread, and what comes meanwhile is lost or repeated.
    """

    def __init__(
        self, api: str, wanted: str, *, virtual: bool = False, option: str = "--follow mtc:"
    ) -> None:
        self.name = wanted
        rtmidi = _rtmidi()
        try:
            with _quiet_libraries():
                self._in: Any = rtmidi.MidiIn(
                    getattr(rtmidi, _APIS[api]), name=CLIENT, queue_size_limit=_QUEUE
                )
                # The library leaves out machine control, clock and timecode unless told.
                self._in.ignore_types(sysex=False, timing=False, active_sense=True)
                if virtual:
                    self._in.open_virtual_port(wanted)
                else:
                    ports = self._in.get_ports()
                    number = _choose(wanted, ports, "input", option)
                    self.name = ports[number]
                    self._in.open_port(number, name=CLIENT)
        except (OSError, RuntimeError) as err:
            raise PortError(f'expected to open MIDI input "{wanted}", {api} said: {err}') from err

    def read(self) -> list[tuple[float, bytes]]:
        """What came since: seconds after the message before, and the message."""
        come = iter(self._in.get_message, None)
        return [(after_s, bytes(data)) for data, after_s in come]

    def close(self) -> None:
        """Close and delete it, which is what removes a virtual port."""
        port, self._in = self._in, None
        if port is not None:
            port.close_port()
            port.delete()


class MidiPort:
    """An output and the ledger of what sounds on it: leaving the block makes silence, however."""

    def __init__(self, out: MidiOut, ledger: Ledger) -> None:
        self._out = out
        self._ledger = ledger

    def __enter__(self) -> Self:
        return self

    def send(self, data: bytes) -> None:
        """Send a message that the ledger knows of."""
        self._out.send(data)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            messages = self._ledger.release() if self._out.alive() else []
            for data in messages:
                with suppress(PortError):  # the next may get through; what failed first is told
                    self._out.send(data)
        finally:
            self._out.close()


def _rtmidi() -> ModuleType:
    try:
        import rtmidi
    except ImportError as err:
        raise MissingPart(
            f"expected python-rtmidi to load, got: {err}; on Debian or Ubuntu: "
            "apt-get install libasound2 (libasound2t64), elsewhere: pip install python-rtmidi"
        ) from err
    module: ModuleType = rtmidi
    return module


def _ask(rtmidi: ModuleType, name: str) -> ApiStatus:
    try:
        with _quiet_libraries():
            out = rtmidi.MidiOut(getattr(rtmidi, _APIS[name]), name=f"{CLIENT} probe")
            back = rtmidi.MidiIn(getattr(rtmidi, _APIS[name]), name=f"{CLIENT} probe")
            ports, inputs = tuple(out.get_ports()), tuple(back.get_ports())
            out.delete()
            back.delete()
    except (OSError, RuntimeError) as err:
        return ApiStatus(name, False, f"{name}: {_MISSING.get(name, err)}", (), (), False)
    return ApiStatus(name, True, "", ports, inputs, name not in _WITHOUT_VIRTUAL)


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """ALSA's and JACK's C libraries write to file descriptor 2; their errors reach us anyway."""
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # closed, as under a service manager
        yield
        return
    try:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _jack_server() -> str | None:
    """The socket on which jackd (not PipeWire's JACK) listens, where the system lists it."""
    name = os.environ.get("JACK_DEFAULT_SERVER", "default")
    found = (path for path in _listening_sockets() if f"/jack_{name}_" in path)
    return next(found, None)


def _listening_sockets() -> frozenset[str]:
    """Paths of the Unix sockets that somebody listens on (Linux; elsewhere empty)."""
    accepts = "00010000"  # __SO_ACCEPTCON in the flags column
    with suppress(OSError):
        rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()]
        return frozenset(row[7] for row in rows if len(row) > 7 and row[3] == accepts)
    return frozenset()
