"""Draws a short film with five moods, so that everything can be tried without bringing one.

Sunrise (calm, bright), a race (warm, fast, many cuts), night (dark, a failing lamp), rain (grey,
slow) and evening with the title (warm, calm). The same arguments draw the same pixels.
"""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from scorelock.engine.errors import BadSetting
from scorelock.engine.files import writing
from scorelock.engine.video import Image, hush

Size: TypeAlias = tuple[int, int]
"""Width and height in pixels."""
Colour: TypeAlias = tuple[int, int, int]
"""Blue, green, red, 0..255."""
Points: TypeAlias = NDArray[np.float64]
"""Corners (n, 2): x and y as shares of the frame's width and height."""
Painter: TypeAlias = Callable[[float], Image]
"""Draws the frame at a moment of its scene, from 0 at the scene's start to 1 at its end."""

RACE_SHOTS: Final = 6
_RACE_COLOURS: Final[list[tuple[Colour, Colour, Colour]]] = [
    ((20, 30, 225), (30, 95, 250), (40, 215, 255)),  # red
    ((150, 40, 230), (185, 95, 245), (220, 200, 255)),  # pink
    ((30, 190, 255), (20, 140, 250), (60, 240, 255)),  # gold
]
_COARSE: Final = 4  # soft light is computed on a grid so many times coarser than the pixels


def draw_demo_film(
    path: Path, *, seconds: int = 24, size: Size = (640, 360), fps: int = 24
) -> None:
    """Draw the film at `path` as MPEG-4 in .mp4; an older file there stays until it is done.

    Raises:
        BadSetting: no film can be written there.
    """
    hush()
    with writing(path) as unfinished:
        codec = cv2.VideoWriter.fourcc(*"mp4v")
        writer = cv2.VideoWriter(str(unfinished.resolve()), codec, float(fps), size)
        if not writer.isOpened():
            raise BadSetting(
                f"expected a place to draw the demo film, but {path.parent} takes no file; "
                "choose another folder"
            )
        for frame in _frames(seconds * fps, size):
            writer.write(frame)
        writer.release()


def _frames(count: int, size: Size) -> Iterator[Image]:
    """All frames of the film, scene after scene."""
    scenes = [
        (0.25, _sunrise(size)),
        *((0.2 / RACE_SHOTS, _race(size, shot)) for shot in range(RACE_SHOTS)),
        (0.2, _night(size)),
        (0.15, _rain(size)),
        (0.2, _evening(size)),
    ]
    ends = np.rint(np.cumsum([share for share, _ in scenes]) * count).astype(int)
    for start, end, (_, paint) in zip([0, *ends], ends, scenes, strict=False):
        for frame in range(start, end):
            yield paint((frame - start) / (end - start))


def _gradient(size: Size, *stops: Colour) -> Image:
    """A sky: the colours from top to bottom, evenly spaced."""
    width, height = size
    rows = np.linspace(0, len(stops) - 1, height)
    column = np.stack(
        [np.interp(rows, range(len(stops)), channel) for channel in zip(*stops, strict=True)], 1
    )
    return np.repeat(column[:, None], width, axis=1).astype(np.uint8)


def _ridge(level: float, roughness: float, seed: int) -> Points:
    """A hill line as a polygon down to the bottom edge, `level` (0..1) from the top."""
    x = np.linspace(0, 1, 65)
    waves = np.random.default_rng(seed).uniform(0, 2 * math.pi, 5)
    line = sum(np.sin(2 * math.pi * k * x + waves[k - 1]) / k for k in range(1, 6))
    y = level + roughness * line
    return np.array([*zip(x, y, strict=True), (1.0, 1.0), (0.0, 1.0)])


