"""What is planted is found, all of it and nothing besides, by the shipped rules."""

from collections import Counter

import polars as pl
import pytest

from salesctrl import load
from salesctrl.sales_year import (
    EVENT_VIOLATIONS,
    SHEETS,
    findings,
    findings_in_events,
    recall,
    recall_in_events,
    sales_year,
)

_SYSTEMS, _KINDS = 20, 30
_NOT_IN_EVERY_YEAR = {"late payer about to fall due"}


@pytest.fixture(scope="module")
def engine():
    return load()


def _assert_exact(engine, year):
    found = recall(engine, year)
    wrong = found.filter((pl.col("missed") > 0) | (pl.col("besides") > 0))
    assert wrong.is_empty(), wrong.to_dicts()
    assert found["found"].sum() == year.planted.height
    _assert_exact_in_events(engine, year)


def _assert_exact_in_events(engine, year):
    found = recall_in_events(engine, year)
    wrong = found.filter((pl.col("missed") > 0) | (pl.col("besides") > 0))
    assert wrong.is_empty(), wrong.to_dicts()
    assert found["found"].sum() == year.planted_events.height


def test_all_that_is_planted_is_found_and_nothing_besides(engine):
    year = sales_year(orders=1000, seed=1)
    _assert_exact(engine, year)
    assert (
        set(year.planted["kind"])
        >= {violation.name for sheet in SHEETS for violation in sheet.violations} - _NOT_IN_EVERY_YEAR
    )
    assert set(year.planted_events["kind"]) >= {violation.name for violation in EVENT_VIOLATIONS}


def test_a_year_in_order_is_plainly_allowed(engine):
    year = sales_year(orders=300, per_mille=0, seed=2)
    assert year.planted.is_empty()
    assert findings(engine, year).is_empty()
    assert year.planted_events.is_empty()
    assert findings_in_events(engine, year).is_empty()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("orders", "customers", "year", "per_mille", "seed"),
    [
        (100, None, 2026, 20, 3),
        (400, 400, 2024, 100, 4),
        (1000, 20, 2027, 500, 5),
        (5000, 300, 2025, 1, 6),
        (20_000, 20, 2028, 20, 7),
        (100_000, None, 2026, 20, 8),
    ],
)
def test_it_is_so_in_years_of_every_size(engine, orders, customers, year, per_mille, seed):
    _assert_exact(
        engine, sales_year(orders, customers=customers, year=year, per_mille=per_mille, seed=seed)
    )  # fmt: skip


def test_rows_decided_one_by_one_say_the_same(engine):
    """A few rows of every table, planted ones among them, as a loop over `evaluate` decides them."""
    year = sales_year(orders=300, per_mille=60, seed=9)
    tables = year.tables()
    for point, frame in tables.items():
        listed = year.planted.filter(control_point=point)
        planted = Counter(listed["row"].to_list())
        rules = {row: set(listed.filter(row=row)["rule"]) for row in planted}
        for row in [*sorted(planted)[:4], *(row for row in range(4) if row not in planted)]:
            if row < frame.height:
                decision = engine.evaluate(point, _facts(frame.row(row, named=True)))
                assert _reasons(decision) == rules.get(row, set()), (point, row)


def _facts(row):
    facts = {}
    for path, value in row.items():
        *kinds, name = path.split(".")
        inner = facts
        for kind in kinds:
            inner = inner.setdefault(kind, {})
        if value is not None:
            inner[name] = _without_gaps(value)
    return facts


def _without_gaps(value):
    if isinstance(value, list):
        return [{key: part for key, part in item.items() if part is not None} for item in value]
    return value


def _reasons(decision):
    spoken = {finding.rule for finding in decision.findings if finding.outcome in ("deny", "flag")}
    return spoken | set(decision.pending)


def test_a_monitor_that_is_fed_event_by_event_finds_the_same(engine):
    year = sales_year(orders=120, per_mille=100, seed=10)
    monitor = engine.monitor()
    monitor.add_all(year.events.drop("duty").iter_rows(named=True))
    log = engine.monitor_log(year.events)
    monitor.advance(log.as_of)
    assert monitor.rejected == ()
    assert [one.to_dict() for one in monitor.findings] == [one.to_dict() for one in log.findings]
    assert monitor.findings


def test_what_is_planted_in_events_names_controls_and_rules_that_there_are(engine):
    controls = {control.name for control in engine.checked.cases.controls}
    pairs = {pair.id for pair in engine.checked.segregation.pairs}
    rules = {rule.id for policy in engine.policies for rule in policy.rules}
    for violation in EVENT_VIOLATIONS:
        for control, rule in violation.finds:
            assert rule in pairs if control == "segregation" else control in controls and rule in rules
    assert len({violation.name for violation in EVENT_VIOLATIONS}) == len(EVENT_VIOLATIONS)


def test_the_kinds_are_told_apart_and_cover_the_systems():
    kinds = [violation for sheet in SHEETS for violation in sheet.violations]
    assert len({kind.name for kind in kinds}) == len(kinds) >= _KINDS
    assert len({kind.system for kind in kinds}) >= _SYSTEMS
    assert len({sheet.control_point for sheet in SHEETS}) == len(SHEETS)


def test_the_systems_are_those_of_the_rules(engine):
    systems = {loaded.doc.policy: loaded.doc.system for loaded in engine.documents.policies}
    system = {rule.id: systems.get(policy.name) for policy in engine.policies for rule in policy.rules}
    for sheet in SHEETS:
        for violation in sheet.violations:
            assert {system[rule] for rule in violation.rules} == {violation.system}, violation.name
