"""By hand as expressions of Polars over Float64 columns."""

import polars as pl

import columns as orders
from adapters.batch import _polars
from adapters.batch._bits import read_ids
from reference.rules import MONEY, RATES

TITLE, DISTRIBUTION, TAKES = "hand-written, Polars", "polars", "Float64, String"
THREADS = True


def load():
    floor = pl.col("list_price") * (1 - pl.col("discount_rate"))
    return _polars.answers(float, floor.round(2, mode="half_away_from_zero"))


def take(_engine, columns):
    exact = pl.from_arrow(orders.arrow(columns))
    return exact.with_columns(pl.from_dict(orders.floats(columns)).select(MONEY + RATES))


CALLS = {
    "bits": (_polars.decide, _polars.columns_of),
    "ids": (_polars.named, lambda frame: read_ids(_polars.columns_of(frame))),
}
