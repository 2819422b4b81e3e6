"""The decisions whose explanations are kept: facts in, words out.

`traces/NAME.en.txt` and `traces/NAME.zh.txt` hold what is said of each. `python tests/golden/update.py` writes
them anew, for a person to review.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import salesctrl
from salesctrl.decision import Decision
from salesctrl.decision.explain import Verbosity

HERE = Path(__file__).parent
POLICIES = HERE / "policies"
TRACES = HERE / "traces"


@dataclass(frozen=True)
class Golden:
    """One decision to explain."""

    control_point: str
    as_of: str
    facts: Mapping[str, object]
    overlays: tuple[str, ...] = ()
    verbosity: Verbosity = "normal"
    how: Mapping[str, Any] = field(default_factory=dict)

    def decide(self) -> Decision:
        return engine(self.overlays).evaluate(self.control_point, self.facts, as_of=self.as_of, **self.how)


@cache
def engine(overlays: tuple[str, ...] = ()) -> salesctrl.Engine:
    return salesctrl.load(POLICIES, overlays=list(overlays))


def order(id: str = "SO-1042", **fields: object) -> dict[str, object]:
    usual: dict[str, object] = {"amount": "1234.50", "discount_rate": "0.03"}
    return {"id": id, **usual, **fields}


def customer(**fields: object) -> dict[str, object]:
    usual: dict[str, object] = {
        "grade": "B",
        "credit_limit": "20000.00",
        "balance": "5000.00",
        "overdue_days": 12,
    }
    return {**usual, **fields}


def approval(person: str, role: str, date: str, **more: str) -> dict[str, str]:
    return {"person": person, "role": role, "date": date, **more}


LINES = [
    {"product": "valve", "quantity": 10, "list_price": "120.00", "unit_price": "95.50"},
    {"product": "pump", "quantity": 2, "list_price": "4800.00", "unit_price": "4560.00"},
    {"product": "seal kit", "quantity": 40, "list_price": "18.50", "unit_price": "18.50"},
]

GOLDEN: Mapping[str, Golden] = {
    "above-the-limit": Golden(
        "order.release", "2026-03-01",
        {
            "customer": customer(balance="19000.00"),
            "order": order(discount_rate="0.06"),
            "evidence": {"requester": "205", "approvals": [approval("120", "sales_manager", "2026-02-27")]},
        },
    ),
    "excepted-in-writing": Golden(
        "order.release", "2026-03-01",
        {
            "customer": customer(balance="19000.00"),
            "order": order(),
            "evidence": {
                "requester": "205",
                "approvals": [
                    approval("120", "cfo", "2026-02-26", form="written"),
                    approval("100", "general_manager", "2026-02-27", form="written"),
                ],
            },
        },
    ),
    "approvals-that-do-not-count": Golden(
        "order.release", "2026-03-01",
        {
            "customer": customer(balance="0.00", credit_limit="900000.00"),
            "order": order("SO-1043", amount="620000.00", discount_rate="0.08"),
            "evidence": {
                "requester": "110",
                "approvals": [
                    approval("120", "sales_manager", "2026-02-27"),
                    approval("110", "sales_vp", "2026-02-27"),
                    approval("205", "sales_manager", "2026-02-28"),
                ],
                "duties": [{"duty": "take_order", "person": "205"}],
            },
        },
    ),
    "approvals-in-order": Golden(
        "order.release", "2026-03-01",
        {
            "customer": customer(),
            "order": order("SO-1044", discount_rate="0.12"),
            "evidence": {
                "requester": "205",
                "approvals": [
                    approval("110", "sales_vp", "2026-02-20"),
                    approval("120", "sales_manager", "2026-02-25"),
                ],
            },
        },
    ),
    "prepaid-in-part": Golden(
        "order.release", "2026-03-01",
        {
            "customer": customer(grade="D", balance="0.00"),
            "order": order("SO-1045", amount="1000.00"),
            "evidence": {
                "payments": [
                    {"amount": "200.00", "date": "2026-02-20"},
                    {"amount": "100.00", "date": "2026-03-02"},
                ],
                "documents": [{"kind": "signed_contract", "date": "2025-01-15"}],
            },
        },
    ),
    "two-reasons-at-once": Golden(
        "order.release", "2026-03-01",
        {"customer": customer(balance="19500.00", overdue_days=45), "order": order("SO-1046")},
    ),
    "balance-not-given": Golden(
        "order.release", "2026-03-01",
        {"customer": {"grade": "B", "credit_limit": "20000.00", "overdue_days": 12}, "order": order("SO-1047")},
    ),
    "facts-refused": Golden(
        "order.release", "2026-03-01",
        {"customer": customer(grade="E"), "order": order("SO-1048", amount="12.345")},
        how={"on_error": "incomplete"},
    ),
    "nothing-against-it": Golden(
        "order.release", "2026-03-01", {"customer": customer(), "order": order("SO-1049")}
    ),
    "nothing-against-it-in-full": Golden(
        "order.release", "2026-03-01", {"customer": customer(), "order": order("SO-1049")}, verbosity="full"
    ),
    "under-the-rules-of-2025": Golden(
        "order.release", "2025-06-30", {"customer": customer(balance="21000.00"), "order": order("SO-0388")}
    ),
    "before-any-policy": Golden(
        "order.release", "2024-06-30", {"customer": customer(), "order": order("SO-0007")}
    ),
    "lines-below-the-floor": Golden(
        "order.price", "2026-03-06",
        {
            "customer": {"grade": "B"},
            "order": {
                "id": "SO-1050", "cost": "9200.00", "contract_signed": True, "delivery": "2026-03-13", "lines": LINES,
            },
        },
    ),
    "order-without-lines": Golden(
        "order.price", "2026-03-06",
        {
            "customer": {"grade": "A"},
            "order": {"id": "SO-1051", "cost": "10.00", "contract_signed": False, "delivery": "2026-04-01"},
        },
    ),
    "deduction-split": Golden(
        "receivable.liability", "2026-02-15",
        {"receivable": {"invoice": "INV-77", "overdue": "66666.66", "due_date": "2026-01-01", "at_fault": True}},
    ),
    "deduction-under-an-overlay": Golden(
        "receivable.liability", "2026-02-10",
        {"receivable": {"invoice": "INV-78", "overdue": "166666.67", "due_date": "2025-12-20", "at_fault": True}},
        overlays=("acme",),
    ),
    "rates-of-2025": Golden(
        "receivable.liability", "2025-12-31",
        {"receivable": {"invoice": "INV-12", "overdue": 1000.1 + 0.2, "due_date": "2025-11-01", "at_fault": True}},
        how={"floats": "nearest"},
    ),
    "above-the-limit-in-brief": Golden(
        "order.release", "2026-03-01",
        {"customer": customer(balance="19000.00"), "order": order()},
        verbosity="brief",
    ),
}  # fmt: skip
