"""scorelock reconform OLD NEW: the cue of a film comes over to a new cut of it.

NEW is a film, whose shots are found by their picture, or an edit list (CMX3600) whose source is the
old film. What became of each shot is listed on stdout.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scorelock.bridge.console import progress, say
from scorelock.bridge.seeing import features_of
from scorelock.engine.errors import BadCue, BadSetting
from scorelock.engine.features import Film, VideoFeatures
from scorelock.engine.timebase import FrameRate, Timecode

if TYPE_CHECKING:
    from scorelock.bridge.cue_store import CueStore
    from scorelock.engine.cut_changes import Change, Range
    from scorelock.engine.fingerprint import Rows
    from scorelock.engine.matching import Piece
    from scorelock.export.edl import Edl, EdlEvent

BLACK: Final = ("BL", "BLK", "BLACK")
"""Reels that are no picture."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """OLD, NEW and what is to be known of an edit list."""
    parser.add_argument("old", type=Path, metavar="OLD", help="the film that has a cue")
    parser.add_argument("new", type=Path, metavar="NEW", help="the new cut: a film, or NEW.edl")
    parser.add_argument("--film", type=Path, help="the film that NEW.edl is the list of")
    parser.add_argument(
        "--reel", help="what NEW.edl calls the old film: its reel or clip name (default: its own)"
    )
    parser.add_argument(
        "--start",
        default="00:00:00:00",
        metavar="TC",
        help="the old film's first frame in NEW.edl (default: %(default)s)",
    )
    parser.add_argument("-n", "--dry-run", action="store_true", help="only say what has changed")
    parser.add_argument(
        "--again", action="store_true", help="in the place of the cue that the new cut has"
    )


def run(args: argparse.Namespace) -> int:
    """List what has changed, and make the new cut's cue."""
    from scorelock.bridge.cue_store import CueStore

    is_edl = args.new.suffix.lower() == ".edl"
    film = args.film if is_edl else args.new
    if film is None and not args.dry_run:
        raise BadSetting(
            "expected --film, the new cut that the edit list is of, got none; add it, or -n to "
            "see only what has changed"
        )
    store = CueStore.of(args.old)
    if not args.dry_run:
        _check_target(CueStore.of(film), args.again)
    seeing = store.seeing()
    seen = features_of(store.film, seeing)
    new = None if film is None else features_of(film, seeing)
    if new is not None:
        _check_films(seen.film, new.film)
    found, frames = _listed(args, seen, new) if is_edl else _found(seen, new or seen)
    print("\n".join(_lines(found, seen, frames)))
    if new is not None and not args.dry_run:
        _bring_over(store, CueStore.of(film), new, found)
    return 0


def _check_target(target: "CueStore", again: bool) -> None:
    if target.exists() and not again:
        raise BadCue(
            f"expected no cue at {target.path} yet, there is one; go on with it, or add --again "
            "to put another in its place"
        )


def _check_films(old: Film, new: Film) -> None:
    """Both are cuts that can be compared.

    Raises:
        BadSetting: they are one, or count their frames otherwise.
    """
    names = Path(old.path).name, Path(new.path).name
    if old.sha256 == new.sha256:
        raise BadSetting(
            f"expected a new cut, {names[1]} is {names[0]} itself; its cue fits as it is"
        )
    if old.rate.fps != new.rate.fps and not (old.variable_rate or new.variable_rate):
        raise BadSetting(
            f"expected a cut of {old.rate} frames a second like {names[0]}, {names[1]} has "
            f"{new.rate}; export it at the rate of the old one"
        )


def _found(old: VideoFeatures, new: VideoFeatures) -> tuple[tuple["Piece", ...], int]:
    """Pieces by picture, and how many frames the new cut has."""
    from scorelock.engine.matching import pieces

    rate = new.film.rate
    rows = [_rows(film, rate) for film in (old.film, new.film)]
    return pieces(*rows), len(rows[1])


def _rows(film: Film, rate: FrameRate) -> "Rows":
    from scorelock.engine import fingerprint
    from scorelock.engine.cue_folder import CueFolder

    path = Path(film.path)
    folder = CueFolder.of(path, say).path
    seen = fingerprint.kept(folder, film)
    if seen is None:
        with progress(f"learning the shots of {path.name}") as report:
            seen = fingerprint.see(path, report)
        fingerprint.keep(folder, film, seen)
    return seen.at_rate(film, rate)


def _listed(
    args: argparse.Namespace, old: VideoFeatures, new: VideoFeatures | None
) -> tuple[tuple["Piece", ...], int]:
    """Pieces by an edit list, and how many frames the new cut has."""
    from scorelock.export.edl import read_edl

    rate = old.film.rate if new is None else new.film.rate
    edl = read_edl(args.new, rate)
    start = Timecode.parse(args.start, rate).frame
    found, frames = pieces_of(edl, Path(old.film.path), args.reel, start, _frames(old, rate))
    if new is not None and abs(_frames(new, rate) - frames) > 1:
        raise BadSetting(
            f"expected {args.new.name} to be as long as {args.film.name}, it is "
            f"{Timecode(frames, rate)} long, the film {Timecode(_frames(new, rate), rate)}; "
            "export both from the same cut"
        )
    return found, frames if new is None else _frames(new, rate)


