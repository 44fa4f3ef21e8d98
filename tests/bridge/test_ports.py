"""MIDI outputs: what is found, what is chosen, and what a user is told."""

import sys

import pytest
from fakes import FakeRtMidi

from scorelock.bridge.ports import midi_status, open_port
from scorelock.engine.errors import PortError

PORTS = ["Midi Through:0", "Scarlett 2i4", "IAC Driver Bus 1", "IAC Driver Bus 10"]


@pytest.fixture
def alsa(monkeypatch: pytest.MonkeyPatch) -> FakeRtMidi:
    """A Linux machine with a sequencer and some ports."""
    return install(monkeypatch, FakeRtMidi(LINUX_ALSA=PORTS, UNIX_JACK=None))


def install(monkeypatch: pytest.MonkeyPatch, rtmidi: FakeRtMidi | None) -> FakeRtMidi:
    """Make that what `import rtmidi` gives; None makes the import fail."""
    monkeypatch.setitem(sys.modules, "rtmidi", rtmidi)
    return rtmidi or FakeRtMidi()


def test_alsa_is_taken_before_jack(alsa: FakeRtMidi) -> None:
    status = midi_status()
    assert status.available is not None
    assert (status.available.name, status.available.ports) == ("ALSA", tuple(PORTS))


def test_jack_is_taken_where_alsa_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, FakeRtMidi(LINUX_ALSA=None, UNIX_JACK=["synth:in"]))
    status = midi_status()
    assert status.available is not None
    assert status.available.name == "JACK"
    assert "/dev/snd/seq" in status.apis[0].reason


@pytest.mark.parametrize(
    ("wanted", "opened"),
    [
        ("Scarlett 2i4", "Scarlett 2i4"),
        ("scarlett", "Scarlett 2i4"),
        ("IAC Driver Bus 1", "IAC Driver Bus 1"),  # exact, though another begins the same
        ("bus 10", "IAC Driver Bus 10"),
        ("virtual", "virtual:Scorelock"),
        ("virtual:Strings", "virtual:Strings"),
    ],
)
def test_a_port_by_its_name_or_part_of_it(alsa: FakeRtMidi, wanted: str, opened: str) -> None:
    out = open_port(wanted)
    assert alsa.opened == [opened]
    out.close()
    out.close()
    assert alsa.opened == [opened, "closed"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("IAC", '"IAC Driver Bus 1", "IAC Driver Bus 10"'), ("Moog", '"Midi Through:0", "Scarlett')],
)
def test_an_unknown_or_ambiguous_name_lists_what_there_is(
    alsa: FakeRtMidi, wanted: str, found: str
) -> None:
    with pytest.raises(PortError) as err:
        open_port(wanted)
    assert f'"{wanted}"' in str(err.value)
    assert found in str(err.value)
    assert "virtual:NAME" in str(err.value)
    assert "\n" not in str(err.value)


def test_windows_has_no_virtual_ports_and_is_told_of_loopmidi(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(monkeypatch, FakeRtMidi(WINDOWS_MM=["Microsoft GS Wavetable Synth"]))
    with pytest.raises(PortError, match="loopMIDI"):
        open_port("virtual")


def test_no_midi_at_all_is_one_line_with_each_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, FakeRtMidi(LINUX_ALSA=None, UNIX_JACK=None))
    with pytest.raises(PortError, match=r"/dev/snd/seq.*JACK") as err:
        open_port("virtual")
    assert "\n" not in str(err.value)


def test_rtmidi_that_does_not_load_is_a_result_that_names_the_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(monkeypatch, None)
    status = midi_status()
    assert status.available is None
    assert "libasound2" in status.reason


def test_asking_this_machine_raises_nothing_and_prints_nothing(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The C libraries underneath write to file descriptor 2 where they find nothing."""
    status = midi_status()
    assert status.available is not None or status.reason
    assert capfd.readouterr().err == ""
