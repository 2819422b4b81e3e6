"""The times of events: any column read as instants, with the day on which each was.

Times in texts are those of ISO 8601, and what Excel and ERPs write of the kind; the year comes first. A time
without an offset is one in the zone of the log. What is read is read for all cells together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from salesctrl.batch.readers import DAY, FIRST_MICROSECOND, LAST_MICROSECOND, MICROSECONDS
from salesctrl.diagnostics import suggest
from salesctrl.tables.source import wrong

NO_TIME, UNREADABLE, NO_ZONE, AMBIGUOUS, SKIPPED = (
    "V_NO_TIME", "V_TIME", "V_NO_ZONE", "V_TWICE", "V_SKIPPED",
)  # fmt: skip
"""What may be wrong with a time: the codes under which its event is rejected."""

INSTANT = pl.Datetime("us", "UTC")
WALL = pl.Datetime("us")

_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
_OFFSET = r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$"
_GENERAL = (
    r"^([0-9]{4})(?:[-/.]|年)([0-9]{1,2})(?:[-/.]|月)([0-9]{1,2})日?"
    r"(?:[Tt ]\s*([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?)?"
    r"\s*([Zz]|UTC|[+-][0-9]{2}(?::?[0-9]{2})?)?$"
)
_BASIC = (
    r"^([0-9]{4})([0-9]{2})([0-9]{2})"
    r"[Tt]([0-9]{2})([0-9]{2})(?:([0-9]{2})(?:[.,]([0-9]+))?)?"
    r"([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?$"
)


@dataclass(frozen=True, slots=True)
class Times:
    """A column of times, read.

    ``time`` are instants in UTC and ``on`` the days on which they were; both are null where ``fault`` is not,
    which holds a code.
    """

    time: pl.Series
    on: pl.Series
    fault: pl.Series


@dataclass(frozen=True, slots=True)
class _Stated:
    """What cells state: an instant with the day as it was written, a time without an offset, or a day."""

    instant: pl.Series
    written: pl.Series
    wall: pl.Series
    day: pl.Series


def check_zone(zone: str | None) -> None:
    """See that a zone is known.

    Raises:
        FactsError: It is not.

    >>> check_zone("Asia/Shanghai")
    >>> check_zone("Asia/Shangai")
    Traceback (most recent call last):
    salesctrl.errors.FactsError: the facts: unknown time zone `Asia/Shangai` [F_ZONE]
      help: did you mean `Asia/Shanghai`?
    """
    if zone is None:
        return
    try:
        ZoneInfo(zone)
        pl.select(pl.datetime(2000, 1, 1, time_zone=zone))
    except Exception as error:
        from zoneinfo import available_timezones

        near = suggest(zone, available_timezones())
        help = f"did you mean `{near}`?" if near else "expected a name such as `Asia/Shanghai` or `UTC`"
        raise wrong("", "F_ZONE", f"unknown time zone `{zone}`", help) from error


def read_times(column: pl.Series, zone: str | None = None) -> Times:
    """Read a column as times.

    Args:
        column: Times, dates, texts, or objects of Python that are one of these.
        zone: The zone of times without an offset, and of the days on which events were; left out, the former
            have the fault that they have no zone, and the day is the one that was written. A date alone is
            the beginning of that day.

    Parts of microseconds are cut off.

    >>> times = read_times(pl.Series(["2026-03-01T00:30:00+08:00", "2026/3/1 9:05", "soon", None]))
    >>> times.on.to_list()[:1], times.fault.to_list()
    ([datetime.date(2026, 3, 1)], [None, 'V_NO_ZONE', 'V_TIME', 'V_NO_TIME'])
    >>> read_times(pl.Series(["2026/3/1 9:05"]), "Asia/Shanghai").time.to_list()
    [datetime.datetime(2026, 3, 1, 1, 5, tzinfo=zoneinfo.ZoneInfo(key='UTC'))]
    """
    check_zone(zone)
    empty = column.is_null()
    if column.dtype.is_float():
        empty |= column.is_nan().fill_null(True)
    elif column.dtype in (pl.Categorical, pl.Enum):
        column = column.cast(pl.String)
    elif column.dtype == pl.Object:
        column = _written_out(column.to_list())
        empty = column.is_null()
    if column.dtype == pl.String:
        column = column.str.strip_chars()
        empty |= (column == "").fill_null(True)
    stated = _stated(column)
    return _settled(stated, empty, zone)


def _stated(column: pl.Series) -> _Stated:
    count = len(column)
    none = _Stated(
        _nulls(count, INSTANT), _nulls(count, pl.Date()), _nulls(count, WALL), _nulls(count, pl.Date())
    )
    if column.dtype == pl.String:
        return _of_texts(column)
    if column.dtype == pl.Date:
        return _Stated(none.instant, none.written, none.wall, _within_years(column))
    if isinstance(column.dtype, pl.Datetime):
        moment = _microseconds(column)
        if column.dtype.time_zone is None:
            return _Stated(none.instant, none.written, moment.cast(WALL), none.day)
        return _Stated(moment.cast(INSTANT), column.dt.date(), none.wall, none.day)
    return none


def _nulls(count: int, dtype: pl.DataType) -> pl.Series:
    return pl.repeat(None, count, dtype=dtype, eager=True)


def _where(sure: pl.Series, values: pl.Series) -> pl.Series:
    return pl.select(pl.when(sure).then(values)).to_series()


def _within_years(days: pl.Series) -> pl.Series:
    """Days of the years that Python has, but for the first and the last day."""
    number = days.to_physical()
    return _where(number.is_between(FIRST_MICROSECOND // DAY + 1, LAST_MICROSECOND // DAY - 1), days)


def _microseconds(column: pl.Series) -> pl.Series:
    """Times as microseconds since 1970, within the years that Python has."""
    assert isinstance(column.dtype, pl.Datetime)
    up, down = MICROSECONDS[column.dtype.time_unit]
    units = column.to_physical()
    first, last = (FIRST_MICROSECOND + DAY) * down // up, (LAST_MICROSECOND - DAY) * down // up
    units = _where(units.is_between(max(first, -(2**63)), min(last, 2**63 - 1)), units)
    return units * up // down


# --- texts ----------------------------------------------------------------------------------------------


def _of_texts(column: pl.Series) -> _Stated:
    stated, rest = _of_plain_texts(column)
    if not rest.any():
        return stated
    plain = _plainly(column.filter(rest))
    places = rest.arg_true()
    more, _ = _of_plain_texts(plain)
    return _Stated(
        stated.instant.scatter(places, more.instant),
        stated.written.scatter(places, more.written),
        stated.wall.scatter(places, more.wall),
        stated.day.scatter(places, more.day),
    )


def _of_plain_texts(column: pl.Series) -> tuple[_Stated, pl.Series]:
    """Texts in the forms that machines write, and which of them have another form.

    The patterns are what makes it strict: by itself Polars would take a 60th second, and odd years.
    """
    with_offset = column.str.contains(f"{_DATE}[T ]{_CLOCK}{_OFFSET}").fill_null(False)
    without = column.str.contains(f"{_DATE}[T ]{_CLOCK}$").fill_null(False)
    alone = column.str.contains(f"{_DATE}$").fill_null(False)
    instants = _parsed(column, with_offset, "%#z").cast(INSTANT)
    walls = _parsed(column, without, "").cast(WALL)
    days = _days(column, alone)
    written = _where(instants.is_not_null(), _days(column.str.head(10), with_offset))
    rest = ~(with_offset | without | alone) & column.is_not_null()
    stated = _Stated(
        _where(_is_within(instants), instants), written, _where(_is_within(walls), walls), _within_years(days)
    )
    return stated, rest


def _is_within(moments: pl.Series) -> pl.Series:
    return moments.to_physical().is_between(FIRST_MICROSECOND + DAY, LAST_MICROSECOND - DAY)


def _parsed(column: pl.Series, mask: pl.Series, offset: str) -> pl.Series:
    if not mask.any():
        return _nulls(len(column), INSTANT if offset else WALL)
    texts = column if mask.all() else _where(mask, column)
    done = texts.str.to_datetime(f"%Y-%m-%dT%H:%M:%S%.f{offset}", strict=False, time_unit="us")
    if done.null_count() > texts.null_count():
        other = _where(done.is_null(), texts)
        spaced = other.str.to_datetime(f"%Y-%m-%d %H:%M:%S%.f{offset}", strict=False, time_unit="us")
        done = done.zip_with(done.is_not_null(), spaced)
    return done


def _days(column: pl.Series, mask: pl.Series) -> pl.Series:
    if not mask.any():
        return _nulls(len(column), pl.Date())
    texts = column if mask.all() else _where(mask, column)
    return texts.str.to_date("%Y-%m-%d", strict=False)


def _plainly(column: pl.Series) -> pl.Series:
    """Texts as people and ERPs write them, written as machines do; null where they are no such thing."""
    general, basic = (column.str.extract_groups(pattern).struct.unnest() for pattern in (_GENERAL, _BASIC))
    parts = [pl.coalesce(pl.lit(general[name]), pl.lit(basic[name])).alias(name) for name in general.columns]
    offset = pl.col("8").str.replace(":", "", literal=True).str.pad_end(5, "0")
    is_utc = pl.col("8").str.contains("^(?:[Zz]|UTC)$")
    zone = (
        pl.when(is_utc)
        .then(pl.lit("Z"))
        .otherwise(pl.concat_str(offset.str.head(3), pl.lit(":"), offset.str.tail(2)))
    )
    hour = pl.coalesce("4", pl.when(pl.col("8").is_not_null()).then(pl.lit("00"))).str.zfill(2)
    fraction = pl.concat_str(pl.lit("."), pl.col("7").str.head(6))
    written = pl.select(parts).with_columns(
        day=pl.concat_str("1", pl.col("2", "3").str.zfill(2), separator="-"),
        clock=pl.concat_str(hour, pl.col("5", "6").fill_null("00"), separator=":"),
        fraction=fraction.fill_null(""),
        zone=zone.fill_null(""),
    )
    moment = pl.concat_str("day", pl.lit("T"), "clock", "fraction", "zone")
    return written.select(pl.when(pl.col("clock").is_null()).then("day").otherwise(moment))["day"]


def is_nothing(value: object) -> bool:
    """Whether an object is a way to write a gap: ``None``, a NaN, or what pandas has for it.

    >>> is_nothing(None), is_nothing(float("nan")), is_nothing("")
    (True, True, False)
    """
    if isinstance(value, float):
        return value != value
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def _written_out(values: Sequence[object]) -> pl.Series:
    """Objects of Python as texts: times and dates as ISO 8601 has them, other objects as no time at all."""
    done: list[str | None] = []
    for value in values:
        if is_nothing(value):
            done.append(None)
        elif isinstance(value, datetime):
            offset = value.utcoffset()
            odd = offset is not None and offset % timedelta(minutes=1)
            done.append((value.astimezone(UTC) if odd else value).isoformat())
        elif isinstance(value, date):
            done.append(value.isoformat())
        elif isinstance(value, str) and "\0" not in value:
            done.append(value.encode(errors="replace").decode())
        else:
            done.append("?")
    return pl.Series(done, dtype=pl.String)


# --- the zone -------------------------------------------------------------------------------------------


def _settled(stated: _Stated, empty: pl.Series, zone: str | None) -> Times:
    """Instants and days, of what the cells state and the zone of the log."""
    frame = pl.DataFrame(
        {
            "time": stated.instant, "on": stated.written, "wall": stated.wall, "day": stated.day,
            "empty": empty,
        }
    )  # fmt: skip
    has_wall, has_day = stated.wall.null_count() < len(empty), stated.day.null_count() < len(empty)
    naive = pl.col("wall").is_not_null() | pl.col("day").is_not_null()
    if zone is None:
        return _times(frame, [pl.when(naive).then(pl.lit(NO_ZONE))])
    faults: list[pl.Expr] = []
    if has_wall:
        frame = frame.with_columns(time=pl.coalesce("time", _in_zone("wall", zone, "null")))
        twice = _in_zone("wall", zone, "earliest").is_not_null()
        missing = pl.col("time").is_null() & pl.col("wall").is_not_null()
        faults.append(
            pl.when(missing).then(pl.when(twice).then(pl.lit(AMBIGUOUS)).otherwise(pl.lit(SKIPPED)))
        )
    frame = frame.with_columns(on=pl.col("time").dt.convert_time_zone(zone).dt.date())
    if has_day:
        begin = _beginnings(frame["day"], zone)
        frame = frame.with_columns(time=pl.coalesce("time", pl.lit(begin)), on=pl.coalesce("on", "day"))
        missing = pl.col("time").is_null() & pl.col("day").is_not_null()
        faults.append(pl.when(missing).then(pl.lit(SKIPPED)))
    return _times(frame, faults)


def _in_zone(column: str, zone: str, ambiguous: str) -> pl.Expr:
    local = pl.col(column).dt.replace_time_zone(zone, ambiguous=pl.lit(ambiguous), non_existent="null")
    return local.dt.convert_time_zone("UTC")


def _beginnings(days: pl.Series, zone: str) -> pl.Series:
    """When days begin in a zone: at midnight, or when the clocks are put forward over it."""
    midnight = days.alias("day").cast(WALL).to_frame()
    done = midnight.select(_in_zone("day", zone, "earliest")).to_series()
    missing = done.is_null() & days.is_not_null()
    if not missing.any():
        return done
    here = ZoneInfo(zone)
    late: list[datetime | None] = []
    for day in days.filter(missing).to_list():
        moment = datetime(day.year, day.month, day.day, tzinfo=here).astimezone(UTC)
        late.append(moment if moment.astimezone(here).date() == day else None)
    return done.scatter(missing.arg_true(), pl.Series(late, dtype=INSTANT))


def _times(frame: pl.DataFrame, faults: Sequence[pl.Expr]) -> Times:
    no_time = pl.when("empty").then(pl.lit(NO_TIME))
    unreadable = pl.when(pl.col("time").is_null()).then(pl.lit(UNREADABLE))
    frame = frame.with_columns(fault=pl.coalesce(no_time, *faults, unreadable))
    good = pl.col("fault").is_null()
    done = frame.select(
        "fault", time=pl.when(good).then("time").cast(INSTANT), on=pl.when(good).then("on").cast(pl.Date)
    )
    return Times(done["time"], done["on"], done["fault"])
