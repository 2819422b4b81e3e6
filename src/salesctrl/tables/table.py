"""A table at a control point: every row of a file as the facts of one transaction."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

from salesctrl.compile.plan import Plan
from salesctrl.errors import FactProblem, FactsError
from salesctrl.policy.loader import Loaded
from salesctrl.policy.vocabulary import VocabularyIndex
from salesctrl.tables.cells import cell_value, without_gaps
from salesctrl.tables.chosen import Chosen, Target, chosen_by_map
from salesctrl.tables.columns import AS_OF, EVIDENCE, Columns
from salesctrl.tables.header import (
    AMBIGUOUS_HELP,
    AmbiguousName,
    Notice,
    Settled,
    UnknownKey,
    absent_notices,
    by_name,
    key_columns,
    settle,
    slips,
    unread_notices,
    unused,
)
from salesctrl.tables.mapping import TableMap
from salesctrl.tables.source import RawRow, Source, TextFormat, is_utf8, open_source, wrong

Facts = dict[str, object]


@dataclass(frozen=True, slots=True)
class FactsRow:
    """One row: its number from 1, the texts of its key columns, and its facts; or why it cannot be read."""

    number: int
    keys: tuple[str, ...]
    facts: Facts | None
    problem: FactProblem | None = None


def open_table(
    path: Path | None,
    plans: Sequence[Plan],
    vocabulary: VocabularyIndex,
    *,
    input_format: TextFormat | None = None,
    mapping: Loaded[TableMap] | None = None,
    keys: Sequence[str] = (),
    nearest: bool = False,
    stdin: BinaryIO | None = None,
    source: Source | None = None,
) -> Table:
    """Open a table of transactions for the plans of a control point.

    Args:
        path: The file, or None for the standard input.
        plans: The plans of the control point; what they read is what columns are looked for.
        vocabulary: The vocabulary of the policy set.
        input_format: The format; left out, the ending of the name says it, or the content of the input.
        mapping: Which columns hold which facts, where their names do not say it.
        keys: The columns that say which transaction a row is; left out, those of the ``subject`` of the
            policies, or of fields named ``id``.
        nearest: Numbers with the noise of binary arithmetic are handed on as floats.
        stdin: What to read where there is no path.
        source: The rows, where they are open already; then path and format do not count.

    Raises:
        FactsError: The file cannot be read, or a column could mean more than one fact.
        PolicyError: The map names facts that the vocabulary does not have.
    """
    chosen = chosen_by_map(Columns(plans, vocabulary), mapping)
    if source is None:
        source = open_source(
            path, stdin if stdin is not None else sys.stdin.buffer, input_format, nearest=nearest
        )
    try:
        return Table(source, chosen, keys or (mapping.doc.key if mapping is not None else ()), nearest)
    except BaseException:
        source.close()
        raise


class Table:
    """An open table. Iterate it once; then it is closed.

    ``keys`` names the key columns; ``column_of`` the column of each fact, by path; ``constants`` are the
    facts that are the same in every row. ``notices`` are what a person should know of its columns: for JSON
    when all rows have been read, else at once.
    """

    def __init__(self, source: Source, chosen: Chosen, keys: Sequence[str], nearest: bool):
        self.source = source
        self.column_of: dict[str, str] = {}
        self.notices: list[Notice] = []
        self._chosen = chosen
        self._columns = chosen.columns
        self._nearest = nearest
        self._unread: dict[str, bool] = {}
        self._resolved: dict[str, tuple[Target, ...]] = {}
        self._given: set[str] = set(chosen.constants)
        self.constants: Mapping[str, object] = chosen.constants
        if source.header is not None:
            settled = self._settle(source.header)
            self._notice_columns(source.header, settled)
            self.keys = self._header_keys(source.header, keys)
            self._key_places = [source.header.index(key) for key in self.keys]
            source.only = frozenset({*self.keys, *(source.header[place] for place, _ in self.placed)})
            self._rows = source.rows
        else:
            self._rows, first = _peek(source.rows)
            self.keys = tuple(keys) or self._object_keys(first)

    @property
    def name(self) -> str:
        """The name of the file, without its folder."""
        return self.source.name

    @property
    def has_as_of(self) -> bool:
        """Whether rows may say the date of the decision; where columns have names, one has to be for it."""
        return self.source.header is None or AS_OF in self._given

    def close(self) -> None:
        """Close the file."""
        self.source.close()

    def __iter__(self) -> Iterator[FactsRow]:
        for number, raw in enumerate(self._rows, 1):
            yield self._read(number, raw)
        if self.source.header is None:
            self._notice_unread()
        self.close()

    def find(self, wanted: int) -> tuple[FactsRow | None, int]:
        """One row by its number, and how many rows were counted; no facts of others are read."""
        self.source.skipped = wanted - 1
        number = 0
        for number, raw in enumerate(self._rows, 1):
            if number == wanted:
                return self._read(number, raw), number
        return None, number

    def _read(self, number: int, raw: RawRow) -> FactsRow:
        if raw.problem is not None:
            return FactsRow(number, ("",) * len(self.keys), None, _placed(raw))
        return self._from_object(number, raw) if self.source.header is None else self._from_cells(number, raw)

    # -- columns -----------------------------------------------------------------------------------

    def _settle(self, header: Sequence[str]) -> Settled:
        settled = settle(header, self._chosen)
        if settled.problems:
            raise FactsError([replace(problem, path=self.name) for problem in settled.problems])
        self.column_of |= settled.column_of
        self.placed = tuple(sorted(settled.placed, key=itemgetter(0)))
        """The places of cells, with the fact in each and how it is read."""
        self._given |= set(settled.column_of)
        return settled

    def _by_name(self, name: str) -> tuple[Target, ...]:
        try:
            return by_name(self._chosen, name)
        except AmbiguousName as error:
            raise wrong(self.name, "F_COLUMN", str(error), AMBIGUOUS_HELP) from None

    def _header_keys(self, header: Sequence[str], keys: Sequence[str]) -> tuple[str, ...]:
        try:
            return key_columns(header, self._columns, self.column_of, keys)
        except UnknownKey as error:
            raise wrong(self.name, "F_COLUMN", str(error), error.help) from None

    def _from_cells(self, number: int, raw: RawRow) -> FactsRow:
        cells = raw.content
        assert isinstance(cells, tuple)
        keys = tuple(key_text(cells[place]) for place in self._key_places)
        facts: Facts = {}
        for path, value in self._chosen.constants.items():
            _put(facts, path, value)
        for place, target in self.placed:
            cell = cells[place]
            if not isinstance(cell, str):
                if target.path.split(".")[0] == EVIDENCE:
                    cell = without_gaps(cell)
                if cell is not None:
                    _put(facts, target.path, cell)
                continue
            if not cell.strip():
                continue
            if not is_utf8(cell):
                column = self.column_of[target.path]
                problem = FactProblem("", "F_ENCODING", f"the cell of the column `{column}` is not UTF-8")
                return FactsRow(number, keys, None, _placed(raw, problem))
            _put(facts, target.path, self._value(target, cell))
        return FactsRow(number, keys, facts)

    def _value(self, target: Target, text: str) -> object:
        meant = target.values.get(text.strip(), text)
        if not isinstance(meant, str):
            return meant
        return cell_value(meant, target.type, order=target.order, nearest=self._nearest)

    # -- JSON --------------------------------------------------------------------------------------

    def _object_keys(self, first: RawRow | None) -> tuple[str, ...]:
        """The ids among the first row's facts, by their paths."""
        if self._columns.subject:
            return self._columns.subject
        done: list[str] = []
        if first is not None and isinstance(first.content, dict):
            for key, value in first.content.items():
                if isinstance(value, dict) and self._columns.vocabulary.kind(key) is not None:
                    done += [f"{key}.{name}" for name in value if self._columns.is_key(f"{key}.{name}")]
                elif self._columns.is_key(key):
                    done.append(key)
        return tuple(done)

    def _from_object(self, number: int, raw: RawRow) -> FactsRow:
        content = raw.content
        assert isinstance(content, dict)
        keys = tuple(_text_at(content, key) for key in self.keys)
        facts: Facts = {}
        for path, value in self._chosen.constants.items():
            _put(facts, path, value)
        for name, value in content.items():
            if self._is_nested(name, value):
                clash = _merge(facts, name, value)
            else:
                clash = self._put_named(facts, name, value)
            if clash is not None:
                message = f"given twice: in a record and as `{name}`"
                return FactsRow(number, keys, None, _placed(raw, FactProblem(clash, "F_AMBIGUOUS", message)))
        return FactsRow(number, keys, facts)

    def _is_nested(self, name: str, value: object) -> bool:
        """Whether a member of an object is a record of facts, and no column."""
        if name in (AS_OF, EVIDENCE):
            return self._chosen.targets(name) is None
        is_kind = self._columns.vocabulary.kind(name) is not None
        return is_kind and (isinstance(value, dict) or not self._columns.find(name).paths)

    def _put_named(self, facts: Facts, name: str, value: object) -> str | None:
        """Put the value of a column where it belongs; the path, where that is taken."""
        targets = self._resolved.get(name)
        if targets is None:
            mapped = self._chosen.targets(name)
            targets = self._resolved[name] = mapped if mapped is not None else self._by_name(name)
            for target in targets:
                self.column_of[target.path] = name
            if not targets:
                self._unread[name] = not isinstance(value, dict)
        if not targets:
            facts.setdefault(name, value)  # the engine looks at it: it may be a slip for a record
        if value is None:
            return None
        for target in targets:
            if isinstance(value, str) and not value.strip():
                continue
            read = self._value(target, value) if isinstance(value, str) else value
            if not _put(facts, target.path, read):
                return target.path
        return None

    # -- what people should know -------------------------------------------------------------------

    def _notice_columns(self, header: Sequence[str], settled: Settled) -> None:
        """Say which facts have no column, and which columns hold none."""
        for name in self._chosen.by_column:
            if name not in header:
                text = f"the map names a column `{name}` that the table does not have"
                self.notices.append(Notice(text, grave=True))
        self.notices += absent_notices(self._columns, self._given)
        self._unread = dict.fromkeys(unused(header, self._chosen, settled), True)
        self._notice_unread()

    def _notice_unread(self) -> None:
        """Say which columns hold no fact; one that may be a slip for an absent fact by itself."""
        plain = [name for name, may_be_slip in self._unread.items() if may_be_slip]
        self.notices += unread_notices(self._unread, slips(plain, self._chosen, self._given))


