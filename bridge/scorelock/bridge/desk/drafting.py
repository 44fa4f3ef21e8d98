"""The first score of a film: drafts of what was seen so far, long before all of it is seen.

Each draft goes on from the chords of the one before, and is made at fixed seconds of the film, so
that it does not depend on the machine. What is composed at last is what `scorelock edit FILM new`
composes.
"""

import argparse
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import TYPE_CHECKING, Final

from scorelock.bridge.composing import begun_on
from scorelock.bridge.cue_store import CueStore, to_be_asked_again
from scorelock.bridge.seeing import Seeing
from scorelock.engine.features import VideoFeatures
from scorelock.engine.history import History
from scorelock.engine.score import ComposeSettings, Cue
from scorelock.engine.vocabulary import Chord

if TYPE_CHECKING:
    from scorelock.engine.bundle import Bundle
    from scorelock.engine.clip import Clip

FIRST_ENDS_S: Final = (8, 20, 45, 120)
THEN_EVERY_S: Final = 300

Share = Callable[[float | None], None]
"""Takes the share that is done; what it raises ends the work."""


@dataclass(frozen=True, slots=True)
class Reports:
    """What the first score tells on its way, in the thread that makes it.

    Attributes:
        draft: takes a cue of the film's first seconds.
        watching, composing: take the share of it that is done; what they raise ends all of it.
    """

    draft: Callable[[Cue], None]
    watching: Share
    composing: Share


def ends_s() -> Iterator[int]:
    """Where drafts end, in seconds of the film."""
    return chain(FIRST_ENDS_S, count(THEN_EVERY_S, THEN_EVERY_S))


def first_score(store: CueStore, args: argparse.Namespace, reports: Reports) -> History:
    """Watch a film, unless it was, and compose its score; it is not kept yet.

    Raises:
        ScorelockError: the film, the bundle or an option is at fault.
    """
    from scorelock.engine.bundle import manifest_of

    with ThreadPoolExecutor(1, "bundle") as pool:  # it takes as long to open as the first seconds
        opening = pool.submit(open_bundle, args)
        seeing = Seeing.of(args, manifest_of(args.bundle).layout)
        (folder, features), drafted_s = seeing.known(store.film), 0.0
        if features is None:
            clip = seeing.open_clip()
            features, drafted_s = _watched(store, args, clip, opening.result, reports)
            folder.keep(features)
        return History.begin(_composed(features, opening.result(), args, reports, drafted_s))


def open_bundle(args: argparse.Namespace) -> "Bundle":
    """The model of --bundle."""
    from scorelock.engine.bundle import Bundle

    return Bundle.open(args.bundle, device=args.device)


def composed_anew(cue: Cue, settings: ComposeSettings, bundle: "Bundle") -> Cue:
    """Another score of a cue's film, in its time, with its hits, and played as it is.

    Raises:
        BadBundle: the bundle needs features that these do not have.
    """
    from scorelock.engine.compose import begin, complete

    (fresh,) = begin(cue.features, bundle, [settings])
    fresh = replace(
        fresh, tempo_map=cue.tempo_map, hits=cue.hits, playing=cue.playing, bundle=cue.bundle
    )
    return complete([fresh], bundle)[0]


def _watched(
    store: CueStore,
    args: argparse.Namespace,
    clip: "Clip | None",
    bundle: Callable[[], "Bundle"],
    reports: Reports,
) -> tuple[VideoFeatures, float]:
    """What is seen in the film, and how much of it the last draft has."""
    from scorelock.engine.watch import watch_in_parts  # OpenCV takes its time to load

    seen = watch_in_parts(store.film, ends_s(), reports.watching, clip=clip)
    features, draft = next(seen), None
    for following in seen:
        draft = _drafted(features, draft, bundle(), args)
        reports.draft(draft)
        features = following
    return features, 0.0 if draft is None else draft.features.film.duration_s


def _drafted(
    features: VideoFeatures, before: Cue | None, bundle: "Bundle", args: argparse.Namespace
) -> Cue:
    """A score of the film's first seconds, in the key and with the chords of the draft before."""
    from scorelock.engine.compose import complete

    cue = begun_on(features, bundle, _in_plain_time(args))
    if before is not None:
        cue = replace(cue, key=before.key, chords=before.chords)
    return complete([cue], bundle)[0]


def _composed(
    features: VideoFeatures,
    bundle: "Bundle",
    args: argparse.Namespace,
    reports: Reports,
    drafted_s: float,
) -> Cue:
    """The whole score; its own first seconds are drafts where they are more than there were."""
    from scorelock.engine.compose import chords, spans

    cue = to_be_asked_again(begun_on(features, bundle, args), args)
    edges_s, rows = cue.slots.edges_s, list[Chord]()
    ends = (end_s for end_s in ends_s() if end_s > drafted_s)
    end_s = next(ends)
    for (chord,) in chords([cue], bundle):
        rows.append(chord)
        reports.composing(len(rows) / (len(edges_s) - 1))
        if end_s <= edges_s[len(rows)] < edges_s[-1]:
            reports.draft(replace(cue, chords=tuple(spans(cue, rows))))
            end_s = next(ends)
    return replace(cue, chords=tuple(spans(cue, rows)))


def _in_plain_time(args: argparse.Namespace) -> argparse.Namespace:
    """The options, but for those that need all of the film: its hits, and the tempo by them."""
    plain = argparse.Namespace(**vars(args))
    plain.tempo = plain.meter = plain.rhythm = plain.hits = None
    return plain
