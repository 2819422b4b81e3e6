"""The matcher that says what is right, held equal to trying everything."""

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.matchers.streams import (
    NOON,
    SAME_HANDS,
    all_matches,
    event,
    pattern,
    pattern_lists,
    streams,
)

from salesctrl.monitor.matchers import BadSnapshot, Group, TooManyMatches, UnfitPattern, matcher
from salesctrl.monitor.model import Match


def found(patterns, events, **more):
    return matcher("reference", patterns, **more).add_many(events)


def flat(findings):
    return [one for some in findings for one in some]


# --- what a match is ------------------------------------------------------------------------------


def test_the_same_person_in_one_case():
    events = [event("1", "take_order"), event("2", "ship"), event("3", "book_payment")]
    assert found([SAME_HANDS], events) == [[], [], [Match("same-hands", ("1", "3"))]]


def test_the_order_of_arrival_does_not_matter_nor_does_that_of_time():
    events = [event("3", "book_payment", day=2), event("1", "take_order", day=1)]
    assert found([SAME_HANDS], events) == [[], [Match("same-hands", ("1", "3"))]]


@pytest.mark.parametrize(
    "other",
    [
        event("2", "book_payment", person="Li"),
        event("2", "book_payment", person=None),
        event("2", "book_payment", person=""),
        event("2", "book_payment", case="SO-2"),
    ],
)
def test_what_is_no_match(other):
    assert flat(found([SAME_HANDS], [event("1", "take_order"), other])) == []


def test_two_that_do_not_know_the_person_are_not_the_same():
    events = [event("1", "take_order", person=None), event("2", "book_payment", person=None)]
    assert flat(found([SAME_HANDS], events)) == []


def test_keys_are_equal_where_their_texts_are():
    one = pattern("p", "a", "b", by=("customer",))
    assert flat(found([one], [event("1", "a", customer=17), event("2", "b", customer="17")]))
    assert not flat(found([one], [event("1", "a", customer=17), event("2", "b", customer="017")]))


def test_values_are_not_run_together():
    one = pattern("p", "a", "b", by=("person", "customer"))
    events = [event("1", "a", person="xy", customer="z"), event("2", "b", person="x", customer="yz")]
    assert flat(found([one], events)) == []


def test_one_event_does_not_stand_for_two_variables():
    one = pattern("p", "a|b", "a|c")
    assert found([one], [event("1", "a")]) == [[]]
    assert found([one], [event("1", "a"), event("2", "a")])[1] == [
        Match("p", ("1", "2")),
        Match("p", ("2", "1")),
    ]


def test_one_variable_matches_by_itself():
    assert found([pattern("p", "a")], [event("1", "a"), event("2", "b")]) == [[Match("p", ("1",))], []]


def test_a_variable_that_wants_nothing_is_never_matched():
    assert flat(found([pattern("p", "", "a")], [event("1", "a"), event("2", "a")])) == []


def test_without_fields_all_events_are_one_group():
    events = [event("1", "a", case="SO-1"), event("2", "b", case="SO-2")]
    assert flat(found([pattern("p", "a", "b", by=())], events)) == [Match("p", ("1", "2"))]


def test_findings_are_sorted_by_pattern_and_then_by_arrival():
    patterns = [pattern("z", "a", "b"), pattern("m", "b", "a"), pattern("k", "a", "b", same=("person",))]
    events = [event("9", "a"), event("5", "a"), event("7", "b")]
    assert found(patterns, events)[2] == [
        Match("k", ("9", "7")),
        Match("k", ("5", "7")),
        Match("m", ("7", "9")),
        Match("m", ("7", "5")),
        Match("z", ("9", "7")),
        Match("z", ("5", "7")),
    ]


def test_only_the_first_of_each_key():
    one = pattern("p", "a", "b", same=("person",), first=True)
    events = [
        event("1", "a"),
        event("2", "a"),
        event("3", "b"),
        event("4", "b"),
        event("5", "a", person="Li"),
    ]
    events += [event("6", "b", person="Li"), event("7", "a", case="SO-2"), event("8", "b", case="SO-2")]
    assert flat(found([one], events)) == [
        Match("p", ("1", "3")),
        Match("p", ("5", "6")),
        Match("p", ("7", "8")),
    ]


