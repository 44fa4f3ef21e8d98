"""What pages and the desk say to one another: one JSON object a message, its `kind` says which.

`schema()` is the written form, kept in `pages/messages.schema.json`. Times on the desk's clock are
`at_s`, as `Pong` tells them; places in the film are seconds from its first frame.
"""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(ge=0, le=1e6)]
Time = Annotated[float, Meta(ge=-1e12, le=1e12)]
Words = Annotated[str, Meta(max_length=200)]
Name = Annotated[str, Meta(min_length=1, max_length=60)]
Seed = Annotated[int, Meta(ge=0, le=2**31 - 1)]
PartName = Literal["chords", "bass", "pattern", "drone"]
HitKind = Literal["cut", "mark", "stinger", "swell", "break"]
CurveName = Literal[
    "density", "loudness", "exciting", "fearful", "tense", "sad", "relaxing", "neutral"
]


def _kind(name: str) -> str:
    """FilmIs -> film_is."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


class Message(Struct, frozen=True, tag_field="kind", tag=_kind, forbid_unknown_fields=True):
    """A message, known by its kind."""


def kind_of(message: Message) -> str:
    """As its JSON has it."""
    return str(message.__struct_config__.tag)


# What pages say ----------------------------------------------------------------------------------


class Ping(Message, frozen=True):
    """Answered by `Pong` at once; from the time of the round trip a page knows our clock."""

    number: Annotated[int, Meta(ge=0, le=2**53)]


class Film(Message, frozen=True):
    """The browser's film player, which is a time line as any other: where it was at at_s.

    `loop_s` is where it goes round, from and to.
    """

    at_s: Time
    position_s: Seconds
    rolling: bool
    rate: Annotated[float, Meta(ge=0.05, le=8)] = 1.0
    loop_s: tuple[Seconds, Seconds] | None = None


class Play(Message, frozen=True):
    """The house transport rolls, after so many bars of counting in."""

    count_in_bars: Annotated[int, Meta(ge=0, le=8)] = 0


class Halt(Message, frozen=True):
    """The house transport stops."""


class Locate(Message, frozen=True):
    """The house transport goes there, rolling or not."""

    position_s: Seconds


class Loop(Message, frozen=True):
    """The house transport goes round from and to; None ends it."""

    span_s: tuple[Seconds, Seconds] | None


class Speed(Message, frozen=True):
    """The house transport rolls at this rate; 1 is the film's own."""

    rate: Annotated[float, Meta(ge=0.25, le=2)]


class Lead(Message, frozen=True):
    """Who leads from now on, as `Hosts` names it."""

    host: Words


class Latency(Message, frozen=True):
    """How much later than its reports the leader is heard."""

    ms: Annotated[float, Meta(ge=-2000, le=2000)]


class Panic(Message, frozen=True):
    """Silence on every channel of every output, now."""


class SetPart(Message, frozen=True):
    """How a part is played: all of it; `program` None leaves the instrument as it is."""

    part: PartName
    mute: bool
    solo: bool
    channel: Annotated[int, Meta(ge=1, le=16)]
    program: Annotated[int, Meta(ge=1, le=128)] | None
    octave: Annotated[int, Meta(ge=-3, le=3)]


class SetOut(Message, frozen=True):
    """Where notes go: a name of `Outs`, or None for the browser's own voice."""

    port: Words | None


class LookForOuts(Message, frozen=True):
    """See anew which outputs there are."""


class SetChord(Message, frozen=True):
    """The chord there is this one ("Am7"), and stays."""

    start_s: Seconds
    end_s: Seconds
    chord: Name


class Lock(Message, frozen=True):
    """What stands there stays, or does not any more."""

    start_s: Seconds
    end_s: Seconds
    on: bool = True


class Vary(Message, frozen=True):
    """Other chords there; without a seed, others each time."""

    start_s: Seconds
    end_s: Seconds
    seed: Seed | None = None


class Regenerate(Message, frozen=True):
    """Other chords from there to the end."""

    start_s: Seconds
    seed: Seed | None = None


class Draw(Message, frozen=True):
    """A curve goes straight from point to point: (seconds, value)."""

    curve: CurveName
    points: Annotated[list[tuple[Seconds, float]], Meta(min_length=1, max_length=2000)]


class AddHit(Message, frozen=True):
    """The music meets this instant."""

    position_s: Seconds
    hit: HitKind = "mark"


class MoveHit(Message, frozen=True):
    """A hit goes from one place to another."""

    position_s: Seconds
    to_s: Seconds


class RemoveHit(Message, frozen=True):
    """No hit there any more."""

    position_s: Seconds


class SetTime(Message, frozen=True):
    """Another tempo ("find", or beats a minute), meter ("3/4") or chord rhythm; None keeps it."""

    tempo: Words | None = None
    meter: Words | None = None
    rhythm: Words | None = None


