"""A file that stands is never half lost."""

from pathlib import Path

import pytest

from scorelock.engine.errors import BadSetting
from scorelock.engine.files import writing


def test_the_new_file_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with writing(path) as beside:
        beside.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_failure_keeps_the_old_file_and_leaves_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail() -> None:
        with writing(path) as beside:
            beside.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_no_place_to_write_is_one_line(tmp_path: Path) -> None:
    def write() -> None:
        with writing(tmp_path / "missing" / "a.txt") as beside:
            beside.write_text("x")

    with pytest.raises(BadSetting, match=r"expected a place to write .*No such file"):
        write()