def _frames(features: VideoFeatures, rate: FrameRate) -> int:
    return round(features.film.duration_s * rate.fps)


def pieces_of(
    edl: "Edl", film: Path, reel: str | None, start: int, frames: int
) -> tuple[tuple["Piece", ...], int]:
    """What an edit list takes from a film, and how many frames its record side has.

    A dissolve counts as the incoming picture from its first frame on. What runs at another speed
    is new. `start` is the timecode of the film's first frame, as a frame; `frames` is its length.

    Raises:
        BadSetting: nothing is of the film, tracks overlap, or a source lies outside of it.
    """
    from scorelock.engine.matching import Piece

    events = sorted(_pictures(edl.events), key=lambda event: event.record_in.frame)
    called = _called(events, film, reel)
    first = events[0].record_in.frame if events else 0
    found: list[Piece] = []
    until = 0
    for event in events:
        begin, end = event.record_in.frame - first, event.record_out.frame - first
        if begin < until:
            raise BadSetting(
                f"expected one picture track, event {event.number} begins at {event.record_in} "
                "before the one before it ends; export one video track"
            )
        until = end
        old, length = event.source_in.frame - start, event.source_out.frame - event.source_in.frame
        if called.isdisjoint(_names(event)) or length != end - begin:
            continue
        if not 0 <= old < old + length <= frames:
            raise BadSetting(
                f"expected event {event.number} inside {film.name}, its source is "
                f"{event.source_in} to {event.source_out}; give the film's first frame by --start"
            )
        found.append(Piece(begin, end, old))
    return tuple(_joined(found)), until


def _pictures(events: Iterable["EdlEvent"]) -> Iterator["EdlEvent"]:
    """Those that have a picture, and a length."""
    for event in events:
        has_picture = "V" in event.channels.upper() or event.channels.upper() == "B"
        if has_picture and event.record_out.frame > event.record_in.frame:
            yield event


def _names(event: "EdlEvent") -> set[str]:
    """What a source may be called, in small letters."""
    clip = event.clip or ""
    return {name.strip().casefold() for name in (event.reel, clip, Path(clip).stem) if name}


def _called(events: Sequence["EdlEvent"], film: Path, reel: str | None) -> set[str]:
    """What the list calls the film: as it is told, as the film is called, or the only name."""
    stem = film.stem.casefold()
    wanted = {reel.casefold()} if reel else {film.name.casefold(), stem, stem[:8]}
    known = wanted & set().union(*map(_names, events))
    reels = {event.reel for event in events if event.reel.upper() not in BLACK}
    if not (known or reel or any(event.clip for event in events)) and len(reels) == 1:
        return {reels.pop().casefold()}
    if known:
        return known
    there = ", ".join(sorted({event.clip or event.reel for event in events})) or "none"
    raise BadSetting(
        f"expected events with a picture of {reel or film.name}, there are those of: {there}; "
        "say by --reel which is the old film"
    )


def _joined(pieces: Iterable["Piece"]) -> list["Piece"]:
    """Pieces that go on where the one before ended are one."""
    from scorelock.engine.matching import Piece

    joined: list[Piece] = []
    for piece in pieces:
        if joined and (joined[-1].end, joined[-1].old_end) == (piece.start, piece.old):
            joined[-1] = Piece(joined[-1].start, piece.end, joined[-1].old)
        else:
            joined.append(piece)
    return joined


def _lines(found: Sequence["Piece"], old: VideoFeatures, frames: int) -> Iterator[str]:
    """Each shot with its timecodes, old and new, and how many of each kind there are."""
    from scorelock.engine.cut_changes import changes

    rate = old.film.rate
    cuts = [round(cut.at_s * rate.fps) for cut in old.cuts]
    listed = changes(found, cuts, _frames(old, rate), frames)
    yield from (_line(change, rate) for change in listed)
    counts = Counter(change.kind for change in listed)
    yield "shots: " + ", ".join(f"{count} {kind}" for kind, count in counts.items())


def _line(change: "Change", rate: FrameRate) -> str:
    def told(frames: "Range | None") -> str:
        if frames is None:
            return f"{'-':^23}"
        return " ".join(str(Timecode(frame, rate)) for frame in frames)

    missing = {"head": change.head, "tail": change.tail}
    cut = ", ".join(f"{name} -{count}" for name, count in missing.items() if count)
    line = f"{change.kind:<8} {told(change.old)} -> {told(change.new)}"
    return f"{line} ({cut} frames)" if cut else line.rstrip()


def _bring_over(
    store: "CueStore", target: "CueStore", new: VideoFeatures, found: Sequence["Piece"]
) -> None:
    """Every take as it stands; how it came about stays with the old cut."""
    from scorelock.bridge.cue_store import model_of
    from scorelock.engine.history import History, Step
    from scorelock.engine.reconform import reconformed

    history = store.read()
    model = model_of(history)
    takes = history.takes.items()
    steps = [Step(name, None, reconformed(cue, new, found, model)) for name, cue in takes]
    target.write(History(tuple(steps), len(steps), history.current))
    say(f"{target.path}: takes: {', '.join(history.takes)}")
