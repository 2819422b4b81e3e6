"""What must hold of every policy and every case: decisions are the oracle's, whatever the order of things."""

from __future__ import annotations

import copy
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from tests import oracle
from tests.loading import engine_of
from tests.making.expressions import CNY
from tests.strategies import Case, Chooser, Made, make_case, make_set, policy_sets, present

from salesctrl.decision.model import Decision
from salesctrl.engine import Engine
from salesctrl.evidence.given import Evidence, read_evidence
from salesctrl.outcome import Outcome

MANY = settings(
    max_examples=50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None
)
FEW = settings(MANY, max_examples=16)


def canonical(value: Any) -> Any:
    """A value of a decision as the oracle has it."""
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int | Decimal | Fraction):
        return Fraction(value)
    if isinstance(value, datetime):
        return (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    if isinstance(value, dict):
        return {key: canonical(part) for key, part in value.items()}
    return [canonical(part) for part in value] if isinstance(value, list) else value


def evidence_of(case: Case) -> Evidence | None:
    problems: list[Any] = []
    found = read_evidence(case.evidence, "evidence", problems)
    assert not problems
    return found


def decided(engine: Engine, case: Case) -> Decision:
    return engine.evaluate("point", case.given, as_of=case.as_of)


def assert_as_the_oracle_says(engine: Engine, case: Case) -> None:
    decision = decided(engine, case)
    expected = oracle.decide(engine.checked, "point", case.facts, case.as_of, evidence_of(case))
    found = (decision.outcome, {*decision.fired}, {*decision.unknown}, {*decision.pending})
    assert found == (expected.outcome, expected.fired, expected.unknown, expected.pending)
    assert canonical(decision.values) == expected.values


def engine_for(made: Made) -> Engine:
    return engine_of(made.text, overlays=True)


# --- the oracle ---------------------------------------------------------------------------------------


@MANY
@given(policy_sets())
def test_decisions_are_those_of_the_oracle(drawn: tuple[Made, Chooser]) -> None:
    made, c = drawn
    engine = engine_for(made)
    for _ in range(4):
        assert_as_the_oracle_says(engine, make_case(c, made.world))


@pytest.mark.exhaustive
@pytest.mark.parametrize("start", range(0, 4000, 500))
def test_decisions_are_those_of_the_oracle_over_a_long_sweep(start: int) -> None:
    for seed in range(start, start + 500):
        c = Chooser.seeded(seed)
        made = make_set(c)
        engine = engine_for(made)
        for _ in range(4):
            assert_as_the_oracle_says(engine, make_case(c, made.world))


# --- what does not matter -----------------------------------------------------------------------------


def told(decision: Decision) -> dict[str, Any]:
    """What a decision says, without the order of its rules and without the digest of the policies."""
    done: dict[str, Any] = decision.to_dict()
    del done["plan"]
    for key in ("fired", "unknown", "missing"):
        done[key] = sorted(done[key])
    for key in ("findings", "requirements"):
        done[key] = sorted(done[key], key=repr)
    done["values"] = dict(sorted(done["values"].items()))
    return done


def reordered(made: Made, seed: int) -> Made:
    """The same policies, with rules, rows, documents and keys in another order."""
    shuffle = random.Random(seed).shuffle
    documents = copy.deepcopy(made.documents)
    shuffle(documents)
    for document in documents:
        for key in ("rules", "outputs", "let", "parameters", "tables", "kinds"):
            document[key] = _shuffled(document.get(key), shuffle)
        for table in (document["tables"] or {}).values():
            # Rows with effects are named by their number, and the rows of `first` are tried in their order.
            if table["hit"] in ("unique", "collect", "any", "priority") and "give" in table["rows"][0]:
                shuffle(table["rows"] if table.get("collect") != "list" else [])
        for key in [key for key, value in document.items() if value is None]:
            del document[key]
    first = {"vocabulary", "organisation", "policy", "overlay"}
    ordered = [{k: d[k] for k in sorted(d, key=lambda k: k not in first)} for d in documents]
    return Made(ordered, made.world)


def _shuffled(part: Any, shuffle: Any) -> Any:
    items = list(part.items() if isinstance(part, dict) else part or ())
    shuffle(items)
    return None if part is None else dict(items) if isinstance(part, dict) else items


@FEW
@given(policy_sets())
def test_the_order_of_rules_rows_documents_and_keys_does_not_matter(drawn: tuple[Made, Chooser]) -> None:
    made, c = drawn
    other = reordered(made, c.integer(0, 1000))
    engines = [engine_for(made), engine_for(other)]
    for _ in range(3):
        case = make_case(c, made.world)
        first, second = (told(decided(engine, case)) for engine in engines)
        assert first == second


@FEW
@given(policy_sets())
def test_the_same_facts_in_any_form_give_the_same_bytes(drawn: tuple[Made, Chooser]) -> None:
    made, c = drawn
    engine, again = engine_for(made), engine_for(made)
    for _ in range(3):
        case = make_case(c, made.world)
        other = present(c, made.world, case.facts, case.evidence)
        text = decided(engine, case).to_json(trace=True)
        assert engine.evaluate("point", other, as_of=case.as_of.isoformat()).to_json(trace=True) == text
        assert again.evaluate("point", _as_objects(case.given), as_of=case.as_of).to_json(trace=True) == text


class Thing:
    """Facts as an object with attributes."""

    def __init__(self, parts: dict[str, Any]):
        self.__dict__ |= parts


def _as_objects(given: dict[str, Any]) -> Thing:
    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return Thing({key: turned(part) for key, part in value.items()})
        return [turned(part) for part in value] if isinstance(value, list | tuple) else value

    return Thing({key: value if key == "evidence" else turned(value) for key, value in given.items()})


@FEW
@given(policy_sets())
def test_facts_that_nobody_asked_for_change_nothing(drawn: tuple[Made, Chooser]) -> None:
    made, c = drawn
    engine = engine_for(made)
    for _ in range(3):
        case = make_case(c, made.world)
        more = {k: v if k == "evidence" else v | {"zzz_surplus": object()} for k, v in case.given.items()}
        more["zzz_surplus"] = {"a": float("nan")}
        with_more = engine.evaluate("point", more, as_of=case.as_of)
        assert with_more.to_json(trace=True) == decided(engine, case).to_json(trace=True)


# --- what is never so ---------------------------------------------------------------------------------


@FEW
@given(policy_sets())
def test_nothing_is_allowed_while_something_that_decides_is_unknown(drawn: tuple[Made, Chooser]) -> None:
    made, c = drawn
    engine = engine_for(made)
    for _ in range(4):
        decision = decided(engine, make_case(c, made.world))
        if decision.unknown or None in decision.values.values():
            assert decision.outcome in (Outcome.INCOMPLETE, Outcome.DENY)
        if decision.pending:
            assert decision.outcome >= Outcome.REVIEW


@FEW
@given(policy_sets(asking=False))
def test_taking_a_fact_away_never_turns_a_refusal_into_an_allowance(drawn: tuple[Made, Chooser]) -> None:
    """Where no rule asks what is known, less knowledge decides nothing otherwise than more did."""
    made, c = drawn
    engine = engine_for(made)
    case = make_case(c, made.world)
    before = decided(engine, case)
    for kind, facts in case.facts.items():
        for name in facts:
            spec = next(s for s in made.world.kinds[kind] if s.name == name)
            if "default" in spec.yaml or spec.record is not None:
                continue
            less = {k: {n: v for n, v in r.items() if (k, n) != (kind, name)} for k, r in case.given.items()}
            after = engine.evaluate("point", less, as_of=case.as_of)
            if not after.unknown and None not in after.values.values():
                assert (after.outcome, after.fired) == (before.outcome, before.fired)


@MANY
@given(policy_sets())
def test_the_parts_of_a_split_add_up_to_its_total(drawn: tuple[Made, Chooser]) -> None:
    made, c = drawn
    assume(made.world.shares)
    amounts = [ex.text for ty, ex in made.world.names if ty == CNY] or ["7 CNY"]
    total = f"round({c.one(amounts)}, 2)"
    shares = next(d["parameters"]["shares"] for d in made.documents if "shares" in d.get("parameters", {}))
    alone = {
        "policy": "S", "control_point": "point", "parameters": {"shares": shares},
        "rules": [{"id": "S", "compute": {"total": total, "parts": f"allocate({total}, shares)"}}],
    }  # fmt: skip
    engine = engine_for(Made([made.documents[0], alone], made.world))
    values = decided(engine, make_case(c, made.world)).values
    if values.get("total") is not None:
        parts = values["parts"]
        assert isinstance(parts, dict)
        assert list(parts) == list(shares)
        assert sum(parts.values()) == values["total"]
