"""Play parts of one's own on a host's time: python examples/follow_a_host.py [SECONDS]"""

import sys
from fractions import Fraction
from threading import Timer

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.dialects import hosts
from scorelock.bridge.osc_in import OscIn
from scorelock.bridge.ports import midi_out_or_none, open_port
from scorelock.bridge.session import LiveSession
from scorelock.bridge.show import Show
from scorelock.engine.score import Note, Part, Performance
from scorelock.engine.timebase import FrameRate

pulse = tuple(Note(beat / 2, 0.1, 60 + beat % 8, 90, channel=0) for beat in range(240))
clock, rate = MonotonicClock(), FrameRate(Fraction(25))
out = midi_out_or_none(None, print, open_port)
show = Show(Performance((Part("pulse", pulse),), duration_s=120.0))
with LiveSession(show, None, [out], OscIn("127.0.0.1:0", clock), hosts(rate), clock) as live:
    print("the host sends OSC to {}:{}".format(*live.address))
    if sys.argv[1:]:
        Timer(float(sys.argv[1]), live.end).start()
    live.run()
print(live.report())
