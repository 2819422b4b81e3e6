"""The live monitor: late events, deadlines, cases that leave, groups that are too large, and matchers that fail."""

import os
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest
from tests.monitor.matchers.streams import needs_durable
from tests.monitor.test_agreement import engine_of, net, plain

from salesctrl.monitor.findings import SEGREGATION
from salesctrl.outcome import Outcome

START = datetime(2026, 1, 1, 8, tzinfo=UTC)


def flag(id):
    return [{"id": id, "when": "true", "flag": True}]


UNPAID = {
    "case_control": "unpaid",
    "events": {"shipped": {"activity": "ship"}},
    "absent": {"payment": {"activity": "pay", "after": "shipped", "within": "10 days"}},
    "rules": flag("R-1"),
}
TWICE = {
    "case_control": "twice",
    "by": ["customer"],
    "events": {"ordered": {"activity": "order"}, "shipped": {"activity": "ship"}},
    "rules": flag("R-2"),
}
FIRST = {
    **TWICE,
    "case_control": "first",
    "by": ["case"],
    "order": ["ordered", "shipped"],
    "each": "group",
    "rules": flag("R-3"),
}


def event(id, activity, day=0, case="c", **more):
    time = START + timedelta(days=day)
    return {
        "id": str(id),
        "case": case,
        "activity": activity,
        "time": time,
        "person": "7",
        "customer": "C-1",
        **more,
    }


def day(number):
    return START.date() + timedelta(days=number)


def told(changes):
    return [(change.kind, change.finding.control, change.finding.events) for change in changes]


def codes(monitor):
    return [one.code for one in monitor.rejected]


# --- what is not taken ------------------------------------------------------------------------------------


def test_what_is_not_taken_changes_nothing_and_says_why(tmp_path):
    monitor = engine_of(tmp_path / "set").monitor()
    one = event(1, "order")
    monitor.add(one)
    assert monitor.add(one) == ()
    assert monitor.add({**one, "person": "8"}) == ()
    assert monitor.add({**one, "id": "2", "activity": "dance"}) == ()
    assert codes(monitor) == ["V_DUPLICATE", "V_SAME_ID", "V_ACTIVITY"]
    assert [(one.event, one.case) for one in monitor.rejected] == [("1", "c"), ("1", "c"), ("2", "c")]
    assert len(monitor.events) == 1


def test_an_event_of_a_case_that_has_left_is_closed_out(tmp_path):
    monitor = engine_of(tmp_path / "set").monitor()
    monitor.add_all([event(1, "order"), event(2, "settle", 1)])
    assert monitor.open_cases == 1
    monitor.advance(day(2))
    assert monitor.open_cases == 0
    assert monitor.add(event(3, "approve", 1)) == ()
    assert codes(monitor) == ["V_CLOSED"]
    assert monitor.findings == ()
    assert monitor.add(event(1, "order", case="other")) == ()  # the id is free again
    assert codes(monitor) == ["V_CLOSED"]


def test_only_so_many_cases_that_have_left_are_remembered(tmp_path, monkeypatch):
    monkeypatch.setattr("salesctrl.monitor.stream.MOST_CLOSED", 2)
    monitor = engine_of(tmp_path / "set").monitor()
    for number in range(3):
        monitor.add(event(number, "settle", case=f"c{number}"))
    monitor.advance(day(1))
    monitor.add_all([event(f"late {number}", "order", case=f"c{number}") for number in range(3)])
    assert [one.case for one in monitor.rejected] == ["c1", "c2"]


# --- late events ------------------------------------------------------------------------------------------


def test_any_order_of_arrival_comes_to_the_same(tmp_path):
    engine = engine_of(tmp_path / "set", UNPAID, FIRST)
    events = [
        event(1, "order"),
        event(2, "approve", 1),
        event(3, "ship", 2),
        event(4, "ship", 20),
        event(5, "pay", 25),
    ]
    there, back = engine.monitor(), engine.monitor()
    for monitor, order in ((there, events), (back, events[::-1])):
        changes = [*monitor.add_all(order), *monitor.advance(day(40))]
        assert plain(net(changes)) == plain(monitor.findings)
    assert plain(there.findings) == plain(back.findings)
    assert {one.control for one in there.findings} == {"unpaid", "first", SEGREGATION}


def test_what_was_to_be_absent_takes_a_finding_away_however_late_it_comes(tmp_path):
    monitor = engine_of(tmp_path / "set", UNPAID).monitor(controls=["unpaid"])
    monitor.add(event(1, "ship"))
    assert told(monitor.advance(day(11))) == [("found", "unpaid", ("1",))]
    assert told(monitor.add(event(2, "pay", 10))) == [("withdrawn", "unpaid", ("1",))]
    assert monitor.findings == ()


