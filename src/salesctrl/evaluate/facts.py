"""Facts as callers have them, read and checked: mappings, pydantic models, dataclasses, plain objects.

Every problem is found, each with the path of its field. A value is never cut or guessed: what is not exactly
a value of the declared type is a problem. What is absent, and has no default, is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from salesctrl.diagnostics import quoted, suggest
from salesctrl.errors import FactProblem
from salesctrl.evaluate.layout import Leaf, Record
from salesctrl.numbers import NotExact, format_plain, to_scaled, to_scaled_nearest
from salesctrl.policy.literals import BadLiteral, instant_of, parse_date, parse_instant
from salesctrl.policy.types import Base

Value = int | str | bool | tuple[object, ...] | None
_ABSENT = object()


@dataclass(slots=True)
class Reading:
    """What was read: values by place, and what was wrong.

    ``missing`` are the paths of absent facts that are not optional; ``rounded`` those of floats whose noise
    was rounded away, which only happens when the caller asked for it with a ``tolerance``.
    """

    values: list[Value]
    problems: list[FactProblem] = field(default_factory=list)
    rounded: list[str] = field(default_factory=list)
    tolerance: Decimal | None = None

    def problem(self, path: str, code: str, message: str, help: str | None = None) -> None:
        """Note that a value is wrong; it counts as unknown."""
        self.problems.append(FactProblem(path, code, message, help))


def read_facts(root: Record, count: int, facts: object, tolerance: Decimal | None = None) -> Reading:
    """Read all that a plan needs; never raises for what the facts hold."""
    reading = Reading([None] * count, tolerance=tolerance)
    if not _is_record(facts):
        message = f"expected facts as a mapping or an object but got {_described(facts)}"
        reading.problem("", "F_RECORD", message, "pass a mapping such as `{'order': {...}}`")
        return reading
    read_record(root, facts, reading, reading.values)
    return reading


def read_evidence_of(facts: object, reading: Reading) -> object:
    """What the facts hold under ``evidence``, ``None`` where there is nothing."""
    found = _child(facts, ("evidence",), "evidence", reading)
    return None if found is _ABSENT else found


def _is_record(value: object) -> bool:
    return not isinstance(value, str | bytes | int | float | Decimal | date | Sequence | None)


def _child(record: object, names: Collection[str], where: str, reading: Reading) -> object:
    """The value of a field by any of its names; what an object does when asked is its own affair."""
    found = _ABSENT
    for name in names:
        try:
            if isinstance(record, Mapping):
                value = record.get(name, _ABSENT)
            else:
                value = getattr(record, name, _ABSENT)
            twice = value is not _ABSENT and found is not _ABSENT and found is not value and found != value
        except Exception as error:
            reading.problems.append(FactProblem.unreadable(where, error))
            return _ABSENT
        if twice:
            shown = ", ".join(f"`{n}`" for n in names)
            reading.problem(
                where, "F_AMBIGUOUS", f"given twice under different names with different values: {shown}"
            )
            return _ABSENT
        if value is not _ABSENT:
            found = value
    return found


def read_record(
    record: Record,
    given: object,
    reading: Reading,
    into: list[Value],
    prefix: str = "",
    read: Callable[[Leaf, object, str, Reading], Value] | None = None,
) -> None:
    """Read all leaves of a record into their places; ``read`` reads one, left out as `read_value` does."""
    read = read or read_value
    for name, inner in record.records.items():
        where = _joined(prefix, name)
        value = _child(given, record.names[name], where, reading)
        if value is _ABSENT or value is None:
            _check_spelling(record, given, name, where, reading)
            _absent(inner, into)
        elif not _is_record(value):
            reading.problem(where, "F_RECORD", f"expected a record but got {_described(value)}")
        else:
            read_record(inner, value, reading, into, where, read)
    for leaf in record.leaves:
        name = leaf.field.name
        where = _joined(prefix, name)
        value = _child(given, record.names[name], where, reading)
        if value is _ABSENT or value is None:
            _check_spelling(record, given, name, where, reading)
            into[leaf.place] = leaf.field.default
        else:
            into[leaf.place] = read(leaf, value, where, reading)


def _absent(record: Record, into: list[Value]) -> None:
    """A record that is not there: its fields are unknown, but for defaults."""
    for leaf in record.leaves:
        into[leaf.place] = leaf.field.default
    for inner in record.records.values():
        _absent(inner, into)


def _check_spelling(record: Record, given: object, name: str, where: str, reading: Reading) -> None:
    """A key that nearly is the absent one is a slip, and must not pass as an absent field."""
    if not isinstance(given, Mapping) or len(name) <= 2:
        return
    try:
        others = [key for key in given if isinstance(key, str) and str.__str__(key) not in record.declared]
    except Exception as error:
        reading.problems.append(FactProblem.unreadable(where, error))
        return
    near = suggest(name, map(str.__str__, others)) if others else None
    if near is not None:
        reading.problem(where, "F_NAME", f"absent, but there is {quoted(near)}", f"name it `{name}`")


def _joined(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def read_value(leaf: Leaf, value: object, where: str, reading: Reading) -> Value:
    """A fact that is there, in its run-time form; ``None`` where it is wrong, which ``reading`` then says."""
    try:
        if leaf.items is not None:
            return _read_list(leaf, leaf.items, value, where, reading)
        return _READERS[leaf.field.type.base](leaf, value, where, reading)
    except NotExact as error:
        reading.problem(where, error.code, str(error), error.help)
    except BadLiteral as error:
        reading.problem(where, "F_FORMAT", str(error))
    except Exception as error:
        reading.problems.append(FactProblem.unreadable(where, error))
    return None


def _read_list(leaf: Leaf, items: Record, value: object, where: str, reading: Reading) -> Value:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence):
        reading.problem(where, "F_LIST", f"expected a list of records but got {_described(value)}")
        return None
    length = len(value)
    if length > leaf.field.length:
        reading.problem(where, "F_LENGTH", f"expected at most {leaf.field.length} items but got {length}")
        return None
    done: list[object] = []
    for i in range(length):  # its length is asked once: what a sequence says of itself may change
        item = value[i]
        here = f"{where}[{i}]"
        if not _is_record(item):
            reading.problem(here, "F_RECORD", f"expected a record but got {_described(item)}")
            continue
        into: list[Value] = [None] * items.width
        read_record(items, item, reading, into, here)
        done.append(tuple(into))
    return tuple(done)


def _read_number(leaf: Leaf, value: object, where: str, reading: Reading) -> Value:
    spec = leaf.field
    scale = spec.type.scale or 0
    if reading.tolerance is not None and isinstance(value, float):
        tolerance = min(reading.tolerance, Decimal(1).scaleb(-scale - 3))  # noise never decides a digit
        number, rounded = to_scaled_nearest(value, scale, spec.digits, tolerance)
        if rounded:
            reading.rounded.append(where)
    else:
        number = to_scaled(value, scale, spec.digits)
    if not spec.low <= number <= spec.high:
        return _outside([format_plain(n, scale) for n in (spec.low, spec.high, number)], where, reading)
    return number


def _outside(shown: Sequence[str], where: str, reading: Reading) -> Value:
    """A value outside its bounds: ``shown`` are the least, the greatest, and what was given."""
    low, high, given = shown
    reading.problem(where, "F_RANGE", f"expected a value from {low} to {high} but got `{given}`")
    return None


def _read_date(leaf: Leaf, value: object, where: str, reading: Reading) -> Value:
    day = day_of(value)
    spec = leaf.field
    if not spec.low <= day <= spec.high:
        return _outside([date.fromordinal(d).isoformat() for d in (spec.low, spec.high, day)], where, reading)
    return day


def day_of(value: object) -> int:
    """A calendar day as its ordinal: a ``date``, a ``datetime`` at midnight, or ISO text.

    Raises :class:`BadLiteral` for anything else; a time of day would have to be cut off.
    """
    value = _plain_time(value)
    if isinstance(value, datetime):
        if (value.hour, value.minute, value.second, value.microsecond) != (0, 0, 0, 0):
            raise BadLiteral(f"expected a date but got the time `{value.isoformat()}`")
        return value.toordinal()
    if isinstance(value, date):
        return value.toordinal()
    if isinstance(value, str):
        return int(parse_date(value.strip()).value)
    raise BadLiteral(f"expected a date such as 2026-12-31 but got {_described(value)}")


def _plain_time(value: object) -> object:
    """A time of pandas as one of Python, which has no nanoseconds: they would have to be cut off."""
    plain = getattr(value, "to_pydatetime", None)
    if not callable(plain):
        return value
    if getattr(value, "nanosecond", 0):
        raise BadLiteral(f"expected a time without nanoseconds but got `{value}`")
    return plain()


def _read_instant(leaf: Leaf, value: object, where: str, reading: Reading) -> Value:
    value = _plain_time(value)
    if isinstance(value, datetime):
        return instant_of(value)
    if isinstance(value, str):
        return parse_instant(value.strip())
    raise BadLiteral(
        f"expected a time with its zone, such as 2026-01-01T08:00+08:00, but got {_described(value)}"
    )


def _read_boolean(leaf: Leaf, value: object, where: str, reading: Reading) -> Value:
    if isinstance(value, bool):
        return value
    item = getattr(value, "item", None)
    if callable(item) and isinstance(item(), bool):
        return bool(item())
    if isinstance(value, str) and value.strip() in ("true", "false"):
        return value.strip() == "true"
    reading.problem(where, "F_TYPE", f"expected true or false but got {_described(value)}")
    return None


def _read_text(leaf: Leaf, value: object, where: str, reading: Reading) -> Value:
    if not isinstance(value, str):
        reading.problem(
            where,
            "F_TYPE",
            f"expected a text but got {_described(value)}",
            "numbers that name things are texts: quote them",
        )
        return None
    text = str(value)
    if len(text) > leaf.field.length:
        reading.problem(
            where, "F_LENGTH", f"expected at most {leaf.field.length} characters but got {len(text)}"
        )
        return None
    return text


def _read_choice(leaf: Leaf, value: object, where: str, reading: Reading) -> Value:
    choices = leaf.field.type.choices
    plain = getattr(value, "value", value) if not isinstance(value, str) else str.__str__(value)
    if isinstance(plain, str) and plain in choices:
        return choices[choices.index(plain)]
    if not isinstance(plain, str):
        reading.problem(where, "F_TYPE", f"expected a text but got {_described(value)}")
        return None
    near = suggest(plain, choices)
    help = f"did you mean `{near}`?" if near else None
    reading.problem(where, "F_CHOICE", f"expected one of {', '.join(choices)} but got {quoted(plain)}", help)
    return None


def _described(value: object) -> str:
    if value is None:
        return "nothing"
    words = {
        bool: "true or false",
        int: "an integer",
        float: "a float",
        str: "a text",
        list: "a list",
        dict: "a mapping",
    }
    word = words.get(type(value), f"a value of type `{type(value).__name__}`")
    if isinstance(value, str | int | float | Decimal):
        try:
            return f"{word} {quoted(str(value))}"
        except ValueError:
            return word
    return word


_READERS: Mapping[Base, Callable[[Leaf, object, str, Reading], Value]] = {
    Base.MONEY: _read_number, Base.NUMBER: _read_number, Base.DAYS: _read_number, Base.MONTHS: _read_number,
    Base.DATE: _read_date, Base.INSTANT: _read_instant, Base.BOOLEAN: _read_boolean, Base.TEXT: _read_text,
    Base.CHOICE: _read_choice,
}  # fmt: skip
