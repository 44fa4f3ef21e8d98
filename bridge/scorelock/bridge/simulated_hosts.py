"""How each simulated host words what it does; the forms and rates are those of its dialect."""

import json
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from scorelock.bridge.dialects.abletonosc import GET
from scorelock.bridge.dialects.resolume import WEEK_S
from scorelock.bridge.osc import Argument
from scorelock.bridge.simulate import (
    REPORTS_HZ,
    SEND_DELAY_S,
    HostState,
    Move,
    SimulatedHost,
    Words,
    reaper_lights,
)
from scorelock.bridge.transport import LoopRange, Position, Repeat, Roll, Stop
from scorelock.engine.timebase import FrameRate, Timecode

FRAMES: Final = FrameRate(Fraction(25))
"""Of the timecode that the simulated hosts send."""
SAMPLE_RATE: Final = 48_000
LENGTH_S: Final = 180.0
"""Of the file or clip that plays in a media server."""
STORY: Final[Sequence[Move]] = (
    Position(0.0, 0.0),
    Roll(0.5),
    Position(4.0, 32.0),
    LoopRange(6.0, 8.0, 12.0),
    Repeat(6.0, True),
    Position(6.0, 8.0),
    Stop(12.0),
)
"""Play, run, seek, loop, stop: what every host can be heard to do in 13 seconds."""
STORY_S: Final = 13.0


def _clock(seconds: float) -> tuple[int, int, int, int]:
    """Hours, minutes, seconds, milliseconds, cut off."""
    total = int(Fraction(seconds).limit_denominator(10**6) * 1000)
    return total // 3_600_000, total // 60_000 % 60, total // 1000 % 60, total % 1000


def _timecode(seconds: float) -> str:
    return str(Timecode.from_seconds(seconds, FRAMES))


def _rolling(state: HostState, words: Words) -> Words:
    """For hosts that report while they roll only."""
    return words if state.mode is Roll else {}


def _reaper_report(state: HostState) -> Words:
    seconds = state.reported_s
    beat = seconds * state.bpm / 60
    _, minutes, secs, thousandths = _clock(seconds)
    return {
        "/time": (seconds,),
        "/time/str": (f"{minutes}:{secs:02}.{thousandths:03}",),
        "/beat/str": (f"{int(beat) // 4 + 1}.{int(beat) % 4 + 1}.{int(beat % 1 * 100):02}",),
        "/samples/str": (str(round(seconds * SAMPLE_RATE)),),
        "/frames/str": (_timecode(seconds),),
    }


def _ardour_lights(state: HostState) -> Words:
    rolls = state.mode is Roll
    usual = float(rolls and state.rate == 1)
    return {
        "/loop_toggle": (float(state.repeats),),
        "/transport_play": (usual,),
        "/toggle_roll": (usual,),
        "/transport_stop": (float(not rolls),),
        "/rewind": (float(rolls and state.rate < 0),),
        "/ffwd": (float(rolls and state.rate > 0 and state.rate != 1),),
    }


def _ardour_report(state: HostState) -> Words:
    samples = round(state.reported_s * SAMPLE_RATE)
    hours, minutes, seconds, thousandths = _clock(samples / SAMPLE_RATE)
    return {
        "/position/smpte": (_timecode(state.reported_s),),
        "/position/time": (f"{hours:02}:{minutes:02}:{seconds:02}.{thousandths:03}",),
        "/position/samples": (str(samples),),
        "/heartbeat": (float(state.from_s % 2.1 < 1.05),),
    }


def _live_lights(state: HostState) -> Words:
    beats = state.bpm / 60
    start_s, end_s = state.loop_s
    return {
        f"{GET}tempo": (state.bpm,),
        f"{GET}loop_start": (start_s * beats,),
        f"{GET}loop_length": ((end_s - start_s) * beats,),
        f"{GET}loop": (state.repeats,),
        f"{GET}is_playing": (state.mode is Roll,),
    }


def _live_report(state: HostState) -> Words:
    return {f"{GET}current_song_time": (state.reported_s * state.bpm / 60,)}


def _moss_lights(state: HostState) -> Words:
    return {
        "/update": (1,),
        "/time/signature": ("4 / 4",),
        "/tempo/raw": (state.bpm,),
        "/repeat": (int(state.repeats),),
        "/play": (int(state.mode is Roll),),
    }


