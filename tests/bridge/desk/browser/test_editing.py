"""Edits at the desk: heard of by all its pages, taken back, kept whatever happens to the desk."""

from pathlib import Path

from desk_page import (
    OpenDesk,
    Visit,
    await_film,
    await_score,
    chords,
    film_at,
    play,
    score,
    timeline,
)
from playwright.sync_api import Page, expect

from scorelock.bridge.browsing import RunningDesk


def other(chord: str) -> str:
    """Another chord than this one."""
    return "Gm" if chord != "Gm" else "Cm"


def set_first_chord(page: Page, chord: str) -> None:
    """By the keyboard alone: to the timeline, to its first chord, into its dialog."""
    timeline(page).focus()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    field = page.get_by_role("combobox", name="Chord", exact=True)
    expect(field).to_be_focused()
    page.keyboard.type(chord)
    page.keyboard.press("Enter")
    await_score(page, lambda score: bool(score["chords"][0][2] == chord))


def opened(desk: RunningDesk, visit: Visit, *, network_goes: bool = False) -> Page:
    """A page that has its score."""
    page = visit(desk.url, network_goes=network_goes)
    expect(page.get_by_text("Click a chord to change it")).to_be_visible()
    return page


def test_a_chord_is_changed_and_taken_back(film: Path, open_desk: OpenDesk, visit: Visit) -> None:
    page = opened(open_desk(film), visit)
    before = chords(page)
    wanted = other(before[0])
    set_first_chord(page, wanted)
    assert chords(page)[1:] == before[1:]
    page.get_by_role("button", name="Undo").click()
    await_score(page, lambda score: [chord[2] for chord in score["chords"]] == before)
    page.get_by_role("button", name="Redo").click()
    await_score(page, lambda score: bool(score["chords"][0][2] == wanted))


def test_a_chord_that_is_none_is_refused_in_words(
    film: Path, open_desk: OpenDesk, visit: Visit
) -> None:
    page = opened(open_desk(film), visit)
    before = score(page)
    timeline(page).focus()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.keyboard.type("Hq7")
    page.keyboard.press("Enter")
    field = page.get_by_role("combobox", name="Chord", exact=True)
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("Hq7")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    assert score(page) == before
    page.keyboard.type(other(before["chords"][0][2]))
    expect(field).not_to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_lock_survives_a_reload_and_a_desk_that_was_killed(
    film: Path, open_desk: OpenDesk, visit: Visit
) -> None:
    desk = open_desk(film)
    page = opened(desk, visit, network_goes=True)
    assert not score(page)["chords"][0][6]
    timeline(page).focus()
    page.keyboard.press("Home")
    page.keyboard.press("l")
    locked = await_score(page, lambda score: bool(score["chords"][0][6]))
    page.reload()
    assert score(page)["chords"] == locked["chords"]
    play(page)
    await_film(page, "video.currentTime > 1")
    desk.kill()
    expect(page.get_by_role("alert").get_by_text("does not answer")).to_be_visible()
    stood = film_at(page)
    open_desk(film, "--port", str(desk.port))
    expect(page.get_by_role("alert").get_by_text("does not answer")).to_be_hidden()
    again = await_score(page, lambda score: True)
    assert again["chords"] == locked["chords"]
    page.wait_for_timeout(1500)
    assert abs(film_at(page) - stood) < 0.1
    page.get_by_role("button", name="Undo").click()
    await_score(page, lambda score: not score["chords"][0][6])


def test_two_desks_see_each_others_edits(film: Path, open_desk: OpenDesk, visit: Visit) -> None:
    desk = open_desk(film)
    one, two = opened(desk, visit), opened(desk, visit)
    before = chords(one)
    undo = two.get_by_role("button", name="Undo")
    expect(undo).to_be_disabled()
    wanted = other(before[0])
    set_first_chord(one, wanted)
    expect(undo).to_be_enabled()
    timeline(two).focus()
    two.keyboard.press("Home")
    two.keyboard.press("Enter")
    expect(two.get_by_role("combobox", name="Chord", exact=True)).to_have_value(wanted)
    two.keyboard.press("Escape")
    undo.click()
    await_score(one, lambda score: [chord[2] for chord in score["chords"]] == before)
    expect(one.get_by_role("button", name="Undo")).to_be_disabled()


def test_all_tracks_are_seen_and_the_height_is_shared_anew(
    film: Path, open_desk: OpenDesk, visit: Visit
) -> None:
    page = opened(open_desk(film), visit)
    tracks = [page.get_by_role("button", name=name, exact=True) for name in ("Picture", "Notes")]
    for track in tracks:
        expect(track).to_be_in_viewport(ratio=1)
    split = page.get_by_role("separator")
    split.focus()
    page.keyboard.press("ArrowUp")
    higher = split.bounding_box()
    page.keyboard.press("End")
    expect(tracks[1]).not_to_be_in_viewport()
    lower = split.bounding_box()
    assert higher is not None
    assert lower is not None
    assert higher["y"] < lower["y"]
    page.reload()
    expect(split).to_have_attribute("aria-valuenow", split.get_attribute("aria-valuemax") or "")


def test_the_desk_is_used_without_a_mouse(film: Path, open_desk: OpenDesk, visit: Visit) -> None:
    page = opened(open_desk(film), visit)
    before = chords(page)
    page.keyboard.press("Space")
    await_film(page, "video.currentTime > 0.5")
    page.keyboard.press("Space")
    await_film(page, "video.paused")
    for _ in range(60):  # Tab reaches the timeline
        page.keyboard.press("Tab")
        if timeline(page).evaluate("region => region === document.activeElement"):
            break
    expect(timeline(page)).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.keyboard.type(other(before[0]))
    page.keyboard.press("Enter")
    await_score(page, lambda score: bool(score["chords"][0][2] == other(before[0])))
    page.keyboard.press("Control+z")
    await_score(page, lambda score: [chord[2] for chord in score["chords"]] == before)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
