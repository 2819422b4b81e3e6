"""Cases on ladders: the laws, and each of the rules by an example."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.ladder_sets import START, Account, Made, engine_of, event, histories, ladder_of, ladders

from salesctrl.monitor.ladder_stage import Step
from salesctrl.monitor.ladders import MOST_ELAPSED, Ladder, Walker, ladders_of, walk
from salesctrl.monitor.model import Event
from salesctrl.outcome import Outcome


def day(number: int) -> date:
    return START + timedelta(days=number)


def seen(stage):
    """The steps of a stage as the account tells them."""
    return [(s.transition, s.on, s.from_, s.to, s.kind, str(s.outcome)) for s in stage.steps]


def said(step: Step) -> str:
    """Why a step is what it is, in English."""
    assert step.because is not None
    return step.because.get("en")


AS_OF = st.none() | st.integers(0, 90).map(day)


class TestLaws:
    @settings(max_examples=80, deadline=None)
    @given(ladders(), st.lists(st.tuples(histories(), AS_OF), min_size=1, max_size=8))
    def test_a_ladder_means_what_the_account_says(self, made: Made, cases) -> None:
        ladder = ladder_of(made.yaml)
        for events, as_of in cases:
            account = Account(made).run(events, as_of)
            stage = walk(ladder, events, as_of)
            assert seen(stage) == account.steps
            assert stage.state == account.state
            assert stage.entered == (account.entered if account.state else None)

    @settings(max_examples=40, deadline=None)
    @given(ladders(), histories(), AS_OF, st.randoms(use_true_random=False))
    def test_the_order_of_arrival_does_not_matter(self, made, events, as_of, random) -> None:
        ladder = ladder_of(made.yaml)
        shuffled = events * 2
        random.shuffle(shuffled)
        assert walk(ladder, shuffled, as_of) == walk(ladder, events, as_of)

    @settings(max_examples=40, deadline=None)
    @given(ladders(), histories(), st.lists(AS_OF, min_size=13, max_size=13), st.booleans())
    def test_a_walker_stands_where_a_walk_ends(self, made, events, days, in_order) -> None:
        ladder = ladder_of(made.yaml)
        if in_order:
            events = sorted(events, key=lambda one: (one.time, one.id))
        walker = Walker(ladder)
        for count, one in enumerate(events, 1):
            walker.feed(one)
            assert walker.at(days[count - 1]) == walk(ladder, events[:count], days[count - 1])
        assert walker.at() == walk(ladder, events)

    @settings(max_examples=40, deadline=None)
    @given(ladders(), histories(), st.integers(0, 50))
    def test_what_has_happened_stays_as_time_goes_on(self, made, events, number) -> None:
        """Steps up to a day depend on nothing that comes after it."""
        ladder = ladder_of(made.yaml)
        early, late = walk(ladder, events, day(number)), walk(ladder, events, day(number + 30))
        assert late.steps[: len(early.steps)] == early.steps
        assert all(step.on > day(number) for step in late.steps[len(early.steps) :])

    @settings(max_examples=40, deadline=None)
    @given(ladders(), histories(), st.integers(0, 50))
    def test_nothing_changes_before_it_says(self, made, events, number) -> None:
        ladder = ladder_of(made.yaml)
        events = [one for one in events if one.on <= day(number)]
        stage = walk(ladder, events, day(number))
        change = stage.next_change or day(400)
        assert change > day(number)
        before = walk(ladder, events, change - timedelta(days=1))
        assert (before.steps, before.findings) == (stage.steps, stage.findings)


DUNNING = """
ladder: dunning
begins: begin
parameters: {wait: 15 days}
states:
  overdue: {title: {en: Overdue, zh: 逾期}, due: [{action: phone, owner: clerk, within: 3 days}]}
  reminded: {title: {en: Reminded, zh: 已提醒}}
  noticed: {title: {en: Notice sent, zh: 已通知}}
  court: {title: {en: Court, zh: 诉讼}}
  settled: {title: {en: Settled, zh: 结清}, final: true}
