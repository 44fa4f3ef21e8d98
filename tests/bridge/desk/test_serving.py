"""The listeners: where they are, that the room opens and closes, that the desk ends in order."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import webbrowser
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from webs import TOKEN, FakeDesk, served
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from scorelock.bridge.desk import serving
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


REQUEST = "GET / HTTP/1.1\r\nHost: {host}\r\n"
SLOW = {
    "silent": ("", ""),
    "no end": (REQUEST, ""),
    "a body without end": (REQUEST + "Content-Length: 9\r\n\r\na", "b"),
    "another request without end": (REQUEST + "\r\n", "G"),
}


@pytest.mark.parametrize("name", SLOW)
def test_who_never_comes_to_an_end_is_parted_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(serving, "PATIENCE_S", 1.0)
    first, then = SLOW[name]
    with served(FakeDesk(tmp_path / "film.mp4")) as web:
        there = httpx.URL(web.url)
        socket_of = f"{web.url}/socket".replace("http", "ws", 1)
        with (
            connect(socket_of, origin=Origin(web.url), proxy=None) as page,
            socket.create_connection((there.host, there.port or 0), timeout=20) as slow,
        ):
            slow.sendall(first.format(host=f"{there.host}:{there.port}").encode())
            if then:
                assert slow.recv(1 << 16)
                slow.sendall(then.encode())
            with suppress(ConnectionResetError):
                while slow.recv(1 << 16):
                    pass
            assert page.ping().wait(10)  # whoever has asked stays


@pytest.mark.skipif(sys.platform == "win32", reason="limits are POSIX's")
def test_more_pages_than_the_usual_number_of_files_may_come(tmp_path: Path) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] < 4096:
        pytest.skip("needs a system that lets 4096 files be open")
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
        with served(FakeDesk(tmp_path / "film.mp4")):
            assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= 4096
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


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
