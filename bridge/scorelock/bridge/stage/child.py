"""The process that plays: a live session, and a pipe to the desk.

In come orders, a `Reel` in the place of a `Load`, and None to end; out goes what is told, from any
thread but the sender's, which waits for nobody. When the pipe ends, whatever has become of the
desk, what sounds is released and the process ends.
"""

import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from multiprocessing.connection import Connection
from typing import Final

from scorelock.bridge.asking import question
from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.dialects import Dialect, hosts
from scorelock.bridge.dialects.mapping import load
from scorelock.bridge.osc_in import OscIn
from scorelock.bridge.port_process import PortProcess
from scorelock.bridge.realtime import prefer_this_thread
from scorelock.bridge.stage.orders import Failed, Said, Setting, Told
from scorelock.bridge.stage.playing import Playing
from scorelock.bridge.timelines.follow import OSC, open_timeline
from scorelock.bridge.timelines.timeline import Timeline
from scorelock.engine.errors import ScorelockError

LOOK_EVERY_S: Final = 0.01


def play(setting: Setting, pipe: Connection) -> None:
    """Play until the pipe ends or says so; the main function of the process."""
    child = Child(setting, pipe)
    for name in ("SIGINT", "SIGHUP"):  # sent to the whole group: the desk ends us
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: child.ending.set())
    # Apart from the main thread, which the session would have heed the signals.
    player = threading.Thread(target=child.run, name="stage")
    player.start()
    player.join()


class Child:
    """One run of the process.

    Attributes:
        ending: set it to end.
    """

    def __init__(self, setting: Setting, pipe: Connection) -> None:
        self.ending = threading.Event()
        self._setting = setting
        self._pipe = pipe
        self._clock = MonotonicClock()
        self._telling = threading.Lock()
        self._failure: Exception | None = None

    def run(self) -> None:
        """Open what can be opened, play, and release."""
        try:
            with ExitStack() as stack:
                self._play(stack)
        except Exception as err:  # the desk must know why; all has been released
            self._tell(Failed(f"{type(err).__name__}: {err}"))
        self._pipe.close()

    def _play(self, stack: ExitStack) -> None:
        osc = self._open_osc()
        opener = stack.enter_context(ThreadPoolExecutor(1, "opener"))
        playing = Playing(
            *(self._setting, self._clock, self._dialect(osc), self._open_out, opener.submit),
            *(self._tell, osc, self._open_timelines()),
        )
        session = playing.session
        # And so all threads that begin from here on: none of them does much at a time, and one that
        # is set aside while it holds the interpreter's lock would hold the sender up.
        prefer_this_thread()
        # An output that was still being opened is closed when its opener is done.
        stack.callback(session.silence)
        stack.callback(opener.shutdown, cancel_futures=True)
        stack.enter_context(session)
        listener = threading.Thread(target=self._listen, args=(playing,), daemon=True)
        listener.start()
        playing.begin()
        while not (self.ending.is_set() or session.over(LOOK_EVERY_S)):
            for told in playing.look():
                self._tell(told)
        if self._failure is not None:
            raise self._failure

    def _listen(self, playing: Playing) -> None:
        """The listener's thread: do what is ordered."""
        try:
            while (order := self._pipe.recv()) is not None:
                playing.order(order)
        except (EOFError, OSError):
            pass  # the desk has gone
        except Exception as err:  # told as what ended the show
            self._failure = err
        self.ending.set()

    def _tell(self, told: Told) -> None:
        with self._telling, suppress(OSError):  # nobody listens any more: the end comes next
            self._pipe.send(told)

    def _say(self, words: str) -> None:
        self._tell(Said(words))

    def _open_osc(self) -> OscIn | None:
        if self._setting.listen is None:
            return None
        try:
            osc = OscIn(self._setting.listen, self._clock)
            if self._setting.host is not None:
                rate = self._setting.known_rate or self._setting.rate
                osc.greet(*question(self._setting.host, rate, osc.address[1]))
        except ScorelockError as err:
            self._say(f"going on without a host: {err}")
            return None
        return osc

    def _open_timelines(self) -> Sequence[Timeline]:
        if self._setting.follow == OSC:
            return ()
        try:
            return (open_timeline(self._setting.follow, self._clock, self._setting.known_rate),)
        except ScorelockError as err:
            self._say(f"going on without {self._setting.follow}: {err}")
            return ()

    def _dialect(self, osc: OscIn | None) -> Dialect:
        words = None
        if self._setting.words is not None:
            try:
                words = load(self._setting.words)
            except ScorelockError as err:
                self._say(f"going on without the host's own words: {err}")
        rate = self._setting.known_rate or self._setting.rate
        return hosts(rate, 0 if osc is None else osc.address[1], words)

    def _open_out(self, wanted: str) -> PortProcess:
        return PortProcess(wanted, self._clock, self._say)
