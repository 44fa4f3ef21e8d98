"""Both pages pass axe's rules in the dark and in the light."""

from pathlib import Path

import pytest
from desk_page import OpenDesk, Theme, Visit, await_film, play, timeline
from playwright.sync_api import Page, expect

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe")
RULES: dict[Theme, list[str]] = {
    "dark": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    "light": ["color-contrast", "link-in-text-block"],
}
"""The themes differ in their colours alone: in the light these are the rules that look at them."""


def found(page: Page, theme: Theme) -> list[str]:
    """What axe does not like: the rule, why, and where."""
    answer = axe.Axe().run(page, options={"runOnly": RULES[theme]}).response
    return [
        f"{rule['id']}: {rule['help']}: {node['html']}"
        for rule in answer["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_desk_is_accessible(
    theme: Theme, film: Path, open_desk: OpenDesk, visit: Visit
) -> None:
    page = visit(open_desk(film, "--local", command="rehearse").url, theme=theme)
    expect(page.get_by_text("Click a chord to change it")).to_be_visible()
    play(page)
    await_film(page, "video.currentTime > 0.5")
    for tab in page.get_by_role("tab").all():
        tab.click()
        assert found(page, theme) == [], tab.inner_text()
    page.get_by_role("button", name="Show the QR code large").click()
    expect(page.get_by_role("dialog", name="The way in for players")).to_be_visible()
    assert found(page, theme) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert found(page, theme) == []
    page.keyboard.press("Escape")
    timeline(page).focus()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Chord", exact=True)).to_be_focused()
    assert found(page, theme) == []


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_players_page_is_accessible(
    theme: Theme, film: Path, open_desk: OpenDesk, visit: Visit
) -> None:
    page = visit(f"{open_desk(film).url}player/", theme=theme)
    expect(page.get_by_text("In time")).to_be_visible()
    assert found(page, theme) == []
    page.get_by_role("button", name="Options").click()
    assert found(page, theme) == []
