"""The command line: one line an error, exit code 2, quick help."""

import subprocess
import sys
from pathlib import Path

import pytest
from fakes import python_path

from scorelock.bridge import cli


def failure(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """Run a command that must fail; its exit code is 2 and stderr one line, which is returned."""
    try:
        code = cli.main(argv)
    except SystemExit as stop:  # argparse's way
        code = stop.code if isinstance(stop.code, int) else -1
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    return err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["compose", "film.mp4", "--key", "H major"], "expected a key such as"),
        (["compose", "film.mp4", "--primer", "C Xm"], "expected a chord such as"),
        (["compose", "film.mp4", "-o", "out.flac"], "*.mid, "),
        (["compose", "film.mp4", "-o", "no/such/folder/out.mid"], "no/such/folder"),
        (["compose", "film.mp4", "--temperature", "-1"], "--temperature"),
        (["compose", "film.mp4", "--temperature", "nan"], "--temperature"),
        (["compose", "film.mp4", "--seed", "-1"], "--seed"),
        (["compose", "film.mp4", "--top-k", "0"], "--top-k"),
        (["compose", "film.mp4", "--bundle", "nowhere"], "nowhere"),
        (["compose", "no-film.mp4"], "no-film.mp4"),
        (["compose"], "--help"),
        (["sing"], "--help"),
        ([], "--help"),
    ],
)
def test_errors_are_one_line(
    capsys: pytest.CaptureFixture[str], argv: list[str], said: str
) -> None:
    assert said in failure(capsys, *argv)


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["compose", "film.mp4", "--key", "H", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main([command, "--help"])
    assert stop.value.code == 0
    assert cli.COMMANDS[command][1][:20] in capsys.readouterr().out


def test_live_use_never_imports_torch() -> None:
    """Torch takes seconds and gigabytes; only training, export and the decode bench need it."""
    code = (
        "import sys; from scorelock.bridge.cli import main; main(['compose', 'none.mp4']);"
        "import scorelock.bridge.commands.live, scorelock.bridge.commands.demo;"
        "assert 'torch' not in sys.modules and 'onnx' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=python_path()
    )
    assert done.returncode == 0, done.stderr


def test_a_missing_extra_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert "scorelock[cpu]" in failure(capsys, "compose", str(tmp_path / "film.mp4"))
