"""Score every film of a folder: python examples/batch.py FOLDER OUT"""

import sys
from pathlib import Path

from scorelock.engine.arrange import arrange
from scorelock.engine.bundle import Bundle
from scorelock.engine.compose import compose
from scorelock.engine.errors import ScorelockError
from scorelock.engine.score import ComposeSettings
from scorelock.engine.watch import watch
from scorelock.export import formats
from scorelock.export.score import Score

folder, output = map(Path, sys.argv[1:3])
bundle = Bundle.open()
for film in sorted(path for path in folder.iterdir() if path.is_file()):
    try:
        cue = compose(watch(film), bundle, ComposeSettings())
    except ScorelockError as err:  # one that cannot be watched does not stop the others
        print(err, file=sys.stderr)
        continue
    formats.write(output / f"{film.stem}.mid", Score(cue, arrange(cue)))
    print(film.name)
