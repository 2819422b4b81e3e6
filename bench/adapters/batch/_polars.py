"""The rules as expressions of Polars; the caller says what a constant and the lowest price are."""

from functools import reduce
from operator import add

import polars as pl

from adapters.batch._bits import DENY_BITS, IDS


def answers(constant, floor):
    """The expressions of outcome code and fired bits."""
    c = pl.col
    fires = (
        ~c("contract_signed"),
        (c("outstanding") + c("amount") > c("credit_limit")) & ~c("has_cfo_approval"),
        c("overdue_days") > 120,
        c("overdue_days") > 30,
        (c("customer_grade") == "D") & (c("prepaid_ratio") < constant("1")),
        (c("customer_grade") == "C") & (c("prepaid_ratio") < constant("0.3")),
        c("discount_rate") > constant("0.05"),
        c("discount_rate") > constant("0.1"),
        c("discount_rate") > constant("0.2"),
        c("unit_price") < floor,
        c("amount") >= constant("500000"),
        c("requester_role") == c("approver_role"),
    )
    # A choice of two constants is several times as fast here as a cast and a product.
    none = pl.lit(0, pl.UInt16)
    flags = [
        pl.when(rule).then(pl.lit(1 << place, pl.UInt16)).otherwise(none) for place, rule in enumerate(fires)
    ]
    fired = reduce(add, flags)
    return fired.alias("fired")


def decide(fired, frame):
    return _coded(fired, frame).collect()


def named(fired, frame):
    """The same with the ids of the fired rules as text."""
    ids = pl.lit(pl.Series(IDS)).gather(pl.col("fired"))
    return _coded(fired, frame).with_columns(ids.alias("fired")).collect()


def _coded(fired, frame):
    bits = pl.col("fired")
    code = pl.when(bits & DENY_BITS != 0).then(2).when(bits != 0).then(1).otherwise(0)
    return frame.lazy().select(fired).select(code.cast(pl.UInt8).alias("outcome"), bits)


def columns_of(frame):
    return frame["outcome"].to_numpy(), frame["fired"].to_numpy()
