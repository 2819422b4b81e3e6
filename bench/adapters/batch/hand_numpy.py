"""By hand over numpy on scaled integers, texts as small integers: exact; all ratios are against its bits."""

import numpy as np

from adapters.batch._bits import DENY_BITS, IDS, read_ids

TITLE, DISTRIBUTION, TAKES = "hand-written, numpy", "numpy", "scaled int64"

NAMED = np.array(IDS, dtype=object)


def load():
    return None


def take(_engine, columns):
    return columns


def decide(_engine, t):
    """Outcome codes and fired bits."""
    grade, discount, prepaid = t["customer_grade"], t["discount_rate"], t["prepaid_ratio"]
    overdue, amount = t["overdue_days"], t["amount"]
    fires = (
        ~t["contract_signed"],
        (t["outstanding"] + amount > t["credit_limit"]) & ~t["has_cfo_approval"],
        overdue > 120,
        overdue > 30,
        (grade == 3) & (prepaid < 10_000),
        (grade == 2) & (prepaid < 3_000),
        discount > 500,
        discount > 1_000,
        discount > 2_000,
        # price < floor(x / 10000) where price + 1 <= x / 10000: no division
        (t["unit_price"] + 1) * 10_000 <= t["list_price"] * (10_000 - discount) + 5_000,
        amount >= 50_000_000,
        t["requester_role"] == t["approver_role"],
    )
    fired = np.zeros(len(amount), dtype=np.uint16)
    for place, rule in enumerate(fires):
        fired |= rule.astype(np.uint16) << np.uint16(place)
    outcome = (fired != 0).astype(np.uint8)
    outcome[fired & DENY_BITS != 0] = 2
    return outcome, fired


def named(engine, t):
    """The same with the ids of the fired rules as text."""
    outcome, fired = decide(engine, t)
    return outcome, NAMED[fired]


CALLS = {"bits": (decide, lambda result: result), "ids": (named, read_ids)}
