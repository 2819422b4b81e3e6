"""The rules as one CEL expression that returns the list of those that fire.

CEL has doubles and no rounding; `int` of a number increased by a half stands in for it.
"""

CONDITIONS = {
    "R1": "!contract_signed",
    "R2": "outstanding + amount > credit_limit && !has_cfo_approval",
    "R3": "overdue_days > 120",
    "R4": "overdue_days > 30",
    "R5": "customer_grade == 'D' && prepaid_ratio < 1.0",
    "R6": "customer_grade == 'C' && prepaid_ratio < 0.3",
    "R7": "discount_rate > 0.05",
    "R8": "discount_rate > 0.1",
    "R9": "discount_rate > 0.2",
    "R10": "unit_price < double(int(list_price * (1.0 - discount_rate) * 100.0 + 0.5)) / 100.0",
    "R11": "amount >= 500000.0",
    "R12": "requester_role == approver_role",
}
PROGRAM = " + ".join(f"({condition} ? ['{rule}'] : [])" for rule, condition in CONDITIONS.items())
