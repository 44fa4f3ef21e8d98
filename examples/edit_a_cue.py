"""Edit a score from Python: python examples/edit_a_cue.py FILM OUT.mid"""

import sys
from pathlib import Path

from scorelock.engine.arrange import arrange
from scorelock.engine.bundle import Bundle
from scorelock.engine.compose import compose
from scorelock.engine.edits import SetChord, Vary
from scorelock.engine.history import History
from scorelock.engine.score import ComposeSettings
from scorelock.engine.vocabulary import Chord
from scorelock.engine.watch import watch
from scorelock.export import formats
from scorelock.export.score import Score

film, output = map(Path, sys.argv[1:3])
bundle = Bundle.open()
history = History.begin(compose(watch(film), bundle, ComposeSettings()))
history = history.edit(SetChord(2, 4, Chord.parse("Fmaj7")), lambda: bundle)  # and it stays
history = history.edit(Vary(0, 8, seed=5), lambda: bundle)  # around it, others
cue = history.cue
formats.write(output, Score(cue, arrange(cue), cue.tempo_map, cue.hits))
print(" ".join(cue.key.symbol(span.chord) for span in history.undo().cue.chords))
