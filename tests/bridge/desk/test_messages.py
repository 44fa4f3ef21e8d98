"""The written form of the messages is that of the code."""

from pathlib import Path

import msgspec
import pytest

from scorelock.bridge import desk
from scorelock.bridge.desk.messages import Ask, schema_json

KEPT = Path(next(iter(desk.__path__))) / "pages" / "messages.schema.json"


def test_the_kept_schema_is_that_of_the_messages() -> None:
    """Where it is not: `python -m scorelock.bridge.desk.messages` into it, then `npm run types`."""
    assert KEPT.read_text() == schema_json()


def test_each_ask_has_a_kind_of_its_own() -> None:
    kept = msgspec.json.decode(KEPT.read_bytes())["$defs"]
    asks = [kept[one["$ref"].rpartition("/")[2]] for one in kept["Ask"]["anyOf"]]
    kinds = [ask["properties"]["kind"]["enum"] for ask in asks]
    assert len({kind for (kind,) in kinds}) == len(asks)


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "locate", "position_s": -1},
        {"kind": "locate"},
        {"kind": "locate", "position_s": 1, "more": 1},
        {"kind": "speed", "rate": 100},
        {"kind": "nobody knows"},
        {"kind": "draw", "curve": "density", "points": []},
        ["locate", 1],
    ],
)
def test_what_the_schema_forbids_is_refused(said: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(said), type=Ask)
