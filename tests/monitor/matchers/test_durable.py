"""durable-rules in its cage: what it finds, and what it costs when it fails."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.monitor.matchers.streams import (
    NOON,
    SAME_HANDS,
    all_matches,
    event,
    needs_durable,
    pattern,
    pattern_lists,
    streams,
)

from salesctrl.errors import MissingExtra
from salesctrl.monitor.matchers import (
    Group,
    MatcherProblem,
    MatchersDiffer,
    TooManyMatches,
    UnfitPattern,
    durable,
    durable_process,
    durable_worker,
    matcher,
)
from salesctrl.monitor.matchers.both import BothMatchers
from salesctrl.monitor.matchers.durable import DurableMatcher
from salesctrl.monitor.model import Event, Match

pytestmark = needs_durable


def flat(findings):
    return [one for some in findings for one in some]


@pytest.fixture
def make():
    """Makes matchers whose processes end with the test."""
    made = []

    def of(patterns, kind=DurableMatcher, **more):
        made.append(kind(patterns, **more))
        return made[-1]

    yield of
    for one in made:
        one.stop()


def pid(one):
    return one._worker.pid


# --- what it finds --------------------------------------------------------------------------------


def test_the_same_person_in_one_case(make):
    one = make([SAME_HANDS])
    assert one.add(event("1", "take_order")) == []
    assert one.add(event("2", "book_payment", person="Li")) == []
    assert one.add(event("3", "book_payment", person=None)) == []
    assert one.add(event("4", "ship")) == []
    assert one.add(event("5", "book_payment")) == [Match("same-hands", ("1", "5"))]


def test_cases_whose_names_have_one_hash_are_kept_apart(make):
    names = "C39530-SO778938", "C22136-SO989480"
    assert fnv(names[0]) == fnv(names[1])
    one = make([pattern("p", "a", "b")])
    events = [event("1", "a", case=names[0]), event("2", "b", case=names[1]), event("3", "b", case=names[0])]
    assert one.add_many(events) == [[], [], [Match("p", ("1", "3"))]]


def fnv(text):
    """The hash by which durable-rules tells sessions and facts apart."""
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 % 2**32
    return value


def test_no_two_names_that_are_given_here_have_one_hash():
    sessions = [str(slot) for slot in range(durable.MOST_LIVE + 1)]
    facts = ["init", *(str(number) for number in range(durable.MOST_FACTS + 2))]
    fields = [f"{kind}{at}" for kind in "cf" for at in range(100)] + ["a", "_", "id", "sid", "init"]
    fields += [f"v{at}" for at in range(durable_worker.MOST_VARIABLES)]
    for names in (sessions, facts, fields):
        assert len({fnv(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (2**53, 2**53 + 1),
        (2**63, 2**63 + 1),
        (100, 1000),
        ("\\u4e2d", "\u4e2d"),
        ("\ud800", "\ud801"),
        ("a\x00b", "a\x00c"),
    ],
)
def test_values_are_joined_exactly(make, one, other):
    matching = make([pattern("p", "a", "b", same=("customer",))])
    assert matching.add(event("1", "a", customer=one)) == []
    assert matching.add(event("2", "b", customer=other)) == []
    assert matching.add(event("3", "b", customer=one)) == [Match("p", ("1", "3"))]


def test_a_text_may_have_a_thousand_characters(make):
    one = make([pattern("p", "a", "b", same=("customer",))])
    long = "\U0001f600" * 999
    events = [event("1", "a", customer=long + "x"), event("2", "b", customer=long + "y")]
    events.append(event("3", "b", customer=long + "x"))
    assert flat(one.add_many(events)) == [Match("p", ("1", "3"))]


@pytest.mark.parametrize("value", ["x" * 1001, 10**1000], ids=["text", "number"])
def test_of_a_group_with_a_longer_one_nothing_is_told(make, value):
    one = make([pattern("p", "a", "b", same=("customer",)), pattern("q", "a", "b")])
    events = [event("1", "a", customer="C"), event("2", "b", customer="C"), event("3", "b", customer=value)]
    events += [event("4", "a", customer="C"), event("5", "a", case="SO-2", customer="C")]
    events += [event("6", "b", case="SO-2", customer="C")]
    reason = "a text of more than 1,000 characters"
    assert one.add_many(events) == [
        [],
        [Match("p", ("1", "2")), Match("q", ("1", "2"))],
        [MatcherProblem(Group(("case",), ("SO-1",)), reason)],
        [],
        [],
        [Match("p", ("5", "6")), Match("q", ("5", "6"))],
    ]
    one.close("SO-1")
    assert len(one.add_many([event("7", "a", customer="C"), event("8", "b", customer="C")])[1]) == 2


def test_a_group_has_only_so_many_events(make, monkeypatch):
    monkeypatch.setattr(durable, "MOST_FACTS", 3)
    one = make([pattern("p", "a", "b")])
    events = [event(str(at), "a") for at in range(4)] + [event("b", "b")]
    assert flat(one.add_many(events)) == [MatcherProblem(Group(("case",), ("SO-1",)), "more than 3 events")]


def test_what_the_reference_kept_may_be_too_much(make, monkeypatch):
    patterns = [pattern("p", "a", same=("customer",))]
    reference = matcher("reference", patterns)
    reference.add(event("1", "a", "SO-1", customer="x" * 1001))
    reference.add_many([event(f"{at}", "a", "SO-2", customer="C") for at in range(2, 6)])
    reference.add_many([event(f"{at}", "a", "SO-3", customer="C") for at in range(6, 9)])
    monkeypatch.setattr(durable, "MOST_FACTS", 4)
    one = make(patterns)
    one.load(reference.dump())
    told = one.add_many(
        [event(f"again {case}", "a", case, customer="C") for case in ("SO-1", "SO-2", "SO-3")]
    )
    assert told == [
        [MatcherProblem(Group(("case",), ("SO-1",)), "a text of more than 1,000 characters")],
        [MatcherProblem(Group(("case",), ("SO-2",)), "more than 4 events")],
        [Match("p", ("again SO-3",))],
    ]


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (pattern("p", *"abcdef"), "at most 5 variables in pattern `p` for durable-rules but got 6"),
        (pattern("p", "a", same=tuple(f"f{at}" for at in range(51))), "at most 50 fields"),
    ],
)
def test_patterns_that_are_too_long(one, words):
    with pytest.raises(UnfitPattern, match=words):
        DurableMatcher([one])


def test_more_patterns_than_a_rule_set_has_room_for(make):
    patterns = [pattern(f"p{at:03}", "a", f"b{at}") for at in range(150)]
    one = make(patterns)
    events = [event("1", "a"), event("2", "b149"), event("3", "b0"), event("4", "a")]
    assert one.add_many(events) == all_matches(patterns, events)


def test_five_variables(make):
    patterns = [pattern("p", "a", "b", "a|b", "c", "a", same=("person",))]
    events = [event(str(at), activity) for at, activity in enumerate("abcabca")]
    assert make(patterns).add_many(events) == all_matches(patterns, events)


# --- more cases than sessions -----------------------------------------------------------------------


def test_more_live_cases_than_durable_rules_has_room_for(make):
    patterns = [SAME_HANDS]
    cases = [f"SO-{at}" for at in range(1_300)]
    events = [event(f"{case}/1", "take_order", case) for case in cases]
    events += [event(f"{case}/2", "book_payment", case) for case in cases]
    events += [event(f"{case}/3", "take_order", case) for case in reversed(cases)]
    told = make(patterns).add_many(events)
    assert told == matcher("reference", patterns).add_many(events)
    assert len(flat(told)) == 2 * len(cases)


def test_a_group_that_comes_back_is_told_only_what_is_new(make, monkeypatch):
    monkeypatch.setattr(durable, "MOST_LIVE", 1)
    monkeypatch.setattr(durable, "MOST_ORDERS", 3)
    patterns = [pattern("p", "a", "b"), pattern("q", "a", "a", same=("person",), first=True)]
    events = [event(f"{at}", "ab"[at % 3 % 2], f"SO-{at % 2}") for at in range(20)]
    assert make(patterns).add_many(events) == all_matches(patterns, events)


def test_what_live_groups_weigh_is_known(make, monkeypatch):
    monkeypatch.setattr(durable, "MOST_BYTES", 100_000)
    one = make([SAME_HANDS])
    one.add_many([event(f"{at}", "take_order", f"SO-{at % 50}") for at in range(200)])
    assert 50_000 < one._bytes <= 100_000 + 28_000 + 8_000  # one more session, and its event
    for at in range(50):
        one.close(f"SO-{at}")
    assert one._bytes == 0
    assert len(one._free) == durable.MOST_LIVE


# --- failing --------------------------------------------------------------------------------------


def test_a_killed_process_costs_the_groups_in_flight_and_no_others(make):
    one = make([SAME_HANDS])
    one.add(event("1", "take_order", "SO-1"))
    one.add(event("2", "take_order", "SO-2"))
    os.kill(pid(one), signal.SIGKILL)
    told = one.add(event("3", "book_payment", "SO-1"))
    problem = MatcherProblem(Group(("case",), ("SO-1",)), "the process of durable-rules ended with -9")
    assert told == [problem]
    assert str(problem) == "no matches can be told in case `SO-1`: the process of durable-rules ended with -9"
    assert one.add(event("4", "book_payment", "SO-2")) == [Match("same-hands", ("2", "4"))]
    assert one.add(event("5", "book_payment", "SO-1")) == []
    one.close("SO-1")
    assert one.add(event("6", "take_order", "SO-1")) == []
    assert one.add(event("7", "book_payment", "SO-1")) == [Match("same-hands", ("6", "7"))]


def test_each_group_of_the_batch_has_its_problem_once(make):
    one = make(
        [pattern("p", "a", "b"), pattern("q", "a", same=("person",)), pattern("r", "a", by=("person",))]
    )
    os.kill(pid(one), signal.SIGKILL)
    told = one.add_many([event("1", "a"), event("2", "a"), event("3", "b", "SO-2", "Li")])
    assert [[problem.group.values for problem in some] for some in told] == [
        [("SO-1",), ("Wang",)],
        [],
        [("SO-2",)],
    ]


def test_a_process_that_does_not_answer_is_ended(make):
    one = make([SAME_HANDS], timeout=0.5)
    one.add(event("1", "take_order"))
    stopped = pid(one)
    os.kill(stopped, signal.SIGSTOP)
    assert one.add(event("2", "book_payment")) == [
        MatcherProblem(Group(("case",), ("SO-1",)), "durable-rules gave no answer within 0.5 s")
    ]
    assert one.add(event("3", "take_order", "SO-2")) == []
    assert pid(one) != stopped


def test_nor_is_one_that_does_not_listen_waited_for(make):
    """More is sent than a pipe holds."""
    one = make([pattern("p", "a", "b", same=("customer",))], timeout=0.5)
    os.kill(pid(one), signal.SIGSTOP)
    told = one.add_many([event(str(at), "a", customer="x" * 1000) for at in range(256)])
    assert [problem.reason for problem in flat(told)] == ["durable-rules gave no answer within 0.5 s"]


def test_a_process_is_not_ended_while_nothing_is_asked(make):
    one = make([SAME_HANDS], timeout=0.3)
    before = pid(one)
    one.add(event("1", "take_order"))
    time.sleep(0.7)
    assert one.add(event("2", "book_payment")) == [Match("same-hands", ("1", "2"))]
    assert pid(one) == before


def test_an_error_of_durable_rules_costs_its_group_alone(make):
    one = make([SAME_HANDS])
    one.add(event("1", "take_order"))
    (live,) = one._live.values()
    live.facts.clear()  # so that the next fact has the number of one that is there
    events = [event("2", "book_payment"), event("3", "book_payment")]
    events += [event("4", "take_order", "SO-2"), event("5", "book_payment", "SO-2")]
    before = pid(one)
    told = one.add_many(events)
    ((problem,), *others) = told
    assert problem.group == Group(("case",), ("SO-1",))
    assert problem.reason.startswith("durable-rules: ")
    assert "observed" in problem.reason
    assert others == [[], [], [Match("same-hands", ("4", "5"))]]
    assert one.add(event("6", "book_payment")) == []
    one.close("SO-1")
    again = [event("7", "take_order"), event("8", "book_payment")]
    assert flat(one.add_many(again)) == [Match("same-hands", ("7", "8"))]
    assert pid(one) == before


def test_a_failed_group_of_a_customer_ages(make):
    one = make([pattern("p", "a", by=("customer",))])
    os.kill(pid(one), signal.SIGKILL)
    assert len(one.add(event("1", "a", customer="C"))) == 1
    assert one.add(event("2", "a", customer="C", day=3)) == []
    one.forget(event("", "", day=3).time)
    assert one.add(event("3", "a", customer="C", day=3)) == []
    one.forget(event("", "", day=4).time)
    assert one.add(event("4", "a", customer="C", day=4)) == [Match("p", ("4",))]


def test_no_process_and_no_thread_is_left():
    one = DurableMatcher([SAME_HANDS])
    number = pid(one)
    one.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
    other = DurableMatcher([SAME_HANDS])
    number = pid(other)
    del other
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
    assert not [thread for thread in threading.enumerate() if "durable" in thread.name]


def test_a_missing_package_names_the_extra(monkeypatch):
    code = f"import sys; sys.modules['durable'] = None; from {durable_process.MODULE} import main; main()"
    real = subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda command, **more: real([sys.executable, "-c", code], **more)
    )
    with pytest.raises(MissingExtra, match=r"salesctrl\[durable\]"):
        matcher("durable", [SAME_HANDS])


def test_a_process_that_never_begins(monkeypatch):
    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda command, **more: real([sys.executable, "-c", ""], **more))
    with pytest.raises(durable_process.WorkerDied, match="ended with 0"):
        DurableMatcher([SAME_HANDS])


def test_the_caller_s_surroundings_do_not_matter(make, tmp_path, monkeypatch):
    (tmp_path / "durable.py").write_text("raise SystemExit(1)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    assert flat(make([pattern("p", "a")]).add_many([event("1", "a")])) == [Match("p", ("1",))]


def test_durable_rules_is_never_loaded_here():
    code = (
        "import sys\n"
        "from salesctrl.monitor.matchers import matcher\n"
        "matcher('durable', []).stop()\n"
        "print([name for name in sys.modules if name.startswith(('durable', 'polars', 'pandas', 'pydantic'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"


# --- too many -------------------------------------------------------------------------------------


def test_too_many_matches_are_said_once_and_other_patterns_go_on(make):
    patterns = [pattern("p", "a", "b"), pattern("q", "b"), pattern("f", "a", "b", first=True)]
    events = [event(f"{at}", "a") for at in range(20)] + [event(f"b{at}", "b") for at in range(4)]
    told = make(patterns, max_matches=30).add_many(events)
    assert told == matcher("reference", patterns, max_matches=30).add_many(events)
    assert told[21] == [TooManyMatches("p", Group(("case",), ("SO-1",))), Match("q", ("b1",))]


# --- laws -----------------------------------------------------------------------------------------


def check(patterns, scripts, most):
    """Several streams one after the other in one process: equal to the reference and to trying everything."""
    one = BothMatchers(patterns, max_matches=most)
    try:
        for at, events in enumerate(scripts):
            named = [renamed(event, at) for event in events]
            told = one.add_many(named[:3])
            told += [one.add(event) for event in named[3:6]]
            told += one.add_many(named[6:])
            if most > 1_000:
                assert told == all_matches(patterns, named)
            for case in {event.case for event in named}:
                one.close(case)
            one.forget(NOON.replace(year=2027))
            assert not any(one.dump()["durable"]["layouts"])
    finally:
        one.stop()


def renamed(one, at):
    """The same event in another stream."""
    return Event(
        f"{at}/{one.id}",
        one.case,
        one.activity,
        one.time,
        one.on,
        one.person,
        one.role,
        attributes=one.attributes,
    )


many_streams = st.lists(streams(), min_size=1, max_size=12)


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(pattern_lists(), many_streams, st.sampled_from([0, 1, 5, 10_000]))
def test_both_find_what_trying_everything_finds(patterns, scripts, most):
    check(patterns, scripts, most)


@pytest.mark.exhaustive
@settings(max_examples=250, suppress_health_check=list(HealthCheck))
@given(pattern_lists(most=12), many_streams, st.sampled_from([0, 1, 5, 10_000]))
def test_both_find_the_same_in_many_more_streams(patterns, scripts, most):
    check(patterns, scripts, most)


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(pattern_lists(), streams(), st.integers(0, 14), st.booleans())
def test_a_snapshot_at_any_point_goes_on_as_if_nothing_was(patterns, events, at, of_reference):
    one = DurableMatcher(patterns)
    other = matcher("reference" if of_reference else "durable", patterns)
    try:
        other.add_many(events[:at])
        text = json.dumps(other.dump())
        one.add(event("before", "a"))
        one.load(json.loads(text))
        assert json.dumps(one.dump()) == text
        assert one.add_many(events[at:]) == other.add_many(events[at:])
        assert one.dump() == other.dump()
    finally:
        one.stop()
        other.stop()


# --- both -----------------------------------------------------------------------------------------


def test_a_difference_is_raised(make):
    one = make([SAME_HANDS], BothMatchers)
    one.add(event("1", "take_order"))
    one._reference.add(event("unheard of", "take_order"))
    with pytest.raises(MatchersDiffer, match="after event `2`") as raised:
        one.add(event("2", "book_payment"))
    assert raised.value.durable == (Match("same-hands", ("1", "2")),)
    assert len(raised.value.reference) == 2


def test_a_group_with_a_problem_is_no_difference(make):
    one = make([SAME_HANDS, pattern("p", "book_payment", by=("person",))], BothMatchers)
    one.add(event("1", "take_order"))
    os.kill(pid(one._durable), signal.SIGKILL)
    told = one.add(event("2", "book_payment"))
    assert [type(finding) for finding in told] == [MatcherProblem, MatcherProblem]
    assert one.add(event("3", "book_payment", person="Li")) == [Match("p", ("3",))]
    again = make([SAME_HANDS, pattern("p", "book_payment", by=("person",))], BothMatchers)
    again.load(one.dump())
    assert again.add(event("4", "book_payment")) == []


def test_no_warning_comes_from_the_process(make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert make([pattern("p", "a")], BothMatchers).add(event("1", "a")) == [Match("p", ("1",))]
