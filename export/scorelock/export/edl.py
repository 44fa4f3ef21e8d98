"""Edit decision lists, CMX3600: read as editors really write them, and written.

    TITLE: REEL 1
    FCM: NON-DROP FRAME
    001  A001     V     C        01:00:10:00 01:00:12:00 01:00:00:00 01:00:02:00
    * FROM CLIP NAME: SHOT 1
    M2   A001       050.0                01:00:10:00

An event is number, reel, channels, transition (C cut, D dissolve and W wipe with a length in
frames, K key), source in and out, record in and out; out is the frame after the last. What follows
it up to the next one is said of it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from scorelock.engine.errors import BadSetting
from scorelock.engine.files import writing
from scorelock.engine.timebase import FrameRate, Timecode
from scorelock.export.score import Score

EXAMPLE: Final = "001 REEL V C 00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00"

_TIMECODE: Final = r"(\d{1,2}[:;.]\d{1,2}[:;.]\d{1,2}[:;.,]\d{1,3})"
_EVENT: Final = re.compile(
    r"(?P<number>\d+)\s+(?P<reel>\S.*?)\s+(?P<channels>[A-Z][A-Z0-9/]*)\s+"
    r"(?P<transition>C|D|W\d+|K(?:\s?[BO])?)\s+(?:(?P<frames>\d{1,4})\s+)?"
    + r"\s+".join([_TIMECODE] * 4),
    re.IGNORECASE,
)
_NUMBERED: Final = re.compile(r"\d+\s")
_RESOLVE: Final = re.compile(r"\|[CMD]:")


@dataclass(frozen=True, slots=True)
class EdlEvent:
    """One edit. Out is the frame after the last; a dissolve's outgoing half has no length.

    Attributes:
        number: as written; the two halves of a dissolve share one.
        reel: the tape or file name.
        channels: V, A, B (both), A2/V, as written.
        transition: "C", "D", "W001", "K", as written.
        frames: length of the transition, 0 for a cut.
        comments: the lines that follow it, without their line ends.
    """

    number: int
    reel: str
    channels: str
    transition: str
    frames: int
    source_in: Timecode
    source_out: Timecode
    record_in: Timecode
    record_out: Timecode
    comments: tuple[str, ...] = ()

    @property
    def clip(self) -> str | None:
        """The name in `* FROM CLIP NAME:`, if it is said."""
        heads = (re.match(r"\*?\s*FROM CLIP NAME:\s*(.*)", said) for said in self.comments)
        return next((head[1] for head in heads if head), None)


@dataclass(frozen=True, slots=True)
class Edl:
    """A list of edits in the order of the file.

    Attributes:
        title: "" where there is none.
        speeds: how many M2 lines (speed changes) were passed over.
    """

    title: str
    events: tuple[EdlEvent, ...]
    speeds: int = 0


def read_edl(path: Path, rate: FrameRate) -> Edl:
    """Read a list whose timecodes count at a rate, in UTF-8 or, failing that, Latin-1.

    Raises:
        BadSetting: it cannot be read; the line is named.
    """
    try:
        data = path.read_bytes()
    except OSError as err:
        raise BadSetting(f"expected an EDL at {path}, got: {err.strerror}; check the path") from err
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return parse_edl(text, rate, path.name)


def parse_edl(text: str, rate: FrameRate, name: str = "EDL") -> Edl:
    """Read a list from its text; `name` stands in errors.

    "FCM: DROP FRAME" makes timecodes drop-frame where the rate has such numbers, and so does a
    semicolon in a timecode.

    Raises:
        BadSetting: an event is broken or impossible, or there is none; the line is named.
    """
    title, speeds = "", 0
    events: list[tuple[EdlEvent, list[str]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        said = line.strip()
        head = said.upper()
        if head.startswith("TITLE:") and not events:
            title = said[6:].strip()
        elif head.startswith("FCM:"):
            rate = _counting(rate, drop="NON" not in head)
        elif re.match(r"M2\s", head):
            speeds += 1
        elif _NUMBERED.match(said) and not _RESOLVE.search(said):
            events.append((_event(said, rate, f"{name}, line {number}"), []))
        elif said and events:
            events[-1][1].append(said)
    if not events:
        raise BadSetting(f"expected events such as {EXAMPLE!r} in {name}, found none")
    return Edl(title, tuple(replace(event, comments=tuple(c)) for event, c in events), speeds)


def _counting(rate: FrameRate, *, drop: bool) -> FrameRate:
    """The rate with drop-frame numbers or without; tools write "DROP FRAME" at 24 and 25 too."""
    can_drop = rate.fps.denominator == 1001 and rate.nominal in (30, 60)
    return FrameRate(rate.fps, drop and can_drop)


def _event(line: str, rate: FrameRate, where: str) -> EdlEvent:
    match = _EVENT.fullmatch(line)
    if match is None:
        raise BadSetting(f"{where}: expected an event such as {EXAMPLE!r}, got {line!r}")
    try:
        times = [Timecode.parse(_colons(text), rate) for text in match.groups()[-4:]]
    except BadSetting as err:
        raise BadSetting(f"{where}: {err}") from err
    if times[3].frame < times[2].frame:
        raise BadSetting(f"{where}: expected a record out after {times[2]}, got {times[3]}")
    return EdlEvent(
        int(match["number"]),
        match["reel"],
        match["channels"],
        match["transition"].upper(),
        int(match["frames"] or 0),
        source_in=times[0],
        source_out=times[1],
        record_in=times[2],
        record_out=times[3],
    )


def _colons(timecode: str) -> str:
    """The text as `Timecode.parse` takes it: some lists write 01;00;00;00."""
    *fields, frames = re.split(r"[:;.,]", timecode)
    return ":".join(fields) + timecode[-len(frames) - 1] + frames


def text_of(edl: Edl) -> str:
    """The list in CMX3600's columns; an FCM line stands wherever the counting changes."""
    return "".join(f"{line}\n" for line in _lines(edl))


