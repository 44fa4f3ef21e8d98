"""Ardour without its window and without sound hardware, on a JACK server that already runs.

For benches and for tests against the real host: a session of its own with a MIDI track, in a home
of its own, with OSC switched on. Debian's `ardour` package has all of it: `hardour`, which is
Ardour without a window, and `luasession`, which writes a session.
Source: Ardour/ardour 7.3, headless/, libs/backends/jack, libs/surfaces/osc, and the session files
that it writes.
"""

import os
import signal
import socket
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from mido import MidiFile, merge_tracks

from scorelock.bridge.clock import Clock
from scorelock.bridge.dialects.contract import Peer
from scorelock.bridge.osc import Argument, encode
from scorelock.bridge.ports import midi_status
from scorelock.engine.errors import MissingPart

TRACK: Final = "Chords"
MIDI_IN: Final = f"ardour:{TRACK}/midi_in 1"
MIDI_OUT: Final = f"ardour:{TRACK}/midi_out 1"
"""Ports of the session's track, as JACK names them."""

_NAME: Final = "scorelock"
_TRIES: Final = 8
_STARTS_S: Final = 10.0
_WRITES_S: Final = 60.0
_STAYS_S: Final = 1.0  # what Ardour and JACK spoil between them shows within this time
_FADES_S: Final = 0.5
_LOOK_S: Final = 0.1
_TICKS_PER_BEAT: Final = 1920

# A session without a master bus ends Ardour with the first OSC message; this one gets its bus.
_SCRIPT: Final = f"""
local session = create_session (arg[1], arg[2], 48000)
local midi = ARDOUR.ChanCount (ARDOUR.DataType ("midi"), 1)
session:new_midi_track (midi, midi, true, ARDOUR.PluginInfo (), nil, nil, 1, "{TRACK}",
    ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true)
session:save_state ("", false, false, false, false, false)
close_session ()
quit ()
"""
_CONFIG: Final = """<?xml version="1.0" encoding="UTF-8"?>
<Ardour>
  <Config>
    <Option name="try-autostart-engine" value="1"/>
    <Option name="discover-plugins-on-start" value="0"/>
  </Config>
  <Extra><AudioMIDISetup><EngineStates>
    <State backend="JACK" driver="" device="" input-device="" output-device="" sample-rate="48000"
      buffer-size="0" n-periods="0" input-latency="0" output-latency="0" active="1"
      use-buffered-io="0" midi-option="" lru="1"><MIDIDevices/></State>
  </EngineStates></AudioMIDISetup></Extra>
</Ardour>
"""