class SetPlaying(Message, frozen=True):
    """Another way to play it: style, humanise 0 to 1, drone."""

    style: Words
    humanise: Annotated[float, Meta(ge=0, le=1)]
    drone: bool


class NewTake(Message, frozen=True):
    """Compose what is not locked in another way, as a take of that name, and go on with it."""

    name: Name
    seed: Seed | None = None


class ChooseTake(Message, frozen=True):
    """Go on with another take."""

    name: Name


class KeepTake(Message, frozen=True):
    """Have the chords of another take there."""

    name: Name
    start_s: Seconds
    end_s: Seconds


class Undo(Message, frozen=True):
    """Take back the newest step."""


class Redo(Message, frozen=True):
    """Do it again."""


class Compose(Message, frozen=True):
    """Compose anew, in the place of what there is: key ("F# minor"), None for the film's mood."""

    key: Words | None = None
    seed: Seed = 0
    affect: Annotated[float, Meta(ge=0, le=1)] = 0.7


class Cancel(Message, frozen=True):
    """End a work that goes on."""

    work: Words


class MakeProxy(Message, frozen=True):
    """Have ffmpeg make a film that every browser can show."""


class SwapTest(Message, frozen=True):
    """Measure how much of the score is the picture's doing."""


class SetMarker(Message, frozen=True):
    """A section begins there; an empty name takes the marker away."""

    position_s: Seconds
    name: Annotated[str, Meta(max_length=60)]


class MarkTake(Message, frozen=True):
    """A rehearsed take, from where the transport rolled last until now, with a word on it."""

    word: Annotated[str, Meta(max_length=200)] = ""


class RemoveTake(Message, frozen=True):
    """Forget a rehearsed take."""

    number: Annotated[int, Meta(ge=1, le=10**6)]


class OpenRoom(Message, frozen=True):
    """Let players in from the network, or no more."""

    on: bool


# What the desk says ------------------------------------------------------------------------------


class Welcome(Message, frozen=True):
    """The first message: which run of the desk this is (a page loads anew when it changes after a
    reconnection), who the page is, and the film.
    """

    run: str
    role: Literal["desk", "player"]
    film: str
    duration_s: float
    fps: float
    film_url: str | None


class Pong(Message, frozen=True):
    """The desk's clock when the ping of that number came."""

    number: int
    at_s: float


class Now(Message, frozen=True):
    """Where the film is: at at_s it was at position_s and moved at `rate`; None: nobody knows.

    Sent when it changes by itself, and once a second. `state` is stopped, locating, locked,
    flywheel or lost. `loop_s` is the leader's loop, in film seconds.
    """

    at_s: float
    position_s: float | None
    rate: float
    state: str
    leads: str
    loop_s: tuple[float, float] | None = None


class Host(Struct, frozen=True):
    """A time line: its name for `Lead`, in words, and what was counted of it."""

    name: str
    words: str
    heard: int
    ignored: int


class Hosts(Message, frozen=True):
    """Who could lead and who does, and how exact it is; sent once a second.

    error_ms: how exact the position is, about; late_ms: send error of the newest note.
    """

    leads: str
    hosts: list[Host]
    latency_ms: float
    error_ms: float
    late_ms: float
    locates: int
    drop_outs: int
    notes_sent: int
    notes_late: int
    listens: str | None


class CueIs(Message, frozen=True):
    """The score has changed, or is another: `score.json` has version `version` of it.

    draft: it is made of what was seen so far; the score follows. None of it there yet: 0; then, if
    it is no draft either, none is on its way.
    """

    version: int
    draft: bool
    take: str
    takes: list[str]
    undo: bool
    redo: bool
    key: str
    settings: dict[str, Any]


class Part(Struct, frozen=True):
    """As `SetPart`."""

    part: PartName
    mute: bool
    solo: bool
    channel: int
    program: int | None
    octave: int


class Parts(Message, frozen=True):
    """How the parts are played."""

    parts: list[Part]


class Outs(Message, frozen=True):
    """Outputs by name, the one that is taken (None: the browser's own voice), and whether a
    new one ("virtual") can be made here.
    """

    port: str | None
    ports: list[str]
    virtual: bool
    why_none: str | None = None


class Work(Message, frozen=True):
    """Something takes its time; share is 0 to 1, None where it cannot be said.

    work: "watching", "composing", "exporting", "proxy", "swap test".
    """

    work: str
    words: str
    share: float | None
    done: bool = False


class Played(Message, frozen=True):
    """Notes that were struck, with the film's time and what was sent: seconds, pitch, velocity,
    part, and at_s when it went out.
    """

    notes: list[tuple[float, int, int, str, float]]


class Influence(Message, frozen=True):
    """The swap test: with another picture the share `changed` of the score has other chords.

    changed_again: with the same picture and another seed, to compare it with.
    """

    changed: float
    changed_again: float
    words: str


class Marker(Struct, frozen=True):
    """Where a section begins."""

    position_s: float
    name: str