def _lines(edl: Edl) -> Iterator[str]:
    yield f"TITLE: {edl.title}"
    drop = None
    for event in edl.events:
        if event.record_in.rate.drop is not drop:
            drop = event.record_in.rate.drop
            yield f"FCM: {'' if drop else 'NON-'}DROP FRAME"
            yield ""
        columns = f"{event.number:03}  {event.reel:<8} {event.channels:<5} {event.transition:<4}"
        times = (event.source_in, event.source_out, event.record_in, event.record_out)
        yield f"{columns} {event.frames or '':>3} {' '.join(map(str, times))}"
        # DaVinci Resolve indents a marker's line by one.
        yield from (f" {said}" if said.startswith("|") else said for said in event.comments)
        yield ""


def write_markers(path: Path, score: Score) -> None:
    """Hits and chords as one-frame events at the film's timecode.

    Each carries the marker twice: `|C:... |M:... |D:1` is what DaVinci Resolve exports and imports
    (Timelines > Import > Timeline Markers from EDL), `* LOC:` Avid's and what OpenTimelineIO reads.
    Resolve has one marker a frame, so what falls on one frame is one marker.
    """
    names: dict[Timecode, list[str]] = {}
    hits = {score.timecode(hit.at_s) for hit in score.hits}
    for hit in sorted(score.hits):
        names.setdefault(score.timecode(hit.at_s), []).append(hit.kind)
    for span in score.cue.chords:
        chord = score.cue.key.symbol(span.chord)
        names.setdefault(score.timecode(span.start_s), []).append(chord)
    marked = [
        _marker(number, at, " ".join(names[at]), "Red" if at in hits else "Blue")
        for number, at in enumerate(sorted(names), 1)
    ]
    with writing(path) as beside:
        beside.write_text(text_of(Edl(score.title, tuple(marked))), encoding="utf-8")


def _marker(number: int, at: Timecode, name: str, colour: str) -> EdlEvent:
    after = Timecode(at.frame + 1, at.rate)
    said = (
        f"|C:ResolveColor{colour} |M:{name} |D:1",
        f"* LOC: {at} {colour.upper():<7} {name}",
    )
    return EdlEvent(number, "001", "V", "C", 0, at, after, at, after, said)
