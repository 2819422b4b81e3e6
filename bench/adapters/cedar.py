"""cedarpy (Cedar, Rust): a `forbid` for each rule, policies and entities parsed beforehand.

Cedar counts in 64-bit integers and does not divide, so that the caller scales the numbers (and
rounds them), and the floor price is compared without the division.
"""

import cedarpy

from reference.rules import RULES, outcome_of

TITLE, DISTRIBUTION, ROWS = "cedarpy", "cedarpy", "scaled int"
REMARK = "the caller scales the numbers to whole units, and so drops the noise"
TRACE = "ids of the determining policies, always on"

CONDITIONS = {
    "R1": "!context.contract_signed",
    "R2": "context.outstanding + context.amount > context.credit_limit && !context.has_cfo_approval",
    "R3": "context.overdue_days > 120",
    "R4": "context.overdue_days > 30",
    "R5": 'context.customer_grade == "D" && context.prepaid_ratio < 10000',
    "R6": 'context.customer_grade == "C" && context.prepaid_ratio < 3000',
    "R7": "context.discount_rate > 500",
    "R8": "context.discount_rate > 1000",
    "R9": "context.discount_rate > 2000",
    "R10": "(context.unit_price + 1) * 10000 <= context.list_price * (10000 - context.discount_rate) + 5000",
    "R11": "context.amount >= 50000000",
    "R12": "context.requester_role == context.approver_role",
}
POLICIES = '@id("pass") permit(principal, action, resource);\n' + "".join(
    f'@id("{rule}") forbid(principal, action, resource) when {{ {condition} }};\n'
    for rule, condition in CONDITIONS.items()
)
REQUEST = {"principal": 'User::"clerk"', "action": 'Action::"release"', "resource": 'Order::"order"'}


def load():
    return cedarpy.PolicySet.from_str(POLICIES), cedarpy.Entities.from_json_str("[]")


def decider(engine):
    policies, entities = engine
    place = RULES.index

    def decide(order):
        answer = cedarpy.is_authorized(REQUEST | {"context": order}, policies, entities)
        diagnostics = answer.diagnostics
        if diagnostics.errors:
            raise ValueError(diagnostics.errors[0])
        fired = [rule for rule in diagnostics.id_annotations_by_reason.values() if rule != "pass"]
        fired.sort(key=place)
        return outcome_of(fired), fired

    return decide
