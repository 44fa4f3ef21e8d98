"""Who may ask for what, by the rules alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelock.bridge.desk.access import (
    GUESS_RATE,
    MOST_GUESSERS,
    Bucket,
    Guesses,
    Seats,
    fetch_allowed,
    host_allowed,
    origin_allowed,
    security_headers,
)

NAMES = frozenset({"localhost", "studio.local"})


@pytest.mark.parametrize(
    ("host", "reached"),
    [
        ("127.0.0.1:8765", ("127.0.0.1", 8765)),
        ("localhost:8765", ("127.0.0.1", 8765)),
        ("LOCALHOST:8765", ("127.0.0.1", 8765)),
        ("192.168.1.5:8766", ("192.168.1.5", 8766)),
        ("Studio.local:8766", ("192.168.1.5", 8766)),
        ("192.168.1.5", ("192.168.1.5", 80)),
        ("192.168.1.5:8766", ("::ffff:192.168.1.5", 8766)),
        ("[fd00::5]:8766", ("fd00:0::5", 8766)),
    ],
)
def test_our_own_names_are_ours(host: str, reached: tuple[str, int]) -> None:
    assert host_allowed(host, reached, NAMES)


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example:8765",
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:80",
        "127.0.0.1:08765x",
        "127.0.0.1.evil.example:8765",
        "localhost.evil.example:8765",
        "127.0.0.2:8765",
        "192.168.1.5:8765",
        "0x7f.1:8765",
        "2130706433:8765",
        "127.0.0.1:8765, evil.example",
        "user@127.0.0.1:8765",
        "127.0.0.1:8765\n",
        "[::1]:8765",
        "[localhost:8765",
        "127.0.0.1:\u0668\u0667\u0666\u0665",
    ],
)
def test_a_foreign_name_that_points_here_is_refused(host: str | None) -> None:
    """DNS rebinding: the page's name is another's, the address is ours."""
    assert not host_allowed(host, ("127.0.0.1", 8765), NAMES)


@given(st.text())
def test_any_host_is_judged(host: str) -> None:
    good = {"127.0.0.1:8765", "localhost:8765", "studio.local:8765"}
    assert host_allowed(host, ("127.0.0.1", 8765), NAMES) == (host.lower() in good)


@pytest.mark.parametrize(
    ("origin", "on_http", "on_socket"),
    [
        (None, True, False),
        ("http://127.0.0.1:8765", True, True),
        ("null", False, False),
        ("https://127.0.0.1:8765", False, False),
        ("http://127.0.0.1:8766", False, False),
        ("http://127.0.0.1:8765.evil.example", False, False),
        ("http://evil.example", False, False),
        ("http://localhost:8765", False, False),
        ("", False, False),
    ],
)
def test_only_our_own_pages_speak(origin: str | None, on_http: bool, on_socket: bool) -> None:
    assert origin_allowed(origin, "127.0.0.1:8765", socket=False) is on_http
    assert origin_allowed(origin, "127.0.0.1:8765", socket=True) is on_socket


@pytest.mark.parametrize(
    ("site", "mode", "dest", "allowed"),
    [
        ("same-origin", "cors", "empty", True),
        ("none", "navigate", "document", True),
        ("cross-site", "navigate", "document", True),
        ("cross-site", "navigate", "iframe", False),
        ("same-site", "navigate", "embed", False),
        ("cross-site", "no-cors", "video", False),
        ("same-site", "no-cors", "image", False),
        ("cross-site", "websocket", "websocket", False),
    ],
)
def test_foreign_pages_may_only_link(site: str, mode: str, dest: str, allowed: bool) -> None:
    said = {"sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest}
    assert fetch_allowed(said) is allowed


def test_pages_may_run_no_foreign_or_inline_code() -> None:
    policy = security_headers("room", "10.0.0.1:8766")["content-security-policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["connect-src"] == "'self' ws://10.0.0.1:8766"
    assert rules["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy


@given(st.floats(0.5, 100), st.integers(1, 50), st.lists(st.floats(0, 2), min_size=1, max_size=200))
def test_a_bucket_never_gives_more_than_its_rate(
    rate: float, burst: int, gaps_s: list[float]
) -> None:
    bucket, at_s, given_out = Bucket(rate, burst), 100.0, 0
    for gap_s in gaps_s:
        at_s += gap_s
        given_out += bucket.take(at_s)
    assert given_out <= burst + rate * (at_s - 100.0) + 1e-6
    assert given_out >= min(len(gaps_s), burst)


def test_who_guesses_waits_and_others_do_not() -> None:
    guesses = Guesses()
    for _ in range(int(GUESS_RATE[1])):
        assert not guesses.too_many("10.0.0.9", 5.0)
        guesses.wrong("10.0.0.9", 5.0)
    assert guesses.too_many("10.0.0.9", 5.0)
    assert not guesses.too_many("10.0.0.8", 5.0)
    assert not guesses.too_many("10.0.0.9", 6.5)


def test_a_flood_of_guessers_takes_no_more_memory_and_hides_nobody_who_guesses_on() -> None:
    guesses = Guesses()
    for number in range(3 * MOST_GUESSERS):
        guesses.wrong(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 5.0)
        if number % 1000 == 0:
            guesses.wrong("192.168.0.66", 5.0)
    assert len(guesses._buckets) == MOST_GUESSERS
    assert guesses.too_many("192.168.0.66", 5.0)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["10.0.0.1", "10.0.0.2", "::1"]))))
def test_seats_are_counted(steps: list[tuple[bool, str]]) -> None:
    seats, taken = Seats(4, most_from_one=2), list[str]()
    for comes, address in steps:
        if comes:
            free = len(taken) < 4 and (address == "::1" or taken.count(address) < 2)
            assert seats.take(address) is free
            taken += [address] * free
        elif address in taken:
            seats.free(address)
            taken.remove(address)
