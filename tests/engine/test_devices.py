"""Which device runs the graphs, and that all say the same."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from scorelock.engine.bundle import DECODER_ON_CPU, Bundle
from scorelock.engine.decoder import decode_takes
from scorelock.engine.errors import BadBundle, MissingPart
from scorelock.engine.runtime import choose, open_graph, threads_for
from scorelock.engine.sampling import Sampler
from scorelock.engine.score import ComposeSettings

STARTER = Path(__file__).parents[2] / "engine/scorelock/engine/bundles/starter"
needs_cuda = pytest.mark.skipif(
    "CUDAExecutionProvider" not in onnxruntime.get_available_providers(),
    reason="needs an NVIDIA card and onnxruntime with CUDA",
)
no_cuda = pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(),
    reason="this onnxruntime has CUDA",
)


def tokens(bundle: Bundle, takes: int = 3, seconds: int = 310) -> NDArray[np.int64]:
    """Takes (B, T) of one film, drawn under their seeds."""
    rows = np.random.default_rng(0).uniform(0, 1, (seconds, 8)).astype(np.float32)
    minor = [take % 2 == 1 for take in range(takes)]
    sampler = Sampler.of([ComposeSettings(seed=take) for take in range(takes)], minor)
    return np.stack([*decode_takes(bundle, rows, minor, [[1]] * takes, sampler)], axis=1)


@needs_cuda
def test_cuda_draws_the_processors_chords() -> None:
    on_cuda = Bundle.open(device="cuda")
    assert on_cuda.device.device == "cuda"
    np.testing.assert_array_equal(tokens(on_cuda), tokens(Bundle.open(device="cpu")))


@needs_cuda
def test_auto_takes_cuda_where_it_is() -> None:
    assert Bundle.open(device="auto").device.device == "cuda"


@needs_cuda
def test_a_recorded_step_goes_on_after_another_film() -> None:
    """Every window has a recording of its own, and prefill has none."""
    bundle = Bundle.open(device="cuda")
    np.testing.assert_array_equal(tokens(bundle), tokens(bundle))
    assert tokens(bundle, takes=1, seconds=620).shape == (1, 620)


@no_cuda
def test_auto_takes_the_processor_and_says_why() -> None:
    device = Bundle.open(device="auto").device
    assert (device.device, device.why) == ("cpu", "onnxruntime here has no CUDA")


@no_cuda
@pytest.mark.filterwarnings("ignore:Specified provider")
def test_auto_falls_back_where_cuda_cannot_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build with CUDA on a machine whose libraries are missing."""
    providers = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: providers)
    device = Bundle.open(device="auto").device
    assert device.device == "cpu"
    assert "CUDAExecutionProvider" in device.why
    assert "\n" not in device.why
    with pytest.raises(MissingPart, match="--device cpu"):
        Bundle.open(device="cuda")


@no_cuda
@pytest.mark.parametrize(
    ("device", "remedy"),
    [("cuda", r"scorelock\[gpu\]"), ("tensorrt", "TensorRT"), ("directml", "directml")],
)
def test_a_device_that_is_not_here_by_name(device: str, remedy: str) -> None:
    with pytest.raises(MissingPart, match=remedy):
        choose(device)  # type: ignore[arg-type]


def test_the_portable_graph_draws_the_same_chords() -> None:
    """What every other device runs, run here."""
    portable = Bundle.open(STARTER)
    rows = np.random.default_rng(1).uniform(0, 1, (40, 8)).astype(np.float32)
    steps = portable.begin(rows, [False])
    session = open_graph(STARTER / "decoder.onnx", "cpu", bound="memory")
    portable._sessions = {**portable._sessions, "decoder.onnx": session}
    other = portable.begin(rows, [False])
    for token in (1, 66, 66, 92, 5):
        said = [each.advance(np.array([[token]])) for each in (steps, other)]
        np.testing.assert_allclose(said[0], said[1], atol=1e-4)


def test_a_graph_that_wants_a_newer_runtime_is_one_line(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    graph = onnx.load(STARTER / DECODER_ON_CPU, load_external_data=False)
    graph.opset_import[0].version = 999
    onnx.save(graph, tmp_path / "new.onnx")
    for form in (tmp_path / "new.onnx", (tmp_path / "new.onnx").read_bytes()):
        with pytest.raises(BadBundle, match="lower --opset") as caught:
            open_graph(form, "cpu")
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 1000


def test_large_weights_are_read_by_two_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 16)
    assert [threads_for("memory", size) for size in (4_000_000, 60_000_000)] == [1, 2]
    assert threads_for("arithmetic", 0) == 8
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert threads_for("memory", 60_000_000) == threads_for("arithmetic", 0) == 1
