"""A data set is built from an object store into an object store, by other processes."""

from pathlib import Path
from uuid import uuid4

import pytest

pytest.importorskip("s3fs", reason="needs s3fs")

from fake_work import song
from training.dataset.test_build import Screen

from scorelock.training.dataset import gather as gathering
from scorelock.training.dataset import report as reporting
from scorelock.training.dataset.build import Job, build
from scorelock.training.dataset.make import Equipment
from scorelock.training.dataset.shelf import SHELF
from scorelock.training.dataset.store import Store, open_store


@pytest.fixture(autouse=True)
def without_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "find_same", lambda prints: [])
    monkeypatch.setattr(reporting, "plots", lambda *asked: {})
    monkeypatch.setattr(Equipment, "of", lambda features: Equipment("ears", {}, ()))


def content(store: Store) -> dict[str, bytes | None]:
    """All but the shelf, which knows when each video was last changed."""
    found = store.walk(lambda name, why: pytest.fail(f"{name}: {why}"))
    return {one.name: store.read(one.name) for one in found if not one.name.startswith(SHELF)}


def test_in_s3_as_on_a_disk(s3: str, tmp_path: Path) -> None:
    films = {f"{letter}.mp4": letter.encode() for letter in "abcdef"}
    place = f"{s3}/{uuid4().hex}"
    datasets: list[Store] = []
    for root in (place, str(tmp_path)):
        open_store(f"{root}/films").write_all(films)
        screen = Screen()
        report = build(Job(f"{root}/films", f"{root}/set", workers=1), screen, song)
        assert len(report.rows) == len(films)
        assert screen.kinds == ["song"] * len(films)
        datasets.append(open_store(f"{root}/set"))
    there, here = map(content, datasets)
    assert there.keys() == here.keys()
    assert there == here
    # A second build has nothing to do.
    screen = Screen()
    build(Job(f"{place}/films", f"{place}/set", workers=1), screen, song)
    assert screen.kinds == []
    assert content(datasets[0]) == there
