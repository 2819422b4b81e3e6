"""salesctrl's compiled plan alone: facts in the form that it computes on, outcome and fired bits out.

What `evaluate_frame` does beside it is to read the columns and to write the answers.
"""

import numpy as np
import polars as pl

import columns as orders
from adapters.batch._salesctrl import DISTRIBUTION, THREADS, TITLE, load, read_words
from adapters.salesctrl_ import DAY
from salesctrl.batch.deciding import BatchPlan
from salesctrl.batch.given import Given
from salesctrl.evaluate.layout import layout

__all__ = ["CALLS", "DISTRIBUTION", "TAKES", "THREADS", "TITLE", "load", "take"]

TAKES = "whole numbers, String"


def take(engine, columns):
    """The plan of the day, with the facts by their places in it."""
    evaluator = engine.point("order.release").at(DAY.toordinal())
    given = {}
    for leaf in layout(evaluator.plan).records["order"].leaves:
        name = leaf.path.removeprefix("order.")
        values = columns.get(name)
        if values is None:
            given[leaf.place] = pl.from_arrow(orders.arrow(columns))[name]
        elif name in orders.WORDS:
            given[leaf.place] = pl.Series(orders.WORDS[name])[values.astype(np.uint32)]
        else:
            given[leaf.place] = pl.Series(values if values.dtype == bool else values.astype(np.int64))
    count = orders.height(columns)
    given[0] = pl.repeat(DAY.toordinal(), count, dtype=pl.Int64, eager=True)
    return BatchPlan(evaluator, engine.checked.organisation), Given(count, given)


def decide(_engine, table):
    plan, given = table
    return plan, plan.decide(given).columns


def read(result):
    plan, decided = result
    return read_words(plan.plan, decided["outcome"], decided)


CALLS = {"bits": (decide, read)}
