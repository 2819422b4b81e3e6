"""Inside an ERP: facts from the classes that are there, refusals, dates, approvals, threads.

    python examples/python_api.py

Everything it prints is the same on every run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from pydantic import BaseModel, ValidationError

import salesctrl

# One engine for the whole process: it never changes, and threads share it. Loading takes a moment, so do it
# at start-up, and let wrong policies stop the service there: `PolicyError` says in which file and line.
ENGINE = salesctrl.load()


# --- facts: the classes of the ERP, as they are -------------------------------------------------------


@dataclass
class Customer:
    """A row of the customer table. Fields that no policy reads do not matter."""

    id: str
    name: str
    has_credit: bool
    credit_limit: Decimal
    receivable: Decimal
    overdue_invoices: int = 0
    unreviewed_shipments: int = 0


class Order(BaseModel):
    """An order as the web service receives it."""

    id: str
    amount: Decimal
    received: Decimal = Decimal(0)


@dataclass
class Approval:
    """Who approved: the person, in which role, when, and how."""

    person: str
    role: str
    date: date
    form: str = "written"


@dataclass
class Evidence:
    """What was brought along with the order."""

    requester: str
    approvals: list[Approval]


@dataclass
class Release:
    """The facts of the control point `order.release`: any object with these attributes will do."""

    order: Order
    customer: Customer
    evidence: Evidence | None = None


def release_goods() -> None:
    """Ask before goods leave; say what is missing; ask again with the approvals."""
    heading("An order above the credit limit")
    customer = Customer("C001", "Linhe Hardware", True, Decimal("50000.00"), Decimal("41000.00"))
    order = Order(id="SO-260001", amount=Decimal("12500.00"))
    decision = ENGINE.evaluate("order.release", Release(order, customer), as_of=date(2026, 3, 2))
    show(decision)

    heading("The same with one signature, then with both")
    cfo = Approval("101", "cfo", date(2026, 3, 2))
    manager = Approval("100", "general_manager", date(2026, 3, 3))
    for approvals in ([cfo], [cfo, manager]):
        facts = Release(order, customer, Evidence("205", approvals))
        decision = ENGINE.evaluate("order.release", facts, as_of=date(2026, 3, 3))
        show(decision)

    heading("The day decides: the day before, the second signature was not there yet")
    show(ENGINE.evaluate("order.release", facts, as_of=date(2026, 3, 2)))


def show(decision: salesctrl.Decision) -> None:
    """What an ERP does with a decision: go ahead or not, tell people, keep the record."""
    print(f"{decision.outcome.value:<11} allowed: {decision.allowed}, as of {decision.as_of}, values:")
    for name, value in decision.values.items():
        print(f"              {name} = {value!r}")
    for finding in decision.findings:
        reason = finding.because.get("en") if finding.because is not None else finding.title.get("en")
        print(f"  {finding.rule}: {reason}")
    for requirement in decision.requirements:
        for missing in requirement.missing:
            print(f"  {requirement.need.rule} still needs: {missing.text('en')}")


# --- facts that are wrong ------------------------------------------------------------------------------


def refuse_facts() -> None:
    """Facts are never guessed: all problems at once, each with its field, and what to do."""
    heading("Facts that are wrong are refused, all at once")
    facts = {
        "order": {"amount": 0.1 + 0.2, "received": "1,000.00"},
        "customer": {"has_credit": "maybe", "credit_limit": "50000.005", "receivable": -1},
    }
    try:
        ENGINE.evaluate("order.release", facts, as_of="2026-03-02")
    except salesctrl.FactsError as error:
        for problem in error.problems:
            print(problem)

    heading("Where a batch may not stop for them, they count as unknown, and nothing is allowed")
    decision = ENGINE.evaluate("order.release", facts, as_of="2026-03-02", on_error="incomplete")
    print(decision.outcome.value, [problem.path for problem in decision.trace.problems])

    heading("A misspelt control point")
    try:
        ENGINE.evaluate("order.relase", facts, as_of="2026-03-02")
    except salesctrl.UnknownControlPoint as error:
        print(error)


def read_request_body() -> None:
    """The facts that a control point reads, as a pydantic model: for request bodies, forms, OpenAPI."""
    heading("A request body, checked by the model of the control point")
    facts_model = ENGINE.facts("price.quote")
    print(sorted(facts_model.model_json_schema()["properties"]))
    body = '{"quote": {"list_price": "100.00", "price": "97.50", "quoted_by": "salesperson"}}'
    decision = ENGINE.evaluate("price.quote", facts_model.model_validate_json(body), as_of="2026-03-02")
    print(decision.outcome.value, decision.fired)
    body = '{"quote": {"list_price": 0, "price": "97.505", "quoted_by": "intern"}}'
    try:
        facts_model.model_validate_json(body)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            print(".".join(map(str, problem["loc"])), "-", problem["msg"])


# --- two sets of rules, and many threads ---------------------------------------------------------------


def compare_readings() -> None:
    """Two engines in one process: the policies as they are, and with an overlay."""
    heading("What would change if the rules were read as printed")
    as_printed = salesctrl.load(overlays=["as-printed"])
    facts = {
        "order": {"id": "SO-260002", "amount": "8000.00"},
        "customer": {
            "has_credit": False,
            "credit_limit": 0,
            "receivable": 0,
            "overdue_invoices": 0,
            "unreviewed_shipments": 0,
        },
    }
    for name, engine in (("as it is", ENGINE), ("as printed", as_printed)):
        decision = engine.evaluate("order.release", facts, as_of="2026-03-02")
        print(f"{name:<11} {decision.outcome.value:<7} {list(decision.fired)}")


def use_threads() -> None:
    """A pool of threads, one engine, and the same answers as one after another."""
    heading("Two thousand receivables in four threads")
    facts = [_receivable(number) for number in range(2000)]

    def decide(one: dict[str, object]) -> salesctrl.Decision:
        return ENGINE.evaluate("receivable.liability", one, as_of="2026-06-30")

    with ThreadPoolExecutor(max_workers=4) as pool:
        decisions = list(pool.map(decide, facts))
    assert [d.to_dict() for d in decisions[:50]] == [decide(one).to_dict() for one in facts[:50]]
    print(dict(sorted(Counter(str(decision.outcome) for decision in decisions).items())))
    deducted = total(decision.values["deduction"] for decision in decisions)
    posts = ("from_salesperson", "from_sales_manager", "from_sales_vp", "borne_by_company")
    shares = {post: total(decision.values[post] for decision in decisions) for post in posts}
    print("deducted", deducted, "=", " + ".join(str(share) for share in shares.values()))
    assert sum(shares.values()) == deducted


def _receivable(number: int) -> dict[str, object]:
    due = date(2026, 6, 30) - timedelta(days=number % 150)
    amount = Decimal(number * 7919 % 1_000_000) / 100
    return {"receivable": {"due_date": due, "overdue": amount, "at_fault": number % 3 == 0}}


def total(values: Iterable[object]) -> Decimal:
    """The sum of amounts that are known."""
    return sum((value for value in values if isinstance(value, Decimal)), Decimal())


def heading(text: str) -> None:
    print(f"\n# {text}")


def main() -> None:
    release_goods()
    refuse_facts()
    read_request_body()
    compare_readings()
    use_threads()


if __name__ == "__main__":
    main()