def test_the_first_of_several_is_the_one_that_arrived_first():
    one = pattern("p", "a|b", "a|b", first=True)
    assert flat(found([one], [event("1", "a"), event("2", "b")])) == [Match("p", ("1", "2"))]


@pytest.mark.parametrize(
    ("patterns", "words"),
    [
        ([pattern("p", "a"), pattern("p", "b")], "two patterns have the name `p`"),
        ([pattern("p")], "expected a variable in pattern `p` but got none"),
    ],
)
def test_patterns_that_cannot_be(patterns, words):
    with pytest.raises(UnfitPattern, match=words):
        matcher("reference", patterns)


def test_there_is_no_other_matcher():
    with pytest.raises(ValueError, match="but got `rete`"):
        matcher("rete", [])


# --- too many -------------------------------------------------------------------------------------


def test_too_many_matches_are_said_once_and_only_there():
    patterns = [pattern("p", "a", "b"), pattern("q", "a")]
    events = [event(f"{at}", "a") for at in range(3)] + [event("b1", "b"), event("b2", "b"), event("b3", "b")]
    events += [event("c1", "a", case="SO-2"), event("c2", "b", case="SO-2")]
    told = found(patterns, events, max_matches=5)
    assert len(told[3]) == 3
    assert told[4] == [TooManyMatches("p", Group(("case",), ("SO-1",)))]
    assert told[5] == []
    assert told[7] == [Match("p", ("c1", "c2"))]
    assert str(told[4][0]) == "too many matches of `p` in case `SO-1`"


def test_as_many_as_there_may_be_are_told():
    events = [event("1", "a"), event("2", "a"), event("3", "b")]
    assert len(found([pattern("p", "a", "b")], events, max_matches=2)[2]) == 2
    assert len(found([pattern("p", "a", "b")], events, max_matches=1)[2]) == 1


def test_those_of_all_variables_count_together():
    events = [event("1", "a"), event("2", "a")]
    assert found([pattern("p", "a", "a")], events, max_matches=1)[1] == [
        TooManyMatches("p", Group(("case",), ("SO-1",)))
    ]


def test_too_many_are_not_all_looked_for():
    wide = pattern("p", "a", "a", "a", "a", "a", "a")
    told = found([wide], [event(f"{at}", "a") for at in range(60)], max_matches=1000)
    assert sum(isinstance(one, TooManyMatches) for one in flat(told)) == 1


# --- leaving --------------------------------------------------------------------------------------


def test_a_closed_case_begins_anew():
    one = matcher(
        "reference", [SAME_HANDS, pattern("two", "take_order", "book_payment", by=("person", "case"))]
    )
    one.add(event("1", "take_order"))
    one.add(event("2", "take_order", case="SO-2"))
    one.close("SO-1")
    one.close("never seen")
    assert one.add(event("3", "book_payment")) == []
    assert len(one.add(event("4", "book_payment", case="SO-2"))) == 2


def test_groups_of_a_customer_age_event_by_event():
    patterns = [pattern("p", "a", "b", by=("customer",)), pattern("q", "a", "b")]
    one = matcher("reference", patterns)
    one.add_many([event("1", "a", customer="C", day=0), event("2", "a", customer="C", day=5)])
    one.forget(NOON + timedelta(days=5))
    assert one.add(event("3", "b", customer="C", day=6)) == [
        Match("p", ("2", "3")),
        Match("q", ("1", "3")),
        Match("q", ("2", "3")),
    ]


def test_what_was_told_ages_with_the_last_event_of_its_pattern():
    patterns = [
        pattern("first", "a", "b", by=("customer",), first=True),
        pattern("most", "a", "b", by=("customer",)),
        pattern("other", "c", by=("customer",)),
    ]
    one = matcher("reference", patterns, max_matches=1)
    pair = [event("1", "a", customer="C"), event("2", "b", customer="C", day=1)]
    assert len(flat(one.add_many(pair))) == 2
    one.add(event("3", "c", customer="C", day=9))
    one.forget(NOON + timedelta(days=1))
    assert isinstance(one.add_many([event("4", "a", customer="C", day=9)])[0][0], TooManyMatches)
    one.forget(NOON + timedelta(days=10))
    again = [event("5", "a", customer="C", day=11), event("6", "b", customer="C", day=11)]
    assert flat(one.add_many(again)) == [Match("first", ("5", "6")), Match("most", ("5", "6"))]


