"""Every order is answered once, whatever becomes of workers and of the cluster."""

import importlib.metadata
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="needs Dask: pip install 'scorelock[dataset]'")

from fake_work import KILLS, KILLS_ONCE, RAISES, WAITS, alive, orders, tries, work

from scorelock.engine.errors import BadSetting, MissingPart
from scorelock.engine.model_shelf import ENVIRONMENT
from scorelock.training.dataset import cluster as clusters
from scorelock.training.dataset import workers as giving
from scorelock.training.dataset.cluster import Kit, Unequal, running
from scorelock.training.dataset.order import SONG
from scorelock.training.dataset.workers import LOST, ClusterGone, run_orders

ROOT = Path(__file__).parents[3]
SOURCES = [str(ROOT / part) for part in ("engine", "bridge", "export", "tests")]


def every_try(shelf: Path) -> list[int]:
    return [pid for path in shelf.glob("*.tries") for pid in tries(shelf, path.stem)]


def songs(shelf: Path) -> list[str]:
    return sorted((path.stem for path in shelf.glob("*.song")), key=int)


def wait_until(there: Callable[[], object]) -> None:
    for _ in range(3000):
        if there():
            return
        threading.Event().wait(0.01)
    pytest.fail("waited for 30 s")


def test_all_are_answered_and_no_process_is_left(tmp_path: Path) -> None:
    answers = list(run_orders(orders(tmp_path, *12 * [""]), work, workers=2))
    assert sorted(int(done.id) for done in answers) == list(range(12))
    assert {done.kind for done in answers} == {SONG}
    assert songs(tmp_path) == [str(index) for index in range(12)]
    assert 1 <= len(set(every_try(tmp_path))) <= 2
    assert not alive(every_try(tmp_path))


def test_no_order_needs_no_worker(tmp_path: Path) -> None:
    assert list(run_orders([], work)) == []


def test_an_order_that_kills_is_lost_and_the_rest_goes_on(tmp_path: Path) -> None:
    names = ["", KILLS, "", KILLS_ONCE, "", "", KILLS, ""]
    answers = {done.id: done for done in run_orders(orders(tmp_path, *names), work, workers=2)}
    assert sorted(answers) == [str(index) for index in range(len(names))]
    lost = [done for done in answers.values() if done.kind == LOST]
    assert sorted(done.id for done in lost) == ["1", "6"]
    assert all("\n" not in done.reason and "memory" in done.reason for done in lost)
    assert songs(tmp_path) == ["0", "2", "3", "4", "5", "7"]
    for kills in ("1", "6"):
        assert len(tries(tmp_path, kills)) == 2
    assert not alive(every_try(tmp_path))


def test_a_worker_killed_from_outside_costs_nothing(tmp_path: Path) -> None:
    given = orders(tmp_path, WAITS, *8 * [""])
    with closing(run_orders(given, work, workers=2)) as answers:
        first = next(answers)
        wait_until(lambda: tries(tmp_path, "0"))
        os.kill(tries(tmp_path, "0")[0], signal.SIGKILL)
        (tmp_path / "go").touch()
        rest = list(answers)
    assert sorted(done.id for done in (first, *rest)) == [str(index) for index in range(9)]
    assert songs(tmp_path) == [str(index) for index in range(9)]
    assert len(tries(tmp_path, "0")) == 2


def test_one_who_stops_early_leaves_no_process(tmp_path: Path) -> None:
    with closing(run_orders(orders(tmp_path, "", *40 * [WAITS]), work, workers=2)) as answers:
        assert next(answers).kind == SONG
        wait_until(lambda: len(set(every_try(tmp_path))) == 2)
    assert not alive(every_try(tmp_path))
    assert songs(tmp_path) == ["0"]
    # Few are on their way at a time.
    assert len(list(tmp_path.glob("*.tries"))) <= 4


def test_interrupt_is_quick_and_quiet(tmp_path: Path) -> None:
    """As a terminal does it: everybody in the group gets it, workers as well."""
    program = (
        "import pathlib, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a job behind ignores it
        "from contextlib import closing\n"
        "from fake_work import orders, work, WAITS\n"
        "from scorelock.training.dataset.workers import run_orders\n"
        "if __name__ == '__main__':\n"
        "    given = orders(pathlib.Path(sys.argv[1]), WAITS, WAITS)\n"
        "    try:\n"
        "        with closing(run_orders(given, work, workers=2)) as answers:\n"
        "            list(answers)\n"
        "    except KeyboardInterrupt:\n"
        "        print('interrupted')\n"
    )
    script = tmp_path / "build.py"
    script.write_text(program)
    with subprocess.Popen(
        [sys.executable, "-W", "error", str(script), str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(SOURCES)},
        start_new_session=True,
    ) as build:
        wait_until(lambda: len(every_try(tmp_path)) == 2)
        os.killpg(build.pid, signal.SIGINT)
        try:
            told, noise = build.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(build.pid, signal.SIGKILL)
            raise
    assert (told, noise) == ("interrupted\n", "")
    assert not alive(every_try(tmp_path))


