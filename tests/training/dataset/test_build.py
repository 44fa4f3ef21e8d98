"""Builds go on where they were, whatever happened; nothing that was made is lost or made twice."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from training.dataset.made_songs import made_song

from scorelock.engine.errors import BadSetting, ScorelockError
from scorelock.training.dataset import build as module
from scorelock.training.dataset import gather as gathering
from scorelock.training.dataset import report as reporting
from scorelock.training.dataset.build import Job, build
from scorelock.training.dataset.make import Equipment
from scorelock.training.dataset.order import Done, Order
from scorelock.training.dataset.report import Report
from scorelock.training.dataset.shelf import Shelf
from scorelock.training.dataset.song import Failed
from scorelock.training.dataset.store import open_store
from scorelock.training.dataset.trouble import DiskFull

Work = Callable[[Order], Done]


@dataclass
class Screen:
    """What the user was shown."""

    lines: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    todo: int = 0
    kept: int = 0

    def say(self, line: str) -> None:
        self.lines.append(line)

    @contextmanager
    def begin(self, todo: int, kept: int) -> Iterator[None]:
        self.todo, self.kept = todo, kept
        yield

    def done(self, done: Done) -> None:
        self.kinds.append(done.kind)

    @contextmanager
    def step(self, what: str) -> Iterator[Callable[[float], None]]:
        yield lambda share: None


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def run_orders(orders: Sequence[Order], work: Work, **_: object) -> Iterator[Done]:
        yield from map(work, orders)

    monkeypatch.setattr(module, "run_orders", run_orders)
    monkeypatch.setattr(gathering, "find_same", lambda prints: [])
    monkeypatch.setattr(reporting, "plots", lambda *asked: {})  # they take seconds to draw
    monkeypatch.setattr(Equipment, "of", lambda features: Equipment("ears", {}, ()))


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    for name in "abcdef":
        (folder / f"{name}.mp4").write_text(name)
    return folder


def work(order: Order) -> Done:
    """A song by the video's name; of one that is called silent none."""
    shelf = Shelf(open_store(order.shelf))
    if "silent" in order.name:
        shelf.put(order, Failed(order.id, order.name, "silent", f"nothing in {order.name}"))
        return Done(order.id, "silent", "", 0.0)
    text = Path(order.source).read_text()
    song = replace(made_song(order.id, width=768 * (order.features == "paper")), source=order.name)
    film = replace(song.seen.film, sha256=text)
    shelf.put(order, replace(song, seen=replace(song.seen, film=film)))
    return Done(order.id, "song", "", 12.0)


def built(videos: Path, dataset: Path, work: Work = work, **asked: object) -> tuple[Report, Screen]:
    screen = Screen()
    job = Job(str(videos), str(dataset), **asked)  # type: ignore[arg-type]
    return build(job, screen, work), screen


def content(place: Path) -> dict[str, bytes]:
    return {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file()
    }


def splits(dataset: Path) -> dict[str, str]:
    return {
        song: path.stem
        for path in (dataset / "vevo_meta/split/v1").iterdir()
        for song in path.read_text().split()
    }


def test_twice_gives_the_same_bytes_and_no_work(videos: Path, tmp_path: Path) -> None:
    built(videos, tmp_path / "one")
    built(videos, tmp_path / "two")
    once = content(tmp_path / "one")
    assert once == content(tmp_path / "two")
    assert not any(str(tmp_path).encode() in data for data in once.values())
    _, screen = built(videos, tmp_path / "one")
    assert screen.kinds == []
    assert content(tmp_path / "one") == once


def test_an_interrupted_build_goes_on(videos: Path, tmp_path: Path) -> None:
    def interrupted(order: Order) -> Done:
        if order.id == "d":
            raise KeyboardInterrupt
        return work(order)

    with pytest.raises(KeyboardInterrupt):
        built(videos, tmp_path / "set", interrupted)
    report, screen = built(videos, tmp_path / "set")
    assert (screen.todo, screen.kept) == (3, 3)
    assert len(report.rows) == 6
    built(videos, tmp_path / "straight")
    assert content(tmp_path / "set") == content(tmp_path / "straight")


