"""The doctor names what is missing and the way to get it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from clips import keep_clip

from scorelock.bridge import cli
from scorelock.bridge.commands import doctor
from scorelock.engine.bundle import find_bundle


def findings(
    capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, dict[str, dict[str, str]]]:
    code = cli.main(["doctor", "--json", *words])
    found = json.loads(capsys.readouterr().out)["findings"]
    return code, {finding["what"]: finding for finding in found}


def test_this_machine_can_do_the_main_job(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = findings(capsys)
    assert code == 0
    assert found["ONNX Runtime"]["state"] == found["model bundle"]["state"] == "ok"
    assert all(finding["state"] != "missing" for finding in found.values())


def test_a_missing_package_has_a_remedy(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "RUNTIMES", ("no-such-runtime",))
    monkeypatch.setattr(doctor, "TRAINING", ("no-such-framework",))
    code, found = findings(capsys)
    assert code == 1
    assert found["ONNX Runtime"]["state"] == "missing"
    assert "scorelock[cpu]" in found["ONNX Runtime"]["remedy"]
    assert found["training, export"]["state"] == "limited"


def test_two_runtimes_are_a_fault(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "RUNTIMES", ("onnxruntime", "numpy"))
    code, found = findings(capsys)
    assert code == 1
    assert "overwrite each other" in found["ONNX Runtime"]["remedy"]


def test_models_that_do_not_ship_are_looked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORELOCK_MODELS", str(tmp_path))
    code, found = findings(capsys)
    assert code == 0
    for name in ("clip", "basic-pitch"):
        assert found[name]["state"] == "limited"
        assert found[name]["remedy"].endswith(f"scorelock models add {name}")
    folder = keep_clip(tmp_path)
    (tmp_path / "basic-pitch").mkdir()
    _, found = findings(capsys)
    assert found["clip"]["state"] == found["basic-pitch"]["state"] == "ok"
    assert found["clip"]["found"].startswith("clip-of-768")
    (folder / "image.onnx").write_bytes(b"damaged")
    _, found = findings(capsys)
    assert found["clip"]["state"] == "limited"
    assert "image.onnx" in found["clip"]["found"]


def test_text_lines_up(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    assert all(line[:8].strip() in ("ok", "limited", "missing", "") for line in lines)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The bundle that ships, to be damaged."""
    return Path(shutil.copytree(find_bundle(), tmp_path / "copy"))


def edit(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_bundle_shows_its_proof(capsys: pytest.CaptureFixture[str], copy: Path) -> None:
    """Bundles made before some of it was kept show what they have."""
    _, found = findings(capsys)
    assert "of PyTorch's over" in found["its proof"]["found"]
    hits = {"songs": 3, "bundle": {"hits1": 0.5}, "change": {"hits1": -0.001}}
    proof = {"precision": "int8", "opset": 18, "max_abs_difference": 0.01, "hits": hits}
    edit(copy, parity=proof)
    _, found = findings(capsys, "--bundle", str(copy))
    assert found["its proof"]["state"] == "ok"
    for part in ("int8", "opset 18", "1.0e-02", "@1 0.5000 (-0.0010)", "3 songs"):
        assert part in found["its proof"]["found"]
    edit(copy, parity={})
    code, found = findings(capsys, "--bundle", str(copy))
    assert code == 0
    assert found["its proof"]["state"] == "limited"
    assert "scorelock export" in found["its proof"]["remedy"]


def changed_byte(folder: Path) -> None:
    graph = folder / "decoder.onnx"
    content = bytearray(graph.read_bytes())
    content[len(content) // 2] ^= 1
    graph.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (changed_byte, "decoder.onnx is not the file"),
        (lambda folder: edit(folder, format=99), "got format 99"),
        (lambda folder: (folder / "encoder.onnx").unlink(), "encoder.onnx"),
        (shutil.rmtree, "manifest.json"),
    ],
    ids=["a changed byte", "a newer format", "a missing file", "nothing"],
)
def test_a_bundle_that_is_not_whole_is_refused(
    capsys: pytest.CaptureFixture[str], copy: Path, spoil: Callable[[Path], None], said: str
) -> None:
    """The doctor finds it among the rest, other commands end with it alone."""
    spoil(copy)
    code, found = findings(capsys, "--bundle", str(copy))
    assert code == 1
    assert found["model bundle"]["state"] == "missing"
    assert said in found["model bundle"]["found"]
    assert "its proof" not in found
    film = copy.parent / "film.mp4"
    assert cli.main(["compose", str(film), "--bundle", str(copy)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1
