"""What plans ask of texts, and that texts which are left where they are are decided and shown all the same."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.batch.frames import AS_OF, KINDS, assert_as_alone, nested
from tests.loading import engine_of

from salesctrl.batch.asked import AskedByAll, Pair, asked_by, asked_by_all

WORDS = """\
vocabulary: v
kinds:
  order:
    fields:
      number: {type: text, length: 6}
      asker: {type: text, length: 6}
      approver: {type: text, length: 6}
      payer: {type: text, length: 6}
      buyer: {type: text, length: 6}
      note: {type: text, length: 6}
---
"""
POLICY = """\
policy: p
control_point: point
subject: order.number
rules:
  - id: SAME
    when: order.asker == order.approver
    deny: true
    because: "{order.note} of {order.asker}"
  - {id: OTHER, when: order.payer != order.buyer, flag: true}
"""
MORE = '  - {id: ONE, when: order.asker == "a", flag: true}\n'
FROM, UNTIL = "effective: {from: 2026-01-01, to: 2026-06-30}\n", "effective: {from: 2026-07-01}\n"
PEOPLE = ("order.asker", "order.approver", "order.payer", "order.buyer")
TEXTS = ("order.number", *PEOPLE, "order.note")


def second(more: str = "") -> str:
    """The same for the other half of the year."""
    text = POLICY.replace("policy: p", "policy: q").replace("control_point", UNTIL + "control_point")
    return text.replace("SAME", "SAME_Q").replace("OTHER", "OTHER_Q") + more


def engine_with(*policies: str):
    return engine_of(WORDS + "---\n".join(policies))


def asked_on(engine, day: date = AS_OF):
    plan = engine.point("point").at(day.toordinal()).plan
    asked = asked_by(plan)
    return asked, {plan.graph.ops[node].imm: pair for node, pair in asked.pairs.items()}


def test_what_a_plan_asks_of_texts():
    asked, pairs = asked_on(engine_with(POLICY))
    assert asked.shown == {"order.number", "order.note"}
    assert asked.texts == ()
    assert not asked.is_dated
    assert pairs == {
        "==": Pair("order.asker", "order.approver", differs=False),
        "!=": Pair("order.payer", "order.buyer", differs=True),
    }


@pytest.mark.parametrize(
    "more",
    [
        MORE,
        "  - {id: ONE, when: known(order.asker), flag: true}\n",
        "  - {id: ONE, when: order.approver == order.buyer, flag: true}\n",
        "outputs: [who]\nlet: {who: order.approver}\n",
    ],
)
def test_a_fact_that_is_asked_more_is_in_no_pair(more):
    _, pairs = asked_on(engine_with(POLICY + more))
    assert all("order.asker" not in (pair.one, pair.other) for pair in pairs.values())


def test_a_plan_that_computes_with_the_date():
    engine = engine_with(POLICY + "  - {id: LATE, when: 'as_of > date(\"2026-02-01\")', flag: true}\n")
    assert asked_on(engine)[0].is_dated


def test_what_several_plans_ask():
    engine = engine_with(
        POLICY.replace("control_point", FROM + "control_point"),
        second(MORE),
    )
    plans = [asked_on(engine, day)[0] for day in (AS_OF, date(2026, 8, 1))]
    people = ("order.payer", "order.buyer")
    assert asked_by_all(plans) == AskedByAll(("a",), {"order.number", "order.note", *people}, (people,))


# --- texts left where they are --------------------------------------------------------------------

TEXT = st.sampled_from(["a", "b", "ab", "a b", "收", None])
ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(TEXTS, TEXT)), max_size=4)
PLAIN = st.lists(st.fixed_dictionaries(dict.fromkeys(TEXTS, st.sampled_from(["a", "b", "a b"]))), min_size=1)
DAYS = st.sampled_from([AS_OF, date(2026, 8, 1)])


@pytest.fixture(scope="module")
def versions():
    """The pair of the one half of the year is asked more in the other."""
    return engine_with(POLICY.replace("control_point", FROM + "control_point"), second(MORE))


def columns_of(rows: list[dict[str, Any]]) -> dict[str, pl.Series]:
    return {name: pl.Series(name, [row[name] for row in rows], dtype=pl.String) for name in TEXTS}


@pytest.mark.parametrize("kind", KINDS)
@given(rows=ROWS | PLAIN, day=DAYS)
def test_texts_are_decided_and_shown_as_one_by_one(versions, kind, rows, day):
    result = versions.evaluate_frame("point", KINDS[kind](columns_of(rows)), as_of=day)
    assert_as_alone(versions, result, rows, day)


@given(rows=PLAIN, data=st.data())
def test_each_row_by_the_version_of_its_day(versions, rows, data):
    days = data.draw(st.lists(DAYS, min_size=len(rows), max_size=len(rows)))
    frame = pd.DataFrame(
        {name: pd.Series(one.to_list(), dtype="str") for name, one in columns_of(rows).items()}
    )
    result = versions.evaluate_frame("point", frame.assign(as_of=days))
    for row, (facts, day) in enumerate(zip(rows, days, strict=True)):
        alone = versions.evaluate("point", nested(facts), as_of=day)
        assert result.columns["fired"].to_list()[row] == list(alone.fired)
        assert result.explain(row).to_json(trace=True) == alone.to_json(trace=True)


def test_what_is_only_shown_is_taken_when_it_is_shown():
    engine = engine_with(POLICY)
    rows = [dict.fromkeys(TEXTS, "a"), dict.fromkeys(TEXTS, "b")]
    frame = KINDS["pandas, str"](columns_of(rows))
    result = engine.evaluate_frame("point", frame, as_of=AS_OF)
    reading = result._reading
    assert all(reading._given[name] is None for name in TEXTS)
    assert result.columns["fired"].to_list() == [["SAME"], ["SAME"]]
    assert result.keys["order.number"].to_list() == ["a", "b"]
    assert "b of b" in result.explain(1).to_json(trace=True)
    assert reading._given["order.note"].to_list() == ["a", "b"]


def test_a_plan_that_asks_nothing_decides_every_row():
    engine = engine_with(
        POLICY[: POLICY.index("rules:")] + "rules:\n  - {id: ALL, when: 'true', flag: true}\n"
    )
    result = engine.evaluate_frame("point", pd.DataFrame({"order.number": ["a", "b"]}), as_of=AS_OF)
    assert result.columns["fired"].to_list() == [["ALL"], ["ALL"]]


def test_what_becomes_of_the_frame_afterwards_changes_no_answer():
    frame = KINDS["pandas, str"](columns_of([dict.fromkeys(TEXTS, "a"), dict.fromkeys(TEXTS, "b")]))
    result = engine_with(POLICY).evaluate_frame("point", frame, as_of=AS_OF)
    frame.loc[0, "order.number"] = "z"
    frame["order.note"] = "z"
    assert result.keys["order.number"].to_list() == ["a", "b"]
    assert "a of a" in result.explain(0).to_json(trace=True)