def test_nothing_is_left_of_what_has_left():
    patterns = [
        SAME_HANDS,
        pattern("p", "a", "take_order", by=("customer", "person")),
        pattern("q", "a", by=("case", "role")),
    ]
    one = matcher("reference", patterns)
    empty = one.dump()["layouts"]
    one.add_many(
        [event("1", "take_order", customer="C"), event("2", "a", customer="C"), event("3", "a", case="S")]
    )
    assert one.dump()["layouts"] != empty
    for case in ("SO-1", "S"):
        one.close(case)
    one.forget(NOON + timedelta(days=1))
    assert one.dump()["layouts"] == empty


# --- snapshots ------------------------------------------------------------------------------------


def test_a_snapshot_is_for_the_same_patterns():
    snapshot = matcher("reference", [SAME_HANDS]).dump()
    with pytest.raises(BadSnapshot, match="for others"):
        matcher("reference", [pattern("p", "a")]).load(snapshot)
    with pytest.raises(BadSnapshot, match="something else"):
        matcher("reference", [SAME_HANDS]).load({})
    with pytest.raises(BadSnapshot, match="something else"):
        matcher("reference", [SAME_HANDS]).load({**snapshot, "layouts": [[{"by": ["SO-1"]}]]})
    with pytest.raises(BadSnapshot, match="format 1 but got 2"):
        matcher("reference", [SAME_HANDS]).load({**snapshot, "format": 2})


# --- laws -----------------------------------------------------------------------------------------


@settings(max_examples=150)
@given(pattern_lists(), streams())
def test_it_finds_what_trying_everything_finds(patterns, events):
    assert found(patterns, events) == all_matches(patterns, events)


@settings(max_examples=50)
@given(pattern_lists(), streams(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_change_what_is_found(patterns, events, chance):
    patterns = [one for one in patterns if not one.first]
    shuffled = chance.sample(events, len(events))
    assert sorted(flat(found(patterns, events))) == sorted(flat(found(patterns, shuffled)))


@settings(max_examples=50)
@given(pattern_lists(), streams(), st.randoms(use_true_random=False), st.integers(0, 6))
def test_nor_does_it_change_where_there_are_too_many(patterns, events, chance, most):
    patterns = [one for one in patterns if not one.first]

    def over(some):
        return {
            one for one in flat(found(patterns, some, max_matches=most)) if isinstance(one, TooManyMatches)
        }

    assert over(events) == over(chance.sample(events, len(events)))


@settings(max_examples=50)
@given(pattern_lists(), streams(), st.integers(0, 14), st.integers(1, 20))
def test_a_snapshot_at_any_point_goes_on_as_if_nothing_was(patterns, events, at, most):
    one = matcher("reference", patterns, max_matches=most)
    one.add_many(events[:at])
    text = json.dumps(one.dump())
    other = matcher("reference", patterns, max_matches=most)
    other.add(event("before", "a"))
    other.load(json.loads(text))
    assert json.dumps(other.dump()) == text
    assert other.add_many(events[at:]) == one.add_many(events[at:])
    assert other.dump() == one.dump()


@settings(max_examples=50)
@given(pattern_lists(), streams(), st.integers(0, 14), st.integers(0, 9), st.sampled_from(["SO-1", "SO-2"]))
def test_what_leaves_takes_part_in_no_match(patterns, events, at, days, case):
    """After a case is closed and days are forgotten, the rest finds what it finds where those never came."""
    patterns = [one for one in patterns if not one.first]
    before = NOON + timedelta(days=days)
    one = matcher("reference", patterns)
    one.add_many(events[:at])
    one.close(case)
    one.forget(before)
    told = flat(one.add_many(events[at:]))
    known = {one.id: one for one in events}
    left = {one.id for one in events[at:]}

    def kept(match):
        by = next(one.by for one in patterns if one.name == match.pattern)
        old = [known[id_] for id_ in match.events if id_ not in left]
        return all(one.case != case if "case" in by else one.time >= before for one in old)

    assert told == [match for match in flat(all_matches(patterns, events)[at:]) if kept(match)]
