"""Random policies, and facts for them: what the properties are tested on.

How policies are made is in `tests.making`; here are the facts, many of them at the limits that the policies
set, in every form that callers may give them in, and the strategies for Hypothesis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st
from tests.making.expressions import NUMERIC, Chooser, Spec, World, plain
from tests.making.policies import Made, make_set

__all__ = ["Case", "Chooser", "Made", "World", "choosers", "make_case", "make_set", "policy_sets", "present"]

# --- facts ----------------------------------------------------------------------------------------


@dataclass
class Case:
    """Facts as the oracle has them, the same as a caller gives them, the day, and the evidence."""

    facts: dict[str, Any]
    given: dict[str, Any]
    as_of: date
    evidence: dict[str, Any] | None


def make_case(c: Chooser, world: World) -> Case:
    """Facts that are valid for the vocabulary, many of them at and beside the constants of the policies."""
    missing = c.one((0, 0, 8, 30))
    facts = {k: _record(c, world, s, missing) for k, s in world.kinds.items() if not c.chance(missing // 3)}
    days = [day + timedelta(shift) for day in world.days for shift in (-1, 0, 1)]
    as_of = c.one(days) if days and c.chance(70) else date(2025, 1, 1) + timedelta(c.integer(0, 900))
    evidence = _evidence(c, as_of) if c.chance(50) else None
    return Case(facts, present(c, world, facts, evidence), as_of, evidence)


def _record(c: Chooser, world: World, specs: Sequence[Spec], missing: int) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for spec in specs:
        if c.chance(missing) or (spec.yaml.get("optional") and c.chance(40)):
            continue
        if spec.record is not None:
            facts[spec.name] = _record(c, world, spec.record, missing)
        elif spec.items is not None:
            facts[spec.name] = [_record(c, world, spec.items, missing) for _ in range(c.one((0, 1, 2, 3)))]
        else:
            facts[spec.name] = _fact(c, world, spec)
    return facts


def present(
    c: Chooser, world: World, facts: dict[str, Any], evidence: dict[str, Any] | None
) -> dict[str, Any]:
    """The same facts as a caller gives them: in any accepted form and order, what is unknown left out.

    Half of the callers give every fact in its plain form, which takes another way through the code.
    """
    show = _plainly if c.chance(50) else shown_as
    given = {k: _presented(c, specs, facts[k], show) for k, specs in world.kinds.items() if k in facts}
    if evidence is not None:
        given["evidence"] = evidence
    return dict(c.shuffled(list(given.items())))


def _presented(c: Chooser, specs: Sequence[Spec], facts: dict[str, Any], show: Show) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for spec in specs:
        value = facts.get(spec.name)
        if value is None:
            given |= {spec.name: None} if c.chance(20) else {}
        elif spec.record is not None:
            given[spec.name] = _presented(c, spec.record, value, show)
        elif spec.items is not None:
            given[spec.name] = c.one((list, tuple))([_presented(c, spec.items, item, show) for item in value])
        else:
            given[spec.name] = show(c, spec, value)
    return dict(c.shuffled(list(given.items())))


def _fact(c: Chooser, world: World, spec: Spec) -> Any:
    assert spec.ty is not None
    if spec.ty.base in NUMERIC:
        unit = Fraction(1, 10**spec.scale)
        if world.values.get(spec.ty.base) and c.chance(60):
            value = c.one(world.values[spec.ty.base]) // unit * unit + c.integer(-1, 1) * unit
        else:
            value = c.one(
                (spec.low, spec.high, Fraction(0), Fraction(c.integer(0, 10**spec.digits - 1)) * unit)
            )
        return max(spec.low, min(spec.high, value))
    if spec.ty.base == "date":
        days = [*world.values.get("date", []), *world.days]
        if c.chance(10):
            return c.one((spec.low, spec.high))
        if days and c.chance(60):
            return max(spec.low, min(spec.high, c.one(days) + timedelta(c.integer(-1, 1))))
        return date(2023, 1, 1) + timedelta(c.integer(0, 1800))
    if spec.ty.base == "instant":
        return c.integer(0, 4) * 1_000_000 + 1_700_000_000_000_000
    if spec.ty.base == "boolean":
        return c.chance(50)
    if spec.ty.base == "choice":
        return c.one(spec.ty.of)
    return c.one([*world.values.get("text", []), "", "ab", "逾期"])


def _plainly(c: Chooser, spec: Spec, value: Any) -> Any:
    """A value as Python has it: numbers as `Decimal` or `int`."""
    assert spec.ty is not None
    if spec.ty.base in NUMERIC:
        whole = value.denominator == 1 and c.chance(30)
        return int(value) if whole else Decimal(plain(value))
    if spec.ty.base == "instant":
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)
    return value


Show = Callable[[Chooser, Spec, Any], Any]


def shown_as(c: Chooser, spec: Spec, value: Any) -> Any:
    """A value in one of the forms that callers may give it in."""
    assert spec.ty is not None
    if spec.ty.base in NUMERIC:
        forms = [Decimal(plain(value)), plain(value)]
        if value.denominator == 1:
            forms += [int(value), Decimal(int(value)).scaleb(2).scaleb(-2)]
        if spec.digits <= 15:
            forms.append(float(Decimal(plain(value))))
        return c.one(forms)
    if spec.ty.base == "date":
        return c.one((value, value.isoformat(), datetime(value.year, value.month, value.day, tzinfo=UTC)))
    if spec.ty.base == "instant":
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)
        return c.one((moment, moment.isoformat()))
    if spec.ty.base == "boolean":
        return c.one((value, "true" if value else "false"))
    return value


def _evidence(c: Chooser, as_of: date) -> dict[str, Any]:
    day = as_of - timedelta(c.integer(-1, 40))
    approvals = [
        {"person": f"p{i}", "role": c.one(("manager", "cfo")), "date": day} for i in range(c.integer(0, 2))
    ]
    for approval in approvals:
        approval |= {"form": "written"} if c.chance(50) else {}
    return {
        "approvals": approvals,
        "documents": [{"kind": "contract", "date": day}] if c.chance(50) else [],
        "payments": [{"amount": Decimal(c.integer(0, 5000)), "date": day}] if c.chance(50) else [],
        "actions": [{"name": "call", "date": day, "person": "p0"}] if c.chance(50) else [],
    }


# --- for Hypothesis -------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _integers(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


@st.composite
def choosers(draw: st.DrawFn) -> Chooser:
    """Choices that Hypothesis makes and can shrink."""
    return Chooser(lambda low, high: draw(_integers(low, high)))


@st.composite
def policy_sets(draw: st.DrawFn, *, asking: bool = True) -> tuple[Made, Chooser]:
    """A random policy set, and the choices from which cases for it are made."""
    c = draw(choosers())
    return make_set(c, asking=asking), c
