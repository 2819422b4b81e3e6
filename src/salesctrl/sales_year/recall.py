"""What an engine finds in a year, beside what was planted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    return _compared(planted, found, _PLACE)


def findings_in_events(engine: Engine, year: SalesYear) -> pl.DataFrame:
    """What controls over cases find in the events of a year: ``case``, ``control``, ``rule``, ``outcome``.

    >>> from salesctrl import load
    >>> from salesctrl.sales_year import sales_year
    >>> findings_in_events(load(), sales_year(orders=100, per_mille=0)).height
    0
    """
    case_of = dict(year.events.select("id", "case").iter_rows())
    rows = [
        (case_of[one.events[0]], one.control, rule, str(one.outcome))
        for one in engine.monitor_log(year.events).findings
        for rule in one.rules or (None,)
    ]
    return pl.DataFrame(
        rows, schema=dict.fromkeys(("case", "control", "rule", "outcome"), pl.String), orient="row"
    )


def recall_in_events(engine: Engine, year: SalesYear) -> pl.DataFrame:
    """How much of what was planted in the events an engine finds, by control and rule.

    Returns:
        A row for each control and rule: ``planted``, ``found`` of it, ``missed``, and what was found
        ``besides``. Of the segregation of duties the rule is the id of the pair.

    >>> from salesctrl import load
    >>> from salesctrl.sales_year import sales_year
    >>> recall_in_events(load(), sales_year(orders=400)).row(0)
    ('cash-after-two-reviews', 'NC-1-2-E', 1, 1, 0, 0)
    """
    place = ("case", "control", "rule")
    planted = year.planted_events.select(*place, pl.lit(value=True).alias("planted"))
    found = findings_in_events(engine, year).select(*place, pl.lit(value=True).alias("found")).unique()
    return _compared(planted, found, place)


def _compared(planted: pl.DataFrame, found: pl.DataFrame, place: Sequence[str]) -> pl.DataFrame:
    """What was planted beside what was found, by the control or control point, and the rule."""
    of = [name for name in place if name not in ("row", "case")]
    both = planted.join(found, on=list(place), how="full", coalesce=True, nulls_equal=True)
    is_planted, is_found = pl.col("planted").is_not_null(), pl.col("found").is_not_null()
    return (
        both.group_by(of)
        .agg(
            is_planted.sum().alias("planted"),
            (is_planted & is_found).sum().alias("found"),
            (is_planted & ~is_found).sum().alias("missed"),
            (~is_planted & is_found).sum().alias("besides"),
        )
        .sort(of, nulls_last=True)
    )
