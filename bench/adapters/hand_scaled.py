"""The same by hand on cents and ten-thousandths, which the caller has scaled: exact and quick."""

from reference.rules import ALLOW, DENY, REVIEW

TITLE, DISTRIBUTION, ROWS, TRACE = "hand-written, scaled int", None, "scaled int", ""
REMARK = "the caller scales the numbers to whole units, and so drops the noise"


def load():
    return None


def decider(_engine):
    return decide


def decide(order):
    fired = []
    deny = False
    if not order["contract_signed"]:
        fired.append("R1")
        deny = True
    if order["outstanding"] + order["amount"] > order["credit_limit"] and not order["has_cfo_approval"]:
        fired.append("R2")
    overdue = order["overdue_days"]
    if overdue > 120:
        fired.append("R3")
        deny = True
    if overdue > 30:
        fired.append("R4")
    grade = order["customer_grade"]
    if grade == "D" and order["prepaid_ratio"] < 10_000:
        fired.append("R5")
        deny = True
    if grade == "C" and order["prepaid_ratio"] < 3_000:
        fired.append("R6")
    discount = order["discount_rate"]
    if discount > 500:
        fired.append("R7")
    if discount > 1_000:
        fired.append("R8")
    if discount > 2_000:
        fired.append("R9")
    if order["unit_price"] < (order["list_price"] * (10_000 - discount) + 5_000) // 10_000:
        fired.append("R10")
        deny = True
    if order["amount"] >= 50_000_000:
        fired.append("R11")
    if order["requester_role"] == order["approver_role"]:
        fired.append("R12")
        deny = True
    return DENY if deny else REVIEW if fired else ALLOW, fired
