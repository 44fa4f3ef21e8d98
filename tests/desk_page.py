"""What tests do at the desk's page and ask of it: by role and name, as all its users can."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from scorelock.bridge.browsing import RunningDesk, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

FILM_S = 40
SOON_S = 30  # a machine that runs all tests at once is slow
Theme = Literal["dark", "light"]


class OpenDesk(Protocol):
    """The fixture `open_desk`."""

    def __call__(self, film: Path, *options: str, command: str = "desk") -> RunningDesk: ...


class Visit(Protocol):
    """The fixture `visit`."""

    def __call__(
        self, url: str, *, network_goes: bool = False, init: str = "", theme: Theme = "dark"
    ) -> "Page": ...


def play(page: "Page") -> None:
    """Press Play."""
    page.get_by_role("button", name="Play", exact=True).click()


def stop(page: "Page") -> None:
    """Press Stop."""
    page.get_by_role("button", name="Stop", exact=True).click()


def await_sound(page: "Page") -> None:
    """Until the meter of the score shows a level."""
    meter = page.get_by_role("meter", name="Level of the score")
    wait_until(page, lambda: (meter.get_attribute("aria-valuenow") or "0") != "0", SOON_S)


def await_film(page: "Page", wanted: str) -> None:
    """Until something is true of the `video`, in JavaScript."""
    video = page.locator("video")
    wait_until(page, lambda: bool(video.evaluate(f"video => {wanted}")), SOON_S)


def score(page: "Page") -> dict[str, Any]:
    """The score as the desk has it now; empty where there is none yet."""
    answer = page.request.get(page.url + "score.json")
    return dict(answer.json()) if answer.ok else {}


def chords(page: "Page") -> list[str]:
    """The names of all chords, in their order."""
    return [chord[2] for chord in score(page).get("chords", [])]


def await_score(page: "Page", is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Wait until something is true of the whole score, no draft; that score."""
    seen: dict[str, Any] = {}

    def looked() -> bool:
        seen.update(score(page))
        return bool(seen) and not seen["draft"] and is_so(seen)

    wait_until(page, looked, 2 * SOON_S)
    return seen


def bar_and_beat(page: "Page") -> str:
    """What the bar counter shows."""
    return page.get_by_role("timer", name="Bar and beat").inner_text()


def film_at(page: "Page") -> float:
    """Where the picture is, seconds."""
    return float(page.locator("video").evaluate("video => video.currentTime"))


def timeline(page: "Page") -> "Locator":
    """The timeline's own region, which takes the keyboard."""
    return page.get_by_role("application", name=re.compile("timeline", re.I))
