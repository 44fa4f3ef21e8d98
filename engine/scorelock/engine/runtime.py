"""ONNX Runtime: on which device a graph runs, and buffers that stay where they are between runs.

This is the one importer of onnxruntime.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.errors import BadBundle, MissingPart

Device = Literal["auto", "cpu", "cuda", "tensorrt", "coreml", "directml"]
Array = NDArray[Any]

PROVIDERS: Final[dict[Device, str]] = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
}
PACKAGES: Final[dict[Device, str]] = {
    "cuda": "pip uninstall onnxruntime, then pip install 'scorelock[gpu]'",
    "tensorrt": "pip uninstall onnxruntime, then pip install 'scorelock[gpu]' and TensorRT",
    "coreml": "it comes with onnxruntime for macOS",
    "directml": "pip uninstall onnxruntime, then pip install onnxruntime-directml (Windows)",
}

Bound = Literal["memory", "arithmetic"]
"""What a graph waits for: its weights, which a chord's step reads once, or its sums."""
LARGE: Final = 12_000_000
"""Bytes of weights that two threads read faster than one: one core draws no more than half of what
the memory gives. Of smaller ones they would only wait for each other (`scorelock bench decode`
measures both).
"""
MOST_THREADS: Final = 8


@dataclass(frozen=True, slots=True)
class Chosen:
    """The device that runs the graphs, and why it is that one, in words."""

    device: Device
    why: str


def choose(wanted: Device) -> Chosen:
    """The device for "auto", or the one that is wanted by name.

    CoreML and DirectML are taken by name alone: they gain nothing on steps as small as a chord.

    Raises:
        MissingPart: onnxruntime is not installed, or has no provider for the device.
    """
    available = _onnxruntime().get_available_providers()
    if wanted == "auto":
        if PROVIDERS["cuda"] in available:
            return Chosen("cuda", "onnxruntime has CUDA")
        return Chosen("cpu", "onnxruntime here has no CUDA")
    if PROVIDERS[wanted] not in available:
        raise MissingPart(
            f"expected onnxruntime with {PROVIDERS[wanted]} for --device {wanted}, found "
            f"{', '.join(available)}; {PACKAGES[wanted]}"
        )
    return Chosen(wanted, "asked for by name")


def open_graph(
    graph: Path | bytes,
    device: Device,
    threads: int | None = None,
    *,
    bound: Bound = "arithmetic",
    captured: bool = False,
) -> Any:  # noqa: ANN401
    """A session that runs a graph, a file or what one would hold, on a device.

    `captured` asks CUDA to record a run's kernels and play them back at once ever after, which
    needs shapes and places that never change.

    Raises:
        BadBundle: it is no graph, or one that this onnxruntime cannot run.
        MissingPart: the device's provider is there but cannot load.
    """
    runtime = _onnxruntime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads or 1
    if bound == "arithmetic":  # it runs once, and then its threads should not wait for more
        options.add_session_config_entry("session.force_spinning_stop", "1")
    options.log_severity_level = 4
    if device == "directml":  # which runs neither in parallel nor with a planned memory
        options.enable_mem_pattern = False
    if _memory(device) == "cuda" and hasattr(runtime, "preload_dlls"):
        with redirect_stdout(sys.stderr):  # where it tells of every library that it did not find
            runtime.preload_dlls()
    chain: list[Any] = [PROVIDERS[device]]
    if captured:
        chain = [(PROVIDERS["cuda"], {"enable_cuda_graph": "1"})]
    if device == "tensorrt":
        chain.append(PROVIDERS["cuda"])
    if device != "cpu":
        chain.append(PROVIDERS["cpu"])
    content, place = (graph, "bytes") if isinstance(graph, bytes) else (str(graph), str(graph))
    try:
        session = runtime.InferenceSession(content, options, providers=chain, enable_fallback=0)
    except Exception as err:  # onnxruntime's own errors share no narrower base
        reason = str(err).splitlines()[0]
        if device != "cpu":
            raise MissingPart(
                f"expected {PROVIDERS[device]} to run {place}, got: {reason}; use --device cpu"
            ) from err
        raise BadBundle(
            f"expected a graph that onnxruntime {runtime.__version__} can run in {place}, got: "
            f"{reason}; export the bundle again, or with a lower --opset"
        ) from err
    if PROVIDERS[device] not in session.get_providers():
        raise MissingPart(
            f"expected {PROVIDERS[device]} to load, but its libraries did not; "
            f"{PACKAGES.get(device, 'reinstall onnxruntime')}, or use --device cpu"
        )
    return session


