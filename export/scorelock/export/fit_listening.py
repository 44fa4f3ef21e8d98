"""Fits the weights that chords and keys are heard by, and writes them as `weights.json`.

    python -m scorelock.export.fit_listening --data FOLDER --film FILM --soundfont SF --out FILE

Chords are learned from rendered practice pieces, whose truth is known, as the transcriber hears
them. Keys are learned from the chords of songs whose key is known, and of scores that Scorelock
composes. Every eighth piece is kept to be asked, and so are the songs of other splits.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from scorelock.engine.bundle import Bundle
from scorelock.engine.compose import compose_takes
from scorelock.engine.features import VideoFeatures
from scorelock.engine.files import writing
from scorelock.engine.key import Key
from scorelock.engine.score import ChordSpan, ComposeSettings
from scorelock.engine.vocabulary import INTERVALS, QUALITIES, ROOTS, N
from scorelock.engine.watch import watch
from scorelock.export import preview
from scorelock.export.practice import practice
from scorelock.export.truth import chord_a_second
from scorelock.training.corpora import read_corpora
from scorelock.training.listening.chords import (
    CHORDS,
    CLASSES,
    KINDS,
    STEP_S,
    Evidence,
    Judge,
    around,
    chords,
    contrast,
    evidence_of,
)
from scorelock.training.listening.keys import FAMILIES, ROLES, every_tonic, usage
from scorelock.training.listening.sound import read_sound
from scorelock.training.listening.transcribe import Transcriber
from scorelock.training.songs import Split

WRITTEN: Final = ("muvisync", "pop909", "billboard")
"""Corpora whose chords are played."""
KEYED: Final = (*WRITTEN, "freedoom", "openewld", "vgmidi")
"""Corpora whose keys are known; each counts the same, the film corpus twice."""
SEED: Final = 77_000
SURE: Final = 0.8
"""How surely a note sounds that is heard exactly."""
STEPS: Final = 300
"""Of a piece, to learn from."""
ASKED: Final = 8
"""Every so many pieces one is kept to be asked."""
EXACT: Final = 0.1
"""What chords that are heard exactly count, together, beside all of those of the pieces."""
CHORD_DECAY: Final = 1e-3
KEY_DECAY: Final = 3e-6
FEWEST: Final = 10
"""Seconds of chords that a song needs."""

Turned = NDArray[np.floating[Any]]
"""(M, 12, F): what is told of a thing, as heard from each root."""
Asked = tuple[Turned, NDArray[np.float32]]
"""What is told, and the share (M, 12 * C) of each right answer."""


def softmax_fit(
    told: Turned, right: NDArray[np.float32], classes: int, decay: float, each: Turned | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights (F, classes) and biases (classes,) of a softmax over 12 roots x classes.

    Args:
        told: (M, 12, F).
        right: (M, 12, classes) shares.
        classes: of each root.
        decay: of the squares of the weights.
        each: (M,) what each counts; the same for None.
    """
    x, y = torch.tensor(told, dtype=torch.float32), torch.tensor(right).reshape(len(right), -1)
    count = torch.full((len(x),), 1 / len(x)) if each is None else torch.tensor(each).float()
    count = count / count.sum()
    weights = torch.zeros(x.shape[2], classes, requires_grad=True)
    biases = torch.zeros(classes, requires_grad=True)
    # Whole batches and a line search: the same each time.
    steps = torch.optim.LBFGS(
        [weights, biases], max_iter=200, history_size=10, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        steps.zero_grad()
        believed = torch.log_softmax((x @ weights + biases).reshape(len(x), -1), 1)
        value = -((y * believed).sum(1) * count).sum() + decay * (weights**2).sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    steps.step(loss)  # type: ignore[no-untyped-call]
    return weights.detach().numpy(), biases.detach().numpy()


def fit_chords(pieces: Sequence[tuple[Evidence, Sequence[ChordSpan]]]) -> Judge:
    """What believes most in the true chords of steps of pieces, by what is heard around them."""
    draw = np.random.default_rng(SEED)
    asked = [*(_steps(draw, evidence, spans) for evidence, spans in pieces), _exact()]
    above = (np.arange(CLASSES)[:, None] + np.arange(CLASSES)) % CLASSES
    means = np.concatenate([means for means, _ in asked])
    told = contrast(means)[:, :, above].transpose(0, 2, 1, 3).reshape(len(means), CLASSES, -1)
    right = np.concatenate([right for _, right in asked])
    answers = right.reshape(-1, CLASSES, len(QUALITIES))
    exact = len(asked[-1][0])
    heard = len(means) - exact
    each = np.repeat([1 / heard, EXACT / exact], [heard, exact])
    weights, biases = softmax_fit(told, answers, len(QUALITIES), CHORD_DECAY, each)
    return Judge(weights.reshape(KINDS, CLASSES, -1), biases)


def _steps(
    draw: np.random.Generator, evidence: Evidence, spans: Sequence[ChordSpan]
) -> tuple[Evidence, NDArray[np.float32]]:
    """Evidence around steps of a piece, drawn from those with a chord, and which: (M, 156)."""
    tokens = np.full(len(evidence), N)
    for span in spans:
        tokens[round(span.start_s / STEP_S) : round(span.end_s / STEP_S)] = span.chord.token
    known = np.flatnonzero(tokens != N)
    some = draw.choice(known, min(STEPS, len(known)), replace=False)
    return around(evidence)[some], _one_hot(tokens[some] - 1)


def _exact() -> tuple[Evidence, NDArray[np.float32]]:
    """What one who hears every note tells of each quality on C, any note of it next above its root,
    while it begins and while it is held; and of all notes at once, which are any chord.
    """
    means, right = [], []
    every = range(CLASSES)
    qualities = [(np.array(INTERVALS[each]) % CLASSES, each) for each in QUALITIES]
    for classes, quality in [*qualities, (np.array(every), None)]:
        for begins, above in product((0, 0.05, 0.2), classes):
            mean = np.zeros((KINDS, CLASSES), np.float32)
            mean[0, classes], mean[2, classes] = SURE, begins
            mean[1, 0] = SURE
            mean[1, above] += SURE * (1 - SURE)
            means.append(mean)
            share = np.full(CHORDS, 1 / CHORDS, np.float32)
            right.append(share if quality is None else _one_hot(QUALITIES.index(quality)))
    return np.array(means), np.array(right)


def _one_hot(chord: int | NDArray[np.int64]) -> NDArray[np.float32]:
    hot: NDArray[np.float32] = np.eye(CHORDS, dtype=np.float32)[chord]
    return hot


def fit_keys(corpora: Sequence[Sequence[tuple[NDArray[np.int64], bool]]]) -> dict[str, Any]:
    """What believes most in the keys of songs in C major and A minor; each corpus counts the same.

    Args:
        corpora: chords (T,), one a second, and whether in minor.
    """
    songs = [song for corpus in corpora for song in corpus]
    each = np.concatenate([np.full(len(corpus), 1 / len(corpus)) for corpus in corpora])
    told = np.stack([_told(tokens) for tokens, _ in songs])
    right = np.zeros((len(songs), CLASSES, 2), np.float32)
    for song, (_, minor) in enumerate(songs):
        right[song, ROOTS.index("A" if minor else "C"), int(minor)] = 1
    weights, biases = softmax_fit(told, right, 2, KEY_DECAY, each)
    of_major, of_minor = weights.T.reshape(2, ROLES, CLASSES, len(FAMILIES))
    return {
        "bias": _rounded(biases[1] - biases[0]),
        "major": _rounded(of_major),
        "minor": _rounded(of_minor),
    }


def _rounded(weights: NDArray[np.float32] | np.float32) -> Any:  # noqa: ANN401
    """A number, or lists of numbers, with few digits."""
    return np.round(np.asarray(weights, np.float64), 3).tolist()


def _told(tokens: NDArray[np.int64]) -> Turned:
    return every_tonic(usage(tokens)).reshape(CLASSES, -1)


def rendered(
    data: Path, seen: VideoFeatures, fonts: Sequence[Path], count: int
) -> Iterator[tuple[Evidence, Sequence[ChordSpan]]]:
    """Practice pieces as they are heard, and their chords.

    Raises:
        BadSetting: a corpus is missing.
        MissingPart: the transcriber's model is.
    """
    songs = [tokens for corpus in written(data, WRITTEN, "train") for tokens, _ in corpus]
    bundle, transcriber = Bundle.open(), Transcriber.open()
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "piece.wav"
        for number in range(count):
            piece = practice(songs, seen, bundle, SEED + number)
            preview.write(sound, piece.score, fonts[number % len(fonts)], piece.programs)
            yield evidence_of(transcriber.hear(read_sound(sound))), piece.score.cue.chords


def written(
    data: Path, names: Sequence[str], split: Split
) -> list[list[tuple[NDArray[np.int64], bool]]]:
    """By corpus the songs of a split: their chords, one a second, and whether in minor."""
    return [
        [
            (song.chords, song.minor)
            for song in read_corpora(data, [name], split, "picture").songs
            if (song.chords > N).sum() >= FEWEST
        ]
        for name in names
    ]


def composed(
    seen: VideoFeatures, bundle: Bundle, seeds: range
) -> list[tuple[NDArray[np.int64], bool]]:
    """Scores of a film in C major and in A minor."""
    seconds = int(seen.film.duration_s)
    takes = [
        ComposeSettings(seed=seed, key=key, affect=affect)
        for seed in seeds
        for key in (Key("C", minor=False), Key("A", minor=True))
        for affect in (0.0, 0.4, 0.7, 1.0)
    ]
    cues = compose_takes(seen, bundle, takes)
    return [(chord_a_second(cue.chords, seconds), cue.key.minor) for cue in cues]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--data", type=Path, required=True, help="folder of packed corpora")
    parser.add_argument("--film", type=Path, required=True, action="append", help="may be repeated")
    parser.add_argument("--soundfont", type=Path, required=True, action="append")
    parser.add_argument("--pieces", type=int, default=280, help="to render")
    parser.add_argument("--out", type=Path, required=True, help="weights.json")


def run(args: argparse.Namespace) -> int:
    """Fit, ask what was kept, write."""
    films = [watch(film) for film in args.film]
    pieces = list(rendered(args.data, films[0], args.soundfont, args.pieces))
    judge = fit_chords([piece for at, piece in enumerate(pieces) if at % ASKED])
    right = []
    for evidence, spans in pieces[::ASKED]:
        truth = chord_a_second(spans, int(spans[-1].end_s))
        right.append(float((chords(evidence, len(truth), judge)[0] == truth).mean()))
    bundle = Bundle.open()
    made = [song for film in films for song in composed(film, bundle, range(50_000, 50_005))]
    corpora = [*written(args.data, KEYED, "train"), made]
    keys = fit_keys([corpora[0], *corpora])
    kept = {
        "chords": {"biases": _rounded(judge.biases), "weights": _rounded(judge.weights)},
        "keys": keys,
    }
    with writing(args.out) as beside:
        beside.write_text(json.dumps(kept) + "\n", encoding="utf-8")
    print(f"{len(right)} pieces kept to be asked: {np.mean(right):.3f} of seconds exactly right")
    return 0


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    add_arguments(options)
    raise SystemExit(run(options.parse_args()))
