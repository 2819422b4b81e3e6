"""What the checker makes of a policy: every name resolved, every expression typed, every period an interval.

True of a :class:`CheckedPolicy`: all roles, rules and names it mentions exist; its formulas do not go in a
circle; every condition is boolean; every value it reports has a definite number of decimals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from salesctrl.compile.needs import Need
from salesctrl.diagnostics import Span
from salesctrl.expr.lower import ParameterValue
from salesctrl.expr.scope import Parameter
from salesctrl.expr.tree import Node
from salesctrl.outcome import Outcome
from salesctrl.policy.documents import Example, LocalText, Source
from salesctrl.policy.literals import Constant


@dataclass(frozen=True, slots=True)
class Interval:
    """Days from ``first`` to ``last``, both included, as ordinals."""

    first: int
    last: int

    def __contains__(self, day: int) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class CheckedParameter:
    """A parameter with its values over time; ``origin`` names the overlay that set it."""

    seen: Parameter
    title: LocalText
    dated: tuple[tuple[int, Constant], ...]
    """(first day, value) in order; the first is the beginning of the calendar if the value is not dated."""
    numbers: Mapping[str, Constant]
    ref: str | None
    note: LocalText | None
    origin: str | None

    def on(self, day: int) -> ParameterValue:
        """Its value on a day."""
        current = [constant for first, constant in self.dated if first <= day]
        return ParameterValue(current[-1] if current else None, self.seen.items, self.numbers, self.dated)


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression with its text: a formula, an input of a table, a part of a sentence.

    ``span`` is where it stands, of those that may turn out to need too many digits.
    """

    text: str
    node: Node
    title: LocalText | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence in each language: texts, and expressions that are filled in."""

    parts: Mapping[str, tuple[str | Expression, ...]]


@dataclass(frozen=True, slots=True)
class Requirement:
    """What is required, and the expression of its number (the amount to approve, the sum due, the date)."""

    need: Need
    figure: Expression | None


@dataclass(frozen=True, slots=True)
class RowOf:
    """That a rule is a row of a table: which, the row's number from 1, and how many rows there are."""

    table: str
    number: int
    count: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """That an overlay switched a rule off: until which day, why, and who answers for it."""

    until: int
    because: LocalText
    owner: str
    overlay: str


@dataclass(frozen=True, slots=True)
class PlacedExample:
    """An example with where it stands."""

    example: Example
    span: Span
    number: int


@dataclass(frozen=True, slots=True)
class CheckedRule:
    """A rule, or a row of a table, ready to be lowered."""

    id: str
    policy: str
    title: LocalText
    source: Source | None
    note: LocalText | None
    covers: tuple[str, ...]
    effective: Interval
    when: Expression
    outcome: Outcome | None
    """``None`` of a rule that only computes, notifies or excepts."""
    computes: tuple[tuple[str, Expression], ...]
    notify: tuple[str, ...]
    requirements: tuple[Requirement, ...]
    excepts: tuple[str, ...]
    because: Sentence | None
    row: RowOf | None
    off: SwitchedOff | None
    origin: str | None
    examples: tuple[PlacedExample, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class CheckedTable:
    """A decision table as people see it."""

    name: str
    title: LocalText
    inputs: tuple[Expression, ...]
    hit: str
    rows: tuple[tuple[str, ...], ...]
    tests: tuple[tuple[Node, ...], ...]
    """For each row the conditions that its cells put on the inputs."""


@dataclass(frozen=True, slots=True)
class CheckedPolicy:
    """One version of a policy."""

    name: str
    title: LocalText
    control_point: str
    effective: Interval
    parameters: Mapping[str, CheckedParameter]
    formulas: Mapping[str, Expression]
    """In an order in which each comes after those it uses."""
    outputs: tuple[str, ...]
    subject: tuple[Expression, ...]
    """The fields that name the transaction."""
    tables: Mapping[str, CheckedTable]
    table_outputs: Mapping[tuple[str, str], Node]
    rules: tuple[CheckedRule, ...]
    span: Span
