"""Obligations: when they are due, and from which day on they are findings."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import salesctrl
from salesctrl import Engine, Outcome, PolicyError

POLICIES = """
vocabulary: sales
kinds:
  customer:
    fields:
      id: {type: text, optional: true}
      credit: {type: boolean, default: true}
      known_since: date
      rated_on: {type: date, optional: true}
      cleared_on: {type: date, optional: true}
terms:
  rate_customer: {en: rating, zh: 评级}
  clear: {en: clearance, zh: 清理}
  rating_report: {en: rating report, zh: 评级报告}
---
organisation: company
roles: {cs_manager: {title: {en: Customer service manager, zh: 客服部经理}}, cfo: {title: {en: CFO, zh: 财务总监}}}
---
obligation: yearly-rating
title: {en: Yearly rating, zh: 年度评级}
when: customer.credit
every: period_of_rating
parameters: {period_of_rating: 12 months}
last: customer.rated_on
start: customer.known_since
grace: 5 days
remind: 30 days
owner: cs_manager
action: rate_customer
evidence: {document: rating_report}
notify: cfo
subject: customer.id
---
obligation: thirty-days
every: 30 days
last: customer.rated_on
start: customer.known_since
owner: cs_manager
action: rate_customer
---
obligation: clearance
effective: {from: 2024-07-01}
each_year: 12-31
last: customer.cleared_on
owner: cs_manager
action: clear
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = tmp_path_factory.mktemp("obligations")
    Path(folder, "policies.yaml").write_text(POLICIES, encoding="utf-8")
    return salesctrl.load(folder)


def rated(engine: Engine, as_of: str, **customer: object) -> salesctrl.Decision:
    facts = {"customer": {"known_since": "2020-02-29", **customer}}
    return engine.evaluate("obligation.yearly-rating", facts, as_of=as_of)


@pytest.mark.parametrize(
    ("as_of", "outcome", "fired"),
    [
        ("2026-05-31", "allow", ()),
        ("2026-06-01", "flag", ("yearly-rating-R",)),
        ("2026-07-06", "flag", ("yearly-rating-R",)),
        ("2026-07-07", "review", ("yearly-rating",)),
    ],
)
def test_it_is_due_again_a_period_later(engine: Engine, as_of: str, outcome: str, fired: tuple[str]) -> None:
    decision = rated(engine, as_of, rated_on="2025-07-01")
    assert (decision.outcome, decision.fired) == (outcome, fired)
    assert decision.values["due"] == date(2026, 7, 1)


def test_what_never_was_done_is_counted_from_the_start(engine: Engine) -> None:
    decision = rated(engine, "2021-03-06")
    assert decision.values == {"due": date(2021, 2, 28), "days_overdue": 6}
    assert decision.outcome == "review"
    assert rated(engine, "2021-03-05").outcome == "flag"


def test_a_finding_has_an_owner_and_asks_for_evidence(engine: Engine) -> None:
    decision = rated(engine, "2026-08-01", rated_on="2025-07-01", id="C-7")
    said = decision.explain()
    assert "rating by Customer service manager" in said
    assert "C-7" in said
    kinds = [(type(r.need).__name__, r.satisfied) for r in decision.requirements]
    assert kinds == [("ActionNeed", False), ("DocumentNeed", False)]
    done = {
        "actions": [{"name": "rate_customer", "date": "2026-07-20"}],
        "documents": [{"kind": "rating_report", "date": "2026-07-20"}],
    }
    facts = {"customer": {"known_since": "2020-01-01", "rated_on": "2025-07-01"}, "evidence": done}
    assert engine.evaluate("obligation.yearly-rating", facts, as_of="2026-08-01").outcome == "allow"


def test_it_does_not_apply_to_others(engine: Engine) -> None:
    assert rated(engine, "2026-08-01", credit=False).outcome == "allow"


