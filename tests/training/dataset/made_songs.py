"""Songs made of nothing, for tests of what becomes of them."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from scorelock.engine.features import EXTRACTOR, Cut, Film, VideoFeatures
from scorelock.engine.key import Key
from scorelock.engine.shots import scene_offsets
from scorelock.engine.timebase import FrameRate
from scorelock.training.dataset.order import Order
from scorelock.training.dataset.song import Song
from scorelock.training.listening.heard import Heard

RATE = FrameRate(Fraction(24), False)


def made_song(
    name: str = "a",
    rows: int = 12,
    *,
    heard_rows: int | None = None,
    key: str = "F# minor",
    title: str = "",
    sha256: str = "",
    width: int = 0,
    seed: int | None = None,
) -> Song:
    """A song; its numbers follow from its seed, else from its name."""
    draw = np.random.default_rng(list(name.encode()) if seed is None else seed)
    heard_rows = rows if heard_rows is None else heard_rows
    emotion = draw.random((rows, 6), np.float32)
    cuts = (Cut(3.5, 0.25), Cut(7.0, 2.0))
    valence, arousal = draw.random((2, rows), np.float32)
    return Song(
        id=name,
        source=f"{name}.mp4",
        title=title,
        seen=VideoFeatures(
            film=Film(f"{name}.mp4", sha256 or f"sha of {name}", rows, RATE, 64, 48, False),
            extractor=EXTRACTOR,
            scene_offset=scene_offsets(cuts, rows),
            motion=draw.random(rows, np.float32) * 20,
            emotion=emotion / emotion.sum(axis=1, keepdims=True),
            valence=valence,
            arousal=arousal,
            cuts=cuts,
            semantic=draw.standard_normal((rows, width), np.float32) if width else None,
        ),
        heard=Heard(
            key=Key.parse(key),
            sure=0.5,
            chords=draw.integers(0, 157, heard_rows),
            density=draw.integers(0, 20, heard_rows).astype(np.float32),
            loudness=draw.random(heard_rows, np.float32) * np.float32(0.5),
            tuning_cents=-3.25,
            music=1.0,
            harmony=draw.integers(0, 256, (heard_rows, 12), dtype=np.uint8),
        ),
    )


def order_of(song: str, shelf: str = "", source: str = "") -> Order:
    """The order that such a song answers."""
    return Order(
        id=song,
        source=source or f"/films/{song}.mp4",
        name=f"{song}.mp4",
        shelf=shelf,
        features="picture",
        model="a model",
        stamp="1-1",
    )


def with_source(song: Song, source: str) -> Song:
    """The same song of another video."""
    return replace(song, source=source)
