"""durable_rules (Rete in C): an order is asserted as a fact and retracted again.

It does not round and has a plain field on the left of each comparison. On whole cents
`u < round(x, 2)` is `u <= x - 0.005`, and that is how the floor price is written.
"""

from durable import lang
from durable.engine import Host

from reference.rules import RULES, outcome_of

TITLE, DISTRIBUTION, ROWS, TRACE = "durable_rules", "durable_rules", "float", ""

FIRED = []


def _report(rule):
    return lambda _context: FIRED.append(rule)


def _ruleset():
    m = lang.m

    def this(field):
        return lang.avalue("$m", field)

    unsigned, unapproved = m.contract_signed == False, m.has_cfo_approval == False  # noqa: E712
    conditions = {
        "R1": unsigned,
        "R2": (m.credit_limit < m.outstanding + this("amount")) & unapproved,
        "R3": m.overdue_days > 120,
        "R4": m.overdue_days > 30,
        "R5": (m.customer_grade == "D") & (m.prepaid_ratio < 1),
        "R6": (m.customer_grade == "C") & (m.prepaid_ratio < 0.3),
        "R7": m.discount_rate > 0.05,
        "R8": m.discount_rate > 0.1,
        "R9": m.discount_rate > 0.2,
        "R10": m.unit_price <= m.list_price - this("list_price") * this("discount_rate") - 0.005,
        "R11": m.amount >= 500_000,
        "R12": m.requester_role == this("approver_role"),
    }
    rules = lang.ruleset("release")
    with rules:
        for rule, condition in conditions.items():
            lang.when_all(condition)(_report(rule))
        lang.when_all(+m.order_id)(lambda _context: None)  # a fact that matches nothing is an error
    return rules


def load():
    name, definition = _ruleset().define()
    host = Host({name: definition})
    # Decisions are asked for one by one; the threads that poll for timers would only disturb.
    host._d_timer.cancel()
    host._t_timer.cancel()
    return host, name


def decider(engine):
    host, name = engine
    place = RULES.index

    def decide(order):
        FIRED.clear()
        host.assert_fact(name, order)
        host.retract_fact(name, order)
        fired = sorted(FIRED, key=place)
        return outcome_of(fired), fired

    return decide
