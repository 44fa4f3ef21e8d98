"""What a desk page asks of the score becomes one step of its history."""

import argparse
from collections.abc import Callable
from typing import Final, get_args

from scorelock.bridge.desk import messages as asked
from scorelock.bridge.edit_steps import (
    from_there,
    hit_added,
    hit_moved,
    hit_removed,
    in_time,
    seed_of,
)
from scorelock.bridge.musical_time import FIND, RANGE
from scorelock.engine.bundle import Bundle
from scorelock.engine.edits import (
    Draw,
    Edit,
    Keep,
    Lock,
    SetChord,
    SetHits,
    SetPlaying,
    SetTempo,
    Vary,
)
from scorelock.engine.errors import BadSetting
from scorelock.engine.history import History, Step
from scorelock.engine.playing import Playing, Style
from scorelock.engine.score import Cue
from scorelock.engine.slots import Rhythm
from scorelock.engine.vocabulary import Chord

EditAsk = (
    asked.SetChord
    | asked.Lock
    | asked.Vary
    | asked.Regenerate
    | asked.Draw
    | asked.AddHit
    | asked.MoveHit
    | asked.RemoveHit
    | asked.SetTime
    | asked.SetPlaying
    | asked.NewTake
    | asked.ChooseTake
    | asked.KeepTake
    | asked.Undo
    | asked.Redo
)
EDITS: Final = get_args(EditAsk)
"""What is asked of the score that there is."""


def step(history: History, ask: EditAsk, model: Callable[[], Bundle]) -> History:
    """The history after what is asked for.

    Raises:
        BadSetting: it cannot be done; says why.
    """
    match ask:
        case asked.Undo():
            return history.undo()
        case asked.Redo():
            return history.redo()
        case asked.NewTake():
            return history.new_take(ask.name, seed_of(history, ask.seed), model)
        case asked.ChooseTake():
            return history.choose(ask.name)
        case asked.KeepTake():
            return history.keep(ask.name, ask.start_s, ask.end_s)
        case _:
            return history.edit(_edit(history, ask), model)


def _edit(history: History, ask: EditAsk) -> Edit:
    cue = history.cue
    match ask:
        case asked.SetChord():
            return SetChord(ask.start_s, ask.end_s, Chord.parse(ask.chord))
        case asked.Lock():
            return Lock(ask.start_s, ask.end_s, ask.on)
        case asked.Vary():
            return Vary(ask.start_s, ask.end_s, seed_of(history, ask.seed))
        case asked.Regenerate():
            return from_there(cue, ask.start_s, seed_of(history, ask.seed))
        case asked.Draw():
            return Draw(ask.curve, tuple(ask.points))
        case asked.AddHit():
            return hit_added(cue, ask.position_s, ask.hit)
        case asked.MoveHit():
            return hit_moved(cue, ask.position_s, ask.to_s)
        case asked.RemoveHit():
            return hit_removed(cue, ask.position_s)
        case asked.SetTime():
            return in_time(cue, _time(ask))
        case asked.SetPlaying():
            return _playing(cue, ask)
    raise TypeError(ask)


def _time(ask: asked.SetTime) -> argparse.Namespace:
    """As the command line has it. Files and hosts are not asked from a page."""
    if ask.tempo not in (None, FIND) and not _is_number(ask.tempo):
        raise BadSetting(f'expected a tempo such as 96, or "{FIND}", got {ask.tempo!r}')
    rhythms = [each.value for each in Rhythm]
    if ask.rhythm is not None and ask.rhythm not in rhythms:
        raise BadSetting(f"expected a chord rhythm of {', '.join(rhythms)}, got {ask.rhythm!r}")
    return argparse.Namespace(
        tempo=ask.tempo,
        meter=ask.meter,
        rhythm=ask.rhythm,
        tempo_range=f"{RANGE[0]:g}-{RANGE[1]:g}",
        tempo_changes=0,
        hits=None,
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _playing(cue: Cue, ask: asked.SetPlaying) -> SetPlaying:
    styles = [each.value for each in Style]
    if ask.style not in styles:
        raise BadSetting(f"expected a style of {', '.join(styles)}, got {ask.style!r}")
    return SetPlaying(Playing(Style(ask.style), ask.humanise, ask.drone, cue.playing.seed))


def in_words(step: Step, cue: Cue) -> str:
    """What a step did, for whoever may take it back."""
    match step.edit:
        case None:
            return f"take {step.take}"
        case SetChord():
            return f"chord {cue.key.symbol(step.edit.chord)}"
        case Lock():
            return "lock" if step.edit.on else "unlock"
        case Draw():
            return f"draw {step.edit.curve}"
        case Vary():
            return "other chords"
        case SetTempo():
            return "tempo and rhythm"
        case SetHits():
            return "hits"
        case SetPlaying():
            return "playing"
        case Keep():
            return "chords of another take"
