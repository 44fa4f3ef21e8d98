"""`scorelock edit`: change the score of a film, one step at a time, each kept and undoable."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scorelock.bridge.composing import add_compose_arguments
from scorelock.bridge.live_options import film_start_s as seconds_of
from scorelock.bridge.musical_time import (
    add_playing_arguments,
    add_time_arguments,
    hits_of,
    playing_of,
)
from scorelock.engine.errors import BadCue, BadSetting

if TYPE_CHECKING:
    from scorelock.bridge.cue_store import CueStore
    from scorelock.engine.bundle import Bundle
    from scorelock.engine.edits import Edit
    from scorelock.engine.history import History

Model = Callable[[], "Bundle"]
SPAN: Final = "from and to, in seconds or timecode: 10-20 or 00:00:10:00-00:00:20:00"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the film and what is done."""
    parser.add_argument("film", type=Path, help="the film, or its folder FILM.cue")
    doing = parser.add_subparsers(dest="do", metavar="WHAT", required=True)

    def what(name: str, summary: str) -> argparse.ArgumentParser:
        return doing.add_parser(name, help=summary, description=summary)

    def spanned(name: str, summary: str) -> argparse.ArgumentParser:
        sub = what(name, summary)
        sub.add_argument("span", metavar="SPAN", help=SPAN)
        return sub

    new = what("new", "compose a cue to edit")
    new.add_argument("--again", action="store_true", help="in the place of the one there is")
    add_compose_arguments(new)
    what("show", "say what there is")
    spanned("chord", "set a chord, which then stays").add_argument("chord", help="such as Am7")
    spanned("lock", "keep what stands there whatever is composed around it")
    spanned("unlock", "let it be composed anew again")
    vary = spanned("vary", "other chords there")
    vary.add_argument("--seed", type=int, help="(default: another one each time)")
    again = what("regenerate", "other chords from there to the end")
    again.add_argument("start", metavar="TIME")
    again.add_argument("--seed", type=int, help="(default: another one each time)")
    draw = what("draw", "draw density, loudness or an emotion over time")
    draw.add_argument("curve", help="density, loudness, exciting, fearful, tense, sad, ...")
    draw.add_argument("points", help="TIME=VALUE,TIME=VALUE ..., such as 10=0.2,20=0.9")
    time = what("time", "another tempo, meter or chord rhythm")
    add_time_arguments(time)
    hit = what("hit", "hit points: add, move or remove one, or take them from cuts or a file")
    hit.add_argument("action", choices=("add", "move", "remove", "take"))
    hit.add_argument("place", metavar="TIME|strong|all|none|FILE")
    hit.add_argument("to", nargs="?", metavar="TIME", help="where it is moved to")
    hit.add_argument("--kind", choices=("cut", "mark", "stinger", "swell", "break"), default="mark")
    add_playing_arguments(what("play", "play it in another style"))
    take = what("take", "begin a take by another seed, or go on with one there is")
    take.add_argument("name")
    take.add_argument("--seed", type=int, help="begins a new one")
    keep = spanned("keep", "have the chords of another take there")
    keep.add_argument("take", metavar="TAKE")
    what("undo", "take back the newest step")
    what("redo", "do it again")


def run(args: argparse.Namespace) -> int:
    """Do it, keep it, and say what there is now."""
    from scorelock.bridge.cue_store import CueStore, model_of

    store = CueStore.of(args.film)
    if args.do == "new":
        return _new(store, args)
    if args.do == "show":
        history = store.read()
    else:
        with store.held():
            history = store.read()
            history = _done(history, args, model_of(history))
            store.write(history)
    print("\n".join(_lines(history)))
    return 0


def _new(store: "CueStore", args: argparse.Namespace) -> int:
    if store.exists() and not args.again:
        raise BadCue(
            f"expected no cue at {store.path}, there is one; go on with it, or add --again to "
            "compose another in its place"
        )
    history = store.compose(args)
    with store.held():
        store.write(history)
    print("\n".join(_lines(history)))
    return 0


