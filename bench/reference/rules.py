"""The release of an order: twelve rules over fourteen facts.

Every rule is judged and every rule that fires is reported; the outcome is the highest of
those that fired, deny above review above allow.
"""

from collections.abc import Iterable

ALLOW, REVIEW, DENY = "allow", "review", "deny"

#: What each rule asks for when it fires, in the order of the report.
EFFECT = {
    "R1": DENY,  # the contract is not signed
    "R2": REVIEW,  # outstanding + amount > credit limit, and the CFO has not approved
    "R3": DENY,  # more than 120 days overdue
    "R4": REVIEW,  # more than 30 days overdue
    "R5": DENY,  # grade D, not fully prepaid
    "R6": REVIEW,  # grade C, less than 30 % prepaid
    "R7": REVIEW,  # discount above 5 %
    "R8": REVIEW,  # discount above 10 %
    "R9": REVIEW,  # discount above 20 %
    "R10": DENY,  # unit price below the list price less the discount, rounded half up to cents
    "R11": REVIEW,  # 500,000.00 or more
    "R12": DENY,  # requester and approver have the same role
}
RULES = tuple(EFFECT)
DENYING = frozenset(rule for rule, effect in EFFECT.items() if effect == DENY)

TEXTS = ("order_id", "customer_grade", "requester_role", "approver_role")
MONEY = ("amount", "credit_limit", "outstanding", "list_price", "unit_price")
RATES = ("discount_rate", "prepaid_ratio")
COUNTS = ("overdue_days",)
FLAGS = ("contract_signed", "has_cfo_approval")
FACTS = TEXTS + MONEY + RATES + COUNTS + FLAGS

#: Declared decimals of the numbers that have any.
DECIMALS = dict.fromkeys(MONEY, 2) | dict.fromkeys(RATES, 4)


def outcome_of(fired: Iterable[str]) -> str:
    """The outcome for the rules that fired, for engines that report only those."""
    outcome = ALLOW
    for rule in fired:
        if rule in DENYING:
            return DENY
        outcome = REVIEW
    return outcome
