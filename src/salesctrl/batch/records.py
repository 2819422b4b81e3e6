"""Columns that hold whole records: structs of Arrow, objects, and texts that are JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import polars as pl

from salesctrl.errors import FactProblem
from salesctrl.evaluate.facts import Reading, Value, read_record
from salesctrl.evaluate.layout import Leaf, Record
from salesctrl.policy.vocabulary import VocabularyIndex
from salesctrl.tables.cells import json_value
from salesctrl.tables.columns import Columns


@dataclass(frozen=True, slots=True)
class RecordCells:
    """The facts in a column of records, as they stand there: a column of objects for each, by its path.

    ``problems`` are rows, from 0, whose record is none or in which a name is wrong; these facts are unknown.
    """

    values: Mapping[str, pl.Series]
    problems: tuple[tuple[int, FactProblem], ...]


def record_path(name: str, vocabulary: VocabularyIndex) -> str | None:
    """The path of the record that a column is named for: a kind, or a record inside one.

    The names are those that the vocabulary declares: names, titles and aliases.

    >>> import salesctrl
    >>> vocabulary = salesctrl.load().checked.vocabulary
    >>> record_path("订单", vocabulary), record_path("order.amount", vocabulary)
    ('order', None)
    """
    first, *rest = name.split(".")
    kind = vocabulary.kind(first)
    if kind is None:
        return None
    path = [kind.name]
    for part in rest:
        field = vocabulary.field(kind.name, part)
        if field is None or field.record is None:
            return None
        path.append(field.name)
        kind = vocabulary.kinds[field.record]
    return ".".join(path)


def open_structs(column: pl.Series, vocabulary: VocabularyIndex) -> list[pl.Series]:
    """A column, opened if it holds structs and is named for a record.

    Their fields are columns with dotted names, so that `resolve` finds what they hold. Nothing is copied.

    >>> import salesctrl
    >>> column = pl.Series("order", [{"amount": 5, "note": "a"}])
    >>> [one.name for one in open_structs(column, salesctrl.load().checked.vocabulary)]
    ['order.amount', 'order.note']
    """
    if not isinstance(column.dtype, pl.Struct) or record_path(column.name, vocabulary) is None:
        return [column]
    inner = [
        column.struct.field(field.name).alias(f"{column.name}.{field.name}") for field in column.dtype.fields
    ]
    return [one for series in inner for one in open_structs(series, vocabulary)]


def records_in(series: Iterable[pl.Series], columns: Columns) -> dict[str, str]:
    """The columns that hold records as objects or as JSON, with the paths of the records.

    A column of texts is one if it is named for a record and for no fact, and an object of JSON is in it: a
    column `customer` may as well hold names, and then nothing is read in it.
    """
    done: dict[str, str] = {}
    for one in series:
        path = record_path(one.name, columns.vocabulary)
        if path is None or columns.find(one.name).paths:
            continue
        if one.dtype == pl.String:
            is_record = bool(one.str.contains(r"^\s*\{").any())
        else:
            is_record = one.dtype == pl.Object and any(isinstance(value, Mapping) for value in one)
        if is_record:
            done[one.name] = path
    return done


def read_records(root: Record, column: pl.Series, path: str, *, nearest: bool = False) -> RecordCells:
    """The facts in a column of records, for `read_column` to read.

    Args:
        root: The layout of the plan that reads them.
        column: The column: texts that are JSON, or objects.
        path: The path of the record that it holds.
        nearest: Numbers of JSON with the noise of binary arithmetic are handed on as floats.
    """
    leaves: list[Leaf] = []
    branch = _branch(root, path.split("."), leaves)
    rows: list[list[Value]] = []
    problems: list[tuple[int, FactProblem]] = []
    for number, value in enumerate(column):
        if isinstance(value, str):
            value = json_value(value, nearest=nearest) if value.strip() else None
        for part in reversed(path.split(".")):
            value = {part: value}
        into: list[Value] = [None] * len(leaves)
        reading = Reading(into)
        read_record(branch, value, reading, into, read=_as_it_is)
        rows.append(into)
        problems += [(number, problem) for problem in reading.problems]
    values = {
        leaf.path: pl.Series(leaf.path, [row[leaf.place] for row in rows], dtype=pl.Object) for leaf in leaves
    }
    return RecordCells(values, tuple(problems))


def _branch(record: Record, path: list[str], leaves: list[Leaf]) -> Record:
    """What of a layout leads to a record, and all below it; leaves anew numbered, without defaults."""
    if path:
        first, *rest = path
        inner = record.records.get(first)
        records = {first: _branch(inner, rest, leaves)} if inner is not None else {}
        return replace(record, leaves=(), records=records)
    places = len(leaves)
    own = tuple(
        replace(leaf, place=places + i, field=replace(leaf.field, default=None))
        for i, leaf in enumerate(record.leaves)
    )
    leaves += own
    return replace(
        record,
        leaves=own,
        records={name: _branch(inner, [], leaves) for name, inner in record.records.items()},
    )


def _as_it_is(leaf: Leaf, value: object, where: str, reading: Reading) -> Value:
    return value  # type: ignore[return-value]
