"""Stream, log and specification find the same, whatever the controls, the events and the order of arrival."""

from datetime import date, timedelta

import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor import ladder_sets
from tests.monitor.matchers.streams import needs_durable
from tests.monitor.random_controls import HEAD, controls, events

import salesctrl
from salesctrl.monitor.controls import Controls
from salesctrl.monitor.findings import SEGREGATION
from salesctrl.monitor.matching import Candidate, findings_of, settle

FOREVER = 10_000
"""Days that a closed case stays: no event comes too late."""


def engine_of(folder, *docs):
    folder.mkdir(exist_ok=True)
    text = "\n---\n".join([HEAD, *(yaml.safe_dump(doc, allow_unicode=True, sort_keys=False) for doc in docs)])
    (folder / "set.yaml").write_text(text, encoding="utf-8")
    return salesctrl.load(folder)


def plain(findings):
    return sorted(str(finding.to_dict()) for finding in findings)


def specified(engine, taken, day):
    """The findings by trying everything: those of controls, then those of pairs of duties."""
    known = Controls(engine)
    found = []
    for watch in known.watches.values():
        if watch.pair is None:
            found += findings_of(watch.control, taken, day.toordinal(), known.activities, known.decision)
    return found + list(_conflicts(known, taken))


def _conflicts(known, taken):
    lacking = {}
    for watch in known.watches.values():
        if watch.pair is None:
            continue
        for event in taken:
            if (one := known.lacking(watch, event)) is not None:
                lacking[event.id] = one
        for case in {event.case for event in taken}:
            for person in {event.person for event in taken} - {None}:
                own = [event for event in taken if (event.case, event.person) == (case, person)]
                chosen = {}
                for name, activities in watch.control.events:
                    of_duty = [event for event in own if event.activity in activities]
                    if of_duty:
                        chosen[name] = min(of_duty, key=lambda event: (event.time, event.id))
                if len(chosen) == 2:
                    candidate = settle(watch.control, chosen, (), None)
                    assert isinstance(candidate, Candidate)
                    yield known.decide(watch, (case,), candidate, own)
    yield from lacking.values()


def net(changes):
    """What is left of changes: found and not withdrawn, each once."""
    left = {}
    for change in changes:
        key = str(change.finding.to_dict())
        if change.kind == "found":
            assert key not in left
            left[key] = change.finding
        else:
            del left[key]
    return left.values()


def agree(folder, docs, given_events, later, order):
    engine = engine_of(folder, *docs)
    day = max(event["time"].date() for event in given_events) + timedelta(days=later)
    monitor = engine.monitor(late=FOREVER)
    changes = [*monitor.add_all(given_events), *monitor.advance(day)]
    assert monitor.rejected == ()
    assert plain(monitor.findings) == plain(specified(engine, monitor.events, day))
    assert plain(net(changes)) == plain(monitor.findings)
    again = engine.monitor(late=FOREVER)
    again.add_all([given_events[i] for i in order])
    again.advance(day)
    assert plain(again.findings) == plain(monitor.findings)
    log = engine.monitor_log(pl.DataFrame(given_events, infer_schema_length=None), as_of=day)
    assert plain(log.findings) == plain(monitor.findings)


cases = st.tuples(controls(0), controls(1), events()).flatmap(
    lambda drawn: st.tuples(
        st.just(list(drawn[:2])), st.just(drawn[2]), st.integers(0, 45), st.permutations(range(len(drawn[2])))
    )
)


@settings(max_examples=60)
@given(cases)
def test_stream_log_and_specification_agree(tmp_path_factory, drawn):
    agree(tmp_path_factory.mktemp("set"), *drawn)


@pytest.mark.exhaustive
@settings(max_examples=250)
@given(cases)
def test_stream_log_and_specification_agree_on_many(tmp_path_factory, drawn):
    agree(tmp_path_factory.mktemp("set"), *drawn)


