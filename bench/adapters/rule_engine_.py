"""rule-engine (Python): a compiled rule for each id over a typed context; its numbers are decimals."""

import rule_engine

from reference.rules import COUNTS, FLAGS, MONEY, RATES, TEXTS, outcome_of

TITLE, DISTRIBUTION, ROWS, TRACE = "rule-engine", "rule-engine", "Decimal", ""

EXPRESSIONS = {
    "R1": "not contract_signed",
    "R2": "outstanding + amount > credit_limit and not has_cfo_approval",
    "R3": "overdue_days > 120",
    "R4": "overdue_days > 30",
    "R5": "customer_grade == 'D' and prepaid_ratio < 1",
    "R6": "customer_grade == 'C' and prepaid_ratio < 0.3",
    "R7": "discount_rate > 0.05",
    "R8": "discount_rate > 0.1",
    "R9": "discount_rate > 0.2",
    "R10": "unit_price < (list_price * (1 - discount_rate) * 100 + 0.5).floor / 100",
    "R11": "amount >= 500000",
    "R12": "requester_role == approver_role",
}


def load():
    kind = rule_engine.DataType
    types = (
        dict.fromkeys(MONEY + RATES + COUNTS, kind.FLOAT)
        | dict.fromkeys(FLAGS, kind.BOOLEAN)
        | dict.fromkeys(TEXTS, kind.STRING)
    )
    context = rule_engine.Context(type_resolver=rule_engine.type_resolver_from_dict(types))
    return [(rule, rule_engine.Rule(text, context=context)) for rule, text in EXPRESSIONS.items()]


def decider(rules):
    def decide(order):
        fired = [name for name, rule in rules if rule.matches(order)]
        return outcome_of(fired), fired

    return decide
