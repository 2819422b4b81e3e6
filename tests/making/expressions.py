"""Random expressions of the language, made by type: well typed, of known decimals, with few enough digits.

Everything is made from one choice, a whole number out of a range, so that the same code serves Hypothesis
(which shrinks) and a seeded generator (which is quick, for long sweeps).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, TypeVar

T = TypeVar("T")

MODES = ("half_up", "half_down", "half_even", "up", "down", "floor", "ceil")
BASES = ("ACT/365", "ACT/360", "30/360", "30E/360", "ACT/ACT")
MOST_DIGITS = 26


class Chooser:
    """Makes choices: ``integer(low, high)`` is where they come from."""

    def __init__(self, integer: Callable[[int, int], int]):
        self.integer = integer

    @classmethod
    def seeded(cls, seed: int) -> Chooser:
        return cls(random.Random(seed).randint)

    def one(self, options: Sequence[T]) -> T:
        return options[self.integer(0, len(options) - 1)]

    def chance(self, percent: int) -> bool:
        return self.integer(1, 100) > 100 - percent

    def some(self, options: Sequence[T], least: int = 0, most: int | None = None) -> list[T]:
        """Several different ones, in the order given."""
        count = self.integer(least, min(len(options), len(options) if most is None else most))
        left = list(range(len(options)))
        taken = sorted(left.pop(self.integer(0, len(left) - 1)) for _ in range(count))
        return [options[i] for i in taken]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        left = list(items)
        return [left.pop(self.integer(0, len(left) - 1)) for _ in range(len(left))]


# --- types and what is known of names -------------------------------------------------------------


@dataclass(frozen=True)
class Ty:
    """A type of the language as far as the making of expressions goes."""

    base: str
    of: Any = None
    """Of money its currency, of a choice its choices."""


CNY, USD, NUMBER = Ty("money", "CNY"), Ty("money", "USD"), Ty("number")
DAYS, MONTHS, DATE, INSTANT = Ty("days"), Ty("months"), Ty("date"), Ty("instant")
BOOLEAN, TEXT = Ty("boolean"), Ty("text")
GRADE, STATUS = Ty("choice", ("A", "B", "C", "D")), Ty("choice", ("正常", "逾期", "closed"))
NUMERIC = ("money", "number", "days", "months")
ORDERED = (*NUMERIC, "date", "instant")


@dataclass(frozen=True)
class Ex:
    """An expression, its decimals (``None``: a quotient) and about how many digits it may need."""

    text: str
    scale: int | None = 0
    digits: int = 4


@dataclass(frozen=True)
class Spec:
    """A field: how it is declared, and what its facts may be."""

    name: str
    ty: Ty | None
    """``None`` of a list."""
    yaml: dict[str, Any]
    scale: int = 0
    digits: int = 0
    low: Any = None
    high: Any = None
    items: tuple[Spec, ...] | None = None
    record: tuple[Spec, ...] | None = None


@dataclass
class World:
    """Everything that has been made so far: what expressions may name, and which values matter."""

    asking: bool = True
    """Whether policies ask what is known: by `known` and `coalesce`, and for evidence."""
    kinds: dict[str, tuple[Spec, ...]] = field(default_factory=dict)
    names: list[tuple[Ty, Ex]] = field(default_factory=list)
    lists: list[tuple[str, tuple[Spec, ...]]] = field(default_factory=list)
    list_parameters: list[tuple[str, Ty]] = field(default_factory=list)
    ladders: list[tuple[str, Ty, Ty, Ex]] = field(default_factory=list)
    """A ladder: its name, what it takes, what it gives."""
    shares: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    dated_rates: list[str] = field(default_factory=list)
    values: dict[str, list[Any]] = field(default_factory=dict)
    """Constants that occur, by base: facts are put at them and beside them."""
    days: list[date] = field(default_factory=list)
    """Dates on which something begins or ends."""

    def note(self, base: str, value: Any) -> None:
        self.values.setdefault(base, []).append(value)


# --- literals -------------------------------------------------------------------------------------


def plain(value: Fraction) -> str:
    """A fraction with finitely many decimals as text."""
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    whole = abs(int(value * 10**places))
    digits = str(whole).rjust(places + 1, "0")
    text = digits if not places else f"{digits[:-places]}.{digits[-places:]}"
    return ("-" if value < 0 else "") + text


def amount(c: Chooser, world: World, base: str, scale: int) -> Fraction:
    """A number, often one that has been used before."""
    known = [v for v in world.values.get(base, ()) if (v * 10**scale).denominator == 1 and v >= 0]
    if known and c.chance(40):
        value: Fraction = c.one(known)
    else:
        value = Fraction(c.integer(0, c.one((3, 12, 40, 5000))), c.one((1, 10**scale)))
    world.note(base, value)
    return value


def some_date(c: Chooser, world: World) -> date:
    known = world.values.get("date", [])
    value: date = c.one(known) if known and c.chance(40) else date(2024, 1, 1) + timedelta(c.integer(0, 1500))
    world.note("date", value)
    return value


def literal(c: Chooser, world: World, ty: Ty, *, bare: bool = False) -> Ex:
    """A literal as an expression has it; with ``bare`` perhaps one without a unit."""
    if ty.base in ("money", "number"):
        scale = c.integer(0, 3)
        value = amount(c, world, ty.base, scale)
        text = plain(value)
        scale = len(text.partition(".")[2])
        if ty.base == "number":
            if c.chance(25):
                world.note("number", value / 100)
                return Ex(f"{text}%", scale + 2, 6)
            return Ex(text, scale, 5)
        if bare and c.chance(50):
            return Ex(text, scale, 5)
        return Ex(f"{text} {ty.of}", max(2, scale), 7)
    if ty.base in ("days", "months"):
        value = amount(c, world, ty.base, 0)
        return Ex(plain(value) if bare and c.chance(50) else f"{plain(value)} {ty.base}", 0, 4)
    if ty.base == "date":
        return Ex(f'date("{some_date(c, world).isoformat()}")', 0, 7)
    if ty.base == "boolean":
        return Ex(c.one(("true", "false")))
    if ty.base == "choice":
        return Ex(f'"{c.one(ty.of)}"')
    word = c.one(("x", "ab", "逾期", "A", "Ab x", ""))
    world.note("text", word)
    return Ex(f'"{word}"')


# --- expressions ----------------------------------------------------------------------------------


class Maker:
    """Makes expressions of a type, of bounded depth."""

    def __init__(self, c: Chooser, world: World):
        self.c, self.world = c, world
        self.loop: list[tuple[Ty, Ex]] = []
        self.loop_lists: list[tuple[str, tuple[Spec, ...]]] = []
        self.loops = 0

    def make(self, ty: Ty, depth: int) -> Ex:
        """An expression of the type."""
        if depth <= 0 or self.c.chance(25):
            return self.leaf(ty)
        done = getattr(self, ty.base)(ty, depth - 1)
        return done if done.digits <= MOST_DIGITS else self.leaf(ty)

    def leaf(self, ty: Ty) -> Ex:
        near = [e for t, e in self.loop if t == ty]
        if near and self.c.chance(70):
            return self.c.one(near)
        known = [e for t, e in self.world.names if t == ty]
        if known and self.c.chance(75):
            return self.c.one(known)
        if ty.base == "date" and self.c.chance(40):
            return Ex("as_of", 0, 7)
        if ty.base == "instant":
            return self.c.one(known) if known else Ex("order.moment", 0, 19)
        if ty.base == "choice" and known:
            return self.c.one(known)
        return literal(self.c, self.world, ty)

    def definite(self, ex: Ex, most: int) -> Ex:
        """With so many decimals at most: rounded where it may have more."""
        if ex.scale is not None and ex.scale <= most:
            return ex
        places = self.c.integer(0, most)
        mode = f', "{self.c.one(MODES)}"' if self.c.chance(50) else ""
        return Ex(f"round({ex.text}, {places}{mode})", places, ex.digits)

    # -- what all types have

    def _any(self, ty: Ty, depth: int) -> Ex:
        """A choice between two, or the first that is known."""
        a, b = self.make(ty, depth), self.make(ty, depth)
        scale = None if a.scale is None or b.scale is None else max(a.scale, b.scale)
        digits = max(a.digits, b.digits) if scale is not None else a.digits + b.digits
        if self.c.chance(50) or not self.world.asking:
            return Ex(f"({a.text} if {self.make(BOOLEAN, depth).text} else {b.text})", scale, digits)
        return Ex(f"coalesce({a.text}, {b.text})", scale, digits)

    def _extreme(self, ty: Ty, depth: int) -> Ex:
        parts = [self.make(ty, depth) for _ in range(self.c.integer(2, 3))]
        scales = [p.scale for p in parts]
        scale = None if None in scales else max(s for s in scales if s is not None)
        digits = max(p.digits for p in parts) if scale is not None else sum(p.digits for p in parts)
        return Ex(f"{self.c.one(('min', 'max'))}({', '.join(p.text for p in parts)})", scale, digits)

    def _ladder(self, ty: Ty, depth: int) -> Ex | None:
        fitting = [ladder for ladder in self.world.ladders if ladder[2] == ty]
        if not fitting:
            return None
        name, takes, _, gives = self.c.one(fitting)
        return Ex(f"band({self.make(takes, depth).text}, {name})", gives.scale, gives.digits)

    def _fold(self, kinds: Sequence[str], ty: Ty, depth: int) -> Ex | None:
        lists = [*self.world.lists, *self.loop_lists]
        if not lists or self.loops >= 2:
            return None
        path, specs = self.c.one(lists)
        variable = f"x{self.loops}"
        before, before_lists = self.loop, self.loop_lists
        self.loop = [
            *before,
            *((s.ty, Ex(f"{variable}.{s.name}", s.scale, s.digits)) for s in specs if s.ty is not None),
        ]
        self.loop_lists = [(f"{variable}.{s.name}", s.items) for s in specs if s.items is not None]
        self.loops += 1
        body = self.definite(self.make(ty, depth), 6) if ty.base in NUMERIC else self.make(ty, depth)
        test = f" if {self.make(BOOLEAN, depth).text}" if self.c.chance(40) else ""
        self.loops -= 1
        self.loop, self.loop_lists = before, before_lists
        kind = self.c.one(kinds)
        return Ex(f"{kind}({body.text} for {variable} in {path}{test})", body.scale, body.digits + 4)

    def _one_of(self, ty: Ty, makers: Sequence[Callable[[], Ex | None]]) -> Ex:
        return self.c.one(makers)() or self.leaf(ty)

    # -- numbers

    def _arithmetic(self, ty: Ty, depth: int) -> Ex:
        op = self.c.one(("+", "-"))
        a = self.make(ty, depth)
        b = literal(self.c, self.world, ty, bare=True) if self.c.chance(20) else self.make(ty, depth)
        a, b = self.c.shuffled((a, b))
        scale = None if a.scale is None or b.scale is None else max(a.scale, b.scale)
        digits = max(a.digits, b.digits) + 3 if scale is not None else a.digits + b.digits + 3
        return Ex(f"({a.text} {op} {b.text})", scale, digits)

    def _rounding(self, ty: Ty, depth: int) -> Ex:
        x = self.make(ty, depth)
        places = 0 if ty.base in ("days", "months") else self.c.integer(0, 4)
        name = self.c.one(("round", "floor", "ceil"))
        if places == 0 and self.c.chance(50):
            return Ex(f"{name}({x.text})", 0, x.digits)
        mode = f', "{self.c.one(MODES)}"' if name == "round" and self.c.chance(60) else ""
        return Ex(f"{name}({x.text}, {places}{mode})", places, x.digits)

    def _signed(self, ty: Ty, depth: int) -> Ex:
        x = self.make(ty, depth)
        return Ex(self.c.one((f"(-{x.text})", f"abs({x.text})", f"(+{x.text})")), x.scale, x.digits)

    def _product(self, ty: Ty, depth: int) -> Ex:
        a, b = self.make(ty, depth), self.make(NUMBER, depth)
        if self.c.chance(40):
            return Ex(f"({a.text} / {b.text})", None, a.digits + b.digits)
        scale = None if a.scale is None or b.scale is None else a.scale + b.scale
        return Ex(f"({' * '.join(self.c.shuffled((a.text, b.text)))})", scale, a.digits + b.digits)

    def _common(self, ty: Ty, depth: int) -> list[Callable[[], Ex | None]]:
        return [
            lambda: self._arithmetic(ty, depth), lambda: self._arithmetic(ty, depth),
            lambda: self._rounding(ty, depth), lambda: self._signed(ty, depth),
            lambda: self._extreme(ty, depth), lambda: self._any(ty, depth), lambda: self._ladder(ty, depth),
            lambda: self._fold(("sum", "min", "max"), ty, depth),
        ]  # fmt: skip

    def money(self, ty: Ty, depth: int) -> Ex:
        def accrued() -> Ex:
            principal, start, end = self.make(ty, depth), self.make(DATE, depth), self.make(DATE, depth)
            dated = self.world.dated_rates and self.c.chance(50)
            rate = Ex(self.c.one(self.world.dated_rates), 4, 6) if dated else self.make(NUMBER, depth)
            args = (principal.text, rate.text, start.text, end.text, f'"{self.c.one(BASES)}"')
            return Ex(f"accrue({', '.join(args)})", None, principal.digits + rate.digits + 14)

        def share() -> Ex | None:
            if not self.world.shares:
                return None
            name, keys = self.c.one(self.world.shares)
            total = self.definite(self.make(ty, depth), 4)
            key = self.c.one(keys)
            return Ex(f"allocate({total.text}, {name}).{key}", total.scale, total.digits)

        more: list[Callable[[], Ex | None]] = [lambda: self._product(ty, depth)] * 3
        return self._one_of(ty, [*self._common(ty, depth), *more, accrued, share])

    def number(self, ty: Ty, depth: int) -> Ex:
        def ratio() -> Ex:
            unit = self.c.one((CNY, USD, DAYS, MONTHS))
            a, b = self.make(unit, depth), self.make(unit, depth)
            return Ex(f"({a.text} / {b.text})", None, a.digits + b.digits)

        def part() -> Ex:
            return Ex(f"{self.c.one(('year', 'month', 'day'))}({self.make(DATE, depth).text})", 0, 4)

        def length() -> Ex:
            return Ex(f"length({self.make(TEXT, depth).text})", 0, 4)

        def count() -> Ex | None:
            if self.world.lists and self.c.chance(30):
                return Ex(f"count({self.c.one(self.world.lists)[0]})", 0, 4)
            found = self._fold(("count",), BOOLEAN, depth)
            return None if found is None else Ex(found.text, 0, 4)

        def named() -> Ex | None:
            if not self.world.shares:
                return None
            name, keys = self.c.one(self.world.shares)
            return Ex(f"{name}.{self.c.one(keys)}", 1, 4)

        more = [lambda: self._product(ty, depth), ratio, part, length, count, named]
        return self._one_of(ty, [*self._common(ty, depth), *more])

    def days(self, ty: Ty, depth: int) -> Ex:
        def between() -> Ex:
            a, b = self.make(DATE, depth).text, self.make(DATE, depth).text
            return Ex(self.c.one((f"days_between({a}, {b})", f"({a} - {b})")), 0, 7)

        def multiple() -> Ex:
            a = self.make(ty, depth)
            return Ex(f"({a.text} * {self.c.integer(0, 9)})", 0, a.digits + 1)

        return self._one_of(ty, [*self._common(ty, depth), between, between, multiple])

    def months(self, ty: Ty, depth: int) -> Ex:
        def between() -> Ex:
            name = self.c.one(("months_between", "months_started"))
            return Ex(f"{name}({self.make(DATE, depth).text}, {self.make(DATE, depth).text})", 0, 6)

        return self._one_of(ty, [*self._common(ty, depth), between, between])

    # -- dates

    def date(self, ty: Ty, depth: int) -> Ex:
        day, c = self.make(DATE, depth).text, self.c
        days, months = self.make(DAYS, depth).text, self.make(MONTHS, depth).text
        mode = c.one(("", ', "clamp"', ', "error"'))
        text = c.one((
            f"({day} + {days})", f"({days} + {day})", f"({day} - {days})", f"add_days({day}, {days})",
            f"add_months({day}, {months}{mode})", f"add_workdays({day}, {days})",
            f"year_end({day})", f"month_end({day})",
        ))  # fmt: skip
        others: list[Callable[[], Ex | None]] = [
            lambda: self._extreme(ty, depth), lambda: self._any(ty, depth),
            lambda: self._fold(("min", "max"), DATE, depth), lambda: self._ladder(ty, depth),
        ]  # fmt: skip
        return self._one_of(ty, [lambda: Ex(text, 0, 7)] * 4 + others)

    def instant(self, ty: Ty, depth: int) -> Ex:
        return self._any(ty, depth) if self.c.chance(50) else self._extreme(ty, depth)

    # -- texts

    def text(self, ty: Ty, depth: int) -> Ex:
        def lowered() -> Ex:
            return Ex(f"lower({self.make(self.c.one((TEXT, GRADE)), depth).text})")

        return self._one_of(ty, [lowered, lambda: self._any(ty, depth), lambda: self._ladder(ty, depth)])

    def choice(self, ty: Ty, depth: int) -> Ex:
        if all(t != ty for t, _ in self.world.names):
            return self.leaf(ty)
        a = self.c.one([e for t, e in self.world.names if t == ty]).text
        b = self.make(ty, depth).text
        if self.c.chance(50) and self.world.asking:
            return Ex(f"coalesce({a}, {b})")
        return Ex(f"({a} if {self.make(BOOLEAN, depth).text} else {b})")

    # -- truth

    def boolean(self, ty: Ty, depth: int) -> Ex:
        def logic() -> Ex:
            op = self.c.one((" and ", " or "))
            return Ex(f"({op.join(self.make(BOOLEAN, depth).text for _ in range(self.c.integer(2, 3)))})")

        def known() -> Ex | None:
            if not self.world.asking:
                return None
            if self.world.lists and self.c.chance(20):
                return Ex(f"known({self.c.one(self.world.lists)[0]})")
            return Ex(
                f"known({self.make(self.c.one((CNY, NUMBER, DATE, GRADE, TEXT, BOOLEAN)), depth).text})"
            )

        def part() -> Ex:
            name = self.c.one(("starts_with", "ends_with", "contains"))
            return Ex(f"{name}({self.make(TEXT, depth).text}, {self.make(TEXT, depth).text})")

        makers: list[Callable[[], Ex | None]] = [
            lambda: self._comparison(depth), lambda: self._comparison(depth), lambda: self._comparison(depth),
            lambda: self._membership(depth), lambda: Ex(f"(not {self.make(BOOLEAN, depth).text})"),
            lambda: self._fold(("any", "all"), BOOLEAN, depth), lambda: self._any(BOOLEAN, depth),
            logic, logic, known, part,
        ]  # fmt: skip
        return self._one_of(ty, makers)

    def _comparison(self, depth: int) -> Ex:
        ty = self.c.one(
            (CNY, CNY, NUMBER, NUMBER, DAYS, MONTHS, DATE, INSTANT, GRADE, STATUS, TEXT, BOOLEAN, USD)
        )
        a = self.make(ty, depth)
        bare = ty.base in NUMERIC and self.c.chance(30)
        b = literal(self.c, self.world, ty, bare=True) if bare else self.make(ty, depth)
        if ty.base not in ORDERED:
            return Ex(f"({a.text} {self.c.one(('==', '!='))} {b.text})")
        ops = ("<", "<=", ">", ">=", "==", "!=")
        if self.c.chance(20):
            third = self.make(ty, depth)
            return Ex(f"({third.text} {self.c.one(ops)} {a.text} {self.c.one(ops)} {b.text})")
        return Ex(f"({a.text} {self.c.one(ops)} {b.text})")

    def _membership(self, depth: int) -> Ex:
        op = self.c.one(("in", "not in"))
        if self.world.list_parameters and self.c.chance(40):
            name, ty = self.c.one(self.world.list_parameters)
            return Ex(f"({self.make(ty, depth).text} {op} {name})")
        ty = self.c.one((GRADE, STATUS, TEXT, NUMBER, CNY, DATE))
        options = ", ".join(literal(self.c, self.world, ty).text for _ in range(self.c.integer(1, 3)))
        if self.c.chance(20):
            options += ", " + self.make(ty, depth).text
        item = self.leaf(ty) if ty.base == "choice" else self.make(ty, depth)
        return Ex(f"({item.text} {op} [{options}])")
