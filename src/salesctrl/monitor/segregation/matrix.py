"""The matrix of what may not go together, with how often it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import polars as pl

from salesctrl.batch.summary import Language
from salesctrl.errors import FactProblem, FactsError
from salesctrl.monitor.segregation.statements import Statements

MatrixKind = Literal["duties", "roles", "persons"]
Counted = Literal["conflict", "waived"]
KINDS: tuple[MatrixKind, ...] = get_args(MatrixKind)


@dataclass(slots=True)
class Cell:
    """Two things that may not go together: the statements that say so, and the findings of each state."""

    statements: tuple[str, ...]
    states: Counter[str] = field(default_factory=Counter)

    @property
    def conflicts(self) -> int:
        """How many findings have no waiver in force."""
        return self.states["conflict"] + self.states["expired"]

    @property
    def waived(self) -> int:
        """How many findings are waived."""
        return self.states["waived"]

    @property
    def is_open(self) -> bool:
        """Whether something cannot be judged, and nothing worse is known."""
        return bool(self.states["unjudged"]) and not self.conflicts

    def count(self, of: Counted) -> int:
        """How many there are of one sort."""
        return self.conflicts if of == "conflict" else self.waived


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows, columns, and the cells of those that may not go together, by row and column.

    In a ``square`` one rows and columns are the same; a cell stands for both ways round, and is there once,
    with the row after the column, or on the diagonal.
    """

    kind: MatrixKind
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[tuple[int, int], Cell]
    titles: Mapping[str, str]

    @property
    def square(self) -> bool:
        """Whether rows and columns are the same."""
        return self.kind != "persons"

    @property
    def has_diagonal(self) -> bool:
        """Whether something may not go together with itself: a role with all duties of a pair."""
        return any(row == column for row, column in self.cells) and self.square

    def frame(self, of: Counted) -> pl.DataFrame:
        """The counts: null where two things may go together."""
        columns: dict[str, list[int | None]] = {name: [None] * len(self.rows) for name in self.columns}
        for (row, column), cell in self.cells.items():
            columns[self.columns[column]][row] = cell.count(of)
            if self.square:
                columns[self.columns[row]][column] = cell.count(of)
        heads = pl.Series({"duties": "duty", "roles": "role", "persons": "person"}[self.kind], self.rows)
        return pl.DataFrame(
            [heads.cast(pl.String), *(pl.Series(n, v, dtype=pl.Int64) for n, v in columns.items())]
        )


def matrix(kind: MatrixKind, found: pl.DataFrame, statements: Statements, lang: Language = "en") -> Matrix:
    """The matrix of duties, of roles, or of persons and what they did.

    Raises:
        FactsError: There is no such matrix.
    """
    make = _MAKERS.get(kind)
    if make is None:
        help = f"write one of {', '.join(f'`{name}`' for name in KINDS)}"
        raise FactsError([FactProblem("kind", "F_MATRIX", f"there is no matrix of `{kind}`", help)])
    return make(found, statements, lang)


def _of_duties(found: pl.DataFrame, statements: Statements, lang: Language) -> Matrix:
    duties = statements.paired
    place = {duty: number for number, duty in enumerate(duties)}
    cells: dict[tuple[int, int], Cell] = {}
    for pair in statements.segregation.pairs:
        at = _at(place[pair.first], place[pair.second])
        cells[at] = Cell((*(cells[at].statements if at in cells else ()), pair.id))
    for (first, second), states in _by_duties(found).items():
        cells[_at(place[first], place[second])].states += states
    open_ = found.filter(pl.col("why") == "no_person").select(pl.col("duties").list.first())
    for duty, number in Counter(open_["duties"].to_list()).items():
        for at, cell in cells.items():
            if duty in (duties[at[0]], duties[at[1]]):
                cell.states["unjudged"] += number
    titles = {duty: statements.organisation.duty_title(duty).get(lang) for duty in duties}
    return Matrix("duties", duties, duties, cells, titles)


