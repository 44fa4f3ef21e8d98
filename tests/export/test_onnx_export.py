"""Bundles made from checkpoints do what their models do, and replace each other safely."""

import argparse
import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from scorelock.engine.bundle import Bundle
from scorelock.engine.decoder import decode_chords
from scorelock.engine.errors import BadBundle, BadSetting
from scorelock.engine.sampling import Forbid, LimitRepeats, Sampler, Temperature
from scorelock.engine.vocabulary import decomposed
from scorelock.export import onnx_export
from scorelock.export.bench_decode import compare
from scorelock.export.command import PUBLISHED, add_arguments, run
from scorelock.export.onnx_export import export_bundle, parity
from scorelock.training.amt import Amt, AmtSizes
from scorelock.training.bigru import BiGru, GruSizes
from scorelock.training.checkpoint import amt_from_state, bigru_from_state, load_state

GOLDEN = Path(__file__).parents[2] / ".." / "shared" / "golden" / "reference_small"
ABOUT = {"licence": "none", "training": {"data": []}, "metrics": {}}


def export(*words: object) -> int:
    """Run `scorelock export` with these words."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args([str(word) for word in words]))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two weight files in the published layout: the golden ones, or small random ones."""
    if GOLDEN.is_dir():
        return GOLDEN
    folder = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(0)
    amt = Amt(AmtSizes("published", 32, 2, 1, 2, 32, standardised=False))
    torch.save(amt.state_dict(), folder / PUBLISHED[0])
    gru = BiGru(GruSizes("published", 8, standardised=False))
    torch.save(gru.state_dict(), folder / PUBLISHED[1])
    return folder


@pytest.fixture(scope="module")
def models(checkpoint: Path) -> tuple[Amt, BiGru]:
    return (
        amt_from_state(load_state(checkpoint / PUBLISHED[0])),
        bigru_from_state(load_state(checkpoint / PUBLISHED[1])),
    )


