"""salesctrl over a pandas frame: float64 columns, and strings as pandas reads them."""

import pandas as pd

import columns as orders
from adapters.batch._salesctrl import CALLS, DISTRIBUTION, THREADS, TITLE, load

__all__ = ["CALLS", "DISTRIBUTION", "REMARK", "TAKES", "THREADS", "TITLE", "load", "take"]

TAKES = "pandas: float64, str"
REMARK = "a float of more than 15 digits is refused: it could be the nearest one to several amounts"


def take(_engine, columns):
    return pd.DataFrame(orders.floats(columns) | orders.texts(columns))
