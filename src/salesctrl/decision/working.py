"""The working of a decision: the expressions of the policies, with the numbers that were put in them.

The trace says what became of every rule; the working shows how, down to the rows of a table and the items
of a list. It is made when a decision is put into words, part by part, as far as it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from salesctrl.policy.documents import LocalText
from salesctrl.policy.types import Type


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an expression with its value.

    ========== ============================================================ =============================
    kind       what it is                                                   children
    ========== ============================================================ =============================
    field      a fact; ``name`` is its path                                 none
    item       a field of a list's item; ``name`` as in ``line.quantity``   none
    literal    a constant                                                   none
    as_of      the date of the decision                                     none
    parameter  a parameter of the policy                                    none
    key        ``name`` is one of named numbers, or of a split              what holds the numbers
    formula    a formula; its definition is in ``more``                     none
    table      an output of a table; the rows that hold are in ``more``     none
    band       the value of a band; the bands that hold are in ``more``     none
    arithmetic ``op`` is one of ``+ - * /``                                 both sides
    negation   the negative                                                 the number
    compare    ``op`` is one of ``== != < <= > >=``                         both sides
    logic      ``op`` is ``and`` or ``or``                                  the operands
    not        the opposite                                                 the condition
    choice     one value or another                                         test, value if it holds, else
    membership is it one of                                                 the value, then the options
    call       ``op`` is the function                                       the arguments
    fold       ``op`` is ``sum``, ``any``, …; the items are in ``more``     list, pattern, [test]
    each       an item of a list; ``place`` is its number, and of how many  the value, [test]
    row        a row of a table; ``place`` likewise                         its cells
    cell       a test of a table; ``text`` is the test                      input, what the test names
    ========== ============================================================ =============================

    ``raw`` is the value in its run-time form, ``None`` for unknown; ``problem`` then says why, with the codes
    of :class:`salesctrl.decision.trace.Node`. A part of a *pattern* stands for all items of a list: it has no
    value, and ``problem`` is ``pattern``.
    """

    kind: str
    type: Type
    raw: object
    children: tuple[Part, ...] = ()
    op: str = ""
    name: str = ""
    title: LocalText | None = None
    text: str = ""
    problem: str | None = None
    place: tuple[int, int] | None = None
    policy: str = ""
    more: Callable[[], tuple[Part, ...]] | None = None

    @property
    def inside(self) -> tuple[Part, ...]:
        """What ``more`` gives; nothing where there is no more."""
        return self.more() if self.more is not None else ()


@dataclass(frozen=True, slots=True)
class Worked:
    """The working of one rule: its condition, the values it computes, the figures of its requirements."""

    condition: Part
    computed: tuple[tuple[str, Part], ...]
    figures: tuple[tuple[str, Part], ...]
    """For the id of each requirement that has one: the amount to approve, the sum due, the date due."""


class Working(Protocol):
    """The working of one decision."""

    def rule(self, id: str) -> Worked | None:
        """The working of a rule in force; ``None`` of one that is not."""

    def outputs(self) -> tuple[Part, ...]:
        """The formulas that are reported with every decision."""


_MOST_PARTS = 10_000
"""So many parts are looked at for what is unknown."""
_OPENED = ("formula", "table", "fold", "band")


def first_known(parts: Sequence[Part]) -> int:
    """The place of the first part that has a value; 0 where none has."""
    return next((place for place, part in enumerate(parts) if part.raw is not None), 0)


def unknown_parts(parts: Sequence[Part]) -> Iterator[Part]:
    """All that has no value in some parts, formulas, tables and lists opened; each once."""
    todo, seen = list(reversed(parts)), set[tuple[str, str, str] | int]()
    while todo and len(seen) < _MOST_PARTS:
        part = todo.pop()
        key = (part.kind, part.policy, part.name) if part.kind in ("formula", "table") else id(part)
        if part.raw is not None or part.problem == "pattern" or key in seen:
            continue
        seen.add(key)
        yield part
        todo += reversed([*part.children, *(part.inside if part.kind in _OPENED else ())])


def missing_facts(part: Part) -> list[Part]:
    """The facts for want of which a part has no value."""
    found: dict[str, Part] = {}
    for inner in unknown_parts([part]):
        if inner.problem in ("missing", "refused"):
            found.setdefault(inner.name, inner)
    return list(found.values())
