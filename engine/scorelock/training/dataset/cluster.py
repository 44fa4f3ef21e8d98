"""The machines that orders are worked on: a Dask cluster, or processes of this machine's own.

Every worker is one process with one core's share of everything, runs the same code as the one who
asks, and has the models; this is checked and made so before the first order is given.
"""

import hashlib
import importlib
import logging
import platform
import signal
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import dask
from dask.system import CPU_COUNT
from distributed import Client, LocalCluster
from distributed.diagnostics.plugin import WorkerPlugin
from distributed.system import MEMORY_LIMIT
from distributed.utils import silence_logging_cmgr
from distributed.versions import VersionMismatchWarning

import scorelock.engine
import scorelock.training
from scorelock.engine.errors import BadSetting, MissingPart
from scorelock.engine.files import make_folder, writing
from scorelock.engine.model_shelf import kept_model, models_folder

if TYPE_CHECKING:
    from distributed import Worker

PATIENCE_S: Final = 10
"""A cluster that does not answer by then, or has no worker by then, is not there."""
PLUGIN: Final = "scorelock-dataset"

_LOCAL: Final = {
    # A worker's death is counted by the one who asks; see `run_orders`.
    "distributed.scheduler.allowed-failures": 0,
    # Nothing is kept in a worker that could be put on disk; at its share of memory it is ended.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    # Many a library reads these once, when it is loaded.
    "distributed.nanny.pre-spawn-environ": dict.fromkeys(
        ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), 1
    ),
}
_QUIET: Final = {
    "distributed.comm.timeouts.connect": f"{PATIENCE_S}s",
    "distributed.admin.system-monitor.gil.enabled": False,
}


class Unequal(BadSetting):
    """A worker would make other songs, for it does not run what the one who asks runs."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What a worker must have.

    Attributes:
        files: of models, "MODEL/FILE" in the models folder -> bytes; small, for they are sent.
        models: names of those that are too large to be sent, and must be there.
        code: what the one who asks runs, see `running`.
    """

    files: Mapping[str, bytes]
    models: tuple[str, ...]
    code: Mapping[str, str]

    def unpack(self) -> None:
        """Put this process in order.

        Raises:
            Unequal: it runs something else.
            MissingPart: a model is missing that cannot be sent.
            BadSetting: the models folder cannot be written.
        """
        here = running()
        for part, wanted in self.code.items():
            if here[part] != wanted:
                raise Unequal(
                    f"expected {part} {wanted} on every worker, {platform.node()} has {here[part]};"
                    " install the same there as here (pip install -c constraints.txt), restart it"
                )
        for name, data in self.files.items():
            path = models_folder() / name
            if not path.is_file() or path.read_bytes() != data:
                make_folder(path.parent)
                with writing(path) as beside:
                    beside.write_bytes(data)
        for model in self.models:
            kept_model(model)
        cv2.setNumThreads(1)


class Outfit(WorkerPlugin):
    """Gives each worker its kit as it comes, late ones as well."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def setup(self, worker: "Worker") -> None:
        """Raises as `Kit.unpack`; a worker that raises here is not given an order."""
        self._kit.unpack()


def _code() -> str:
    code = hashlib.sha256()
    for package in (scorelock.engine, scorelock.training):
        for folder in package.__path__:
            for path in sorted(Path(folder).rglob("*.py")):
                code.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return code.hexdigest()[:12]


_CODE: Final = _code()  # as it is loaded: a worker that was not restarted runs the old one


def running() -> dict[str, str]:
    """What must be the same everywhere for the same songs to come out: name -> version."""
    return {
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "Scorelock's code": _CODE,
        "OpenCV": cv2.__version__,
        **{package: version(package) for package in ("numpy", "scipy")},
    }


@contextmanager
def reach(address: str | None, workers: int | None, kit: Kit, module: str) -> Iterator[Client]:
    """Workers that are ready, for the time of the block; no process of ours outlives it.

    Args:
        address: of a Dask scheduler (tcp://HOST:PORT); None for workers on this machine.
        workers: how many on this machine; None for one a core.
        kit: that every worker gets.
        module: that every worker must be able to import.

    Raises:
        BadSetting: there is no cluster, it has no worker, or it runs something else.
        MissingPart: workers lack Scorelock or a model.
    """
    if address is not None and workers is not None:
        raise BadSetting("expected a cluster's address or a number of workers, got both; give one")
    with ExitStack() as stack:
        # Dask tells of every worker that dies, over pages; what became of its order is told by us.
        stack.enter_context(silence_logging_cmgr(logging.CRITICAL + 1))
        stack.enter_context(dask.config.set(_QUIET))
        if address is None:
            address = stack.enter_context(_own_cluster(workers or CPU_COUNT))
            kit = replace(kit, code={})  # its workers are begun from the same files
        client = stack.enter_context(_client(address))
        _check(client, address, module)
        client.register_plugin(Outfit(kit), name=PLUGIN)
        yield client


@contextmanager
def _own_cluster(workers: int) -> Iterator[str]:
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(_LOCAL))
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="scorelock-"))
        with _interrupts_held():
            cluster = stack.enter_context(
                LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    memory_limit=MEMORY_LIMIT // workers,
                    dashboard_address="127.0.0.1:0",
                    local_directory=scratch,
                    silence_logs=logging.CRITICAL,
                )
            )
        yield cluster.scheduler_address


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back until the block ends; threads begun in it, and their processes, get none.

    So the workers do not die of it beside the one who asks, each with a traceback, but are closed.
    """
    # multiprocessing begins this process of its own beside the first one that is spawned, and then
    # lets interrupts in again.
    resource_tracker.ensure_running()
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _client(address: str) -> Iterator[Client]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VersionMismatchWarning)  # `_check` says it in one line
            client = Client(address, timeout=PATIENCE_S)
    except ValueError as err:
        raise BadSetting(
            f"expected a Dask scheduler's address such as tcp://HOST:8786, got {address}: {err}"
        ) from err
    except OSError as err:
        raise BadSetting(
            f"expected a Dask scheduler at {address}, none answers within {PATIENCE_S} s; start "
            "one with: dask scheduler"
        ) from err
    with client:
        yield client


def _check(client: Client, address: str, module: str) -> None:
    """See that workers are there, speak our Dask, and know Scorelock."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE_S)
    except TimeoutError as err:
        raise BadSetting(
            f"expected workers at {address}, none has come within {PATIENCE_S} s; start some with: "
            f"dask worker {address} --nworkers auto --nthreads 1"
        ) from err
    told: Any = client.get_versions()
    ours = told["client"]["packages"]
    for where, theirs in (("scheduler", told["scheduler"]), *sorted(told["workers"].items())):
        for part in ("python", "dask", "distributed"):
            got, wanted = theirs["packages"].get(part), ours[part]
            if got != wanted:
                raise Unequal(
                    f"expected {part} {wanted} at {address}, its {where} has {got}; install the "
                    "same there as here (pip install -c constraints.txt) and restart it"
                )
    try:
        client.run_on_scheduler(importlib.import_module, module)
        client.run(importlib.import_module, module)
    except ImportError as err:
        raise MissingPart(
            f"expected Scorelock on the scheduler and every worker of {address}, got: {err}; "
            "pip install 'scorelock[cpu,dataset]' there and restart them"
        ) from err
