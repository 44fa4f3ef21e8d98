"""The folder of models that were added: found, replaced whole, removed."""

import os
from pathlib import Path

import pytest

from scorelock.engine.errors import BadSetting, MissingPart
from scorelock.engine.model_shelf import (
    is_kept,
    kept_model,
    kept_models,
    models_folder,
    shelving,
    take_off,
)


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SCORELOCK_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def put(name: str, text: str) -> None:
    with shelving(name) as folder:
        (folder / "file").write_text(text)


def test_without_a_word_models_are_the_users_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCORELOCK_MODELS")
    assert models_folder().parts[-2:] == ("scorelock", "models")


def test_what_was_put_is_there_until_it_is_taken_off(shelf: Path) -> None:
    assert kept_models() == []
    put("one", "1")
    put("a-two", "2")
    assert kept_models() == ["a-two", "one"]
    assert (kept_model("one") / "file").read_text() == "1"
    take_off("one")
    assert [entry.name for entry in shelf.iterdir()] == ["a-two"]
    with pytest.raises(MissingPart, match="scorelock models add clip --as one"):
        kept_model("one")
    for name in ("clip", "basic-pitch"):
        with pytest.raises(MissingPart, match=f"scorelock models add {name}$"):
            kept_model(name)
    with pytest.raises(MissingPart):
        take_off("one")


def test_a_new_one_takes_the_old_ones_place_whole(shelf: Path) -> None:
    put("one", "old")
    (shelf / "one" / "more").write_text("of the old one")
    put("one", "new")
    assert [entry.name for entry in (shelf / "one").iterdir()] == ["file"]
    assert (shelf / "one" / "file").read_text() == "new"
    assert [entry.name for entry in shelf.iterdir()] == ["one"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_fails_leaves_the_old_one(error: type[BaseException], shelf: Path) -> None:
    put("one", "old")

    def fail() -> None:
        with shelving("one") as folder:
            (folder / "file").write_text("half")
            assert (shelf / "one" / "file").read_text() == "old"
            raise error

    with pytest.raises(error):
        fail()
    assert (shelf / "one" / "file").read_text() == "old"
    assert [entry.name for entry in shelf.iterdir()] == ["one"]


@pytest.mark.parametrize("name", ["", ".", "..", "../other", "a/b", "/tmp", ".hidden", "a\nb"])
def test_a_name_stays_on_the_shelf(name: str) -> None:
    for act in (kept_model, take_off, put_nothing):
        with pytest.raises(BadSetting, match="expected a plain name"):
            act(name)


def test_what_a_kill_left_goes_a_day_after(shelf: Path) -> None:
    """Not sooner, for another one may be adding the same; and nothing of others."""
    put("one", "1")
    left = {name: shelf / name for name in (".one.a.part", ".one.b.part", ".two.c.part")}
    for folder in left.values():
        (folder / "new").mkdir(parents=True)
    day_before = left[".one.b.part"].stat().st_mtime - 90_000
    for name in (".one.a.part", ".two.c.part"):
        os.utime(left[name], (day_before, day_before))
    put("one", "2")
    assert {entry.name for entry in shelf.iterdir()} == {"one", ".one.b.part", ".two.c.part"}
    assert kept_models() == ["one"]


def test_a_shelf_that_cannot_be_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCORELOCK_MODELS", "/tmp/" + 300 * "x")
    assert kept_models() == []
    assert not is_kept("clip")
    with pytest.raises(MissingPart):
        kept_model("clip")
    with pytest.raises(BadSetting, match="name another folder in"):
        put("one", "1")


def put_nothing(name: str) -> None:
    with shelving(name):
        pass


def test_no_room_is_said_in_one_line(shelf: Path) -> None:
    shelf.write_text("a file stands here")
    with pytest.raises(BadSetting, match="name another folder in") as caught:
        put("one", "1")
    assert "\n" not in str(caught.value)
    assert kept_models() == []
