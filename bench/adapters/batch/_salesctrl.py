"""salesctrl over the policy of `policies/order_release`: loading, deciding, and reading the answers."""

import numpy as np
import pandas as pd
import polars as pl

from adapters import salesctrl_
from adapters.batch._bits import BITS_OF, OUTCOMES, REFUSED, bits

TITLE, DISTRIBUTION = "salesctrl", "salesctrl"
THREADS = True

load = salesctrl_.load
CODES = {outcome: code for code, outcome in enumerate(OUTCOMES)}


def decided(engine, table):
    """Outcomes and fired bits: every row decided, what is shown of it not yet made."""
    result = engine.evaluate_frame("order.release", table, as_of=salesctrl_.DAY)
    return result, result.ranks


def frame(engine, table):
    """The frame that users get: outcome, values, fired and pending rules, requirements, problems."""
    return engine.evaluate_frame("order.release", table, as_of=salesctrl_.DAY).frame


def read_words(plan, ranks, words):
    """Codes and bits from ranks of outcomes and from words whose bits stand in the order of the plan."""
    from salesctrl.outcome import Outcome

    codes = np.full(len(ranks), REFUSED, dtype=np.uint8)
    for outcome, code in CODES.items():
        codes[ranks.to_numpy() == Outcome(outcome).rank] = code
    fired = np.zeros(len(ranks), dtype=np.uint16)
    for place, rule in enumerate(plan.rules):
        fires = words["f0"].to_numpy() >> place & 1
        fired |= fires.astype(np.uint16) * np.uint16(bits([rule.rule.id]))
    return codes, fired


def read_decided(answer):
    result, ranks = answer
    (part,) = result._parts
    codes, fired = read_words(part.plan.plan, ranks, part.decided.columns)
    codes[[problem.row for problem in result.row_problems]] = REFUSED
    return codes, fired


def read_frame(result):
    """Codes and bits of a frame of any kind; an order with a refused fact counts as refused."""
    if isinstance(result, pd.DataFrame):
        outcomes, fired, problems = (list(result[name]) for name in ("outcome", "fired", "problems"))
    else:
        polars = result if isinstance(result, pl.DataFrame) else pl.from_arrow(result)
        outcomes, fired, problems = (polars[name].to_list() for name in ("outcome", "fired", "problems"))
    return (
        [
            REFUSED if problem is not None and len(problem) else CODES.get(str(outcome), REFUSED)
            for outcome, problem in zip(outcomes, problems, strict=True)
        ],
        [BITS_OF[" ".join(ids)] for ids in fired],
    )


CALLS = {"bits": (decided, read_decided), "frame": (frame, read_frame)}
