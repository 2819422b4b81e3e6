"""Cells of event logs as texts, and attributes of events as what they are said to be."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

import polars as pl

from salesctrl.batch.convert import read_column
from salesctrl.batch.values import readable
from salesctrl.errors import FactProblem, FactsError
from salesctrl.evaluate.layout import Leaf
from salesctrl.monitor.log_times import is_nothing, read_times
from salesctrl.numbers import INT64_DIGITS
from salesctrl.policy.documents import LocalText
from salesctrl.policy.types import BOOLEAN, DATE, DAYS, INSTANT, MONTHS, TEXT, Base, Type, money, number
from salesctrl.policy.vocabulary import Field
from salesctrl.tables.chosen import listed

AttributeType = Field | Type | str
"""What an attribute is: a field of a vocabulary, a type, or the name of a type, such as ``"money"``."""

_TYPES = {
    "text": TEXT, "boolean": BOOLEAN, "date": DATE, "instant": INSTANT, "days": DAYS, "months": MONTHS,
    "integer": number(0), "decimal": number(6), "rate": number(4, percent=True), "money": money(None),
}  # fmt: skip
_WHOLE = 2.0**53
_ROWS = 2**20
"""So many rows are looked at together."""


class Unread(NamedTuple):
    """A cell of an attribute that is not what it should be; ``row`` is counted from 0."""

    row: int
    attribute: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Texts:
    """Cells as texts; ``bad`` are the rows, from 0, of cells that no text can stand for."""

    values: pl.Series
    bad: Sequence[int] = ()


def field_of(name: str, type_: AttributeType) -> Field:
    """The field that an attribute is.

    Raises:
        FactsError: There is no such type, or no attribute can be of it.

    >>> field_of("amount", "money").type.scale
    2
    """
    if isinstance(type_, str):
        word, _, currency = type_.partition(" ")
        found = money(currency) if word == "money" and currency else _TYPES.get(type_)
        if found is None:
            help = f"the types are {listed(list(_TYPES))}"
            problem = FactProblem(name, "F_TYPE", f"unknown type `{type_}` for the attribute", help)
            raise FactsError([problem])
        type_ = found
    if isinstance(type_, Type):
        low, high = (
            (1, 3_652_059) if type_.base is Base.DATE else (1 - 10**INT64_DIGITS, 10**INT64_DIGITS - 1)
        )
        type_ = Field("event", name, type_, LocalText(en=name), (name,), low, high, INT64_DIGITS, 1000)
    if type_.type.base in (Base.LIST, Base.MAP):
        raise FactsError([FactProblem(name, "F_TYPE", f"an attribute cannot be a {type_.type.base}")])
    return type_


def typed(
    name: str, field: Field, column: pl.Series, zone: str | None, nan_is_null: bool
) -> tuple[pl.Series, list[Unread]]:
    """An attribute as a column of its type, and the cells that are not of it, which are null there.

    Numbers with decimals are decimals, dates are dates, and instants times in UTC.

    >>> values, unread = typed("amount", field_of("amount", "money"), pl.Series(["1.50", "x"]), None, False)
    >>> values.to_list(), [one.reason for one in unread]
    ([Decimal('1.50'), None], ['expected a number such as `1234.50` but got `x`'])
    """
    if field.type.base is Base.INSTANT:
        times = read_times(column, zone)
        shown = texts_of(column).values
        wrong = times.fault.is_not_null() & (times.fault != "V_NO_TIME")
        unread = [
            Unread(row, name, "F_FORMAT", f"expected a time with its zone but got `{shown[row]}`")
            for row in wrong.arg_true()
        ]
        return times.time.alias(name), unread
    cells = read_column(Leaf(name, field, 0), column, nan_is_null=nan_is_null)
    values = readable(cells.values, field.type).alias(name)
    return values, [Unread(one.row, name, one.problem.code, one.problem.message) for one in cells.problems]


def as_found(name: str, column: pl.Series) -> tuple[pl.Series, list[Unread]]:
    """An attribute as it stands in the log; values of several types are texts.

    >>> as_found("a", pl.Series([1, "x"], dtype=pl.Object))[0].to_list()
    ['1', 'x']
    """
    if column.dtype in (pl.Object, pl.Binary):
        texts = texts_of(column, strip=False)
        message = "not a text in UTF-8"
        return texts.values.alias(name), [Unread(row, name, "F_ENCODING", message) for row in texts.bad]
    if column.dtype in (pl.Categorical, pl.Enum):
        column = column.cast(pl.String)
    return column.alias(name), []


def texts_of(column: pl.Series, *, strip: bool = True) -> Texts:
    """Cells as texts, without spaces around; blank ones are null, and so is NaN.

    Whole floats are written as integers: they are numbers that a frame could only hold so beside a gap.

    >>> texts_of(pl.Series([1001.0, None, 0.5])).values.to_list()
    ['1001', None, '0.5']
    """
    dtype = column.dtype
    bad: list[int] = []
    if dtype in (pl.Object, pl.Binary) or dtype.is_nested():
        column, bad = _one_by_one(column)
    elif dtype.is_float():
        cell = pl.col("")
        whole = cell.is_finite() & (cell == cell.floor()) & (cell.abs() < _WHOLE)
        number = pl.when(whole).then(cell.cast(pl.Int64, strict=False).cast(pl.String))
        texts = number.when(~cell.is_nan()).then(cell.cast(pl.String))
        column = column.alias("").to_frame().select(texts).to_series()
    elif dtype.is_decimal():
        column = column.cast(pl.String).str.replace(r"\.0+$", "")
    elif dtype != pl.String:
        column = column.cast(pl.String)
    if strip:
        column = without_spaces(column.to_frame()).to_series()
    return Texts(column, bad)


def without_spaces(texts: pl.DataFrame) -> pl.DataFrame:
    """Columns of texts without spaces around them; blank cells are null.

    Nearly no log has any: so a look at some rows after the other decides which columns are made anew.

    >>> without_spaces(pl.DataFrame({"a": [" x ", "  "]})).rows()
    [('x',), (None,)]
    """
    stripped = pl.all().str.strip_chars()
    found = [
        part.select(((stripped != pl.all()) | (pl.all() == "")).any()) for part in texts.iter_slices(_ROWS)
    ]
    spaced = [name for name in texts.columns if any(part[name].any() for part in found)]
    text = {name: pl.col(name).str.strip_chars() for name in spaced}
    return texts.with_columns(pl.when(one != "").then(one).alias(name) for name, one in text.items())


def _one_by_one(column: pl.Series) -> tuple[pl.Series, list[int]]:
    texts: list[str | None] = []
    bad: list[int] = []
    for row, value in enumerate(column.to_list()):
        try:
            texts.append(_text(value))
        except Exception:  # whatever an object of the caller's does when it is asked for its words
            texts.append(None)
            bad.append(row)
    return pl.Series(column.name, texts, dtype=pl.String), bad


def _text(value: object) -> str | None:
    if is_nothing(value):
        return None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _WHOLE else repr(value)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    text = str(value)
    text.encode()  # half a character is none
    return text
