"""Whole logs: what they are made of, what is left out of them, and what comes of them."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.random_controls import events as random_events
from tests.monitor.test_agreement import engine_of, plain
from tests.monitor.test_log_xes import case as xes_case
from tests.monitor.test_log_xes import event as xes_event
from tests.monitor.test_log_xes import xes

import salesctrl
from salesctrl import FactsError
from salesctrl.monitor.findings import SEGREGATION
from salesctrl.outcome import Outcome

START = datetime(2026, 1, 1, 8, tzinfo=UTC)
UNPAID = {
    "case_control": "unpaid",
    "events": {"shipped": {"activity": "ship"}},
    "absent": {"payment": {"activity": "pay", "after": "shipped", "within": "10 days"}},
    "rules": [
        {"id": "R-1", "when": "shipped.amount > 50", "deny": True, "notify": "clerk",
         "because": {"en": "{shipped.amount} is not paid", "zh": "{shipped.amount}未付"}}
    ],
}  # fmt: skip
BY_CUSTOMER = {
    "case_control": "customer",
    "by": ["customer"],
    "events": {"ordered": {"activity": "order"}, "shipped": {"activity": "ship"}},
    "rules": [{"id": "R-2", "when": "true", "flag": True}],
}


def event(id, activity, day=0, **more):
    time = START + timedelta(days=day)
    own = {"id": str(id), "case": "c", "activity": activity, "person": "7", "customer": None, "amount": None}
    return {**own, "time": time, **more}


EVENTS = [
    event(1, "order", 0, customer="C-1"),
    event(2, "ship", 1, person="8", amount=Decimal("100.00"), customer="C-1"),
    event(3, "approve", 2, person="7"),
    event(4, "pay", 30, person="9", amount=Decimal("100.00")),
]


@pytest.fixture
def engine(tmp_path):
    return engine_of(tmp_path / "set", UNPAID, BY_CUSTOMER)


def frame(events=EVENTS):
    return pl.DataFrame(events, infer_schema_length=None)


def found(result):
    return [(one.control, one.rules, one.events) for one in result.findings]


# --- what comes of a log ----------------------------------------------------------------------------------


def test_findings_outcome_and_frame(engine):
    result = engine.monitor_log(frame())
    assert found(result) == [
        ("customer", ("R-2",), ("1", "2")),
        (SEGREGATION, ("IC-1",), ("1", "3")),
        (SEGREGATION, ("IC-2",), ("1", "3")),
        ("unpaid", ("R-1",), ("2",)),
    ]
    assert result.as_of == date(2026, 1, 31)
    assert result.outcome is Outcome.DENY
    assert (result.later, result.unknown.height, result.log.rejected.height) == (0, 0, 0)
    assert result.frame.row(3, named=True) == {
        "control": "unpaid", "rules": ["R-1"], "outcome": "deny", "group": ["c"], "events": ["2"],
        "on": date(2026, 1, 13), "because_en": "R-1: 100.00 is not paid", "because_zh": "R-1：100.00未付",
        "notify": ["clerk"],
    }  # fmt: skip
    assert repr(result) == "LogResult(4 events, 4 findings, deny)"


def test_nothing_comes_of_nothing(engine):
    result = engine.monitor_log(frame().clear())
    assert (result.findings, result.outcome, result.frame.height) == ((), Outcome.ALLOW, 0)
    assert result.frame.schema == engine.monitor_log(frame()).frame.schema


def test_only_the_controls_that_are_wanted(engine):
    assert found(engine.monitor_log(frame(), controls=["unpaid"])) == [("unpaid", ("R-1",), ("2",))]
    assert found(engine.monitor_log(frame(), controls=[])) == []
    with pytest.raises(ValueError, match="unknown control `segregaton`; did you mean `segregation`"):
        engine.monitor_log(frame(), controls=["segregaton"])


# --- the day ----------------------------------------------------------------------------------------------


def test_events_after_the_day_are_left_out_and_counted(engine):
    result = engine.monitor_log(frame(), as_of="2026-01-02")
    assert found(result) == [("customer", ("R-2",), ("1", "2"))]
    assert (result.later, result.as_of, result.log.frame.height) == (2, date(2026, 1, 2), 4)
    assert (result.events, result.cases) == (2, 1)
    before = engine.monitor_log(frame(), as_of="2025-12-31")
    assert (before.findings, before.later, before.outcome) == ((), 4, Outcome.ALLOW)
    assert (before.events, before.cases) == (0, 0)


def test_unknown_activities_after_the_day_are_left_out_too(engine):
    log = frame([*EVENTS, event(5, "dance", 31)])
    assert engine.monitor_log(log).unknown["id"].to_list() == ["5"]
    result = engine.monitor_log(log, as_of="2026-01-31")
    assert (result.unknown.height, result.later) == (0, 1)


@settings(max_examples=25)
@given(random_events(), st.integers(0, 45))
def test_a_log_up_to_a_day_is_what_the_monitor_saw_up_to_it(tmp_path_factory, events, days):
    engine = engine_of(tmp_path_factory.mktemp("log") / "set", UNPAID, BY_CUSTOMER)
    day = START.date() + timedelta(days=days)
    monitor = engine.monitor(late=1000)
    seen = [one for one in events if one["time"].date() <= day]
    monitor.add_all(seen)
    monitor.advance(day)
    result = engine.monitor_log(frame(events), as_of=day)
    assert plain(result.findings) == plain(monitor.findings)
    assert result.later == len(events) - len(seen)


def test_deadlines_after_the_last_event_have_not_passed(engine):
    log = frame(EVENTS[:3])
    assert "unpaid" not in {one.control for one in engine.monitor_log(log).findings}
    assert "unpaid" in {one.control for one in engine.monitor_log(log, as_of="2026-01-13").findings}


# --- columns ----------------------------------------------------------------------------------------------


def test_columns_are_mapped_to_fields_and_attributes(engine):
    odd = frame().rename({"case": "Belegnr", "customer": "Kunde", "amount": "Betrag"})
    columns = {"Belegnr": "case", "Kunde": "customer", "Betrag": "amount"}
    assert plain(engine.monitor_log(odd, columns=columns).findings) == plain(
        engine.monitor_log(frame()).findings
    )


def test_attributes_are_found_by_title(engine):
    chinese = frame().rename({"customer": "客户", "amount": "Amount"})
    assert plain(engine.monitor_log(chinese).findings) == plain(engine.monitor_log(frame()).findings)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"extra": "amont"}, "unknown attribute `amont`"),
        ({"extra": "amount"}, "another column holds `amount` too"),
        ({"nothing": "amount"}, "the log has no column `nothing`"),
    ],
)
def test_columns_that_are_wrong(engine, columns, words):
    with pytest.raises(FactsError, match=words):
        engine.monitor_log(frame().with_columns(extra=pl.lit("1.00")), columns=columns)


def test_a_key_that_no_column_holds_is_not_known(engine):
    without = frame().drop("customer", "person")
    result = engine.monitor_log(without)
    monitor = engine.monitor(late=1000)
    monitor.add_all(without.iter_rows(named=True))
    monitor.advance(result.as_of)
    assert plain(result.findings) == plain(monitor.findings)
    lacking = [one for one in result.findings if one.outcome is Outcome.INCOMPLETE]
    assert {one.control for one in lacking} == {"customer", SEGREGATION}


def test_a_set_that_knows_no_attributes(tmp_path):
    (tmp_path / "set.yaml").write_text('pack: p\nversion: "1"\n---\nvocabulary: v\nactivities:\n  ship: {}\n')
    bare = salesctrl.load(tmp_path)
    assert bare.monitor_log(frame(EVENTS[1:2])).outcome is Outcome.ALLOW
    monitor = bare.monitor()
    monitor.add(EVENTS[1])
    assert monitor.rejected == ()


# --- what cannot be used ----------------------------------------------------------------------------------


def test_unknown_activities_are_listed_and_nothing_is_allowed(engine):
    result = engine.monitor_log(frame([event(1, "order"), event(2, "dance", 1), event(3, "order", 2)]))
    assert result.unknown.select("row", "id", "activity").rows() == [(2, "2", "dance")]
    assert result.outcome is Outcome.INCOMPLETE


def test_rejected_rows_are_listed_and_nothing_is_allowed(engine):
    events = [
        event(1, "order", customer="C-1"),
        event(2, "order", case=None),
        event(1, "ship", customer="C-1"),
    ]
    result = engine.monitor_log(frame(events))
    assert result.log.rejected.height >= 1
    assert result.findings == ()
    assert result.outcome is Outcome.INCOMPLETE


def test_empty_texts_are_not_known(engine):
    blank = frame([{**one, "customer": one["customer"] or ""} for one in EVENTS])
    assert plain(engine.monitor_log(blank).findings) == plain(engine.monitor_log(frame()).findings)


# --- where it comes from ------------------------------------------------------------------------------------


def test_frames_of_every_kind(engine, tmp_path):
    expected = plain(engine.monitor_log(frame()).findings)
    path = tmp_path / "log.parquet"
    frame().write_parquet(path)
    text = tmp_path / "log.csv"
    frame().with_columns(pl.col("time").dt.to_string("iso:strict")).write_csv(text)
    arrow = frame().to_arrow()
    sources = [
        frame().lazy(),
        frame().to_pandas(),
        pd.DataFrame(EVENTS),
        arrow,
        arrow.to_batches()[0],
        path,
        text,
    ]
    sources.append(pa.RecordBatchReader.from_batches(arrow.schema, arrow.to_batches()))
    for source in sources:
        assert plain(engine.monitor_log(source).findings) == expected, type(source)


def test_xes_and_ocel_come_to_the_same_as_csv(engine, tmp_path):
    rows, traces = [], []
    for one in EVENTS:
        time = one["time"].isoformat()
        more = {"customer": one["customer"], "amount": one["amount"] and str(one["amount"])}
        more = {key: value for key, value in more.items() if value}
        rows.append(
            {
                "id": one["id"],
                "case": "c",
                "activity": one["activity"],
                "person": one["person"],
                "time": time,
                **more,
            }
        )
        given_ = {key: ("string", value) for key, value in {"org_resource": one["person"], **more}.items()}
        traces.append(xes_event(one["activity"], time, identity_id=("id", one["id"]), **given_))
    (tmp_path / "log.xes").write_text(xes([(xes_case("c"), traces)]), "utf-8")
    pl.DataFrame(rows, infer_schema_length=None).write_csv(tmp_path / "log.csv")
    (tmp_path / "log.jsonocel").write_text(json.dumps(ocel(rows)), "utf-8")
    expected = engine.monitor_log(tmp_path / "log.csv", zone="UTC")
    assert len(expected.findings) == 4
    of_xes = engine.monitor_log(tmp_path / "log.xes", zone="UTC")
    of_ocel = engine.monitor_log(tmp_path / "log.jsonocel", zone="UTC", case_of="order")
    assert plain(of_xes.findings) == plain(of_ocel.findings) == plain(expected.findings)


def ocel(rows):
    return {
        "objectTypes": [{"name": name, "attributes": []} for name in ("order", "employee")],
        "eventTypes": [{"name": name, "attributes": [{"name": "customer", "type": "string"}, {"name": "amount", "type": "string"}]}
                       for name in ("order", "ship", "approve", "pay")],
        "objects": [{"id": "c", "type": "order"}, *({"id": person, "type": "employee"} for person in ("7", "8", "9"))],
        "events": [
            {"id": row["id"], "type": row["activity"], "time": row["time"],
             "attributes": [{"name": name, "value": row[name]} for name in ("customer", "amount") if name in row],
             "relationships": [{"objectId": "c", "qualifier": "of"}, {"objectId": row["person"], "qualifier": "by"}]}
            for row in rows
        ],
    }  # fmt: skip
