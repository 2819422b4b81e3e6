"""What was done in each order: the events of the year, as a log has them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time

import polars as pl

from salesctrl.sales_year.columns import NO_DAY, PERSONS, days, money, numbered, shown, tagged
from salesctrl.sales_year.company import Company

EVENT_COLUMNS = ("id", "case", "activity", "duty", "person", "role", "time", "customer", "amount")
TELEPHONE = "telephone"


def orders_of_log(company: Company) -> pl.DataFrame:
    """The cases of the log, a row for each: what its events are made from, and what chooses among them."""
    orders = company.orders
    return pl.DataFrame(
        {
            "case": numbered("SO-", orders.size),
            "customer": tagged("C", orders.customer + 1, 6),
            "seller": tagged("", 201 + company.customers.seller[orders.customer], 3),
            "ordered": days(orders.day),
            "shipped": days(orders.shipped_on),
            "paid": days(orders.paid_on),
            "amount": money(orders.amount),
            "on_credit": shown(orders.on_credit),
            "large": shown(orders.large),
            "is_paid": shown(orders.paid_on != NO_DAY),
        }
    )


def events(orders: pl.DataFrame, sheets: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The events of all orders, not sorted yet; approvals, reviews and entries are those of the tables.

    Args:
        orders: The cases: see `orders_of_log`.
        sheets: The tables of the control points, with what was planted in them.
    """
    release = sheets["order.release"]
    dated = orders.with_columns(
        _taker(release),
        sheets["shipment.review"]["shipment.reviewed_on"].alias("reviewed"),
        sheets["shipping.post"]["shipping_entry.posted_on"].alias("posted"),
    )
    sold = dated.filter(~pl.col("on_credit"))
    credit = dated.filter("on_credit")
    taker = pl.coalesce("taker", "seller")
    parts = [
        _events(dated, "send_quote", None, "salesperson", "ordered", time(9)),
        _events(dated, "take_order", "take_order", "salesperson", "ordered", time(10), by=taker),
        _events(dated.filter("large"), "hold_order", None, "finance_accountant", "ordered", time(10, 30)),
        _approvals(release).join(orders.select("case", "customer"), on="case"),
        _events(sold, "prepare_sales_slip", None, "salesperson", "ordered", time(10, 30), amount=True),
        _events(sold, "review_sales_slip", None, "sales_manager", "ordered", time(10, 40)),
        _events(sold, "review_sales_slip", None, "finance_manager", "ordered", time(10, 50)),
        _events(sold, "collect_cash", "receive_money", "cashier", "paid", time(11, 30), amount=True),
        _events(dated, "review_shipment", None, "finance_accountant", "reviewed", time(12)),
        _events(dated, "ship_goods", "ship_goods", "warehouse_keeper", "shipped", time(14)),
        _events(dated, "hand_over_goods", None, "warehouse_keeper", "shipped", time(15)),
        _events(dated, "issue_invoice", "issue_invoice", "finance_accountant", "shipped", time(16)),
        _events(credit, "receive_money", "receive_money", "cashier", "paid", time(17), amount=True),
        _events(dated, "record_shipment", None, "salesperson", "posted", time(17, 30)),
    ]
    return pl.concat([part.select(EVENT_COLUMNS[1:]) for part in parts])


def in_order(found: pl.DataFrame) -> pl.DataFrame:
    """The events in the order of time, numbered."""
    ordered = found.sort("time", "case", maintain_order=True)
    return ordered.with_columns(numbered("E-", ordered.height, 8).alias("id")).select(EVENT_COLUMNS)


def _events(
    orders: pl.DataFrame,
    activity: str,
    duty: str | None,
    role: str,
    day: str,
    at: time,
    *,
    by: pl.Expr | None = None,
    amount: bool = False,
) -> pl.DataFrame:
    """One event for each order that it happened in: by the holder of a post, or by the seller."""
    holder = pl.lit(PERSONS[role]) if role in PERSONS else pl.col("seller")
    return orders.filter(pl.col(day).is_not_null()).select(
        "case",
        "customer",
        pl.lit(activity).alias("activity"),
        pl.lit(duty, pl.String).alias("duty"),
        (holder if by is None else by).alias("person"),
        pl.lit(role).alias("role"),
        moment(pl.col(day), at).alias("time"),
        (pl.col("amount") if amount else pl.lit(None, pl.Decimal(38, 2))).alias("amount"),
    )


def moment(day: pl.Expr, at: time) -> pl.Expr:
    """A time of day, in UTC."""
    return day.dt.combine(at).dt.replace_time_zone("UTC")


def _taker(release: pl.DataFrame) -> pl.Series:
    """Who took the order, where that is not the seller."""
    taken = pl.col("evidence.duties").list.eval(
        pl.element().struct.field("person").filter(pl.element().struct.field("duty") == "take_order")
    )
    return release.select(taken.list.first().alias("taker")).to_series()


def _approvals(release: pl.DataFrame) -> pl.DataFrame:
    """The approvals of releases; one by telephone is by word of mouth."""
    given = release.filter(pl.col("evidence.approvals").is_not_null())
    orally = pl.col("form") == TELEPHONE
    return (
        given.select(pl.col("order.id").alias("case"), pl.col("evidence.approvals").alias("approval"))
        .explode("approval")
        .unnest("approval")
        .with_columns(
            pl.when(orally)
            .then(pl.lit("approve_release_orally"))
            .otherwise(pl.lit("approve_release"))
            .alias("activity"),
            pl.lit("approve_release").alias("duty"),
            moment(pl.col("date"), time(11)).alias("time"),
            pl.lit(None, pl.Decimal(38, 2)).alias("amount"),
        )
    )
