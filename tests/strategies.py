"""Random policies, and facts for them: the one place that knows how to make what the properties are tested on.

Everything is made from one choice, a whole number out of a range, so that the same code serves Hypothesis
(which shrinks) and a seeded generator (which is quick, for long sweeps). Expressions are made by type: what
comes out is well typed, with known decimals and few enough digits to be lowered.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeVar

import yaml
from hypothesis import strategies as st

T = TypeVar("T")

FIRST, LAST = date(1, 1, 1), date(9999, 12, 31)
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


@lru_cache(maxsize=4096)
def _integers(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


# --- types and what is known of names -----------------------------------------------------------------


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


# --- vocabulary -------------------------------------------------------------------------------------


def make_vocabulary(c: Chooser, world: World) -> dict[str, Any]:
    """Kinds with fields of every type: records, lists of records, lists inside lists."""
    part = _fields(c, "p", 2)
    inner: tuple[Spec, ...] = _fields(c, "i", 4)
    if c.chance(40):
        inner = (*inner, Spec("parts", None, {"type": "list", "of": "part"} | _default(c, [], 30), items=part))
    address = _fields(c, "a", 2)
    order = (
        *_fields(c, "f", 6),
        *(_field(c, name, ty) for name, ty in (("moment", INSTANT), ("grade", GRADE), ("状态", STATUS))),
        Spec("lines", None, {"type": "list", "of": "line"} | _default(c, [], 50), items=inner),
        Spec("place", None, {"type": "address"}, record=address),
    )
    customer = _fields(c, "客户项", 4)
    world.kinds = {"order": order, "customer": customer}
    for kind, specs in world.kinds.items():
        _name_fields(world, kind, specs)
    shown = {"part": part, "line": inner, "address": address, **world.kinds}
    kinds = {k: {"fields": {s.name: s.yaml for s in specs}} for k, specs in shown.items()}
    return {"vocabulary": "v", "currency": "CNY", "kinds": kinds}


def _name_fields(world: World, prefix: str, specs: Sequence[Spec]) -> None:
    for spec in specs:
        path = f"{prefix}.{spec.name}"
        if spec.record is not None:
            _name_fields(world, path, spec.record)
        elif spec.items is not None:
            world.lists.append((path, spec.items))
        elif spec.ty is not None:
            world.names.append((spec.ty, Ex(path, spec.scale, spec.digits)))


def _default(c: Chooser, value: Any, percent: int) -> dict[str, Any]:
    return {"default": value} if c.chance(percent) else {}


_FIELD_TYPES = (CNY, CNY, NUMBER, NUMBER, DAYS, MONTHS, DATE, DATE, BOOLEAN, GRADE, STATUS, TEXT, USD, INSTANT)


def _fields(c: Chooser, prefix: str, count: int) -> tuple[Spec, ...]:
    return tuple(_field(c, f"{prefix}{i}", c.one(_FIELD_TYPES)) for i in range(count))


def _field(c: Chooser, name: str, ty: Ty) -> Spec:
    extra: dict[str, Any] = {"optional": True} if c.chance(15) else {}
    if ty.base in NUMERIC:
        return _number_field(c, name, ty, extra)
    if ty.base == "date":
        low, high = (FIRST, LAST) if c.chance(20) else (date(1990, 1, 1), date(2040, 12, 31))
        bounds = {} if low == FIRST else {"min": low.isoformat(), "max": high.isoformat()}
        return Spec(name, ty, {"type": "date"} | bounds | extra | _default(c, "2026-01-31", 15), low=low, high=high)
    if ty.base == "boolean":
        return Spec(name, ty, {"type": "boolean"} | extra | _default(c, c.chance(50), 30))
    if ty.base == "choice":
        return Spec(name, ty, {"type": "choice", "choices": list(ty.of)} | extra | _default(c, ty.of[0], 15))
    return Spec(name, ty, {"type": ty.base} | extra)


def _number_field(c: Chooser, name: str, ty: Ty, extra: dict[str, Any]) -> Spec:
    digits = c.integer(2, 7)
    scale = 0 if ty.base in ("days", "months") else c.integer(0, min(4, digits))
    digits = min(digits, 3) if ty.base in ("days", "months") else digits
    kind = ty.base
    if ty.base == "number":
        kind = "integer" if scale == 0 else c.one(("decimal", "rate"))
    declared: dict[str, Any] = {"type": kind, "digits": str(digits)}
    if kind not in ("integer", "days", "months"):
        declared["decimals"] = str(scale)
    if ty.base == "money" and ty.of != "CNY":
        declared["currency"] = ty.of
    most = Fraction(10**digits - 1, 10**scale)
    low, high = -most, most
    if c.chance(60):
        low = Fraction(0)
        declared["min"] = "0"
    if c.chance(20):
        high = Fraction(c.integer(1, 10**digits - 1), 10**scale)
        declared["max"] = plain(high)
    default = _default(c, plain(max(low, min(high, Fraction(1)))), 15)
    return Spec(name, ty, declared | extra | default, scale, digits, low, high)


def plain(value: Fraction) -> str:
    """A fraction with finitely many decimals as text."""
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    whole = abs(int(value * 10**places))
    digits = str(whole).rjust(places + 1, "0")
    text = digits if not places else f"{digits[:-places]}.{digits[-places:]}"
    return ("-" if value < 0 else "") + text


# --- literals ---------------------------------------------------------------------------------------


def _amount(c: Chooser, world: World, base: str, scale: int) -> Fraction:
    """A number, often one that has been used before."""
    known = [v for v in world.values.get(base, ()) if (v * 10**scale).denominator == 1 and v >= 0]
    if known and c.chance(40):
        value: Fraction = c.one(known)
    else:
        value = Fraction(c.integer(0, c.one((3, 12, 40, 5000))), c.one((1, 10**scale)))
    world.note(base, value)
    return value


def _date(c: Chooser, world: World) -> date:
    known = world.values.get("date", [])
    value: date = c.one(known) if known and c.chance(40) else date(2024, 1, 1) + timedelta(c.integer(0, 1500))
    world.note("date", value)
    return value


def literal(c: Chooser, world: World, ty: Ty, *, bare: bool = False) -> Ex:
    """A literal as an expression has it; with ``bare`` perhaps one without a unit."""
    if ty.base in ("money", "number"):
        scale = c.integer(0, 3)
        value = _amount(c, world, ty.base, scale)
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
        value = _amount(c, world, ty.base, 0)
        return Ex(plain(value) if bare and c.chance(50) else f"{plain(value)} {ty.base}", 0, 4)
    if ty.base == "date":
        return Ex(f'date("{_date(c, world).isoformat()}")', 0, 7)
    if ty.base == "boolean":
        return Ex(c.one(("true", "false")))
    if ty.base == "choice":
        return Ex(f'"{c.one(ty.of)}"')
    word = c.one(("x", "ab", "逾期", "A", "Ab x", ""))
    world.note("text", word)
    return Ex(f'"{word}"')


# --- expressions ------------------------------------------------------------------------------------


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
        if self.c.chance(50):
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
        if self.c.chance(50):
            return Ex(f"coalesce({a}, {b})")
        return Ex(f"({a} if {self.make(BOOLEAN, depth).text} else {b})")

    # -- truth

    def boolean(self, ty: Ty, depth: int) -> Ex:
        def logic() -> Ex:
            op = self.c.one((" and ", " or "))
            return Ex(f"({op.join(self.make(BOOLEAN, depth).text for _ in range(self.c.integer(2, 3)))})")

        def known() -> Ex:
            if self.world.lists and self.c.chance(20):
                return Ex(f"known({self.c.one(self.world.lists)[0]})")
            return Ex(f"known({self.make(self.c.one((CNY, NUMBER, DATE, GRADE, TEXT, BOOLEAN)), depth).text})")

        def part() -> Ex:
            name = self.c.one(("starts_with", "ends_with", "contains"))
            return Ex(f"{name}({self.make(TEXT, depth).text}, {self.make(TEXT, depth).text})")

        makers: list[Callable[[], Ex | None]] = [
            lambda: self._comparison(depth), lambda: self._comparison(depth), lambda: self._comparison(depth),
            lambda: self._membership(depth), logic, logic, lambda: Ex(f"(not {self.make(BOOLEAN, depth).text})"),
            known, part, lambda: self._fold(("any", "all"), BOOLEAN, depth), lambda: self._any(BOOLEAN, depth),
        ]  # fmt: skip
        return self._one_of(ty, makers)

    def _comparison(self, depth: int) -> Ex:
        ty = self.c.one((CNY, CNY, NUMBER, NUMBER, DAYS, MONTHS, DATE, INSTANT, GRADE, STATUS, TEXT, BOOLEAN, USD))
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


# --- the parts of a policy ----------------------------------------------------------------------------


def make_parameters(c: Chooser, world: World) -> dict[str, Any]:
    """Parameters of every form: short, long, dated, lists, named numbers, ladders."""
    done: dict[str, Any] = {}
    for i in range(c.integer(1, 4)):
        ty = c.one((CNY, NUMBER, DAYS, MONTHS, DATE, BOOLEAN, TEXT, USD))
        name, count = f"常数{i}", c.one((1, 1, 2, 3))
        texts = [_parameter_text(c, world, ty) for _ in range(count)]
        scale = max((len(t.split(" ")[0].rstrip("%").partition(".")[2]) + 2 * ("%" in t) for t in texts))
        known = Ex(name, max(2, scale) if ty.base == "money" else scale if ty.base == "number" else 0, 7)
        world.names.append((ty, known))
        if count == 1:
            done[name] = texts[0] if c.chance(60) else {"value": texts[0], "title": {"zh": f"常数{i}"}}
            continue
        firsts = sorted({_day(c, world) for _ in texts})
        done[name] = {"values": [{"from": d.isoformat(), "value": v} for d, v in zip(firsts, texts, strict=False)]}
        if ty == NUMBER:
            world.dated_rates.append(name)
    for ty, name in ((GRADE, "grades"), (NUMBER, "marks"), (CNY, "sums")):
        if c.chance(50):
            world.list_parameters.append((name, ty))
            texts = [literal(c, world, ty).text.strip('"') for _ in range(c.integer(1, 3))]
            done[name] = texts if ty == GRADE or c.chance(50) else {"value": texts}
    if c.chance(70):
        keys = ("salesperson", "经理", "vp")[: c.integer(1, 3)]
        parts = {key: c.one(("0", "1", "2", "3", "2.5")) for key in keys}
        parts[keys[0]] = c.one(("1", "5", "0.5"))
        world.shares.append(("shares", keys))
        done["shares"] = parts
    for i in range(c.integer(0, 2)):
        takes = c.one((CNY, NUMBER, DAYS, DATE))
        gives = c.one((CNY, NUMBER, TEXT, DAYS))
        name = f"ladder{i}"
        rungs = dict.fromkeys(_cell(c, world, takes) for _ in range(c.integer(1, 4)))
        done[name] = {"bands": {key: _parameter_text(c, world, gives) for key in rungs}}
        decimals = 5 if gives.base in ("money", "number") else 0
        world.ladders.append((name, takes, gives, Ex("", decimals, 7)))
    return done


def _parameter_text(c: Chooser, world: World, ty: Ty) -> str:
    """A literal as parameters have it: without quotes."""
    if ty.base == "date":
        return _date(c, world).isoformat()
    if ty.base == "text":
        return c.one(("x", "ab", "逾期", "Ab x"))
    return literal(c, world, ty).text


def _day(c: Chooser, world: World) -> date:
    """A day on which something begins."""
    day = c.one(world.days) if world.days and c.chance(30) else date(2025, 1, 1) + timedelta(c.integer(0, 700))
    world.days.append(day)
    return day


def _period(c: Chooser, world: World) -> dict[str, Any]:
    if c.chance(70):
        return {}
    first, last = sorted((_day(c, world), _day(c, world)))
    ends = {"from": first.isoformat(), "to": last.isoformat()}
    return {"effective": {key: ends[key] for key in c.some(("from", "to"), 1)}}


def _end(c: Chooser, world: World, ty: Ty) -> str:
    """An end of an interval: a literal, or the name of a constant."""
    known = [e.text for t, e in world.names if t == ty and e.text.isidentifier()]
    if known and c.chance(15):
        return c.one(known)
    return _date(c, world).isoformat() if ty.base == "date" else literal(c, world, ty, bare=True).text


def _cell(c: Chooser, world: World, ty: Ty) -> str:
    """A unary test."""
    if c.chance(10):
        return "-"
    if ty.base == "boolean":
        return c.one(("true", "false"))
    if ty.base in ("choice", "text"):
        texts = c.some(ty.of, 1, 2) if ty.of else [c.one(("x", '"ab"', "逾期"))]
        return f"not({', '.join(texts)})" if c.chance(25) else ", ".join(texts)
    kind = c.integer(0, 4)
    if kind == 0:
        a, b = _ordered_ends(c, world, ty)
        return f"{c.one('[(')}{a}..{b}{c.one('])')}"
    if kind == 1:
        return f"not({c.one(('<', '>'))} {_end(c, world, ty)})"
    if kind == 2:
        return ", ".join(_end(c, world, ty) for _ in range(c.integer(1, 2)))
    return f"{c.one(('<', '<=', '>', '>='))} {_end(c, world, ty)}"


def _ordered_ends(c: Chooser, world: World, ty: Ty) -> tuple[str, str]:
    if ty.base == "date":
        low, high = sorted((_date(c, world), _date(c, world)))
        return low.isoformat(), high.isoformat()
    scale = 2 if ty.base in ("money", "number") else 0
    low_, high_ = sorted((_amount(c, world, ty.base, scale), _amount(c, world, ty.base, scale)))
    return plain(low_), plain(high_)


def make_formulas(c: Chooser, world: World, maker: Maker) -> tuple[dict[str, Any], list[str]]:
    """Formulas that use one another, not in the order of use, and those of them that can be reported."""
    made: list[tuple[str, str]] = []
    reported: list[str] = []
    for i in range(c.integer(0, 5)):
        ty = c.one((CNY, CNY, NUMBER, NUMBER, DAYS, MONTHS, DATE, BOOLEAN, TEXT, GRADE, USD))
        ex = maker.make(ty, 3)
        if c.chance(50) and ty.base in NUMERIC:
            ex = maker.definite(ex, 2)
        name = f"算式{i}" if c.chance(30) else f"g{i}"
        most = {"money": 2, "number": 18}.get(ty.base, 0)
        if ex.scale is not None and ex.scale <= most:
            reported.append(name)
        made.append((name, ex.text))
        world.names.append((ty, Ex(name, ex.scale, ex.digits)))
    return dict(c.shuffled(made)), c.some(reported)


OUTPUT_TYPES = (CNY, CNY, NUMBER, DAYS, DATE, BOOLEAN, TEXT)


def make_table(c: Chooser, world: World, maker: Maker, name: str) -> dict[str, Any]:
    """A table that gives values, by any hit policy."""
    hit = c.one(("unique", "first", "any", "priority", "collect"))
    inputs, types = _inputs(c, maker)
    table: dict[str, Any] = {"inputs": inputs, "hit": hit}
    outputs = {f"o{i}": c.one(OUTPUT_TYPES) for i in range(c.integer(1, 2))}
    if hit == "collect":
        table["collect"] = how = c.one(("list", "sum", "min", "max", "count"))
        wanted = (CNY, NUMBER, DAYS) if how == "sum" else (CNY, NUMBER, DATE, DAYS)
        outputs = dict.fromkeys(outputs, c.one(wanted))
    rows = _rows(c, world, types, table)
    pool = {output: [_given(c, world, ty) for _ in range(2)] for output, ty in outputs.items()}
    plainly = table["hit"] in ("any", "priority")
    table["rows"] = [
        {"match": cells, "give": {o: c.one(pool[o]) if plainly else _value(c, world, maker, ty) for o, ty in outputs.items()}}
        for cells in rows
    ]
    if table["hit"] == "priority":
        table["priority"] = {o: c.shuffled(sorted(set(texts))) for o, texts in pool.items()}
    lists = hit == "collect" and table["collect"] in ("list", "count")
    if c.chance(30) and not lists:
        table["otherwise"] = {o: _given(c, world, ty) for o, ty in outputs.items()}
    for output, ty in outputs.items():
        if lists and table["collect"] == "list":
            continue
        counted = lists and table["collect"] == "count"
        scale = 0 if counted or ty.base not in ("money", "number") else 6
        world.names.append((NUMBER if counted else ty, Ex(f"{name}.{output}", scale, 8)))
    return table


def _inputs(c: Chooser, maker: Maker) -> tuple[list[str], list[Ty]]:
    types = [c.one((CNY, NUMBER, DAYS, DATE, GRADE, GRADE, STATUS, BOOLEAN, TEXT)) for _ in range(c.integer(1, 2))]
    made = [maker.leaf(ty).text if ty.base == "choice" or c.chance(60) else maker.make(ty, 1).text for ty in types]
    known = [all(t != ty for t, _ in maker.world.names) and ty.base == "choice" for ty in types]
    return made, [TEXT if lacking else ty for ty, lacking in zip(types, known, strict=True)]


def _given(c: Chooser, world: World, ty: Ty) -> str:
    """A value as a row gives it."""
    if ty.base == "text":
        return c.one(("high", '"a b"', "逾期"))
    if ty.base == "date":
        return _date(c, world).isoformat()
    return literal(c, world, ty).text


def _value(c: Chooser, world: World, maker: Maker, ty: Ty) -> str:
    """A value as a row gives it, or an expression."""
    if c.chance(70):
        return _given(c, world, ty)
    return maker.definite(maker.make(ty, 1), 6).text if ty.base in NUMERIC else maker.make(ty, 1).text


def _rows(c: Chooser, world: World, types: Sequence[Ty], table: dict[str, Any]) -> list[list[str]]:
    """The cells of the rows. Of a `unique` table they exclude one another, or it cannot be seen whether they do."""
    if table["hit"] != "unique":
        return [[_cell(c, world, ty) for ty in types] for _ in range(c.integer(1, 4))]
    rows = _unique_rows(c, world, types)
    if rows is None:
        table["hit"] = "first"
        return [[_cell(c, world, ty) for ty in types]]
    known = [e.text for ty, e in world.names if ty == types[0] and e.text.isidentifier()]
    if known and types[0].base in ORDERED and c.chance(30):
        rows.append([f"{c.one(('<', '>='))} {c.one(known)}", *["-"] * (len(types) - 1)])
    return rows


def _unique_rows(c: Chooser, world: World, types: Sequence[Ty]) -> list[list[str]] | None:
    """Rows that exclude one another by their first input; ``None`` where that input has no order or choices."""
    ty = types[0]
    rest = ["-"] * (len(types) - 1)
    if ty.base == "choice":
        cut = c.integer(1, len(ty.of) - 1)
        return [[", ".join(ty.of[:cut]), *rest], [f"not({', '.join(ty.of[:cut])})", *rest]]
    if ty.base == "boolean":
        return [["true", *rest], ["false", *rest]]
    if ty.base not in ("money", "number", "days"):
        return None
    scale = 0 if ty.base == "days" else 2
    cuts = sorted({_amount(c, world, ty.base, scale) for _ in range(c.integer(1, 3))})
    rows = [[f"< {plain(cuts[0])}", *rest], [f">= {plain(cuts[-1])}", *rest]]
    rows += [[f"[{plain(a)}..{plain(b)})", *rest] for a, b in zip(cuts, cuts[1:], strict=False)]
    return c.shuffled(rows[: c.integer(1, len(rows))])


REQUIREMENTS: tuple[Any, ...] = (
    {"approval": "manager"},
    {"approval": {"all_of": ["manager", "cfo"], "form": "written"}},
    {"approval": {"level": "manager", "within": "30 days"}},
    {"document": {"kind": "contract", "within": "2 months"}},
    {"action": {"name": "call", "owner": "manager", "due": "3 days"}},
)


def _requirement(c: Chooser, maker: Maker) -> Any:
    amount = maker.make(CNY, 1).text
    return c.one((
        *REQUIREMENTS, {"payment": {"amount": amount}}, {"payment": {"share": "30%", "of": amount}},
        {"approval": {"any_of": ["manager", "cfo"], "amount": amount}},
        {"action": {"name": "call", "due": maker.make(DATE, 1).text}},
    ))  # fmt: skip


def _effects(c: Chooser, world: World, maker: Maker, outputs: dict[str, Ty]) -> dict[str, Any]:
    done: dict[str, Any] = {}
    effect = c.one(("deny", "review", "flag", "allow", "none", "none"))
    if effect == "review":
        done["review"] = [_requirement(c, maker) for _ in range(c.integer(1, 2))]
    elif effect != "none":
        done[effect] = True
    if effect == "none" or c.chance(30):
        done["compute"] = {o: _computed(c, world, maker, outputs[o]) for o in c.some(list(outputs), 1, 2)}
    if c.chance(10):
        done["notify"] = "cfo"
    return done


def _computed(c: Chooser, world: World, maker: Maker, ty: Ty) -> str:
    if ty.base == "split":
        return f"allocate(round({maker.make(CNY, 2).text}, 2), shares)"
    if ty.base == "text":
        return literal(c, world, ty).text
    made = literal(c, world, ty) if c.chance(30) else maker.make(ty, 3)
    return maker.definite(made, 2).text if ty.base in NUMERIC else made.text


def make_rules(
    c: Chooser, world: World, maker: Maker, prefix: str, outputs: dict[str, Ty], tables: dict[str, Any]
) -> list[Any]:
    """Rules with every effect, and exceptions from rules before them."""
    rules: list[Any] = []
    for i in range(c.integer(1, 5)):
        rule: dict[str, Any] = {"id": f"{prefix}-{i}"} | _period(c, world)
        if c.chance(90):
            rule["when"] = True if c.chance(5) else maker.make(BOOLEAN, 3).text
        others = [r["id"] for r in rules] + [n for n, t in tables.items() if "give" not in t["rows"][0]]
        if others and c.chance(25):
            rule["excepts"] = c.some(others, 1, 2)
            if c.chance(50):
                rule["requires"] = _requirement(c, maker)
            if c.chance(30):
                rule["compute"] = {o: _computed(c, world, maker, outputs[o]) for o in c.some(list(outputs), 1, 1)}
        else:
            rule |= _effects(c, world, maker, outputs)
        rules.append(rule)
    return rules


def make_policy(c: Chooser, world: World, prefix: str) -> dict[str, Any]:
    """A policy of the control point `point`."""
    before = len(world.names)
    world.lists = list(world.lists)
    for held in (world.list_parameters, world.ladders, world.shares, world.dated_rates):
        held.clear()
    policy: dict[str, Any] = {"policy": prefix, "control_point": "point"} | _period(c, world)
    if c.chance(20):
        policy["month_arithmetic"] = "error"
    policy["parameters"] = make_parameters(c, world)
    maker = Maker(c, world)
    tables = {}
    if c.chance(60):
        tables["t0"] = make_table(c, world, maker, "t0")
    policy["let"], policy["outputs"] = make_formulas(c, world, maker)
    if c.chance(40):
        tables["t1"] = make_table(c, world, maker, "t1")
    outputs = {f"{prefix}_out{i}": c.one(OUTPUT_TYPES) for i in range(3)}
    if world.shares:
        outputs[f"{prefix}_split"] = Ty("split")
    if c.chance(40):
        tables[f"{prefix}-T"] = _effect_table(c, world, maker, outputs)
    policy["rules"] = make_rules(c, world, maker, prefix, outputs, tables)
    policy["outputs"] = [f"{prefix}_{name}" for name in policy["outputs"]]
    policy["let"] |= {f"{prefix}_{n}": policy["let"][n] for n in policy["let"] if f"{prefix}_{n}" in policy["outputs"]}
    policy["tables"] = tables
    del world.names[before:]
    return {key: value for key, value in policy.items() if value not in ([], {})}


def _effect_table(c: Chooser, world: World, maker: Maker, outputs: dict[str, Ty]) -> dict[str, Any]:
    """A table whose rows are rules."""
    inputs, types = _inputs(c, maker)
    hit = c.one(("first", "unique", "any", "priority", "collect"))
    table: dict[str, Any] = {"inputs": inputs, "hit": hit} | _period(c, world)
    rows = _rows(c, world, types, table)
    if hit == "collect":
        table["collect"] = "list"
    table["rows"] = [{"match": cells} | (_effects(c, world, maker, outputs)) for cells in rows]
    return table


ORGANISATION: dict[str, Any] = {
    "organisation": "o",
    "roles": {"gm": {}, "cfo": {"reports_to": "gm"}, "manager": {"reports_to": "cfo"}},
    "authority": [{"role": "manager", "amount": "1000 CNY"}],
    "calendar": {"holidays": ["2025-01-01", "2026-01-01"], "workdays": ["2026-01-03"]},
}


@dataclass
class Made:
    """A policy set: its documents, and what facts for it are made from."""

    documents: list[dict[str, Any]]
    world: World

    @property
    def text(self) -> str:
        return yaml.safe_dump_all(self.documents, allow_unicode=True, sort_keys=False, width=200)


def make_set(c: Chooser) -> Made:
    """A vocabulary, an organisation, policies of one control point, perhaps an overlay that switches off."""
    world = World()
    documents = [make_vocabulary(c, world), ORGANISATION]
    policies = [make_policy(c, world, prefix) for prefix in ("P", "Q")[: c.one((1, 1, 2))]]
    documents += policies
    if c.chance(20):
        rule = c.one([rule["id"] for policy in policies for rule in policy["rules"]])
        off = {"rule": rule, "because": "x", "owner": "cfo", "until": _day(c, world).isoformat()}
        documents.append({"overlay": "here", "off": [off]})
    return Made(documents, world)


# --- facts --------------------------------------------------------------------------------------------


@dataclass
class Case:
    """Facts as the oracle has them, the same as a caller gives them, the day, and the evidence."""

    facts: dict[str, Any]
    given: dict[str, Any]
    as_of: date
    evidence: dict[str, Any] | None


def make_case(c: Chooser, world: World) -> Case:
    """Facts that are valid for the vocabulary, many of them at and beside the constants of the policies."""
    missing = c.one((0, 0, 8, 30))
    facts = {k: _record(c, world, s, missing) for k, s in world.kinds.items() if not c.chance(missing // 3)}
    days = [day + timedelta(shift) for day in world.days for shift in (-1, 0, 1)]
    as_of = c.one(days) if days and c.chance(70) else date(2025, 1, 1) + timedelta(c.integer(0, 900))
    evidence = _evidence(c, as_of) if c.chance(50) else None
    return Case(facts, present(c, world, facts, evidence), as_of, evidence)


def _record(c: Chooser, world: World, specs: Sequence[Spec], missing: int) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for spec in specs:
        if c.chance(missing):
            continue
        if spec.record is not None:
            facts[spec.name] = _record(c, world, spec.record, missing)
        elif spec.items is not None:
            facts[spec.name] = [_record(c, world, spec.items, missing) for _ in range(c.one((0, 1, 2, 3)))]
        else:
            facts[spec.name] = _fact(c, world, spec)
    return facts


def present(c: Chooser, world: World, facts: dict[str, Any], evidence: dict[str, Any] | None) -> dict[str, Any]:
    """The same facts as a caller gives them: in any accepted form, in any order, unknown ones left out or None."""
    given = {k: _presented(c, specs, facts[k]) for k, specs in world.kinds.items() if k in facts}
    if evidence is not None:
        given["evidence"] = evidence
    return dict(c.shuffled(list(given.items())))


def _presented(c: Chooser, specs: Sequence[Spec], facts: dict[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for spec in specs:
        value = facts.get(spec.name)
        if value is None:
            given |= {spec.name: None} if c.chance(20) else {}
        elif spec.record is not None:
            given[spec.name] = _presented(c, spec.record, value)
        elif spec.items is not None:
            given[spec.name] = c.one((list, tuple))([_presented(c, spec.items, item) for item in value])
        else:
            given[spec.name] = shown_as(c, spec, value)
    return dict(c.shuffled(list(given.items())))


def _fact(c: Chooser, world: World, spec: Spec) -> Any:
    assert spec.ty is not None
    if spec.ty.base in NUMERIC:
        unit = Fraction(1, 10**spec.scale)
        if world.values.get(spec.ty.base) and c.chance(60):
            value = c.one(world.values[spec.ty.base]) // unit * unit + c.integer(-1, 1) * unit
        else:
            value = c.one((spec.low, spec.high, Fraction(0), Fraction(c.integer(0, 10**spec.digits - 1)) * unit))
        return max(spec.low, min(spec.high, value))
    if spec.ty.base == "date":
        days = [*world.values.get("date", []), *world.days]
        if c.chance(10):
            return c.one((spec.low, spec.high))
        if days and c.chance(60):
            return max(spec.low, min(spec.high, c.one(days) + timedelta(c.integer(-1, 1))))
        return date(2023, 1, 1) + timedelta(c.integer(0, 1800))
    if spec.ty.base == "instant":
        return c.integer(0, 4) * 1_000_000 + 1_700_000_000_000_000
    if spec.ty.base == "boolean":
        return c.chance(50)
    if spec.ty.base == "choice":
        return c.one(spec.ty.of)
    return c.one([*world.values.get("text", []), "", "ab", "逾期"])


def shown_as(c: Chooser, spec: Spec, value: Any) -> Any:
    """A value in one of the forms that callers may give it in."""
    assert spec.ty is not None
    if spec.ty.base in NUMERIC:
        forms = [Decimal(plain(value)), plain(value)]
        if value.denominator == 1:
            forms += [int(value), Decimal(int(value)).scaleb(2).scaleb(-2)]
        if spec.digits <= 15:
            forms.append(float(Decimal(plain(value))))
        return c.one(forms)
    if spec.ty.base == "date":
        return c.one((value, value.isoformat(), datetime(value.year, value.month, value.day)))
    if spec.ty.base == "instant":
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)
        return c.one((moment, moment.isoformat()))
    if spec.ty.base == "boolean":
        return c.one((value, "true" if value else "false"))
    return value


def _evidence(c: Chooser, as_of: date) -> dict[str, Any]:
    day = as_of - timedelta(c.integer(-1, 40))
    approvals = [{"person": f"p{i}", "role": c.one(("manager", "cfo")), "date": day} for i in range(c.integer(0, 2))]
    for approval in approvals:
        approval |= {"form": "written"} if c.chance(50) else {}
    return {
        "approvals": approvals,
        "documents": [{"kind": "contract", "date": day}] if c.chance(50) else [],
        "payments": [{"amount": Decimal(c.integer(0, 5000)), "date": day}] if c.chance(50) else [],
        "actions": [{"name": "call", "date": day, "person": "p0"}] if c.chance(50) else [],
    }


# --- for Hypothesis ---------------------------------------------------------------------------------


@st.composite
def choosers(draw: st.DrawFn) -> Chooser:
    """Choices that Hypothesis makes and can shrink."""
    return Chooser(lambda low, high: draw(_integers(low, high)))


@st.composite
def policy_sets(draw: st.DrawFn) -> tuple[Made, Chooser]:
    """A random policy set, and the choices from which cases for it are made."""
    c = draw(choosers())
    return make_set(c), c