transitions:
  - {id: D-1, from: overdue, to: reminded, on: a}
  - id: D-2
    from: reminded
    to: noticed
    on: b
    when: stage.days >= wait
    review: [{document: paper}]
    notify: boss
  - {id: D-3, from: noticed, to: court, after: 30 days, because: {en: "since {stage.entered}", zh: "自{stage.entered}"}}
  - {id: D-9, from: [overdue, reminded, noticed, court], to: settled, on: pay}
"""


@pytest.fixture(scope="module")
def dunning() -> Ladder:
    return ladder_of(DUNNING)


class TestEvents:
    def test_before_it_begins_there_is_no_state(self, dunning) -> None:
        stage = walk(dunning, [event(1, "a", 0)], day(9))
        assert (stage.state, stage.began, stage.steps, stage.findings) == (None, None, (), ())
        assert not stage.is_final
        assert stage.say("en") == "not begun"

    def test_no_events_at_all(self, dunning) -> None:
        stage = walk(dunning, [])
        assert (stage.state, stage.as_of, stage.group) == (None, None, ())

    def test_it_begins_once(self, dunning) -> None:
        stage = walk(dunning, [event(1, "begin", 0), event(2, "a", 1), event(3, "begin", 2)])
        assert (stage.state, stage.began, stage.entered) == ("reminded", day(0), day(1))
        assert [step.kind for step in stage.steps] == ["moved", "moved"]

    def test_what_the_ladder_does_not_speak_of_is_nothing(self, dunning) -> None:
        stage = walk(dunning, [event(1, "begin", 0), event(2, "other", 1)])
        assert stage.findings == ()

    def test_an_event_that_leads_nowhere_is_out_of_order(self, dunning) -> None:
        stage = walk(dunning, [event(1, "begin", 0), event(2, "b", 1)])
        assert stage.state == "overdue"
        (found,) = stage.findings
        assert (found.outcome, found.events, found.rules, found.on) == (Outcome.DENY, ("002",), (), day(1))
        assert found.because[0].get("en") == "“Does b” leads nowhere from the state “Overdue”"
        assert "“乙”" in found.because[0].get("zh")

    def test_so_is_one_after_the_end(self, dunning) -> None:
        stage = walk(dunning, [event(1, "begin", 0), event(2, "pay", 1, amount="3"), event(3, "a", 2)])
        assert stage.state == "settled"
        assert stage.is_final
        assert [step.kind for step in stage.steps] == ["moved", "moved", "out_of_order"]

    def test_a_guard_that_does_not_hold_says_nothing(self, dunning) -> None:
        events = [event(1, "begin", 0), event(2, "a", 1), event(3, "hand_in", 2), event(4, "b", 15)]
        stage = walk(dunning, events)
        assert (stage.state, stage.findings) == ("reminded", ())
        assert walk(dunning, [*events[:3], event(4, "b", 16)]).state == "noticed"

    def test_what_is_required_blocks_until_it_is_there(self, dunning) -> None:
        events = [event(1, "begin", 0), event(2, "a", 0.1), event(3, "b", 20)]
        blocked = walk(dunning, events)
        assert blocked.state == "reminded"
        step = blocked.steps[-1]
        assert (step.kind, step.outcome, step.to) == ("blocked", Outcome.REVIEW, "noticed")
        assert [result.need.id for result in step.pending] == ["D-2"]
        assert said(step) == "missing: paper"
        assert step.notify == ("boss",)
        assert blocked.findings[0].notify == ("boss",)
        moved = walk(dunning, [*events, event(4, "hand_in", 21), event(5, "b", 22)])
        assert moved.state == "noticed"
        assert [s.kind for s in moved.steps] == ["moved", "moved", "blocked", "moved"]

    def test_the_event_itself_is_evidence(self) -> None:
        ladder = ladder_of("""
            ladder: one
            begins: begin
            states: {open: {}, done: {final: true}}
            transitions:
              - {id: P-1, from: open, to: done, on: pay, review: [{payment: {amount: 300 CNY}}]}
            """)
        begin = event(1, "begin", 0)
        parts = [event(2, "pay", 1, amount="100.00"), event(3, "pay", 2, amount="200.00")]
        assert [s.kind for s in walk(ladder, [begin, *parts]).steps] == ["moved", "blocked", "moved"]

    def test_evidence_that_cannot_be_read_leaves_it_undecided(self) -> None:
        ladder = ladder_of("""
            ladder: one
            begins: begin
            states: {open: {}, done: {final: true}}
            transitions:
              - {id: P-1, from: open, to: done, on: pay, review: [{payment: {amount: 300 CNY}}]}
            """)
        for amount in ("much", None, 0.1234):
            stage = walk(ladder, [event(1, "begin", 0), event(2, "pay", 1, amount=amount)])
            assert stage.steps[-1].outcome is Outcome.INCOMPLETE
            assert "evidence.payments" in said(stage.steps[-1])
            more = walk(
                ladder,
                [event(1, "begin", 0), event(2, "pay", 1, amount=amount), event(3, "pay", 2, amount="900")],
            )
            assert more.state == "open"

    def test_the_first_that_holds_in_the_order_written(self) -> None:
        text = """
            ladder: two
            begins: begin
            states: {{open: {{}}, left: {{}}, right: {{}}}}
            transitions:
              - {{id: L, from: open, to: left, on: a, when: 'event.person == "7"'}}
              - {{id: R, from: open, to: right, on: a{}}}
            """
        ladder = ladder_of(text.format(""))
        begin = event(1, "begin", 0)
        assert walk(ladder, [begin, event(2, "a", 1, person="7")]).state == "left"
        assert walk(ladder, [begin, event(2, "a", 1, person="8")]).state == "right"
        unknown = walk(ladder, [begin, event(2, "a", 1)])
        assert unknown.state == "open"
        assert unknown.steps[-1].outcome is Outcome.INCOMPLETE
        assert said(unknown.steps[-1]) == "not known: `event.person`"

    def test_wrong_facts_never_lead_on(self) -> None:
        ladder = ladder_of("""
            ladder: sum
            begins: begin
            states: {open: {}, done: {final: true}}
            transitions:
              - {id: S, from: open, to: done, on: a, when: event.amount >= 100 CNY}
            """)
        for amount, state in (
            ("100.00", "done"),
            ("99.99", "open"),
            ("many", "open"),
            (True, "open"),
            (None, "open"),
        ):
            stage = walk(ladder, [event(1, "begin", 0), event(2, "a", 1, amount=amount)])
            assert stage.state == state
            if amount not in ("100.00", "99.99"):
                assert stage.steps[-1].outcome is Outcome.INCOMPLETE

    def test_attributes_do_not_hide_the_fields_of_an_event(self) -> None:
        ladder = ladder_of("""
            ladder: who
            begins: begin
            states: {open: {}, done: {final: true}}
            transitions:
              - {id: S, from: open, to: done, on: a, when: 'event.person == "7"'}
            """)
        moment = datetime(2026, 3, 1, tzinfo=UTC)
        forged = Event("9", "C-1", "a", moment, moment.date(), "8", attributes={"person": "7"})
        assert walk(ladder, [event(1, "begin", 0), forged]).state == "open"

    def test_two_events_of_one_id(self, dunning) -> None:
        with pytest.raises(ValueError, match="two events have the id `001`"):
            walk(dunning, [event(1, "begin", 0), event(1, "a", 1)])

    def test_events_of_two_cases(self, dunning) -> None:
        with pytest.raises(
            ValueError, match="event `002` is not of this case: it has another `case`, or none"
        ):
            walk(dunning, [event(1, "begin", 0), event(2, "a", 1, case="C-2")])

    def test_days_do_not_go_back(self, dunning) -> None:
        """Where days do not follow times, time stands still."""
        late = event(2, "a", 5)
        odd = Event(late.id, late.case, late.activity, late.time, day(-3))
        stage = walk(dunning, [event(1, "begin", 0), odd])
        assert (stage.state, stage.entered) == ("reminded", day(0))


class TestTime:
    def begun(self, *more):
        return [event(1, "begin", 0), event(2, "a", 0.1), event(3, "hand_in", 1), event(4, "b", 20), *more]

    def test_it_comes_on_the_day_itself(self, dunning) -> None:
        assert walk(dunning, self.begun(), day(49)).state == "noticed"
        stage = walk(dunning, self.begun(), day(50))
        assert (stage.state, stage.entered) == ("court", day(50))
        step = stage.steps[-1]
        assert (step.kind, step.event, step.on) == ("elapsed", "004", day(50))
        assert said(step) == "since 2026-02-19"

    def test_it_comes_before_the_events_of_that_day(self, dunning) -> None:
        stage = walk(dunning, self.begun(event(5, "pay", 50, amount="1")))
        assert [step.transition for step in stage.steps[-2:]] == ["D-3", "D-9"]
        assert walk(dunning, self.begun(event(5, "pay", 49.9, amount="1"))).steps[-1].from_ == "noticed"

    def test_several_in_a_row(self) -> None:
        ladder = ladder_of("""
            ladder: row
            begins: begin
            states: {one: {}, two: {}, three: {}, four: {final: true}}
            transitions:
              - {id: R-1, from: one, to: two, after: 10 days}
              - {id: R-2, from: two, to: three, after: 0 days}
              - {id: R-3, from: three, to: four, after: 1 month}
            """)
        stage = walk(ladder, [event(1, "begin", 0)], day(365))
        assert [(s.to, s.on) for s in stage.steps] == [
            ("one", date(2026, 1, 30)), ("two", date(2026, 2, 9)), ("three", date(2026, 2, 9)), ("four", date(2026, 3, 9)),
        ]  # fmt: skip
        assert walk(ladder, [event(1, "begin", 0)], day(10)).state == "three"

    @pytest.mark.parametrize(
        ("began", "comes"),
        [
            (date(2026, 1, 28), date(2026, 2, 28)), (date(2026, 1, 31), date(2026, 2, 28)),
            (date(2028, 1, 31), date(2028, 2, 29)), (date(2026, 3, 31), date(2026, 4, 30)),
            (date(2026, 12, 31), date(2027, 1, 31)),
        ],
    )  # fmt: skip
    def test_months_end_where_the_month_does(self, began, comes) -> None:
        ladder = ladder_of("""
            ladder: month
            begins: begin
            states: {one: {}, two: {}}
            transitions:
              - {id: M-1, from: one, to: two, after: 1 month}
            """)
        events = [event(1, "begin", (began - START).days)]
        assert walk(ladder, events, comes - timedelta(days=1)).state == "one"
        assert walk(ladder, events, comes).entered == comes

    def test_one_that_is_blocked_goes_on_when_the_evidence_comes(self) -> None:
        ladder = ladder_of("""
            ladder: wait
            begins: begin
            states: {one: {}, two: {}, late: {final: true}}
            transitions:
              - {id: W-1, from: one, to: two, after: 5 days, review: [{approval: boss}]}
              - {id: W-2, from: one, to: late, after: 20 days}
            """)
        begin = event(1, "begin", 0)
        stage = walk(ladder, [begin, event(2, "other", 8)], day(12))
        assert stage.state == "one"
        assert [(s.transition, s.kind, s.on) for s in stage.steps[1:]] == [("W-1", "blocked", day(5))]
        assert stage.steps[1].event == "001"
        approved = [begin, event(2, "other", 8), event(3, "approve", 9, person="1", role="boss")]
        stage = walk(ladder, approved, day(12))
        assert (stage.state, stage.entered, stage.steps[-1].event) == ("two", day(9), "003")
        assert walk(ladder, [begin], day(20)).state == "late"

    def test_one_that_is_undecided_holds_back_those_after_it_on_that_day(self) -> None:
        ladder = ladder_of("""
            ladder: class
            begins: begin
            states: {one: {}, good: {}, court: {}}
            transitions:
              - {id: C-1, from: one, to: good, after: 5 days, when: 'any(e.customer == "good" for e in stage.events)'}
              - {id: C-2, from: one, to: court, after: 5 days}
            """)
        unknown = walk(ladder, [event(1, "begin", 0)], day(9))
        assert unknown.state == "one"
        assert unknown.steps[-1].outcome is Outcome.INCOMPLETE
        assert walk(ladder, [event(1, "begin", 0, customer="good")], day(9)).state == "good"
        assert walk(ladder, [event(1, "begin", 0, customer="bad")], day(9)).state == "court"

    @pytest.mark.parametrize("length", ["0 days", "1 days"])
    def test_a_circle_of_time_comes_to_an_end(self, length) -> None:
        ladder = ladder_of(f"""
            ladder: circle
            begins: begin
            states: {{one: {{}}, two: {{}}}}
            transitions:
              - {{id: O-1, from: one, to: two, after: {length}}}
              - {{id: O-2, from: two, to: one, after: {length}}}
            """)
        stage = walk(ladder, [event(1, "begin", 0)], date(9999, 12, 31))
        assert len(stage.steps) == MOST_ELAPSED + 2
        (found,) = stage.findings
        assert found.outcome is Outcome.INCOMPLETE
        assert "circle" in found.because[0].get("en")
        again = walk(ladder, [event(1, "begin", 0), event(2, "other", 5)], day(6))
        assert again.state in ("one", "two")

    def test_the_end_of_the_calendar(self, dunning) -> None:
        last = Event("9", "C-1", "begin", datetime(9999, 12, 30, tzinfo=UTC), date(9999, 12, 30))
        stage = walk(dunning, [last], date(9999, 12, 31))
        assert stage.state == "overdue"
        assert stage.due[0].on == date(9999, 12, 31)
        assert stage.next_change is None


class TestDue:
    def test_it_is_overdue_when_its_day_is_over(self, dunning) -> None:
        begin = [event(1, "begin", 0)]
        (due,) = walk(dunning, begin, day(3)).due
        assert (due.action, due.owner, due.on, due.done, due.is_overdue) == (
            "phone",
            "clerk",
            day(3),
            None,
            False,
        )
        assert walk(dunning, begin).next_change == day(4)
        assert walk(dunning, [*begin, event(2, "call", 1)]).next_change is None
        stage = walk(dunning, begin, day(4))
        assert stage.next_change is None
        assert stage.due[0].is_overdue
        (found,) = stage.findings
        assert (found.outcome, found.on, found.notify) == (Outcome.FLAG, day(4), ("clerk",))
        assert walk(dunning, begin, day(9)).findings == stage.findings

    @pytest.mark.parametrize("activity", ["call"])
    def test_it_is_done_with_an_event_that_is_evidence_of_it(self, dunning, activity) -> None:
        stage = walk(dunning, [event(1, "begin", 0), event(2, activity, 6)], day(9))
        assert (stage.due[0].done, stage.due[0].is_overdue, stage.findings) == (day(6), False, ())

    def test_or_with_the_activity_of_that_name(self) -> None:
        ladder = ladder_of(DUNNING.replace("action: phone", "action: other"))
        stage = walk(ladder, [event(1, "begin", 0), event(2, "other", 2)], day(9))
        assert stage.due[0].done == day(2)

    def test_what_was_done_before_the_state_does_not_count(self, dunning) -> None:
        stage = walk(dunning, [event(1, "call", 0), event(2, "begin", 1)], day(9))
        assert stage.due[0].is_overdue


VERSIONS = """
ladder: two-versions
effective: {to: 2026-02-28}
begins: begin
states: {old: {}, done: {final: true}}
transitions:
  - {id: V-1, from: old, to: done, after: 60 days, when: stage.days >= 60 days}
