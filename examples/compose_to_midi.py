"""Score a film from Python: python examples/compose_to_midi.py FILM OUT.mid"""

import sys
from pathlib import Path

from scorelock.engine.arrange import arrange
from scorelock.engine.bundle import Bundle
from scorelock.engine.compose import compose
from scorelock.engine.key import Key
from scorelock.engine.score import ComposeSettings
from scorelock.engine.watch import watch
from scorelock.export import formats
from scorelock.export.score import Score

film, output = map(Path, sys.argv[1:3])
cue = compose(watch(film), Bundle.open(), ComposeSettings(seed=7, key=Key.parse("D minor")))
formats.write(output, Score(cue, arrange(cue)))
print(" ".join(cue.key.symbol(span.chord) for span in cue.chords))
