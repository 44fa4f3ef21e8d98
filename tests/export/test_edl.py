"""Edit lists: read as real editors write them, written so that others read them."""

from fractions import Fraction
from pathlib import Path

import pytest
from gridded import NTSC_DROP, each_film, film_score, score
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelock.engine.errors import BadSetting
from scorelock.engine.timebase import FrameRate, Timecode
from scorelock.export import edl
from scorelock.export.edl import Edl, EdlEvent, parse_edl, read_edl, text_of

FILM = FrameRate(Fraction(24))
NTSC = FrameRate(Fraction(30000, 1001))
VIDEO = FrameRate(Fraction(25))

PREMIERE = """\
TITLE: Reel_1 v3
FCM: NON-DROP FRAME

001  AX       V     C        00:00:10:00 00:00:14:12 01:00:00:00 01:00:04:12
* FROM CLIP NAME: A001_C003.mov

002  AX       V     C        00:01:00:00 00:01:00:00 01:00:04:12 01:00:04:12
002  AX       V     D    024 00:00:30:00 00:00:33:00 01:00:04:12 01:00:07:12
EFFECTS NAME IS CROSS DISSOLVE
* FROM CLIP NAME: A001_C003.mov
* TO CLIP NAME: B007.mov
M2   AX             -024.0                00:00:30:00

003  BL       NONE  C        00:00:00:00 00:00:01:00 01:00:07:12 01:00:08:12
"""
AVID = """\
TITLE:   R2_LOCKED\r
FCM: DROP FRAME\r
000001  A012C003_190627JC           V     C   09:14:03;04 09:14:05;04 01:00:00;00 01:00:02;00\r
M2      A012C003_190627JC                         026.0 09:14:03;04\r
* FROM CLIP NAME:  02/01-03 \r
* LOC: 01:00:01;12 CYAN    001_020 // RéVEIL\r
* SOURCE FILE: (NULL)\r
FINAL CUT PRO REEL: A012 REPLACED BY: 012\r
000002  A012C003_190627JC           AA/V  W001 010 09:14:09:14 09:14:10:14 01:00:02;00 01:00:03;00\r
AUD  3    4\r
"""
RESOLVE_MARKERS = """\
TITLE: Timeline 1
FCM: NON-DROP FRAME

001  001      V     C        01:00:00:00 01:00:00:01 01:00:00:00 01:00:00:01  \n \
|C:ResolveColorBlue |M:First |D:1

2  001      V     C        01:00:05:10 01:00:05:11 01:00:05:10 01:00:05:11  \n\
3 people enter |C:ResolveColorRed |M:Second |D:12
"""


def timecode(text: str, rate: FrameRate = FILM) -> Timecode:
    return Timecode.parse(text, rate)


def test_cuts_dissolves_and_black_as_premiere_writes_them() -> None:
    found = parse_edl(PREMIERE, FILM)
    assert (found.title, found.speeds, len(found.events)) == ("Reel_1 v3", 1, 4)
    cut, outgoing, incoming, black = found.events
    assert (cut.number, cut.reel, cut.channels, cut.transition, cut.frames) == (
        1,
        "AX",
        "V",
        "C",
        0,
    )
    assert (cut.source_in, cut.source_out) == (timecode("00:00:10:00"), timecode("00:00:14:12"))
    assert (cut.record_in, cut.record_out) == (timecode("01:00:00:00"), timecode("01:00:04:12"))
    assert cut.clip == "A001_C003.mov"
    assert outgoing.record_in == outgoing.record_out
    assert (incoming.number, incoming.transition, incoming.frames) == (2, "D", 24)
    assert incoming.comments == (
        "EFFECTS NAME IS CROSS DISSOLVE",
        "* FROM CLIP NAME: A001_C003.mov",
        "* TO CLIP NAME: B007.mov",
    )
    assert (black.reel, black.channels, black.clip) == ("BL", "NONE", None)


def test_drop_frame_long_reels_and_latin_1_as_avid_writes_them(tmp_path: Path) -> None:
    (tmp_path / "r2.edl").write_bytes(AVID.encode("latin-1"))
    found = read_edl(tmp_path / "r2.edl", NTSC)
    first, second = found.events
    assert (found.title, found.speeds, first.reel) == ("R2_LOCKED", 1, "A012C003_190627JC")
    assert first.record_in == timecode("01:00:00;00", NTSC_DROP)
    assert first.clip == "02/01-03"
    assert first.comments[1] == "* LOC: 01:00:01;12 CYAN    001_020 // RéVEIL"
    assert (second.transition, second.frames, second.channels) == ("W001", 10, "AA/V")
    assert second.source_in.rate.drop  # the FCM line counts where the timecode has a colon
    assert second.comments == ("AUD  3    4",)


def test_markers_as_resolve_writes_them() -> None:
    first, second = parse_edl(RESOLVE_MARKERS, FILM).events
    assert first.comments == ("|C:ResolveColorBlue |M:First |D:1",)
    assert second.comments == ("3 people enter |C:ResolveColorRed |M:Second |D:12",)


def test_a_byte_order_mark_tabs_and_semicolons_everywhere(tmp_path: Path) -> None:
    line = "1\tREEL A\tv\tc\t00;00;00;00\t00;00;01;00\t01;00;00;00\t01;00;01;00\n"
    (tmp_path / "odd.edl").write_text("\ufefftitle: odd\n\n" + line, encoding="utf-8")
    found = read_edl(tmp_path / "odd.edl", VIDEO)
    (event,) = found.events
    assert (found.title, event.reel) == ("odd", "REEL A")
    assert event.record_out == timecode("01:00:01:00", VIDEO)


