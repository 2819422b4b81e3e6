"""Columns that hold whole records: structs of Arrow, objects, and texts that are JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import polars as pl

from salesctrl.errors import FactProblem, FactsError
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


def open_structs(
    frame: pl.DataFrame, vocabulary: VocabularyIndex, *, but: Collection[str] = ()
) -> tuple[pl.Series, ...]:
    """The columns of a frame, the structs among them that are named for a record opened.

    Their fields are columns with dotted names, so that `resolve` finds what they hold. Nothing is copied.

    Args:
        frame: The columns.
        vocabulary: What kinds of records there are.
        but: The columns that a mapping speaks of: they stay as they are.

    Raises:
        FactsError: A field of a struct has the name of another column.
    """
    done: list[pl.Series] = []
    for series in frame.iter_columns():
        done += [series] if series.name in but else _opened(series, vocabulary)
    twice = [name for name, count in Counter(series.name for series in done).items() if count > 1]
    if twice:
        message, help = "given in a record, and in a column of this name", "leave one of them out"
        raise FactsError([FactProblem(name, "F_COLUMN", message, help) for name in twice])
    return tuple(done)


def _opened(series: pl.Series, vocabulary: VocabularyIndex) -> list[pl.Series]:
    if not isinstance(series.dtype, pl.Struct) or record_path(series.name, vocabulary) is None:
        return [series]
    inner = [
        series.struct.field(field.name).alias(f"{series.name}.{field.name}") for field in series.dtype.fields
    ]
    return [one for series in inner for one in _opened(series, vocabulary)]


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
