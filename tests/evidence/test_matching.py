"""As many slots as possible, each by another person; checked against trying everything."""

from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesctrl.evidence.matching import alternatives, match, match_in_order

PERSONS = "abcd"
SLOTS = st.lists(st.lists(st.sampled_from(PERSONS), unique=True, max_size=4), max_size=4)
OFFERS = st.lists(
    st.lists(st.tuples(st.integers(1, 4), st.sampled_from(PERSONS)), max_size=5).map(sorted), max_size=4
)


def most(slots) -> int:
    """How many slots can be filled, found by trying every choice of a person or nobody for each."""
    best = 0
    for choice in product(*[[None, *slot] for slot in slots]):
        persons = [person for person in choice if person is not None]
        if len(set(persons)) == len(persons):
            best = max(best, len(persons))
    return best


def longest(slots) -> int:
    """How many of the first slots can be filled in order, found by trying everything."""
    for length in range(len(slots), 0, -1):
        for choice in product(*slots[:length]):
            dates = [date for date, _ in choice]
            if dates == sorted(dates) and len({person for _, person in choice}) == length:
                return length
    return 0


@given(SLOTS)
def test_the_most_slots_are_filled_by_different_persons_who_can(slots):
    filled = match(slots)
    taken = [person for person in filled if person is not None]
    assert len(set(taken)) == len(taken) == most(slots)
    assert all(person in slot for slot, person in zip(slots, filled, strict=True) if person is not None)


@given(SLOTS, st.sampled_from(range(4)))
def test_a_new_person_helps_in_the_alternatives_and_nowhere_else(slots, empty):
    filled = match(slots)
    if empty >= len(slots) or filled[empty] is not None:
        return
    reached = set()
    for slot in range(len(slots)):
        with_new = [[*persons, "new"] if n == slot else persons for n, persons in enumerate(slots)]
        if most(with_new) > most(slots):
            reached.add(slot)
    # The slots from which any empty one can be reached are those where somebody new helps.
    every = {
        slot for e, person in enumerate(filled) if person is None for slot in alternatives(slots, filled, e)
    }
    assert every == reached
    assert alternatives(slots, filled, empty)[0] == empty


def test_one_who_can_do_both_does_not_block_another():
    assert match([["both", "cfo"], ["both"]]) == ("cfo", "both")
    assert match([["both"], ["both", "gm"]]) == ("both", "gm")
    assert match([["x", "y"], ["x", "z"], ["x"]]) == ("y", "z", "x")


@given(OFFERS)
def test_the_longest_start_is_filled_in_order(slots):
    filled = match_in_order(slots)
    assert len(filled) == longest(slots)
    assert all(offer in slot for slot, offer in zip(slots, filled, strict=False))
    assert [date for date, _ in filled] == sorted(date for date, _ in filled)
    assert len({person for _, person in filled}) == len(filled)


def test_the_same_day_is_in_order():
    assert match_in_order([[(5, "z")], [(5, "a")]]) == ((5, "z"), (5, "a"))


def test_an_early_choice_gives_way_to_a_later_slot():
    # The first to approve as `a` is the only one who can be `c`.
    slots = [[(1, "x"), (2, "y")], [(2, "z")], [(3, "x")]]
    assert match_in_order(slots) == ((2, "y"), (2, "z"), (3, "x"))


@pytest.mark.parametrize("slots", [8, 12])
def test_many_who_could_do_everything_and_none_in_order_take_no_time(slots):
    everybody = [(2, f"p{n:04}") for n in range(300)]
    assert len(match_in_order([everybody] * slots + [[(1, "late")]])) == slots


def test_a_hard_case_stays_small():
    # As many persons as slots but one: whoever is chosen, somebody lacks, and all orders would be tried.
    few = [(1, f"p{n}") for n in range(11)]
    assert len(match_in_order([few] * 12)) == 11
    assert [person for person in match([[p for _, p in few]] * 12) if person is None] == [None]


@given(st.permutations(["a", "b", "c"]), st.permutations(["a", "b", "c"]))
def test_the_preferred_person_is_taken_where_that_fills_as_many(first, second):
    [one, other] = match([first, second])
    assert other == second[0]
    assert one == (first[0] if first[0] != second[0] else first[1])
    assert {one, other} in [set(pair) for pair in permutations("abc", 2)]