def _placed(raw: RawRow, problem: FactProblem | None = None) -> FactProblem:
    """A problem of a row, with the line where it stands."""
    problem = problem or raw.problem
    assert problem is not None
    if raw.line is None:
        return problem
    return FactProblem(problem.path, problem.code, f"{problem.message} (line {raw.line})", problem.help)


def _peek(rows: Iterator[RawRow]) -> tuple[Iterator[RawRow], RawRow | None]:
    first = next(rows, None)
    return (rows if first is None else chain([first], rows)), first


def _put(facts: Facts, path: str, value: object) -> bool:
    """Set a fact by its path; False where there is one already, or something that is no record."""
    record = facts
    *above, last = path.split(".")
    for part in above:
        inner = record.setdefault(part, {})
        if not isinstance(inner, dict):
            return False
        record = inner
    if last in record:
        return False
    record[last] = value
    return True


def _merge(facts: Facts, name: str, value: object) -> str | None:
    """Take a record of JSON over; its lists and inner records stay those of the row."""
    known = facts.get(name)
    if isinstance(known, dict) and isinstance(value, dict):
        clash = next((key for key in value if key in known), None)
        if clash is not None:
            return f"{name}.{clash}"
        known.update(value)
    elif name in facts:
        return name
    else:
        facts[name] = dict(value) if isinstance(value, dict) else value
    return None


def _text_at(content: Mapping[str, object], path: str) -> str:
    """The text of a key column of JSON: a member by its name, or a dotted path into records."""
    if path in content:
        value = content[path]
    else:
        value = content
        for part in path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
    return key_text(value)


def key_text(value: object) -> str:
    """The text of a cell of a key column; what is no plain value, or was not UTF-8, names no row.

    >>> key_text(1001), key_text(None), key_text(True)
    ('1001', '', 'true')
    """
    if value is None or isinstance(value, dict | list | bytes):
        return ""
    if isinstance(value, str):
        return value if is_utf8(value) else ""
    return str(value).lower() if isinstance(value, bool) else str(value)
