"""Pictures of what songs are like, beside MuVi-Sync's: the same counts, the same bytes."""

import io
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from scorelock.engine.errors import MissingPart
from scorelock.training.dataset.counts import EDGES, NAMES, Counts

OURS, THEIRS = "#2965cc", "#d9822b"
_INCHES: Final = (13, 7.5)
_KEYS: Final = "C Db D Eb E F F# G Ab A Bb B".split()


def plots(ours: Counts, theirs: Counts, keys: Mapping[str, int]) -> dict[str, bytes]:
    """PNG files by name: chords, dynamics, picture.

    `keys` counts songs by the key they sound in.

    Raises:
        MissingPart: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as err:
        raise MissingPart(
            "expected matplotlib to draw, it is not installed; pip install 'scorelock[dataset]'"
        ) from err

    def page(layout: Any, title: str) -> tuple[Any, dict[str, Any]]:  # noqa: ANN401
        figure = Figure(figsize=_INCHES, layout="constrained")
        figure.suptitle(title, ha="left", x=0.01)
        return figure, figure.subplot_mosaic(layout)

    chords, axes = page([["quality", "quality"], ["root", "keys"]], "Chords, in C major or A minor")
    _named(axes["quality"], "quality", "of seconds", ours, theirs)
    _named(axes["root"], "root", "of chords", ours, theirs)
    _keys(axes["keys"], keys, theirs)
    dynamics, axes = page([["density", "loudness"], ["changes", "length"]], "The music")
    _measured(axes["density"], "density", "notes in a second, % of seconds", ours, theirs)
    _measured(axes["loudness"], "loudness", "loudness, 0..1, % of seconds", ours, theirs)
    _measured(
        axes["changes"], "changes", "share of seconds with a new chord, % of songs", ours, theirs
    )
    _measured(axes["length"], "length", "seconds of a song, % of songs", ours, theirs)
    picture, axes = page([["motion", "scene"], ["emotion", "emotion"]], "The picture")
    _measured(axes["motion"], "motion", "motion, 0..255, % of seconds", ours, theirs)
    _measured(axes["scene"], "scene", "seconds of a scene, % of scenes", ours, theirs)
    _named(
        axes["emotion"], "emotion", "of seconds: the likeliest (MuVi-Sync's by CLIP)", ours, theirs
    )
    pages = {"chords.png": chords, "dynamics.png": dynamics, "picture.png": picture}
    return {name: _png(figure) for name, figure in pages.items()}


def _png(figure: Any) -> bytes:  # noqa: ANN401 - matplotlib's
    content = io.BytesIO()
    # Neither a date nor matplotlib's version.
    figure.savefig(content, format="png", dpi=100, metadata={"Software": None})
    return content.getvalue()


def _named(axis: Any, name: str, what: str, ours: Counts, theirs: Counts) -> None:  # noqa: ANN401
    places = np.arange(len(NAMES[name]))
    axis.bar(places - 0.2, 100 * ours.share(name), 0.4, color=OURS, label=_label(ours))
    axis.bar(places + 0.2, 100 * theirs.share(name), 0.4, color=THEIRS, label=_reference(theirs))
    axis.set_xticks(places, NAMES[name])
    _say(axis, f"{name}, % {what}")


def _measured(axis: Any, name: str, what: str, ours: Counts, theirs: Counts) -> None:  # noqa: ANN401
    """Bins are drawn equally wide, for the last ones hold the long tail."""
    edges = EDGES[name]
    places = np.arange(len(edges))
    for counts, colour, label in (
        (ours, OURS, _label(ours)),
        (theirs, THEIRS, _reference(theirs)),
    ):
        shares = 100 * counts.share(name)
        axis.stairs(shares, places, color=colour, fill=True, alpha=0.35)
        axis.stairs(shares, places, color=colour, linewidth=1.5, label=label)
    every = 1 + len(edges) // 17
    axis.set_xticks(places[::every], [f"{edge:g}" for edge in edges[::every]])
    axis.set_xlim(0, len(edges) - 1)
    _say(axis, what)


def _keys(axis: Any, keys: Mapping[str, int], theirs: Counts) -> None:  # noqa: ANN401
    """The keys that songs sound in; of MuVi-Sync's only major and minor are known."""
    from scorelock.engine.key import Key

    counts = {False: np.zeros(12), True: np.zeros(12)}
    for name, songs in keys.items():
        key = Key.parse(name)
        counts[key.minor][key.pitch_class] += songs
    places = np.arange(12)
    axis.bar(places - 0.2, counts[False], 0.4, color=OURS, label="major")
    axis.bar(places + 0.2, counts[True], 0.4, color="#8f398f", label="minor")
    axis.set_xticks(places, _KEYS)
    axis.yaxis.get_major_locator().set_params(integer=True)
    minor = theirs.share("mode")[1]
    _say(axis, f"keys, songs (MuVi-Sync: {minor:.0%} in minor)")


def _say(axis: Any, title: str) -> None:  # noqa: ANN401
    axis.set_title(title, loc="left", fontsize=10)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=8)


def _label(counts: Counts) -> str:
    return f"here: {counts.songs} songs"


def _reference(counts: Counts) -> str:
    return f"MuVi-Sync: {counts.songs} songs"