class RoomTake(Struct, frozen=True):
    """A rehearsed take: from, to, and a word."""

    number: int
    start_s: float
    end_s: float
    word: str
    when: str


class Room(Message, frozen=True):
    """The rehearsal. Players see it without the link."""

    open: bool
    link: str | None
    players: int
    markers: list[Marker]
    takes: list[RoomTake]
    rate: float
    loop_s: tuple[float, float] | None


class Count(Message, frozen=True):
    """Counting in: beats at these times of the desk's clock, then the transport rolls; without any
    beat the count is called off.
    """

    beats_s: list[float]
    rolls_s: float


class FilmIs(Message, frozen=True):
    """The film can be had there (a proxy has been made)."""

    url: str


class Trouble(Message, frozen=True):
    """Something could not be done: one line for the user. `answers` is the kind it answers."""

    words: str
    answers: str | None = None


Ask = (
    Ping
    | Film
    | Play
    | Halt
    | Locate
    | Loop
    | Speed
    | Lead
    | Latency
    | Panic
    | SetPart
    | SetOut
    | LookForOuts
    | SetChord
    | Lock
    | Vary
    | Regenerate
    | Draw
    | AddHit
    | MoveHit
    | RemoveHit
    | SetTime
    | SetPlaying
    | NewTake
    | ChooseTake
    | KeepTake
    | Undo
    | Redo
    | Compose
    | Cancel
    | MakeProxy
    | SwapTest
    | SetMarker
    | MarkTake
    | RemoveTake
    | OpenRoom
)
"""What the desk's page may say."""
PlayerAsk = Ping
"""What a player's page may say."""
Tell = (
    Welcome
    | Pong
    | Now
    | Hosts
    | CueIs
    | Parts
    | Outs
    | Work
    | Played
    | Influence
    | Room
    | Count
    | FilmIs
    | Trouble
)
"""What the desk says. A page that joins gets the newest of each kind that it should know."""

MOST_BYTES: Final = 1 << 16
"""Of a message from a page."""


# The score, as pages draw it ---------------------------------------------------------------------


class ScoreChord(Struct, frozen=True, array_like=True):
    """A chord: its name as the key spells it, its root 0..11 from C (-1 for none), its quality,
    who chose it, whether it is locked, and the pitches of a close voicing from middle C on.
    """

    start_s: float
    end_s: float
    name: str
    root: int
    quality: str
    why: str
    locked: bool
    pitches: list[int]


class ScoreHit(Struct, frozen=True, array_like=True):
    """A hit point."""

    position_s: float
    hit: str
    weight: float


class ScoreNote(Struct, frozen=True, array_like=True):
    """A note of the score as the parts are played now; part is an index into `Score.parts`."""

    onset_s: float
    duration_s: float
    pitch: int
    velocity: int
    part: int


class Score(Struct, frozen=True):
    """`score.json`: everything a page draws of a cue.

    A player's `score.json` has no notes and no curves.

    Attributes:
        version: as `CueIs` has it.
        draft: likewise.
        film: name, duration_s, fps.
        start: the film's first frame in the host's time, "01:00:00:00", with start_s.
        key: such as "F# minor"; flats: whether it is spelt with flats.
        bars: (seconds, number, beats, unit) of each bar line, from the one at or before 0 on.
        beats_s: every beat, from the first bar line on.
        tempos: (seconds, beats a minute).
        chords, hits, notes: in time order.
        cuts: (seconds, strength).
        emotions: their names; emotion: one list a name, one value a second, as the user has drawn
            them; seen: as they were seen where that differs, else None.
        motion, density, loudness: one value a second.
        parts: names.
    """

    version: int
    draft: bool
    film: str
    duration_s: float
    fps: float
    start: str
    start_s: float
    key: str
    flats: bool
    bars: list[tuple[float, int, int, int]]
    beats_s: list[float]
    tempos: list[tuple[float, float]]
    chords: list[ScoreChord]
    hits: list[ScoreHit]
    cuts: list[tuple[float, float]]
    emotions: list[str]
    emotion: list[list[float]]
    seen: list[list[float]] | None
    motion: list[float]
    density: list[float]
    loudness: list[float]
    parts: list[str]
    notes: list[ScoreNote]


def schema() -> dict[str, Any]:
    """JSON Schema of all of it: `$defs` by class name, and Ask, PlayerAsk, Tell and Score."""
    roots, defs = msgspec.json.schema_components(
        (Ask, PlayerAsk, Tell, Score), ref_template="#/$defs/{name}"
    )
    named = dict(zip(("Ask", "PlayerAsk", "Tell", "ScoreFile"), roots, strict=True))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": {**defs, **named}}


def schema_json() -> str:
    """`schema()` as it is kept: `python -m scorelock.bridge.desk.messages > .../schema.json`."""
    return msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode() + "\n"


if __name__ == "__main__":
    print(schema_json(), end="")
