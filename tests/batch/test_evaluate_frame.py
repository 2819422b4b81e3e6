"""A frame decided at once says of every row what `evaluate` says of it alone, in every form of column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from tests.loading import engine_of
from tests.strategies import Chooser, Made, make_case, make_set, policy_sets

from salesctrl.batch.reading import leaves
from salesctrl.batch.result import BatchResult
from salesctrl.decision.model import Decision
from salesctrl.decision.values import plain_value, python_value
from salesctrl.engine import Engine
from salesctrl.evaluate.facts import read_facts
from salesctrl.evaluate.layout import Leaf
from salesctrl.policy.types import Base

FEW = settings(
    max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None
)


# --- frames of cases ----------------------------------------------------------------------------------


def column(leaf: Leaf, values: Sequence[Any], form: str) -> pl.Series:
    """Run-time values of a fact as a column: of objects, of texts, or of its type."""
    type_ = leaf.field.type
    python = [python_value(value, type_) for value in values]
    if form == "objects":
        return pl.Series(leaf.path, python, dtype=pl.Object)
    if form == "texts":
        texts = [plain_value(value, type_) for value in values]
        return pl.Series(leaf.path, [_text(text) for text in texts], dtype=pl.String)
    dtypes = {Base.TEXT: pl.String, Base.CHOICE: pl.Categorical, Base.BOOLEAN: pl.Boolean, Base.DATE: pl.Date}
    if type_.base is Base.INSTANT:
        return pl.Series(leaf.path, python, dtype=pl.Datetime("us", "UTC"))
    if type_.base in dtypes:
        return pl.Series(leaf.path, python, dtype=dtypes[type_.base])
    if not type_.scale:
        return pl.Series(leaf.path, [None if v is None else int(v) for v in python], dtype=pl.Int64)
    return pl.Series(
        leaf.path, [None if v is None else Decimal(v) for v in python], dtype=pl.Decimal(38, type_.scale)
    )


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def frame_of(engine: Engine, cases: Sequence[Any], c: Chooser) -> pl.DataFrame:
    """Cases as a frame; each column in one of the forms, in any order."""
    columns: dict[str, pl.Series] = {}
    for plan in {id(p): p for p in engine.point("point").plans}.values():
        evaluator = engine.point("point").at(plan.interval.first)
        rows = [read_facts(evaluator.root, len(plan.inputs.slots), case.given).values for case in cases]
        for leaf in leaves(evaluator.root):
            if leaf.path in columns:
                continue
            if leaf.items is not None:
                columns[leaf.path] = lists(leaf, cases)
            else:
                form = c.one(("objects", "texts", "typed"))
                columns[leaf.path] = column(leaf, [row[leaf.place] for row in rows], form)
    days = pl.Series("as_of", [case.as_of for case in cases], dtype=pl.Date)
    evidence = pl.Series("evidence", [case.evidence for case in cases], dtype=pl.Object)
    return pl.DataFrame(c.shuffled([*columns.values(), days, evidence]))


def without_blanks(value: Any) -> Any:
    """Facts in which a blank text is no text: in the cell of a table it says that there is nothing."""
    if isinstance(value, dict):
        return {key: without_blanks(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(without_blanks(part) for part in value)
    return None if value == "" else value


def a_case(c: Chooser, made: Made) -> Any:
    case = make_case(c, made.world)
    return replace(case, given=without_blanks(case.given))


def lists(leaf: Leaf, cases: Sequence[Any]) -> pl.Series:
    """Lists as the caller has them, with all fields of the items: each plan may read others."""
    values = []
    for case in cases:
        value: Any = case.given
        for part in leaf.path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        values.append(value)
    return pl.Series(leaf.path, values, dtype=pl.Object)


# --- what is compared ---------------------------------------------------------------------------------


def flat(values: dict[str, Any]) -> dict[str, Any]:
    """The values of a decision as columns name them."""
    done: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            done |= {f"{name}.{key}": part for key, part in value.items()}
        else:
            done[name] = value
    return done


def open_requirements(decision: Decision) -> list[str]:
    pending = set(decision.pending)
    return [r.need.id for r in decision.requirements if not r.satisfied and r.need.rule in pending]


def assert_said_of(row: dict[str, Any], decision: Decision) -> None:
    assert row["outcome"] == decision.outcome
    for name in ("fired", "pending", "unknown"):
        assert row[name] == list(getattr(decision, name)), name
    assert sorted(row["requirements"]) == sorted(open_requirements(decision))
    for name, value in flat(decision.values).items():
        assert row[name] == value or (value is None and row.get(name) is None), name


def assert_as_alone(engine: Engine, cases: Sequence[Any], c: Chooser) -> BatchResult:
    frame = frame_of(engine, cases, c)
    result = engine.evaluate_frame("point", frame)
    assert not result.row_problems, result.row_problems[:3]
    assert len(result.columns) == len(cases)
    for i, (row, case) in enumerate(zip(result.columns.iter_rows(named=True), cases, strict=True)):
        decision = engine.evaluate("point", case.given, as_of=case.as_of)
        assert_said_of(row, decision)
        assert result.explain(i).to_json(trace=True) == decision.to_json(trace=True)
    return result


@FEW
@given(policy_sets())
def test_a_frame_is_decided_as_its_rows_are(drawn: tuple[Made, Chooser]) -> None:
    made, c = drawn
    engine = engine_of(made.text, overlays=True)
    assert_as_alone(engine, [a_case(c, made) for _ in range(8)], c)


@pytest.mark.exhaustive
@pytest.mark.parametrize("start", range(0, 600, 150))
def test_a_frame_is_decided_as_its_rows_are_over_a_long_sweep(start: int) -> None:
    for seed in range(start, start + 150):
        c = Chooser.seeded(seed)
        made = make_set(c)
        engine = engine_of(made.text, overlays=True)
        assert_as_alone(engine, [a_case(c, made) for _ in range(12)], c)