def test_a_full_disk_ends_the_build_and_keeps_the_rest(videos: Path, tmp_path: Path) -> None:
    def full(order: Order) -> Done:
        return Done(order.id, "disk", "no room", 0.0) if order.id == "c" else work(order)

    with pytest.raises(DiskFull, match="no room; what is done is kept"):
        built(videos, tmp_path / "set", full)
    _, screen = built(videos, tmp_path / "set")
    assert (screen.todo, screen.kept) == (4, 2)


def test_a_video_that_kills_its_worker_is_left_out_and_not_tried_again(
    videos: Path, tmp_path: Path
) -> None:
    def killed(order: Order) -> Done:
        return Done(order.id, "lost", "its worker died", 0.0) if order.id == "c" else work(order)

    report, _ = built(videos, tmp_path / "set", killed)
    assert report.kinds == {"lost": 1}
    _, screen = built(videos, tmp_path / "set")
    assert screen.kinds == []
    report, screen = built(videos, tmp_path / "set", retry_failed=True)
    assert (screen.todo, len(report.rows)) == (1, 6)


def test_bad_videos_are_counted(videos: Path, tmp_path: Path) -> None:
    (videos / "silent.mp4").touch()
    (videos / "copy.mp4").write_text("a")
    (videos / "link.mp4").symlink_to(videos / "b.mp4")
    (videos / "gone.mp4").symlink_to(videos / "nothing")
    report, screen = built(videos, tmp_path / "set")
    assert report.kinds == {"duplicate": 2, "silent": 1, "unreadable": 1}
    assert len(report.rows) == 6
    assert screen.kinds.count("silent") == 1


def test_none_can_be_used(videos: Path, tmp_path: Path) -> None:
    for path in videos.iterdir():
        path.rename(videos / f"silent {path.name}")
    with pytest.raises(BadSetting, match=r"none can be used: 6 silent; .*failed\.csv says why"):
        built(videos, tmp_path / "set")
    assert (tmp_path / "set/failed.csv").read_text().count("silent,") == 6


