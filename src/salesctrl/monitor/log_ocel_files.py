"""The files of OCEL 2.0: JSON, and databases of SQLite."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from salesctrl.monitor.log_ocel import Ocel
from salesctrl.monitor.log_rows import RowProblem
from salesctrl.tables.chosen import listed
from salesctrl.tables.exact_json import BadJson, parse_json
from salesctrl.tables.source import wrong

_DAMAGED = "it is cut short or damaged"
_UTF8_HELP = "write it as UTF-8, such as with `iconv -f gb18030 -t utf-8`"

# --- JSON -----------------------------------------------------------------------------------------------


def ocel_of_json(path: Path) -> Ocel:
    """Read a log in JSON; numbers with decimals stay exact.

    Raises:
        FactsError: It cannot be read, or is no OCEL 2.0.
    """
    name = path.name
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise wrong(name, "F_FILE", f"cannot be read: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise wrong(name, "F_ENCODING", "not UTF-8", _UTF8_HELP) from error
    if not text.strip():
        raise wrong(name, "F_JSON", "expected a log in OCEL 2.0 but the file is empty")
    try:
        content = parse_json(text)
    except BadJson as error:
        raise wrong(name, "F_JSON", str(error), _DAMAGED) from None
    if not isinstance(content, dict) or not all(
        isinstance(content.get(k), list) for k in ("events", "objects")
    ):
        help = "a list of rows is read from a frame"
        if isinstance(content, dict) and any(str(key).startswith("ocel:") for key in content):
            help = "it is OCEL 1.0: write it as OCEL 2.0"
        raise wrong(
            name, "F_JSON", "expected a log in OCEL 2.0, with lists of `events` and of `objects`", help
        )
    ocel = Ocel(name)
    for number, thing in enumerate(content["objects"]):
        if not isinstance(thing, dict) or not all(isinstance(thing.get(k), str) for k in ("id", "type")):
            message = f"objects[{number}]: expected an object with texts as `id` and `type`"
            raise wrong(name, "F_JSON", message)
        if ocel.objects.setdefault(thing["id"], thing["type"]) != thing["type"]:
            raise wrong(name, "F_JSON", f"the object `{thing['id']}` is there with two types")
    for event in content["events"]:
        _json_event(ocel, event)
    return ocel


def _json_event(ocel: Ocel, event: object) -> None:
    row = len(ocel.ids)
    given: Mapping[str, object] = event if isinstance(event, dict) else {}
    ocel.ids.append(given.get("id"))
    ocel.types.append(given.get("type"))
    ocel.times.append(given.get("time"))
    problem = None if isinstance(event, dict) else "expected an event as an object"
    for attribute in _list(given, "attributes"):
        if isinstance(attribute, dict) and isinstance(attribute.get("name"), str):
            ocel.put(attribute["name"], attribute.get("value"))
        else:
            problem = problem or "expected attributes with a `name` and a `value`"
    for relationship in _list(given, "relationships"):
        if isinstance(relationship, dict) and isinstance(relationship.get("objectId"), str):
            ocel.link(row, relationship["objectId"])
        else:
            problem = problem or "expected relationships with an `objectId`"
    if problem:
        ocel.problems.append(RowProblem(row, "V_CELLS", problem))


def _list(given: Mapping[str, object], key: str) -> list[object]:
    """A list in an object; what is no list is one item, which is then wrong."""
    value = given.get(key)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


# --- SQLite ---------------------------------------------------------------------------------------------

_TABLES: Mapping[str, tuple[str, ...]] = {
    "event": ("ocel_id", "ocel_type"),
    "event_map_type": ("ocel_type", "ocel_type_map"),
    "event_object": ("ocel_event_id", "ocel_object_id"),
    "object": ("ocel_id", "ocel_type"),
}


def ocel_of_sqlite(path: Path) -> Ocel:
    """Read a log in a database of SQLite, which is not written to.

    Raises:
        FactsError: It cannot be read, or is no OCEL 2.0.
    """
    name = path.name
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            [(said,)] = database.execute("PRAGMA quick_check(1)").fetchall()
            [(page,)] = database.execute("PRAGMA page_size").fetchall()
            if path.stat().st_size % page:  # SQLite would fill the last page up with zeros
                said = "a part of the last page is missing"
            if said != "ok":
                raise wrong(name, "F_FILE", f"not a whole database: {str(said).splitlines()[0]}", _DAMAGED)
            return _Database(name, database).ocel()
    except OSError as error:
        raise wrong(name, "F_FILE", f"cannot be read: {(error.strerror or str(error)).lower()}") from error
    except sqlite3.Error as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        if "UTF-8" in said:
            raise wrong(name, "F_ENCODING", f"a text is not UTF-8: {said[:1].lower()}{said[1:]}") from error
        raise wrong(name, "F_FILE", f"not SQLite that can be read: {said}", _DAMAGED) from error


class _Database:
    """A database of OCEL 2.0: a table of events, and one for the attributes of each type of these."""

    def __init__(self, name: str, database: sqlite3.Connection):
        self.name, self.database = name, database
        found = database.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
        self.tables = {str(table).casefold(): str(table) for (table,) in found}
        said = [f"no table `{table}`" for table in _TABLES if table not in self.tables]
        for table, wanted in _TABLES.items():
            absent = [column for column in wanted if column not in self._names(table)]
            if table in self.tables and absent:
                said.append(f"no column {listed(absent)} in `{table}`")
        if said:
            raise wrong(name, "F_TABLE", f"not OCEL 2.0: there is {', '.join(said)}")

    def ocel(self) -> Ocel:
        """All events, those first that stand in the table of events."""
        ocel = Ocel(self.name)
        for thing, type_ in self._rows("object", "ocel_id", "ocel_type"):
            ocel.objects[str(thing)] = str(type_)
        details = self._details()
        places: dict[object, list[int]] = defaultdict(list)
        for id_, type_ in self._rows("event", "ocel_id", "ocel_type"):
            rows = details.get(type_, {}).get(id_)
            self._event(ocel, places, id_, type_, rows.pop(0) if rows else {})
        for type_, by_id in details.items():
            for id_, rows in by_id.items():
                for row in rows:
                    self._event(ocel, places, id_, type_, row)
        for id_, thing in self._rows("event_object", "ocel_event_id", "ocel_object_id"):
            for place in places.get(id_, ()):
                ocel.link(place, str(thing))
        return ocel

    @staticmethod
    def _event(
        ocel: Ocel, places: dict[object, list[int]], id_: object, type_: object, row: Mapping[str, object]
    ) -> None:
        places[id_].append(len(ocel.ids))
        ocel.ids.append(id_)
        ocel.types.append(type_)
        ocel.times.append(row.get("ocel_time"))
        for name, value in row.items():
            if value is not None and name not in ("ocel_id", "ocel_time"):
                ocel.put(name, value)

    def _details(self) -> dict[object, dict[object, list[dict[str, object]]]]:
        """Times and attributes of events, by type and id."""
        done: dict[object, dict[object, list[dict[str, object]]]] = {}
        for type_, short in self._rows("event_map_type", "ocel_type", "ocel_type_map"):
            table = f"event_{short}"
            names = self._names(table)
            absent = [column for column in ("ocel_id", "ocel_time") if column not in names]
            if absent:
                what = f"column {listed(absent)} in" if names else "table"
                raise wrong(self.name, "F_TABLE", f"not OCEL 2.0: there is no {what} `{table}`")
            of_type = done.setdefault(type_, {})
            for row in self._rows(table, *names):
                one = dict(zip(names, row, strict=True))
                of_type.setdefault(one["ocel_id"], []).append(one)
        return done

    def _names(self, table: str) -> tuple[str, ...]:
        """The names of the columns of a table; none if it is not there."""
        stored = self.tables.get(table.casefold())
        if stored is None:
            return ()
        return tuple(str(row[1]) for row in self.database.execute(f"PRAGMA table_info({_quoted(stored)})"))

    def _rows(self, table: str, *columns: str) -> Iterator[tuple[object, ...]]:
        chosen = ", ".join(map(_quoted, columns))
        of = _quoted(self.tables[table.casefold()])
        yield from self.database.execute(f"SELECT {chosen} FROM {of}")  # noqa: S608 - names are quoted


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
