"""Fits the network that note density is counted by, and writes `density_weights.json`.

    python -m scorelock.export.fit_density --data FOLDER --soundfont SF --out FILE

It learns from rendered pieces whose notes are known, as the transcriber hears them: scores that
Scorelock composes for pictures that are made up, and practice pieces, of chords that people wrote.
Both count the same. So that it counts plainly what is heard plainly, the same notes heard exactly
and chords held for long are learned, too. Every fifth piece is kept to be asked.
"""

import argparse
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from scorelock.engine.bundle import Bundle
from scorelock.engine.files import writing
from scorelock.engine.playing import Style
from scorelock.engine.score import Note
from scorelock.engine.slots import Rhythm
from scorelock.export import preview
from scorelock.export.bench_listen import SECONDS, made_up
from scorelock.export.fit_listening import WRITTEN, written
from scorelock.export.practice import practice
from scorelock.export.score import Score
from scorelock.export.truth import (
    AFFECTS,
    BANDS,
    KEYS,
    TEMPOS,
    Plan,
    composed,
    play_under,
    sounding,
)
from scorelock.training.listening.density import MOST, NEAR, Counter, Told, in_context, told_of
from scorelock.training.listening.heard import LOWEST, PITCHES, HeardNote, Transcription
from scorelock.training.listening.sound import read_sound
from scorelock.training.listening.transcribe import FRAME_S, Transcriber

