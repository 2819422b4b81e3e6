"""Times of events: what is read, in which zone, and what is refused."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesctrl import FactsError
from salesctrl.monitor.log_times import read_times

SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"
MOMENT = datetime(2026, 3, 1, 1, 5, 7, tzinfo=UTC)
local = datetime.fromisoformat
LOCAL = local("2026-03-01T09:05:07")


def read(cells, zone=None):
    column = cells if isinstance(cells, pl.Series) else pl.Series(cells)
    times = read_times(column, zone)
    assert times.time.dtype == pl.Datetime("us", "UTC")
    assert times.on.dtype == pl.Date
    return list(zip(times.time.to_list(), times.on.to_list(), times.fault.to_list(), strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T09:05:07+08:00", "2026-03-01 09:05:07+08:00", "2026-03-01T09:05:07.000+0800",
        "2026/3/1 9:05:07 +08:00", "2026.03.01 09:05:07+08", "2026年3月1日 9:05:07+0800",
        "20260301T090507+0800", " 2026-03-01T09:05:07,0000000+08:00 ", "2026-03-01t09:05:07.000000000000+08:00",
    ],
)  # fmt: skip
def test_one_time_in_many_forms(text):
    assert read([text]) == [(MOMENT, date(2026, 3, 1), None)]
    assert read([text], BERLIN) == [(MOMENT, date(2026, 3, 1), None)]
    assert read([text.replace("+08", "-08")], SHANGHAI)[0][1] == date(2026, 3, 2)


@pytest.mark.parametrize(
    "text", ["2026-03-01T01:05:07Z", "2026-03-01 01:05:07z", "20260301T010507Z", "2026/3/1 1:05:07 UTC"]
)
def test_utc(text):
    assert read([text]) == [(MOMENT, date(2026, 3, 1), None)]


@pytest.mark.parametrize(
    "cells",
    [
        ["2026-03-01 09:05:07"], ["2026-03-01T09:05:07"], ["2026/3/1 9:05:07"], ["2026年03月01日 09:05:07"],
        ["20260301T090507"], [LOCAL],
        pl.Series([LOCAL], dtype=pl.Datetime("ns")),
        pl.Series([LOCAL, "x"], dtype=pl.Object)[:1],
        pl.Series(["2026-03-01 09:05:07"], dtype=pl.Categorical),
    ],
)  # fmt: skip
def test_a_time_without_an_offset_is_in_the_zone(cells):
    assert read(cells, SHANGHAI) == [(MOMENT, date(2026, 3, 1), None)]
    assert read(cells) == [(None, None, "V_NO_ZONE")]


@pytest.mark.parametrize(
    "cells",
    [
        ["2026-03-01"],
        ["2026/3/1"],
        ["2026年3月1日"],
        [date(2026, 3, 1)],
        pl.Series([date(2026, 3, 1)], dtype=pl.Object),
    ],
)
def test_a_date_alone_is_its_midnight(cells):
    assert read(cells, SHANGHAI) == [(datetime(2026, 2, 28, 16, tzinfo=UTC), date(2026, 3, 1), None)]
    assert read(cells) == [(None, None, "V_NO_ZONE")]


@pytest.mark.parametrize(
    "text",
    [
        "soon", "2026-02-30", "2026-13-01T00:00:00Z", "2026-03-01T24:00:00Z", "2026-03-01T10:00:60Z", "1/3/2026",
        "2026-03-01T10:00:00+25:00", "0000-01-01", "9999-12-31T23:59:59-05:00", "２０２６-03-01", "20260301",
        "2026-03-01T10", "2026-03-01T10:00:00.Z", "45000", "+2026-03-01", "2026-03-01T10:00:00 CET", "2026-03",
    ],
)  # fmt: skip
def test_what_is_no_time(text):
    for zone in (None, SHANGHAI):
        assert read([text], zone) == [(None, None, "V_TIME")]


@pytest.mark.parametrize(
    "column", [[45000.5], [20260301], [True], [b"2026-03-01"], [timedelta(1)], [["2026-03-01"]]]
)
def test_numbers_and_the_like_are_no_times(column):
    assert read(column, SHANGHAI) == [(None, None, "V_TIME")]


def test_nothing():
    assert {fault for _, _, fault in read(["", " ", None], SHANGHAI)} == {"V_NO_TIME"}
    assert {fault for _, _, fault in read([None, None])} == {"V_NO_TIME"}
    assert {fault for _, _, fault in read([float("nan"), None])} == {"V_NO_TIME"}
    assert {f for _, _, f in read(pl.Series([pd.NaT, pd.NA, None, float("nan")], dtype=pl.Object))} == {
        "V_NO_TIME"
    }
    assert read(pl.Series([], dtype=pl.String)) == []


def test_when_clocks_change():
    """02:30 never was on the last Sunday of March, and was twice on that of October."""
    cells = ["2026-03-29 02:30:00", "2026-10-25 02:30:00", "2026-10-25T02:30:00+01:00", "2026-10-25 03:00:00"]
    faults = [fault for _, _, fault in read(cells, BERLIN)]
    assert faults == ["V_SKIPPED", "V_TWICE", None, None]
    assert [
        fault for _, _, fault in read([local("2026-03-29T02:30"), local("2026-10-25T02:30")], BERLIN)
    ] == faults[:2]


def test_days_without_a_midnight_begin_later():
    assert read(["2018-11-04"], "America/Sao_Paulo") == [
        (datetime(2018, 11, 4, 3, tzinfo=UTC), date(2018, 11, 4), None)
    ]
    assert read(["2011-12-30"], "Pacific/Apia") == [(None, None, "V_SKIPPED")]  # the island went without it


def test_without_a_zone_the_day_is_the_one_that_was_written():
    cells = ["2026-03-01T00:30:00+08:00", "2026-03-01T23:30:00-05:00"]
    assert [on for _, on, _ in read(cells)] == [date(2026, 3, 1)] * 2
    assert [on for _, on, _ in read(cells, "UTC")] == [date(2026, 2, 28), date(2026, 3, 2)]
    aware = pl.Series([local("2026-03-01T00:30")]).dt.replace_time_zone(SHANGHAI)
    assert [on for _, on, _ in read(aware)] == [date(2026, 3, 1)]
    objects = pl.Series([datetime(2026, 3, 1, 0, 30, tzinfo=ZoneInfo(SHANGHAI)), None], dtype=pl.Object)
    assert [on for _, on, _ in read(objects)] == [date(2026, 3, 1), None]


def test_offsets_of_parts_of_minutes():
    odd = timezone(timedelta(hours=8, minutes=5, seconds=43))
    cells = pl.Series([datetime(1900, 1, 1, 8, 5, 43, tzinfo=odd)], dtype=pl.Object)
    assert read(cells, "UTC") == [(datetime(1900, 1, 1, tzinfo=UTC), date(1900, 1, 1), None)]


@pytest.mark.parametrize("nanoseconds", [1_772_327_107_123_456_789, -1])
def test_parts_of_microseconds_are_cut_off(nanoseconds):
    column = pl.Series([nanoseconds]).cast(pl.Datetime("ns", "UTC"))
    [(time, _, _)] = read(column)
    assert pl.Series([time]).to_physical()[0] == nanoseconds // 1000
    assert read(["2026-03-01T01:05:07.1234567Z"])[0][0] == MOMENT.replace(microsecond=123456)


def test_times_beyond_the_calendar():
    column = pl.Series([2**62, -(2**62), 0]).cast(pl.Datetime("ms", "UTC"))
    assert [fault for _, _, fault in read(column)] == ["V_TIME", "V_TIME", None]
    assert [f for _, _, f in read(pl.Series([2**31 - 1, 0], dtype=pl.Int32).cast(pl.Date), "UTC")] == [
        "V_TIME",
        None,
    ]


def test_a_zone_that_is_not_there():
    with pytest.raises(
        FactsError, match=r"unknown time zone `Asia/Shangai` \[F_ZONE\]\n  help: did you mean `Asia/Shanghai`"
    ):
        read(["2026-03-01"], "Asia/Shangai")
    for zone in ("+08:00", "../etc/passwd", ""):
        with pytest.raises(FactsError, match="F_ZONE"):
            read(["2026-03-01"], zone)


@given(
    moments=st.lists(
        st.datetimes(local("0001-01-03"), local("9999-12-28"), timezones=st.sampled_from([
            UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-9, minutes=-30)),
        ])),
        min_size=1,
    ),
    sep=st.sampled_from("T "),
)  # fmt: skip
def test_iso_texts_are_read_as_python_reads_them(moments, sep):
    """Also in one column with years of all kinds, with parts of seconds and without."""
    found = read([moment.isoformat(sep) for moment in moments])
    assert found == [(moment.astimezone(UTC), moment.date(), None) for moment in moments]
    assert read(pl.Series(moments, dtype=pl.Object)) == found


@given(
    st.lists(
        st.text(max_size=8)
        | st.from_regex(r"[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}( [0-9]{1,2}:[0-9]{2})?", fullmatch=True)
    )
)
def test_every_text_is_a_time_or_has_a_fault(texts):
    for zone in (None, BERLIN):
        for time, on, fault in read(pl.Series(texts, dtype=pl.String), zone):
            assert (time is None) == (on is None) == (fault is not None)


@given(
    st.lists(
        st.datetimes(local("1990-01-01"), local("2037-01-01")).map(
            lambda time: time.replace(second=0, microsecond=0)
        )
    )
)
def test_local_times_are_those_of_python(walls):
    """What is neither twice nor skipped is what the database of zones says."""
    here = ZoneInfo(BERLIN)
    for wall, (time, on, fault) in zip(
        walls, read(pl.Series(walls, dtype=pl.Datetime("us")), BERLIN), strict=True
    ):
        both = {wall.replace(tzinfo=here, fold=fold).astimezone(UTC) for fold in (0, 1)}
        if len(both) == 1:
            assert (time, on, fault) == (*both, wall.date(), None)
        else:
            assert fault in ("V_TWICE", "V_SKIPPED")
