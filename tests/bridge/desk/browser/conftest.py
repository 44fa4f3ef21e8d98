"""A real desk, a real browser, and a rule: no page may err, and none breaks the content policy."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from desk_page import FILM_S, SOON_S, OpenDesk, Theme, Visit

from scorelock.bridge.browsing import (
    RunningDesk,
    chromium,
    draw_browser_film,
    running_desk,
)
from scorelock.engine.errors import MissingPart

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
playwright.expect.set_options(timeout=1000 * SOON_S)
ENV = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
GONE = re.compile("ERR_|WebSocket|Failed to (fetch|load)")
"""What a browser itself says of a desk or a network that is not there."""


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """One browser a module: while it is open, its thread cannot run another event loop."""
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(chromium())
        except MissingPart as err:
            pytest.skip(f"needs Chromium: {err}")
        yield opened


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of `FILM_S`."""
    film = tmp_path_factory.mktemp("drawn") / "a short film.mp4"
    try:
        draw_browser_film(film, seconds=FILM_S)
    except MissingPart as err:
        pytest.skip(f"needs the program ffmpeg: {err}")
    return film


@pytest.fixture
def new_film(drawn: Path, tmp_path: Path) -> Path:
    """A film that nobody has watched yet."""
    return Path(shutil.copy(drawn, tmp_path / "a new film.mp4"))


@pytest.fixture(scope="session")
def composed(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film with its cue beside it."""
    film = Path(shutil.copy(drawn, tmp_path_factory.mktemp("composed")))
    command = [sys.executable, "-m", "scorelock.bridge.cli", "edit", str(film), "new"]
    subprocess.run(command, env=ENV, check=True, capture_output=True)
    return film


@pytest.fixture
def film(composed: Path, tmp_path: Path) -> Path:
    """A film of this test's own, with its cue."""
    shutil.copytree(f"{composed}.cue", tmp_path / f"{composed.name}.cue")
    return Path(shutil.copy(composed, tmp_path))


@pytest.fixture
def open_desk() -> Iterator[OpenDesk]:
    """Opens the desk of a film: `open_desk(film, *options, command="desk")`."""
    with ExitStack() as stack:

        def opened(film: Path, *options: str, command: str = "desk") -> RunningDesk:
            listen = () if "--listen" in options else ("--listen", "127.0.0.1:0")
            desk = running_desk(film, *listen, *options, command=command, env=ENV)
            return stack.enter_context(desk)

        yield opened


@pytest.fixture
def visit(browser: "Browser") -> Iterator[Visit]:
    """Opens an address in a browser of its own: `visit(url, network_goes=False, init="", ...)`.

    What any page says as an error fails the test at its end; with `network_goes`, what the browser
    says of a desk that is not there does not.
    """
    errors: list[str] = []
    contexts: list[BrowserContext] = []

    def opened(
        url: str, *, network_goes: bool = False, init: str = "", theme: Theme = "dark"
    ) -> "Page":
        context = browser.new_context(
            viewport={"width": 1280, "height": 720}, color_scheme=theme, accept_downloads=True
        )
        contexts.append(context)
        if init:
            context.add_init_script(init)
        page = context.new_page()
        page.set_default_timeout(1000 * SOON_S)

        def heed(words: str) -> None:
            if not (network_goes and GONE.search(words)):
                errors.append(words)

        page.on("pageerror", lambda error: heed(str(error)))
        page.on("console", lambda said: heed(said.text) if said.type == "error" else None)
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []
