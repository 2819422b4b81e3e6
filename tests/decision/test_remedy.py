"""What would allow it: every remedy is enough, and the value next to the nearest one is not."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.golden.cases import GOLDEN, customer, engine, order
from tests.loading import engine_of

from salesctrl.decision.bisection import MOST_EVALUATIONS, Bounds, nearest
from salesctrl.decision.imagined import completed
from salesctrl.decision.remedy import remedies
from salesctrl.outcome import Outcome


def texts(decision, lang="en"):
    return [remedy.text(lang) for remedy in remedies(decision)]


def applied(decision, remedy):
    """The decision with a remedy: its changes, at the first of their values, and what it asks for."""
    owner, slots = decision._kept[0], decision._kept[0].plan.inputs.slots
    changed = {slots[change.path]: change.raws[0] for change in remedy.changes}
    here = owner.again(decision, changed, decision._kept[2])
    if not remedy.requirements:
        return here
    return owner.again(decision, changed, completed(here, remedy.requirements, decision._kept[2]))


# --- what is found ----------------------------------------------------------------------------------


def test_one_fact_or_the_evidence_is_enough():
    assert texts(GOLDEN["above-the-limit"].decide()) == [
        "customer.balance ≤ 18,765.50",
        "order.amount ≤ 1,000.00",
        "customer.credit_limit ≥ 20,234.50",
        "approval by CFO and general manager, form: written, not older than 30 days (CR-18-2-X)",
    ]


def test_in_chinese():
    assert texts(GOLDEN["above-the-limit"].decide(), "zh") == [
        "应收账款余额 ≤ 18,765.50",
        "订单金额 ≤ 1,000.00",
        "信用额度 ≥ 20,234.50",
        "财务总监和总经理审批，形式为书面，有效期30天（CR-18-2-X）",
    ]


def test_where_no_single_fact_is_enough_several_are_changed_together():
    assert texts(GOLDEN["two-reasons-at-once"].decide()) == [
        "customer.balance ≤ 18,765.50 and customer.overdue_days ≤ 30 days"
    ]


def test_what_is_open_of_a_payment_is_asked_for():
    assert any("payment of 100.00 CNY" in text for text in texts(GOLDEN["prepaid-in-part"].decide()))


def test_a_fact_that_is_absent_is_asked_for_first():
    first, *_ = remedies(GOLDEN["balance-not-given"].decide())
    assert first.outcome is None
    assert first.missing == ("customer.balance",)
    assert first.text("zh") == "补充：应收账款余额"


def test_facts_that_were_refused_are_to_be_corrected_and_nothing_else_is_said():
    (only,) = remedies(GOLDEN["facts-refused"].decide())
    assert only.refused == ("customer.grade", "order.amount")


@pytest.mark.parametrize("name", ["nothing-against-it", "before-any-policy", "deduction-under-an-overlay"])
def test_nothing_is_said_of_what_may_go_ahead_or_of_what_no_policy_decides(name):
    assert remedies(GOLDEN[name].decide()) == ()


SET = """
vocabulary: v
currency: CNY
kinds:
  quote:
    fields: {{price: {{type: money, min: 0}}, due: date, rush: boolean, grade: {{type: choice, choices: [A, B, C]}}}}
---
organisation: o
roles: {{cfo: {{title: CFO}}}}
---
policy: p
control_point: c
rules:
{rules}
"""
FACTS = {"price": "50.00", "due": "2026-03-10", "rush": True, "grade": "C"}


def decided(rules, **facts):
    engine = engine_of(SET.format(rules=rules))
    return engine.evaluate("c", {"quote": {**FACTS, **facts}}, as_of="2026-03-01")


def test_a_range_between_two_limits():
    decision = decided("- {id: R, when: not 98 <= quote.price <= 105, deny: true}")
    assert texts(decision) == ["quote.price from 98.00 to 105.00"]


def test_a_single_value():
    decision = decided("- {id: R, when: quote.price != 98.25, deny: true}")
    assert texts(decision) == ["quote.price = 98.25"]


def test_a_date():
    decision = decided('- {id: R, when: quote.due > date("2026-03-07"), deny: true}')
    assert texts(decision) == ["quote.due ≤ 2026-03-07"]


def test_a_boolean_and_a_choice():
    decision = decided('- {id: R, when: quote.rush and quote.grade == "C", deny: true}')
    assert texts(decision) == ["quote.rush = no", 'quote.grade is "A" or "B"']


def test_what_is_still_required_then_comes_with_it():
    rules = """
  - {id: R, when: quote.price < 80, deny: true}
  - {id: S, when: quote.price < 90, review: {approval: cfo}}
