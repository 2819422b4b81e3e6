"""What a careful programmer writes by hand; all ratios are against `decide`."""

from decimal import ROUND_HALF_UP, Decimal

from reference.rules import ALLOW, DENY, REVIEW, outcome_of

TITLE, DISTRIBUTION, ROWS = "hand-written, Decimal", None, "Decimal"
TRACE = "every rule with the values it read"

CENT, ONE, LARGE = Decimal("0.01"), Decimal(1), Decimal(500_000)
THIRTY, FIVE, TEN, TWENTY = Decimal("0.30"), Decimal("0.05"), Decimal("0.10"), Decimal("0.20")


def load():
    return None


def decider(_engine):
    return decide


def explainer(_engine):
    return explain


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
    if grade == "D" and order["prepaid_ratio"] < ONE:
        fired.append("R5")
        deny = True
    if grade == "C" and order["prepaid_ratio"] < THIRTY:
        fired.append("R6")
    discount = order["discount_rate"]
    if discount > FIVE:
        fired.append("R7")
    if discount > TEN:
        fired.append("R8")
    if discount > TWENTY:
        fired.append("R9")
    if order["unit_price"] < (order["list_price"] * (ONE - discount)).quantize(CENT, ROUND_HALF_UP):
        fired.append("R10")
        deny = True
    if order["amount"] >= LARGE:
        fired.append("R11")
    if order["requester_role"] == order["approver_role"]:
        fired.append("R12")
        deny = True
    return DENY if deny else REVIEW if fired else ALLOW, fired


def explain(order):
    """All rules, fired or not, each with what it read: the least that an audit needs."""
    signed, approved = order["contract_signed"], order["has_cfo_approval"]
    outstanding, amount, limit = order["outstanding"], order["amount"], order["credit_limit"]
    overdue, grade, prepaid = order["overdue_days"], order["customer_grade"], order["prepaid_ratio"]
    discount, price, listed = order["discount_rate"], order["unit_price"], order["list_price"]
    requester, approver = order["requester_role"], order["approver_role"]
    exposure = outstanding + amount
    lowest = (listed * (ONE - discount)).quantize(CENT, ROUND_HALF_UP)
    trace = [
        ("R1", not signed, {"contract_signed": signed}),
        (
            "R2",
            exposure > limit and not approved,
            {
                "outstanding": outstanding,
                "amount": amount,
                "exposure": exposure,
                "credit_limit": limit,
                "has_cfo_approval": approved,
            },
        ),
        ("R3", overdue > 120, {"overdue_days": overdue}),
        ("R4", overdue > 30, {"overdue_days": overdue}),
        ("R5", grade == "D" and prepaid < ONE, {"customer_grade": grade, "prepaid_ratio": prepaid}),
        ("R6", grade == "C" and prepaid < THIRTY, {"customer_grade": grade, "prepaid_ratio": prepaid}),
        ("R7", discount > FIVE, {"discount_rate": discount}),
        ("R8", discount > TEN, {"discount_rate": discount}),
        ("R9", discount > TWENTY, {"discount_rate": discount}),
        (
            "R10",
            price < lowest,
            {"unit_price": price, "list_price": listed, "discount_rate": discount, "floor": lowest},
        ),
        ("R11", amount >= LARGE, {"amount": amount}),
        ("R12", requester == approver, {"requester_role": requester, "approver_role": approver}),
    ]
    fired = [rule for rule, holds, _ in trace if holds]
    return outcome_of(fired), fired, trace
