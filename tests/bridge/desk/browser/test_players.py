"""Players' pages: on the same beat, on their own while the network is gone, and back in time."""

from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from desk_page import FILM_S, OpenDesk, Visit, score
from playwright.sync_api import expect

from scorelock.bridge.bench_desk import compare_beats, roll_the_house
from scorelock.bridge.slow_network import slow_network

PLAYERS = 20
BARE = "pages/common/tokens.css"  # a page of the desk's that draws nothing
APART_S = 0.015
SELDOM = """window.requestAnimationFrame = (draw) =>
  setTimeout(() => draw(performance.now()), 200 + 100 * Math.random());"""
"""A device that draws only four pictures a second, so that one machine can be twenty of them."""


def test_a_player_comes_in_by_the_link(film: Path, open_desk: OpenDesk, visit: Visit) -> None:
    """From another address than the desk's, which is shut to the network."""
    desk = open_desk(film, "--local", command="rehearse")
    conductor = visit(desk.url)
    conductor.get_by_role("tab", name="Rehearsal").click()
    expect(conductor.get_by_text("0 players here")).to_be_visible()
    link = conductor.get_by_role("textbox", name="Link for players").input_value()
    assert urlsplit(link).port != desk.port
    player = visit(link)
    expect(player.get_by_text("In time")).to_be_visible()
    expect(conductor.get_by_text("1 player here")).to_be_visible()
    first = score(conductor)["chords"][0][2]
    expect(player.get_by_text(first, exact=True).first).to_be_visible()


def test_twenty_players_are_on_the_same_beat(film: Path, open_desk: OpenDesk, visit: Visit) -> None:
    """Every other one over a network with up to 50 ms of delay each way, another each time."""
    desk = open_desk(film)
    conductor = visit(desk.url + BARE, network_goes=True)
    with ExitStack() as stack:
        players = []
        for seed in range(PLAYERS):
            network = slow_network(desk.port, jitter_s=0.05 * (seed % 2), seed=seed)
            port = stack.enter_context(network).port
            players.append(
                visit(f"http://127.0.0.1:{port}/player/", init=SELDOM, network_goes=True)
            )
        for page in players:
            expect(page.get_by_text("In time")).to_be_visible()
        players[0].wait_for_timeout(6000)  # opening so many keeps the machine busy
        roll_the_house(conductor, FILM_S / 2)
        players[0].wait_for_timeout(1000)
        apart = compare_beats(players, 6)
    assert len(apart) > 10 * PLAYERS
    assert np.percentile(apart, 99) < APART_S


def test_a_player_who_loses_the_network_goes_on_and_catches_up(
    film: Path, open_desk: OpenDesk, visit: Visit
) -> None:
    desk = open_desk(film)
    conductor = visit(desk.url + BARE, network_goes=True)
    with slow_network(desk.port) as network:
        url = f"http://127.0.0.1:{network.port}/player/"
        alone, other = visit(url, network_goes=True), visit(f"{desk.url}player/")
        expect(alone.get_by_text("In time")).to_be_visible()
        roll_the_house(conductor, FILM_S / 2)
        for page in (alone, other):  # who has no score yet can do nothing on its own
            page.wait_for_selector("[data-at]", state="attached")
        network.cut()
        expect(alone.get_by_text("On its own")).to_be_visible()
        apart = compare_beats([other, alone], 3)
        assert len(apart) > 30
        assert np.percentile(apart, 99) < APART_S
        alone.wait_for_timeout(2000)
        network.mend()
        expect(alone.get_by_text("In time")).to_be_visible()
        expect(alone.get_by_text("On its own")).to_be_hidden()
