"""Values as people and programs get them: from the scaled integers of a plan to `Decimal`, text and JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal, TypeAlias

from salesctrl.numbers import format_percent, format_plain, format_ratio, format_scaled
from salesctrl.policy.types import Base, Type

Language: TypeAlias = Literal["en", "zh"]
Raw: TypeAlias = object
"""A run-time value: a scaled integer, a pair for a quotient, an ordinal, a text, a boolean, a tuple,
``None``."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNKNOWN: Mapping[Language, str] = {"en": "unknown", "zh": "未知"}
_WORDS: Mapping[Language, Mapping[bool, str]] = {
    "en": {True: "yes", False: "no"},
    "zh": {True: "是", False: "否"},
}
UNITS: Mapping[Language, Mapping[Base, tuple[str, str]]] = {
    "en": {Base.DAYS: (" day", " days"), Base.MONTHS: (" month", " months")},
    "zh": {Base.DAYS: ("天", "天"), Base.MONTHS: ("个月", "个月")},
}


def python_value(raw: Raw, type_: Type) -> object:
    """The value as Python's own type: `Decimal` for money and rates, `Fraction` for a quotient, `date`.

    >>> from salesctrl.policy.types import DATE, money
    >>> python_value(1250, money("CNY")), python_value(739617, DATE)
    (Decimal('12.50'), datetime.date(2026, 1, 1))
    """
    if raw is None:
        return None
    match type_.base:
        case Base.MONEY | Base.NUMBER:
            if isinstance(raw, tuple):
                return Fraction(*raw)
            assert isinstance(raw, int)
            if type_.base is Base.NUMBER and type_.scale == 0:
                return raw
            return (
                Decimal(raw).scaleb(-(type_.scale or 0))
                if abs(raw) < 10**27
                else Decimal(format_plain(raw, type_.scale or 0))
            )
        case Base.DATE:
            assert isinstance(raw, int)
            return date.fromordinal(raw)
        case Base.INSTANT:
            assert isinstance(raw, int)
            return _EPOCH + timedelta(microseconds=raw)
        case Base.MAP:
            return {key: python_value(part, _element(type_)) for key, part in _parts(raw, type_)}
        case Base.LIST if type_.element is not None:
            assert isinstance(raw, tuple)
            return [python_value(part, type_.element) for part in raw]
    return raw


def plain_value(raw: Raw, type_: Type) -> object:
    """The value as JSON has it: money, numbers with decimals and quotients as text, dates in ISO 8601.

    >>> from salesctrl.policy.types import money, number
    >>> plain_value(1250, money("CNY")), plain_value(3, number(0)), plain_value((1, 3), number(None))
    ('12.50', 3, '1/3')
    """
    if raw is None or isinstance(raw, bool | str):
        return raw
    match type_.base:
        case Base.MONEY | Base.NUMBER:
            if isinstance(raw, tuple):
                return str(Fraction(*raw))
            assert isinstance(raw, int)
            return (
                raw if type_.base is Base.NUMBER and type_.scale == 0 else format_plain(raw, type_.scale or 0)
            )
        case Base.DATE:
            assert isinstance(raw, int)
            return date.fromordinal(raw).isoformat()
        case Base.INSTANT:
            assert isinstance(raw, int)
            return (_EPOCH + timedelta(microseconds=raw)).isoformat()
        case Base.MAP:
            return {key: plain_value(part, _element(type_)) for key, part in _parts(raw, type_)}
        case Base.LIST if type_.element is not None:
            assert isinstance(raw, tuple)
            return [plain_value(part, type_.element) for part in raw]
    return raw


def shown_value(raw: Raw, type_: Type, lang: Language = "en") -> str:
    """The value as people read it: ``19,000.00``, ``6.00%``, ``45 days``, ``A``.

    >>> from salesctrl.policy.types import DAYS, money, number
    >>> shown_value(1900000, money("CNY")), shown_value(600, number(4, percent=True))
    ('19,000.00', '6.00%')
    >>> shown_value(45, DAYS, "zh")
    '45天'
    """
    if raw is None:
        return UNKNOWN[lang]
    return _SHOWN[type_.base](raw, type_, lang)


def _number(raw: Raw, type_: Type, lang: Language) -> str:
    if isinstance(raw, tuple):
        num, den = raw
        if type_.percent:
            return format_ratio(num * 100, den) + "%"
        return format_ratio(num, den)
    assert isinstance(raw, int)
    return format_percent(raw, type_.scale or 0) if type_.percent else format_scaled(raw, type_.scale or 0)


def _duration(raw: Raw, type_: Type, lang: Language) -> str:
    assert isinstance(raw, int)
    one, many = UNITS[lang][type_.base]
    return f"{raw:,}{one if raw in (1, -1) else many}"


def _date(raw: Raw, type_: Type, lang: Language) -> str:
    assert isinstance(raw, int)
    return date.fromordinal(raw).isoformat()


def _instant(raw: Raw, type_: Type, lang: Language) -> str:
    assert isinstance(raw, int)
    return (_EPOCH + timedelta(microseconds=raw)).isoformat(sep=" ")


def _boolean(raw: Raw, type_: Type, lang: Language) -> str:
    return _WORDS[lang][bool(raw)]


def _text(raw: Raw, type_: Type, lang: Language) -> str:
    return f'"{raw}"'


def _choice(raw: Raw, type_: Type, lang: Language) -> str:
    label = type_.labels[type_.choices.index(str(raw))] if type_.labels else None
    return f'"{raw}"' if label is None else label[lang == "zh"]


def _map(raw: Raw, type_: Type, lang: Language) -> str:
    element = _element(type_)
    return ", ".join(f"{key} {shown_value(part, element, lang)}" for key, part in _parts(raw, type_))


def _list(raw: Raw, type_: Type, lang: Language) -> str:
    assert isinstance(raw, tuple)
    if type_.element is None:
        return f"{len(raw)} 项" if lang == "zh" else f"{len(raw)} item{'' if len(raw) == 1 else 's'}"
    return "[" + ", ".join(shown_value(part, type_.element, lang) for part in raw) + "]"


def _parts(raw: Raw, type_: Type) -> list[tuple[str, object]]:
    assert isinstance(raw, tuple)
    return list(zip(type_.keys, raw, strict=True))


def _element(type_: Type) -> Type:
    assert type_.element is not None
    return type_.element


_SHOWN: Mapping[Base, Callable[[Raw, Type, Language], str]] = {
    Base.MONEY: _number, Base.NUMBER: _number, Base.DAYS: _duration, Base.MONTHS: _duration, Base.DATE: _date,
    Base.INSTANT: _instant, Base.BOOLEAN: _boolean, Base.TEXT: _text, Base.CHOICE: _choice, Base.MAP: _map,
    Base.LIST: _list,
}  # fmt: skip
