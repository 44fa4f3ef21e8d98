"""The desk in a browser: how exact what it shows is, how smooth, and how soon it is there."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from scorelock.bridge import browsing_js
from scorelock.bridge.browsing import (
    chromium,
    draw_browser_film,
    draw_long_film,
    running_desk,
    wait_until,
)
from scorelock.bridge.console import say
from scorelock.bridge.slow_network import slow_network
from scorelock.engine.errors import MissingPart

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

JITTER_S: Final = 0.05
FILM_S: Final = 300
LONG_S: Final = 7200
OPENINGS: Final = 5
ZOOMS: Final = 6
SOON_S: Final = 180  # a busy machine gets its number too
_BARE: Final = "pages/common/tokens.css"  # a page of the desk's that draws nothing
_SETTLES_MS: Final = 3000

GOALS: Final[Mapping[str, tuple[float, str]]] = {
    "playhead_p99_ms": (20, "playhead as drawn against the MIDI sent, p99"),
    "pages_p99_ms": (15, "two player pages against each other, 50 ms of jitter each way, p99"),
    "frame_p95_ms": (16, "work of a frame while a two-hour cue plays, worst of six zooms, p95"),
    "paint_ms": (500, "first paint of the desk on an analysed cue"),
    "weight_kb": (250, "page weight as it is sent, packed, without score and film"),
    "first_sound_s": (15, "scorelock FILM to first sound, new film of 5 minutes in 1080p"),
}
"""What is wanted of each, at most."""


def measure(now: Callable[[], float], seconds: float) -> dict[str, Any]:
    """Open desks in Chromium and measure them.

    `now` reads `MonotonicClock`. Each part plays for `seconds`; the films are drawn before, and the
    long one is watched and composed, which takes about a minute.

    Returns:
        All of `GOALS`, and what else there is to each: "playhead_p50_ms", "clock_p99_ms" (the
        page's notion of the desk's clock against that clock itself), "picture_p99_ms" (pictures of
        the film against the MIDI sent), "notes"; "pages_p50_ms", "beats"; "frames", a list with
        work and gap from frame to frame of each zoom; "paint_worst_ms", "unpacked_kb", "files";
        "film_s", "long_s".

    Raises:
        MissingPart: Playwright, Chromium or ffmpeg is not installed.
    """
    with ExitStack() as stack:
        browser = stack.enter_context(chromium())
        folder = Path(stack.enter_context(TemporaryDirectory()))
        film, long = folder / "five minutes.mp4", folder / "two hours.mp4"
        draw_browser_film(film, seconds=FILM_S, size=(1920, 1080))
        say("desk: a new film until its first sound ...")
        result: dict[str, Any] = {"film_s": FILM_S, "long_s": LONG_S}
        result |= first_sound(browser, film, now)
        compose(film)
        say("desk: playhead, player pages ...")
        result |= playhead(browser, film, seconds) | pages(browser, film, seconds)
        draw_long_film(long, LONG_S)
        say("desk: composing two hours ...")
        compose(long)
        return result | opening(browser, long) | frames(browser, long, seconds)


def rows(result: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str, str]]:
    """The result as rows of bench, measured, goal, share of the goal and what."""
    for key, (goal, what) in GOALS.items():
        name, unit = key.rsplit("_", 1)
        ours = result[key]
        share = f"{ours / goal:.2f}"
        yield f"desk {name}", f"{ours:.1f} {unit}", f"goal {goal:g} {unit}", share, what


def compose(film: Path) -> None:
    """Watch a film and compose its cue, where there is none.

    Raises:
        MissingPart: it cannot be done here; says what was said.
    """
    if (Path(f"{film}.cue") / "cue.json").exists():
        return
    command = [sys.executable, "-m", "scorelock.bridge.cli", "edit", str(film), "new"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise MissingPart(f"expected {film.name} to be composed, got: {done.stderr.strip()}")


def first_sound(browser: "Browser", film: Path, now: Callable[[], float]) -> dict[str, float]:
    """From the command until the page's meter shows a level; Play is pressed at once."""
    began_s = now()
    with running_desk(film) as desk, _page(browser, desk.url) as page:
        served_s = now()
        page.get_by_role("button", name="Play", exact=True).click()
        meter = page.get_by_role("meter")
        wait_until(page, lambda: (meter.get_attribute("aria-valuenow") or "0") != "0", SOON_S)
        return {"first_sound_s": now() - began_s, "served_s": served_s - began_s}


def playhead(browser: "Browser", film: Path, seconds: float) -> dict[str, float]:
    """Play the film in the page, and compare what is drawn with what is sent."""
    with running_desk(film) as desk, _page(browser, desk.url) as page:
        origin_s = page_origin(page)
        page.evaluate(browsing_js.WATCH_PLAYHEAD)
        page.get_by_role("button", name="Play", exact=True).click()
        page.wait_for_timeout(_SETTLES_MS)
        page.evaluate("noted.notes.length = 0")
        page.wait_for_timeout(1000 * seconds)
        noted = page.evaluate("noted")
    apart = against_notes(noted["frames"], noted["notes"], origin_s)
    pictures = against_notes(noted["pictures"], noted["notes"], origin_s)
    clock = [abs(told - (at_s + origin_s)) for at_s, told in noted["clock"]]
    return {
        "playhead_p50_ms": _ms(apart, 50),
        "playhead_p99_ms": _ms(apart, 99),
        "picture_p99_ms": _ms(pictures, 99),
        "clock_p99_ms": _ms(clock, 99),
        "notes": len(apart),
    }