def _by_duties(found: pl.DataFrame) -> dict[tuple[str, str], Counter[str]]:
    """The findings about pairs, by their duties and states."""
    pairs = found.filter(pl.col("form").is_in(["design", "operation"]) & (pl.col("state") != "unjudged"))
    counted = (
        pairs.select(
            first=pl.col("duties").list.get(0), second=pl.col("duties").list.get(1),
            state=pl.col("state").cast(pl.String),
        )
        .group_by("first", "second", "state", maintain_order=True)
        .len()
    )  # fmt: skip
    done: dict[tuple[str, str], Counter[str]] = {}
    for first, second, state, number in counted.iter_rows():
        done.setdefault((first, second), Counter())[state] += number
    return done


def _at(one: int, other: int) -> tuple[int, int]:
    """The place of a cell: the row after the column."""
    return max(one, other), min(one, other)


def _of_roles(found: pl.DataFrame, statements: Statements, lang: Language) -> Matrix:
    duties_of = statements.segregation.duties_of
    paired = set(statements.paired)
    roles = tuple(
        role for role in statements.organisation.roles if paired.intersection(duties_of.get(role, ()))
    )
    place = {role: number for number, role in enumerate(roles)}
    cells: dict[tuple[int, int], Cell] = {}
    for pair in statements.segregation.pairs:
        for at in sorted(_places(pair.first, pair.second, roles, duties_of, place)):
            known = cells[at].statements if at in cells else ()
            cells[at] = Cell((*known, *(() if pair.id in known else (pair.id,))))
    designed = found.filter((pl.col("form") == "design") & (pl.col("state") != "unjudged"))
    seen = designed.select(
        "who", pl.col("roles").list.join("\0"), pl.col("duties").list.get(0).alias("first"),
        pl.col("duties").list.get(1).alias("second"), pl.col("state").cast(pl.String),
    )  # fmt: skip
    for who, names, first, second, state, number in seen.group_by(seen.columns).len().iter_rows():
        held = names.split("\0")
        for at in _places(first, second, held, duties_of, place):
            if who == "person" or at[0] == at[1]:
                cells[at].states[state] += number
    titles = {role: statements.organisation.title(role).get(lang) for role in roles}
    return Matrix("roles", roles, roles, cells, titles)


def _places(
    first: str,
    second: str,
    roles: Iterable[str],
    duties_of: Mapping[str, tuple[str, ...]],
    place: Mapping[str, int],
) -> set[tuple[int, int]]:
    """The cells of the roles that two duties come from."""
    of_first = [role for role in roles if first in duties_of.get(role, ())]
    of_second = [role for role in roles if second in duties_of.get(role, ())]
    return {_at(place[one], place[other]) for one in of_first for other in of_second}


def _of_persons(found: pl.DataFrame, statements: Statements, lang: Language) -> Matrix:
    of_persons = found.filter((pl.col("who") == "person") & pl.col("id").is_not_null())
    columns = tuple(statements.by_id)
    across = {id: number for number, id in enumerate(columns)}
    names = dict(of_persons.select("subject", "name").iter_rows())
    counted = of_persons.group_by("subject", "id", "state", maintain_order=True).len()
    total: Counter[str] = Counter()
    for person, _, state, number in counted.iter_rows():
        total[person] += number * (1_000_000 if state != "waived" else 1)  # open conflicts come first
    rows = tuple(sorted(total, key=lambda person: (-total[person], person)))
    down = {person: number for number, person in enumerate(rows)}
    cells: dict[tuple[int, int], Cell] = {}
    for person, id, state, number in counted.iter_rows():
        at = down[person], across[id]
        cells.setdefault(at, Cell((id,))).states[str(state)] += number
    titles = {person: f"{names[person]} ({person})" if names[person] else person for person in rows}
    titles |= dict(_headings(columns, statements, lang))
    return Matrix("persons", rows, columns, cells, titles)


def _headings(ids: Iterable[str], statements: Statements, lang: Language) -> Iterator[tuple[str, str]]:
    for id in ids:
        title = statements.title(id).get(lang)
        yield id, id if title == id else title


_MAKERS: Mapping[str, Callable[[pl.DataFrame, Statements, Language], Matrix]] = {
    "duties": _of_duties, "roles": _of_roles, "persons": _of_persons,
}  # fmt: skip