@pytest.fixture(scope="module")
def folder(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle that the command makes of them."""
    out = tmp_path_factory.mktemp("bundles") / "published"
    assert export(checkpoint, "-o", out) == 0
    return out


@pytest.fixture(scope="module")
def case() -> dict[str, NDArray[Any]]:
    if not GOLDEN.is_dir():
        pytest.skip(f"no golden numbers of the public code at {GOLDEN}")
    with np.load(GOLDEN / "case.npz") as pack:
        numbers = {name: pack[name] for name in pack.files}
    rows = [numbers["semantic"], numbers["scene_offset"][:, None], numbers["motion"][:, None]]
    features = np.concatenate([*rows, numbers["emotion"]], axis=1, dtype=np.float32)
    return numbers | {"features": features[: int(numbers["frames"])]}


def greedy() -> Sampler:
    return Sampler((Forbid(), LimitRepeats(2), Temperature(0)), np.random.default_rng())


def test_the_bundle_continues_as_the_public_code_does(
    folder: Path, case: dict[str, NDArray[Any]]
) -> None:
    """Only the film's real rows are given: the bundle pads them as the public code did."""
    chords = decode_chords(
        Bundle.open(folder), case["features"], bool(case["key"]), case["primer"].tolist(), greedy()
    )
    wanted = case["greedy"].tolist()
    assert list(itertools.islice(chords, len(wanted))) == wanted


def test_the_bundles_dynamics_are_the_public_codes(
    folder: Path, case: dict[str, NDArray[Any]]
) -> None:
    said = Bundle.open(folder).raw_dynamics(case["features"])
    wanted = case["density_loudness"][: len(said)]
    np.testing.assert_allclose(said, wanted, atol=1e-4)


def test_takes_batch_and_lengths_are_free(folder: Path, models: tuple[Amt, BiGru]) -> None:
    """Any number of songs, seconds, new chords and chords before: the graph is the model."""
    amt, _ = models
    graphs = {
        name: onnxruntime.InferenceSession(folder / f"{name}.onnx")
        for name in ("encoder", "decoder")
    }
    roots, attributes = decomposed()
    rng = np.random.default_rng(0)
    for songs, seconds, before, new in [
        (1, 1, 0, 1),
        (3, 20, 0, 9),
        (2, 300, 37, 1),
        (1, 5, 290, 10),
    ]:
        features = rng.standard_normal((songs, seconds, 776)).astype(np.float32)
        tokens = rng.integers(1, 157, (songs, new))
        parts, _, *row = amt.empty_cache(songs).shape
        cache = rng.standard_normal((parts, before, *row)).astype(np.float32)
        minor = rng.integers(0, 2, songs).astype(np.float32)
        film = graphs["encoder"].run(None, {"features": features})
        inputs = {"root": roots[tokens], "attribute": attributes[tokens], "minor": minor}
        inputs |= {f"film_{i}": part for i, part in enumerate(film)}
        inputs |= {f"cache_{i}": part for i, part in enumerate(cache)}
        found = graphs["decoder"].run(None, inputs)
        with torch.inference_mode():
            seen = amt.encode(torch.from_numpy(features))
            wanted = amt.decode(
                (torch.from_numpy(roots[tokens]), torch.from_numpy(attributes[tokens])),
                *(torch.from_numpy(minor), torch.from_numpy(cache), seen),
            )
        for one, other in zip([*film, *found], [*seen, *wanted], strict=True):
            np.testing.assert_allclose(one, other.numpy(), atol=1e-4)


def test_the_manifest_says_what_was_proven(folder: Path) -> None:
    manifest = Bundle.open(folder).manifest
    assert manifest.layout == "published"
    assert manifest.pad_to == manifest.window == 300
    assert manifest.parity["max_abs_difference"] < 1e-4
    assert manifest.parity["argmax_agreement"] == 1
    assert "not verified" in json.loads((folder / "manifest.json").read_text())["licence"]


def test_graphs_do_not_tell_where_they_were_made(folder: Path) -> None:
    for graph in folder.glob("*.onnx"):
        assert b".py" not in graph.read_bytes()


def test_graphs_of_other_weights_are_found_out(folder: Path, models: tuple[Amt, BiGru]) -> None:
    torch.manual_seed(1)
    with pytest.raises(BadBundle, match="of their models"):
        parity(Amt(models[0].sizes).eval(), models[1], Bundle.open(folder))


@pytest.fixture
def quick(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Graphs already written stand in for the exporter's, which takes long."""

    def copy(amt: Amt, dynamics: BiGru, place: Path) -> None:
        for graph in folder.glob("*.onnx"):
            shutil.copy(graph, place)

    monkeypatch.setattr(onnx_export, "write_graphs", copy)


@pytest.mark.usefixtures("quick")
def test_a_newer_bundle_takes_the_place_of_an_older(
    tmp_path: Path, models: tuple[Amt, BiGru]
) -> None:
    for name in ("first", "second"):
        export_bundle(*models, tmp_path / "bundle", name=name, about=ABOUT)
        assert Bundle.open(tmp_path / "bundle").manifest.name == name
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


@pytest.mark.usefixtures("quick")
def test_a_bundle_that_fails_its_proof_leaves_the_old_one(
    tmp_path: Path, models: tuple[Amt, BiGru]
) -> None:
    export_bundle(*models, tmp_path / "bundle", name="first", about=ABOUT)
    torch.manual_seed(1)
    with pytest.raises(BadBundle):
        export_bundle(Amt(models[0].sizes), models[1], tmp_path / "bundle", name="bad", about=ABOUT)
    assert Bundle.open(tmp_path / "bundle").manifest.name == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_never_writes_over_something_else(tmp_path: Path, models: tuple[Amt, BiGru]) -> None:
    (tmp_path / "film.mp4").write_bytes(b"precious")
    with pytest.raises(BadBundle, match="new or a bundle"):
        export_bundle(*models, tmp_path, name="x", about=ABOUT)
    assert (tmp_path / "film.mp4").read_bytes() == b"precious"


def test_two_models_of_two_layouts(tmp_path: Path, models: tuple[Amt, BiGru]) -> None:
    with pytest.raises(BadBundle, match="one feature layout"):
        export_bundle(models[0], BiGru(GruSizes("picture")), tmp_path / "b", name="x", about=ABOUT)


@pytest.mark.parametrize(
    ("sources", "error", "said"),
    [
        (["a"], BadBundle, "best_loss_weights.pickle"),
        (["a", "b"], BadSetting, "finished run"),
    ],
)
def test_what_cannot_be_exported(
    tmp_path: Path, sources: list[str], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        export(*(tmp_path / name for name in sources), "-o", tmp_path / "bundle")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "bundle").exists()


def test_both_ways_of_decoding_choose_the_same_chords(
    folder: Path, models: tuple[Amt, BiGru]
) -> None:
    """The comparison, at a small size and with a clock that ticks once a reading."""
    ticks = itertools.count()
    result = compare(models[0], Bundle.open(folder), lambda: next(ticks), steps=40)
    assert result["tokens_equal"]
    assert (result["ours"], result["other"], result["ratio"]) == (1, 1, 1)
