"""A host takes the lead: the page says who it is, and its picture follows."""

import re
from pathlib import Path

from desk_page import OpenDesk, Visit, await_film, film_at
from playwright.sync_api import expect

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.osc_in import parse_address
from scorelock.bridge.simulate import HostSimulator, script
from scorelock.bridge.simulated_hosts import SIMULATED
from scorelock.bridge.transport import Position, Roll, Stop

LISTEN = "127.0.0.1:18765"
FOLLOWS_S = 0.15


def test_a_simulated_reaper_leads_and_the_film_follows(
    film: Path, open_desk: OpenDesk, visit: Visit
) -> None:
    page = visit(open_desk(film, "--listen", LISTEN).url)
    clock = MonotonicClock()
    moves = Position(0.0, 2.0), Roll(0.5), Stop(8.5)
    host = HostSimulator(script(SIMULATED["reaper"], moves, 60.0), [parse_address(LISTEN)], clock)
    host.start(clock.now())
    page.get_by_role("tab", name="Source").click()
    page.get_by_role("radio", name=re.compile("REAPER")).check()
    expect(page.get_by_text(re.compile("REAPER.*leads|locked", re.I)).first).to_be_visible()
    await_film(page, "video.currentTime > 4")
    apart = []
    for _ in range(10):
        shown_s = film_at(page)
        apart.append(abs(2.0 + clock.now() - host.start_s - 0.5 - shown_s))
        page.wait_for_timeout(100)
    assert min(apart) < FOLLOWS_S, apart
    await_film(page, "video.paused")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
