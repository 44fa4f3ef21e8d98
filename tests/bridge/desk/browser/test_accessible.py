"""Both pages pass axe's rules in the dark and in the light."""

from pathlib import Path

import pytest
from desk_page import OpenDesk, Theme, Visit, play
from playwright.sync_api import Page, expect

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


def found(page: Page) -> list[str]:
    """What axe does not like: the rule, why, and where."""
    answer = axe.Axe().run(page, options=RULES).response
    return [
        f"{rule['id']}: {rule['help']}: {node['html']}"
        for rule in answer["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_desk_is_accessible(
    theme: Theme, film: Path, open_desk: OpenDesk, visit: Visit
) -> None:
    page = visit(open_desk(film).url, theme=theme)
    play(page)
    page.wait_for_timeout(500)
    for tab in page.get_by_role("tab").all():
        tab.click()
        assert found(page) == [], tab.inner_text()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_players_page_is_accessible(
    theme: Theme, film: Path, open_desk: OpenDesk, visit: Visit
) -> None:
    page = visit(f"{open_desk(film).url}player/", theme=theme)
    expect(page.get_by_text("In time")).to_be_visible()
    assert found(page) == []
    page.get_by_role("button", name="Options").click()
    assert found(page) == []