@settings(max_examples=30)
@given(cases, st.integers(0, 20))
def test_a_snapshot_at_any_point_changes_nothing(tmp_path_factory, drawn, at):
    docs, given_events, later, _ = drawn
    folder = tmp_path_factory.mktemp("set")
    engine = engine_of(folder, *docs)
    day = max(event["time"].date() for event in given_events) + timedelta(days=later)
    whole, parted = engine.monitor(late=3), engine.monitor(late=3)
    ahead, behind = given_events[:at], given_events[at:]
    halfway = date(2026, 1, 15)
    whole.add_all(ahead)
    whole.advance(halfway)
    parted.add_all(ahead)
    parted.advance(halfway)
    parted.save(folder / "snapshot")
    resumed = engine.restore_monitor(folder / "snapshot")
    assert plain(resumed.findings) == plain(whole.findings)
    assert resumed.add_all(behind) == whole.add_all(behind)
    until = max(day, halfway)
    assert sorted(resumed.advance(until), key=str) == sorted(whole.advance(until), key=str)
    assert plain(resumed.findings) == plain(whole.findings)
    assert resumed.rejected == whole.rejected
    assert resumed.open_cases == whole.open_cases


@needs_durable
@settings(max_examples=15)
@given(cases, st.sampled_from(["durable", "both"]))
def test_every_matcher_comes_to_the_same(tmp_path_factory, drawn, matcher):
    """In one process for all events of an example; each pattern, order and deadline as with the reference."""
    docs, given_events, later, order = drawn
    engine = engine_of(tmp_path_factory.mktemp("set"), *docs)
    day = max(event["time"].date() for event in given_events) + timedelta(days=later)
    ours, theirs = engine.monitor(late=FOREVER), engine.monitor(late=FOREVER, matcher=matcher)
    try:
        for number in order:
            assert theirs.add(given_events[number]) == ours.add(given_events[number])
        assert theirs.advance(day) == ours.advance(day)
        assert theirs.findings == ours.findings
    finally:
        theirs.stop()


@settings(max_examples=40)
@given(ladder_sets.ladders(), ladder_sets.histories(), st.integers(0, 90), st.randoms(use_true_random=False))
def test_stream_and_log_agree_on_ladders(made, history, days, random):
    engine = ladder_sets.engine_of(made.yaml)
    day = ladder_sets.START + timedelta(days=days)
    seen = [event for event in history if event.on <= day]
    random.shuffle(seen)
    monitor = engine.monitor(late=FOREVER)
    changes = [*monitor.add_all(seen), *monitor.advance(day)]
    rows = [
        {**{name: getattr(event, name) for name in ("id", "case", "activity", "time", "person", "role")},
         "amount": None, "customer": None, **event.attributes}
        for event in history
    ]  # fmt: skip
    schema = {"id": pl.String, "case": pl.String, "activity": pl.String, "time": pl.Datetime("us", "UTC")}
    log = (
        engine.monitor_log(pl.DataFrame(rows, schema_overrides=schema, infer_schema_length=None), as_of=day)
        if rows
        else None
    )
    assert plain(net(changes)) == plain(monitor.findings)
    if log is not None:
        assert plain(log.findings) == plain(monitor.findings)
        assert log.stages["made"] == monitor.stages("made")
        assert log.later == len(history) - len(seen)


def test_nobody_is_looked_at_by_the_name_of_a_pair(tmp_path):
    """Findings of pairs are those of the segregation, and can be left out."""
    engine = engine_of(tmp_path / "set")
    both = [
        {"id": 1, "case": "c", "activity": "order", "person": "7", "time": "2026-01-01T08:00Z"},
        {"id": 2, "case": "c", "activity": "approve", "person": "7", "time": "2026-01-02T08:00Z"},
    ]
    monitor = engine.monitor(controls=[SEGREGATION])
    found = [change.finding for change in monitor.add_all(both)]
    assert [(one.control, one.rules, one.events) for one in found] == [
        (SEGREGATION, ("IC-1",), ("1", "2")),
        (SEGREGATION, ("IC-2",), ("1", "2")),
    ]
