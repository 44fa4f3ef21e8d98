"""The listeners: where they are, that the room opens and closes, that the desk ends in order."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import webbrowser
from pathlib import Path

import httpx
import pytest
from webs import TOKEN, FakeDesk, served
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from scorelock.bridge.desk.serving import bound, show
from scorelock.engine.errors import PortError

ROOT = Path(__file__).parents[3]


def test_the_next_free_port_is_taken() -> None:
    with bound("127.0.0.1", 0, 1) as first:
        port = first.getsockname()[1]
        with bound("127.0.0.1", port, 20) as second:
            assert port < second.getsockname()[1] < port + 20


def test_a_chosen_port_that_is_taken_is_said() -> None:
    with bound("127.0.0.1", 0, 1) as first:
        port = first.getsockname()[1]
        with pytest.raises(PortError, match=f"expected port {port} to be free"):
            bound("127.0.0.1", port, 1)


def test_an_address_of_another_machine_is_said() -> None:
    with pytest.raises(PortError, match=r"203\.0\.113\.7, port 8765"):
        bound("203.0.113.7", 8765, 20)


def test_the_desk_is_on_loopback_only(tmp_path: Path) -> None:
    with served(FakeDesk(tmp_path / "film.mp4")) as web, socket.socket() as elsewhere:
        elsewhere.settimeout(1)
        assert elsewhere.connect_ex(("127.0.0.2", httpx.URL(web.url).port or 0)) != 0


def test_the_room_closes_and_opens_while_the_desk_goes_on(tmp_path: Path) -> None:
    with served(FakeDesk(tmp_path / "film.mp4")) as web:
        place = f"{web.room}/r/{TOKEN}"
        with connect(
            f"{place}/socket".replace("http", "ws", 1), origin=Origin(web.room), proxy=None
        ) as player:
            player.recv(timeout=10)
            assert web.call(lambda: web.web.open_network(False)) is None
            with pytest.raises(ConnectionClosed) as info:
                player.recv(timeout=10)
            assert info.value.rcvd is not None
            assert info.value.rcvd.code == 1012
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{place}/score.json")
        assert httpx.get(f"{web.url}/score.json").status_code == 200
        again = web.call(lambda: web.web.open_network(True))
        assert again == web.room  # players' pages come back to it
        assert httpx.get(f"{place}/score.json").status_code == 200


SCRIPT = """
    import asyncio
    from pathlib import Path
    from scorelock.bridge.desk.serving import Web
    from webs import FakeDesk

    async def main():
        web = Web(port=0, address="127.0.0.1")
        print(web.start(FakeDesk(Path("film.mp4"))), flush=True)
        await web.until_ended()
        await web.close()
        print("ended in order", flush=True)

    asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_desk_in_order(number: int) -> None:
    roots = [str(ROOT / name) for name in ("bridge", "engine", "export", "tests")]
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(roots)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().strip().rstrip("/")
        with connect(
            f"{url}/socket".replace("http", "ws", 1), origin=Origin(url), proxy=None
        ) as page:
            page.recv(timeout=10)
            process.send_signal(number)
            with pytest.raises(ConnectionClosed) as info:
                page.recv(timeout=10)
            assert info.value.rcvd is not None
            assert info.value.rcvd.code == 1012
        assert process.wait(10) == 0
        assert process.stdout.read() == "ended in order\n"
        assert process.stderr.read() == ""


def test_no_browser_is_opened_in_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not show("http://127.0.0.1:8765/")
    assert opened == []
    monkeypatch.setenv("DISPLAY", ":0")
    assert show("http://127.0.0.1:8765/")