def _done(history: "History", args: argparse.Namespace, model: Model) -> "History":
    """The history after what is asked for."""
    match args.do:
        case "undo":
            return history.undo()
        case "redo":
            return history.redo()
        case "take" if args.seed is not None:
            return history.new_take(args.name, args.seed, model)
        case "take":
            return history.choose(args.name)
        case "keep":
            return history.keep(args.take, *_span(history, args.span))
        case _:
            return history.edit(_edit(history, args), model)


def _edit(history: "History", args: argparse.Namespace) -> "Edit":
    from scorelock.bridge.edit_steps import from_there, in_time, seed_of
    from scorelock.engine.edits import Draw, Lock, SetChord, SetPlaying, Vary
    from scorelock.engine.vocabulary import Chord

    cue = history.cue
    match args.do:
        case "chord":
            return SetChord(*_span(history, args.span), Chord.parse(args.chord))
        case "lock" | "unlock":
            return Lock(*_span(history, args.span), on=args.do == "lock")
        case "vary":
            return Vary(*_span(history, args.span), seed_of(history, args.seed))
        case "regenerate":
            return from_there(cue, _time(history, args.start), seed_of(history, args.seed))
        case "draw":
            return Draw(args.curve, _points(history, args.points))
        case "play":
            return SetPlaying(playing_of(args, cue.playing))
        case "hit":
            return _hits(history, args)
    return in_time(cue, args)


def _hits(history: "History", args: argparse.Namespace) -> "Edit":
    from scorelock.bridge.edit_steps import hit_added, hit_moved, hit_removed
    from scorelock.engine.edits import SetHits

    cue = history.cue
    if args.action == "take":
        args.hits, args.tempo = args.place, None
        return SetHits(hits_of(args, cue.features))
    at_s = _time(history, args.place)
    if args.action == "add":
        return hit_added(cue, at_s, args.kind)
    if args.action == "remove":
        return hit_removed(cue, at_s)
    if args.to is None:
        raise BadSetting("expected where the hit is moved to, got nothing; hit move TIME TIME")
    return hit_moved(cue, at_s, _time(history, args.to))


def _time(history: "History", text: str) -> float:
    try:
        return seconds_of(text, history.cue.features.film.rate)
    except BadSetting as err:
        raise BadSetting(
            f"expected seconds or a timecode such as 00:00:10:00, got {text!r}"
        ) from err


def _span(history: "History", text: str) -> tuple[float, float]:
    first, dash, last = text.partition("-")
    if not (first and dash and last):
        raise BadSetting(f"expected a span {SPAN}, got {text!r}")
    return _time(history, first), _time(history, last)


def _points(history: "History", text: str) -> tuple[tuple[float, float], ...]:
    points: list[tuple[float, float]] = []
    for word in text.split(","):
        at, _, value = word.partition("=")
        try:
            points.append((_time(history, at), float(value)))
        except ValueError as err:
            raise BadSetting(f"expected points such as 10=0.2,20=0.9, got {word!r}") from err
    return tuple(points)


def _lines(history: "History") -> list[str]:
    """What there is, for the user to read."""
    cue, film = history.cue, history.cue.features.film
    tempos = ", ".join(f"{each.bpm:.2f}" for each in cue.tempo_map.tempos)
    locked = sum(span.locked for span in cue.chords)
    lines = [
        f"take {history.current} of {', '.join(history.takes)}; steps: {history.done - 1}, "
        f"to redo: {len(history.steps) - history.done}",
        f"{film.duration_s:.2f} s in {cue.key}, tempo {tempos}, rhythm {cue.settings.rhythm}, "
        f"hits: {len(cue.hits)}, chords: {len(cue.chords)}, locked: {locked}",
    ]
    for span in cue.chords:
        mark = {"edited": " (edited)", "primer": " (primer)"}.get(span.why, "")
        lock = " locked" if span.locked else ""
        lines.append(
            f"{span.start_s:9.3f} {span.end_s:9.3f}  {cue.key.symbol(span.chord)}{mark}{lock}"
        )
    return lines