def test_an_earlier_match_takes_the_place_of_the_one_that_was_told(tmp_path):
    monitor = engine_of(tmp_path / "set", FIRST).monitor(controls=["first"])
    monitor.add(event("o2", "order", 2))
    assert told(monitor.add(event("s", "ship", 5))) == [("found", "first", ("o2", "s"))]
    assert monitor.add(event("s2", "ship", 6)) == ()
    late = monitor.add(event("o1", "order", 1))
    assert told(late) == [("withdrawn", "first", ("o2", "s")), ("found", "first", ("o1", "s"))]
    assert [one.events for one in monitor.findings] == [("o1", "s")]


def test_the_earliest_events_prove_a_conflict_of_duties(tmp_path):
    monitor = engine_of(tmp_path / "set").monitor()
    monitor.add(event("a2", "approve", 3))
    assert [events for _, _, events in told(monitor.add(event("o", "order", 1)))] == [("o", "a2")] * 2
    late = monitor.add(event("a1", "approve", 0))
    assert {(kind, events) for kind, _, events in told(late)} == {
        ("withdrawn", ("o", "a2")),
        ("found", ("o", "a1")),
    }


# --- time -------------------------------------------------------------------------------------------------


def test_a_deadline_passes_when_time_has_gone_beyond_its_day(tmp_path):
    monitor = engine_of(tmp_path / "set", UNPAID).monitor(controls=["unpaid"])
    monitor.add(event(1, "ship"))
    assert monitor.now is None
    assert monitor.advance(day(10)) == ()
    assert told(monitor.advance(day(11))) == [("found", "unpaid", ("1",))]
    assert monitor.findings[0].on == day(11)
    assert monitor.advance(day(11)) == ()
    assert monitor.now == day(11)


def test_an_event_that_comes_after_its_deadline_is_decided_at_once(tmp_path):
    monitor = engine_of(tmp_path / "set", UNPAID).monitor(controls=["unpaid"])
    monitor.advance(day(30))
    assert told(monitor.add(event(1, "ship"))) == [("found", "unpaid", ("1",))]


def test_time_does_not_go_back(tmp_path):
    monitor = engine_of(tmp_path / "set", UNPAID).monitor()
    monitor.add(event(1, "ship"))
    monitor.advance(day(5))
    with pytest.raises(ValueError, match="time has gone up to 2026-01-06, and cannot go back to 2026-01-05"):
        monitor.advance(day(4))
    assert monitor.now == day(5)


def test_a_closed_case_stays_until_nothing_in_it_waits(tmp_path):
    monitor = engine_of(tmp_path / "set", UNPAID).monitor(controls=["unpaid"])
    monitor.add_all([event(1, "ship"), event(2, "settle", 1)])
    monitor.advance(day(5))
    assert monitor.open_cases == 1
    assert told(monitor.advance(day(11))) == [("found", "unpaid", ("1",))]
    assert monitor.open_cases == 0
    assert monitor.findings == ()


def test_late_events_are_waited_for(tmp_path):
    monitor = engine_of(tmp_path / "set").monitor(late=5)
    monitor.add_all([event(1, "order"), event(2, "settle", 1)])
    monitor.advance(day(6))
    assert len(monitor.add(event(3, "approve"))) == 2
    assert codes(monitor) == []
    monitor.advance(day(7))
    monitor.add(event(4, "approve"))
    assert codes(monitor) == ["V_CLOSED"]


def test_the_caller_closes_cases_too(tmp_path):
    monitor = engine_of(tmp_path / "set").monitor()
    monitor.add_all([event(1, "order"), event(2, "ship", 4), event(3, "order", case="other")])
    monitor.close("c")
    monitor.close("nobody knows it")
    monitor.advance(day(4))
    assert monitor.open_cases == 2
    monitor.advance(day(5))
    assert monitor.open_cases == 1
    assert [one.case for one in monitor.events] == ["other"]


# --- groups that no case closes -----------------------------------------------------------------------------


def test_groups_of_a_customer_outlive_their_cases_until_they_are_forgotten(tmp_path):
    monitor = engine_of(tmp_path / "set", TWICE).monitor(controls=["twice"])
    monitor.add_all([event(1, "order", case="a"), event(2, "settle", 1, case="a")])
    monitor.advance(day(2))
    assert told(monitor.add(event(3, "ship", 3, case="b"))) == [("found", "twice", ("1", "3"))]
    monitor.forget(day(1))
    assert monitor.findings == ()
    assert [one.id for one in monitor.events] == ["3"]
    assert monitor.add(event(4, "ship", 4, case="b")) == ()
    assert told(monitor.add(event(5, "order", 5, case="d"))) == [
        ("found", "twice", ("5", "3")),
        ("found", "twice", ("5", "4")),
    ]


