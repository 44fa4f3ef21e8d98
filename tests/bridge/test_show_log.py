"""The show log's format and its way to the disk: nothing waits for it, nothing breaks it."""

import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import pytest
from fakes import note, performance
from hypothesis import given
from hypothesis import strategies as st

from scorelock.bridge import log_writer
from scorelock.bridge.chaser import State
from scorelock.bridge.dialects.mapping import Mapping, Unit, Word
from scorelock.bridge.log_writer import ShowLog
from scorelock.bridge.show import (
    ClockTo,
    Expression,
    Lane,
    Late,
    OnStop,
    OscTo,
    Show,
    TimecodeTo,
)
from scorelock.bridge.show_log import (
    Begun,
    Decided,
    Ended,
    Gap,
    Header,
    Heard,
    Record,
    Sent,
    Turn,
    decode,
    encode,
    read_log,
)
from scorelock.bridge.transport import Lead, Panic, Pause, Position, Repeat, Roll, Stop
from scorelock.engine.arrange import Arranged
from scorelock.engine.errors import BadSetting
from scorelock.engine.key import Key
from scorelock.engine.score import ChordSpan
from scorelock.engine.timebase import FrameRate
from scorelock.engine.vocabulary import Chord

RATE = FrameRate(Fraction(30000, 1001), drop=True)
WORDS = Mapping(Word("/pos", 1), Unit.parse("samples@48000"), play=(Word("/run"),))
HEADER = Header("a film.mp4", RATE, {"scorelock": "9", "python": "3"}, WORDS)
BEGUN = Begun(
    0.1,
    Show(
        performance(note(0.1, 0.7), note(0.3, 2.5, 64, 3)),
        3600.0,
        latency_s=-0.01,
        latencies={"reaper": 0.02},
        lanes={0: Lane(1, 5)},
        ports=3,
        late=Late.DROP,
        on_stop=OnStop.CHORD,
        lead="reaper",
        expression=Expression((0.1, 0.7), (1, 11), (Lane(1, 5), Lane(0, 3))),
        timecode_out=TimecodeTo(RATE, 2),
        clock_out=ClockTo(97.5, 2),
        osc_out=OscTo(Key.parse("F# minor"), (1.5, 2.25), 2),
    ),
)
TIMES = st.floats(0, 1e7)
DATA = st.binary(max_size=40)
EVENTS = st.one_of(
    st.builds(Position, TIMES, TIMES),
    st.builds(Repeat, TIMES, st.booleans()),
    st.builds(Lead, TIMES, st.text()),
    *(st.builds(kind, TIMES) for kind in (Roll, Stop, Pause, Panic)),
)
PARTS = st.builds(
    lambda start_s, name, why: Arranged(
        ChordSpan(start_s, start_s + 0.7, Chord.parse(name), why),
        (note(start_s, start_s + 0.7),),
        (),
        (note(start_s, start_s + 0.1, 70, 2), note(start_s + 0.3, start_s + 0.7, 71, 2)),
    ),
    st.floats(0, 1e4),
    st.sampled_from(["C", "F#m7", "Bb"]),
    st.sampled_from(["model", "primer"]),
)
RECORDS = st.one_of(
    st.builds(
        *(Heard, TIMES, st.text(), st.tuples(st.text(), st.integers(0, 65_535)) | st.none()),
        *(DATA | st.none(), st.lists(EVENTS, max_size=4).map(tuple)),
    ),
    st.builds(Turn, TIMES, st.integers(0, 9), st.lists(PARTS, max_size=2).map(tuple)),
    st.builds(
        Decided,
        *(TIMES, st.sampled_from(State), st.integers(0, 99), TIMES | st.none()),
        *(st.sampled_from([0.0, 1.0, -0.5]), st.integers(0, 9), st.integers(0, 9)),
    ),
    st.builds(Sent, TIMES, TIMES | st.none(), DATA, st.booleans()),
    st.builds(Gap, st.integers(1)),
    st.builds(Ended, TIMES, st.text() | st.none()),
)


@given(RECORDS | st.sampled_from([HEADER, BEGUN]))
def test_a_record_is_a_line_of_json_and_comes_back_as_it_was(record: Record) -> None:
    line = encode(record)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line)["kind"] == type(record).__name__.lower()
    assert decode(line) == record


def written(path: Path, *records: Record) -> list[Record]:
    """What a log has after these were put."""
    with ShowLog(path) as log:
        log.begin(HEADER.film, HEADER.rate, HEADER.words)
        for record in records:
            log.put(record)
    return list(read_log(path))


def turns(*times_s: float) -> list[Record]:
    """One at each of these times."""
    return [Turn(at_s, 0, ()) for at_s in times_s]


def test_what_is_put_is_read_in_its_order(tmp_path: Path) -> None:
    records = [BEGUN, *turns(1.0, 2.0, 3.0), Ended(4.0, "PortError: gone")]
    header, *rest = written(tmp_path / "a.log", *records)
    assert isinstance(header, Header)
    assert (header.film, header.rate) == ("a film.mp4", RATE)
    assert header.versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert rest == records


