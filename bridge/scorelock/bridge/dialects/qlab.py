"""QLab 5: events are pushed, the position is asked for, and answers are JSON.

    /qlab/event/workspace/cue/start ,ssss "5" "song.wav" "CUE" "Audio"     number, name, id, type
    /qlab/event/workspace/cue/stop ,ssss ...    .../pauseAll  .../stopAll  .../panicAll
    /reply/workspace/W/cue_id/CUE/actionElapsed ,s {"status": "ok", "data": 12.34}
    /reply/cue/active/valuesForKeys ,s {"status": "ok", "data": {"uniqueID": "CUE", ...}}
One cue is followed, the first that runs, until it stops or is silent. A workspace with a passcode
must be opened to those without. A client that is silent for 61 s is forgotten.

Source: qlab.app/docs/v5, OSC dictionary and show control broadcast;
bitfocus/companion-module-figure53-qlab-advance.
"""

import json
import re
from typing import Any, Final

from scorelock.bridge.dialects.contract import (
    Args,
    Dialect,
    Events,
    Ignored,
    Lead,
    Reader,
    Request,
    Setup,
    measure,
    seconds,
    text,
)
from scorelock.bridge.transport import Pause, Position, Rate, Roll, Stop

POLL_S: Final = 0.1
RENEW_S: Final = 30.0
KEYS: Final = '["uniqueID","isRunning","isPaused","actionElapsed","rate"]'
_EVENT: Final = "/qlab/event/workspace/"
_ELAPSED: Final = re.compile(r"/reply(?:/workspace/[^/]+)?/cue_id/([^/]+)/actionElapsed")
_VALUES: Final = re.compile(r"/reply/.*valuesForKeys")


class QLab(Dialect):
    """QLab 5."""

    name = "qlab"
    port = 53_000

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._cue = Lead()
        self.words = {
            f"{_EVENT}cue/start": self._started,
            f"{_EVENT}cue/stop": self._stopped,
            f"{_EVENT}pauseAll": lambda args, at_s: (Pause(at_s),),
            f"{_EVENT}stopAll": self._all_stopped,
            f"{_EVENT}hardStopAll": self._all_stopped,
            f"{_EVENT}panicAll": self._all_stopped,
        }

    def reader(self, address: str) -> Reader | None:
        """By the address; answers have ids in their middle."""
        if match := _ELAPSED.fullmatch(address):
            return lambda args, at_s: self._elapsed(match[1], args, at_s)
        return self._values if _VALUES.fullmatch(address) else super().reader(address)

    def greeting(self) -> tuple[Request, ...]:
        """Have answers and events sent here, and ask for the running cues ten times a second."""
        port = self.setup.reply_port
        where = (Request("/udpReplyPort", (port,), RENEW_S),) if port else ()
        return (
            *where,
            Request("/forgetMeNot", (True,), RENEW_S),
            Request("/alwaysReply", (1,), RENEW_S),
            Request("/listen", (), RENEW_S),
            Request("/cue/active/valuesForKeys", (KEYS,), POLL_S),
        )

    def _started(self, args: Args, at_s: float) -> Events:
        self._cue.hear(_id(args), at_s)
        return (Roll(at_s),)

    def _stopped(self, args: Args, at_s: float) -> Events:
        self._cue.hear(_id(args), at_s)
        self._cue.end()
        return (Stop(at_s),)

    def _all_stopped(self, args: Args, at_s: float) -> Events:
        self._cue.end()
        return (Stop(at_s),)

    def _elapsed(self, cue: str, args: Args, at_s: float) -> Events:
        position_s = seconds((_data(args),))
        self._cue.hear(cue, at_s)
        return (Position(at_s, position_s),)

    def _values(self, args: Args, at_s: float) -> Events:
        data = _data(args)
        cue = data.get("uniqueID") if isinstance(data, dict) else None
        if not isinstance(cue, str):
            raise Ignored("not one cue")
        runs, pauses = bool(data.get("isRunning")), bool(data.get("isPaused"))
        if not (runs or pauses) and cue != self._cue.name:
            raise Ignored("another cue")
        position_s = seconds((data.get("actionElapsed"),))
        rate = measure((data.get("rate", 1.0),))
        self._cue.hear(cue, at_s)
        mode = Pause(at_s) if pauses else Roll(at_s) if runs else Stop(at_s)
        if isinstance(mode, Stop):
            self._cue.end()
        return mode, Rate(at_s, rate), Position(at_s, position_s)


def _id(args: Args) -> str:
    if len(args) < 3 or not isinstance(args[2], str):
        raise Ignored("not a cue's number, name and id")
    return args[2]


def _data(args: Args) -> Any:  # noqa: ANN401 - JSON
    """What an answer holds."""
    try:
        answer = json.loads(text(args))
    except (ValueError, RecursionError) as err:
        if isinstance(err, Ignored):
            raise
        raise Ignored("not JSON") from err
    if not isinstance(answer, dict) or answer.get("status") != "ok":
        raise Ignored("the host refuses")
    return answer.get("data")
