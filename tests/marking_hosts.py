"""Hosts that take marks, as their own sources have it, apart from the code that talks to them.

Each keeps what its user would see, which is what tests look at.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from lossy_wire import Reply

from scorelock.bridge.osc import Argument


@dataclass
class ReaperHost:
    """csurf_osc.cpp: banks of markers and regions, told in time order, only what changed.

    Attributes:
        markers: by number: seconds and name.
        regions: by number: seconds, name and length.
        told: how many messages it has sent.
    """

    markers: dict[int, tuple[float, str]] = field(default_factory=dict)
    regions: dict[int, tuple[float, str, float]] = field(default_factory=dict)
    bpm: float = 120.0
    has_patterns: bool = True
    period_s: float = 1 / 30
    written: Counter[str] = field(default_factory=Counter)
    now_s: float = 0.0
    told: int = 0

    def __post_init__(self) -> None:
        self._banks = {"marker": 0, "region": 0}
        self._cache: dict[str, Argument] = {}

    def tick(self, now_s: float) -> list[Reply]:
        """It stands: nothing."""
        return []

    def hear(self, address: str, args: list[Argument], now_s: float) -> list[Reply]:
        """Only int, float and text are taken."""
        if any(not isinstance(arg, int | float | str) or isinstance(arg, bool) for arg in args):
            return []
        replies = self._hear(address.split("/")[1:], args)
        self.told += len(replies)
        return replies

    def _hear(self, words: list[str], args: list[Argument]) -> list[Reply]:
        match words, args:
            case ["action"], [41743]:
                self._cache.clear()
                return [*self._changed("/tempo/raw", self.bpm), *self._bank("marker")]
            case ["tempo", "raw"], [float(bpm)]:
                self.written["tempo"] += 1
                self.bpm = float(np.float32(bpm))
                return self._changed("/tempo/raw", self.bpm)
            case ["device", ("marker" | "region") as kind, "count"], [int(size)]:
                before, self._banks[kind] = self._banks[kind], size
                for slot in range(size + 1, before + 1):
                    for each in ("name", "number/str", "time", "length"):
                        self._cache.pop(f"/{kind}/{slot}/{each}", None)
                return self._bank(kind)
            case ["marker_id", index, what], [value]:
                self.written["marker"] += 1
                at_s, name = self.markers.get(int(index), (0.0, ""))
                self.markers[int(index)] = (
                    (float(np.float32(value)), name) if what == "time" else (at_s, str(value))
                )
                return self._bank("marker")
            case ["region_id", index, what], [value]:
                self.written["region"] += 1
                fields = dict(
                    zip(
                        ("time", "name", "length"),
                        self.regions.get(int(index), (0.0, "", 1.0)),
                        strict=True,
                    )
                )
                fields[what] = value if what == "name" else float(np.float32(value))
                self.regions[int(index)] = (fields["time"], fields["name"], fields["length"])  # type: ignore[assignment]
                return self._bank("region")
        return []

    def _bank(self, kind: str) -> list[Reply]:
        if not self.has_patterns:
            return []
        entries: dict[int, tuple[float, str]] | dict[int, tuple[float, str, float]]
        entries = self.markers if kind == "marker" else self.regions
        rows = sorted(entries.items(), key=lambda row: row[1][0])
        replies: list[Reply] = []
        for slot in range(1, self._banks[kind] + 1):
            at = f"/{kind}/{slot}"
            if slot > len(rows):
                replies += self._changed(f"{at}/name", "")
                replies += self._changed(f"{at}/number/str", "")
                continue
            number, (at_s, name, *length) = rows[slot - 1]
            replies += self._changed(f"{at}/name", name)
            replies += self._changed(f"{at}/number/str", str(number))
            replies += self._changed(f"{at}/time", at_s)
            if length:
                replies += self._changed(f"{at}/length", length[0])
        return replies

    def _changed(self, address: str, value: Argument) -> list[Reply]:
        if self._cache.get(address) == value:
            return []
        self._cache[address] = value
        return [(address, value)]


@dataclass
class ArdourHost:
    """osc.cc and osc_global_observer.cc: markers at the playhead, and one text about them.

    Attributes:
        marks: names and samples in the order of their making.
        has_window: without it nothing is removed.
    """

    marks: list[tuple[str, int]] = field(default_factory=list)
    playhead: int = 0
    speed: float = 0.0
    rate: int = 48_000
    has_window: bool = True
    rolls_at_s: float = float("inf")
    period_s: float = 0.1
    written: Counter[str] = field(default_factory=Counter)
    now_s: float = 0.0

    def __post_init__(self) -> None:
        self._locates: list[tuple[float, int]] = []
        self._registered = False
        self._known: list[tuple[str, int]] = []
        self._last = -1
        self._text = ""
        self._beat = 0

    def hear(self, address: str, args: list[Argument], now_s: float) -> list[Reply]:
        """A locate takes a period of the engine, all else is done at once."""
        self._process(now_s)
        match address, args:
            case "/set_surface", [_, _, int(feedback), *_]:
                return self._register(feedback)
            case "/transport_frame", []:
                return [("/transport_frame", self.playhead)]
            case "/transport_speed", []:
                return [("/transport_speed", self.speed)]
            case "/locate", [int(sample), 0]:
                self._locate(sample, now_s)
            case "/marker", [int(index)]:
                if 1 <= index <= len(self.marks):
                    self._locate(sorted(s for _, s in self.marks)[index - 1], now_s)
            case "/marker", [str(name)]:
                self._go_or_rename(name, now_s)
            case "/add_marker", [str(name)]:
                self.written["add"] += 1
                self.marks.append((name, self.playhead))
            case "/remove_marker", []:
                self.written["remove"] += 1
                if self.has_window:
                    self.marks = [mark for mark in self.marks if mark[1] != self.playhead]
        return []

    def tick(self, now_s: float) -> list[Reply]:
        """Position and text where they changed; the markers anew every 21 ticks."""
        self._process(now_s)
        if not self._registered:
            return []
        replies: list[Reply] = []
        if self.playhead != self._last:
            self._last = self.playhead
            thousandths = self.playhead * 1000 // self.rate
            minutes, rest = divmod(thousandths, 60_000)
            clock = f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"
            replies += [("/position/time", clock), ("/position/samples", str(self.playhead))]
            replies += self._tell_mark()
        elif self._beat == 0:
            replies += self._look_again()
        self._beat = (self._beat + 1) % 21
        return replies

    def _process(self, now_s: float) -> None:
        if now_s >= self.rolls_at_s:
            self.speed = 1.0
        while self._locates and self._locates[0][0] <= now_s:
            self.playhead = self._locates.pop(0)[1]

    def _locate(self, sample: int, now_s: float) -> None:
        assert -(2**31) <= sample < 2**31
        self.written["locate while it rolls"] += self.speed != 0
        self._locates.append((now_s + 0.005, sample))

    def _go_or_rename(self, name: str, now_s: float) -> None:
        here = None
        for index, (each, sample) in enumerate(self.marks):
            if each == name:
                self._locate(sample, now_s)
                return
            if sample == self.playhead:
                here = index
        if here is not None:
            self.written["rename"] += 1
            self.marks[here] = (name, self.playhead)

    def _register(self, feedback: int) -> list[Reply]:
        self._registered = feedback != 0
        if not self._registered:
            return []
        self._last, self._text = -1, ""
        lights: list[Reply] = [
            ("/transport_play", float(self.speed == 1)),
            ("/transport_stop", float(self.speed == 0)),
        ]
        return [*lights, *self._look_again()]

    def _look_again(self) -> list[Reply]:
        self._known = sorted(self.marks, key=lambda mark: mark[1])
        return self._tell_mark()

    def _tell_mark(self) -> list[Reply]:
        text = "No Marks"
        if self._known:
            before = [name for name, sample in self._known if sample <= self._last]
            after = [name for name, sample in self._known if sample >= self._last]
            here = [name for name, sample in self._known if sample == self._last]
            if here:
                text = here[0]
            elif not after:
                text = f"{before[-1]} <-"
            elif not before:
                text = f"-> {after[0]}"
            else:
                text = f"{before[-1]} <-> {after[0]}"
        if text == self._text:
            return []
        self._text = text
        return [("/marker", text)]


@dataclass
class LiveHost:
    """AbletonOSC: requests wait for the tick; a move counts from the next one on.

    Attributes:
        cues: names and beats in the order of their making.
    """

    cues: list[tuple[str, float]] = field(default_factory=list)
    beat: float = 0.0
    bpm: float = 120.0
    plays_at_s: float = float("inf")
    names: bool = True
    period_s: float = 0.1
    written: Counter[str] = field(default_factory=Counter)
    now_s: float = 0.0

    def __post_init__(self) -> None:
        self._waiting: list[tuple[str, list[Argument]]] = []
        self._plays = False

    def hear(self, address: str, args: list[Argument], now_s: float) -> list[Reply]:
        """It is read at the next tick."""
        self._waiting.append((address, args))
        return []

    def tick(self, now_s: float) -> list[Reply]:
        """Do all that has come."""
        self._plays = now_s >= self.plays_at_s
        waiting, self._waiting = self._waiting, []
        replies: list[Reply] = []
        moved = self.beat
        getters: dict[str, Callable[[], tuple[Argument, ...]]] = {
            "tempo": lambda: (self.bpm,),
            "is_playing": lambda: (self._plays,),
            "current_song_time": lambda: (moved,),
            "cue_points": lambda: tuple(chain.from_iterable(self.cues)),
        }
        for address, args in waiting:
            match address.split("/")[2:], args:
                case ["song", "get", what], []:
                    replies.append((address, *getters[what]()))
                case ["song", "set", "tempo"], [float(bpm)]:
                    self.written["tempo"] += 1
                    self.bpm = bpm
                case ["song", "set", "current_song_time"], [float(beat)]:
                    self.written["move while it plays"] += self._plays
                    moved = beat
                case ["song", "cue_point", "add_or_delete"], []:
                    self._toggle()
                case ["song", "cue_point", "set", "name"], [int(index), str(name)]:
                    self.written["name"] += 1
                    if self.names:
                        self.cues[index] = (name, self.cues[index][1])
        self.beat = moved
        return replies

    def _toggle(self) -> None:
        self.written["toggle"] += 1
        rest = [cue for cue in self.cues if cue[1] != self.beat]
        if len(rest) == len(self.cues):
            rest.append((str(len(rest) + 1), self.beat))
        self.cues = rest


@dataclass
class MossHost:
    """DrivenByMoss: all that it knows on a refresh."""

    bpm: float = 120.0
    period_s: float = 0.05
    written: Counter[str] = field(default_factory=Counter)
    now_s: float = 0.0

    def hear(self, address: str, args: list[Argument], now_s: float) -> list[Reply]:
        """A refresh, or the tempo."""
        match address, args:
            case "/refresh", []:
                return [("/update", 1), ("/tempo/raw", self.bpm), ("/update", 0)]
            case "/tempo/raw", [float(bpm)]:
                self.written["tempo"] += 1
                self.bpm = bpm
        return []

    def tick(self, now_s: float) -> list[Reply]:
        """Nothing has changed."""
        return []
