"""Whatever is given to `scorelock export`, a fault is one line, and nothing half made is left."""

import errno
import os
import pickle
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from scorelock.bridge.cli import main
from scorelock.export.command import PUBLISHED
from scorelock.training.amt import Amt, AmtSizes
from scorelock.training.bigru import BiGru, GruSizes

Write = Callable[[Path], object]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A published pair, as small as it can be."""
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    torch.manual_seed(0)
    amt = Amt(AmtSizes("published", 8, 1, 1, 1, 8, window=12, standardised=False))
    torch.save(amt.state_dict(), folder / PUBLISHED[0])
    gru = BiGru(GruSizes("published", 2, standardised=False))
    torch.save(gru.state_dict(), folder / PUBLISHED[1])
    return folder


@pytest.fixture
def refusal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs an export that must fail and gives its one line; then the folder is as it was."""

    def refused(*words: object, output: Path = tmp_path / "out") -> str:
        before = sorted(tmp_path.rglob("*"))
        assert main(["export", *map(str, words), "-o", str(output)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        said = [line for line in err.splitlines() if not line.startswith("left out ")]
        assert len(said) == 1
        assert "Traceback" not in err
        assert sorted(tmp_path.rglob("*")) == before
        return said[0]

    return refused


class Trap:
    """Unpickled carelessly, this makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch '{self.path}'",)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


def garbage(path: Path) -> None:
    path.write_bytes(np.random.default_rng(0).bytes(5000))


def bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("archive/data.pkl", bytes(10_000_000))


def changed(name: str, value: float) -> Write:
    def write(path: Path) -> None:
        state = torch.load(path)
        state[name].view(-1)[-1] = value
        torch.save(state, path)

    return write


def stored(content: object) -> Write:
    return lambda path: torch.save(content, path)


RESNET = {
    "conv1.weight": torch.zeros(64, 3, 7, 7),
    "bn1.running_mean": torch.zeros(64),
    "bn1.num_batches_tracked": torch.tensor(7),
    "fc.weight": torch.zeros(1000, 512),
}


@pytest.mark.parametrize("file", PUBLISHED)
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (truncated, "damaged or unsafe"),
        (garbage, "damaged or unsafe"),
        (Path.unlink, "found best"),
        (lambda path: path.write_bytes(b""), "damaged or unsafe"),
        (bomb, "unpack to 10000000"),
        (stored(RESNET), "conv1.weight, bn1.running_mean"),
        (stored({"state_dict": RESNET, "epoch": 3}), "state_dict"),
        (stored([torch.zeros(3)]), "got list"),
        (stored(torch.zeros(3)), "got Tensor"),
        (stored({}), "got none"),
    ],
    ids=[
        *("truncated", "garbage", "missing", "empty", "bomb"),
        *("another project", "another trainer", "a list", "a tensor", "no tensors"),
    ],
)
def test_a_file_that_is_no_checkpoint(
    checkpoint: Path, refusal: Callable[..., str], file: str, spoil: Write, said: str
) -> None:
    spoil(checkpoint / file)
    line = refusal(checkpoint)
    assert str(checkpoint) in line
    assert file in line
    assert said in line


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize(
    ("file", "name"),
    [
        (PUBLISHED[0], "transformer.decoder.layers.0.multihead_attn.in_proj_weight"),
        (PUBLISHED[1], "bifc.bias"),
    ],
)
def test_a_weight_that_is_no_number_is_named(
    checkpoint: Path, refusal: Callable[..., str], file: str, name: str, number: float
) -> None:
    changed(name, number)(checkpoint / file)
    line = refusal(checkpoint)
    assert f"{name} is not finite" in line
    assert file in line


@pytest.mark.parametrize("way", ["pickle", "torch"])
def test_nothing_in_a_checkpoint_is_run(
    checkpoint: Path, tmp_path: Path, refusal: Callable[..., str], way: str
) -> None:
    content = {"Linear_chord.weight": Trap(tmp_path / "marker")}
    if way == "pickle":
        (checkpoint / PUBLISHED[0]).write_bytes(pickle.dumps(content))
    else:
        torch.save(content, checkpoint / PUBLISHED[0])
    assert "unsafe" in refusal(checkpoint)
    pickle.loads(pickle.dumps(Trap(tmp_path / "marker")))
    assert (tmp_path / "marker").exists()  # the trap itself works


def test_folders_and_files_that_do_not_go_together(
    checkpoint: Path, tmp_path: Path, refusal: Callable[..., str]
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    files = [checkpoint / name for name in PUBLISHED]
    for sources, said in (
        ([empty], "found it empty"),
        ([tmp_path / "nowhere"], "no such folder"),
        (files[:1], "the two files"),
        ([*files, checkpoint], "the two files"),
        ([checkpoint, empty], "finished run"),
        ([files[0], files[0]], "bigru.weight_ih_l0"),
        ([files[1], files[1]], "transformer.decoder"),
    ):
        assert said in refusal(*sources)


@pytest.mark.parametrize(
    ("notes", "said"),
    [("{", "damaged"), ("[]", "damaged"), ("{}", "got runs of None"), ("\0\xff", "damaged")],
)
def test_notes_of_runs_that_are_damaged(
    tmp_path: Path, refusal: Callable[..., str], notes: str, said: str
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text(notes, encoding="latin-1")
    assert said in refusal(run)
    other = tmp_path / "other"
    other.mkdir()
    (run / "run.json").write_text('{"what": "amt"}')
    (other / "run.json").write_text('{"what": "dynamics"}')
    assert "damaged ones" in refusal(run, other)


@pytest.mark.parametrize("opset", [-1, 0, 5, 99])
def test_an_operator_set_that_is_not_there(
    checkpoint: Path, refusal: Callable[..., str], opset: int
) -> None:
    line = refusal(checkpoint, "--opset", opset)
    assert "--opset from" in line
    assert f"got {opset}" in line


def test_an_operator_set_that_the_runtime_lacks(
    checkpoint: Path, refusal: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An onnx newer than onnxruntime can write what that cannot read; opening it shows."""
    monkeypatch.setattr("onnx.defs.onnx_opset_version", lambda: 100)
    line = refusal(checkpoint, "--opset", 99)
    assert "that onnxruntime" in line
    assert "lower --opset" in line


def test_options_that_plain_weights_do_not_have(
    checkpoint: Path, refusal: Callable[..., str]
) -> None:
    for option in (("--precision", "int8"), ("--opset", 20), ("--data", checkpoint)):
        assert "--format bundle" in refusal(checkpoint, "--format", "published", *option)


def test_data_that_cannot_prove_it(
    checkpoint: Path, tmp_path: Path, refusal: Callable[..., str]
) -> None:
    bounds = {"ids": ["0"], "split": ["val"], "minor": [False], "offsets": [0, 4]}
    music = {name: np.ones(4, int) for name in ("chord", "density", "loudness")}
    film = {name: np.ones(4, int) for name in ("scene_offset", "motion")}
    np.savez(tmp_path / "picture.npz", **bounds, **music, **film, emotion=np.ones((4, 6)))  # type: ignore[arg-type]
    np.savez(tmp_path / "broken.npz", **bounds)  # type: ignore[arg-type]
    for name, said in (
        ("nothing.npz", "nothing.npz"),
        ("broken.npz", "damaged"),
        ("picture.npz", "picture features alone"),
        ("checkpoint", "MuVi-Sync tree"),
    ):
        line = refusal(checkpoint, "--data", tmp_path / name)
        assert said in line
        assert str(tmp_path) in line


@pytest.mark.parametrize("form", ["bundle", "published"])
def test_places_that_cannot_be_written(
    checkpoint: Path, tmp_path: Path, refusal: Callable[..., str], form: str
) -> None:
    """A file in the way, a folder of something else, or a path through a file."""
    (tmp_path / "file").write_text("precious")
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / PUBLISHED[0]).write_text("precious")
    for place in ("file", "films", "file/out"):
        line = refusal(checkpoint, "--format", form, output=tmp_path / place)
        assert str(tmp_path / place.partition("/")[0]) in line
    assert (tmp_path / "file").read_text() == "precious"


@pytest.mark.parametrize("form", ["bundle", "published"])
@pytest.mark.parametrize("room", [0, 2000, 8000])
def test_a_disk_that_fills_up_while_writing(
    checkpoint: Path,
    refusal: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    form: str,
    room: int,
) -> None:
    """Every way of writing a file goes through `open`, which is given so many bytes of room."""
    import io

    left = room

    class Full(io.FileIO):
        def write(self, data: object) -> int:
            nonlocal left
            left -= memoryview(data).nbytes  # type: ignore[arg-type]
            if left < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(data)  # type: ignore[arg-type]

    genuine = io.open

    def limited(file: object, mode: str = "r", *args: object, **options: object) -> object:
        if "w" not in mode or "devnull" in str(file):
            return genuine(file, mode, *args, **options)  # type: ignore[call-overload]
        raw = Full(file, "w")  # type: ignore[arg-type]
        return raw if "b" in mode else io.TextIOWrapper(raw, "utf-8", write_through=True)

    for module in ("io.open", "builtins.open"):
        monkeypatch.setattr(module, limited)
    line = refusal(checkpoint, "--format", form)
    assert "No space left on device" in line
    assert "out" in line


@pytest.mark.parametrize("form", ["bundle", "published"])
def test_a_disk_that_is_full(
    checkpoint: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    form: str,
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no small disk can be mounted here, which takes root")
    try:
        words = ["export", str(checkpoint), "--format", form, "-o", str(disk / "out")]
        assert main(words) == 2
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True, capture_output=True)
    err = capsys.readouterr().err
    assert "No space left on device" in err
    assert err.count("\n") == 1
