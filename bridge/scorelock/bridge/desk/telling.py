"""What the stage tells of a moment, as pages are told it."""

from scorelock.bridge.desk.messages import Now, Played
from scorelock.bridge.desk.parts import Parts, part_of
from scorelock.bridge.stage.orders import Moment, Struck


def now_of(moment: Moment) -> Now:
    """Where the film is."""
    return Now(
        at_s=moment.at_s,
        position_s=moment.film_s,
        rate=moment.rate,
        state=str(moment.state),
        leads=moment.leads,
        loop_s=moment.loop_s,
    )


def played_of(struck: Struck, parts: Parts) -> Played:
    """Notes that were sent, by the parts as they are played."""
    return Played(
        [
            (round(film_s, 5), pitch, velocity, part_of(parts, channel), round(at_s, 6))
            for film_s, pitch, velocity, channel, at_s in struck.notes
        ]
    )