def test_no_videos(tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos/notes.txt").touch()
    with pytest.raises(BadSetting, match=r"expected videos in .*, found none"):
        built(tmp_path / "videos", tmp_path / "set")


def test_a_changed_video_is_made_anew_and_stays_where_it_was(videos: Path, tmp_path: Path) -> None:
    built(videos, tmp_path / "set")
    before = splits(tmp_path / "set")
    (videos / "b.mp4").write_text("another cut")
    _, screen = built(videos, tmp_path / "set")
    assert screen.todo == 1
    assert splits(tmp_path / "set") == before


def test_a_damaged_song_is_made_anew(videos: Path, tmp_path: Path) -> None:
    built(videos, tmp_path / "set")
    once = content(tmp_path / "set")
    path = tmp_path / "set/.songs/b.song"
    path.write_bytes(path.read_bytes()[:1000])
    _, screen = built(videos, tmp_path / "set")
    assert screen.todo == 1
    assert content(tmp_path / "set") == once


def test_another_model_makes_all_anew(
    videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(videos, tmp_path / "set")
    monkeypatch.setattr(Equipment, "of", lambda features: Equipment("better ears", {}, ()))
    _, screen = built(videos, tmp_path / "set")
    assert screen.todo == 6


def test_more_videos_move_no_song(videos: Path, tmp_path: Path) -> None:
    built(videos, tmp_path / "set")
    before = splits(tmp_path / "set")
    for number in range(30):
        (videos / f"more{number}.mp4").write_text(f"{number}")
    (videos / "below").mkdir()
    (videos / "below/a.mp4").write_text("a namesake")
    built(videos, tmp_path / "set")
    after = splits(tmp_path / "set")
    assert len(after) == 37
    assert {song: after[song] for song in before} == before


def test_other_shares_part_all_anew_once(videos: Path, tmp_path: Path) -> None:
    for number in range(24):
        (videos / f"more{number}.mp4").write_text(f"{number}")
    built(videos, tmp_path / "set")
    built(videos, tmp_path / "set", shares=(40.0, 30.0, 30.0))
    found = list(splits(tmp_path / "set").values())
    assert [found.count(split) for split in ("train", "val", "test")] == [12, 9, 9]
    once = content(tmp_path / "set")
    built(videos, tmp_path / "set")  # they are remembered
    assert content(tmp_path / "set") == once


def test_features_are_remembered(videos: Path, tmp_path: Path) -> None:
    """A build that goes on must not throw away what CLIP took days for."""
    built(videos, tmp_path / "set", features="paper")
    _, screen = built(videos, tmp_path / "set")
    assert screen.kinds == []
    assert (tmp_path / "set/vevo_semantic/all/2d/clip_l14p/a.npy").exists()


def test_a_video_that_went_away(videos: Path, tmp_path: Path) -> None:
    built(videos, tmp_path / "set")
    (videos / "c.mp4").unlink()
    report, screen = built(videos, tmp_path / "set")
    assert "c" not in {row.id for row in report.rows}
    assert any("1 songs have no video any more (c.mp4 first)" in line for line in screen.lines)


def test_a_data_set_inside_its_folder(videos: Path) -> None:
    built(videos, videos / "set")
    (videos / "set/strange.mp4").touch()
    report, _ = built(videos, videos / "set")
    assert len(report.rows) == 6


def test_a_place_with_something_else_is_left_alone(videos: Path, tmp_path: Path) -> None:
    lists = tmp_path / "published/vevo_meta/split/v1"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("001\n")
    for place in (tmp_path / "published", videos):
        before = content(place)
        with pytest.raises(BadSetting, match="choose another place with -o"):
            built(videos, place)
        assert content(place) == before


@pytest.mark.parametrize("name", ["build.json", "songs.csv", "failed.csv"])
def test_a_damaged_table_is_said(videos: Path, tmp_path: Path, name: str) -> None:
    built(videos, tmp_path / "set")
    (tmp_path / "set" / name).write_text("id,source\nx\n")
    with pytest.raises(BadSetting, match=name):
        built(videos, tmp_path / "set")


def test_titles(videos: Path, tmp_path: Path) -> None:
    table = tmp_path / "titles.csv"
    table.write_text("source,title\na.mp4,Same\nf.mp4,Same\nnowhere.mp4,Lost\n")
    report, screen = built(videos, tmp_path / "set", titles=table)
    by_id = {row.id: row for row in report.rows}
    assert by_id["f"].group == by_id["a"].group
    assert screen.lines == ["1 titles are of no video here, such as nowhere.mp4"]


@pytest.mark.parametrize("text", [None, "", "name,song\na,b\n", b"source,title\n\xff"])
def test_titles_that_cannot_be_read(videos: Path, tmp_path: Path, text: str | bytes | None) -> None:
    table = tmp_path / "titles.csv"
    if text is not None:
        table.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadSetting, match=r"titles\.csv"):
        built(videos, tmp_path / "set", titles=table)


def test_two_builds_at_once(videos: Path, tmp_path: Path) -> None:
    def second(order: Order) -> Done:
        with pytest.raises(BadSetting, match="another build is at work there"):
            built(videos, tmp_path / "set")
        return work(order)

    built(videos, tmp_path / "set", second)


def test_an_object_store() -> None:
    """From memory:// to memory://, through fsspec as any other one goes."""
    from fsspec.implementations.memory import MemoryFileSystem

    system = MemoryFileSystem()
    for name in "abc":
        system.pipe_file(f"/bucket/videos/{name}.mp4", name.encode())

    def remote(order: Order) -> Done:
        Shelf(open_store(order.shelf)).put(order, replace(made_song(order.id), source=order.name))
        return Done(order.id, "song", "", 12.0)

    try:
        job = Job("memory://bucket/videos", "memory://bucket/set")
        report = build(job, Screen(), remote)
        assert [row.id for row in report.rows] == ["a", "b", "c"]
        assert system.exists("/bucket/set/vevo_motion/all/a.lab")
        told = json.loads(system.cat_file("/bucket/set/report/report.json"))
        assert told["counts"]["songs"] == 3
        screen = Screen()
        build(job, screen, remote)
        assert screen.kinds == []
    finally:
        system.rm("/bucket", recursive=True)


def test_what_a_worker_cannot_do_at_all_ends_the_build(videos: Path, tmp_path: Path) -> None:
    def without(order: Order) -> Done:
        raise ScorelockError("expected ffmpeg")

    with pytest.raises(ScorelockError, match="expected ffmpeg"):
        built(videos, tmp_path / "set", without)
