"""By hand as expressions of Polars over Decimal columns.

A product of decimals keeps the decimals of its wider factor, so the list price has to be
widened first to those of the whole product: written without that, R10 is wrong.
"""

from decimal import Decimal

import polars as pl

import columns as orders
from adapters.batch import _polars
from adapters.batch._bits import read_ids

TITLE, DISTRIBUTION, TAKES = "hand-written, Polars", "polars", "Decimal, String"
THREADS = True


def load():
    floor = pl.col("list_price").cast(pl.Decimal(38, 6)) * (1 - pl.col("discount_rate"))
    return _polars.answers(lambda text: pl.lit(Decimal(text)), floor.round(2, mode="half_away_from_zero"))


def take(_engine, columns):
    return pl.from_arrow(orders.arrow(columns))


CALLS = {
    "bits": (_polars.decide, _polars.columns_of),
    "ids": (_polars.named, lambda frame: read_ids(_polars.columns_of(frame))),
}
