"""How a write is talked through with a host: steps that are said until they are answered.

A script is a generator of steps. It is told nothing back: a host keeps what it hears, and a step is
over when that holds what the step waits for. Datagrams get lost, so a step is said again and again,
until it was said in vain too often.
"""

import math
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from scorelock.bridge.osc import Argument, OscMessage
from scorelock.engine.errors import ScorelockError

TRIES: Final = 16
EVERY_S: Final = 0.15
ROUNDS: Final = 8
"""How often a host is read, and what is missing is written, before that is given up."""


class HostError(ScorelockError):
    """The host does not answer, rolls, or does not do what it is asked."""


class Unanswered(HostError):
    """It was asked often enough."""


class Rolls(HostError):
    """The host rolls, and writing would move its playhead."""


class Tell(NamedTuple):
    """Something that has no answer: said once."""

    messages: tuple[OscMessage, ...]


class Rest(NamedTuple):
    """Silence, for what the host needs its time for."""

    seconds: float


class Ask(NamedTuple):
    """Something that is said again until the host has answered.

    Attributes:
        messages: what is said; saying them twice must do no harm.
        answered: whether what was heard since is the answer.
        wanted: what is expected of the host, for the user to read.
        every_s: how long an answer may take.
        tries: how often it is said before it is given up.
        hint: what the user may do then.
    """

    messages: tuple[OscMessage, ...]
    answered: Callable[[], bool]
    wanted: str
    every_s: float = EVERY_S
    tries: int = TRIES
    hint: str = ""


Step = Tell | Rest | Ask
Script = Generator[Step, None, None]


@dataclass(slots=True)
class Written:
    """How far a write has come: marks that it is about, and what became of them.

    Attributes:
        marks: how many there should be.
        before: how many were there already.
        there: how many are known to be there now.
        removed: marks of an earlier run that were taken away.
        tempo: the tempo that the host has now, where it was asked for; in beats a minute.
        tempo_before: the tempo that it had.
    """

    marks: int = 0
    before: int = 0
    there: int = 0
    removed: int = 0
    tempo: float | None = None
    tempo_before: float | None = None


class Host(Protocol):
    """One host's side of the matter: what it was heard to say, and what to say to it."""

    written: Written

    def hear(self, message: OscMessage) -> None:
        """Keep what the host says."""
        ...

    def script(self) -> Script:
        """What to say, step by step; raises HostError where it cannot be done."""
        ...


class Hearing:
    """A host's newest words by address, and questions that are answered by one of them."""

    hint = ""
    """What the user may do about a host that does not answer."""

    def __init__(self) -> None:
        self.said: dict[str, tuple[Argument, ...]] = {}
        self.written = Written()

    def hear(self, message: OscMessage) -> None:
        """Keep it."""
        self.said[message.address] = message.args

    def ask(
        self, question: OscMessage, address: str | None = None
    ) -> Generator[Step, None, tuple[Argument, ...]]:
        """Ask until something comes from an address, by default the question's own; gives that."""
        answer = question.address if address is None else address
        self.said.pop(answer, None)
        yield Ask(
            (question,),
            lambda: answer in self.said,
            f"an answer to {question.address}",
            hint=self.hint,
        )
        return self.said[answer]


def message(address: str, *args: Argument) -> OscMessage:
    """A message to a host."""
    return OscMessage(address, args)


def number(args: tuple[Argument, ...]) -> float:
    """The first argument where it is a finite number or a truth value, else NaN."""
    value = args[0] if args else None
    return float(value) if isinstance(value, int | float) else math.nan


class Conversation:
    """Drives a host's script: what is heard goes in, what is to be said comes out.

    Attributes:
        wake_s: when to come again if nothing is heard.
        over: whether all is said.
        failure: why it could not be done; None where it could, and while it is not over.
    """

    def __init__(self, host: Host) -> None:
        self.wake_s = -math.inf
        self.over = False
        self.failure: HostError | None = None
        self._host = host
        self._script = host.script()
        self._step: Step | None = None
        self._said = 0

    def hear(self, said: OscMessage) -> None:
        """Take in what the host says."""
        self._host.hear(said)

    def stop(self) -> None:
        """Let the script put back what it moved, and end."""
        self._throw(HostError("stopped before all was written"))

    def advance(self, now_s: float) -> list[OscMessage]:
        """What to say now."""
        out: list[OscMessage] = []
        while not self.over:
            step = self._step
            match step:
                case None:
                    self._go_on()
                case Tell():
                    out += step.messages
                    self._go_on()
                case Ask() if self._said and step.answered():
                    self._go_on()
                case Rest() if not self._said:
                    self._said, self.wake_s = 1, now_s + step.seconds
                case _ if self._said and now_s < self.wake_s:
                    break
                case Rest():
                    self._go_on()
                case Ask() if self._said == step.tries:
                    none = f"got none in {step.tries * step.every_s:.1f} s{step.hint}"
                    self._throw(Unanswered(f"expected {step.wanted}, {none}"))
                case Ask():
                    out += step.messages
                    self._said += 1
                    self.wake_s = now_s + step.every_s
        return out

    def _go_on(self) -> None:
        self._said = 0
        try:
            self._step = next(self._script)
        except StopIteration:
            self.over = True
        except HostError as err:
            self._fail(err)

    def _throw(self, error: HostError) -> None:
        self._said = 0
        try:
            self._step = self._script.throw(error)
        except StopIteration:
            self.over = True
        except HostError as err:
            self._fail(err)

    def _fail(self, error: HostError) -> None:
        self.failure = error
        self.over = True


def putting_back(work: Script, back: Callable[[], Script]) -> Script:
    """Do the work, then go back to where the user was, whether it could be done or not.

    A host that rolls is left alone: its user has taken the playhead.
    """
    try:
        yield from work
    except Rolls:
        raise
    except HostError:
        with suppress(HostError):
            yield from back()
        raise
    yield from back()
