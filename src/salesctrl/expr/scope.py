"""The names an expression can use, and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from salesctrl.expr.tree import Node, Span
from salesctrl.policy.literals import Constant
from salesctrl.policy.types import Type
from salesctrl.policy.vocabulary import VocabularyIndex


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding in an expression, placed in its text; ``warning`` when it is no error."""

    code: str
    message: str
    span: Span
    help: str | None = None
    warning: bool = False


class Reported(Exception):
    """A part uses something that is wrong itself: that has been said where it stands."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as an expression sees it.

    ``items`` are the values of a list parameter, ``bands`` the rungs of a ladder (unary test, value),
    ``numbers`` the named numbers: they are the same on every date.
    """

    name: str
    type: Type
    items: tuple[Constant, ...] = ()
    bands: tuple[tuple[str, Constant], ...] = ()
    numbers: tuple[tuple[str, Constant], ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """What is in reach of an expression.

    ``formula`` and ``table_output`` give the type of a name, or ``None`` where it is wrong itself (and so
    already reported).
    """

    vocabulary: VocabularyIndex
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    formulas: frozenset[str] = frozenset()
    formula: Callable[[str], Type | None] = lambda name: None
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    table_output: Callable[[str, str], Type | None] = lambda table, output: None
    computed: Mapping[str, Node] = field(default_factory=dict)
    """What the rule itself computes: names that its sentences may use."""
    month_mode: str = "clamp"

    def has(self, name: str) -> bool:
        """Whether something in reach has this name."""
        own = (self.parameters, self.formulas, self.tables, self.computed)
        return any(name in names for names in own) or self.vocabulary.kind(name) is not None

    def names(self) -> Iterator[str]:
        """Every name that can begin an expression, for suggestions."""
        yield from self.parameters
        yield from self.formulas
        yield from self.tables
        yield from self.computed
        for kind in self.vocabulary.kinds.values():
            yield kind.name
            yield from (name for name in kind.names if name.casefold() != kind.name.casefold())
        yield "as_of"
