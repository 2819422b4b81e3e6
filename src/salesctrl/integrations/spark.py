"""Tables of Apache Spark: decided where their partitions are, by workers that are sent the policies as text.

`evaluate` checks the columns and settles the schema before the job starts, and hands Spark a pure function
from batches of Arrow to batches of Arrow. A worker compiles the policies once, after it has made sure that
they have the digest that they left with. A row is decided by what is in it and by nothing else, so what is
decided again, in other batches, comes out as it did before.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from salesctrl import __version__
from salesctrl.engine import Engine, Floats, load_text
from salesctrl.errors import FactProblem, FactsError, MissingExtra, SalesctrlError
from salesctrl.evaluate.facts import day_of
from salesctrl.outcome import Outcome
from salesctrl.tables.chosen import listed

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import Column, DataFrame

    from salesctrl.batch.result import BatchResult
    from salesctrl.batch.summary import Language
    from salesctrl.compile.plan import Plan

Keep = Literal["all", "keys"]
DIGEST = "policy_digest"
ROWS_AT_ONCE = 100_000
"""So many rows a worker gathers before it decides them: in less, what each frame costs would show."""
ROWS_OF_A_BATCH = 10_000
"""So many rows at most a worker hands back at once."""


def evaluate(
    df: DataFrame,
    engine: Engine,
    control_point: str,
    *,
    as_of: date | str | None = None,
    columns: Mapping[str, str | Sequence[str]] | None = None,
    floats: Floats = "exact",
    keep: Keep | Sequence[str] = "all",
) -> DataFrame:
    """Decide every row of a Spark DataFrame: the decisions of `Engine.evaluate_frame`, row for row.

    Nothing is decided until the result is written or asked for. It has the columns of ``df``, then those of
    `BatchResult.columns`: ``outcome``, the values, ``fired``, ``pending``, ``unknown``, ``requirements`` and
    ``problems``; at the end ``policy_digest``. A row with a wrong fact is at least ``incomplete``. There are
    the same values whatever rows there are: those of the version that is in force at ``as_of``; with a date
    for each row, those of all versions, with the decimals of the one that has most.

    Args:
        df: The rows. Lists and records are arrays and structs. A dot in a name is a part of it.
        engine: The policies. They travel as text; salesctrl has to be installed on the workers.
        control_point: Which control point decides.
        as_of: The date of all decisions; left out, each row has its own in a column ``as_of``.
        columns: The facts that columns hold whose names do not say it.
        floats: As for `Engine.evaluate`.
        keep: Which columns of ``df`` the result has: ``"all"``; those that say which transaction a row is
            (``"keys"``); or these, by their names. Columns that are not kept and hold no facts are not sent
            to the workers.

    Raises:
        UnknownControlPoint: No policy names it.
        FactsError: The columns cannot be read, as for `Engine.evaluate_frame`. Or one that is named for a
            record holds texts, so that it would depend on the rows whether they are read as JSON. Or what is
            to be kept is not there, or has the name of a column of the decision.
        MissingExtra: pyspark is not installed.

    >>> decided = evaluate(orders, engine, "order.release", keep="keys")  # doctest: +SKIP
    >>> decided.write.parquet("decided")  # doctest: +SKIP
    """
    _pyspark()
    from pyspark.sql import functions

    task, schema = _prepared(df, engine, control_point, as_of, columns, floats, keep)
    # Spark takes a dot for a step into a struct when it hands columns on; so they go by number.
    numbered = df.toDF(*[f"c{i}" for i in range(len(df.columns))]).select(*[f"c{i}" for i in task.sent])
    return numbered.mapInArrow(_function(task), schema).withColumn(DIGEST, functions.lit(engine.digest))


def notices(
    df: DataFrame,
    engine: Engine,
    control_point: str,
    *,
    as_of: date | str | None = None,
    columns: Mapping[str, str | Sequence[str]] | None = None,
) -> tuple[str, ...]:
    """What a person should know of the columns before the job: see `BatchResult.notices`. It reads no rows.

    Raises:
        FactsError: As `evaluate`.
    """
    return _without_rows(df, engine, control_point, as_of, columns).notices


def summary(
    decided: DataFrame,
    engine: Engine,
    control_point: str,
    *,
    as_of: date | str | None = None,
    lang: Language = "en",
) -> DataFrame:
    """How many rows came to which outcome, and by which rules: `BatchResult.summary` of what was decided.

    The partitions are counted where they are, and the counts are collected, at once: so write what `evaluate`
    gives, and ask for the summary of what was written. With the ``as_of`` that `evaluate` was given it has
    the rules that were in force then; without it those of all versions, which may have decided no row.
    """
    from salesctrl.batch.summary import STATES, summary_rows

    counts = _counts(decided, STATES)
    rules = {r.rule.id: r.rule for plan in _plans(engine, control_point, as_of) for r in plan.rules}
    outcomes = {Outcome(name): count for (state, name), count in counts.items() if state == "outcome"}
    by_rule = {rule: {state: counts.get((state, rule), 0) for state in STATES} for rule in rules}
    rows = [tuple(row.values()) for row in summary_rows(outcomes, rules, by_rule, lang)]
    texts = ", ".join(f"{name} string" for name in ("kind", "name", "title", "clause", "outcome"))
    numbers = ", ".join(f"{name} bigint" for name in ("rows", "pending", "unknown"))
    return decided.sparkSession.createDataFrame(rows, f"{texts}, {numbers}")


def _counts(decided: DataFrame, states: Sequence[str]) -> dict[tuple[str, str], int]:
    """In how many rows there is each outcome, and each rule in each state."""
    from pyspark.sql import functions as f

    def tagged(state: str) -> Callable[[Column], Column]:
        return lambda name: f.struct(f.lit(state).alias("state"), name.alias("name"))

    parts = [f.array(tagged("outcome")(f.col("outcome"))), *(f.transform(s, tagged(s)) for s in states)]
    said = decided.select(f.explode(f.concat(*parts)).alias("one")).select("one.state", "one.name")
    return {
        (row["state"], row["name"]): row["count"] for row in said.groupBy("state", "name").count().collect()
    }


# --- before the job: on the driver --------------------------------------------------------------------------


def _prepared(
    df: DataFrame, engine: Engine, control_point: str, as_of: date | str | None,
    columns: Mapping[str, str | Sequence[str]] | None, floats: Floats, keep: Keep | Sequence[str],
) -> tuple[_Task, Any]:  # fmt: skip
    """What the workers are sent, and the schema of what they hand back."""
    from pyspark.sql.pandas.types import from_arrow_type
    from pyspark.sql.types import StructField, StructType

    dry = _without_rows(df, engine, control_point, as_of, columns)
    names = df.columns
    kept = _kept(keep, names, dry)
    read = {*dry.header.used, *kept}
    sent = [i for i, name in enumerate(names) if _is_among(name, read)]
    sent = sent or [0][: len(names)]  # without any column there would be no rows
    task = _Task(
        version=__version__,
        digest=engine.digest,
        text=engine.text,
        control_point=control_point,
        as_of=None if as_of is None else date.fromordinal(day_of(as_of)),
        columns=None if columns is None else {name: columns[name] for name in columns},
        floats=floats,
        sent=tuple(sent),
        names=tuple(names[i] for i in sent),
        kept=tuple(kept),
    )
    made = _said(dry, _plans(engine, control_point, as_of), task.kept)
    _check_names(kept, made.column_names)
    whole = {field.name: field for field in df.schema.fields}
    fields = []
    for name in kept:
        field = whole.get(name)  # what is inside a struct is none of its columns
        type_ = from_arrow_type(_plain(_key(dry, name).type)) if field is None else field.dataType
        fields.append(StructField(name, type_, True))
    fields += [StructField(field.name, from_arrow_type(field.type), True) for field in made.schema]
    return task, StructType(fields)


def _without_rows(
    df: DataFrame, engine: Engine, control_point: str, as_of: date | str | None,
    columns: Mapping[str, str | Sequence[str]] | None,
) -> BatchResult:  # fmt: skip
    """The decisions on none of the rows: whatever is wrong with the columns is raised."""
    nothing = df.limit(0).toArrow()
    _check_records(nothing, engine, control_point, columns or {})
    return engine.evaluate_frame(control_point, nothing, as_of=as_of, columns=columns)


def _check_records(
    nothing: pa.Table, engine: Engine, control_point: str, mapped: Mapping[str, object]
) -> None:
    """Refuse columns of which only the rows would say whether they hold records: texts that may be JSON."""
    import polars as pl

    from salesctrl.batch.arrow_columns import arrow_column
    from salesctrl.batch.records import record_path
    from salesctrl.tables.columns import Columns

    vocabulary = engine.checked.vocabulary
    columns = Columns(engine.point(control_point).plans, vocabulary)
    found = [
        name
        for name, values in zip(nothing.column_names, nothing.columns, strict=True)
        if record_path(name, vocabulary) is not None
        and not columns.find(name).paths
        and name not in mapped
        and arrow_column(name, values).dtype in (pl.String, pl.Object)
    ]
    if found:
        message = "expected a struct of numbers, texts, dates, and arrays and structs of these"
        help = "parse JSON with `from_json`; if it is something else, say `columns={%r: []}`"
        raise FactsError([FactProblem(name, "F_COLUMN", message, help % name) for name in found])


def _kept(keep: Keep | Sequence[str], names: Sequence[str], dry: BatchResult) -> list[str]:
    """The columns that the result is to have."""
    if keep == "all":
        return list(names)
    if keep == "keys":
        if dry.keys:
            return list(dry.keys)
        message = "no column says which transaction a row is"
        raise FactsError([FactProblem("", "F_COLUMN", message, 'name those to keep: `keep=["number"]`')])
    absent = [name for name in keep if name not in names]
    if absent or isinstance(keep, str):
        help = f"the columns are {listed(names)}"
        named = [keep] if isinstance(keep, str) else absent
        raise FactsError(
            [FactProblem("", "F_COLUMN", f"there is no column `{n}` to keep", help) for n in named]
        )
    return list(keep)


def _check_names(kept: Sequence[str], decided: Sequence[str]) -> None:
    """Refuse columns that Spark, which reads over case, could not tell from those of the decision."""
    counts = Counter(name.casefold() for name in [*kept, *decided, DIGEST])
    problems = [
        FactProblem(
            name, "F_COLUMN", "the decision has a column of this name", "rename it, or do not keep it"
        )
        for name in kept
        if counts[name.casefold()] > 1
    ]
    if problems:
        raise FactsError(problems)


def _is_among(name: str, read: Collection[str]) -> bool:
    """Whether a column, or a field inside it, is read."""
    return name in read or any(other.startswith(f"{name}.") for other in read)


def _plans(engine: Engine, control_point: str, as_of: date | str | None) -> Sequence[Plan]:
    """The plans that may decide rows."""
    point = engine.point(control_point)
    return point.plans if as_of is None else (point.at(day_of(as_of)).plan,)


def _pyspark() -> None:
    try:
        import pyspark  # noqa: F401
    except ImportError as error:
        raise MissingExtra("spark", "deciding tables of Spark") from error


# --- the job: on the workers --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Task:
    """What a worker is sent: data alone, so that nothing heavy is imported where it is unpacked.

    ``sent`` are the numbers of the columns that are sent, ``names`` their names; ``kept`` the names of those
    that come back.
    """

    version: str
    digest: str
    text: str
    control_point: str
    as_of: date | None
    columns: Mapping[str, str | Sequence[str]] | None
    floats: Floats
    sent: tuple[int, ...]
    names: tuple[str, ...]
    kept: tuple[str, ...]


def _function(task: _Task) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def decide(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return _decide(task, batches)

    return decide


def _decide(task: _Task, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The batches with what is decided of them."""
    import pyarrow as pa

    _limit_threads()
    engine = _engine(task)
    plans = _plans(engine, task.control_point, task.as_of)
    for some in _gathered(batches):
        table = pa.Table.from_batches(some).rename_columns(list(task.names))
        result = engine.evaluate_frame(
            task.control_point, table, as_of=task.as_of, columns=task.columns, floats=task.floats
        )
        said = _said(result, plans, task.kept)
        columns = {
            name: table[name] if name in task.names else _cast(_key(result, name)) for name in task.kept
        }
        columns |= dict(zip(said.column_names, said.columns, strict=True))
        yield from pa.table(columns).to_batches(max_chunksize=ROWS_OF_A_BATCH)


