"""salesctrl over a pandas frame: float64 columns, and categories for words of which there are few."""

import pandas as pd

import columns as orders
from adapters.batch._salesctrl import CALLS, DISTRIBUTION, THREADS, TITLE, load
from adapters.batch.salesctrl_pandas import REMARK

__all__ = ["CALLS", "DISTRIBUTION", "REMARK", "TAKES", "THREADS", "TITLE", "load", "take"]

TAKES = "pandas: float64, category"


def take(_engine, columns):
    frame = pd.DataFrame(orders.floats(columns) | orders.texts(columns))
    return frame.astype(dict.fromkeys(orders.WORDS, "category"))
