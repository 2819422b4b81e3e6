"""salesctrl over an Arrow table."""

import columns as orders
from adapters.batch._salesctrl import CALLS, DISTRIBUTION, THREADS, TITLE, load

__all__ = ["CALLS", "DISTRIBUTION", "TAKES", "THREADS", "TITLE", "load", "take"]

TAKES = "Arrow: decimal128, string"


def take(_engine, columns):
    return orders.arrow(columns)
