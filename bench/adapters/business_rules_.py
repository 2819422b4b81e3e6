"""business-rules (Python): JSON conditions over variables that are Python methods.

A condition compares one variable with a constant: whatever relates two fields is Python code.
"""

from decimal import ROUND_HALF_UP, Decimal

from business_rules import run_all
from business_rules.actions import BaseActions, rule_action
from business_rules.fields import FIELD_TEXT
from business_rules.variables import (
    BaseVariables,
    boolean_rule_variable,
    numeric_rule_variable,
    string_rule_variable,
)

from reference.rules import outcome_of

TITLE, DISTRIBUTION, ROWS, TRACE = "business-rules", "business-rules", "Decimal", ""
REMARK = "numbers less than 0.000001 apart count as equal"

CENT = Decimal("0.01")


class Variables(BaseVariables):
    def __init__(self, order):
        self.order = order

    @boolean_rule_variable()
    def contract_signed(self):
        return self.order["contract_signed"]

    @boolean_rule_variable()
    def has_cfo_approval(self):
        return self.order["has_cfo_approval"]

    @boolean_rule_variable()
    def same_role(self):
        return self.order["requester_role"] == self.order["approver_role"]

    @string_rule_variable()
    def customer_grade(self):
        return self.order["customer_grade"]

    @numeric_rule_variable()
    def above_limit(self):
        return self.order["outstanding"] + self.order["amount"] - self.order["credit_limit"]

    @numeric_rule_variable()
    def below_floor(self):
        floor = (self.order["list_price"] * (1 - self.order["discount_rate"])).quantize(CENT, ROUND_HALF_UP)
        return floor - self.order["unit_price"]

    @numeric_rule_variable()
    def overdue_days(self):
        return self.order["overdue_days"]

    @numeric_rule_variable()
    def prepaid_ratio(self):
        return self.order["prepaid_ratio"]

    @numeric_rule_variable()
    def discount_rate(self):
        return self.order["discount_rate"]

    @numeric_rule_variable()
    def amount(self):
        return self.order["amount"]


class Actions(BaseActions):
    def __init__(self):
        self.fired = []

    @rule_action(params={"rule": FIELD_TEXT})
    def report(self, rule):
        self.fired.append(rule)


CONDITIONS = {
    "R1": [("contract_signed", "is_false", None)],
    "R2": [("above_limit", "greater_than", 0), ("has_cfo_approval", "is_false", None)],
    "R3": [("overdue_days", "greater_than", 120)],
    "R4": [("overdue_days", "greater_than", 30)],
    "R5": [("customer_grade", "equal_to", "D"), ("prepaid_ratio", "less_than", 1)],
    "R6": [("customer_grade", "equal_to", "C"), ("prepaid_ratio", "less_than", 0.3)],
    "R7": [("discount_rate", "greater_than", 0.05)],
    "R8": [("discount_rate", "greater_than", 0.1)],
    "R9": [("discount_rate", "greater_than", 0.2)],
    "R10": [("below_floor", "greater_than", 0)],
    "R11": [("amount", "greater_than_or_equal_to", 500_000)],
    "R12": [("same_role", "is_true", None)],
}


def load():
    return [
        {
            "conditions": {
                "all": [{"name": name, "operator": op, "value": value} for name, op, value in conditions]
            },
            "actions": [{"name": "report", "params": {"rule": rule}}],
        }
        for rule, conditions in CONDITIONS.items()
    ]


def decider(rules):
    def decide(order):
        actions = Actions()
        run_all(rules, Variables(order), actions)
        return outcome_of(actions.fired), actions.fired

    return decide
