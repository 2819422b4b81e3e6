"""What is said of columns beside their names: the facts that they hold, and facts equal in every row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from salesctrl.diagnostics import Diagnostics, suggest
from salesctrl.errors import FactProblem
from salesctrl.policy.loader import Loaded
from salesctrl.policy.types import Type
from salesctrl.tables.cells import DayOrder, cell_value
from salesctrl.tables.columns import AS_OF, Columns
from salesctrl.tables.mapping import MappedColumn, TableMap


@dataclass(frozen=True, slots=True)
class Target:
    """Where the value of a column goes, and how its text is read."""

    path: str
    type: Type
    order: DayOrder = "year/month/day"
    values: Mapping[str, str | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The facts that a map gives to columns, and the facts that are the same in every row, by their paths.

    ``is_map`` says that there is a map, if only an empty one: then a column that it does not name is no slip.
    """

    columns: Columns
    by_column: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
    constants: Mapping[str, object] = field(default_factory=dict)
    is_map: bool = False

    def targets(self, column: str) -> tuple[Target, ...] | None:
        """What the map says of a column; None where it says nothing."""
        return self.by_column.get(column)


def chosen_by_map(columns: Columns, mapping: Loaded[TableMap] | None) -> Chosen:
    """What a map in a file says, checked.

    Raises:
        PolicyError: It names facts that the vocabulary does not have, or one of them twice.
    """
    if mapping is None:
        return Chosen(columns)
    found = Diagnostics()

    def report(message: str, *where: str, help: str | None = None) -> None:
        found.error("E205", message, mapping.source.span(where), help)

    chosen = _chosen(columns, mapping.doc.columns, mapping.doc.constants, report)
    if found.has_errors:
        found.sources[mapping.source.file] = mapping.source.text
        found.raise_if_errors()
    return chosen


def chosen_by_names(
    columns: Columns, facts: Mapping[str, str | Sequence[str]] | None
) -> tuple[Chosen, list[FactProblem]]:
    """What a mapping of columns to the names of facts says, and what is wrong with it."""
    if facts is None:
        return Chosen(columns), []
    problems: list[FactProblem] = []

    def report(message: str, *where: str, help: str | None = None) -> None:
        problems.append(FactProblem("", "F_COLUMN", message, help))

    specs = {
        column: tuple(MappedColumn(fact=name) for name in ([names] if isinstance(names, str) else names))
        for column, names in facts.items()
    }
    return _chosen(columns, specs, {}, report), problems


class _Report(Protocol):
    def __call__(self, message: str, *where: str, help: str | None = None) -> None: ...


def _chosen(
    columns: Columns,
    specs: Mapping[str, Sequence[MappedColumn]],
    constants: Mapping[str, object],
    report: _Report,
) -> Chosen:
    taken: dict[str, str] = {}
    by_column: dict[str, tuple[Target, ...]] = {}
    for column, its in specs.items():
        targets = []
        for spec in its:
            path = _path(columns, spec.fact, report, "columns", column)
            if path is None:
                continue
            other = taken.setdefault(path, column)
            if other != column:
                report(f"two columns for `{path}`: `{other}` and `{column}`", "columns", column)
            targets.append(Target(path, columns.type_of(path), spec.date or "year/month/day", spec.values))
        by_column[column] = tuple(targets)
    values: dict[str, object] = {}
    for name, value in constants.items():
        path = _path(columns, name, report, "constants", name)
        if path is None:
            continue
        if path in taken:
            report(f"`{path}` is a constant and also in the column `{taken[path]}`", "constants", name)
        if path in values:
            report(f"two constants for `{path}`", "constants", name)
        type_ = columns.type_of(path)
        values[path] = cell_value(value, type_) if isinstance(value, str) else value
    return Chosen(columns, by_column, values, is_map=True)


def _path(columns: Columns, name: str, report: _Report, *where: str) -> str | None:
    found = columns.find(name)
    paths = found.paths or found.known
    if len(paths) == 1:
        return paths[0]
    if paths:
        report(f"`{name}` could be {listed(paths)}", *where, help="write the whole path")
        return None
    near = suggest(name, [*columns.wanted, AS_OF])
    report(f"unknown fact `{name}`", *where, help=f"did you mean `{near}`?" if near else None)
    return None


def listed(names: Sequence[str], most: int = 12) -> str:
    """Names as a message lists them.

    >>> listed(["a", "b", "c"], most=2)
    '`a`, `b` and 1 more'
    """
    shown = ", ".join(f"`{name}`" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
