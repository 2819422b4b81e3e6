"""Rows decided one after another: what `evaluate` and `explain` share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from salesctrl.cli import console
from salesctrl.cli.console import counted
from salesctrl.cli.opening import Opened
from salesctrl.cli.options import Floats, Language
from salesctrl.decision import Decision
from salesctrl.decision.values import shown_value
from salesctrl.decision.words import OUTCOMES
from salesctrl.engine import Engine
from salesctrl.errors import FactProblem, FactsError
from salesctrl.outcome import Outcome
from salesctrl.policy.types import Base
from salesctrl.tables import FactsRow
from salesctrl.testing import raw_value

MAX_LISTED = 20
"""So many rows with wrong facts are listed on the standard error; the output holds all of them."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A row and its decision; without one where not even the date of the decision could be read.

    ``problems`` are the facts that were refused; a row that has some is at least ``incomplete``.
    """

    number: int
    keys: tuple[str, ...]
    decision: Decision | None
    problems: tuple[FactProblem, ...]

    @property
    def outcome(self) -> Outcome:
        """The outcome; what could not be decided is incomplete."""
        return Outcome.INCOMPLETE if self.decision is None else self.decision.outcome

    def to_dict(self, control_point: str, *, trace: bool = False) -> dict[str, object]:
        """The decision as plain data; without one the same keys, with nothing in them but the problems."""
        if self.decision is not None:
            return self.decision.to_dict(trace=trace)
        return {
            "control_point": control_point,
            "as_of": None,
            "subject": {},
            "outcome": self.outcome.value,
            "fired": [],
            "values": {},
            "findings": [],
            "requirements": [],
            "unknown": [],
            "missing": [],
            "problems": [{"path": p.path, "code": p.code, "message": p.message} for p in self.problems],
            "plan": None,
            "facts": None,
        }


class Deciding:
    """The decisions on the rows of a table, with what is to be counted and said about them."""

    def __init__(
        self, engine: Engine, control_point: str, opened: Opened, as_of: date | None, floats: Floats
    ):
        self.engine, self.control_point, self.as_of, self.floats = engine, control_point, as_of, floats
        self.table, self.file = opened.table, opened.file
        self.outcomes: Counter[Outcome] = Counter()
        self.wrong = 0
        self._listed: list[tuple[int, FactProblem]] = []
        self._said = 0

    def __iter__(self) -> Iterator[Decided]:
        for row in self.table:
            decided = self.decide(row)
            self.outcomes[decided.outcome] += 1
            if decided.problems:
                self.note_wrong(row.number, decided.problems)
            yield decided

    def note_wrong(self, number: int, problems: Sequence[FactProblem]) -> None:
        """Count a row with wrong facts; the first are listed."""
        self.wrong += 1
        if self.wrong <= MAX_LISTED:
            self._listed += [(number, problem) for problem in problems]

    def decide(self, row: FactsRow) -> Decided:
        """The decision on one row."""
        if row.facts is None:
            return Decided(row.number, row.keys, None, (row.problem,) if row.problem is not None else ())
        try:
            decision = self.engine.evaluate(
                self.control_point, row.facts, as_of=self.as_of, on_error="incomplete",
                floats=self.floats.value,
            )  # fmt: skip
        except FactsError as error:
            return Decided(row.number, row.keys, None, tuple(map(as_of_on_the_line, error.problems)))
        # A decision with refused facts is never better than incomplete; the others need no trace for this.
        refused = decision.outcome >= Outcome.INCOMPLETE and decision.trace.problems
        return Decided(row.number, row.keys, decision, refused or ())

    @property
    def worst(self) -> Outcome:
        """The highest outcome so far; that of no rows is ``allow``."""
        return max(self.outcomes, default=Outcome.ALLOW, key=lambda outcome: outcome.rank)

    def say_notices(self) -> None:
        """Say what has not been said of the columns yet."""
        for notice in self.table.notices[self._said :]:
            say = console.warning if notice.grave else console.note
            say(f"{self.table.name}: {notice.text}")
        self._said = len(self.table.notices)

    def say_problems(self) -> None:
        """List the rows whose facts were refused, with the reasons."""
        for number, problem in self._listed:
            console.error(f"row {number}: {self.described(problem)}")
        if self.wrong > MAX_LISTED:
            console.error(f"{counted(self.wrong - MAX_LISTED, 'more row')} with wrong facts: see the output")

    def described(self, problem: FactProblem, *, help: bool = True) -> str:
        """A problem with the column that it is in."""
        column = self.table.column_of.get(problem.path)
        where = problem.path if column is None or column == problem.path else f"`{column}` ({problem.path})"
        help_ = f"; {problem.help}" if problem.help and help else ""
        return f"{where}: {problem.message}{help_}" if where else f"{problem.message}{help_}"

    def summary(self, lang: Language = "en") -> str:
        """How many rows came to which outcome."""
        total, wrong, chinese = sum(self.outcomes.values()), self.wrong, lang == "zh"
        if not total:
            return "没有数据行" if chinese else "no rows"
        counts = [
            (OUTCOMES[o.value][chinese], self.outcomes[o])
            for o in reversed(tuple(Outcome))
            if self.outcomes[o]
        ]
        if chinese:
            said = f"{total:,}行：" + "，".join(f"{name}{count:,}" for name, count in counts)
            return said + (f"；{wrong:,}行数据有误" if wrong else "")
        said = f"{counted(total, 'row')}: " + ", ".join(f"{count:,} {name}" for name, count in counts)
        return said + (f"; {counted(wrong, 'row')} with wrong facts" if wrong else "")

    def shown_values(self, decision: Decision, lang: Language) -> str:
        """The values that are known, as people read them, each with its name or, in Chinese, its title."""
        plan = self.engine.point(self.control_point).at(decision.as_of.toordinal()).plan
        values = decision.values
        titles = {name: e.title for p in plan.policies for name, e in p.formulas.items() if lang == "zh"}
        parts = []
        for output in plan.outputs:
            raw = raw_value(values.get(output.name), output.type)
            title = titles.get(output.name)
            if raw is not None:
                shown = shown_value(raw, output.type, lang)
                name = title.get("zh") if title is not None else output.name
                parts.append(f"{name} ({shown})" if output.type.base is Base.MAP else f"{name} {shown}")
        return (", " if lang == "en" else "，").join(parts)


def as_of_on_the_line(problem: FactProblem) -> FactProblem:
    """The help of a missing date, for a person at the command line."""
    if problem.code != "F_AS_OF" or problem.help is None or "`as_of=" not in problem.help:
        return problem
    help_ = "pass `--as-of 2026-03-01`, or give each row an `as_of`"
    return FactProblem(problem.path, problem.code, problem.message, help_)


def reason(decided: Decided, deciding: Deciding, lang: Language) -> str:
    """In one line, why the outcome is what it is."""
    if decided.problems:
        return deciding.described(decided.problems[0], help=False)
    decision = decided.decision
    assert decision is not None
    if decision.outcome is Outcome.INCOMPLETE:
        missing = ", ".join(decision.missing)
        return {"en": f"unknown: {missing}", "zh": f"未知：{missing}"}[lang] if missing else ""
    for finding in decision.findings:
        if finding.outcome is decision.outcome and finding.outcome is not Outcome.ALLOW:
            return (finding.because or finding.title).get(lang)
    return ""
