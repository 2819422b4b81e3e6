"""What was done in each order: the events of the year."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time

import polars as pl

from salesctrl.sales_year.columns import PERSONS, days, numbered, tagged
from salesctrl.sales_year.company import Company

_COLUMNS = ("case", "activity", "duty", "person", "role", "time")


def events(company: Company, sheets: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The events, sorted by time; approvals and reviews are those of the tables, with what was planted."""
    orders = company.orders
    case = numbered("SO-", orders.size)
    ordered, shipped, paid = days(orders.day), days(orders.shipped_on), days(orders.paid_on)
    reviewed = sheets["shipment.review"]["shipment.reviewed_on"]
    seller = tagged("", 201 + company.customers.seller[orders.customer], 3)
    parts = [
        _events(case, "send quote", None, seller, "salesperson", ordered, time(9)),
        _events(case, "take order", "take_order", seller, "salesperson", ordered, time(10)),
        _approvals(sheets["order.release"]),
        _by_post(case, "review shipment", None, "finance_accountant", reviewed, time(12)),
        _by_post(case, "ship goods", "keep_goods", "warehouse_keeper", shipped, time(14)),
        _by_post(case, "issue invoice", None, "finance_accountant", shipped, time(16)),
        _by_post(case, "receive money", "pay", "cashier", paid, time(17)),
    ]
    return pl.concat(parts).sort("time", "case", maintain_order=True)


def _by_post(
    case: pl.Series, activity: str, duty: str | None, role: str, day: pl.Series, at: time
) -> pl.DataFrame:
    person = pl.repeat(PERSONS[role], len(case), eager=True)
    return _events(case, activity, duty, person, role, day, at)


def _events(
    case: pl.Series, activity: str, duty: str | None, person: pl.Series, role: str, day: pl.Series, at: time
) -> pl.DataFrame:
    """One event for each case that it happened in."""
    frame = pl.DataFrame({"case": case, "person": person, "day": day}).filter(pl.col("day").is_not_null())
    return frame.with_columns(
        pl.lit(activity).alias("activity"),
        pl.lit(duty, pl.String).alias("duty"),
        pl.lit(role).alias("role"),
        pl.col("day").dt.combine(at).dt.replace_time_zone("UTC").alias("time"),
    ).select(_COLUMNS)


def _approvals(release: pl.DataFrame) -> pl.DataFrame:
    """The approvals of releases."""
    given = release.filter(pl.col("evidence.approvals").is_not_null())
    return (
        given.select(pl.col("order.id").alias("case"), pl.col("evidence.approvals").alias("approval"))
        .explode("approval")
        .unnest("approval")
        .with_columns(
            pl.lit("approve release").alias("activity"),
            pl.lit("approve_release").alias("duty"),
            pl.col("date").dt.combine(time(11)).dt.replace_time_zone("UTC").alias("time"),
        )
        .select(_COLUMNS)
    )