def _gathered(batches: Iterator[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    """Batches together, until they have enough rows; those without any are left out."""
    some: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        if batch.num_rows:
            some.append(batch)
            rows += batch.num_rows
        if rows >= ROWS_AT_ONCE:
            yield some
            some, rows = [], 0
    if some:
        yield some


def _said(result: BatchResult, plans: Sequence[Plan], taken: Sequence[str]) -> pa.Table:
    """The columns of the decisions, in types that Spark knows."""
    import polars as pl
    import pyarrow as pa

    from salesctrl.batch.compiled import OUTCOME
    from salesctrl.batch.schema import value_schema

    columns = result.columns_as(value_schema(plans), taken).with_columns(pl.col(OUTCOME).cast(pl.String))
    table = columns.to_arrow(compat_level=pl.CompatLevel.oldest())
    return table.cast(pa.schema([pa.field(field.name, _plain(field.type)) for field in table.schema]))


def _key(result: BatchResult, name: str) -> pa.ChunkedArray:
    """A column that says which transaction a row is, where it is inside a struct."""
    import polars as pl

    columns = pl.DataFrame([result.keys[name].alias(name)])
    return columns.to_arrow(compat_level=pl.CompatLevel.oldest())[name]


def _cast(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(_plain(column.type))


def _plain(type_: pa.DataType) -> pa.DataType:
    """A type of Arrow as Spark has it, which knows no large texts and lists."""
    import pyarrow as pa
    from pyarrow import types

    if types.is_large_string(type_):
        return pa.string()
    if types.is_large_list(type_):
        return pa.list_(_plain(type_.value_type))
    return type_


@lru_cache(maxsize=8)
def _engine_of(text: str) -> Engine:
    return load_text(text)


def _engine(task: _Task) -> Engine:
    """The engine of a worker, made once in its process."""
    if task.version != __version__:
        raise SalesctrlError(f"expected salesctrl {task.version} on the worker but got {__version__}")
    engine = _engine_of(task.text)
    if engine.digest != task.digest:
        raise SalesctrlError(f"expected policies of the digest {task.digest} but got {engine.digest}")
    return engine


def _limit_threads() -> None:
    """Let Polars use as many threads as the task has cores, and not all of the machine for each task.

    It asks when it is imported, and never again.
    """
    from pyspark import TaskContext

    context = TaskContext.get()
    if context is not None and "polars" not in sys.modules:
        os.environ.setdefault("POLARS_MAX_THREADS", str(context.cpus()))
