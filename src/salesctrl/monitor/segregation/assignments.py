"""Who has which role from when to when: lists as ERPs export them, or the organisation's own persons.

No row is dropped in silence. A row is an entry for each role that it gives, used or rejected with a reason;
so every row is among those that are used or among those that are rejected, and a row with an unknown role
beside known ones is in both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

import polars as pl

from salesctrl.batch.frames import Frame, FrameKind, take
from salesctrl.diagnostics import suggest
from salesctrl.monitor.log_attributes import texts_of
from salesctrl.monitor.log_rows import RawLog
from salesctrl.monitor.log_table import table_log
from salesctrl.monitor.segregation.columns import Placed, place
from salesctrl.policy.organisation import Organisation, normal
from salesctrl.tables.source import wrong

USED: Mapping[str, pl.DataType] = {
    "row": pl.Int64(), "person": pl.String(), "name": pl.String(), "department": pl.String(),
    "role": pl.String(), "first": pl.Date(), "last": pl.Date(), "held": pl.String(),
}  # fmt: skip
"""``held`` is the role as a person would say it: with the one who delegated it, if it was."""

REJECTED: Mapping[str, pl.DataType] = {
    "source": pl.String(), "row": pl.Int64(), "id": pl.String(), "code": pl.String(), "reason": pl.String(),
}  # fmt: skip
"""Rows that were not read, or not wholly: ``id`` is the person of an assignment, or the id of an event."""

_BETWEEN = re.compile(r"[;,；，、|\n]")
_DAY = re.compile(
    r"(\d{4})(?:[-/.]|年)(\d{1,2})(?:[-/.]|月)(\d{1,2})日?(?:[T ]+0?0:00(?::00(?:\.0+)?)?(?:Z|\+00:00)?)?"
)
_BASIC_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_YES = frozenset(["x", "×", "√", "✓", "✔", "●", "◯", "○", "是", "有", "yes", "y", "true", "1"])
_NO = frozenset(["no", "n", "false", "0", "否", "无", "-", "–", "—", "/"])


class Reject(NamedTuple):
    """Why something of a row is not used; ``row`` is counted from 0."""

    row: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Assignments:
    """Who has which role, when.

    Attributes:
        used: The entries, a row for each role of a person: ``row`` (from 1), ``person``, ``name``,
            ``department``, ``role``, ``first`` and ``last`` day (null is open), ``held``.
        rejected: What was not used, with ``row``, ``code`` and ``reason``.
        rows: How many rows there were.
        notices: What a person should know of the columns.
        frame: What was given, if it was a frame: results are given back as its kind.
    """

    used: pl.DataFrame
    rejected: pl.DataFrame
    rows: int
    notices: tuple[str, ...] = ()
    frame: Frame | None = None

    def on(self, day: date) -> pl.DataFrame:
        """The entries that are in force on a day; both ends of a period belong to it."""
        starts = pl.col("first").is_null() | (pl.col("first") <= day)
        ends = pl.col("last").is_null() | (pl.col("last") >= day)
        return self.used.filter(starts & ends & pl.col("role").is_not_null())


def read_assignments(
    source: object,
    organisation: Organisation,
    *,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> Assignments:
    """Read a list of assignments.

    Args:
        source: A path, to a file of CSV, Parquet or Excel; or a frame of pandas, Polars or Arrow. A row gives
            a person one role, several in a cell with ``;`` or ``,`` between them, or those that are marked in
            columns named like roles.
        organisation: Whose roles they are; a role goes by its name, its title or an alias.
        columns: Columns with what they hold, where their names do not say it: ``person``, ``name``, ``role``,
            ``from``, ``to``, ``department``; or, for a column of marks, a role.
        sheet: Of a file of Excel: which sheet; left out, its first.

    Raises:
        FactsError: It cannot be read, or its columns do not say who has which role; the error carries
            everything that is wrong with them.

    >>> from salesctrl import load
    >>> people = pl.DataFrame({"工号": ["7", "8", ""], "岗位": ["出纳; 会计", "保安", "出纳"]})
    >>> read = read_assignments(people, load().checked.organisation)
    >>> read.used.select("row", "person", "role").rows()
    [(1, '7', 'cashier'), (1, '7', 'finance_accountant')]
    >>> read.rejected.select("row", "code").rows()
    [(2, 'V_ROLE'), (3, 'V_NO_PERSON')]
    """
    frame: Frame | None = None
    if isinstance(source, str | Path):
        path = Path(source)
        if not path.exists():
            raise wrong(path.name, "F_FILE", "cannot be read: no such file or directory")
        if sheet is not None and path.suffix.lower() not in (".xlsx", ".xlsm"):
            raise wrong(path.name, "F_FILE", f"there is no sheet `{sheet}`: it is no file of Excel")
        log = table_log(path, sheet=sheet)
        placed = place(log.names, organisation, columns, log.name)
        raw = log.read(frozenset(log.names) if placed.is_wide else frozenset(placed.fields.values()))
    else:
        frame = take(source)
        raw = RawLog("", frame.columns, pl.int_range(1, frame.rows + 1, dtype=pl.Int64, eager=True))
        placed = place(raw.columns.columns, organisation, columns)
    return _Rows(raw, placed, organisation).read(frame)


def own_assignments(organisation: Organisation, day: int) -> Assignments:
    """The roles that the organisation's own persons act in on a day: theirs, or delegated to them.

    Raises:
        FactsError: The organisation lists no persons.
    """
    if not organisation.lists_persons:
        help = "pass a list of assignments, or list `persons` in an organisation document"
        raise wrong("assignments", "F_PERSONS", "the policies list no persons", help)
    rows: list[tuple[object, ...]] = []
    for role in organisation.roles:
        for person in organisation.persons_of(role, day):
            for holding in organisation.holdings(person, role, day):
                name = organisation.person_name(person).get("en")
                held = role if holding.from_person is None else f"{role} ({holding.from_person})"
                rows.append((len(rows) + 1, person, name, None, role, None, None, held))
    used = pl.DataFrame(rows, schema=dict(USED), orient="row")
    return Assignments(used, pl.DataFrame(schema=dict(REJECTED)), len(rows))


class _Rows:
    """The rows of a list, made into entries."""

    def __init__(self, raw: RawLog, placed: Placed, organisation: Organisation):
        self.raw, self.placed, self.organisation = raw, placed, organisation
        self.count = len(raw.rows)
        self.notices = list(placed.notices)
        self.cells = {field: self._texts(column) for field, column in placed.fields.items()}
        self.bad: dict[int, list[Reject]] = {}
        """What is wrong with whole rows, in the order in which it was found."""

    def read(self, frame: Frame | None) -> Assignments:
        for problem in self.raw.problems:
            self._reject(problem.row, problem.code, problem.reason)
        for column in dict.fromkeys(self.placed.fields.values()):
            for row in texts_of(self.raw.columns[column]).bad:
                self._reject(row, "V_ENCODING", f"the cell of the column `{column}` is not a text in UTF-8")
        persons = self._persons()
        first, last = self._days("from"), self._days("to")
        for row in (first > last).arg_true():
            reason = f"the period ends on {last[row]}, before it begins on {first[row]}"
            self._reject(row, "V_PERIOD", reason)
        roles, refused = self._marked() if self.placed.is_wide else self._named()
        rows = pl.DataFrame(
            {
                "index": pl.int_range(self.count, dtype=pl.Int64, eager=True), "row": self.raw.rows,
                "person": persons, "name": self._field("name"), "department": self._field("department"),
                "first": first, "last": last,
            }
        )  # fmt: skip
        whole = ~rows["index"].is_in(list(self.bad))
        used = rows.filter(whole).join(roles, on="index", how="inner", maintain_order="left_right")
        used = used.with_columns(held=pl.col("role")).select(*USED)
        refused = [*(one for found in self.bad.values() for one in _as_one(found)),
                   *(one for one in refused if one.row not in self.bad)]  # fmt: skip
        return Assignments(used, self._rejected(refused, persons), self.count, tuple(self.notices), frame)

    def _texts(self, column: str) -> pl.Series:
        return texts_of(self.raw.columns[column]).values

    def _field(self, field: str) -> pl.Series:
        found = self.cells.get(field)
        return found if found is not None else pl.repeat(None, self.count, dtype=pl.String, eager=True)

    def _reject(self, row: int, code: str, reason: str) -> None:
        self.bad.setdefault(row, []).append(Reject(row, code, reason))

    def _persons(self) -> pl.Series:
        persons = self.cells["person"]
        for row in persons.is_null().arg_true():
            self._reject(row, "V_NO_PERSON", "there is no person")
        return _mapped(persons, {text: normal(text) for text in persons.unique().drop_nulls()}, pl.String())

    def _days(self, field: str) -> pl.Series:
        """The days of a field; a cell that is none is a reason to reject its row."""
        cells = self._field(field)
        days = _mapped(cells, {text: day_of_cell(text) for text in cells.unique().drop_nulls()}, pl.Date())
        for row in (days.is_null() & cells.is_not_null()).arg_true():
            reason = (
                f"expected a day such as `2026-03-01` in `{self.placed.fields[field]}` but got `{cells[row]}`"
            )
            self._reject(row, "V_DATE", reason)
        return days

    # -- the long shape --------------------------------------------------------------------------------

    def _named(self) -> tuple[pl.DataFrame, list[Reject]]:
        """The roles that cells name, and those that are none."""
        cells = self.cells["role"]
        known: dict[str, list[str]] = {}
        unknown: dict[str, list[str]] = {}
        for cell in cells.unique().drop_nulls():
            known[cell], unknown[cell] = [], []
            for text in self._parts(cell):
                role = self.organisation.role(text)
                (unknown if role is None else known)[cell].append(role or text)
        refused: list[Reject] = []
        index = pl.int_range(self.count, dtype=pl.Int64, eager=True)
        suspect = {cell for cell, texts in unknown.items() if texts}
        none = {cell for cell, texts in known.items() if not texts and not unknown[cell]}
        for row in (cells.is_null() | cells.is_in(list(none))).arg_true():
            refused.append(Reject(row, "V_NO_ROLE", "there is no role"))
        for row in cells.is_in(list(suspect)).arg_true():
            refused += [Reject(row, "V_ROLE", self._unknown(text)) for text in unknown[cells[row]]]
        roles = _mapped(cells, {c: list(dict.fromkeys(r)) for c, r in known.items()}, pl.List(pl.String()))
        entries = pl.DataFrame({"index": index, "role": roles}).filter(pl.col("role").list.len() > 0)
        return entries.explode("role"), refused

    def _parts(self, cell: str) -> list[str]:
        """The roles of a cell; a title may have a comma in it."""
        if self.organisation.role(cell) is not None:
            return [cell]
        return [text.strip() for text in _BETWEEN.split(cell) if text.strip()]

    def _unknown(self, text: str) -> str:
        near = suggest(text, self.organisation.roles)
        return f"unknown role `{text}`" + (f"; did you mean `{near}`?" if near else "")

    # -- the wide shape --------------------------------------------------------------------------------

    def _marked(self) -> tuple[pl.DataFrame, list[Reject]]:
        """The roles that are marked; a row without a mark is a person who has none."""
        index = pl.int_range(self.count, dtype=pl.Int64, eager=True)
        refused: list[Reject] = []
        found = []
        for column, role in self.placed.marks.items():
            cells, marks = self._marks(column)
            for row in (marks.is_null() & cells.is_not_null()).arg_true():
                reason = f"expected a mark such as `x` in `{column}` but got `{cells[row]}`"
                refused.append(Reject(row, "V_MARK", reason))
            held = index.filter(marks.fill_null(value=False))
            found.append(pl.DataFrame({"index": held, "role": pl.repeat(role, len(held), eager=True)}))
        for column in self.placed.unread:
            cells, marks = self._marks(column)
            if not marks.any() or (marks.is_null() & cells.is_not_null()).any():
                continue  # it holds something else than marks
            reason = self._unknown(column)
            refused += [Reject(row, "V_ROLE", reason) for row in marks.fill_null(value=False).arg_true()]
        entries = pl.concat(found).sort("index", maintain_order=True)
        spoken = pl.Series("index", [one.row for one in refused], dtype=pl.Int64)
        without = index.filter(~index.is_in(entries["index"].implode()) & ~index.is_in(spoken.implode()))
        nothing = pl.DataFrame({"index": without, "role": pl.Series([None] * len(without), dtype=pl.String)})
        return pl.concat([entries, nothing]), refused

    def _marks(self, column: str) -> tuple[pl.Series, pl.Series]:
        """The cells of a column, and what they mean: null where they are blank, or no marks."""
        cells = self._texts(column)
        meaning: dict[str, bool] = {}
        for text in cells.unique().drop_nulls():
            word = normal(text).casefold()
            if word in _YES or word in _NO:
                meaning[text] = word in _YES
        return cells, _mapped(cells, meaning, pl.Boolean())

    # -- what was not used -----------------------------------------------------------------------------

    def _rejected(self, refused: Sequence[Reject], persons: pl.Series) -> pl.DataFrame:
        ordered = sorted(refused, key=lambda one: one.row)
        places = [one.row for one in ordered]
        said = {
            "source": ["assignments"] * len(ordered), "row": self.raw.rows.gather(places),
            "id": persons.gather(places), "code": [one.code for one in ordered],
            "reason": [one.reason for one in ordered],
        }  # fmt: skip
        return pl.DataFrame(said, schema=dict(REJECTED))


def _as_one(found: Sequence[Reject]) -> list[Reject]:
    """All that is wrong with a row in one entry, under the code of the first."""
    return [found[0]._replace(reason="; ".join(one.reason for one in found))]


def _mapped(cells: pl.Series, meaning: Mapping[str, object], dtype: pl.DataType) -> pl.Series:
    """What texts mean; null where they mean nothing."""
    if not meaning:
        return pl.repeat(None, len(cells), dtype=dtype, eager=True)
    old = pl.Series("text", list(meaning), dtype=pl.String)
    new = pl.Series("meaning", list(meaning.values()), dtype=dtype)
    texts = cells.alias("text").to_frame()
    return texts.join(pl.DataFrame([old, new]), on="text", how="left", maintain_order="left")["meaning"]


def day_of_cell(text: str) -> date | None:
    """The day that a cell says, with the year first; nothing if it says none.

    >>> day_of_cell("2026/3/1"), day_of_cell("20260301"), day_of_cell("2026年3月1日"), day_of_cell("1.3.2026")
    (datetime.date(2026, 3, 1), datetime.date(2026, 3, 1), datetime.date(2026, 3, 1), None)
    """
    found = _DAY.fullmatch(text) or _BASIC_DAY.fullmatch(text)
    if found is None:
        return None
    try:
        return date(*(int(part) for part in found.groups()))
    except ValueError:
        return None


def given_kind(frame: Frame | None) -> Frame:
    """The kind of frame to give back; for a file, that of Polars."""
    return frame if frame is not None else Frame(FrameKind.POLARS, pl.DataFrame(), 0)
