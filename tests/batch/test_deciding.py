"""Tables decided in columns: the same outcomes, rules and values as one transaction after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from tests.loading import engine_of
from tests.strategies import Chooser, Made, make_case, make_set, policy_sets

from salesctrl.batch.bits import word_type
from salesctrl.batch.deciding import BatchPlan, Decided
from salesctrl.batch.given import Given
from salesctrl.batch.lists import ListColumn
from salesctrl.engine import Engine
from salesctrl.evaluate.facts import read_facts
from salesctrl.evaluate.layout import Record
from salesctrl.evaluate.point import PlanEvaluator
from salesctrl.evidence.given import Evidence, read_evidence
from salesctrl.policy.types import Base

MANY = settings(
    max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None
)
_TEXTS = frozenset({Base.TEXT, Base.CHOICE})


def series(values: Sequence[Any], base: Base) -> pl.Series:
    if base in _TEXTS:
        return pl.Series(values, dtype=pl.String)
    if base is Base.BOOLEAN:
        return pl.Series(values, dtype=pl.Boolean)
    wide = any(v is not None and not -(2**63) <= v < 2**63 for v in values)
    return pl.Series(values, dtype=pl.Int128 if wide else pl.Int64)


def columns(record: Record, rows: Sequence[Sequence[Any]]) -> dict[int, pl.Series | ListColumn]:
    """Rows of run-time values as columns, by place."""
    done: dict[int, pl.Series | ListColumn] = {}
    for leaf in record.leaves:
        values = [row[leaf.place] for row in rows]
        if leaf.items is None:
            done[leaf.place] = series(values, leaf.field.type.base)
            continue
        lengths = pl.Series([None if v is None else len(v) for v in values], dtype=pl.Int64)
        inner = columns(leaf.items, [item for v in values for item in v or ()])
        done[leaf.place] = ListColumn(lengths, tuple(inner[i] for i in sorted(inner)))
    for inside in record.records.values():
        done |= columns(inside, rows)
    return done


def given_of(
    evaluator: PlanEvaluator, rows: Sequence[Sequence[Any]], evidence: Sequence[Evidence | None]
) -> Given:
    facts = {0: pl.Series([row[0] for row in rows], dtype=pl.Int64), **columns(evaluator.root, rows)}
    return Given(len(rows), facts, evidence if any(e is not None for e in evidence) else None)


def rows_of(engine: Engine, cases: Sequence[Any]) -> dict[int, tuple[PlanEvaluator, list[Any], list[Any]]]:
    """The cases as run-time values, with their evidence, by the plan that decides them."""
    groups: dict[int, tuple[PlanEvaluator, list[Any], list[Any]]] = {}
    for case in cases:
        day = case.as_of.toordinal()
        evaluator = engine.point("point").at(day)
        reading = read_facts(evaluator.root, len(evaluator.plan.inputs.slots), case.given)
        assert not reading.problems
        reading.values[0] = day
        problems: list[Any] = []
        evidence = read_evidence(case.evidence, "evidence", problems)
        group = groups.setdefault(id(evaluator), (evaluator, [], []))
        group[1].append(tuple(reading.values))
        group[2].append(evidence)
    return groups


def with_implied(plan: BatchPlan, decided: Decided) -> pl.DataFrame:
    """The columns with the bits of the requirements that are open wherever their rule is pending."""
    bits, dtype = word_type(len(plan.plan.judges))
    done = decided.columns
    for k, rule in decided.implied:
        size = word_type(len(plan.plan.rules))[0]
        pending, name = f"p{rule // size}", f"j{k // bits}"
        if name not in done.columns:
            done = done.with_columns(pl.lit(0, dtype).alias(name))
        if pending in done.columns:
            holds = pl.col(pending) & (1 << rule % size) != 0
            bit = pl.when(holds).then(pl.lit(1 << k % bits, dtype)).otherwise(pl.lit(0, dtype))
            done = done.with_columns(pl.col(name) | bit)
    return done


def assert_as_one_by_one(engine: Engine, cases: Sequence[Any]) -> int:
    """Compare; the number of rows that had to be decided by themselves."""
    alone = 0
    for evaluator, rows, evidence in rows_of(engine, cases).values():
        plan = BatchPlan(evaluator, engine.checked.organisation)
        given = given_of(evaluator, rows, evidence)
        assert list(given.values()) == rows
        decided = plan.decide(given)
        alone += decided.alone
        found = with_implied(plan, decided).to_dicts()
        assert len(found) == len(rows)
        for row, values, each in zip(found, rows, evidence, strict=True):
            expected = dict(plan._cells(evaluator.decision_of(values, each)))
            doubtful = any(value for name, value in row.items() if name[0] == "u")  # requires nothing yet
            for name in expected.keys() | (row.keys() - {"q"}):
                if doubtful and name[0] == "j":
                    continue
                zero = 0 if name[0] in "fupj" else None
                assert row.get(name, zero) == expected.get(name, zero), (name, values, row, expected)
    return alone


@MANY
@given(policy_sets())
def test_tables_are_decided_as_their_rows_are(drawn: tuple[Made, Chooser]) -> None:
    made, c = drawn
    assert_as_one_by_one(engine_of(made.text, overlays=True), [make_case(c, made.world) for _ in range(12)])


@pytest.mark.exhaustive
@pytest.mark.parametrize("start", range(0, 1000, 250))
def test_tables_are_decided_as_their_rows_are_over_a_long_sweep(start: int) -> None:
    for seed in range(start, start + 250):
        c = Chooser.seeded(seed)
        made = make_set(c)
        engine = engine_of(made.text, overlays=True)
        assert_as_one_by_one(engine, [make_case(c, made.world) for _ in range(25)])
