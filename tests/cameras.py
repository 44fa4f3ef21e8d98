"""What tests of the camera play with: a chord model of a few lines, and a show on a manual clock
whose frames come from a list.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from math import inf

import numpy as np
from fakes import Keyboard

from scorelock.bridge.camera.arrivals import Arrival, Ended, Frame, Lost
from scorelock.bridge.camera.playing import FOREVER_S
from scorelock.bridge.camera.scoring import Scoring
from scorelock.bridge.clock import Clock, ManualClock
from scorelock.bridge.follower import Follower
from scorelock.bridge.show import Show
from scorelock.bridge.timelines.house import HouseTimeline
from scorelock.bridge.transport import TransportEvent
from scorelock.engine.bundle import Manifest, find_bundle
from scorelock.engine.decoder import Rows
from scorelock.engine.features import EMOTIONS, SEMANTIC_WIDTH, Layout
from scorelock.engine.on_the_fly import Model, OnTheFly
from scorelock.engine.onlooker import Glance
from scorelock.engine.sampling import Chords
from scorelock.engine.score import ComposeSettings, Dynamics, Performance
from scorelock.engine.video import Image
from scorelock.engine.vocabulary import SIZE

WARM_UP_S = 100.0
"""When the first frame of a script comes, on the rig's clock."""


def manifest(layout: Layout = "picture") -> Manifest:
    """The starter's, without its recall, as if it read that layout."""
    text = find_bundle().joinpath("manifest.json").read_text(encoding="utf-8")
    return replace(Manifest.parse(text, "starter"), recall=None, layout=layout)


@dataclass
class Parrot:
    """Believes in everything alike, but notes what it was asked."""

    manifest: Manifest = field(default_factory=manifest)
    seen: deque[Rows] = field(default_factory=lambda: deque(maxlen=100))
    heard: deque[Chords] = field(default_factory=lambda: deque(maxlen=100))

    def begin(self, features: Rows, minor: Sequence[bool]) -> "Parrot":
        self.seen.append(features)
        return self

    @property
    def position(self) -> int:
        return 0

    def advance(self, tokens: Chords) -> Rows:
        self.heard.append(tokens.copy())
        return np.zeros((*tokens.shape, SIZE), np.float32)

    def rewind(self, position: int) -> None:
        """Nothing is kept."""

    def dynamics(self, features: Rows) -> Dynamics:
        """Denser with motion."""
        density = np.clip(6 + features[:, 1], 0, 40)
        return Dynamics(density, np.full(len(features), 0.2, np.float32))


@dataclass
class SlowClip:
    """A CLIP that takes its time for a frame, and sees its grey and how sad it is; what it was busy
    with is counted to that time alone.
    """

    takes_s: float
    clock: Clock = field(default_factory=ManualClock)
    blank: Rows = field(default_factory=lambda: np.full(SEMANTIC_WIDTH, -1, np.float32))
    seen: list[Glance] = field(default_factory=list)
    _going: tuple[float, Frame] | None = None  # when it is done
    _waiting: Frame | None = None

    def show(self, at_s: float, frame: Image) -> None:
        self._catch_up()
        self._waiting = Frame(at_s, frame)
        self._catch_up()

    def before(self, end_s: float) -> Glance | None:
        self._catch_up()
        return next((glance for glance in self.seen[::-1] if glance.at_s < end_s), None)

    def _catch_up(self) -> None:
        while True:
            free_s = self.clock.now()
            if self._going is not None:
                free_s, frame = self._going
                if free_s > self.clock.now():
                    return
                grey, self._going = float(frame.image[0, 0, 0]), None
                emotion = np.eye(len(EMOTIONS), dtype=np.float32)[3]
                semantic = np.full(SEMANTIC_WIDTH, grey, np.float32)
                self.seen.append(Glance(frame.at_s, semantic, emotion))
            if self._waiting is None:
                return
            self._going, self._waiting = (free_s + self.takes_s, self._waiting), None


