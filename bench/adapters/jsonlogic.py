"""panzi-json-logic (JsonLogic in Python): one document that yields the rules that fire.

JsonLogic does not round. On whole cents `u < round(x, 2)` is `u + 0.005 <= x`.
"""

from json_logic import jsonLogic

from reference.rules import outcome_of

TITLE, DISTRIBUTION, ROWS, TRACE = "panzi-json-logic", "panzi-json-logic", "float", ""


def _var(name):
    return {"var": name}


CONDITIONS = {
    "R1": {"!": [_var("contract_signed")]},
    "R2": {
        "and": [
            {">": [{"+": [_var("outstanding"), _var("amount")]}, _var("credit_limit")]},
            {"!": [_var("has_cfo_approval")]},
        ]
    },
    "R3": {">": [_var("overdue_days"), 120]},
    "R4": {">": [_var("overdue_days"), 30]},
    "R5": {"and": [{"==": [_var("customer_grade"), "D"]}, {"<": [_var("prepaid_ratio"), 1]}]},
    "R6": {"and": [{"==": [_var("customer_grade"), "C"]}, {"<": [_var("prepaid_ratio"), 0.3]}]},
    "R7": {">": [_var("discount_rate"), 0.05]},
    "R8": {">": [_var("discount_rate"), 0.1]},
    "R9": {">": [_var("discount_rate"), 0.2]},
    "R10": {
        "<=": [
            {"+": [_var("unit_price"), 0.005]},
            {"*": [_var("list_price"), {"-": [1, _var("discount_rate")]}]},
        ]
    },
    "R11": {">=": [_var("amount"), 500_000]},
    "R12": {"==": [_var("requester_role"), _var("approver_role")]},
}
DOCUMENT = {"merge": [{"if": [condition, [rule], []]} for rule, condition in CONDITIONS.items()]}


def load():
    return DOCUMENT


def decider(document):
    def decide(order):
        fired = jsonLogic(document, order)
        return outcome_of(fired), fired

    return decide