def test_what_has_left_and_is_forgotten_holds_no_memory(tmp_path):
    monitor = engine_of(tmp_path / "set", TWICE, UNPAID, FIRST).monitor()
    for number in range(50):
        monitor.add_all([event(f"{number}o", "order", case=f"{number}"), event(f"{number}s", "ship", 1, case=f"{number}"),
                         event(f"{number}p", "settle", 2, case=f"{number}")])  # fmt: skip
    monitor.advance(day(20))
    monitor.forget(day(20))
    assert monitor.events == ()
    assert monitor.open_cases == 0
    held = [
        monitor._groups,
        monitor._events,
        monitor._of_case,
        monitor._closing,
        monitor._found,
        monitor._waiting,
    ]
    assert not any(held)


# --- what cannot be judged ----------------------------------------------------------------------------------


def test_a_person_who_is_not_known_makes_segregation_incomplete(tmp_path):
    monitor = engine_of(tmp_path / "set").monitor()
    changes = monitor.add(event(1, "order", person=None))
    assert told(changes) == [("found", SEGREGATION, ("1",))]
    assert changes[0].finding.outcome is Outcome.INCOMPLETE
    assert changes[0].finding.say("en") == (
        "segregation: the event `1` has no person, so the control cannot be judged"
    )


def test_more_than_ten_thousand_matches_make_their_group_incomplete_and_no_other(tmp_path):
    monitor = engine_of(tmp_path / "set", TWICE).monitor(controls=["twice"])
    monitor.add_all([event("x", "order", customer="C-2"), event("y", "ship", customer="C-2")])
    monitor.add_all(event(f"o{n}", "order") for n in range(100))
    changes = list(monitor.add_all(event(f"s{n}", "ship") for n in range(100)))
    assert len(changes) == 10_000
    assert len(monitor.findings) == 10_001
    changes += monitor.add(event("one more", "ship"))
    of_group = [one for one in monitor.findings if one.group == ("C-1",)]
    assert [(one.outcome, one.events) for one in of_group] == [(Outcome.INCOMPLETE, ())]
    assert "more than 10,000 matches in one group" in of_group[0].say("en")
    assert [one.events for one in monitor.findings if one.group == ("C-2",)] == [("x", "y")]
    assert plain(net([*changes])) == plain(of_group)
    assert monitor.add(event("another", "ship")) == ()


@pytest.mark.slow
def test_a_million_events_in_one_case(tmp_path):
    """Each costs what it touches, not what there was before."""
    monitor = engine_of(tmp_path / "set", FIRST).monitor(controls=["first", SEGREGATION])
    began = time.perf_counter()
    for number in range(1_000_000):
        monitor.add(event(number, "talk" if number % 1000 else "approve", number / 1e6))
    spent = time.perf_counter() - began
    monitor.add(event("o", "order", 2))
    assert len(monitor.findings) == 2
    assert spent < 60


# --- matchers -----------------------------------------------------------------------------------------------


@pytest.fixture
def monitor_with(tmp_path):
    made = []

    def of(matcher, *docs, **more):
        made.append(engine_of(tmp_path / "set", *docs).monitor(matcher=matcher, **more))
        return made[-1]

    yield of
    for one in made:
        one.stop()


@needs_durable
def test_a_process_that_is_killed_in_mid_case_costs_that_case_alone(monitor_with):
    monitor = monitor_with("durable")
    monitor.add_all([event(1, "order"), event(2, "order", case="other")])
    os.kill(monitor._matcher._worker.pid, signal.SIGKILL)
    found = [change.finding for change in monitor.add(event(3, "approve"))]
    assert {one.outcome for one in found} == {Outcome.INCOMPLETE}
    assert {one.group for one in found} == {("c",)}
    assert all("not judged: the process of durable-rules ended with -9" in one.say("en") for one in found)
    assert monitor.add(event(4, "approve", 1)) == ()
    assert [one.events for _, one in monitor.add(event(5, "approve", case="other"))] == [("2", "5")] * 2
    assert [
        one.events
        for _, one in monitor.add_all([event(6, "order", case="new"), event(7, "approve", case="new")])
    ] == [
        ("6", "7"),
        ("6", "7"),
    ]


@needs_durable
def test_both_matchers_come_to_the_same(monitor_with):
    events = [event(1, "order"), event(2, "ship", 1), event(3, "approve", 2), event(4, "order", 3, case="d")]
    docs = (UNPAID, TWICE, FIRST)
    found = []
    for matcher in ("reference", "durable", "both"):
        monitor = monitor_with(matcher, *docs)
        changes = [*monitor.add_all(events), *monitor.advance(day(30))]
        found.append((told(changes), plain(monitor.findings)))
    assert found[0] == found[1] == found[2]
    assert found[0][1]


def test_an_unknown_control_or_zone(tmp_path):
    engine = engine_of(tmp_path / "set", UNPAID)
    with pytest.raises(ValueError, match="unknown control `unpayd`; did you mean `unpaid`\\?"):
        engine.monitor(controls=["unpayd"])
    with pytest.raises(ValueError, match="unknown time zone `Mars`"):
        engine.monitor(zone="Mars")
