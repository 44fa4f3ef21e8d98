"""Folders of this machine and of object stores do the same; what goes wrong is one line."""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event
from uuid import uuid4

import pytest

pytest.importorskip("fsspec", reason="needs fsspec: pip install 'scorelock[dataset]'")

from scorelock.engine.errors import BadSetting, MissingPart
from scorelock.training import stalls
from scorelock.training.dataset.store import (
    PART,
    LocalFolder,
    Store,
    fetch,
    local_path,
    open_store,
)
from scorelock.training.dataset.trouble import BadPlace, DiskFull
from scorelock.training.stalls import Stalled


@pytest.fixture(params=["path", "file", "memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty folder."""
    if request.param == "s3":
        return f"{request.getfixturevalue('s3')}/{uuid4().hex}"
    if request.param == "memory":
        return f"memory://{uuid4().hex}"
    folder = tmp_path / "a folder"
    folder.mkdir()
    return str(folder) if request.param == "path" else folder.as_uri()


def never(name: str, why: str) -> None:
    pytest.fail(f"{name}: {why}")


def walked(store: Store) -> list[str]:
    return [found.name for found in store.walk(never)]


def test_what_is_written_is_read(place: str) -> None:
    store = open_store(place)
    store.write("songs/a.song", b"first")
    store.write("songs/a.song", b"second")
    store.write_all({"songs/b.song": b"", "songs/deep/c.song": b"c", "d": b"d"})
    assert store.read("songs/a.song") == b"second"
    assert store.read("songs/b.song") == b""
    assert store.read("songs/no.song") is None
    assert store.names("songs") == ["a.song", "b.song"]
    assert store.names() == ["d"]
    assert store.names("nothing") == []
    assert sorted(walked(store)) == ["d", "songs/a.song", "songs/b.song", "songs/deep/c.song"]
    store.remove(["d", "songs/no.song"])
    assert sorted(walked(store)) == ["songs/a.song", "songs/b.song", "songs/deep/c.song"]


def test_a_file_is_fetched_by_its_url(place: str) -> None:
    store = open_store(place)
    store.write("deep/a film.mp4", b"frames")
    (found,) = store.walk(never)
    assert (found.name, found.size) == ("deep/a film.mp4", 6)
    with fetch(found.url) as path:
        assert (path.read_bytes(), path.suffix) == (b"frames", ".mp4")
    assert path.exists() == (local_path(place) is not None)


def test_a_store_that_answers_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    from fsspec.implementations.memory import MemoryFileSystem

    held, copies = Event(), []

    def half(system: object, source: str, copy: str) -> None:
        copies.append(Path(copy))
        Path(copy).write_bytes(b"half of")
        held.wait()

    monkeypatch.setattr(MemoryFileSystem, "get_file", half)
    monkeypatch.setattr(stalls, "PATIENCE_S", 0.05)
    wanted = "expected memory://films/a.mp4 to arrive, nothing came for"
    with pytest.raises(Stalled, match=wanted), fetch("memory://films/a.mp4"):
        pytest.fail("half a film was given out")
    assert not copies[0].exists()
    held.set()


def test_a_stamp_tells_a_change(place: str) -> None:
    store = open_store(place)
    store.write("a.mp4", b"old")
    store.write("b.mp4", b"as it is")
    before = {found.name: found.stamp for found in store.walk(never)}
    again = {found.name: found.stamp for found in store.walk(never)}
    store.write("a.mp4", b"new")
    after = {found.name: found.stamp for found in store.walk(never)}
    assert before == again
    assert before["a.mp4"] != after["a.mp4"]
    assert before["b.mp4"] == after["b.mp4"]


def test_a_folder_is_not_entered_unless_asked_for(place: str) -> None:
    store = open_store(place)
    store.write_all({"in/a": b"", "out/b": b"", "in/out/c": b""})
    found = store.walk(never, lambda name: not name.endswith("out"))
    assert [each.name for each in found] == ["in/a"]


def test_what_a_dead_writer_left_is_swept(place: str) -> None:
    store = open_store(place)
    store.write_all({f"songs/.a.song.12{PART}": b"half", "songs/a.song": b"whole"})
    store.sweep("songs")
    assert store.names("songs") == ["a.song"]


def test_nothing_there_is_one_line(place: str) -> None:
    with pytest.raises(BadPlace, match="found nothing there") as raised:
        list(open_store(f"{place}/missing").walk(never))
    assert "\n" not in str(raised.value)
    with pytest.raises(BadPlace, match="found nothing there"), fetch(f"{place}/no.mp4") as path:
        path.read_bytes()


def test_no_such_bucket(s3: str) -> None:
    with pytest.raises(BadPlace, match="expected s3://no-such-bucket/films, found nothing"):
        list(open_store("s3://no-such-bucket/films").walk(never))


def test_no_such_protocol_and_no_package_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadSetting, match="nothing speaks nosuch://"):
        open_store("nosuch://place")
    import fsspec

    fsspec.get_filesystem_class("memory")
    monkeypatch.setitem(sys.modules, "adlfs", None)
    with pytest.raises(MissingPart, match=r"expected a package that speaks abfs://.*adlfs"):
        open_store("abfs://container/films")


def test_links_in_circles_end(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "film.mp4").touch()
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "b" / "self").symlink_to("self")
    (tmp_path / "again").symlink_to("a")
    (tmp_path / "same.mp4").symlink_to("a/film.mp4")
    told: list[str] = []
    found = {
        each.name: each.itself for each in LocalFolder(tmp_path).walk(lambda n, w: told.append(n))
    }
    assert sorted(found) == ["a/film.mp4", "same.mp4"]
    assert found["a/film.mp4"] == found["same.mp4"]
    assert told == ["a/b/self"]


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "gone.mp4").symlink_to("nowhere")
    told: dict[str, str] = {}
    assert list(LocalFolder(tmp_path).walk(told.__setitem__)) == []
    assert told == {"gone.mp4": "No such file or directory", "pipe.mp4": "no file"}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_from_other_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    store = LocalFolder(tmp_path)
    store.write("a.song", b"whole")

    def full(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull, match="make room and run it again"):
        store.write("a.song", b"half of it")
    assert store.read("a.song") == b"whole"
    assert store.names() == ["a.song"]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for trouble in (
        lambda: LocalFolder(tmp_path / "file").write("a.song", b""),
        lambda: LocalFolder(tmp_path / "file").names(),
    ):
        with pytest.raises(BadPlace) as raised:
            trouble()
        assert "\n" not in str(raised.value)


def test_a_folder_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the system's answer: one who may do all reads every folder."""
    (tmp_path / "closed").mkdir()
    (tmp_path / "film.mp4").touch()
    listed: Callable[..., object] = os.scandir

    def refusing(folder: Path) -> object:
        if Path(folder).name == "closed":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return listed(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    told: dict[str, str] = {}
    assert [each.name for each in LocalFolder(tmp_path).walk(told.__setitem__)] == ["film.mp4"]
    assert told == {"closed": "Permission denied"}
