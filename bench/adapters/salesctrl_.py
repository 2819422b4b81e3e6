"""salesctrl on the policy of `policies/order_release`; the facts are validated on every call."""

from datetime import date
from pathlib import Path

import salesctrl

TITLE, DISTRIBUTION, ROWS = "salesctrl", "salesctrl", "Decimal"
TRACE = "every rule with its clause, version and expression, numbers filled in"

REMARK = "the facts are validated on every call; a number with more decimals than declared is refused"

POLICIES = Path(__file__).parent.parent / "policies" / "order_release"
DAY = date(2026, 3, 1)


def load():
    return salesctrl.load(POLICIES)


def shape(row):
    return {"order": row}


def decider(engine):
    evaluate = engine.evaluate

    def decide(facts):
        decision = evaluate("order.release", facts, as_of=DAY)
        return decision.outcome, decision.fired

    return decide


def explainer(engine):
    evaluate = engine.evaluate

    def explain(facts):
        decision = evaluate("order.release", facts, as_of=DAY)
        return decision.outcome, decision.fired, decision.trace.to_dict()

    return explain
