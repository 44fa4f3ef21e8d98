"""`scorelock FILM` for the first time: it is seen and heard, or it is said why not."""

import re
from pathlib import Path

from desk_page import (
    FILM_S,
    OpenDesk,
    Visit,
    await_film,
    await_score,
    await_sound,
    bar_and_beat,
    film_at,
    play,
    stop,
)
from playwright.sync_api import expect

from scorelock.bridge.demo_film import draw_demo_film


def test_a_new_film_is_seen_and_heard(new_film: Path, open_desk: OpenDesk, visit: Visit) -> None:
    page = visit(open_desk(new_film).url)
    play(page)
    await_sound(page)
    assert film_at(page) > 0
    assert re.search(r"\d", bar_and_beat(page))
    score = await_score(page, lambda score: bool(score["notes"]))
    assert round(score["duration_s"]) == FILM_S
    stop(page)
    stood = film_at(page)
    page.wait_for_timeout(400)
    assert film_at(page) == stood


def test_a_browser_without_web_audio_says_so_and_plays_on(
    film: Path, open_desk: OpenDesk, visit: Visit
) -> None:
    silent = "delete window.AudioContext; delete window.webkitAudioContext;"
    page = visit(open_desk(film).url, init=silent)
    expect(page.get_by_text("This browser makes no sound of its own")).to_be_visible()
    play(page)
    await_film(page, "video.currentTime > 1")


def test_a_film_that_the_browser_cannot_show_is_copied_for_it(
    tmp_path: Path, open_desk: OpenDesk, visit: Visit
) -> None:
    film = tmp_path / "old coding.mp4"
    draw_demo_film(film, seconds=6)  # MPEG-4 part 2, which no browser shows
    page = visit(open_desk(film).url)
    expect(page.get_by_text("This browser cannot show the film")).to_be_visible()
    page.get_by_role("button", name="Make a copy that it can show").click()
    await_film(page, "video.videoWidth > 0")
    expect(page.get_by_text("This browser cannot show the film")).to_be_hidden()
    await_score(page, lambda score: True)
    play(page)
    await_film(page, "video.currentTime > 1")
