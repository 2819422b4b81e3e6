"""Event logs in OCEL 2.0, where an event touches objects of several types.

One type of objects are the cases: an event is one in each of these that it touches, and is rejected if it
touches none. Who did it is an object of a type of persons, or stands in an attribute.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import polars as pl

from salesctrl.diagnostics import suggest
from salesctrl.monitor.log_attributes import texts_of
from salesctrl.monitor.log_columns import NAMES, XES_NAMES
from salesctrl.monitor.log_rows import RawLog, RowProblem
from salesctrl.tables.chosen import listed
from salesctrl.tables.columns import folded
from salesctrl.tables.source import wrong

PERSON_TYPES = frozenset(
    [
        *map(folded, (*NAMES["person"], *XES_NAMES["person"])),
        "persons",
        "people",
        "resources",
        "employees",
        "users",
    ]
)
"""Types of objects that are persons, as they are compared."""
OBJECT = "object:"

_ID, _CASE, _ACTIVITY, _TIME, _PERSON = (
    XES_NAMES[field][0] for field in ("id", "case", "activity", "time", "person")
)


@dataclass(slots=True)
class Ocel:
    """A log of events that touch objects, as it stands in a file.

    ``ids``, ``types`` and ``times`` are those of the events, in the order of the file; ``attributes`` are the
    values of each attribute with the events, from 0, that have it. ``links`` are events, from 0, with an
    object that each touches; ``objects`` are the types of objects by their ids.
    """

    name: str
    ids: list[object] = field(default_factory=list)
    types: list[object] = field(default_factory=list)
    times: list[object] = field(default_factory=list)
    attributes: dict[str, tuple[list[int], list[object]]] = field(default_factory=dict)
    links: tuple[list[int], list[str]] = field(default_factory=lambda: ([], []))
    objects: dict[str, str] = field(default_factory=dict)
    problems: list[RowProblem] = field(default_factory=list)

    def put(self, attribute: str, value: object) -> None:
        """Give the last event an attribute."""
        rows, values = self.attributes.setdefault(attribute, ([], []))
        rows.append(len(self.ids) - 1)
        values.append(value)

    def link(self, event: int, thing: str) -> None:
        """Say that an event touches an object."""
        events, things = self.links
        events.append(event)
        things.append(thing)


@dataclass(frozen=True, slots=True)
class OcelLog:
    """A log in OCEL, read, with a row for each event in each case."""

    name: str
    columns: pl.DataFrame
    rows: pl.Series
    problems: Sequence[RowProblem]
    notices: Sequence[str]

    @property
    def names(self) -> Sequence[str]:
        """Fields by their names in XES, attributes, and the other objects as ``object:TYPE``."""
        return self.columns.columns

    def read(self, only: Collection[str]) -> RawLog:
        """These columns."""
        columns = self.columns.select([name for name in self.names if name in only])
        return RawLog(self.name, columns, self.rows, self.problems)


def read_ocel(path: Path, case_of: str | None = None) -> OcelLog:
    """Read a log in OCEL 2.0.

    Args:
        path: A file of JSON or SQLite.
        case_of: The type of the objects that are the cases; left out, the only one there is.

    Raises:
        FactsError: It cannot be read, or there are several types and none is chosen.
    """
    from salesctrl.monitor.log_ocel_files import ocel_of_json, ocel_of_sqlite

    is_json = path.suffix.lower() in (".json", ".jsonocel")
    return log_of(ocel_of_json(path) if is_json else ocel_of_sqlite(path), case_of)


def log_of(ocel: Ocel, case_of: str | None = None) -> OcelLog:
    """A row for each event in each case.

    >>> orders = {"o1": "order", "o2": "order"}
    >>> ocel = Ocel("a.json", ["e"], ["pay"], ["2026-03-01T10:00:00Z"], objects=orders)
    >>> ocel.link(0, "o1")
    >>> ocel.link(0, "o2")
    >>> log_of(ocel).columns.select("identity:id", "case:concept:name").rows()
    [('e#o1', 'o1'), ('e#o2', 'o2')]
    """
    count = len(ocel.ids)
    events = pl.DataFrame(
        [
            pl.int_range(count, dtype=pl.UInt32, eager=True).alias("event"),
            _column(_ID, range(count), ocel.ids, count),
            _column(_ACTIVITY, range(count), ocel.types, count),
            _column(_TIME, range(count), ocel.times, count),
        ]
    )
    links = _links(ocel)
    chosen = _case_type(ocel, links, case_of)
    others = [name for name in links["type"].unique().drop_nulls().sort() if name != chosen]
    persons = links.filter(pl.col("type").is_in([name for name in others if folded(name) in PERSON_TYPES]))
    if persons.height:
        events = events.join(_joined(persons, _PERSON), on="event", how="left", maintain_order="left")
    columns: dict[str, pl.Series] = {}
    for name, (rows, values) in ocel.attributes.items():
        key = _free(name, {*events.columns, _CASE, *columns})
        columns[key] = _column(key, rows, values, count)
    for name in others:
        if folded(name) not in PERSON_TYPES:
            of_type = _joined(links.filter(pl.col("type") == name), "object")
            series = events.select("event").join(of_type, on="event", how="left", maintain_order="left")
            columns[_free(OBJECT + name, columns)] = series["object"]
    events = events.hstack([values.alias(name) for name, values in columns.items()])
    return _log(ocel, events, links.filter(pl.col("type") == chosen), persons, links)


def _free(name: str, taken: Collection[str]) -> str:
    while name in taken:
        name = f"source:{name}"
    return name


def _log(
    ocel: Ocel, events: pl.DataFrame, cases: pl.DataFrame, persons: pl.DataFrame, links: pl.DataFrame
) -> OcelLog:
    of_cases = cases.select("event", pl.col("object").alias(_CASE))
    several = pl.len().over("event") > 1
    spread = events.join(of_cases, on="event", how="left", maintain_order="left_right").with_columns(
        pl.when(several).then(pl.concat_str(_ID, pl.lit("#"), _CASE)).otherwise(_ID).alias(_ID)
    )
    by_event = {problem.row: problem for problem in reversed(ocel.problems)}
    doers = persons.group_by("event").len().filter(pl.col("len") > 1)["event"]
    for event in doers:
        by_event.setdefault(event, RowProblem(event, "V_PERSONS", "it touches several persons"))
    problems = (
        [by_event[event]._replace(row=row) for row, event in enumerate(spread["event"]) if event in by_event]
        if by_event
        else []
    )
    loose = links.filter(pl.col("type").is_null())["object"].unique(maintain_order=True)
    notices = []
    if len(loose):
        notices.append(f"events touch objects that are not there: {listed(loose.to_list(), most=5)}")
    rows = spread["event"].cast(pl.Int64) + 1
    return OcelLog(ocel.name, spread.drop("event"), rows, problems, notices)


def _links(ocel: Ocel) -> pl.DataFrame:
    """Which event touches which object, once each, with the type of the object; null if it is not there."""
    events, things = ocel.links
    links = pl.DataFrame(
        {"event": events, "object": things}, schema={"event": pl.UInt32, "object": pl.String}
    )
    objects = pl.DataFrame(
        {"object": list(ocel.objects), "type": list(ocel.objects.values())},
        schema={"object": pl.String, "type": pl.String},
    )
    links = links.unique(maintain_order=True)
    return links.join(objects, on="object", how="left", maintain_order="left")


def _joined(links: pl.DataFrame, name: str) -> pl.DataFrame:
    """The objects that each event touches, as one text."""
    return links.group_by("event").agg(pl.col("object").sort().str.join(", ").alias(name))


def _case_type(ocel: Ocel, links: pl.DataFrame, case_of: str | None) -> str:
    known = sorted(set(ocel.objects.values()))
    if case_of is not None:
        if case_of not in known:
            near = suggest(case_of, known)
            help = f"did you mean `{near}`?" if near else f"the types are {listed(known)}"
            raise wrong(ocel.name, "F_CASE", f"there are no objects of the type `{case_of}`", help)
        return case_of
    found = [name for name in known if folded(name) not in PERSON_TYPES]
    if len(found) == 1:
        return found[0]
    if not found:
        raise wrong(ocel.name, "F_CASE", "there are no objects that could be cases")
    touched = dict(links.group_by("type").agg(pl.col("event").n_unique()).rows())
    said = ", ".join(f"`{name}` ({touched.get(name, 0)} events)" for name in found)
    help = f'say which are the cases: `case_of="{max(found, key=lambda name: touched.get(name, 0))}"`'
    raise wrong(ocel.name, "F_CASE", f"there are objects of several types: {said}", help)


def _column(name: str, rows: Sequence[int], values: Sequence[object], count: int) -> pl.Series:
    """Values of one plain type as a column of it, others as texts: so numbers with decimals stay exact."""
    types = set(map(type, values)) - {type(None)}
    made = None
    if types in ({int}, {bool}):
        with suppress(OverflowError):  # beyond 64 bits it is a text
            made = pl.Series(values, dtype=pl.Int64 if types == {int} else pl.Boolean)
    if made is None:
        texts = [str(value) if isinstance(value, Decimal) else value for value in values]
        made = texts_of(pl.Series(texts, dtype=pl.Object), strip=False).values
    if len(values) == count:
        return made.alias(name)
    return pl.repeat(None, count, dtype=made.dtype, eager=True).scatter(list(rows), made).alias(name)
