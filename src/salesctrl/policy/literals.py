"""Literals as policies write them: ``30 days``, ``5%``, ``5000 CNY``, ``2026-12-31``, ``true``, text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from salesctrl.numbers import parse_decimal
from salesctrl.policy.types import BOOLEAN, DATE, DAYS, MONTHS, TEXT, Type, money, number

NUMBER_PATTERN = r"\d+(?:\.\d+)?"
UNITS = {"day": DAYS, "days": DAYS, "month": MONTHS, "months": MONTHS}
_LITERAL = re.compile(rf"(?P<number>[+-]?{NUMBER_PATTERN})\s*(?P<unit>%|[A-Za-z]+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")
MAX_LITERAL_DIGITS = 38


class BadLiteral(ValueError):
    """A text that begins like a number or date and is none; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A value known when the policy is loaded, in its run-time form, with its type.

    >>> parse_literal("5%").value, str(parse_literal("5%").type)
    (5, 'rate')
    """

    value: int | str | bool
    type: Type


def parse_number(text: str, unit: str | None) -> Constant:
    """A number with an optional unit (``%``, ``days``, ``months``, a currency code).

    Raises :class:`BadLiteral` where the number is too long, the unit unknown, or days have decimals.

    >>> parse_number("30", "days").value, parse_number("12.50", "CNY").value
    (30, 1250)
    """
    try:
        value, scale = parse_decimal(text)
    except ValueError as error:
        raise BadLiteral(f"expected a number but got `{text}`") from error
    if len(str(abs(value))) > MAX_LITERAL_DIGITS:
        raise BadLiteral(f"`{text}` has more than {MAX_LITERAL_DIGITS} digits")
    if unit is None:
        return Constant(value, number(scale, bare=True))
    if unit == "%":
        return Constant(value, number(scale + 2, percent=True))
    if unit in UNITS:
        if scale:
            raise BadLiteral(f"expected a whole number of {unit} but got `{text} {unit}`")
        return Constant(value, UNITS[unit])
    if _CURRENCY.fullmatch(unit):
        return Constant(value * 10 ** max(0, 2 - scale), money(unit, max(2, scale)))
    raise BadLiteral(f"unknown unit `{unit}`, expected `%`, `days`, `months` or a currency such as `CNY`")


def parse_date(text: str) -> Constant:
    """A calendar day, ``YYYY-MM-DD``, as its ordinal.

    >>> parse_date("2026-01-01").value
    739617
    """
    try:
        if not _DATE.fullmatch(text):
            raise ValueError(text)
        return Constant(date.fromisoformat(text).toordinal(), DATE)
    except ValueError as error:
        raise BadLiteral(f"expected a date such as 2026-12-31 but got `{text}`") from error


def parse_literal(source: str | bool) -> Constant:
    """A literal in the form of a parameter or a cell. What is no number, date or boolean is text.

    >>> parse_literal("2026-12-31").type.base, parse_literal("weekly").type.base
    (<Base.DATE: 'date'>, <Base.TEXT: 'text'>)
    """
    if isinstance(source, bool):
        return Constant(source, BOOLEAN)
    text = source.strip()
    if text in ("true", "false"):
        return Constant(text == "true", BOOLEAN)
    if re.match(r"\d{4}-\d", text):
        return parse_date(text)
    found = _LITERAL.fullmatch(text)
    if found:
        return parse_number(found["number"], found["unit"])
    if re.match(r"[+-]?[\d.]", text):
        raise BadLiteral(f"expected a number, a date or a text that begins with a letter but got `{text}`")
    return Constant(text, TEXT)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def instant_of(moment: datetime) -> int:
    """Microseconds since 1970-01-01T00:00Z; raises :class:`BadLiteral` for a time without a zone.

    >>> instant_of(datetime(1970, 1, 1, 8, tzinfo=UTC))
    28800000000
    """
    if moment.tzinfo is None:
        raise BadLiteral(
            f"expected a time with its zone, such as 2026-01-01T08:00+08:00, but got `{moment.isoformat()}`"
        )
    return (moment - _EPOCH) // _MICROSECOND


def parse_instant(text: str) -> int:
    """A point in time, ISO 8601 with its zone.

    >>> parse_instant("1970-01-01T08:00+08:00")
    0
    """
    try:
        return instant_of(datetime.fromisoformat(text))
    except BadLiteral:
        raise
    except ValueError as error:
        raise BadLiteral(
            f"expected a time with its zone, such as 2026-01-01T08:00+08:00, but got `{text}`"
        ) from error