"""
    assert texts(decided(rules)) == ["quote.price ≥ 90.00"]
    rules = rules.replace("quote.price < 90", "quote.rush")
    assert texts(decided(rules)) == ["quote.price ≥ 80.00 and approval by CFO (S)"]


def test_where_nothing_allows_it_the_next_better_outcome_is_the_aim():
    rules = """
  - {id: R, when: quote.price < 80, deny: true}
  - {id: S, when: quote.price / 0 > 1, flag: true}
"""
    (remedy,) = remedies(decided(rules))
    assert (remedy.outcome, remedy.text()) == (Outcome.INCOMPLETE, "quote.price ≥ 80.00")


# --- what must hold ---------------------------------------------------------------------------------

amounts = st.decimals(min_value=0, max_value=60_000, places=2)


@settings(max_examples=60, deadline=None)
@given(
    balance=amounts, amount=amounts, limit=amounts, days=st.integers(0, 90),
    discount=st.sampled_from(["0.00", "0.05", "0.0501", "0.10", "0.12", "0.20", "0.31"]),
    grade=st.sampled_from("ABCD"),
)  # fmt: skip
def test_every_remedy_is_enough_and_the_next_value_is_not(balance, amount, limit, days, discount, grade):
    facts = {
        "customer": customer(balance=balance, credit_limit=limit, overdue_days=days, grade=grade),
        "order": order(amount=amount, discount_rate=discount),
    }
    decision = engine().evaluate("order.release", facts, as_of="2026-03-01")
    found = remedies(decision)
    assert bool(found) is not decision.allowed
    for remedy in found:
        assert applied(decision, remedy).outcome is remedy.outcome
        if len(remedy.changes) == 1 and remedy.changes[0].relation in ("at_most", "at_least"):
            assert_is_nearest(decision, remedy)


def assert_is_nearest(decision, remedy):
    (change,) = remedy.changes
    step = 1 if change.relation == "at_most" else -1
    beside = replace(remedy, changes=(replace(change, raws=(change.raws[0] + step,)),))
    reached = [max(applied(decision, each).outcome.rank, Outcome.FLAG.rank) for each in (remedy, beside)]
    assert reached[0] < reached[1]


@given(
    was=st.integers(-(10**6), 10**6), limit=st.integers(-(10**6), 10**6), low=st.booleans(),
    hints=st.lists(st.integers(-(10**6), 10**6), max_size=5),
)  # fmt: skip
def test_bisection_finds_the_limit_exactly_in_few_steps(was, limit, low, hints):
    calls = []

    def score(value):
        calls.append(value)
        return (0,) if (value <= limit if low else value >= limit) else (4,)

    now = (0,) if (was <= limit if low else was >= limit) else (4,)
    found = nearest(was, -1 if low else 1, Bounds(-(10**9), 10**9), hints, score, now)
    assert len(calls) <= MOST_EVALUATIONS
    if now == (0,):
        assert found is None
    else:
        assert found is not None
        assert found.values == (limit,)
        assert found.relation == ("at_most" if low else "at_least")


@pytest.mark.parametrize("step", [-1, 1])
def test_bisection_gives_up_rather_than_try_for_ever(step):
    calls = []

    def score(value):
        calls.append(value)
        return (0,) if abs(value) > 10**70 else (4,)

    assert nearest(5, step, Bounds(-(10**76), 10**76), [], score, (4,)) is None
    assert len(calls) <= MOST_EVALUATIONS


def test_again_decides_with_the_same_day_and_the_given_facts():
    decision = GOLDEN["above-the-limit"].decide()
    again = decision._kept[0].again(decision, {}, decision._kept[2])
    assert again == decision
    limit = decision._kept[0].plan.inputs.slots["customer.credit_limit"]
    raised = decision._kept[0].again(decision, {limit: 2_100_000}, decision._kept[2])
    assert raised.outcome is Outcome.ALLOW
    assert decision.outcome is Outcome.DENY
    assert Decimal("21000.00") in [getattr(raised.trace.rule("CR-18-2").condition.children[1], "value", None)]
