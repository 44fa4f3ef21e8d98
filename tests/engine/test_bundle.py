"""The starter bundle opens, is what its manifest says, and damage is named."""

import builtins
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scorelock.engine.bundle import DECODER_ON_CPU, FILES, Bundle
from scorelock.engine.errors import BadBundle, MissingPart

STARTER = Path(__file__).parents[2] / "engine/scorelock/engine/bundles/starter"


@pytest.fixture(scope="module")
def starter() -> Bundle:
    return Bundle.open()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(STARTER, tmp_path / "copy"))


def refusal(folder: Path) -> str:
    with pytest.raises(BadBundle) as caught:
        Bundle.open(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def edit(folder: Path, **changes: Any) -> None:  # noqa: ANN401
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_the_starter_is_small_and_needs_the_picture_alone(starter: Bundle) -> None:
    assert starter.manifest.layout == "picture"
    assert starter.manifest.pad_to is None
    assert sum(path.stat().st_size for path in STARTER.iterdir()) < 25e6


def test_the_starter_beats_what_needs_no_model(starter: Bundle) -> None:
    chords, dynamics = starter.manifest.metrics["chords"], starter.manifest.metrics["dynamics"]
    for rank in ("hits1", "hits3", "hits5"):
        assert chords["model"][rank] > chords["repeat_last"][rank] > chords["most_frequent"][rank]
    for column in ("density_rmse", "loudness_rmse"):
        assert dynamics["model"][column] < dynamics["mean_predictor"][column]
    recall = starter.manifest.metrics["recall"]
    assert recall["cross_fitted"]["hits1"] > recall["without_recall"]["hits1"]


def test_the_starter_was_proven_and_says_what_it_learned_from(starter: Bundle) -> None:
    assert starter.manifest.parity["max_abs_difference"] < 1e-4
    assert starter.manifest.parity["argmax_agreement"] == 1
    assert any("not verified" in line for line in starter.manifest.training["data"])


@pytest.mark.parametrize("seconds", [1, 2, 52, 301, 900])
def test_dynamics_of_any_length(starter: Bundle, seconds: int) -> None:
    rows = np.random.default_rng(0).uniform(0, 100, (seconds, 8)).astype(np.float32)
    dynamics = starter.dynamics(rows)
    assert dynamics.density.shape == dynamics.loudness.shape == (seconds,)
    assert 0 <= dynamics.density.min() <= dynamics.density.max() <= 40
    assert 0 <= dynamics.loudness.min() <= dynamics.loudness.max() <= 1


def test_dynamics_of_extreme_pictures_stay_in_range(starter: Bundle) -> None:
    dynamics = starter.dynamics(np.full((20, 8), 1e9, np.float32))
    assert np.isfinite(dynamics.density).all()
    assert dynamics.loudness.max() <= 1


def test_refuses_features_of_another_width(starter: Bundle) -> None:
    with pytest.raises(BadBundle, match=r"reads 8 features.*got 776"):
        starter.begin(np.zeros((5, 776), np.float32), [False])


@pytest.mark.parametrize("graph", [*FILES, DECODER_ON_CPU])
def test_a_changed_byte_is_found(copy: Path, graph: str) -> None:
    content = bytearray((copy / graph).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / graph).write_bytes(content)
    assert graph in refusal(copy)


@pytest.mark.parametrize("name", [*FILES, DECODER_ON_CPU, "manifest.json"])
def test_a_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    assert name in refusal(copy)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert "manifest.json" in refusal(tmp_path / "nothing")


def test_another_format_is_named(copy: Path) -> None:
    edit(copy, format=99)
    assert "expected a bundle of format 2" in refusal(copy)
    assert "update scorelock" in refusal(copy)
    edit(copy, format=1)
    assert "export it again" in refusal(copy)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", '{"format": 1, "vocabulary": 159}'])
def test_a_damaged_manifest(copy: Path, text: str) -> None:
    (copy / "manifest.json").write_text(text)
    assert "manifest" in refusal(copy)


def test_a_manifest_that_makes_no_sense(copy: Path) -> None:
    edit(copy, layout="smell")
    assert "layout" in refusal(copy)


def test_a_manifest_without_a_graph(copy: Path) -> None:
    files = json.loads((copy / "manifest.json").read_text())["files"]
    del files["decoder.onnx"]
    edit(copy, files=files)
    assert "decoder.onnx" in refusal(copy)


def test_what_is_no_graph(copy: Path) -> None:
    """A bundle whose hashes are right and whose graph is not."""
    import hashlib

    (copy / "encoder.onnx").write_bytes(b"not a graph")
    files = json.loads((copy / "manifest.json").read_text())["files"]
    files["encoder.onnx"] = hashlib.sha256(b"not a graph").hexdigest()
    edit(copy, files=files)
    assert "encoder.onnx" in refusal(copy)


def test_without_onnxruntime(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def absent(name: str, *args: Any, **kwargs: Any) -> object:  # noqa: ANN401
        if name == "onnxruntime":
            raise ImportError(name)
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(MissingPart, match=r"pip install 'scorelock\[cpu\]'"):
        Bundle.open()


def test_cuda_without_its_build() -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    with pytest.raises(MissingPart, match=r"scorelock\[gpu\]"):
        Bundle.open(device="cuda")
