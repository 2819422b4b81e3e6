"""The types of the policy language, with their units and scales.

A :class:`Type` says what a value means (money of a currency, a number, days, ...) and how it is held at
run time: money and numbers are integers counted in units of ``10**-scale``. ``scale=None`` marks an exact
quotient, which has no definite number of decimals until it is rounded.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum


class Base(StrEnum):
    """What a value is; two values are comparable only within one base."""

    NUMBER = "number"
    MONEY = "money"
    DAYS = "days"
    MONTHS = "months"
    DATE = "date"
    INSTANT = "instant"
    BOOLEAN = "boolean"
    TEXT = "text"
    CHOICE = "choice"
    LIST = "list"
    MAP = "map"


NUMERIC = frozenset({Base.NUMBER, Base.MONEY, Base.DAYS, Base.MONTHS})
ORDERED = NUMERIC | {Base.DATE, Base.INSTANT}
TEXTUAL = frozenset({Base.TEXT, Base.CHOICE})


@dataclass(frozen=True, slots=True)
class Type:
    """The type of a field, parameter, formula or expression.

    >>> str(money("CNY")), str(number(4, percent=True)), str(DATE)
    ('money CNY', 'rate', 'date')
    """

    base: Base
    scale: int | None = 0
    """Decimals of a number or money; ``None``: an exact quotient."""
    currency: str | None = None
    percent: bool = False
    """A rate: shown as a percentage."""
    bare: bool = False
    """A literal without a unit, which takes the unit of what it stands beside."""
    choices: tuple[str, ...] = ()
    labels: tuple[tuple[str, str] | None, ...] = field(default=(), compare=False)
    """Of a choice: what people call each, in English and Chinese; types that differ in it are equal."""
    item: str | None = None
    """Of a list of records: the kind of its items."""
    keys: tuple[str, ...] = ()
    """Of a map (named numbers, a split): its keys in the order written."""
    element: Type | None = None
    """Of a map, or of a list of plain values: the type of an element."""

    def __str__(self) -> str:
        match self.base:
            case Base.MONEY:
                return f"money {self.currency}"
            case Base.NUMBER:
                if self.percent:
                    return "rate"
                return "integer" if self.scale == 0 else "number"
            case Base.CHOICE:
                return "choice of " + ", ".join(self.choices)
            case Base.LIST:
                return f"list of {self.item or self.element}"
            case _:
                return str(self.base)

    @property
    def unit(self) -> str:
        """The unit as people say it in a message: ``CNY``, ``days``, ``a plain number``, ...

        >>> money("CNY").unit, DAYS.unit, number(2).unit
        ('CNY', 'days', 'a plain number')
        """
        match self.base:
            case Base.MONEY:
                return str(self.currency)
            case Base.NUMBER:
                return "a rate" if self.percent else "a plain number"
            case Base.DAYS | Base.MONTHS:
                return str(self.base)
            case _:
                return f"a {self.base}"

    @property
    def is_numeric(self) -> bool:
        """Held as a scaled integer with a unit."""
        return self.base in NUMERIC

    def with_scale(self, scale: int | None) -> Type:
        """The same with another scale, and no longer a bare literal."""
        return replace(self, scale=scale, bare=False)


def money(currency: str | None, scale: int | None = 2) -> Type:
    """Money of a currency."""
    return Type(Base.MONEY, scale, currency=currency)


def number(scale: int | None = 0, *, percent: bool = False, bare: bool = False) -> Type:
    """A plain number with so many decimals."""
    return Type(Base.NUMBER, scale, percent=percent, bare=bare)


DAYS = Type(Base.DAYS)
MONTHS = Type(Base.MONTHS)
DATE = Type(Base.DATE)
INSTANT = Type(Base.INSTANT)
BOOLEAN = Type(Base.BOOLEAN)
TEXT = Type(Base.TEXT)


def choice(choices: tuple[str, ...], labels: tuple[tuple[str, str] | None, ...] = ()) -> Type:
    """One of the listed texts, with what people call them in English and Chinese."""
    return Type(Base.CHOICE, choices=choices, labels=labels if any(labels) else ())


def list_of_kind(kind: str) -> Type:
    """A list of records of a kind."""
    return Type(Base.LIST, item=kind)


def list_of(element: Type) -> Type:
    """A list of plain values: a list parameter, a literal list, a collected output."""
    return Type(Base.LIST, element=element)


def map_of(keys: tuple[str, ...], element: Type) -> Type:
    """Values by name: named numbers of a parameter, or a split."""
    return Type(Base.MAP, keys=keys, element=element)
