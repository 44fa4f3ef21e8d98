"""The doctor names what is missing and the way to get it."""

import json

import pytest

from scorelock.bridge import cli
from scorelock.bridge.commands import doctor


def findings(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, dict[str, str]]]:
    code = cli.main(["doctor", "--json"])
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


def test_text_lines_up(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    assert all(line[:8].strip() in ("ok", "limited", "missing", "") for line in lines)
