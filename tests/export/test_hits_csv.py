"""A person's table of hits."""

from fractions import Fraction
from pathlib import Path

import pytest
from gridded import NTSC_DROP
from hypothesis import given
from hypothesis import strategies as st

from scorelock.engine.errors import BadSetting
from scorelock.engine.hits import KINDS, Hit
from scorelock.engine.timebase import FrameRate, Timecode
from scorelock.export.hits_csv import read_hits

FILM = FrameRate(Fraction(24))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "hits.csv"


def test_timecode_and_seconds_with_and_without_the_rest(table: Path) -> None:
    table.write_text("# spotted\n\n01:00:12:12,2,1.5,stinger\n14.25\n01:00:00:00,,,Swell\n")
    start = Timecode.parse("01:00:00:00", FILM)
    assert read_hits(table, FILM, start) == (
        Hit(0.0, kind="swell"),
        Hit(12.5, 2.0, 1.5, "stinger"),
        Hit(14.25, kind="mark"),
    )


def test_a_heading_orders_the_columns(table: Path) -> None:
    table.write_text("\ufeffKind\tNote\tTimecode\r\nbreak\tthe door\t00:00:10;00\r\n", "utf-8")
    (hit,) = read_hits(table, NTSC_DROP)
    assert hit == Hit(300 * 1001 / 30000, kind="break")


def test_no_lines_are_no_hits(table: Path) -> None:
    table.write_text("time,weight\n")
    assert read_hits(table, FILM) == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("soon", "a time such as 12.5"),
        ("00:00:01:24", "not possible"),
        ("1,heavy", "expected a weight, got 'heavy'"),
        ("1,1,1,boom", "expected a kind among cut, mark, stinger, swell, break, got 'boom'"),
        ("1,1,0", "a tolerance above 0"),
        ("nan", "a time in the film"),
        ("-1", "a time in the film"),
        ("1,1,1,cut,9", "got 5 columns"),
        (",2", "a time such as"),
    ],
)
def test_a_bad_line_is_named(line: str, said: str, table: Path) -> None:
    table.write_text(f"time,weight,tolerance,kind\n3.5\n\n{line}\n")
    with pytest.raises(BadSetting, match=r"^hits\.csv, line 4: ") as caught:
        read_hits(table, FILM)
    assert said in str(caught.value)


def test_a_hit_before_the_film_is_named(table: Path) -> None:
    table.write_text("00:59:59:00\n")
    with pytest.raises(BadSetting, match=r"line 1: .*got -1 s"):
        read_hits(table, FILM, Timecode.parse("01:00:00:00", FILM))


def test_no_file_is_an_error(table: Path) -> None:
    with pytest.raises(BadSetting, match="No such file"):
        read_hits(table, FILM)
    table.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadSetting, match="utf-8"):
        read_hits(table, FILM)


HITS = st.builds(
    Hit,
    st.integers(0, 200_000).map(lambda frame: frame / 24),
    st.floats(0, 100),
    st.floats(0.01, 100),
    st.sampled_from(KINDS),
)


@given(st.lists(HITS), st.booleans())
def test_what_a_spreadsheet_holds_is_read_whole(
    tmp_path_factory: pytest.TempPathFactory, hits: list[Hit], timecode: bool
) -> None:
    table = tmp_path_factory.mktemp("hits") / "hits.csv"
    rows = [
        f"{Timecode(round(h.at_s * 24), FILM) if timecode else repr(h.at_s)},"
        f"{h.weight!r},{h.tolerance_frames!r},{h.kind}\n"
        for h in hits
    ]
    table.write_text("".join(rows))
    assert read_hits(table, FILM) == tuple(sorted(hits))
