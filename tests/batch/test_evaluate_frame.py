"""A frame decided at once says of every row what `evaluate` says of it alone, in every form of column."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from tests.batch.frames import KINDS, WITH_OBJECTS
from tests.loading import engine_of
from tests.strategies import Chooser, Made, make_case, make_set, policy_sets
from tests.test_properties import assert_as_the_oracle_says

from salesctrl.decision.model import Decision
from salesctrl.decision.values import plain_value, python_value
from salesctrl.engine import Engine
from salesctrl.evaluate.facts import read_facts
from salesctrl.evaluate.layout import Leaf, all_leaves
from salesctrl.policy.types import Base

FEW = settings(
    max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None
)


# --- frames of cases ----------------------------------------------------------------------------------


def column(leaf: Leaf, values: Sequence[Any], form: str) -> pl.Series:
    """Run-time values of a fact as a column: of objects, of texts, of categories, or of its type."""
    type_ = leaf.field.type
    python: list[Any] = [python_value(value, type_) for value in values]
    if form == "objects":
        return pl.Series(leaf.path, python, dtype=pl.Object)
    if form == "categories" and type_.base in (Base.TEXT, Base.CHOICE):
        words = sorted({value for value in python if value is not None}, reverse=len(python) % 2 == 0)
        return pl.Series(
            leaf.path, python, dtype=pl.Enum([*words, "in no row"][: len(words) + len(leaf.path) % 2])
        )
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


def columns_of(engine: Engine, cases: Sequence[Any], c: Chooser, *, objects: bool) -> dict[str, pl.Series]:
    """Cases as columns, each in one of the forms, in any order; only some kinds of frame hold objects."""
    columns: dict[str, pl.Series] = {}
    forms = ["texts", "typed", "categories", *(["objects"] if objects else [])]
    for plan in {id(p): p for p in engine.point("point").plans}.values():
        evaluator = engine.point("point").at(plan.interval.first)
        rows = [read_facts(evaluator.root, len(plan.inputs.slots), case.given).values for case in cases]
        for leaf in all_leaves(evaluator.root):
            if leaf.path in columns:
                continue
            if leaf.items is not None:
                columns[leaf.path] = held(leaf.path, lists(leaf, cases), objects and c.chance(50))
            else:
                values = [row[leaf.place] for row in rows]
                columns[leaf.path] = column(leaf, values, c.one(forms))
    columns["as_of"] = pl.Series([case.as_of for case in cases], dtype=pl.Date)
    columns["evidence"] = held("evidence", [case.evidence for case in cases], objects and c.chance(50))
    return dict(c.shuffled(list(columns.items())))


def held(name: str, values: Sequence[Any], as_objects: bool) -> pl.Series:
    """Lists and records as objects, or as texts that are JSON."""
    if as_objects:
        return pl.Series(name, values, dtype=pl.Object)
    texts = [None if value is None else json.dumps(value, default=_written) for value in values]
    return pl.Series(name, texts, dtype=pl.String)


def _written(value: Any) -> str:
    """What JSON has no form for, as text; midnight is how the cases write a date as a time."""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time.min else value.isoformat()
    return str(value)


def without_blanks(value: Any) -> Any:
    """Facts in which a blank text is no text: in the cell of a table it says that there is nothing."""
    if isinstance(value, dict):
        return {key: without_blanks(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(without_blanks(part) for part in value)
    return None if value == "" else value


def a_case(c: Chooser, made: Made) -> Any:
    case = make_case(c, made.world)
    return replace(case, given=without_blanks(case.given), facts=without_blanks(case.facts))


def lists(leaf: Leaf, cases: Sequence[Any]) -> list[Any]:
    """Lists as the caller has them, with all fields of the items: each plan may read others."""
    values = []
    for case in cases:
        value: Any = case.given
        for part in leaf.path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        values.append(value)
    return values


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
        told = row.get(name)
        if isinstance(told, str) and isinstance(value, Decimal):
            value = str(value)  # one that could have over 38 digits is a column of text
        assert told == value, name


def assert_as_alone(engine: Engine, cases: Sequence[Any], c: Chooser) -> None:
    """A frame of some kind gives for every row what `evaluate` gives, which is what the oracle says."""
    kind = c.one(sorted(KINDS))
    columns = columns_of(engine, cases, c, objects=kind in WITH_OBJECTS)
    result = engine.evaluate_frame("point", KINDS[kind](columns))
    assert not result.row_problems, result.row_problems[:3]
    assert len(result.columns) == len(cases)
    for i, (row, case) in enumerate(zip(result.columns.iter_rows(named=True), cases, strict=True)):
        decision = engine.evaluate("point", case.given, as_of=case.as_of)
        assert_said_of(row, decision)
        assert result.explain(i).to_json(trace=True) == decision.to_json(trace=True)
        assert_as_the_oracle_says(engine, case)


def compare(seed: int, rows: int) -> None:
    c = Chooser.seeded(seed)
    made = make_set(c)
    assert_as_alone(engine_of(made.text, overlays=True), [a_case(c, made) for _ in range(rows)], c)


@FEW
@given(policy_sets())
def test_a_frame_is_decided_as_its_rows_are(drawn: tuple[Made, Chooser]) -> None:
    made, c = drawn
    assert_as_alone(engine_of(made.text, overlays=True), [a_case(c, made) for _ in range(4)], c)


@pytest.mark.parametrize("start", range(0, 200, 25))
def test_two_hundred_frames_are_decided_as_their_rows_are(start: int) -> None:
    for seed in range(start, start + 25):
        compare(seed, rows=4)


@pytest.mark.exhaustive
@pytest.mark.parametrize("start", range(200, 2200, 250))
def test_two_thousand_frames_are_decided_as_their_rows_are(start: int) -> None:
    for seed in range(start, start + 250):
        compare(seed, rows=6)
