"""salesctrl over a Polars frame of Decimal columns."""

import polars as pl

import columns as orders
from adapters.batch._salesctrl import CALLS, DISTRIBUTION, THREADS, TITLE, load

__all__ = ["CALLS", "DISTRIBUTION", "TAKES", "THREADS", "TITLE", "load", "take"]

TAKES = "Polars: Decimal, String"


def take(_engine, columns):
    return pl.from_arrow(orders.arrow(columns))