def test_a_fault_of_ours_is_not_hidden(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        list(run_orders(orders(tmp_path, RAISES), work, workers=1))
    assert not alive(every_try(tmp_path))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "PATIENCE_S", 1)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("tcp://127.0.0.1:9", "expected a Dask scheduler at tcp://127.0.0.1:9, none answers"),
        ("tcp://nowhere.invalid:8786", "none answers"),
        ("http://127.0.0.1:80", "such as tcp://HOST:8786, got http://127.0.0.1:80"),
        ("cluster", "such as tcp://HOST:8786, got cluster"),
    ],
)
def test_a_cluster_that_is_not_there(tmp_path: Path, address: str, why: str) -> None:
    with pytest.raises(BadSetting, match=re.escape(why)) as raised:
        list(run_orders(orders(tmp_path, ""), work, cluster=address))
    assert "\n" not in str(raised.value)


def test_a_number_of_workers_is_for_this_machine(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="got both"):
        list(run_orders(orders(tmp_path, ""), work, cluster="tcp://127.0.0.1:9", workers=2))


@contextmanager
def dask(*arguments: str, path: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()


class Cluster:
    """A scheduler and workers, each a process of its own, as another machine would run them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._about = folder / "scheduler.json"
        self._stack = stack
        where = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        told = ("--scheduler-file", str(self._about))
        self.scheduler = stack.enter_context(dask("scheduler", *where, *told, path=SOURCES))
        wait_until(self._about.exists)
        self.address = re.findall(r"tcp://[\d.]+:\d+", self._about.read_text())[0]

    def add_worker(self, path: list[str] = SOURCES) -> "subprocess.Popen[bytes]":
        few = ("--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1")
        return self._stack.enter_context(dask("worker", self.address, *few, path=path))


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with ExitStack() as stack:
        yield Cluster(tmp_path, stack)


def test_a_cluster_works_and_goes_away(tmp_path: Path, cluster: Cluster) -> None:
    cluster.add_worker()
    given = orders(tmp_path, "", "", KILLS_ONCE, "")
    answers = list(run_orders(given, work, cluster=cluster.address))
    assert sorted(done.id for done in answers) == ["0", "1", "2", "3"]
    assert songs(tmp_path) == ["0", "1", "2", "3"]
    # The workers are not ours: they stay for the next one, whose scheduler dies.
    with (
        pytest.MonkeyPatch.context() as patch,
        closing(
            run_orders(orders(tmp_path, "", *9 * [WAITS]), work, cluster=cluster.address)
        ) as rest,
    ):
        patch.setattr(clusters, "PATIENCE_S", 5)
        assert next(rest).id == "0"
        cluster.scheduler.kill()
        with pytest.raises(ClusterGone, match="what is done is kept: run it again") as raised:
            next(rest)
    assert "\n" not in str(raised.value)


@pytest.mark.usefixtures("impatient")
def test_a_cluster_without_workers(tmp_path: Path, cluster: Cluster) -> None:
    with pytest.raises(BadSetting, match=r"expected workers at .*: dask worker tcp://"):
        list(run_orders(orders(tmp_path, ""), work, cluster=cluster.address))


def test_a_cluster_whose_workers_go(
    tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving, "_LOOK_EVERY_S", 0.5)
    worker = cluster.add_worker()
    given = orders(tmp_path, "", *3 * [WAITS])
    with closing(run_orders(given, work, cluster=cluster.address)) as answers:
        assert next(answers).id == "0"
        worker.terminate()
        with pytest.raises(ClusterGone, match="start some and run it again"):
            next(answers)


def test_workers_without_scorelock(tmp_path: Path, cluster: Cluster) -> None:
    """A finder that knows no such package stands for a machine without it."""
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "sitecustomize.py").write_text(
        "import sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in ('scorelock', 'fake_work'):\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}')\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    cluster.add_worker([str(bare)])
    with pytest.raises(MissingPart, match=r"expected Scorelock on .* every worker"):
        list(run_orders(orders(tmp_path, ""), work, cluster=cluster.address))


def test_a_kit_brings_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path))
    Kit({"basic-pitch/nmp.onnx": b"new"}, ("basic-pitch",), running()).unpack()
    assert (tmp_path / "basic-pitch" / "nmp.onnx").read_bytes() == b"new"
    with pytest.raises(MissingPart, match="scorelock models add clip"):
        Kit({}, ("clip",), running()).unpack()


def test_a_worker_of_another_version_is_refused() -> None:
    numpy = importlib.metadata.version("numpy")
    for part, got in (("Scorelock's code", running()["Scorelock's code"]), ("numpy", numpy)):
        with pytest.raises(Unequal, match=rf"expected {part} other on every .* has {got};"):
            Kit({}, (), running() | {part: "other"}).unpack()


def test_a_worker_says_what_it_lacks(tmp_path: Path) -> None:
    """What a worker raises while it is put in order reaches the one who asks, in one line."""
    with pytest.raises(MissingPart, match="expected the model nothing-like-it") as raised:
        list(run_orders(orders(tmp_path, ""), work, workers=1, models=("nothing-like-it",)))
    assert "\n" not in str(raised.value)
    assert not alive(every_try(tmp_path))