def frames(
    until_s: float, fps: float = 4.0, *, start_s: float = 0.0, seed: int = 0
) -> Iterator[Frame]:
    """Small frames of noise whose brightness wanders; times from the first frame."""
    draw = np.random.default_rng(seed)
    for number in count():
        at_s = start_s + number / fps
        if at_s >= until_s:
            return
        level = int(100 + 80 * np.sin(at_s / 5))
        image = draw.integers(0, 40, (18, 32, 3), dtype=np.uint8) + np.uint8(level)
        yield Frame(WARM_UP_S + at_s, image)


def still(at_s: float, value: int = 0, size: tuple[int, int] = (32, 18)) -> Frame:
    """A frame of one grey."""
    image: Image = np.full((*size[::-1], 3), value, np.uint8)
    return Frame(WARM_UP_S + at_s, image)


def lost(at_s: float) -> Lost:
    """The cable came out."""
    return Lost(WARM_UP_S + at_s, "it gives no more pictures")


def ended(at_s: float) -> Ended:
    """The recording is over."""
    return Ended(WARM_UP_S + at_s)


class CameraRig:
    """A camera's show without threads: frames come, time passes, messages go out."""

    def __init__(
        self,
        script: Iterable[Arrival],
        settings: ComposeSettings | None = None,
        model: Model | None = None,
        clip: SlowClip | None = None,
    ) -> None:
        self.skipped = 0
        self.clock = ManualClock(WARM_UP_S - 3)
        if clip is not None:
            clip.clock = self.clock
        self.sent: list[tuple[float, bytes]] = []
        self.said: list[str] = []
        self.keyboard = Keyboard()
        self.over = False
        self.fly = OnTheFly(model or Parrot(), settings or ComposeSettings(recall=0.0))
        self.follower = Follower(Show(Performance((), FOREVER_S)))
        self.timeline = HouseTimeline("camera", self.clock, 0.0)
        self.timeline.receiver = self._hear
        self._script = iter(script)
        self._next: Arrival | None = next(self._script, None)
        self._events: list[TransportEvent] = []
        self._wake_s = inf
        self.scoring = Scoring(
            self.fly,
            map(float, count()),
            self,
            self.clock,
            lambda: 25.0,
            lambda at_s: self.timeline.do(lambda house, now_s: house.roll(at_s, now_s)),
            self._end,
            self.said.append,
            clip,
        )
        self._parts = self.scoring.parts()

    def run(self, until_s: float) -> "CameraRig":
        """Play until a time after the first frame, or until it is over."""
        for part in self._parts:
            if part is not None:
                self.follower.add(part)
            self._turn()
            if self.over or self.clock.now() >= WARM_UP_S + until_s:
                break
        return self

    def get(self, until_s: float) -> Arrival | None:
        """As `Arrivals` has it; whoever waits lets the show go on."""
        arrival = self._next
        if arrival is None or arrival.at_s > until_s:
            self._pass(until_s)
            return None
        self._pass(arrival.at_s)
        self._next = next(self._script, None)
        return arrival

    def notes(self) -> list[tuple[float, bytes]]:
        """Note-ons and offs, seconds after the first frame to a tenth of a millisecond."""
        return [(round(at_s - WARM_UP_S, 4), data) for at_s, data in self.sent if data[0] < 0xA0]

    def strikes(self, channel: int = 0) -> list[float]:
        """When notes of a part begin."""
        return [at_s for at_s, data in self.notes() if data[0] == 0x90 | channel]

    def _end(self) -> None:
        self.over = True

    def _hear(self, events: Sequence[TransportEvent], at_s: float) -> None:
        self._events += self.follower.leader.led("camera", None, at_s, events)

    def _pass(self, until_s: float) -> None:
        while (due_s := min(self._wake_s, self.timeline.turn())) < until_s:
            self.clock.sleep_until(max(due_s, self.clock.now() + 1e-6))
            self.timeline.turn()
            self._turn()
        self.clock.sleep_until(until_s)

    def _turn(self) -> None:
        now_s = self.clock.now()
        due, _, self._wake_s = self.follower.advance(self._events, now_s)
        self._events = []
        for message in due:
            self.sent.append((now_s, message.data))
            self.keyboard.hear(message.data)