class HeadlessArdour:
    """A session, written on construction; leaving the block ends what was started of it.

    Args:
        folder: empty; all that Ardour writes goes there, for it has its home there, too.
        clock: the time.
        notes: what its track plays from the session's start, at 120 beats a minute; or None.

    Attributes:
        osc: where it listens, once started.
        session: its folder.

    Raises:
        MissingPart: Ardour is not installed, or cannot write a session here.
    """

    def __init__(self, folder: Path, clock: Clock, notes: MidiFile | None = None) -> None:
        self._clock = clock
        self._program = installed()
        self._environment = _environment(self._program.parent, folder)
        self._log = folder / "ardour.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.session = folder / _NAME
        self.osc: Peer = ("127.0.0.1", 0)
        script = folder / "session.lua"
        script.write_text(_SCRIPT)
        self._call(str(self._program.parent / "luasession"), str(script), str(self.session), _NAME)
        _write(self.session, notes)

    def start(self) -> None:
        """Start it, so often as it takes, and wait until it stands and its ports are there.

        Raises:
            MissingPart: it does not start here; says what it said last.
        """
        for _ in range(_TRIES):
            if self._starts():
                self.stop()
                return
            self.kill()
        said = self._log.read_text(errors="replace").strip().rpartition("\n")[2] or "nothing"
        raise MissingPart(
            f"expected Ardour to start, it did not in {_TRIES} tries; it said: {said}"
        )

    def stop(self) -> None:
        """Let it stand, at its session's start. It rolls when a session has loaded, and a locate
        while it still fades out is lost.
        """
        self.send("/transport_stop")
        self._clock.sleep_until(self._clock.now() + _FADES_S)
        self.send("/locate", 0, 0)

    def send(self, address: str, *args: Argument) -> None:
        """Send it an OSC message."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
            plain.sendto(encode(address, args), self.osc)

    def kill(self) -> None:
        """End it and what it started as the system would: no word goes out. Doing it again is
        nothing.
        """
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def _starts(self) -> bool:
        with self._log.open("wb") as log, _on_one_processor():
            self._process = subprocess.Popen(
                [str(self._program), str(self.session), _NAME],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until_s = self._clock.now() + _STARTS_S
        while self._process.poll() is None and self._clock.now() < until_s:
            self._clock.sleep_until(self._clock.now() + _LOOK_S)
            port = _udp_port(self._process.pid)
            if port is not None and _has_ports():
                self.osc = ("127.0.0.1", port)
                self._clock.sleep_until(self._clock.now() + _STAYS_S)
                return self._process.poll() is None and _has_ports()
        return False

    def _call(self, *command: str) -> None:
        done = subprocess.run(
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_WRITES_S,
            check=False,
        )
        if done.returncode or not (self.session / f"{_NAME}.ardour").is_file():
            said = done.stderr.strip().rpartition("\n")[2]
            raise MissingPart(f"expected Ardour to write a session, it said: {said or 'nothing'}")


def installed() -> Path:
    """The program.

    Raises:
        MissingPart: it is not here.
    """
    found = sorted(Path("/usr/lib").glob("ardour*/hardour-*"))
    if not found:
        raise MissingPart(
            "expected Ardour without a window (hardour), found none; on Debian: "
            "apt-get install ardour"
        )
    return found[-1]


def _environment(libraries: Path, home: Path) -> dict[str, str]:
    """What Ardour's own start scripts set, and a home that is nobody's."""
    settings = home / ".config" / libraries.name
    settings.mkdir(parents=True)
    (settings / "config").write_text(_CONFIG)
    (home / "run").mkdir(mode=0o700)
    return {
        **os.environ,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_RUNTIME_DIR": str(home / "run"),
        "LC_ALL": "C.UTF-8",
        "LD_LIBRARY_PATH": str(libraries),
        "ARDOUR_DLL_PATH": str(libraries),
        "ARDOUR_DATA_PATH": f"/usr/share/{libraries.name}",
        "ARDOUR_CONFIG_PATH": f"/etc/{libraries.name}",
        "VAMP_PATH": str(libraries / "vamp"),
        "JACK_NO_START_SERVER": "1",
    }


def _write(session: Path, notes: MidiFile | None) -> None:
    """Switch the session's OSC on, and put the notes on its track."""
    path = session / f"{_NAME}.ardour"
    tree = ET.parse(path)
    for protocol in tree.iterfind("ControlProtocols/Protocol[@name='Open Sound Control (OSC)']"):
        protocol.set("active", "1")
    if notes is not None:
        _put(tree, session / "interchange" / _NAME / "midifiles", notes)
    tree.write(path, encoding="UTF-8", xml_declaration=True)


def _put(tree: "ET.ElementTree[Any]", folder: Path, notes: MidiFile) -> None:
    """A MIDI source is a file of one track; its region plays it, and the playlist the region."""
    single = MidiFile(type=0, ticks_per_beat=notes.ticks_per_beat)
    single.tracks.append(merge_tracks(notes.tracks))
    single.save(folder / f"{TRACK}.mid")
    first = int(tree.getroot().get("id-counter", "0")) + 1
    tree.getroot().set("id-counter", str(first + 3))
    source, whole, part = map(str, range(first, first + 3))
    file = {"name": f"{TRACK}.mid", "type": "midi", "flags": "", "origin": ""}
    beats = sum(message.time for message in single.tracks[0]) / notes.ticks_per_beat
    region = {
        "name": TRACK,
        "type": "midi",
        "start": "b0",
        "length": f"b{round(beats * _TICKS_PER_BEAT)}@b0",
        "source-0": source,
        "master-source-0": source,
        "opaque": "1",
    }
    for parent, kind, fields in (
        ("Sources", "Source", {**file, "id": source, "natural-position": "a0"}),
        ("Regions", "Region", {**region, "id": whole, "whole-file": "1"}),
        ("Playlists/Playlist", "Region", {**region, "id": part, "whole-file": "0"}),
    ):
        above = tree.find(parent)
        assert above is not None
        ET.SubElement(above, kind, fields)


@contextmanager
def _on_one_processor() -> Iterator[None]:
    """What is started here runs on one processor.

    Threads of Ardour's that speak to the JACK server at once while it starts make the server cut
    it off, once in some starts.
    """
    processors = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(processors)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, processors)


def _has_ports() -> bool:
    """Whether its track is there on JACK: when the server has cut it off, it is not."""
    return any(MIDI_IN in api.ports for api in midi_status().apis)


def _udp_port(pid: int) -> int | None:
    """Where it listens: Ardour tries 3819, then the ports after it, and tells nobody which."""
    with suppress(OSError):
        files = Path(f"/proc/{pid}/fd").iterdir()
        sockets = {str(file.readlink()) for file in files}
        rows = [line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:]]
        ports = [row[1].partition(":")[2] for row in rows if f"socket:[{row[9]}]" in sockets]
        return int(ports[0], 16) if ports else None
    return None
