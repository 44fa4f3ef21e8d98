"""Bundles made from checkpoints do what their models do, and replace each other safely."""

import argparse
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from scorelock.engine.bundle import DECODER, DECODER_ON_CPU, WEIGHTS, Bundle
from scorelock.engine.decoder import decode_chords
from scorelock.engine.errors import BadBundle, BadSetting
from scorelock.engine.sampling import Forbid, LimitRepeats, Sampler
from scorelock.engine.vocabulary import decomposed
from scorelock.export.bench_decode import compare, rows
from scorelock.export.command import PUBLISHED, add_arguments, run
from scorelock.export.layers import Precision, quantised
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
    return Sampler((Forbid(), LimitRepeats(2)), [0], temperature=0)


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


class Session:
    """A graph that is run without any of the package's own way of running it."""

    def __init__(self, path: Path) -> None:
        self.session = onnxruntime.InferenceSession(path)

    def __call__(self, **inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        names = [output.name for output in self.session.get_outputs()]
        return dict(zip(names, self.session.run(None, inputs), strict=True))


@pytest.mark.parametrize("decoder", [DECODER, DECODER_ON_CPU])
def test_takes_lengths_and_places_are_free(
    folder: Path, models: tuple[Amt, BiGru], decoder: str
) -> None:
    """Any number of takes, seconds, new chords and chords before: the graph is the model."""
    amt, _ = models
    encode, decode = Session(folder / "encoder.onnx"), Session(folder / decoder)
    roots, attributes = decomposed()
    rng = np.random.default_rng(0)
    cases = [(1, 1, 0, 1), (3, 20, 0, 9), (2, 300, 37, 1), (1, 5, 290, 10)]
    for takes, seconds, before, new in cases:
        features = rng.standard_normal((1, seconds, 776)).astype(np.float32)
        tokens = rng.integers(1, 157, (takes, new))
        parts, _, *sizes = amt.empty_cache(takes).shape
        cache = rng.standard_normal((parts, before, *sizes)).astype(np.float32)
        minor = rng.integers(0, 2, takes).astype(np.float32)
        film = encode(features=features)
        inputs: dict[str, NDArray[Any]] = {
            **{"root": roots[tokens], "attribute": attributes[tokens], "minor": minor},
            **{"position": np.arange(before, before + new), **film},
        }
        places = [f"{part}_{i}" for i in range(parts // 2) for part in ("key", "value")]
        for place, old in zip(places, cache, strict=True):
            # After the chords so far anything may lie, such as a longer piece that was given up.
            inputs[place] = np.full((takes, sizes[1], 300, sizes[2]), 9e9, np.float32)
            inputs[place][:, :, :before] = old.transpose(1, 2, 0, 3)
        found = decode(**inputs)
        with torch.inference_mode():
            seen = amt.encode(torch.from_numpy(features))
            logits, fresh = amt.decode(
                (torch.from_numpy(roots[tokens]), torch.from_numpy(attributes[tokens])),
                *(torch.from_numpy(minor), torch.from_numpy(cache)),
                [part.expand(takes, -1, -1, -1) for part in seen],
            )
        for one, other in zip(film.values(), seen, strict=True):
            np.testing.assert_allclose(one, other.numpy(), atol=1e-4)
        np.testing.assert_allclose(found["logits"], logits.numpy(), atol=1e-4)
        for place, added in zip(places, fresh.numpy().transpose(0, 2, 3, 1, 4), strict=True):
            kept = found[f"{place}_new"][:, :, : before + new]
            np.testing.assert_array_equal(kept[:, :, :before], inputs[place][:, :, :before])
            np.testing.assert_allclose(kept[:, :, before:], added, atol=1e-4)


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_fewer_bits_believe_nearly_the_same(
    tmp_path: Path, models: tuple[Amt, BiGru], precision: Precision
) -> None:
    manifest = export_bundle(*models, tmp_path / "b", name="b", about=ABOUT, precision=precision)
    assert 1e-6 < manifest["parity"]["max_abs_difference"] < 0.1
    assert manifest["parity"]["argmax_agreement"] > 0.95
    assert manifest["parity"]["precision"] == Bundle.open(tmp_path / "b").manifest.precision
    whole = export_bundle(*models, tmp_path / "w", name="w", about=ABOUT)
    assert whole["parity"]["max_abs_difference"] < 1e-5
    sizes = [(tmp_path / name / WEIGHTS).stat().st_size for name in "bw"]
    assert sizes[0] < 0.8 * sizes[1]


@given(
    arrays(np.float32, (5, 64), elements=st.floats(-4, 4, width=32)), st.sampled_from([16, 32, 64])
)
def test_int8_weights_lie_within_half_a_step(weight: NDArray[np.float32], block: int) -> None:
    steps, scales = quantised(weight, block)
    assert steps.shape == (5, 64 // block, block)
    restored = (steps.astype(np.float64) - 128) * scales.reshape(5, -1, 1)
    error = np.abs(restored.reshape(5, 64) - weight).reshape(steps.shape).max(-1)
    assert (error <= scales.reshape(5, -1) * 0.5001 + 1e-12).all()


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
    with pytest.raises(BadBundle, match="what their models do"):
        parity(Amt(models[0].sizes).eval(), models[1], Bundle.open(folder))


def test_a_newer_bundle_takes_the_place_of_an_older(
    tmp_path: Path, models: tuple[Amt, BiGru]
) -> None:
    for name in ("first", "second"):
        export_bundle(*models, tmp_path / "bundle", name=name, about=ABOUT)
        assert Bundle.open(tmp_path / "bundle").manifest.name == name
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_bundle_that_fails_its_proof_leaves_the_old_one(
    tmp_path: Path, models: tuple[Amt, BiGru]
) -> None:
    export_bundle(*models, tmp_path / "bundle", name="first", about=ABOUT)

    def refuse(bundle: Bundle) -> dict[str, float]:
        raise BadBundle("no good")

    with pytest.raises(BadBundle, match="no good"):
        export_bundle(*models, tmp_path / "bundle", name="bad", about=ABOUT, proof=refuse)
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


def test_all_ways_of_decoding_choose_the_same_chords(
    folder: Path, models: tuple[Amt, BiGru], tmp_path: Path
) -> None:
    """The comparison, at a small size and with a clock that ticks once a reading."""
    export_bundle(*models, tmp_path / "int8", name="int8", about=ABOUT, precision="int8")
    ticks = itertools.count()
    places = {"fp32": folder, "int8": tmp_path / "int8"}
    result = compare(models[0], places, lambda: next(ticks), steps=40)
    assert result["tokens_equal"]
    assert result["argmax_agreement_int8"] > 0.9
    timed = ("public_s", "fp32_s", "int8_s", "ratio_fp32", "ratio_int8", "takes8_over_1")
    assert [result[name] for name in timed] == [1] * 6
    assert len(rows(result)) == 7