def _moss_report(state: HostState) -> Words:
    hundredths = round(state.reported_s * state.bpm / 60 * 400)
    beat, rest = divmod(hundredths, 400)
    words = f"{beat // 4 + 1}.{beat % 4 + 1:02}.{rest // 100 + 1:02}:{rest % 100:02}"
    return {"/beat/str": (words,)}


def _timecode_report(state: HostState) -> Words:
    return _rolling(state, {"/timecode": (_timecode(state.playhead_s),)})


def _tc_report(state: HostState) -> Words:
    numbers = tuple(int(number) for number in _timecode(state.playhead_s).split(":"))
    return _rolling(state, {"/tc": (*numbers, 1)})


def _none(state: HostState) -> Words:
    return {}


_CUE: Final[tuple[Argument, ...]] = ("5", "song.wav", "CUE", "Audio")


def _qlab_lights(state: HostState) -> Words:
    return {f"/qlab/event/workspace/cue/{'start' if state.mode is Roll else 'stop'}": _CUE}


def _qlab_report(state: HostState) -> Words:
    answer = json.dumps({"status": "ok", "data": state.playhead_s})
    return _rolling(state, {"/reply/workspace/W/cue_id/CUE/actionElapsed": (answer,)})


def _mitti_lights(state: HostState) -> Words:
    return {"/mitti/currentCueName": ("song",), "/mitti/togglePlay": (int(state.mode is Roll),)}


def _mitti_report(state: HostState) -> Words:
    return {"/mitti/cueTimeElapsed": (_timecode(state.reported_s),)}


def _millumin_lights(state: HostState) -> Words:
    word = "mediaStarted" if state.mode is Roll else "mediaStopped"
    return {f"/millumin/layer:bg/{word}": (1, "song.mov", LENGTH_S)}


def _millumin_report(state: HostState) -> Words:
    return _rolling(state, {"/millumin/layer:bg/media/time": (state.playhead_s, LENGTH_S)})


def _resolume_lights(state: HostState) -> Words:
    clip = "/composition/layers/1/clips/2/transport/position"
    return {f"{clip}/behaviour/duration": (LENGTH_S / WEEK_S,)}


def _resolume_report(state: HostState) -> Words:
    return {"/composition/layers/1/position": (state.reported_s / LENGTH_S,)}


def _disguise_lights(state: HostState) -> Words:
    return {"/d3/showcontrol/playmode": ("Play" if state.mode is Roll else "Stop",)}


def _disguise_report(state: HostState) -> Words:
    return {"/d3/showcontrol/trackposition": (_timecode(state.reported_s),)}


def _performer_lights(state: HostState) -> Words:
    return {"/TransportState/Get": (2 if state.mode is Roll else 0,)}


def _performer_report(state: HostState) -> Words:
    return {"/Get_Time": (state.reported_s * SAMPLE_RATE,)}


SIMULATED: Final[dict[str, SimulatedHost]] = {
    "reaper": SimulatedHost(reaper_lights, _reaper_report, REPORTS_HZ, SEND_DELAY_S, bundled=True),
    "ardour": SimulatedHost(_ardour_lights, _ardour_report, 10.05, 0.007, whole=True),
    "live": SimulatedHost(_live_lights, _live_report, 10.0, 0.02),
    "drivenbymoss": SimulatedHost(_moss_lights, _moss_report, 20.0, 0.02, bundled=True),
    "timecode": SimulatedHost(_none, _timecode_report, 25.0, 0.005),
    "reatc": SimulatedHost(_none, _tc_report, 25.0, 0.005),
    "qlab": SimulatedHost(_qlab_lights, _qlab_report, 10.0, 0.02),
    "mitti": SimulatedHost(_mitti_lights, _mitti_report, 25.0, 0.02),
    "millumin": SimulatedHost(_millumin_lights, _millumin_report, 25.0, 0.02),
    "resolume": SimulatedHost(_resolume_lights, _resolume_report, 30.0, 0.02),
    "disguise": SimulatedHost(_disguise_lights, _disguise_report, 30.0, 0.02),
    "digital-performer": SimulatedHost(_performer_lights, _performer_report, 10.0, 0.02),
}
"""The hosts that `scorelock simulate` knows, at the rates and delays that were measured of them;
where nobody has measured (DrivenByMoss, media servers), a plausible rate and 20 ms."""
