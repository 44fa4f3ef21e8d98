"""Pictures of the desk and of the players' page, for eyes: `python .../screenshots.py FOLDER`.

Both themes; a score that plays, none yet, a desk that is gone, five seconds and two hours.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Literal

from scorelock.bridge.bench_desk import compose
from scorelock.bridge.browsing import (
    RunningDesk,
    chromium,
    draw_browser_film,
    draw_long_film,
    running_desk,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DESK: Final = (1280, 720)
WIDE: Final = (1920, 1080)
PHONE: Final = (390, 844)
TABLET: Final = (1024, 1366)
SETTLES_MS: Final = 4000
Theme = Literal["dark", "light"]


@contextmanager
def page_of(
    browser: "Browser", url: str, size: tuple[int, int], theme: Theme = "dark"
) -> Iterator["Page"]:
    """A page of its own."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=theme
    )
    try:
        page = context.new_page()
        page.goto(url)
        yield page
    finally:
        context.close()


def desk_pictures(browser: "Browser", desk: RunningDesk, into: Path, name: str) -> None:
    """The desk while it plays, in both themes and sizes."""
    for theme in ("dark", "light"):
        for size in (DESK, WIDE):
            with page_of(browser, desk.url, size, theme) as page:
                page.get_by_role("button", name="Play", exact=True).click()
                page.wait_for_timeout(SETTLES_MS)
                page.screenshot(path=into / f"{name}-{theme}-{size[0]}.png")


def player_pictures(browser: "Browser", desk: RunningDesk, into: Path) -> None:
    """The players' page while the desk plays, in both themes and as a phone and a tablet."""
    with page_of(browser, desk.url, DESK) as conductor:
        conductor.get_by_role("button", name="Play", exact=True).click()
        for theme in ("dark", "light"):
            for what, size in (("phone", PHONE), ("tablet", TABLET)):
                with page_of(browser, f"{desk.url}player/", size, theme) as page:
                    page.wait_for_timeout(SETTLES_MS)
                    page.screenshot(path=into / f"player-{theme}-{what}.png")


def empty_and_gone(browser: "Browser", new: Path, into: Path) -> None:
    """The desk of a film that is still being watched, and pages whose desk is no more."""
    with running_desk(new) as desk, page_of(browser, desk.url, DESK) as page:
        page.screenshot(path=into / "desk-empty.png")
        with page_of(browser, f"{desk.url}player/", PHONE) as player:
            page.wait_for_timeout(SETTLES_MS)
            desk.kill()
            page.wait_for_timeout(SETTLES_MS)
            page.screenshot(path=into / "desk-gone.png")
            player.screenshot(path=into / "player-gone.png")


def main(into: Path) -> None:
    """Draw the films and take all pictures."""
    into.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder, chromium() as browser:
        minute, five, long, new = (
            Path(folder) / f"{name}.mp4"
            for name in ("a minute", "five seconds", "two hours", "new")
        )
        draw_browser_film(new, seconds=120, size=WIDE)
        empty_and_gone(browser, new, into)
        draw_browser_film(minute, seconds=60)
        draw_browser_film(five, seconds=5)
        draw_long_film(long, 7200)
        for film, name in ((minute, "desk"), (five, "desk-five-seconds"), (long, "desk-two-hours")):
            compose(film)
            with running_desk(film) as desk:
                desk_pictures(browser, desk, into, name)
                if film is minute:
                    player_pictures(browser, desk, into)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
