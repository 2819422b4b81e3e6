"""Which column of a frame holds which fact, settled for the whole frame before a row of it is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from salesctrl.diagnostics import suggest
from salesctrl.errors import FactProblem, FactsError
from salesctrl.policy.types import Base
from salesctrl.tables.chosen import Chosen, Target, chosen_by_names, listed
from salesctrl.tables.columns import AS_OF, EVIDENCE, Columns
from salesctrl.tables.header import (
    Notice,
    Slip,
    absent_notices,
    settle,
    slips,
    unread_notices,
    unused,
)

AMBIGUOUS_HELP = "name it by the whole path, or say what it holds with `columns`"


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a frame and what they hold.

    Attributes:
        column_of: The column of each fact, by its path; ``as_of`` and evidence aside.
        target_of: How the texts of these columns, and of the dates of decisions, are read.
        constants: Facts that are the same in every row, by their paths.
        as_of: The column of the date of the decision.
        evidence: The column of each part of the evidence; of all of it under an empty name.
        records: The columns that hold records as JSON or objects, by the paths of the records.
        lists: Facts that come from tables of their own.
        surplus: Columns in which nothing is read.
        missing: Facts that nothing holds.
        notices: What a person should know of the columns.
    """

    column_of: Mapping[str, str]
    target_of: Mapping[str, Target]
    constants: Mapping[str, object]
    as_of: str | None
    evidence: Mapping[str, str]
    records: Mapping[str, str]
    lists: tuple[str, ...]
    surplus: tuple[str, ...]
    missing: tuple[str, ...]
    notices: tuple[Notice, ...]

    @property
    def used(self) -> frozenset[str]:
        """The columns that are read: no others need to be taken."""
        as_of = {self.as_of} if self.as_of is not None else set()
        return frozenset({*self.column_of.values(), *self.evidence.values(), *self.records.values(), *as_of})


def resolve(
    names: Sequence[str],
    columns: Columns,
    mapping: Chosen | Mapping[str, str | Sequence[str]] | None = None,
    *,
    lists: Collection[str] = (),
    records: Mapping[str, str] | None = None,
    slips_are_wrong: bool = True,
) -> Header:
    """Find what the columns of a frame hold.

    Args:
        names: The names of the columns.
        columns: The names by which the facts of a control point go.
        mapping: Columns with the fact, or the facts, that each holds, where its name does not say it.
        lists: The names of lists that come from tables of their own.
        records: The columns that hold whole records, with the paths of these: see `records_in`.
        slips_are_wrong: Refuse a column that holds nothing, and whose name is nearly that of a fact that
            nothing holds; else, and where it is less like it, a notice says so.

    Raises:
        FactsError: It carries everything that is wrong: names that could be several facts, two columns for
            one fact, and what the mapping says of facts or columns that are not there.

    >>> import salesctrl
    >>> engine = salesctrl.load()
    >>> columns = Columns(engine.point("order.release").plans, engine.checked.vocabulary)
    >>> header = resolve(["Betrag", "as_of"], columns, {"Betrag": "order.amount"})
    >>> header.column_of, header.as_of
    ({'order.amount': 'Betrag'}, 'as_of')
    """
    problems: list[FactProblem] = []
    if isinstance(mapping, Chosen):
        chosen = mapping
    else:
        chosen, problems = chosen_by_names(columns, mapping)
    problems += [_no_column(name, names, columns) for name in chosen.by_column if name not in names]
    records = dict(records or {})
    plain = [name for name in names if name not in records]
    settled = settle(plain, chosen, ambiguous_help=AMBIGUOUS_HELP)
    problems += settled.problems
    from_lists = _lists(lists, columns, settled.column_of, problems)
    path_of: dict[str, str] = {}
    for name, path in records.items():
        other = path_of.setdefault(path, name)
        if other != name:
            problems.append(_both(other, name, path))
        below = next((c for p, c in settled.column_of.items() if p.startswith(f"{path}.")), None)
        if below is not None:
            problems.append(_both(name, below, path))
    held = {p for p in columns.wanted if any(p.startswith(f"{path}.") for path in path_of)}
    given = {*settled.column_of, *chosen.constants, *from_lists, *held}
    unread = unused(plain, chosen, settled)
    found = slips(unread, chosen, given)
    if slips_are_wrong:
        problems += [_slip(slip) for slip in found if slip.is_close]
    if problems:
        raise FactsError(problems)
    facts = {p: c for p, c in settled.column_of.items() if p != AS_OF and p.split(".")[0] != EVIDENCE}
    return Header(
        column_of=facts,
        target_of={t.path: t for _, t in settled.placed if t.path in facts or t.path == AS_OF},
        constants=chosen.constants,
        as_of=settled.column_of.get(AS_OF),
        evidence={
            path.removeprefix(EVIDENCE).removeprefix("."): column
            for path, column in settled.column_of.items()
            if path.split(".")[0] == EVIDENCE
        },
        records=path_of,
        lists=from_lists,
        surplus=tuple(unread),
        missing=tuple(path for path in columns.wanted if path not in given),
        notices=(*absent_notices(columns, given), *unread_notices(unread, found)),
    )


def _lists(
    lists: Collection[str], columns: Columns, column_of: Mapping[str, str], problems: list[FactProblem]
) -> tuple[str, ...]:
    """The paths of the lists that come from tables of their own."""
    wanted = [path for path, one in columns.wanted.items() if one.type.base is Base.LIST]
    done: dict[str, None] = {}
    for name in lists:
        found = columns.find(name)
        paths = [path for path in (found.paths or found.known) if columns.type_of(path).base is Base.LIST]
        if len(paths) != 1:
            near = suggest(name, wanted)
            message = f"`{name}` could be {listed(paths)}" if paths else f"unknown list `{name}`"
            help = f"did you mean `{near}`?" if near else f"the lists are {listed(wanted) or 'none'}"
            problems.append(FactProblem("", "F_COLUMN", message, help if not paths else AMBIGUOUS_HELP))
            continue
        [path] = paths
        if path in done:
            problems.append(FactProblem("", "F_COLUMN", f"two tables for the list `{path}`"))
        if path in column_of:
            message = f"the list `{path}` is in a table of its own and in the column `{column_of[path]}`"
            problems.append(FactProblem("", "F_COLUMN", message, "leave one of them out"))
        done[path] = None
    return tuple(done)


def _no_column(name: str, names: Sequence[str], columns: Columns) -> FactProblem:
    near = suggest(name, names)
    help = f"did you mean `{near}`?" if near else f"the columns are {listed(names)}"
    if columns.find(name).paths:
        help = "say the column first and then the fact: `columns={'the column': 'the fact'}`"
    return FactProblem("", "F_COLUMN", f"there is no column `{name}`", help)


def _both(one: str, other: str, path: str) -> FactProblem:
    message = f"the columns `{one}` and `{other}` both hold facts of `{path}`"
    return FactProblem(
        "", "F_COLUMN", message, "give the whole record in one column, or each fact in its own"
    )


def _slip(slip: Slip) -> FactProblem:
    message = f"absent, but there is a column `{slip.column}`"
    help = f"name it `{slip.fact}`; if it is something else, say with `columns` which column holds which fact"
    return FactProblem(slip.fact, "F_NAME", message, help)
