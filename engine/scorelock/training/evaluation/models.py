"""What can be scored: a bundle, or the folders of training runs, behind the same three calls."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.bundle import BASELINES, RECALL, Bundle, Manifest, find_bundle
from scorelock.engine.decoder import ChordModel
from scorelock.engine.errors import BadBundle, BadSetting, MissingPart
from scorelock.engine.features import Layout
from scorelock.engine.recall import RecallWeights
from scorelock.engine.vocabulary import SIZE
from scorelock.training.songs import Example

if TYPE_CHECKING:
    from torch import Tensor

    from scorelock.training.amt import Amt

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """A model to be scored.

    Attributes:
        name: for the tables.
        layout: the features it reads.
        chords: decodes chords, or None where there is no chord model.
        dynamics: raw features (T, F) to density and loudness (T, 2), or None.
        counts: where the counts of its training songs may lie.
    """

    name: str
    layout: Layout
    chords: ChordModel | None
    dynamics: Callable[[Rows], Rows] | None
    counts: Path

    @classmethod
    def open(cls, folders: Sequence[Path]) -> Self:
        """A bundle's folder, none for the one that ships, or the folders of runs.

        Raises:
            BadSetting: the folders hold no model, or two of a kind.
            BadBundle: what they hold is damaged.
            MissingPart: a run is asked for without PyTorch.
        """
        if any((folder / "best.pt").is_file() for folder in folders):
            return cls._of_runs(folders)
        if len(folders) > 1:
            raise BadSetting(f"expected one bundle or training runs, got {len(folders)} folders")
        place = find_bundle(folders[0] if folders else None)
        bundle = Bundle.open(place)
        return cls(
            bundle.manifest.name,
            bundle.manifest.layout,
            bundle,
            bundle.raw_dynamics,
            place / BASELINES,
        )

    @classmethod
    def _of_runs(cls, folders: Sequence[Path]) -> Self:
        try:
            import torch
        except ImportError as err:
            raise MissingPart(
                "expected PyTorch to score a training run; pip install 'scorelock[train]'"
            ) from err
        from scorelock.training.checkpoint import amt_from_state, load_state
        from scorelock.training.regressors import regressor_from_state

        trained = [folder for folder in folders if not (folder / RECALL).is_file()]
        recall = next((_read_recall(f / RECALL) for f in folders if f not in trained), None)
        states = [load_state(folder / "best.pt") for folder in trained]
        amts = [amt_from_state(s) for s in states if "Linear_chord.weight" in s]
        rest = [regressor_from_state(s) for s in states if "Linear_chord.weight" not in s]
        if len(amts) > 1 or len(rest) > 1 or not states:
            raise BadSetting(
                "expected a run of chords, of dynamics, or one of each, got "
                f"{len(amts)} of chords and {len(rest)} of dynamics"
            )
        layouts = {amt.sizes.layout for amt in amts} | {one.sizes.layout for one in rest}
        if len(layouts) > 1:
            raise BadSetting("expected two runs of one feature layout, got one of each")

        def dynamics(features: Rows) -> Rows:
            with torch.inference_mode():
                y: Rows = rest[0](torch.from_numpy(features)[None])[0].numpy()
            return y

        return cls(
            name=" + ".join(folder.name for folder in folders),
            layout=layouts.pop(),
            chords=RunningAmt(amts[0], recall) if amts else None,
            dynamics=dynamics if rest else None,
            counts=trained[0] / BASELINES,
        )


def _read_recall(path: Path) -> RecallWeights:
    try:
        return RecallWeights.parse(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise BadBundle(f"expected weights of recall in {path}, got a damaged file: {err}") from err


class RunningAmt:
    """An AMT in PyTorch, in eval mode, that acts as a bundle."""

    def __init__(self, amt: "Amt", recall: RecallWeights | None = None) -> None:
        sizes = amt.sizes
        self.amt = amt
        self.manifest = Manifest(
            name="run",
            layout=sizes.layout,
            window=sizes.window,
            pad_to=sizes.pad_to,
            cache_row=(sizes.decoder_layers, 2, sizes.heads, sizes.d_model // sizes.heads),
            metrics={},
            parity={},
            training={},
            files={},
            recall=recall,
        )

    def begin(self, features: Rows, minor: Sequence[bool]) -> "RunningSteps":
        """See raw features (T, F) of one window; then decode a take for each of `minor`."""
        import torch

        missing = max(0, (self.manifest.pad_to or 0) - len(features))
        padded = torch.from_numpy(np.pad(features, ((0, missing), (0, 0))))[None]
        with torch.inference_mode():
            return RunningSteps(self.amt, self.amt.encode(padded), minor)


class RunningSteps:
    """What `scorelock.engine.decoder.Steps` asks, in PyTorch."""

    def __init__(self, amt: "Amt", film: Sequence["Tensor"], minor: Sequence[bool]) -> None:
        import torch

        self._amt = amt
        self._film = film
        self._minor = torch.tensor(minor, dtype=torch.float32)
        self._cache = amt.empty_cache(len(minor))

    @property
    def position(self) -> int:
        """Chords so far."""
        return self._cache.shape[1]

    def rewind(self, position: int) -> None:
        """Forget the chords from `position` on."""
        self._cache = self._cache[:, :position]

    def advance(self, tokens: NDArray[np.int64]) -> Rows:
        """Logits (B, S, 159) of the chord after each of S more, tokens (B, S)."""
        import torch

        from scorelock.training.batches import split_tokens

        chords = split_tokens(torch.from_numpy(np.ascontiguousarray(tokens)))
        with torch.inference_mode():
            logits, rows = self._amt.decode(chords, self._minor, self._cache, self._film)
            self._cache = torch.cat([self._cache, rows], dim=1)
        return logits.numpy()


def song_logits(model: ChordModel, song: Example) -> Rows:
    """The model's own logits (T - 1, 159) of a song's chords after the first, of one window."""
    if len(song.chords) < 2:
        return np.zeros((0, SIZE), np.float32)
    said: Rows = model.begin(song.features, [song.minor]).advance(song.chords[None, :-1])[0]
    return said
