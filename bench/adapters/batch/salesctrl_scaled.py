"""salesctrl's compiled plan alone: facts in the form that it computes on, outcome and fired bits out.

What `evaluate_frame` does beside it is to read the columns and to write the answers.
"""

import numpy as np
import polars as pl

import columns as orders
from adapters.batch._bits import bits
from adapters.batch._salesctrl import DISTRIBUTION, THREADS, TITLE, load
from adapters.salesctrl_ import DAY
from salesctrl.batch.deciding import BatchPlan
from salesctrl.batch.given import Given
from salesctrl.evaluate.layout import layout
from salesctrl.outcome import Outcome

__all__ = ["CALLS", "DISTRIBUTION", "TAKES", "THREADS", "TITLE", "load", "take"]

TAKES = "whole numbers, String"
CODES = {Outcome.ALLOW: 0, Outcome.REVIEW: 1, Outcome.DENY: 2}


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
    ranks = decided["outcome"].to_numpy()
    codes = np.full(len(ranks), 255, dtype=np.uint8)
    for outcome, code in CODES.items():
        codes[ranks == outcome.rank] = code
    fired = np.zeros(len(ranks), dtype=np.uint16)
    for place, rule in enumerate(plan.plan.rules):
        fires = decided["f0"].to_numpy() >> place & 1
        fired |= fires.astype(np.uint16) * np.uint16(bits([rule.rule.id]))
    return codes, fired


CALLS = {"bits": (decide, read)}
