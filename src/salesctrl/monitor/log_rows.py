"""Rows of an event log made into events: each row is an event, or is rejected with a reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from salesctrl.errors import FactProblem, FactsError
from salesctrl.monitor.log_attributes import (
    AttributeType,
    Unread,
    as_found,
    field_of,
    texts_of,
    typed,
    without_spaces,
)
from salesctrl.monitor.log_columns import Placed
from salesctrl.monitor.log_times import AMBIGUOUS, NO_TIME, NO_ZONE, SKIPPED, UNREADABLE, Times, read_times
from salesctrl.monitor.model import FIELDS, Event

EVENT_COLUMNS: Mapping[str, pl.DataType] = {
    "id": pl.String(), "case": pl.String(), "activity": pl.String(), "time": pl.Datetime("us", "UTC"),
    "on": pl.Date(), "person": pl.String(), "role": pl.String(), "department": pl.String(),
}  # fmt: skip
"""The columns that every log has; attributes and the number of the row follow."""

_EXAMPLE = "2026-03-01T10:00:00+08:00"
_TIME_REASONS: Mapping[str, tuple[str, str]] = {
    NO_TIME: ("there is no time", ""),
    UNREADABLE: (f"expected a time such as `{_EXAMPLE}` but got `", "`"),
    NO_ZONE: ("the time `", "` has no zone"),
    AMBIGUOUS: ("the time `", "` was twice: the clocks were put back"),
    SKIPPED: ("the time `", "` never was: the clocks were put forward over it"),
}


class RowProblem(NamedTuple):
    """A row, from 0, that cannot be read, or that is no event for a reason of its own."""

    row: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class RawLog:
    """A log as it was found: its columns, none of them looked into yet.

    ``rows`` are the numbers of the rows in the source. ``defaults`` are values of attributes where a cell
    holds nothing; ``dates`` are columns of texts that the source says to be times.
    """

    name: str
    columns: pl.DataFrame
    rows: pl.Series
    problems: Sequence[RowProblem] = ()
    nan_is_null: bool = False
    defaults: Mapping[str, object] = field(default_factory=dict)
    dates: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Events:
    """What became of the rows: ``frame`` are events, ``rejected`` the others, ``unread`` bad attributes."""

    frame: pl.DataFrame
    rejected: pl.DataFrame
    unread: pl.DataFrame


def events_of(
    raw: RawLog, placed: Placed, zone: str | None, attributes: Mapping[str, AttributeType]
) -> Events:
    """Make events of the rows of a log.

    Raises:
        FactsError: No time has a zone, and none is given.
    """
    texts = {
        name: texts_of(raw.columns[column], strip=False)
        for name, column in placed.fields.items()
        if name != "time"
    }
    values = without_spaces(pl.DataFrame({name: found.values for name, found in texts.items()}))
    time_column = raw.columns[placed.fields["time"]]
    times = read_times(time_column, zone)
    _check_zones(raw, placed, times)
    work = pl.DataFrame(
        {
            **{name: values[name] if name in texts else _nothing(raw) for name in _TEXTS},
            "time": times.time,
            "on": times.on,
            "row": raw.rows,
            "index": pl.int_range(len(raw.rows), dtype=pl.UInt32, eager=True),
        }
    )
    problems = _not_texts(raw, placed, {name: found.bad for name, found in texts.items()})
    work = _with_ids(_faults(work, times, problems), "id" in texts)
    work = _repeated(work, raw, placed)
    good = work["code"].is_null()
    rejected = _reasons(work.filter(~good), time_column, problems)
    found = [_attribute(raw, name, place, zone, attributes) for name, place in placed.attributes.items()]
    frame = work.select(EVENT_COLUMNS.keys()).hstack([*(values for values, _ in found), work["row"]])
    unread = [one for _, wrong in found for one in wrong if good[one.row]]
    return Events(frame.filter(good) if rejected.height else frame, rejected, _unread(work, unread))


_TEXTS = ("id", "case", "activity", "person", "role", "department")


def _nothing(raw: RawLog) -> pl.Series:
    return pl.repeat(None, len(raw.rows), dtype=pl.String, eager=True)


def _check_zones(raw: RawLog, placed: Placed, times: Times) -> None:
    """One error for all, where every time that can be read has no zone."""
    if times.time.null_count() < len(times.time) or not (times.fault == NO_ZONE).any():
        return
    message = f"no time in the column `{placed.fields['time']}` has a zone"
    help = 'say in which zone they are: `zone="Asia/Shanghai"`'
    raise FactsError([FactProblem(raw.name, "F_ZONE", message, help)])


def _not_texts(raw: RawLog, placed: Placed, bad: Mapping[str, Sequence[int]]) -> dict[int, RowProblem]:
    """The rows that cannot be read, by their places: the first reason of each counts."""
    found = {problem.row: problem for problem in reversed(raw.problems)}
    for name, rows in bad.items():
        message = f"the cell of the column `{placed.fields[name]}` is not a text in UTF-8"
        for row in rows:
            found.setdefault(row, RowProblem(row, "V_ENCODING", message))
    return found


def _faults(work: pl.DataFrame, times: Times, problems: Mapping[int, RowProblem]) -> pl.DataFrame:
    """With the code of the first thing that is wrong with each row."""
    given = _nothing_like(work)
    if problems:
        places = sorted(problems)
        given = given.scatter(places, pl.Series([problems[place].code for place in places]))
    return work.with_columns(
        code=pl.coalesce(
            pl.lit(given),
            pl.when(pl.col("case").is_null()).then(pl.lit("V_NO_CASE")),
            pl.when(pl.col("activity").is_null()).then(pl.lit("V_NO_ACTIVITY")),
            pl.lit(times.fault),
        )
    )


def _nothing_like(work: pl.DataFrame) -> pl.Series:
    return pl.repeat(None, work.height, dtype=pl.String, eager=True)


def _with_ids(work: pl.DataFrame, given: bool) -> pl.DataFrame:
    """With the ids as given; without a column of ids the numbers of the rows.

    A number alone could be the id that another row has in the column.
    """
    number = pl.col("row").cast(pl.String)
    if not given:
        return work.with_columns(id=number)
    if not work["id"].null_count():
        return work
    return work.with_columns(id=pl.coalesce("id", pl.concat_str(pl.lit("row "), number)))


def _repeated(work: pl.DataFrame, raw: RawLog, placed: Placed) -> pl.DataFrame:
    """With a code for each further row of one id, and the number of the row that stays, if there is any."""
    good = work.select("id", "row", "index")
    if work["code"].null_count() < work.height:
        good = good.filter(work["code"].is_null())
    # Ids with different hashes are different; numbers are told apart sooner than texts.
    if "id" not in placed.fields or _all_differ(good["id"].hash()):
        return work
    shared = good.filter(good["id"].is_duplicated())
    cells = raw.columns.select(sorted(placed.used))[shared["index"]]
    words = cells.select(
        texts_of(cell, strip=False).values.alias(f"cell {i}") for i, cell in enumerate(cells)
    )
    shared = shared.hstack(words)
    same = [name for name in shared.columns if name not in ("row", "index")]
    later = shared.with_columns(
        first=pl.col("row").first().over("id"),
        place=pl.int_range(pl.len()).over("id"),
        as_first=pl.all_horizontal(
            [pl.col(name).eq_missing(pl.col(name).first().over("id")) for name in same]
        ),
    ).filter(pl.col("place") > 0)
    code = pl.when("as_first").then(pl.lit("V_DUPLICATE")).otherwise(pl.lit("V_SAME_ID"))
    later = later.select("index", "first", again=code)
    return work.join(later, on="index", how="left", maintain_order="left").with_columns(
        code=pl.coalesce("code", "again")
    )


def _all_differ(numbers: pl.Series) -> bool:
    """Whether no number is there twice: sorted, it would be its own neighbour."""
    ordered = numbers.sort()
    return not (ordered.slice(1) == ordered.head(-1)).any()


def _reasons(rejected: pl.DataFrame, times: pl.Series, problems: Mapping[int, RowProblem]) -> pl.DataFrame:
    """The rejected rows with their reasons in words."""
    if "first" not in rejected.columns:
        rejected = rejected.with_columns(first=pl.lit(None, pl.Int64))
    shown = texts_of(times[rejected["index"]]).values
    said: list[str] = []
    for index, code, id_, first, time in zip(
        rejected["index"], rejected["code"], rejected["id"], rejected["first"], shown, strict=True
    ):
        if index in problems:
            said.append(problems[index].reason)
        elif code in _TIME_REASONS:
            before, after = _TIME_REASONS[code]
            said.append(f"{before}{_short(time)}{after}" if after else before)
        elif code == "V_DUPLICATE":
            said.append(f"the same as row {first}")
        elif code == "V_SAME_ID":
            said.append(f"row {first} is another event with the id `{_short(id_)}`")
        else:
            said.append(_REASONS[code])
    return rejected.select("row", "id", "code").with_columns(reason=pl.Series(said, dtype=pl.String))


_REASONS = {"V_NO_CASE": "there is no case", "V_NO_ACTIVITY": "there is no activity"}


def _short(text: str | None, most: int = 60) -> str:
    text = text or ""
    return text if len(text) <= most else f"{text[:most]}…"


def _attribute(
    raw: RawLog, name: str, column: str, zone: str | None, attributes: Mapping[str, AttributeType]
) -> tuple[pl.Series, list[Unread]]:
    cells = raw.columns[column]
    default = raw.defaults.get(column)
    if default is not None and cells.null_count():
        cells = cells.fill_null(pl.lit(default))
    if name in attributes:
        return typed(name, field_of(name, attributes[name]), cells, zone, raw.nan_is_null)
    if column in raw.dates:
        times = read_times(cells, zone)
        if times.time.null_count() == cells.null_count():
            return times.time.alias(name), []
    if raw.nan_is_null and cells.dtype.is_float():
        cells = cells.fill_nan(None)
    return as_found(name, cells)


def _unread(work: pl.DataFrame, unread: Sequence[Unread]) -> pl.DataFrame:
    places = [one.row for one in unread]
    said = pl.DataFrame(
        {
            "attribute": [one.attribute for one in unread],
            "code": [one.code for one in unread],
            "reason": [one.reason for one in unread],
        },
        schema=dict.fromkeys(("attribute", "code", "reason"), pl.String),
    )
    return work.select(pl.col("row", "id").gather(places)).hstack(said).sort("row", maintain_order=True)


def each_event(frame: pl.DataFrame) -> Iterator[Event]:
    """The rows of a log as events."""
    attributes = [name for name in frame.columns if name not in (*FIELDS, "row")]
    for row in frame.iter_rows(named=True):
        given = {name: row[name] for name in attributes if row[name] is not None}
        yield Event(**{name: row[name] for name in FIELDS}, attributes=given)
