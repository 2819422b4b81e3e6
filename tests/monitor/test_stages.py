"""`Engine.stage` and `Engine.stages`: events as callers have them."""

from __future__ import annotations

from datetime import date

import pandas as pd
import polars as pl
import pytest
from tests.monitor.ladder_sets import engine_of, event

from salesctrl.errors import FactsError, UnknownControlPoint

ENGINE = engine_of("""
    ladder: short
    begins: begin
    states: {open: {}, done: {final: true}}
    transitions: [{id: S-1, from: open, to: done, on: a}]
    ---
    ladder: by-customer
    by: [customer]
    begins: begin
    states: {open: {}, done: {final: true}}
    transitions: [{id: S-2, from: open, to: done, on: a, when: 'event.amount > 5 CNY'}]
    """)
ZONE = "Asia/Shanghai"


def test_mappings_need_no_ids_and_no_case() -> None:
    events = [{"activity": "到期", "time": "2026-03-01"}, {"activity": "Does a", "time": "2026-03-02T10:00"}]
    stage = ENGINE.stage("short", events, zone=ZONE)
    assert (stage.state, stage.entered, stage.group) == ("done", date(2026, 3, 2), ("short",))
    assert ENGINE.stage("short", events, zone=ZONE, case="X").group == ("X",)
    assert ENGINE.stage("short", events, zone=ZONE, as_of="2026-03-01").state == "open"


def test_one_event_alone() -> None:
    given = {"activity": "begin", "time": "2026-03-01T10:00+08:00"}
    assert ENGINE.stage("short", given).state == "open"
    assert ENGINE.stage("short", event(1, "begin", 0)).state == "open"


def test_no_events() -> None:
    assert ENGINE.stage("short", []).state is None
    assert ENGINE.stages("short", []) == ()
    assert ENGINE.stage("short", [event(1, "begin", 0)], case="C-2").state is None


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame, lambda data: pl.DataFrame(data).lazy()])
def test_frames(make) -> None:
    data = {
        "case": ["A", "B", "A"],
        "activity": ["begin", "到期", "a"],
        "time": ["2026-03-01T10:00:00+08:00", "2026-03-01T11:00:00+08:00", "2026-03-02T10:00:00+08:00"],
    }
    stages = ENGINE.stages("short", make(data))
    assert [(stage.group, stage.state) for stage in stages] == [(("A",), "done"), (("B",), "open")]
    assert ENGINE.stage("short", make(data), case="B").state == "open"


def test_files(tmp_path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("case,activity,time\nA,begin,2026-03-01T10:00:00+08:00\n", "utf-8")
    assert ENGINE.stage("short", path).state == "open"


def test_events_of_several_cases_ask_which() -> None:
    with pytest.raises(FactsError, match="expected the events of one case but got those of 2: `C-1`, `C-2`"):
        ENGINE.stage("short", [event(1, "begin", 0), event(2, "begin", 0, case="C-2")])


def test_a_ladder_by_another_field() -> None:
    events = [event(1, "begin", 0, customer="K"), event(2, "a", 1, case="C-2", customer="K", amount="6.00")]
    (stage,) = ENGINE.stages("by-customer", events)
    assert (stage.group, stage.state) == (("K",), "done")
    assert ENGINE.stage("by-customer", [*events, event(3, "other", 1)], case=("K",)).state == "done"
    with pytest.raises(FactsError, match="goes by `customer`, and the event has none"):
        ENGINE.stages("by-customer", [event(1, "begin", 0)])


def test_all_that_is_wrong_is_said_at_once() -> None:
    wrong = [
        {"activity": "beginn", "time": "2026-03-01"},
        {"activity": "a", "time": "2026-02-30"},
        {"time": "2026-03-01"},
        7,
        {"activity": "a", "time": "2026-03-01", "id": "x"},
        {"activity": "a", "time": "2026-03-02", "id": "x"},
    ]
    with pytest.raises(FactsError) as raised:
        ENGINE.stage("short", wrong, zone=ZONE)
    problems = [(problem.path, problem.code) for problem in raised.value.problems]
    assert problems == [
        ("events[0]", "V_ACTIVITY"), ("events[1]", "V_TIME"), ("events[2]", "V_NO_ACTIVITY"),
        ("events[3]", "F_RECORD"), ("events[5]", "V_SAME_ID"),
    ]  # fmt: skip
    assert "did you mean `begin`?" in str(raised.value)


def test_rejected_rows_are_said() -> None:
    frame = pl.DataFrame(
        {"case": ["A", None], "activity": ["begin", "a"], "time": ["2026-03-01T10:00:00Z"] * 2}
    )
    with pytest.raises(FactsError, match="there is no case"):
        ENGINE.stages("short", frame)


def test_an_unknown_ladder() -> None:
    with pytest.raises(UnknownControlPoint, match="unknown ladder `shrt`; did you mean `short`"):
        ENGINE.stage("shrt", [])
    assert ENGINE.ladders == ("by-customer", "short")
