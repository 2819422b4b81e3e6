"""Event logs read into one form, whatever they come in.

An event log says who did what, when, in which case. It may be a table (CSV, Parquet, Excel, or a frame of
pandas, Polars or Arrow), or a file of process mining (XES, or OCEL 2.0 in JSON or SQLite). No row of it is
lost: it is an event, or it is rejected with a reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from salesctrl.monitor.log_attributes import AttributeType, field_of
from salesctrl.monitor.log_columns import place
from salesctrl.monitor.log_rows import each_event, events_of
from salesctrl.monitor.log_table import FrameLog, LogSource, table_log
from salesctrl.monitor.log_times import check_zone
from salesctrl.monitor.model import Event
from salesctrl.tables.source import wrong

__all__ = ["EventLog", "read_log"]

_OCEL_SUFFIXES = (".sqlite", ".sqlite3", ".db", ".jsonocel", ".json")
_TABLE_SUFFIXES = (".csv", ".parquet", ".pq", ".xlsx", ".xlsm")


@dataclass(frozen=True, slots=True)
class EventLog:
    """An event log that was read.

    Attributes:
        frame: The events, in the order of the source: ``id``, ``case``, ``activity``, ``time`` (microseconds,
            UTC), ``on`` (the day in the zone of the log), ``person``, ``role``, ``department``, the
            attributes, and ``row``, the number in the source, from 1.
        rejected: The rows that are no events: ``row``, ``id``, ``code`` and the ``reason``.
        unread: Cells of attributes that are not of their type, and are null in the frame: ``row``, ``id``,
            ``attribute``, ``code`` and the ``reason``.
        columns: The column that each field was found in.
        zone: The zone of days, and of times without an offset.
        notices: What a person should know of the columns.
    """

    frame: pl.DataFrame
    rejected: pl.DataFrame
    unread: pl.DataFrame
    columns: Mapping[str, str]
    zone: str | None
    notices: tuple[str, ...]

    def __repr__(self) -> str:
        cases = self.frame["case"].n_unique()
        return f"EventLog({self.frame.height} events in {cases} cases, {self.rejected.height} rejected)"

    def events(self) -> Iterator[Event]:
        """The events one by one."""
        return each_event(self.frame)


def read_log(
    source: object,
    *,
    columns: Mapping[str, str] | None = None,
    zone: str | None = None,
    attributes: Mapping[str, AttributeType] | None = None,
    case_of: str | None = None,
    sheet: str | None = None,
) -> EventLog:
    """Read an event log.

    Args:
        source: A path, to a file of CSV, Parquet (or a folder of these), Excel, XES (also ``.xes.gz``) or
            OCEL 2.0 (``.jsonocel``, ``.json``, ``.sqlite``); or a frame of pandas, Polars or Arrow.
        columns: Columns with the field that each holds, where its name does not say it:
            ``{"Belegnr": "case"}``; or with another name for one of the ``attributes``.
        zone: The zone in which times without an offset are, and by which days are told; left out, such times
            are rejected, and an event was on the day that its time was written with.
        attributes: The attributes to take over, with their types: fields of a vocabulary, types, or names
            such as ``"money"``; left out, all, as they are found.
        case_of: Of an OCEL log: the type of the objects that are the cases.
        sheet: Of a file of Excel: which sheet; left out, its first.

    Raises:
        FactsError: It cannot be read, or its columns do not say case, activity and time; the error carries
            everything that is wrong with them. Or no time has a zone, and none is given.

    >>> log = read_log(
    ...     pl.DataFrame({"单号": ["A", "A"], "步骤": ["接单", "发货"], "时间": ["2026-03-01 09:00", "?"]}),
    ...     zone="Asia/Shanghai",
    ... )
    >>> log
    EventLog(1 events in 1 cases, 1 rejected)
    >>> log.rejected.rows()
    [(2, '2', 'V_TIME', 'expected a time such as `2026-03-01T10:00:00+08:00` but got `?`')]
    """
    check_zone(zone)
    types = {name: field_of(name, type_) for name, type_ in (attributes or {}).items()}
    log = _opened(source, case_of, sheet)
    placed = place(log.names, columns, None if attributes is None else attributes, log.name)
    raw = log.read(placed.used)
    events = events_of(raw, placed, zone, types)
    notices = (*log.notices, *placed.notices)
    return EventLog(events.frame, events.rejected, events.unread, placed.fields, zone, notices)


def _opened(source: object, case_of: str | None, sheet: str | None) -> LogSource:
    if not isinstance(source, str | Path):
        return FrameLog(source)
    path = Path(source)
    name = path.name.lower()
    if not path.exists():
        raise wrong(path.name, "F_FILE", "cannot be read: no such file or directory")
    if name.endswith((".xes", ".xes.gz")):
        from salesctrl.monitor.log_xes import read_xes

        return read_xes(path)
    if name.endswith(_OCEL_SUFFIXES):
        from salesctrl.monitor.log_ocel import read_ocel

        return read_ocel(path, case_of)
    if path.is_dir() or name.endswith(_TABLE_SUFFIXES):
        return table_log(path, sheet=sheet)
    message = "expected a name that ends in .csv, .parquet, .xlsx, .xes, .xes.gz, .jsonocel, .json or .sqlite"
    help = None
    if name.endswith((".xmlocel", ".xml")):
        help = "OCEL in XML is not read: write it as JSON or SQLite"
    raise wrong(path.name, "F_FILE", message, help)
