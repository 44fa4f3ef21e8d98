"""Weights go both ways between Scorelock and the public code."""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from scorelock.engine.bundle import Bundle
from scorelock.engine.errors import BadSetting
from scorelock.engine.recall import GATE_FEATURES, LAG_FEATURES, RecallWeights
from scorelock.export.command import PUBLISHED, add_arguments, run
from scorelock.export.onnx_export import export_bundle
from scorelock.export.published import folded, save_published
from scorelock.training.amt import Amt, AmtSizes
from scorelock.training.batches import split_tokens
from scorelock.training.bigru import BiGru, GruSizes
from scorelock.training.checkpoint import (
    AMT_UNUSED,
    GRU_UNUSED,
    amt_from_state,
    bigru_from_state,
    load_state,
    save,
)
from scorelock.training.regressors import Regressor
from scorelock.training.surround import Surround, SurroundSizes

ABOUT: dict[str, Any] = {"licence": "none", "training": {}, "metrics": {}}
GOLDEN = Path(__file__).parents[2] / ".." / "shared" / "golden" / "reference_small"


def export(*words: object) -> int:
    """Run `scorelock export` with these words."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args([str(word) for word in words]))


def trained(standardised: bool = True) -> tuple[Amt, BiGru]:
    """Models of the published layout as training leaves them, small and random."""
    torch.manual_seed(0)
    amt = Amt(AmtSizes("published", 16, 2, 2, 2, 8, standardised=standardised)).eval()
    dynamics = BiGru(GruSizes("published", 4, standardised=standardised)).eval()
    if standardised:
        for layer in (amt.standardise, dynamics.standardise):
            layer.mean.copy_(torch.randn(776))
            layer.std.copy_(torch.rand(776) + 0.1)
        dynamics.output_mean.copy_(torch.tensor([10.0, 0.2]))
        dynamics.output_std.copy_(torch.tensor([5.0, 0.1]))
    return amt, dynamics


def outputs(amt: Amt, dynamics: BiGru) -> tuple[Tensor, Tensor]:
    """What both say of one film that is shorter than the window."""
    generator = torch.Generator().manual_seed(1)
    features = 2 * torch.randn(1, 30, 776, generator=generator)
    chords = split_tokens(torch.randint(1, 157, (1, 20), generator=generator))
    with torch.inference_mode():
        return amt(features, None, chords, torch.ones(1)), dynamics(features)


def read(folder: Path) -> tuple[Amt, BiGru]:
    return (
        amt_from_state(load_state(folder / PUBLISHED[0])),
        bigru_from_state(load_state(folder / PUBLISHED[1])),
    )


def write_runs(folder: Path, *models: Amt | Regressor) -> list[Path]:
    """Folders as `scorelock train` leaves them."""
    runs = [folder / f"run{i}" for i in range(len(models))]
    about: dict[str, object] = {
        "config": {"stages": []},
        "start": None,
        "songs": {},
        "epochs": 0,
        "scores": {},
    }
    for place, model in zip(runs, models, strict=True):
        place.mkdir()
        what = "amt" if isinstance(model, Amt) else "dynamics"
        (place / "run.json").write_text(json.dumps({"what": what} | about))
        save(place / "best.pt", {"model": model.state_dict()})
    return runs


def test_the_public_weights_come_back_as_they_were(tmp_path: Path) -> None:
    """Every name, shape and type that strict loading wants, and every number that is used."""
    if not GOLDEN.is_dir():
        pytest.skip(f"no weights of the public code at {GOLDEN}")
    assert export(GOLDEN, "-o", tmp_path, "--format", "published") == 0
    for name, unused in zip(PUBLISHED, (AMT_UNUSED, GRU_UNUSED), strict=True):
        there, back = load_state(GOLDEN / name), load_state(tmp_path / name)
        assert {n: (t.shape, t.dtype) for n, t in back.items()} == {
            n: (t.shape, t.dtype) for n, t in there.items()
        }
        for key, tensor in there.items():
            assert key.startswith(unused) or torch.equal(back[key], tensor), key


def test_what_was_trained_here_runs_there(tmp_path: Path) -> None:
    """The files hold no normalisation, and say the same of raw features."""
    models = trained()
    runs = write_runs(tmp_path, *models)
    assert export(*runs, "-o", tmp_path / "out", "--format", "published") == 0
    back = read(tmp_path / "out")
    assert not any(model.sizes.standardised for model in back)
    for found, wanted in zip(outputs(*back), outputs(*models), strict=True):
        torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)


def test_a_bundle_composes_as_the_models_were_trained(tmp_path: Path) -> None:
    """A film shorter than the window is padded before it is normalised, in both."""
    models = trained()
    export_bundle(*models, tmp_path / "bundle", name="x", about=ABOUT)
    bundle = Bundle.open(tmp_path / "bundle")
    assert bundle.manifest.pad_to == 300
    features = np.random.default_rng(0).standard_normal((30, 776)).astype(np.float32)
    with torch.inference_mode():
        wanted = models[1](torch.from_numpy(features)[None])[0].numpy()
    np.testing.assert_allclose(bundle.raw_dynamics(features), wanted, atol=1e-4)


def test_features_that_say_nothing_still_do() -> None:
    amt, _ = trained()
    amt.standardise.mean.zero_()
    amt.standardise.std.fill_(float("inf"))
    assert not folded(amt).Linear_vis.weight.any()


def test_weights_without_normalisation_are_left_alone() -> None:
    amt, dynamics = trained(standardised=False)
    assert folded(amt) is amt
    assert folded(dynamics) is dynamics


def test_other_models_are_not_for_the_public_code(tmp_path: Path) -> None:
    amt, dynamics = trained()
    picture = Amt(AmtSizes("picture", 16, 2, 2, 2, 8)), BiGru(GruSizes("picture", 4))
    uneven = Amt(AmtSizes("published", 16, 2, 1, 2, 8))
    out = tmp_path / "out"
    for models, said in (
        ((picture[0], dynamics), "picture features"),
        ((amt, picture[1]), "picture features"),
        ((uneven, dynamics), "got 1 and 2"),
    ):
        with pytest.raises(BadSetting, match=said) as caught:
            save_published(*models, out)
        assert "\n" not in str(caught.value)
        assert not out.exists()


def test_published_files_are_not_written_over(tmp_path: Path) -> None:
    """The public ones hold more than what is read of them."""
    (tmp_path / PUBLISHED[1]).write_bytes(b"precious")
    with pytest.raises(BadSetting, match=PUBLISHED[1]):
        save_published(*trained(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [PUBLISHED[1]]
    assert (tmp_path / PUBLISHED[1]).read_bytes() == b"precious"


def test_runs_are_told_apart_by_what_they_are(tmp_path: Path) -> None:
    """Order does not matter; two of a kind, or a recall of another model, are refused."""
    first, second = write_runs(tmp_path, *trained())
    with pytest.raises(BadSetting, match="runs of amt, amt"):
        export(first, first, "-o", tmp_path / "other")
    recall = tmp_path / "recall"
    recall.mkdir()
    weights = RecallWeights((0.0,) * LAG_FEATURES, (0.0,) * GATE_FEATURES, -2.0, 1.0)
    (recall / "recall.json").write_text(json.dumps(weights.plain()))
    about = {"what": "recall", "config": {"start": "elsewhere"}, "scores": {}}
    (recall / "run.json").write_text(json.dumps(about))
    with pytest.raises(BadSetting, match="fitted to elsewhere"):
        export(first, second, recall, "-o", tmp_path / "other")
    about["config"] = {"start": str(first)}
    (recall / "run.json").write_text(json.dumps(about))
    assert export(recall, second, first, "-o", tmp_path / "other") == 0
    assert Bundle.open(tmp_path / "other").manifest.recall == weights


def test_a_film_is_never_padded_for_its_surroundings(tmp_path: Path) -> None:
    """A published-layout AMT sees 300 rows, the model of density beside it the film alone."""
    amt, _ = trained()
    surround = Surround(SurroundSizes("published", 8)).eval()
    export_bundle(amt, surround, tmp_path / "bundle", name="x", about=ABOUT)
    bundle = Bundle.open(tmp_path / "bundle")
    assert (bundle.manifest.pad_to, bundle.manifest.dynamics_pad_to) == (300, None)
    features = np.random.default_rng(0).standard_normal((30, 776)).astype(np.float32)
    with torch.inference_mode():
        wanted = surround(torch.from_numpy(features)[None])[0].numpy()
    np.testing.assert_allclose(bundle.raw_dynamics(features), wanted, atol=1e-4)
    runs = write_runs(tmp_path, amt, surround)
    with pytest.raises(BadSetting, match="biGRU"):
        export(*runs, "-o", tmp_path / "out", "--format", "published")