def _glow(canvas: Image, centre: tuple[float, float], radius: float, colour: Colour) -> Image:
    """The canvas with soft light around a point; the radius is a share of the frame's height."""
    height, width = canvas.shape[:2]
    y, x = np.mgrid[: height // _COARSE, : width // _COARSE] * (_COARSE / height)
    distance = np.hypot(x - centre[0] * width / height, y - centre[1]) / radius
    light = cv2.resize(np.exp(-(distance**2)), (width, height))[..., None] * colour
    return np.asarray(cv2.add(canvas, light.astype(np.uint8)), np.uint8)


def _disc(canvas: Image, centre: tuple[float, float], radius: float, colour: Colour) -> None:
    height, width = canvas.shape[:2]
    where = round(centre[0] * width * 16), round(centre[1] * height * 16)
    cv2.circle(canvas, where, round(radius * height * 16), colour, -1, cv2.LINE_AA, shift=4)


def _polygon(canvas: Image, points: Points, colour: Colour) -> None:
    height, width = canvas.shape[:2]
    corners = np.rint(points * (width, height)).astype(np.int32)
    cv2.fillPoly(canvas, [corners], colour, cv2.LINE_AA)


def _hills(canvas: Image, hills: list[tuple[Points, Colour]]) -> None:
    for points, colour in hills:
        _polygon(canvas, points, colour)


def _sunrise(size: Size) -> Painter:
    sky = _gradient(size, (235, 190, 120), (240, 215, 170), (190, 225, 255))
    hills = [
        (_ridge(0.62, 0.030, 1), (150, 190, 150)),
        (_ridge(0.72, 0.040, 2), (90, 170, 110)),
        (_ridge(0.84, 0.035, 3), (60, 140, 70)),
    ]

    def paint(moment: float) -> Image:
        sun = (0.32, 0.62 - 0.34 * moment)
        canvas = _glow(sky, sun, 0.45, (20, 60, 90))
        _disc(canvas, sun, 0.085, (190, 240, 255))
        for cloud in range(3):
            x = (0.15 + 0.4 * cloud + 0.06 * moment) % 1.2 - 0.1
            for puff, radius in enumerate((0.030, 0.045, 0.035)):
                _disc(canvas, (x + 0.035 * puff, 0.16 + 0.07 * cloud), radius, (250, 248, 245))
        _hills(canvas, hills)
        return canvas

    return paint


def _race(size: Size, shot: int) -> Painter:
    """Rays that turn, stripes that rush, discs that leap, by turns; every other shot is pink."""
    ground, figure, accent = _RACE_COLOURS[(0, 1, 2, 1)[shot % 4]]
    width, height = size

    def rays(canvas: Image, moment: float) -> None:
        for ray in range(12):
            turn = 2 * math.pi * (ray / 12 + 0.25 * moment)
            edges = np.array([turn, turn + math.pi / 12])
            tips = np.stack([0.5 + 0.8 * np.cos(edges), 0.5 + 1.4 * np.sin(edges)], 1)
            _polygon(canvas, np.vstack([(0.5, 0.5), tips]), figure)
        _disc(canvas, (0.5, 0.5), 0.14 + 0.05 * math.sin(9 * moment), accent)

    def stripes(canvas: Image, moment: float) -> None:
        for stripe in range(9):
            x = (stripe / 6 - 2.0 * moment) % 1.5 - 0.25
            slant = np.array([(x, 0), (x + 0.08, 0), (x - 0.06, 1), (x - 0.14, 1)])
            _polygon(canvas, slant, accent if stripe % 3 else figure)

    def leaps(canvas: Image, moment: float) -> None:
        for disc in range(7):
            beat = 2 * moment + disc / 7
            _disc(
                canvas,
                ((disc / 7 + 0.9 * moment) % 1, 0.85 - 0.6 * abs(math.sin(math.pi * beat))),
                0.11,
                accent if disc % 2 else figure,
            )

    draw = (rays, stripes, leaps)[shot % 3]

    def paint(moment: float) -> Image:
        canvas = np.full((height, width, 3), ground, np.uint8)
        draw(canvas, moment)
        return canvas

    return paint


def _night(size: Size) -> Painter:
    sky = _gradient(size, (22, 8, 4), (44, 20, 10), (30, 12, 6))
    forest = [(_ridge(0.66, 0.05, 4), (14, 6, 4)), (_ridge(0.85, 0.03, 5), (6, 3, 2))]
    flicker = np.random.default_rng(6).uniform(0.1, 1.0, 97)

    def paint(moment: float) -> Image:
        power = flicker[int(moment * len(flicker)) % len(flicker)]
        lamp = (0.70 - 0.10 * moment, 0.58)
        light = (round(30 * power), round(60 * power), round(95 * power))
        canvas = _glow(sky, lamp, 0.22, light)
        _hills(canvas, forest)
        for trunk in range(7):
            near = trunk % 3
            left = round((0.04 + 0.16 * trunk + 0.05 * moment * (1 + near)) * size[0])
            right = left + size[0] // (26 + 5 * near)
            cv2.rectangle(canvas, (left, 0), (right, size[1]), (4, 2, 1), -1)
        return canvas

    return paint


def _rain(size: Size) -> Painter:
    sky = _gradient(size, (104, 100, 96), (122, 118, 115), (92, 90, 88))
    near, far = _ridge(0.86, 0.02, 8), _ridge(0.70, 0.02, 7)
    _hills(sky, [(far, (84, 81, 79)), (near, (66, 64, 62))])
    drops = np.random.default_rng(9).uniform(0, 1, (140, 2))
    width, height = size

    def paint(moment: float) -> Image:
        canvas = sky.copy()
        for x, y in drops:
            left, top = round(x * width), round(((y + 3 * moment) % 1.1 - 0.1) * height)
            tip = left - 2, top + height // 24
            cv2.line(canvas, (left, top), tip, (140, 137, 134), 1, cv2.LINE_AA)
        return canvas

    return paint


def _evening(size: Size) -> Painter:
    sky = _gradient(size, (130, 90, 120), (110, 130, 215), (120, 190, 250))
    near, far = _ridge(0.86, 0.03, 11), _ridge(0.72, 0.03, 10)
    hills = [(far, (80, 80, 130)), (near, (50, 50, 85))]
    title, font = "SCORELOCK", cv2.FONT_HERSHEY_DUPLEX
    scale = size[1] / 210
    (wide, high), _ = cv2.getTextSize(title, font, scale, 2)
    at = (size[0] - wide) // 2, round(0.42 * size[1] + high / 2)

    def paint(moment: float) -> Image:
        sun = (0.66, 0.58 + 0.10 * moment)
        canvas = _glow(sky, sun, 0.5, (15, 45, 80))
        _disc(canvas, sun, 0.09, (150, 215, 255))
        _hills(canvas, hills)
        titled = canvas.copy()
        cv2.putText(titled, title, at, font, scale, (240, 248, 255), 2, cv2.LINE_AA)
        shown = min(1.0, max(0.0, 4 * moment - 1))
        return np.asarray(cv2.addWeighted(titled, shown, canvas, 1 - shown, 0), np.uint8)

    return paint