SEED: Final = 1000
"""Of the first piece; the bench of listening has those from 0."""
ASKED: Final = 5
"""Every so many pieces of a kind one is kept to be asked."""
CLEAR: Final = 0.15
"""What pieces that are heard exactly count, together, beside each other kind."""
HIDDEN, NETWORKS = 24, 3
"""Units of each network; their mean scores are those of one that has the units of all."""
DROPPED: Final = 0.15
DECAY: Final = 2e-4
BLUR: Final = 0.08
"""Spread of the answers learned, as a share of the count: the next count is nearly right."""
BATCH, EPOCHS, PACE = 512, 30, 4e-3
"""Adam's."""
_SOUNDS: Final = 0.8
"""How surely a note sounds that is heard exactly."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """What is told of its seconds, in context, (T, F), and how many notes sound in them, (T,)."""

    told: Told
    counts: NDArray[np.float32]

    @classmethod
    def of(cls, heard: Transcription, counts: NDArray[np.float32]) -> "Piece":
        """As the network is told of it."""
        return cls(in_context(told_of(heard, len(counts))), counts)


def exactly(
    notes: Iterable[tuple[float, float, int]], seconds: int, faint: float, sure: float = _SOUNDS
) -> Piece:
    """A piece of notes (onset, end, pitch) as one hears them who misses none; two of the same pitch
    that begin together are one.

    Args:
        notes: within the piano's pitches.
        seconds: of the piece.
        faint: how surely every pitch sounds that does not.
        sure: how surely the others do.
    """
    frames = int(seconds / FRAME_S)
    activity = np.full((frames, PITCHES), faint, np.float32)
    onsets = np.full((frames, PITCHES), faint / 2, np.float32)
    ends: dict[tuple[float, int], float] = {}
    for onset_s, end_s, pitch in notes:
        ends[onset_s, pitch] = max(end_s, ends.get((onset_s, pitch), 0.0))
    for (onset_s, pitch), end_s in ends.items():
        first, last = round(onset_s / FRAME_S), round(end_s / FRAME_S)
        activity[first:last, pitch - LOWEST] = sure
        onsets[first : first + 3, pitch - LOWEST] = sure
    played = [
        Note(onset_s, end_s - onset_s, pitch, 80, 0) for (onset_s, pitch), end_s in ends.items()
    ]
    heard = sorted(HeardNote(onset, end, pitch, sure) for (onset, pitch), end in ends.items())
    return Piece.of(
        Transcription(tuple(heard), activity, onsets, FRAME_S), sounding(played, seconds)
    )


def held(draw: np.random.Generator, seconds: int = SECONDS) -> Piece:
    """Chords of 0 to 20 notes, each held for whole seconds: for one, or for the whole piece."""
    length, most = int(draw.choice([1, 2, 4, 16, seconds])), int(draw.integers(1, 21))
    steady = draw.random() < 0.5
    notes = [
        (float(at), float(min(at + length, seconds)), int(pitch))
        for at in range(0, seconds, length)
        for pitch in draw.choice(
            np.arange(36, 97), most if steady else int(draw.integers(0, most + 1)), replace=False
        )
    ]
    faint = float(draw.choice([0, 0, 0.1, 0.2, 0.28]))
    return exactly(notes, seconds, faint, float(draw.uniform(0.6, 0.9)))


def fit(kinds: Sequence[Sequence[Piece]], clear: Sequence[Piece]) -> Counter:
    """What believes most in the counts of pieces; each kind of them counts the same.

    Args:
        kinds: of pieces as they are heard.
        clear: heard exactly.
    """
    groups = [*kinds, clear]
    told = np.concatenate([piece.told for group in groups for piece in group])
    counts = np.concatenate([piece.counts for group in groups for piece in group]).clip(max=MOST)
    sizes = [sum(len(piece.counts) for piece in group) for group in groups]
    shares = [*(1.0 for _ in kinds), CLEAR]
    each = np.repeat([share / size for share, size in zip(shares, sizes, strict=True)], sizes)
    mean, spread = told.mean(axis=0), told.std(axis=0) + 0.05
    x = torch.tensor((told - mean) / spread)
    y, weight = torch.tensor(_blurred(counts)), torch.tensor(each / each.mean()).float()
    parts = [_trained(x, y, weight, SEED + number) for number in range(NETWORKS)]
    inward = np.concatenate([part[0] for part in parts], axis=1) / spread[:, None]
    return Counter.of(
        {
            "inward": _rounded(inward),
            "thresholds": _rounded(np.concatenate([part[1] for part in parts]) - mean @ inward),
            "outward": _rounded(np.concatenate([part[2] for part in parts]) / NETWORKS),
            "biases": _rounded(np.mean([part[3] for part in parts], axis=0)),
        }
    )


def _blurred(counts: NDArray[np.float32]) -> NDArray[np.float32]:
    """(M, 41) how right each count is."""
    apart = np.arange(MOST + 1) - counts[:, None]
    right = np.exp(-0.5 * (apart / (BLUR * counts[:, None] + 0.15)) ** 2)
    blurred: NDArray[np.float32] = (right / right.sum(axis=1, keepdims=True)).astype(np.float32)
    return blurred


def _trained(
    x: torch.Tensor, y: torch.Tensor, weight: torch.Tensor, seed: int
) -> list[NDArray[np.float32]]:
    """Inward weights and biases of one network, then the outward ones."""
    torch.manual_seed(seed)
    into, out = torch.nn.Linear(x.shape[1], HIDDEN), torch.nn.Linear(HIDDEN, MOST + 1)
    dropout = torch.nn.Dropout(DROPPED)
    network = torch.nn.Sequential(dropout, into, torch.nn.ReLU(), dropout, out)
    steps = torch.optim.AdamW(network.parameters(), PACE, weight_decay=DECAY / PACE)
    batches = -(-len(x) // BATCH)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(steps, EPOCHS * batches)
    for _ in range(EPOCHS):
        for some in torch.split(torch.randperm(len(x)), BATCH):
            steps.zero_grad()
            believed = torch.log_softmax(network(x[some]), 1)
            loss = -((y[some] * believed).sum(1) * weight[some]).mean()
            loss.backward()  # type: ignore[no-untyped-call]
            steps.step()
            slower.step()
    return [each.detach().numpy() for each in (into.weight.T, into.bias, out.weight.T, out.bias)]


def _rounded(weights: NDArray[Any]) -> list[Any]:
    """Lists of numbers with few digits."""
    rounded: list[Any] = np.round(weights.astype(np.float64), 3).tolist()
    return rounded


def made_up_score(
    number: int, bundle: Bundle, fonts: Sequence[Path]
) -> tuple[Score, dict[str, int]]:
    """A score for a made-up picture as the bench has them, by other seeds, and its programs."""
    draw = np.random.default_rng(number)
    styles, bands = tuple(Style), tuple(BANDS)
    band = bands[draw.integers(len(bands))]
    half = draw.random() < 1 / 3
    plan = Plan(
        seed=number,
        style=styles[number // len(fonts) % len(styles)],
        band=band,
        font=fonts[number % len(fonts)],
        key=KEYS[draw.integers(len(KEYS))],
        affect=float(draw.choice(AFFECTS)),
        rhythm=Rhythm.HALF if half else Rhythm.FREE,
        bpm=float(draw.choice(TEMPOS)) if half else 120.0,
    )
    return composed(made_up(number), bundle, plan), dict(BANDS[band])


def tuned(score: Score) -> list[Note]:
    """The notes of a score that have a pitch: all but the drums'."""
    return [note for part in score.performance.parts if part.name != "drums" for note in part.notes]


