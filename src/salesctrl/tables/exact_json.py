"""JSON read exactly: no binary floats, no key given twice, no `NaN`, no half characters."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import NoReturn

from salesctrl.diagnostics import quoted

_NOISE_DECIMALS = 9
_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")
MAX_DEPTH = 100
"""How deep lists and objects may be nested."""


class BadJson(ValueError):
    """A text that is no JSON, or JSON that does not mean one thing; the message says why."""


def parse_json(text: str, *, nearest: bool = False) -> object:
    """What a JSON text means. Numbers with decimals become `Decimal`.

    Args:
        text: The text.
        nearest: Numbers with the noise of binary arithmetic become floats instead, so that
            ``floats="nearest"`` applies to them.

    Raises:
        BadJson: It is no JSON; or a key is given twice, a number is not finite or has thousands of digits.

    >>> parse_json('{"amount": 0.10, "lines": [1]}')
    {'amount': Decimal('0.10'), 'lines': [1]}
    >>> parse_json('{"amount": 1, "amount": 2}')
    Traceback (most recent call last):
    salesctrl.tables.exact_json.BadJson: the key `amount` is given twice
    """
    try:
        value: object = json.loads(
            text,
            parse_float=number_of if nearest else _decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object,
        )
    except BadJson:
        raise
    except json.JSONDecodeError as error:
        raise BadJson(_not_json(error)) from None
    except ValueError:
        raise BadJson("a number has too many digits") from None
    except RecursionError:
        raise BadJson(_TOO_DEEP) from None
    _check_depth(value)
    if _HALF_CHARACTER.search(text):
        _refuse_half_characters(value)
    return value


def number_of(text: str) -> Decimal | float:
    """A number as it is written, or as a float where it can hold the noise of one.

    Noise makes many decimals; a number with fewer than nine is meant as it is written.

    >>> number_of("0.30000000000000004"), number_of("0.30")
    (0.30000000000000004, Decimal('0.30'))
    """
    number = _decimal(text)
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent <= -_NOISE_DECIMALS and Decimal(repr(float(number))) == number:
        return float(number)
    return number


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise BadJson(f"{quoted(text)} is too large or too small a number") from None


def _refuse_constant(word: str) -> NoReturn:
    raise BadJson(f"`{word}` is no number: give a number, or leave it out if it is not known")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    done = dict(pairs)
    if len(done) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise BadJson(f"the key {quoted(key)} is given twice")
            seen.add(key)
    return done


_TOO_DEEP = f"lists and objects are nested more than {MAX_DEPTH} deep"


def _check_depth(value: object) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            part
            for one in level
            if isinstance(one, dict | list)
            for part in (one.values() if isinstance(one, dict) else one)
            if isinstance(part, dict | list)
        ]
        if not level:
            return
    raise BadJson(_TOO_DEEP)


def _refuse_half_characters(value: object) -> None:
    """JSON can write half of a character, as an escape; no file can hold it."""
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        raise BadJson("a text holds half a character (`\\ud800` to `\\udfff`)") from None


def _not_json(error: json.JSONDecodeError) -> str:
    said = error.msg[:1].lower() + error.msg[1:].rstrip(".").replace("'", "`").replace('"', "`")
    place = f"line {error.lineno}, column {error.colno}" if error.lineno > 1 else f"column {error.colno}"
    return f"not JSON at {place}: {said}"