def test_drop_frame_at_24_counts_every_frame() -> None:
    """Some tools write the wrong FCM line at rates without such numbers."""
    text = "FCM: DROP FRAME\n1 A V C 00:00:00:00 00:00:01:00 00:01:00:00 00:01:01:00\n"
    assert parse_edl(text, FILM).events[0].record_in == timecode("00:01:00:00")


GOOD = "001  A        V     C        00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00"


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("002  A        V     C        00:00:00:00 00:00:01:00 01:00:00:00", "expected an event"),
        ("002  A        V     X        00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00", "got"),
        (GOOD.replace("01:00:01:00", "01:00:01:30"), "01:00:01:30"),
        (GOOD.replace("01:00:01:00", "00:59:00:00"), "record out after 01:00:00:00"),
        ("002  A  V  C  00:61:00:00 00:62:00:00 01:00:00:00 01:00:01:00", "00:61:00:00"),
    ],
)
def test_a_broken_line_is_named(bad: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "cut2.edl").write_text(f"TITLE: x\n\n{GOOD}\n\n{bad}\n")
    with pytest.raises(BadSetting, match=r"^cut2\.edl, line 5: ") as caught:
        read_edl(tmp_path / "cut2.edl", FILM)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_timecode_that_drop_frame_skips_is_named() -> None:
    text = "FCM: DROP FRAME\n" + GOOD.replace("01:00:01:00", "01:01:00:00")
    with pytest.raises(BadSetting, match=r"line 2: .*drop-frame"):
        parse_edl(text, NTSC)


@pytest.mark.parametrize("text", ["", "TITLE: nothing\n", "\x00\x01\x02", "<xml/>"])
def test_no_events_is_an_error(text: str) -> None:
    with pytest.raises(BadSetting, match="found none"):
        parse_edl(text, FILM, "x.edl")


def test_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="No such file"):
        read_edl(tmp_path / "none.edl", FILM)


@given(st.text(), st.sampled_from((FILM, NTSC_DROP)))
def test_any_text_is_a_list_or_an_error_of_one_line(text: str, rate: FrameRate) -> None:
    said = ""
    try:
        assert parse_edl(GOOD[:40] + text, rate).events
    except BadSetting as err:
        said = str(err)
    assert len(said.splitlines()) <= 1


WORDS = st.text("ABCdef019_-./", min_size=1, max_size=12)
COMMENTS = st.one_of(
    WORDS.map(lambda word: f"* FROM CLIP NAME: {word}"),
    WORDS.map(lambda word: f"|C:ResolveColorRed |M:{word} |D:1"),
)


@st.composite
def lists(draw: st.DrawFn, rate: FrameRate) -> Edl:
    """Of any events whose numbers the rate has."""
    frames = st.integers(0, 80_000).map(lambda frame: Timecode(frame, rate))
    events = []
    for number in range(draw(st.integers(1, 5))):
        source, record = (sorted(draw(st.tuples(frames, frames))) for _ in range(2))
        transition = draw(st.sampled_from(("C", "D", "W012", "K")))
        events.append(
            EdlEvent(
                number + 1,
                draw(WORDS),
                draw(st.sampled_from(("V", "A", "A2", "B", "AA/V", "NONE"))),
                transition,
                0 if transition == "C" else draw(st.integers(1, 999)),
                source_in=source[0],
                source_out=source[1],
                record_in=record[0],
                record_out=record[1],
                comments=tuple(draw(st.lists(COMMENTS, max_size=3))),
            )
        )
    return Edl(draw(WORDS), tuple(events))


RATES = st.sampled_from((FILM, VIDEO, NTSC, NTSC_DROP, FrameRate(Fraction(60000, 1001), drop=True)))


@settings(max_examples=60)
@given(RATES.flatmap(lambda rate: st.tuples(st.just(rate), lists(rate))))
def test_what_is_written_is_read_again(case: tuple[FrameRate, Edl]) -> None:
    rate, made = case
    assert parse_edl(text_of(made), rate) == made


@each_film
def test_opentimelineio_reads_a_films_markers(film: str, tmp_path: Path) -> None:
    otio = pytest.importorskip("opentimelineio")
    pytest.importorskip("otio_cmx3600_adapter")
    made = film_score(film)
    edl.write_markers(tmp_path / "out.edl", made)
    # It knows no 12.5 frames a second, so all are read with room for 30 numbers.
    timeline = otio.adapters.read_from_file(str(tmp_path / "out.edl"), rate=30)
    found = {
        otio.opentime.to_timecode(marker.marked_range.start_time, 30): marker.name
        for clip in timeline.tracks[0]
        for marker in clip.markers
    }
    wanted: dict[str, str] = {}
    for hit in made.hits:
        wanted[str(made.timecode(hit.at_s))] = hit.kind
    for span in made.cue.chords:
        at, chord = str(made.timecode(span.start_s)), made.cue.key.symbol(span.chord)
        wanted[at] = f"{wanted[at]} {chord}" if at in wanted else chord
    assert found == wanted


def test_markers_are_one_frame_events_as_resolve_imports_them(tmp_path: Path) -> None:
    made = score("C F")
    edl.write_markers(tmp_path / "out.edl", made)
    lines = (tmp_path / "out.edl").read_text().splitlines()
    assert lines[:3] == ["TITLE: film.mp4", "FCM: NON-DROP FRAME", ""]
    assert lines[3].rstrip() == (
        "001  001      V     C        01:00:00:00 01:00:00:01 01:00:00:00 01:00:00:01"
    )
    assert lines[4] == " |C:ResolveColorBlue |M:C |D:1"
    assert " |C:ResolveColorRed |M:cut |D:1" in lines
    again = read_edl(tmp_path / "out.edl", FILM)
    assert [e.number for e in again.events] == list(range(1, 8))
