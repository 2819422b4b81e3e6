"""Where the cells of a table can hold: to find rows that overlap and values that no row takes.

Only tests against literals of the same input are understood. Anything else is taken to hold anywhere, and
the row is then not used as a proof of an overlap. Where an input has so many decimals and no more, only what
can be said with them counts: of whole numbers none lies between ``> 5`` and ``< 6``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil, floor

from salesctrl.expr import tree as t
from salesctrl.numbers import format_percent, format_plain
from salesctrl.policy.types import ORDERED, Base

_Bound = tuple[Fraction, int]
"""An end of an interval: the number, and 0 for before it, 1 for after it."""
_Piece = tuple[_Bound | None, _Bound | None]


@dataclass(frozen=True, slots=True)
class Region:
    """A set of values: pieces of the number line, or texts (``complement``: all texts but these)."""

    pieces: tuple[_Piece, ...] = ()
    texts: frozenset[str | bool] | None = None
    complement: bool = False

    def is_empty(self) -> bool:
        """Whether nothing is in it."""
        return not self.pieces if self.texts is None else not self.texts and not self.complement

    def meet(self, other: Region) -> Region:
        """What is in both."""
        if self.texts is not None and other.texts is not None:
            if self.complement and other.complement:
                return Region(texts=self.texts | other.texts, complement=True)
            if self.complement or other.complement:
                some, none = (other, self) if self.complement else (self, other)
                assert some.texts is not None and none.texts is not None
                return Region(texts=some.texts - none.texts)
            return Region(texts=self.texts & other.texts)
        pieces = [_meet(a, b) for a in self.pieces for b in other.pieces]
        return Region(tuple(p for p in pieces if p is not None))

    def outside(self) -> Region:
        """What is not in it."""
        if self.texts is not None:
            return Region(texts=self.texts, complement=not self.complement)
        rest: list[_Piece] = [(None, None)]
        for low, high in self.pieces:
            cut: list[_Piece] = []
            for piece in rest:
                left = _meet(piece, (None, low)) if low is not None else None
                right = _meet(piece, (high, None)) if high is not None else None
                cut += [p for p in (left, right) if p is not None]
            rest = cut
        return Region(tuple(rest))

    def union(self, other: Region) -> Region:
        """What is in either."""
        return self.outside().meet(other.outside()).outside()


def _meet(a: _Piece, b: _Piece) -> _Piece | None:
    low = a[0] if b[0] is None else b[0] if a[0] is None else max(a[0], b[0])
    high = a[1] if b[1] is None else b[1] if a[1] is None else min(a[1], b[1])
    return None if low is not None and high is not None and low >= high else (low, high)


ANY_NUMBER = Region(((None, None),))
ANY_TEXT = Region(texts=frozenset(), complement=True)


def everything(x: t.Node) -> Region:
    """All values that an input can have."""
    if x.type.base is Base.CHOICE:
        return Region(texts=frozenset(x.type.choices))
    if x.type.base is Base.BOOLEAN:
        return Region(texts=frozenset({True, False}))
    return ANY_NUMBER if x.type.base in ORDERED else ANY_TEXT


def example(some: Region, x: t.Node) -> str | None:
    """One of the values in a set, in words; ``None`` where none is plain to name."""
    if some.texts is not None:
        if some.complement or not some.texts:
            return None
        if x.type.base is Base.BOOLEAN:
            return "true" if True in some.texts else "false"
        return next((c for c in x.type.choices if c in some.texts), None) or min(map(str, some.texts))
    if x.type.scale is None or not some.pieces or x.type.base is Base.INSTANT:
        return None
    low, high = some.pieces[0]
    unit = 10**x.type.scale
    value = Fraction(date(2000, 1, 1).toordinal() if x.type.base is Base.DATE else 0)
    if low is not None or high is not None:
        value = low[0] if low is not None else high[0] - Fraction(1, unit) if high is not None else value
    if x.type.base is Base.DATE:
        inside = 1 <= value <= date.max.toordinal()
        return date.fromordinal(int(value)).isoformat() if inside else None
    number = int(value * unit)
    if x.type.percent:
        return format_percent(number, x.type.scale)
    plain = format_plain(number, x.type.scale)
    return plain if x.type.base is Base.NUMBER else f"{plain} {x.type.unit}"


def region(test: t.Node, x: t.Node) -> Region | None:
    """The values of ``x`` for which a cell's test holds, ``None`` where that is not plain from the test."""
    match test:
        case t.Literal(value=bool()):
            return everything(x) if test.value else everything(x).meet(everything(x).outside())
        case t.Not():
            inner = region(test.operand, x)
            return None if inner is None else everything(x).meet(inner.outside())
        case t.Logic():
            parts = [region(o, x) for o in test.operands]
            done = parts[0]
            for part in parts[1:]:
                if done is None or part is None:
                    return None
                done = done.meet(part) if test.op == "and" else done.union(part)
            return done
        case t.Compare() if test.left is x and isinstance(test.right, t.Literal):
            return _compared(test.op, test.right, x)
    return None


def _compared(op: str, end: t.Literal, x: t.Node) -> Region:
    if x.type.base not in ORDERED:
        texts = Region(texts=frozenset({end.value})) if isinstance(end.value, str | bool) else ANY_TEXT
        return texts if op == "==" else everything(x).meet(texts.outside())
    at = Fraction(int(end.value), 10 ** (end.type.scale or 0))
    before, after = (at, 0), (at, 1)
    if x.type.scale is not None:
        # "After" a value of the grid is "before" the next one; a value off the grid lies between two.
        step = Fraction(1, 10**x.type.scale)
        before, after = (ceil(at / step) * step, 0), ((floor(at / step) + 1) * step, 0)
    same: tuple[_Piece, ...] = ((before, after),) if before != after else ()
    pieces: dict[str, tuple[_Piece, ...]] = {
        "==": same, "!=": ((None, before), (after, None)),
        "<": ((None, before),), "<=": ((None, after),), ">": ((after, None),), ">=": ((before, None),),
    }  # fmt: skip
    return Region(pieces[op])
