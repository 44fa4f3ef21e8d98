"""Small pictures of a film: the right ones, the newest wish first, kept, nothing overwritten."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from films import flat, write_film

from scorelock.bridge.desk.thumbnails import FOLDER, WIDTH, Thumbnails
from scorelock.engine.errors import UnreadableFilm

GREYS = [20, 70, 120, 170, 220]
"""One a second."""


@pytest.fixture
def film(tmp_path: Path) -> Path:
    frames = [frame for grey in GREYS for frame in flat(24, (grey, grey, grey), size=(320, 180))]
    return write_film(tmp_path / "film.avi", frames, codec="MJPG")


def run(film: Path, what: Callable[[Thumbnails], object]) -> object:
    """Do something with the film's thumbnails in a loop of its own."""

    async def main() -> object:
        thumbnails = Thumbnails(film, folder(film))
        try:
            return await asyncio.wait_for(what(thumbnails), 20)  # type: ignore[arg-type]
        finally:
            await thumbnails.close()

    return asyncio.run(main())


def folder(film: Path) -> Path:
    return film.with_name(f"{film.name}.cue")


def test_each_second_has_its_picture(film: Path) -> None:
    async def all_of_them(thumbnails: Thumbnails) -> list[Path]:
        return await asyncio.gather(*(thumbnails.of(second) for second in range(len(GREYS))))

    paths = run(film, all_of_them)
    assert isinstance(paths, list)
    assert paths == [folder(film) / FOLDER / f"{second:05d}.jpg" for second in range(len(GREYS))]
    for path, grey in zip(paths, GREYS, strict=True):
        picture = cv2.imread(str(path))
        assert picture is not None
        assert picture.shape == (90, WIDTH, 3)
        assert abs(float(np.mean(picture)) - grey) < 4


def test_what_is_kept_is_not_decoded_again(film: Path) -> None:
    path = run(film, lambda thumbnails: thumbnails.of(1))
    assert isinstance(path, Path)
    path.write_bytes(b"kept")
    film.unlink()
    assert run(film, lambda thumbnails: thumbnails.of(1)) == path
    assert path.read_bytes() == b"kept"
    assert [each.name for each in path.parent.iterdir()] == ["00001.jpg"]  # nothing half-written


def test_the_newest_wish_comes_first_and_who_has_gone_is_left_out(film: Path) -> None:
    order: list[int] = []

    async def wishes(thumbnails: Thumbnails) -> None:
        async def wish(second: int) -> None:
            await thumbnails.of(second)
            order.append(second)

        tasks = [asyncio.create_task(wish(second)) for second in range(4)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run(film, wishes)
    assert order == [3, 2, 0]
    assert not (folder(film) / FOLDER / "00001.jpg").exists()


def test_two_who_wish_the_same_get_the_same(film: Path) -> None:
    async def twice(thumbnails: Thumbnails) -> tuple[Path, Path]:
        one, other = await asyncio.gather(thumbnails.of(2), thumbnails.of(2))
        return one, other

    kept = folder(film) / FOLDER / "00002.jpg"
    assert run(film, twice) == (kept, kept)


@pytest.mark.parametrize("second", [len(GREYS), 999_999])
def test_after_the_end_there_is_none(film: Path, second: int) -> None:
    with pytest.raises(UnreadableFilm, match=f"expected a picture at {second} s"):
        run(film, lambda thumbnails: thumbnails.of(second))


def test_what_is_no_film_has_none(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"this is no film")
    with pytest.raises(UnreadableFilm):
        run(tmp_path / "film.mp4", lambda thumbnails: thumbnails.of(0))


def test_a_cue_from_elsewhere_leads_nowhere(film: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("nobody may read this")
    (folder(film) / FOLDER).mkdir(parents=True)
    (folder(film) / FOLDER / "00001.jpg").symlink_to(secret)
    with pytest.raises(UnreadableFilm, match="leads elsewhere"):
        run(film, lambda thumbnails: thumbnails.of(1))
    assert secret.read_text() == "nobody may read this"


def test_a_folder_of_pictures_that_is_elsewhere(film: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    folder(film).mkdir()
    (folder(film) / FOLDER).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnreadableFilm, match="leads elsewhere"):
        run(film, lambda thumbnails: thumbnails.of(1))
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_where_nothing_can_be_kept_it_is_said(film: Path) -> None:
    folder(film).write_text("a file in the folder's place")
    with pytest.raises(UnreadableFilm, match="expected to keep a picture"):
        run(film, lambda thumbnails: thumbnails.of(1))