---
ladder: two-versions
effective: {from: 2026-03-01, to: 2026-12-31}
begins: begin
states: {new: {}, done: {final: true}}
transitions:
  - {id: V-2, from: new, to: done, after: 10 days}
"""


class TestVersions:
    def test_a_case_stays_on_the_version_it_began_with(self) -> None:
        ladder = ladder_of(VERSIONS)
        old = walk(ladder, [event(1, "begin", 0)], date(2026, 6, 1))
        assert (old.steps[-1].transition, old.entered) == ("V-1", date(2026, 3, 31))
        assert old.version is ladder.versions[0]
        new = walk(ladder, [event(1, "begin", 30)], date(2026, 6, 1))
        assert (new.steps[-1].transition, new.version) == ("V-2", ladder.versions[1])

    def test_outside_all_versions_nothing_begins(self) -> None:
        ladder = ladder_of(VERSIONS)
        begins = [event(1, "begin", 365)]
        assert walk(ladder, begins).state is None

    def test_a_case_that_outlives_its_version_keeps_its_numbers(self) -> None:
        ladder = ladder_of("""
            ladder: dated
            effective: {to: 2026-02-28}
            begins: begin
            parameters:
              wait: {values: [{from: 2026-01-01, value: 5 days}, {from: 2026-02-15, value: 7 days}, {from: 2026-03-01, value: 1 days}]}
            states: {one: {}, two: {}, three: {}}
            transitions:
              - {id: A-1, from: one, to: two, after: wait}
              - {id: A-2, from: two, to: three, after: wait}
            """)
        stage = walk(ladder, [event(1, "begin", (date(2026, 2, 26) - START).days)], date(2026, 6, 1))
        assert [s.on for s in stage.steps] == [date(2026, 2, 26), date(2026, 3, 5), date(2026, 3, 12)]


class TestLate:
    def test_a_late_event_has_the_case_walked_anew(self, dunning) -> None:
        walker = Walker(dunning)
        walker.feed(event(1, "begin", 0))
        walker.feed(event(3, "b", 20))
        assert walker.at().steps[-1].kind == "out_of_order"
        walker.feed(event(2, "a", 1))
        walker.feed(event(4, "hand_in", 2))
        assert [s.transition for s in walker.at().steps] == [None, "D-1", "D-2"]

    def test_events_after_the_day_are_left_out(self, dunning) -> None:
        walker = Walker(dunning)
        for one in [event(1, "begin", 0), event(2, "a", 9)]:
            walker.feed(one)
        assert walker.at(day(8)).state == "overdue"
        assert walker.at(day(9)).state == "reminded"

    def test_asking_ahead_changes_nothing(self, dunning) -> None:
        walker = Walker(dunning)
        events = [event(1, "begin", 0), event(2, "a", 0.1), event(3, "hand_in", 1), event(4, "b", 20)]
        for one in events:
            walker.feed(one)
        assert walker.at(day(99)).state == "court"
        assert walker.at().state == "noticed"

    def test_an_event_costs_the_same_in_a_long_case(self, dunning) -> None:
        """Decisions are counted, not seconds."""
        decided = 0
        decide = dunning._ways[0].decide

        def counted(facts, on):
            nonlocal decided
            decided += 1
            return decide(facts, on)

        ladder = ladder_of(DUNNING)
        ladder._ways[0].decide = counted  # type: ignore[method-assign]
        walker = Walker(ladder)
        walker.feed(event(0, "begin", 0))
        walker.feed(event(1, "a", 0.1))
        for number in range(200):
            walker.feed(event(number + 2, "b", 1 + number / 1000))
            walker.at()
        assert decided == 1 + 200


class TestForms:
    def test_as_plain_data_and_in_words(self, dunning) -> None:
        stage = walk(dunning, [event(1, "begin", 0), event(2, "b", 1)], day(5))
        assert stage.to_dict()["state"] == "overdue"
        assert stage.to_dict()["due"] == [
            {"action": "phone", "owner": "clerk", "on": "2026-02-02", "done": None, "overdue": True}
        ]
        assert stage.say() == (
            "Overdue, since 2026-01-30\n"
            "2026-01-30 → Overdue\n"
            "2026-01-31 out of order: “Does b” leads nowhere from the state “Overdue”\n"
            "due 2026-02-02: phone, overdue"
        )
        assert "（已逾期）" in stage.say("zh")
        assert repr(stage) == "Stage(dunning of C-1 as of 2026-02-04: overdue since 2026-01-30)"

    def test_what_is_done_is_said(self, dunning) -> None:
        stage = walk(dunning, [event(1, "begin", 0), event(2, "call", 1)])
        assert stage.say().endswith("due 2026-02-02: phone, done 2026-01-31")
        assert stage.title is not None

    def test_ladders_are_found_by_name(self) -> None:
        engine = engine_of(DUNNING + "---" + VERSIONS)
        assert list(ladders_of(engine)) == ["dunning", "two-versions"] == list(engine.ladders)
        with pytest.raises(ValueError, match="expected the versions of one ladder but got 3"):
            Ladder(engine.checked.cases.ladders, engine)
