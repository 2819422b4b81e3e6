"""Numbers as an account shows them, and by how much one is over or short of another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from salesctrl.decision.values import Language, shown_value
from salesctrl.decision.words import Words
from salesctrl.decision.working import Part
from salesctrl.numbers import format_ratio, format_scaled
from salesctrl.policy.types import DAYS, Base

_FRACTION = re.compile(r" \([-0-9,/]+\)")
"""The exact fraction beside a rounded quotient; it is shown where the quotient is computed."""
MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
"""A comparison with its sides exchanged."""


def short_ratio(text: str) -> str:
    """A quotient without its fraction.

    >>> short_ratio("≈ 0.1493 (323/2,163)")
    '≈ 0.1493'
    """
    return _FRACTION.sub("", text)


def money_text(amount: int, scale: int) -> str:
    """An amount with the decimals that it has, two at least: a product of rates has more than it needs.

    >>> money_text(220000000, 4), money_text(1234567, 4)
    ('22,000.00', '123.4567')
    """
    while scale > 2 and amount % 10 == 0:
        amount, scale = amount // 10, scale - 1
    return format_scaled(amount, scale)


def gap(part: Part, words: Words) -> str:
    """By how much the left side of a comparison is over or short of the right one; nothing of other parts."""
    while part.kind == "not" and part.raw is not None:
        part = part.children[0]
    if part.kind != "compare" or part.op in ("==", "!=") or part.raw is None:
        return ""
    left, right = part.children
    if any(side.kind == "literal" and side.raw == 0 for side in part.children):
        return ""
    difference = _difference(left, right, words)
    if difference is None:
        return ""
    if not difference[0]:
        return words.say("exactly")
    op = part.op if left.kind != "literal" else MIRRORED[part.op]
    over = op in (">", ">=") if part.raw else op in ("<", "<=")
    return words.say("over" if over else "short", difference=difference[1])


def comparisons(conditions: Sequence[Part]) -> Iterator[tuple[Fraction, Fraction]]:
    """The values of both sides of every comparison in some conditions, formulas opened."""
    todo, seen = list(conditions), set[tuple[str, str]]()
    while todo:
        part = todo.pop()
        if part.kind == "formula":
            if (part.policy, part.name) not in seen:
                seen.add((part.policy, part.name))
                todo += part.inside
        elif part.kind == "compare":
            a, b = (_exact(side) for side in part.children)
            if a is not None and b is not None:
                yield a, b
        todo += part.children


def _difference(left: Part, right: Part, words: Words) -> tuple[Fraction, str] | None:
    """What lies between two values, and in words; ``None`` for what has no differences, or no value."""
    a, b = _exact(left), _exact(right)
    if a is None or b is None:
        return None
    between = abs(a - b)
    if left.type.percent or right.type.percent:
        return between, words.say("points", number=_number(between * 100, _scale(left, right) - 2))
    return between, _amount(between, left, right, words.lang)


def _amount(between: Fraction, left: Part, right: Part, lang: Language) -> str:
    if left.type.base is Base.DATE:
        return shown_value(int(between), DAYS, lang)
    if left.type.base in (Base.DAYS, Base.MONTHS) and between.denominator == 1:
        return shown_value(int(between), left.type, lang)
    scale = _scale(left, right)
    cents = between * 10**scale
    if left.type.base is Base.MONEY and cents.denominator == 1:
        return money_text(int(cents), scale)
    return _number(between, scale)


def _number(value: Fraction, scale: int) -> str:
    """A number with so many decimals, if that is all of it; else rounded, and said to be."""
    scaled = value * 10 ** max(scale, 0)
    if scaled.denominator == 1:
        return format_scaled(int(scaled), max(scale, 0))
    return short_ratio(format_ratio(value.numerator, value.denominator))


def _scale(left: Part, right: Part) -> int:
    return max(left.type.scale or 0, right.type.scale or 0)


def _exact(part: Part) -> Fraction | None:
    """The value of a number, or the day of a date; ``None`` for what is neither."""
    if part.type.base is not Base.DATE and not part.type.is_numeric:
        return None
    if isinstance(part.raw, tuple):
        num, den = part.raw
        assert isinstance(num, int)
        assert isinstance(den, int)
        return Fraction(num, den)
    return Fraction(part.raw, 10 ** (part.type.scale or 0)) if isinstance(part.raw, int) else None