def rendered(
    scores: Iterable[tuple[Score, dict[str, int]]], fonts: Sequence[Path], transcriber: Transcriber
) -> Iterator[tuple[Piece, Piece]]:
    """Scores as they are heard, and as if they were heard exactly; fonts take turns."""
    with tempfile.TemporaryDirectory() as folder:
        sound, film = Path(folder) / "piece.wav", Path(folder) / "piece.m4a"
        for number, (score, programs) in enumerate(scores):
            preview.write(sound, score, fonts[number % len(fonts)], programs)
            play_under(sound, None, film)
            notes = tuned(score)
            heard = transcriber.hear(read_sound(film))
            exact = exactly([(n.onset_s, n.end_s, n.pitch) for n in notes], SECONDS, faint=0.0)
            yield Piece.of(heard, sounding(notes, SECONDS)), exact


def right(counter: Counter, pieces: Sequence[Piece]) -> float:
    """The share of seconds whose density is told within `NEAR` of the truth."""
    true = np.concatenate([piece.counts for piece in pieces])
    told = np.concatenate([counter.count(piece.told) for piece in pieces])
    return float((np.abs(told - true) <= NEAR * true).mean())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--data", type=Path, required=True, help="folder of packed corpora")
    parser.add_argument("--soundfont", type=Path, required=True, action="append")
    parser.add_argument("--pieces", type=int, default=160, help="to render, of each kind")
    parser.add_argument("--out", type=Path, required=True, help="density_weights.json")


def run(args: argparse.Namespace) -> int:
    """Fit, ask what was kept, write."""
    bundle, transcriber = Bundle.open(), Transcriber.open()
    seeds = range(SEED, SEED + args.pieces)
    songs = [tokens for corpus in written(args.data, WRITTEN, "train") for tokens, _ in corpus]
    played = (practice(songs, made_up(seed), bundle, seed) for seed in seeds)
    made = {
        "composed": (made_up_score(seed, bundle, args.soundfont) for seed in seeds),
        "practice": ((piece.score, piece.programs) for piece in played),
    }
    kinds = {
        kind: list(rendered(scores, args.soundfont, transcriber)) for kind, scores in made.items()
    }
    learned = [[pair for at, pair in enumerate(pairs) if at % ASKED] for pairs in kinds.values()]
    counter = fitted(learned)
    for kind, pairs in kinds.items():
        asked = [heard for heard, _ in pairs[::ASKED]]
        print(f"{kind}: {len(asked)} pieces kept to be asked: {right(counter, asked):.3f} right")
    with writing(args.out) as beside:
        beside.write_text(json.dumps(counter.kept()) + "\n", encoding="utf-8")
    return 0


def fitted(kinds: Sequence[Sequence[tuple[Piece, Piece]]]) -> Counter:
    """Fitted to pieces as they are heard, the same heard exactly, and held chords as many."""
    draw = np.random.default_rng(SEED)
    exact = [exact for pairs in kinds for _, exact in pairs]
    clear = [*exact, *(held(draw) for _ in exact)]
    return fit([[heard for heard, _ in pairs] for pairs in kinds], clear)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    add_arguments(options)
    raise SystemExit(run(options.parse_args()))
