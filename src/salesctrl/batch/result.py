"""The decisions on the rows of a frame, and the questions that people ask of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import itemgetter

import polars as pl

from salesctrl.batch.bits import Bits, word_count, word_type
from salesctrl.batch.compiled import OUTCOME
from salesctrl.batch.deciding import BatchPlan, Decided
from salesctrl.batch.exceptions import EXCEPTION_COLUMNS, exceptions
from salesctrl.batch.frames import give
from salesctrl.batch.given import Given
from salesctrl.batch.header import Header
from salesctrl.batch.missing import missing_facts
from salesctrl.batch.reading import FrameReading, RowProblem
from salesctrl.batch.refused import Reads
from salesctrl.batch.schema import ValueColumn, as_type, value_name, value_schema
from salesctrl.batch.summary import STATES, Language, summary_rows
from salesctrl.batch.values import readable, value_columns
from salesctrl.compile.checked import CheckedRule
from salesctrl.compile.plan import CheckedSet, Plan
from salesctrl.decision.model import Decision
from salesctrl.diagnostics import quoted, suggest
from salesctrl.errors import FactProblem, FactsError
from salesctrl.evaluate.facts import Reading
from salesctrl.evaluate.point import ControlPoint
from salesctrl.outcome import OUTCOMES, Outcome
from salesctrl.policy.types import DATE, Type
from salesctrl.tables.columns import AS_OF

OUTCOME_TYPE = pl.Enum([outcome.value for outcome in OUTCOMES])
_LISTS = {"fired": "f", "pending": "p", "requirements": "j", "unknown": "u"}


@dataclass(frozen=True, slots=True)
class Part:
    """The rows that one plan decided; ``rows`` are their numbers, ``None`` for all rows.

    Without a plan: rows whose date is not known.
    """

    plan: BatchPlan | None
    rows: pl.Series | None
    decided: Decided
    given: Given | None


class BatchResult:
    """The decisions on the rows of a frame: as many, in the same order.

    What is shown of them is made when it is asked for.
    """

    def __init__(
        self, point: ControlPoint, checked: CheckedSet, reading: FrameReading, parts: Sequence[Part]
    ):
        self._point = point
        self._checked = checked
        self._reading = reading
        self._parts = tuple(parts)

    def __len__(self) -> int:
        return self.rows

    def __repr__(self) -> str:
        counts = ", ".join(f"{count:,} {outcome}" for outcome, count in self.outcomes.items() if count)
        return f"BatchResult({self.control_point}: {self.rows:,} rows; {counts or 'none'})"

    @property
    def control_point(self) -> str:
        """The control point that decided."""
        return self._point.name

    @property
    def header(self) -> Header:
        """What the columns of the frame hold."""
        return self._reading.header

    @property
    def keys(self) -> Mapping[str, pl.Series]:
        """The columns that say which transaction a row is, by their names, as they came."""
        return self._reading.keys

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self._reading.rows

    @property
    def row_by_row(self) -> int:
        """How many rows were decided by themselves, because their plan or their numbers fit no columns."""
        return sum(part.decided.alone for part in self._parts)

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person should know of the columns: those in which nothing was read, facts without one."""
        return tuple(notice.text for notice in self._reading.header.notices)

    @property
    def days(self) -> pl.Series:
        """The date of each decision; null where it could not be read."""
        return readable(self._reading.days, DATE).alias(AS_OF)

    @cached_property
    def row_problems(self) -> tuple[RowProblem, ...]:
        """The facts that were refused, row by row in the order in which `evaluate` finds them.

        Those that the policies in force on the date of the row do not read are none; of a row without a date
        that is all there is to say.
        """
        part_of = None if len(self._parts) <= 1 else self._part_of_rows
        reads = [Reads(None if part.plan is None else part.plan.evaluator) for part in self._parts]
        found: list[tuple[int, int, RowProblem]] = []
        for problem in self._reading.problems:
            place = reads[0 if part_of is None else part_of[problem.row]].place(problem.problem)
            if place is not None:
                found.append((problem.row, place, problem))
        return tuple(problem for _, _, problem in sorted(found, key=itemgetter(0, 1)))

    # -- outcomes ----------------------------------------------------------------------------------

    @cached_property
    def ranks(self) -> pl.Series:
        """The rank of each outcome, 0 for ``allow``; wrong facts make it at least ``incomplete``."""
        ranks = self._gathered(lambda part: part.decided.columns[OUTCOME], pl.UInt8)
        wrong = self._wrong_rows
        if not wrong:
            return ranks
        least = Outcome.INCOMPLETE.rank
        raised = [max(ranks[row], least) for row in wrong]
        return ranks.scatter(wrong, raised)

    @cached_property
    def _wrong_rows(self) -> list[int]:
        """The rows of which something was refused that their plan reads."""
        return list(dict.fromkeys(problem.row for problem in self.row_problems))

    @cached_property
    def _part_of_rows(self) -> pl.Series:
        parts = enumerate(self._parts)
        return self._scattered(
            [(part, pl.repeat(i, self._count(part), dtype=pl.UInt32, eager=True)) for i, part in parts],
            pl.UInt32,
        )

    @cached_property
    def outcomes(self) -> dict[Outcome, int]:
        """How many rows came to each outcome, the gravest first."""
        counts = dict(self.ranks.value_counts().iter_rows())
        return {outcome: counts.get(outcome.rank, 0) for outcome in reversed(OUTCOMES)}

    # -- the frame ---------------------------------------------------------------------------------

    @cached_property
    def frame(self) -> object:
        """The decisions as a frame of the kind that was given, row for row.

        The key columns of the rows; ``outcome``; the values, by their names (of a split, one column for each
        share: ``deduction.manager``); ``fired``, ``pending`` and ``unknown``: lists of the ids of rules;
        ``requirements``: those that are open; ``problems``: what is wrong with facts.
        """
        return give(self._reading.frame, self.columns)

    @cached_property
    def columns(self) -> pl.DataFrame:
        """The decisions as columns of Polars: see `frame`."""
        keys = [series.alias(value_name(name, (), "key")) for name, series in self._reading.keys.items()]
        return pl.DataFrame([*keys, *self._columns({series.name for series in keys})])

    def columns_as(self, schema: Mapping[str, ValueColumn], taken: Collection[str] = ()) -> pl.DataFrame:
        """The decisions without the key columns, the values in the columns of a schema.

        So the columns of all parts of a table are alike, whatever numbers and versions there are in each. A
        value with a name that is taken is called ``name (value)``.
        """
        return pl.DataFrame(self._columns(taken, schema))

    def _columns(
        self, taken: Collection[str], schema: Mapping[str, ValueColumn] | None = None
    ) -> Iterator[pl.Series]:
        yield self._outcome_column()
        for name, series in self._values(schema):
            yield series.alias(value_name(name, taken))
        for name in _LISTS:
            yield self._ids(name).alias(name)
        yield self._problem_column()

    def _outcome_column(self) -> pl.Series:
        names = pl.Series([outcome.value for outcome in OUTCOMES], dtype=OUTCOME_TYPE)
        return names.gather(self.ranks).alias(OUTCOME)

    def _problem_column(self) -> pl.Series:
        found: dict[int, list[str]] = {}
        for one in self.row_problems:
            found.setdefault(one.row, []).append(self.described(one))
        distinct = pl.Series("problems", [[], *found.values()], dtype=pl.List(pl.String))
        numbers = pl.repeat(0, self.rows, dtype=pl.UInt32, eager=True)
        return distinct.gather(numbers.scatter(list(found), range(1, len(found) + 1)))

    def described(self, one: RowProblem) -> str:
        """A problem with the column that it is in, where its name is another than that of the fact."""
        path = one.problem.path
        column = self._reading.header.column_of.get(path)
        where = path if column is None or column == path else f"`{column}` ({path})"
        text = f"{where}: {one.problem.message}" if where else one.problem.message
        return text.encode("utf-8", "backslashreplace").decode()  # half a character is none for a column

    def _values(self, schema: Mapping[str, ValueColumn] | None = None) -> Iterator[tuple[str, pl.Series]]:
        """The values of all versions, in the columns of a schema.

        Left out, it is that of the versions that decided, and integers are decimals only if they need to be.
        """
        wanted = value_schema(self._plans) if schema is None else schema
        for name, column in wanted.items():
            pieces = [
                (part, column.shown(part.decided.columns[raw], type_))
                for part, columns in self._value_parts
                for raw, type_ in (columns.get(name, ("", column.type)),)
                if raw in part.decided.columns.columns
            ]
            dtype = column.dtype
            if schema is None and pieces and all(series.dtype == pl.Int64 for _, series in pieces):
                dtype = pl.Int64()
            yield name, self._scattered([(part, as_type(s, dtype)) for part, s in pieces], dtype)

    @cached_property
    def _plans(self) -> list[Plan]:
        """The plans that decided."""
        return [part.plan.plan for part in self._parts if part.plan is not None]

    @cached_property
    def _value_parts(self) -> list[tuple[Part, dict[str, tuple[str, Type]]]]:
        """For each part the raw column and the type of every value, by its name."""
        done = []
        for part in self._parts:
            if part.plan is None:
                continue
            columns = {
                name: (f"o{number}.{place}", type_)
                for name, number, place, type_ in value_columns(part.plan.plan.outputs)
            }
            done.append((part, columns))
        return done

    # -- lists of ids ------------------------------------------------------------------------------

    def _ids(self, name: str) -> pl.Series:
        """A column of lists of ids."""
        pieces = [(part, self._lists_of(part, name)) for part in self._parts]
        return self._scattered(pieces, pl.List(pl.String))

    def _lists_of(self, part: Part, name: str) -> pl.Series:
        if part.plan is None:
            return Bits([], self._count(part)).lists({})
        plan, columns = part.plan.plan, part.decided.columns
        count = len(plan.rules)
        if name != "requirements":
            ids = {i: [rule.rule.id] for i, rule in enumerate(plan.rules)}
            return Bits(_words(columns, _LISTS[name], count), len(columns)).lists(ids)
        # What is open wherever its rule is pending has no bits of its own. A rule that cannot be decided
        # requires nothing yet.
        of = {k: judge.requirement.need.id for k, judge in enumerate(plan.judges)}
        rule_of = {k: i for i, rule in enumerate(plan.rules) for k in rule.judges}
        ids = {2 * count + k: [of[k]] for k in of}
        unless = {2 * count + k: count + rule_of[k] for k in of} | {i: count + i for i in range(count)}
        for k, rule in part.decided.implied:
            ids.setdefault(rule, []).append(of[k])
        words = _words(columns, "p", count) + _words(columns, "u", count, count)
        words += _words(columns, "j", len(of), 2 * count)
        return Bits(words, len(columns)).lists(ids, unless)

    @cached_property
    def missing(self) -> pl.Series:
        """For each row the paths of the facts for want of which something is unknown."""
        refused: dict[int, list[FactProblem]] = {}
        for one in self.row_problems:
            refused.setdefault(one.row, []).append(one.problem)
        pieces: list[tuple[Part, pl.Series]] = []
        for part in self._parts:
            count = self._count(part)
            numbers = pl.repeat(0, count, dtype=pl.UInt32, eager=True)
            known: dict[tuple[str, ...], int] = {(): 0}
            if part.plan is not None and part.given is not None:
                own = _of_part(refused, part)
                rows, found = missing_facts(part.plan, part.decided, part.given, own)
                numbers = numbers.scatter(rows, [known.setdefault(paths, len(known)) for paths in found])
            lists = pl.Series([list(paths) for paths in known], dtype=pl.List(pl.String))
            pieces.append((part, lists.gather(numbers)))
        return self._scattered(pieces, pl.List(pl.String), fill=[]).alias("missing")

    # -- questions ---------------------------------------------------------------------------------

    def explain(self, row: int) -> Decision:
        """The decision on one row, made anew by the evaluator of one transaction, with its trace.

        Args:
            row: The number of the row, from 0; -1 is the last.

        Raises:
            IndexError: There is no such row.
            FactsError: The row has no date of the decision.
        """
        count = self.rows
        if not -count <= row < count:
            raise IndexError(f"expected a row from 0 to {count - 1} but got {row}")
        row %= count
        problems = [one.problem for one in self.row_problems if one.row == row]
        index = self._part_of_rows[row] if len(self._parts) > 1 else 0
        part = self._parts[index]
        if part.plan is None or part.given is None:
            raise FactsError(problems)
        place = row if part.rows is None else int(part.rows.search_sorted(row))
        one = part.given.sliced(place, 1)
        values = next(one.values())
        reading = Reading(list(values), problems)
        reading.rounded = [path for path, rows in self._reading.rounded.items() if row in rows]
        kept = reading if reading.problems or reading.rounded else None
        evidence = one.evidence[0] if one.evidence is not None else None
        return part.plan.evaluator.decision_of(values, evidence, kept)

    def summary(self, lang: Language = "en") -> object:
        """How many rows came to which outcome, and by which rules: a frame of the kind that was given.

        Columns: ``kind`` (``outcome`` or ``rule``), ``name``, ``title`` and ``clause`` of the rule,
        ``outcome`` that it leads to, ``rows``, and of these ``pending`` and ``unknown``.
        """
        rows = summary_rows(self.outcomes, self.rules, self.rule_counts(), lang)
        schema: dict[str, pl.DataType | type[pl.DataType]] = {
            "kind": pl.String, "name": pl.String, "title": pl.String, "clause": pl.String,
            "outcome": OUTCOME_TYPE, "rows": pl.Int64, "pending": pl.Int64, "unknown": pl.Int64,
        }  # fmt: skip
        return self._given_back(pl.DataFrame(rows, schema=schema))

    def exceptions(self, lang: Language = "en") -> object:
        """Every row that is not plainly allowed, with each rule that says so, and the clause it stands on.

        A frame of the kind that was given, sorted by rule: ``rule``, its ``title``, ``clause`` and
        ``outcome``; the ``state`` that it is in: ``fired``, ``pending`` (what it requires is open) or
        ``unknown``; the ``row``, from 0, and its key columns. Two reasons have no rule: ``refused``, where
        facts are wrong, and ``unknown``, where a value is that no rule depends on.
        """
        found = exceptions(self.columns, self.rules, self._wrong_rows, lang)
        keys = [
            series[found["row"]].alias(value_name(name, EXCEPTION_COLUMNS, "key"))
            for name, series in self._reading.keys.items()
        ]
        return self._given_back(pl.DataFrame([*found.iter_columns(), *keys]))

    def sample(self, rule: str, count: int = 5) -> object:
        """Some rows where a rule fired, spread evenly over the table; always the same ones.

        Raises:
            KeyError: No version of the policies has such a rule.
        """
        if rule not in self.rules:
            near = suggest(rule, self.rules)
            help = f": did you mean `{near}`?" if near else ""
            raise KeyError(f"unknown rule {quoted(rule)}{help}")
        rows = self.columns["fired"].list.contains(rule).arg_true()
        if len(rows) > count:
            rows = rows[[i * len(rows) // count for i in range(count)]]
        numbered = self.columns.with_row_index("row")
        return self._given_back(numbered[rows])

    @cached_property
    def rules(self) -> Mapping[str, CheckedRule]:
        """The rules of all plans that decided, by id; of several versions the last."""
        return {rule.rule.id: rule.rule for plan in self._plans for rule in plan.rules}

    def rule_counts(self) -> dict[str, dict[str, int]]:
        """For each rule in how many rows it is ``fired``, ``pending``, ``unknown``."""
        done = {rule: dict.fromkeys(STATES, 0) for rule in self.rules}
        for part in self._parts:
            rules = () if part.plan is None else part.plan.plan.rules
            for state in STATES:
                words = _words(part.decided.columns, _LISTS[state], len(rules))
                for number, count in Bits(words, len(part.decided.columns)).counts().items():
                    if number < len(rules):
                        done[rules[number].rule.id][state] += count
        return done

    def rule_title(self, rule: str, lang: Language = "en") -> str:
        """What a rule is called."""
        return self.rules[rule].title.get(lang)

    def _repr_html_(self) -> str:
        from salesctrl.batch.html import to_html

        return to_html(self)

    # -- putting parts together --------------------------------------------------------------------

    def _count(self, part: Part) -> int:
        return self.rows if part.rows is None else len(part.rows)

    def _given_back(self, columns: pl.DataFrame) -> object:
        """Columns that are not row for row as a frame of the kind that was given."""
        return give(replace(self._reading.frame, index=None, rows=columns.height), columns)

    def _gathered(
        self, series_of: Callable[[Part], pl.Series], dtype: pl.DataType | type[pl.DataType]
    ) -> pl.Series:
        return self._scattered([(part, series_of(part)) for part in self._parts], dtype)

    def _scattered(
        self, pieces: Sequence[tuple[Part, pl.Series]], dtype: pl.DataType | type[pl.DataType],
        fill: object = None,
    ) -> pl.Series:  # fmt: skip
        """The values of parts in the order of the rows; ``fill`` where no part has any."""
        if len(pieces) == 1 and pieces[0][0].rows is None:
            return pieces[0][1]
        frames = [
            pl.DataFrame({"row": part.rows, "value": series})
            for part, series in pieces
            if part.rows is not None
        ]
        every = pl.DataFrame({"row": pl.int_range(self.rows, eager=True)})
        if not frames:
            return pl.Series([fill] * self.rows, dtype=dtype)
        return every.join(pl.concat(frames), on="row", how="left", maintain_order="left")["value"]


def _words(columns: pl.DataFrame, letter: str, count: int, first: int = 0) -> list[tuple[int, pl.Series]]:
    """The words of so many bits that are there, each with the number of its first bit."""
    bits = word_type(count)[0]
    names = {f"{letter}{i}": first + i * bits for i in range(word_count(count))}
    return [(start, columns[name]) for name, start in names.items() if name in columns.columns]


def _of_part(problems: Mapping[int, list[FactProblem]], part: Part) -> Mapping[int, list[FactProblem]]:
    """The problems by the numbers of their rows among those of a part."""
    if part.rows is None or not problems:
        return problems
    own = part.rows.is_in(list(problems)).arg_true()
    return {place: problems[part.rows[place]] for place in own}
