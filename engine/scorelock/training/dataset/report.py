"""The report of a data set: what its songs are like beside MuVi-Sync's, and what went wrong.

The same data set gives the same report, to the byte.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from scorelock.engine.features import EMOTIONS
from scorelock.engine.vocabulary import ROOTS
from scorelock.training.dataset.counts import EDGES, NAMES, Counts, muvisync
from scorelock.training.dataset.gather import example, trimmed
from scorelock.training.dataset.outliers import FEWEST, Outlier, find_outliers, traits
from scorelock.training.dataset.plots import plots
from scorelock.training.dataset.shelf import SHELF, Shelf
from scorelock.training.dataset.song import Failed
from scorelock.training.dataset.splits import SPLITS
from scorelock.training.dataset.store import Store, open_store
from scorelock.training.dataset.tables import Row

REPORT: Final = "report"
"""The report's folder in a data set."""
_MOST: Final = 50
"""Lines that a list in the text has; report.json has all."""


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to tell.

    Attributes:
        counts: of the songs.
        outliers: the farthest first.
        rows: of `songs.csv`.
        failed: of `failed.csv`.
    """

    counts: Counts
    outliers: Sequence[Outlier]
    rows: Sequence[Row]
    failed: Sequence[Failed]

    @property
    def kinds(self) -> Mapping[str, int]:
        """How many videos were left out for what, the most first."""
        return dict(
            sorted(Counter(one.kind for one in self.failed).items(), key=lambda k: (-k[1], k[0]))
        )

    @property
    def groups(self) -> list[list[Row]]:
        """Songs with the same music, of two or more."""
        groups: dict[str, list[Row]] = {}
        for row in self.rows:
            groups.setdefault(row.group, []).append(row)
        return [members for members in groups.values() if len(members) > 1]

    def seconds(self, split: str) -> int:
        """Of music in a split."""
        return sum(row.seconds for row in self.rows if row.split == split)

    def as_json(self) -> dict[str, Any]:
        """All of it as numbers and text."""
        return {
            "splits": {
                split: {
                    "songs": sum(row.split == split for row in self.rows),
                    "seconds": self.seconds(split),
                }
                for split in SPLITS
            },
            "left_out": self.kinds,
            "edges": EDGES,
            "names": NAMES,
            "counts": self.counts.as_json(),
            "muvisync": muvisync().as_json(),
            "keys": dict(sorted(Counter(row.key for row in self.rows).items())),
            "outliers": [asdict(one) for one in self.outliers],
            "same_music": [[row.id for row in members] for members in self.groups],
            "failed": [asdict(one) for one in self.failed],
        }


def report_of(
    dataset: Store,
    rows: Sequence[Row],
    failed: Sequence[Failed],
    progress: Callable[[float], None],
) -> Report:
    """Read the songs of a data set again and count.

    Raises:
        BadPlace: it cannot be read.
    """
    shelf = Shelf(open_store(dataset.at(SHELF)))
    counted: list[Counts] = []
    asked: list[tuple[str, dict[str, float]]] = []
    for done, row in enumerate(rows):
        progress(done / len(rows))
        song = shelf.song(row.id)
        if song is not None:
            one = example(trimmed(song))
            counted.append(Counts.of(one))
            asked.append((row.id, traits(one, row.tuning_cents)))
    return Report(Counts.together(counted), find_outliers(asked), rows, failed)


def write_report(dataset: Store, report: Report) -> None:
    """Write report.md, report.json and the pictures.

    Raises:
        MissingPart: matplotlib is not installed; the text is written all the same.
        BadPlace, DiskFull: it cannot be written.
    """
    texts = {
        "report.json": json.dumps(report.as_json(), indent=1, ensure_ascii=False).encode(),
        "report.md": _text(report).encode(),
    }
    for name, content in texts.items():
        dataset.write(f"{REPORT}/{name}", content)
    keys = Counter(row.key for row in report.rows)
    for name, content in plots(report.counts, muvisync(), keys).items():
        dataset.write(f"{REPORT}/{name}", content)


def _text(report: Report) -> str:
    return (
        "\n\n".join(
            [
                "# The data set",
                _splits(report),
                "## Beside MuVi-Sync",
                _beside(report),
                "![chords](chords.png)\n![dynamics](dynamics.png)\n![picture](picture.png)",
                "## Songs far from the rest",
                _outliers(report),
                "## The same music",
                _groups(report),
                "## Left out",
                _failed(report),
            ]
        )
        + "\n"
    )


def _splits(report: Report) -> str:
    rows: list[tuple[str, int, int]] = [
        (split, sum(row.split == split for row in report.rows), report.seconds(split))
        for split in SPLITS
    ]
    rows.append(("together", len(report.rows), sum(row.seconds for row in report.rows)))
    return _table(("split", "songs", "hours"), [(s, n, f"{t / 3600:.2f}") for s, n, t in rows])


def _beside(report: Report) -> str:
    ours, theirs = report.counts, muvisync()
    lines = []
    for name, what in {
        "density": "notes in a second",
        "loudness": "loudness, 0..1",
        "motion": "motion, 0..255",
        "scene": "seconds a scene",
        "changes": "share of seconds with another chord",
        "length": "seconds a song",
    }.items():
        lines.append((f"{what}, median", *(f"{_median(c, name):.3g}" for c in (ours, theirs))))
    for name, of_what in (("quality", "of seconds"), ("root", "of chords"), ("mode", "of songs")):
        shares = [counts.share(name) for counts in (ours, theirs)]
        for index, word in enumerate(NAMES[name]):
            label = word if name != "root" else f"{ROOTS[index]}, in C major or A minor"
            lines.append((f"{label} ({of_what})", *(f"{s[index]:.1%}" for s in shares)))
    shares = [counts.share("emotion") for counts in (ours, theirs)]
    for index, word in enumerate(EMOTIONS):
        lines.append((f"{word} (of seconds, by the picture)", *(f"{s[index]:.1%}" for s in shares)))
    note = (
        f"\n\nMuVi-Sync: {theirs.songs} songs of its train and val splits (Zenodo 10057093). Its "
        "emotions are CLIP's."
    )
    return _table(("", "here", "MuVi-Sync"), lines) + note


def _median(counts: Counts, name: str) -> float:
    """Within the bin that holds it, as if its values were spread evenly."""
    bins, edges = counts.bins[name], EDGES[name]
    if not bins.sum():
        return float("nan")
    reached = np.concatenate([[0], np.cumsum(bins)])
    index = int(np.searchsorted(reached[1:], bins.sum() / 2))
    share = (bins.sum() / 2 - reached[index]) / bins[index]
    return float(edges[index] + share * (edges[index + 1] - edges[index]))


def _outliers(report: Report) -> str:
    if len(report.rows) < FEWEST:
        return f"Of fewer than {FEWEST} songs nobody can say what is usual."
    if not report.outliers:
        return "None."
    return _listed([f"`{one.song}`: {one}" for one in report.outliers])


def _groups(report: Report) -> str:
    if not report.groups:
        return "No two videos have the same music."
    told = "Videos with the same music are in one split, so that nothing leaks between them."
    lines = [
        f"{members[0].split}: " + ", ".join(f"`{row.id}` ({row.source})" for row in members)
        for members in report.groups
    ]
    return f"{told}\n\n{_listed(lines)}"


def _failed(report: Report) -> str:
    if not report.failed:
        return "Nothing."
    table = _table(("what", "videos"), list(report.kinds.items()))
    return f"{table}\n\n" + _listed(
        [f"{one.kind}: `{one.source}`: {one.reason}" for one in report.failed]
    )


def _listed(lines: Sequence[str]) -> str:
    more = len(lines) - _MOST
    shown = [f"- {line}" for line in lines[:_MOST]]
    return "\n".join([*shown, *([f"- and {more} more: see report.json"] if more > 0 else [])])


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