def pages(browser: "Browser", film: Path, seconds: float) -> dict[str, float]:
    """Two players' pages over slow networks while the house transport rolls."""
    with ExitStack() as stack:
        desk = stack.enter_context(running_desk(film))
        networks = [
            stack.enter_context(slow_network(desk.port, jitter_s=JITTER_S, seed=seed))
            for seed in range(2)
        ]
        conductor = stack.enter_context(_page(browser, f"{desk.url}{_BARE}"))
        players = [
            stack.enter_context(_page(browser, f"http://127.0.0.1:{network.port}/player/"))
            for network in networks
        ]
        roll_the_house(conductor)
        apart = compare_beats(players, seconds)
    return {
        "pages_p50_ms": _ms(apart, 50),
        "pages_p99_ms": _ms(apart, 99),
        "beats": len(apart),
    }


def opening(browser: "Browser", film: Path) -> dict[str, float]:
    """Open the page of an analysed cue, each time in a browser that knows nothing of it."""
    found = []
    with running_desk(film) as desk:
        for _ in range(OPENINGS):
            with _page(browser, desk.url) as page:
                page.wait_for_timeout(1000)
                found.append(page.evaluate(browsing_js.OPENING))
    return {
        "paint_ms": median(each["paint_ms"] for each in found),
        "paint_worst_ms": max(each["paint_ms"] for each in found),
        "weight_kb": found[0]["sent"] / 1000,
        "unpacked_kb": found[0]["unpacked"] / 1000,
        "files": found[0]["files"],
    }


def frames(browser: "Browser", film: Path, seconds: float) -> dict[str, Any]:
    """Play a long cue at six zooms, from all of it to a few beats."""
    noting = f"({browsing_js.WATCH_FRAMES})()"
    with running_desk(film) as desk, _page(browser, desk.url, noting) as page:
        page.get_by_role("button", name="Play", exact=True).click()
        page.wait_for_timeout(_SETTLES_MS)
        found = [_frames_at(page, zoom, seconds / ZOOMS) for zoom in range(ZOOMS)]
    return {"frames": found, "frame_p95_ms": max(each["work_p95_ms"] for each in found)}


def _frames_at(page: "Page", zoom: int, seconds: float) -> dict[str, float]:
    """In milliseconds: the work of a frame, and from frame to frame, 95th percentiles."""
    page.keyboard.press("0")
    for _ in range(4 * zoom):
        page.keyboard.press("+")
    page.wait_for_timeout(1000)
    page.evaluate("noted.work.length = noted.gaps.length = 0")
    page.wait_for_timeout(1000 * seconds)
    noted = page.evaluate("noted")
    work, gap = (float(np.percentile(noted[key], 95)) for key in ("work", "gaps"))
    return {"work_p95_ms": work, "gap_p95_ms": gap}


@contextmanager
def _page(browser: "Browser", url: str, init: str = "") -> Iterator["Page"]:
    """A page in a browser that has nothing kept, with a script that runs before its own."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        if init:
            context.add_init_script(init)
        page = context.new_page()
        page.goto(url)
        yield page
    finally:
        context.close()


def page_origin(page: "Page") -> float:
    """The machine's clock at the zero of `performance.now()`: both count on its monotonic clock."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "NavigationStart"))


def roll_the_house(page: "Page", round_s: float | None = None) -> None:
    """Have the house transport lead, and roll from the film's start, or round and round from it."""
    roll = [
        {"kind": "lead", "host": "house"},
        {"kind": "loop", "span_s": None if round_s is None else [0.0, round_s]},
        {"kind": "locate", "position_s": 0.0},
        {"kind": "play"},
    ]
    page.evaluate(browsing_js.SPEAK, roll)


def compare_beats(players: Sequence["Page"], seconds: float) -> list[float]:
    """How far apart the same beat falls on players' pages, in seconds, as each page has it at the
    same time: every page against the first.
    """
    origins = [page_origin(page) for page in players]
    for page in players:
        page.wait_for_selector("[data-at]", state="attached")
        page.evaluate(browsing_js.WATCH_BEATS)
    players[0].wait_for_timeout(1000 * seconds)
    first, *others = (
        [
            (at_s + origin_s, beat, fell_s + origin_s)
            for at_s, beat, fell_s in page.evaluate("noted")
        ]
        for page, origin_s in zip(players, origins, strict=True)
    )
    return [apart_s for other in others for apart_s in _beats_apart(first, other)]


def _beats_apart(
    one: Sequence[tuple[float, str, float]], other: Sequence[tuple[float, str, float]]
) -> Iterator[float]:
    times = np.array([at_s for at_s, _, _ in other])
    for at_s, beat, fell_s in one:
        near = int(np.abs(times - at_s).argmin())
        if other[near][1] == beat:
            yield abs(other[near][2] - fell_s)


def against_notes(
    shown: Sequence[tuple[float, float]], notes: Sequence[tuple[float, float]], origin_s: float
) -> list[float]:
    """How far what was shown (page's seconds, film's) was from each note when it was sent."""
    at, film = (np.array(column) for column in zip(*shown, strict=True))
    return [
        abs(float(np.interp(sent_s - origin_s, at, film)) - film_s)
        for sent_s, film_s in notes
        if at[0] <= sent_s - origin_s <= at[-1]
    ]


def _ms(errors_s: Sequence[float], percent: float) -> float:
    return float(1000 * np.percentile(errors_s, percent)) if errors_s else float("inf")
