"""Who could lead, in a musician's words."""

from collections.abc import Iterable, Mapping
from typing import Final

from scorelock.bridge.desk.messages import Host, Hosts
from scorelock.bridge.stage.orders import FILM, HOUSE, Counts

WORDS: Final = {
    FILM: "the film in this window",
    HOUSE: "Scorelock's own transport",
    "reaper": "REAPER",
    "drivenbymoss": "a DAW with DrivenByMoss",
    "ardour": "Ardour",
    "live": "Ableton Live",
    "qlab": "QLab",
    "mitti": "Mitti",
    "millumin": "Millumin",
    "resolume": "Resolume",
    "disguise": "disguise",
    "digital-performer": "Digital Performer",
    "timecode": "a host of timecode",
    "learned": "the host that was learnt",
    "scorelock": "Scorelock elsewhere",
    "mtc": "MIDI timecode",
    "clock": "MIDI clock",
    "mpv": "mpv",
    "jack": "JACK's transport",
    "ltc": "linear timecode",
}
"""By dialect or time line."""
_COUNTED: Final = "datagrams"


def hosts_of(counts: Counts, listens: str | None) -> Hosts:
    """What is told of them once a second."""
    names = dict.fromkeys([FILM, HOUSE, counts.leads, *counts.others])
    return Hosts(
        leads=counts.leads,
        hosts=[_host(name, counts.sources) for name in names if name],
        latency_ms=round(counts.latency_ms, 3),
        error_ms=round(counts.error_ms, 3),
        late_ms=round(counts.late_ms, 3),
        locates=counts.locates,
        drop_outs=counts.drop_outs,
        notes_sent=counts.notes_sent,
        notes_late=counts.notes_late,
        listens=listens,
    )


def in_words(name: str) -> str:
    """ "reaper@10.0.0.5:51000" -> "REAPER at 10.0.0.5"."""
    source, _, place = name.partition("@")
    kind, _, port = source.partition(":")
    machine = place.rpartition(":")[0] or place
    words = WORDS.get(source) or WORDS.get(kind, source)
    if port and source not in WORDS:
        words += f" at {port}"
    return words if machine in ("", "127.0.0.1", "::1") else f"{words} at {machine}"


def _host(name: str, sources: Mapping[str, Mapping[str, int]]) -> Host:
    counted = sources.get(name) or sources.get(name.rpartition(":")[0]) or {}
    ignored = _sum(count for what, count in counted.items() if what != _COUNTED)
    return Host(name, in_words(name), counted.get(_COUNTED, 0), ignored)


def _sum(counts: Iterable[int]) -> int:
    return sum(counts)
