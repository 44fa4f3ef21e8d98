"""`scorelock setup reaper`: the pattern file arrives whole, and nobody's changes are lost."""

import argparse
from pathlib import Path

import pytest
from fakes import FILM_RATE, message

from scorelock.bridge.commands import setup
from scorelock.engine.errors import BadSetting

COUNTS = "DEVICE_"
MARKS = ("MARKER", "REGION")


def entries(text: str) -> dict[str, list[str]]:
    """A pattern file as REAPER's documentation has it: an action a line, then its patterns, each
    with a flag before its address; "#" begins a comment. The last line of an action is given.
    """
    lines = (line.partition("#")[0].split() for line in text.splitlines())
    return {action: patterns for action, *patterns in filter(None, lines)}


def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What the command says."""
    parser = argparse.ArgumentParser()
    setup.add_arguments(parser)
    assert setup.run(parser.parse_args(["reaper", "--to", str(folder)])) == 0
    return capsys.readouterr().out.splitlines()


def test_installs_and_running_it_twice_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said, *after = run(tmp_path, capsys)
    target = tmp_path / "OSC" / "Scorelock.ReaperOSC"
    assert said == f"{target} written"
    assert any("Control/OSC/web" in line for line in after)
    assert target.read_bytes() == setup.pattern()
    stamp = target.stat().st_mtime_ns
    assert run(tmp_path, capsys)[0] == f"{target} is there already"
    assert target.stat().st_mtime_ns == stamp
    assert list(target.parent.iterdir()) == [target]


def test_a_changed_file_is_kept_beside_each_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "OSC" / "Scorelock.ReaperOSC"
    target.parent.mkdir()
    for mine, name in ((b"TIME f/t\n", "bak"), (b"TIME f/u\n", "bak1")):
        target.write_bytes(mine)
        kept = target.with_name(f"Scorelock.ReaperOSC.{name}")
        assert run(tmp_path, capsys)[0].endswith(f"what was there is now {kept}")
        assert (kept.read_bytes(), target.read_bytes()) == (mine, setup.pattern())
    assert target.with_name("Scorelock.ReaperOSC.bak").read_bytes() == b"TIME f/t\n"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"nowhere.*--to FOLDER"):
        setup.install(tmp_path / "nowhere")
    (tmp_path / "OSC").write_text("in the way")
    with pytest.raises(BadSetting, match="OSC"):
        setup.install(tmp_path)


@pytest.mark.parametrize(
    ("platform", "environ", "path"),
    [
        ("linux", {}, "/home/me/.config/REAPER"),
        ("linux", {"XDG_CONFIG_HOME": "/etc/me"}, "/etc/me/REAPER"),
        ("darwin", {}, "/home/me/Library/Application Support/REAPER"),
        ("win32", {"APPDATA": "/home/me/AppData/Roaming"}, "/home/me/AppData/Roaming/REAPER"),
    ],
)
def test_the_usual_places(platform: str, environ: dict[str, str], path: str) -> None:
    assert setup.resource_path(platform, Path("/home/me"), environ) == Path(path)


def test_the_pattern_has_the_transport_and_no_floods() -> None:
    found = entries(setup.pattern().decode("ascii"))
    assert {action for action in found if not action.startswith((COUNTS, *MARKS))} == {
        *("TIME", "PLAY", "STOP", "PAUSE", "REPEAT", "LOOP_START_TIME", "LOOP_END_TIME"),
        *("PLAY_RATE", "TEMPO", "ACTION"),
    }
    assert {value for action, (value,) in found.items() if action.startswith(COUNTS)} == {"0"}


def test_every_word_of_write_back_is_in_the_pattern() -> None:
    """As the simulated REAPER understands them, which reads no pattern."""
    text = setup.pattern().decode("ascii")
    known = {word[1:] for line in text.splitlines() for word in line.split()[1:] if "/" in word}
    assert known >= {
        *("/action", "/tempo/raw", "/device/marker/count", "/device/region/count"),
        *(f"/marker/@/{field}" for field in ("name", "number/str", "time")),
        *(f"/region/@/{field}" for field in ("name", "number/str", "time", "length")),
        *(f"/marker_id/@/{field}" for field in ("name", "time")),
        *(f"/region_id/@/{field}" for field in ("name", "time", "length")),
    }


def told() -> list[str]:
    """The addresses that REAPER sends unasked; the action is ours to send, and markers are told
    only while a count of them is asked for.
    """
    return [
        pattern[1:]
        for action, patterns in entries(setup.pattern().decode("ascii")).items()
        if not action.startswith((COUNTS, *MARKS)) and action != "ACTION"
        for pattern in patterns
    ]


@pytest.mark.parametrize("address", told())
def test_each_address_that_it_sends_is_understood(address: str) -> None:
    """After a message that only REAPER's lights make, so that it is known who speaks."""
    from scorelock.bridge.dialects import hosts, read

    dialect = hosts(FILM_RATE)
    for lamp in ("/stop", "/play"):
        read(dialect, message(lamp, 1.0), 0.0)
    assert read(dialect, message(address, 1.0), 0.1).ignored == ()
