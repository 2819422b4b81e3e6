"""salesctrl over the policy of `policies/order_release`: loading, and reading its frame."""

import pandas as pd
import polars as pl

from adapters import salesctrl_
from adapters.batch._bits import BITS_OF, OUTCOMES

TITLE, DISTRIBUTION = "salesctrl", "salesctrl"
THREADS = True

load = salesctrl_.load
CODES = {outcome: code for code, outcome in enumerate(OUTCOMES)}


def frame(engine, table):
    """The outcome and the fired rules of every row, as the same kind of frame."""
    return engine.evaluate_frame("order.release", table, as_of=salesctrl_.DAY).frame


def read_frame(result):
    """Codes and bits of a frame of any kind."""
    if isinstance(result, pd.DataFrame):
        outcomes, fired = list(result["outcome"]), list(result["fired"])
    else:
        polars = result if isinstance(result, pl.DataFrame) else pl.from_arrow(result)
        outcomes, fired = polars["outcome"].to_list(), polars["fired"].to_list()
    return (
        [CODES[str(outcome)] for outcome in outcomes],
        [BITS_OF[ids if isinstance(ids, str) else " ".join(ids)] for ids in fired],
    )


CALLS = {"frame": (frame, read_frame)}