@pytest.fixture
def standing_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A disk that takes nothing until the event is set."""
    goes_on = threading.Event()

    def slow(record: Record) -> bytes:
        goes_on.wait(10)
        return encode(record)

    monkeypatch.setattr(log_writer, "encode", slow)
    yield goes_on
    goes_on.set()


def test_a_disk_that_stands_holds_nobody_up_and_the_gap_stands_in_its_place(
    tmp_path: Path, standing_disk: threading.Event
) -> None:
    """Whether the writer has one in its hands already is the machine's affair: 5 or 6 are kept."""
    path = tmp_path / "a.log"
    with ShowLog(path, waiting=5) as log:
        log.begin("film", RATE)
        for turn in turns(*range(100)):
            log.put(turn)
        lost = log.dropped
        assert 94 <= lost <= 96
        standing_disk.set()
        before = -1
        while log.dropped != before:  # until one is taken again
            before = log.dropped
            log.put(Turn(1000.0, 0, ()))
    kept = list(read_log(path))[1:]
    gap = next(record for record in kept if isinstance(record, Gap))
    assert kept[: kept.index(gap)] == turns(*range(100 - lost))
    assert kept[kept.index(gap) + 1 :] == turns(1000.0)
    assert gap.dropped == log.dropped


def test_what_is_lost_at_the_very_end_is_told_too(
    tmp_path: Path, standing_disk: threading.Event
) -> None:
    with ShowLog(tmp_path / "a.log", waiting=2) as log:
        log.begin("film", RATE)
        for turn in turns(*range(9)):
            log.put(turn)
        standing_disk.set()
    assert list(read_log(tmp_path / "a.log"))[-1] == Gap(log.dropped)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX limits of file size")
def test_a_full_disk_ends_the_log_and_not_the_show(tmp_path: Path) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    path = tmp_path / "a.log"
    try:
        with ShowLog(path) as log:
            resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
            log.begin("film", RATE)
            for turn in turns(*range(500)):
                log.put(turn)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert log.failure is not None
    assert path.name in log.failure
    kept = list(read_log(path))[1:]
    assert kept == turns(*range(len(kept)))
    assert len(kept) > 10
    assert log.dropped == 500 - len(kept)


def test_a_file_that_is_there_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("dear diary")
    with pytest.raises(BadSetting, match=r"a\.log is there already"):
        ShowLog(path)
    assert path.read_text() == "dear diary"
    with pytest.raises(BadSetting, match="choose another place"):
        ShowLog(tmp_path / "no" / "such" / "folder.log")


def test_a_log_of_nothing_leaves_no_file(tmp_path: Path) -> None:
    with ShowLog(tmp_path / "a.log"):
        assert (tmp_path / "a.log").exists()
    assert list(tmp_path.iterdir()) == []


def test_a_log_that_was_cut_off_anywhere_reads_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    records = written(path, BEGUN, *turns(1.0, 2.0), Sent(2.1, 2.0, b"\x90\x3c\x50"))
    whole = path.read_bytes()
    ends = [*accumulate(map(len, whole.splitlines(keepends=True)))]
    for size in range(ends[0] - 1, len(whole)):
        path.write_bytes(whole[:size])
        # A line is whole when only its end is lacking.
        assert list(read_log(path)) == records[: sum(end - 1 <= size for end in ends)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "show log"),
        (b"MThd\x00\x00\x00\x06", "show log"),
        (b"{}\n", "show log"),
        (b"[1, 2]\n", "show log"),
        (b"7", "show log"),
        (b"[" * 100_000, "show log"),
        (encode(HEADER)[:40], "show log"),
        (encode(BEGUN), "show log"),
        (encode(HEADER).replace(b'"version":2', b'"version":3'), "of version 2"),
        (encode(HEADER).replace(b"30000/1001", b"1/0"), "show log"),
        (encode(HEADER) + b"\n" + encode(BEGUN), "changed at line 2"),
        (encode(HEADER) + encode(BEGUN) + encode(HEADER), "changed at line 3"),
        (encode(HEADER) + b'{"kind":"sent","data":"zz"}\n', "changed at line 2"),
    ],
)
def test_a_foreign_file_is_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(content)
    with pytest.raises(BadSetting, match=said) as caught:
        list(read_log(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["nothing.log", "."])
def test_no_file_is_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadSetting, match="--log FILE makes one"):
        list(read_log(tmp_path / name))


def test_times_do_not_count_as_news() -> None:
    """Else every turn would be a decision."""
    before = Decided(1.0, State.LOCKED, 3, 7.0, 1.0, 0, 0)
    assert replace(before, at_s=2.0, position_s=8.0).news == before.news
    assert replace(before, take=4).news != before.news
