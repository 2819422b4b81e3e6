"""Plans: cut where something begins or ends; what rests; what is read."""

import itertools
from datetime import date, timedelta

import pytest
from tests.loading import engine_of, policy_text, sound

from salesctrl.calendar import FIRST_DAY, LAST_DAY
from salesctrl.compile.plan import reads


def plans(body):
    return sound(policy_text(body), overlays=True).plans["point"]


def starts(body):
    return [date.fromordinal(plan.interval.first).isoformat() for plan in plans(body)]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("rules: [{id: R, deny: true}]", ["0001-01-01"]),
        ("effective: {from: 2026-01-01}\nrules: [{id: R, deny: true}]", ["2026-01-01"]),
        ("rules: [{id: R, deny: true, effective: {from: 2026-01-01, to: 2026-01-31}}]",
         ["0001-01-01", "2026-01-01", "2026-02-01"]),
        ("parameters: {p: {values: [{from: 2025-01-01, value: 1}, {from: 2026-01-01, value: 2}]}}\nrules: [{id: R, deny: true}]",
         ["0001-01-01", "2025-01-01", "2026-01-01"]),
        ("tables: {T: {inputs: [order.pieces], hit: first, effective: {to: 2026-01-31}, rows: [{match: '-', flag: true}]}}",
         ["0001-01-01", "2026-02-01"]),
        ("rules: [{id: R, deny: true}]\n---\noverlay: here\noff: [{rule: R, because: x, owner: cfo, until: 2026-01-31}]\n"
         "---\norganisation: o\nroles: {cfo: {}}", ["0001-01-01", "2026-02-01"]),
    ],
)  # fmt: skip
def test_a_plan_begins_where_something_changes(body, found):
    assert starts(body) == found


def test_plans_follow_one_another_without_gap_or_overlap():
    body = """
        rules:
        - {id: A, deny: true, effective: {from: 2026-01-01, to: 2026-01-01}}
        - {id: B, flag: true, effective: {to: 2026-06-30}}
        """
    intervals = [plan.interval for plan in plans(body)]
    assert intervals[0].first == FIRST_DAY
    assert intervals[-1].last == LAST_DAY
    assert all(a.last + 1 == b.first for a, b in itertools.pairwise(intervals))


PERIODS = """
effective: {from: 2026-01-01, to: 2026-12-31}
rules:
- {id: A, deny: true, effective: {from: 2026-03-01, to: 2026-03-31}}
- {id: B, flag: true}
"""


@pytest.mark.parametrize(
    ("day", "outcome"),
    [
        ("2025-12-31", "incomplete"),
        ("2026-01-01", "flag"),
        ("2026-02-28", "flag"),
        ("2026-03-01", "deny"),
        ("2026-03-31", "deny"),
        ("2026-04-01", "flag"),
        ("2026-12-31", "flag"),
        ("2027-01-01", "incomplete"),
    ],
)
def test_both_ends_of_a_period_belong_to_it(day, outcome):
    assert engine_of(policy_text(PERIODS)).evaluate("point", {}, as_of=day).outcome == outcome


def test_between_two_versions_nothing_is_allowed():
    versions = (
        "effective: {to: 2025-12-31}\nrules: [{id: R, allow: true}]\n---\npolicy: p\ncontrol_point: point\n"
    )
    versions += "effective: {from: 2026-01-03}\nrules: [{id: R, flag: true}]"
    engine = engine_of(policy_text(versions))
    first = date(2025, 12, 30)
    found = [engine.evaluate("point", {}, as_of=first + timedelta(n)).outcome.value for n in range(6)]
    assert found == ["allow", "allow", "incomplete", "incomplete", "flag", "flag"]


def test_what_rests_is_known_and_why():
    body = """
        rules:
        - {id: A, deny: true, effective: {from: 2027-01-01}}
        - {id: B, deny: true}
        - {id: C, flag: true}
        ---
        overlay: here
        off: [{rule: B, because: by contract, owner: cfo, until: 2026-12-31}]
        ---
        organisation: o
        roles: {cfo: {}}
        """
    (now, later) = plans(body)
    assert [(d.rule.id, d.reason) for d in now.dormant] == [("A", "rule"), ("B", "off")]
    assert [(d.rule.id, d.reason) for d in later.dormant] == []
    assert [r.rule.id for r in now.rules] == ["C"]


def test_the_facts_that_a_plan_reads_and_those_it_only_shows():
    body = """
        subject: [order.memo]
        tables: {T: {inputs: [order.pieces, customer.grade], hit: first, rows: [{match: ["> 5", "-"], flag: true}]}}
        rules:
        - {id: A, when: order.amount > 5, deny: true, because: "{order.discount} for {customer.region}"}
        """
    (plan,) = plans(body)
    shown = [path for path, place in plan.inputs.slots.items() if place in plan.soft]
    assert reads(plan) == (
        "order.amount", "order.pieces", "order.discount", "customer.region", "customer.grade", "order.memo"
    )  # fmt: skip
    assert shown == ["order.discount", "customer.region", "customer.grade", "order.memo"]


def test_for_want_of_a_fact_that_is_only_shown_nothing_is_unknown():
    body = 'rules: [{id: A, when: order.amount > 5, flag: true, because: "{order.discount}: {order.paid}"}]'
    decision = engine_of(policy_text(body)).evaluate("point", {"order": {"amount": 6}}, as_of="2026-01-01")
    assert (decision.outcome, decision.unknown, decision.missing) == ("flag", (), ())
    assert decision.findings[0].because.en == "unknown: 0.00"


def test_only_what_is_read_of_the_items_of_a_list_is_kept():
    (plan,) = plans("rules: [{id: A, when: any(l.gift and l.price > 5 for l in order.lines), deny: true}]")
    assert plan.inputs.items == {"order.lines[]": {"gift": 0, "price": 1}}


def test_thousands_of_rules_make_one_plan():
    rules = "\n".join(
        f"- {{id: R{i}, when: order.pieces == {i}, compute: {{x{i % 7}: {i}}}}}" for i in range(2000)
    )
    engine = engine_of(policy_text(f"rules:\n{rules}"))
    decision = engine.evaluate("point", {"order": {"pieces": 1234}}, as_of="2026-01-01")
    assert (decision.fired, decision.values) == (("R1234",), {"x2": 1234})