def threads_for(bound: Bound, weights: int) -> int:
    """How many threads run a graph whose weights have so many bytes fastest."""
    cores = os.cpu_count() or 1
    if bound == "arithmetic":
        return min(MOST_THREADS, cores)
    return min(2, cores) if weights > LARGE else 1


class Buffers:
    """Inputs and outputs of a graph at fixed places, on the device that it runs on.

    A value that is given as input and output at once is changed where it lies.
    """

    def __init__(self, session: Any, device: Device) -> None:  # noqa: ANN401
        self._session = session
        self._binding = session.io_binding()
        self._memory = _memory(device)
        self._kept: dict[str, Any] = {}
        self._arrays: dict[str, Array] = {}

    def give(self, name: str, value: Any) -> None:  # noqa: ANN401
        """Give an input that another session left on the device."""
        self._kept[name] = value
        self._binding.bind_ortvalue_input(name, value)

    def put(self, name: str, array: Array) -> None:
        """Copy an input to its place; one of another shape gets a new place."""
        place = self._arrays.get(name)
        if place is None or place.shape != array.shape:
            self._arrays[name] = np.array(array, order="C")
            self.give(name, _value(self._arrays[name], self._memory))
        elif self._memory == "cpu":
            place[...] = array  # the value lies in this very array
        else:
            self._kept[name].update_inplace(np.ascontiguousarray(array))

    def share(self, name: str, output: str) -> None:
        """Let an output be written where an input lies."""
        self._binding.bind_ortvalue_output(output, self._kept[name])

    def result(self, name: str, shape: Sequence[int]) -> None:
        """Make room for a float32 output."""
        self._kept[name] = _value(np.zeros(shape, np.float32), self._memory)
        self._binding.bind_ortvalue_output(name, self._kept[name])

    def run(self, capture: int | None = None) -> None:
        """One run; CUDA plays back what it recorded under the same number, None records nothing."""
        options = None
        if self._memory == "cuda":
            options = _onnxruntime().RunOptions()
            options.add_run_config_entry("gpu_graph_id", str(-1 if capture is None else capture))
        self._session.run_with_iobinding(self._binding, options)

    def read(self, name: str) -> Array:
        """A copy of an output."""
        return np.array(self._kept[name].numpy())


def _memory(device: Device) -> str:
    return "cuda" if device in ("cuda", "tensorrt") else "cpu"


def _value(array: Array, memory: str) -> Any:  # noqa: ANN401
    return _onnxruntime().OrtValue.ortvalue_from_numpy(array, memory, 0)


def run(session: Any, device: Device, inputs: Mapping[str, Array]) -> list[Any]:  # noqa: ANN401
    """All outputs of a graph, left on the device."""
    binding = session.io_binding()
    for name, array in inputs.items():
        binding.bind_cpu_input(name, np.ascontiguousarray(array))
    for output in session.get_outputs():
        binding.bind_output(output.name, _memory(device))
    session.run_with_iobinding(binding)
    values: list[Any] = binding.get_outputs()
    return values


def _onnxruntime() -> Any:  # noqa: ANN401
    try:
        import onnxruntime
    except ImportError as err:
        raise MissingPart(
            "expected onnxruntime to run the models; pip install 'scorelock[cpu]'"
        ) from err
    return onnxruntime
