"""By hand over pandas, on float64 columns and strings as pandas reads them."""

import numpy as np
import pandas as pd

import columns as orders
from adapters.batch._bits import DENY_BITS

TITLE, DISTRIBUTION, TAKES = "hand-written, pandas", "pandas", "float64, str"


def load():
    return None


def take(_engine, columns):
    return pd.DataFrame(orders.floats(columns) | orders.texts(columns))


def decide(_engine, t):
    grade, discount, overdue = t["customer_grade"], t["discount_rate"], t["overdue_days"]
    fires = (
        ~t["contract_signed"],
        (t["outstanding"] + t["amount"] > t["credit_limit"]) & ~t["has_cfo_approval"],
        overdue > 120,
        overdue > 30,
        (grade == "D") & (t["prepaid_ratio"] < 1),
        (grade == "C") & (t["prepaid_ratio"] < 0.3),
        discount > 0.05,
        discount > 0.10,
        discount > 0.20,
        t["unit_price"] < (t["list_price"] * (1 - discount)).round(2),
        t["amount"] >= 500_000,
        t["requester_role"] == t["approver_role"],
    )
    fired = sum(rule.astype("uint16") * (1 << place) for place, rule in enumerate(fires))
    outcome = np.select([fired & DENY_BITS != 0, fired != 0], [2, 1], 0)
    return pd.DataFrame({"outcome": outcome.astype("uint8"), "fired": fired})


CALLS = {"bits": (decide, lambda frame: (frame["outcome"].to_numpy(), frame["fired"].to_numpy()))}