@pytest.mark.parametrize(
    ("as_of", "cleared", "outcome", "due"),
    [
        ("2025-06-30", None, "review", "2024-12-31"),
        ("2025-06-30", "2024-12-31", "allow", "2025-12-31"),
        ("2025-06-30", "2023-12-31", "review", "2024-12-31"),
        ("2025-06-30", "2024-01-01", "allow", "2025-12-31"),
        ("2025-12-31", "2024-06-01", "allow", "2025-12-31"),
        ("2026-01-01", "2024-12-31", "review", "2025-12-31"),
        ("2026-01-01", "2025-01-01", "allow", "2026-12-31"),
        ("2024-08-01", None, "allow", "2024-12-31"),  # the day before it came into force is not owed
    ],
)
def test_one_day_of_every_year(
    engine: Engine, as_of: str, cleared: str | None, outcome: str, due: str
) -> None:
    facts = {"customer": {"cleared_on": cleared}}
    decision = engine.evaluate("obligation.clearance", facts, as_of=as_of)
    assert (decision.outcome, decision.values["due"]) == (outcome, date.fromisoformat(due))


days = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@settings(max_examples=200)
@given(last=st.none() | days, start=days, as_of=days)
def test_days_are_counted_exactly(engine: Engine, last: date | None, start: date, as_of: date) -> None:
    facts = {"customer": {"rated_on": last, "known_since": start}}
    decision = engine.evaluate("obligation.thirty-days", facts, as_of=as_of)
    due = (last or start) + timedelta(days=30)
    assert decision.values == {"due": due, "days_overdue": max((as_of - due).days, 0)}
    assert (decision.outcome is Outcome.REVIEW) is (as_of > due)


def test_a_document_of_tests_may_ask_for_them(tmp_path: Path) -> None:
    cases = """
---
tests: rating
control_point: obligation.yearly-rating
as_of: 2026-08-01
cases:
  - {name: overdue, given: {customer: {rated_on: 2025-07-01, known_since: 2020-01-01}}, expect: {days_overdue: 31}}
"""
    Path(tmp_path, "policies.yaml").write_text(POLICIES + cases, encoding="utf-8")
    from salesctrl.testing import run

    results = list(run(salesctrl.load(tmp_path)))
    assert [result.passed for result in results] == [True]


def test_an_overlay_changes_the_period(tmp_path: Path) -> None:
    overlay = """
---
overlay: twice
parameters: {yearly-rating: {period_of_rating: 6 months}}
"""
    Path(tmp_path, "policies.yaml").write_text(POLICIES + overlay, encoding="utf-8")
    engine = salesctrl.load(tmp_path, overlays=["twice"])
    assert rated(engine, "2026-01-01", rated_on="2025-07-01").values["due"] == date(2026, 1, 1)


def test_versions_follow_each_other(tmp_path: Path) -> None:
    later = """
---
obligation: thirty-days
effective: {from: 2027-01-01}
every: 60 days
last: customer.rated_on
start: customer.known_since
owner: cs_manager
action: rate_customer
"""
    Path(tmp_path, "policies.yaml").write_text(POLICIES + later, encoding="utf-8")
    with pytest.raises(PolicyError, match="two versions of the obligation `thirty-days`"):
        salesctrl.load(tmp_path)
    first = POLICIES.replace(
        "obligation: thirty-days\n", "obligation: thirty-days\neffective: {to: 2026-12-31}\n"
    )
    Path(tmp_path, "policies.yaml").write_text(first + later, encoding="utf-8")
    engine = salesctrl.load(tmp_path)
    facts = {"customer": {"rated_on": "2026-12-01", "known_since": "2020-01-01"}}
    due = [
        engine.evaluate("obligation.thirty-days", facts, as_of=day).values["due"]
        for day in ("2026-12-31", "2027-01-01")
    ]
    assert due == [date(2026, 12, 31), date(2027, 1, 30)]


def test_an_action_without_words_is_pointed_at(tmp_path: Path) -> None:
    """Where the action is all that is required, too."""
    text = POLICIES.replace("action: clear\n", "action: clears\n")
    assert text != POLICIES
    Path(tmp_path, "policies.yaml").write_text(text, encoding="utf-8")
    [finding] = salesctrl.loading.read(tmp_path).findings
    assert finding.code == "W403"
    assert finding.span is not None
    assert text.splitlines()[finding.span.line - 1] == "action: clears"
