"""Text to facts: what the cells of a table, and the values of a test in YAML, mean for a field.

A cell is brought into a form that the engine reads, and nothing more. What is in none of the forms below is
handed on as it is, and the engine refuses it with its own words; so there is one place that says what a fact
may be.

========================= ====================================================================
money, decimal, rate      ``1234.50``, ``1,234.50``, ``-3``; money ``5000 CNY``; a rate ``5%``
integer, days, months     ``30``, ``1,200``; ``30 days``, ``2 months``
date                      ``2024-03-01``, ``2024/3/1``; another order only where it is declared
boolean                   ``true``/``false``, ``yes``/``no``, ``是``/``否``, ``1``/``0``
instant, choice           as in a policy, spaces around it aside
text                      as it is
list                      JSON
========================= ====================================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from salesctrl.numbers import format_plain
from salesctrl.policy.literals import BadLiteral, parse_literal
from salesctrl.policy.types import Base, Type
from salesctrl.tables.exact_json import BadJson, number_of, parse_json

DayOrder = Literal["year/month/day", "month/day/year", "day/month/year"]

_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_WITH_UNIT = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?: ?%| +[A-Za-z]+)")
_FLOAT = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
_YEAR_FIRST = re.compile(r"(?P<year>[0-9]{4})/(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})")
_YEAR_LAST: Mapping[DayOrder, re.Pattern[str]] = {
    "month/day/year": re.compile(r"(?P<month>[0-9]{1,2})([/.-])(?P<day>[0-9]{1,2})\2(?P<year>[0-9]{4})"),
    "day/month/year": re.compile(r"(?P<day>[0-9]{1,2})([/.-])(?P<month>[0-9]{1,2})\2(?P<year>[0-9]{4})"),
}
_WORDS = {
    "true": True,
    "yes": True,
    "是": True,
    "1": True,
    "false": False,
    "no": False,
    "否": False,
    "0": False,
}
_NUMBERS = frozenset({Base.MONEY, Base.NUMBER, Base.DAYS, Base.MONTHS})


def cell_value(
    text: str, type_: Type, *, order: DayOrder = "year/month/day", nearest: bool = False
) -> object:
    """The fact that a cell holds, in a form that the engine takes, or the text itself.

    Args:
        text: What the cell holds; it is not blank.
        type_: The type of the field that it is for.
        order: How dates are written, where the year does not come first.
        nearest: Numbers with noise of binary arithmetic are handed on as floats, for the engine to round.

    >>> from salesctrl.policy.types import BOOLEAN, DATE, money, number
    >>> cell_value("1,234.50", money("CNY")), cell_value("5%", number(4, percent=True))
    ('1234.50', '0.05')
    >>> cell_value("2024/3/1", DATE), cell_value("是", BOOLEAN), cell_value("1,23", money("CNY"))
    ('2024-03-01', True, '1,23')
    """
    base = type_.base
    if base is Base.TEXT:
        return text
    text = text.strip()
    if base in _NUMBERS:
        return _number(text, type_, nearest)
    if base is Base.DATE:
        return _date(text, order)
    if base is Base.BOOLEAN:
        return _WORDS.get(text.casefold(), text)
    if base in (Base.LIST, Base.MAP):
        return json_value(text, nearest=nearest)
    return text


def json_value(text: str, *, nearest: bool = False) -> object:
    """What JSON in a cell means; the text itself where it is no JSON.

    >>> json_value('[{"quantity": 2}]'), json_value("[1, 2")
    ([{'quantity': 2}], '[1, 2')
    """
    try:
        return parse_json(text, nearest=nearest)
    except BadJson:
        return text


def without_gaps(cell: object) -> object:
    """A record from a column of structs without the fields that it does not have: the column has them all.

    >>> without_gaps({"role": "cfo", "by": None}), without_gaps([{"role": None}])
    ({'role': 'cfo'}, [None])
    """
    if isinstance(cell, dict):
        kept = {key: without_gaps(value) for key, value in cell.items() if value is not None}
        return kept or None
    if isinstance(cell, list):
        return [without_gaps(item) for item in cell]
    return cell


def _number(text: str, type_: Type, nearest: bool) -> object:
    if _GROUPED.fullmatch(text):
        return text.replace(",", "")
    if _WITH_UNIT.fullmatch(text):
        return _without_unit(text, type_)
    if nearest and _FLOAT.fullmatch(text):
        number = number_of(text)
        return number if isinstance(number, float) else text
    return text


def _without_unit(text: str, type_: Type) -> str:
    """The number alone, where its unit is that of the type."""
    try:
        constant = parse_literal(text)
    except BadLiteral:
        return text
    given = constant.type
    same = (given.base, given.currency, given.percent) == (type_.base, type_.currency, type_.percent)
    return format_plain(int(constant.value), given.scale or 0) if same else text


def _date(text: str, order: DayOrder) -> str:
    pattern = _YEAR_LAST.get(order)
    found = _YEAR_FIRST.fullmatch(text) or (pattern.fullmatch(text) if pattern is not None else None)
    return f"{found['year']}-{found['month']:0>2}-{found['day']:0>2}" if found else text
