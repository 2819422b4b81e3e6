"""What an engine finds in a year, beside what was planted."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from salesctrl.engine import Engine
from salesctrl.sales_year.year import SalesYear

_PLACE = ("control_point", "row", "rule")


def findings(engine: Engine, year: SalesYear, control_points: Iterable[str] | None = None) -> pl.DataFrame:
    """Decide the tables of a year, and list each reason why a row is not plainly allowed.

    Args:
        engine: The rules.
        year: The year.
        control_points: The tables to decide; left out, all.

    Returns:
        A row for each reason: ``control_point``, ``row``, ``rule`` and ``state`` (``fired``, ``pending``,
        ``unknown`` or ``refused``; the last has no rule).

    >>> from salesctrl import load
    >>> from salesctrl.sales_year import sales_year
    >>> found = findings(load(), sales_year(orders=400), ["shipment.review"])
    >>> found.columns, set(found["rule"])
    (['control_point', 'row', 'rule', 'state'], {'CR-18-2b'})
    """
    tables = year.tables()
    empty = {"control_point": pl.String, "row": pl.UInt32, "rule": pl.String, "state": pl.String}
    parts = [pl.DataFrame(schema=empty)]
    for point in tables if control_points is None else control_points:
        reasons = engine.evaluate_frame(point, tables[point]).exceptions()
        assert isinstance(reasons, pl.DataFrame)
        parts.append(reasons.select(pl.lit(point).alias("control_point"), "row", "rule", "state"))
    return pl.concat(parts)


def recall(engine: Engine, year: SalesYear, control_points: Iterable[str] | None = None) -> pl.DataFrame:
    """How much of what was planted an engine finds, by rule.

    Args:
        engine: The rules.
        year: The year.
        control_points: The tables to decide; left out, all.

    Returns:
        A row for each control point and rule: ``planted``, ``found`` of it, ``missed``, and what was found
        ``besides``.

    >>> from salesctrl import load
    >>> from salesctrl.sales_year import sales_year
    >>> recall(load(), sales_year(orders=400), ["shipment.review"]).row(0)
    ('shipment.review', 'CR-18-2b', 4, 4, 0, 0)
    """
    points = list(year.tables() if control_points is None else control_points)
    looked_at = year.planted.filter(pl.col("control_point").is_in(points))
    planted = looked_at.select(*_PLACE, pl.lit(value=True).alias("planted"))
    found = findings(engine, year, points).select(*_PLACE, pl.lit(value=True).alias("found")).unique()
    both = planted.join(found, on=_PLACE, how="full", coalesce=True, nulls_equal=True)
    is_planted, is_found = pl.col("planted").is_not_null(), pl.col("found").is_not_null()
    return (
        both.group_by("control_point", "rule")
        .agg(
            is_planted.sum().alias("planted"),
            (is_planted & is_found).sum().alias("found"),
            (is_planted & ~is_found).sum().alias("missed"),
            (~is_planted & is_found).sum().alias("besides"),
        )
        .sort("control_point", "rule", nulls_last=True)
    )
