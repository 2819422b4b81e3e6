"""Patterns and events for the tests of matchers: made by hand, by Hypothesis, and by trying everything."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import strategies as st

from salesctrl.monitor.model import Event, Match, Pattern, Variable

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

needs_durable = pytest.mark.skipif(
    importlib.util.find_spec("durable") is None, reason="durable-rules is not installed"
)


def event(id_, activity, case="SO-1", person="Wang", *, day=0, **attributes):
    """An event at noon, some days after the first of March."""
    time = NOON + timedelta(days=day)
    return Event(id_, case, activity, time, time.date(), person=person, attributes=attributes)


def pattern(name, *variables, by=("case",), same=(), first=False):
    """A pattern whose variables are wanted as `take_order` or `ship|deliver`."""
    places = tuple(
        Variable(f"v{at}", frozenset(filter(None, one.split("|")))) for at, one in enumerate(variables)
    )
    return Pattern(name, places, by, same, first)


SAME_HANDS = pattern("same-hands", "take_order", "book_payment", same=("person",))


# --- by trying everything -------------------------------------------------------------------------


def _key(fields: Iterable[str], one: Event) -> tuple[str, ...] | None:
    values = [one.get(name) for name in fields]
    return None if any(value in (None, "") for value in values) else tuple(map(str, values))


def completed(patterns: Iterable[Pattern], before: Sequence[Event], newest: Event) -> list[Match]:
    """The matches that the newest event completes, ``first`` aside, in the order that matchers tell them."""
    found = []
    seen = [*before, newest]
    for one in sorted(patterns, key=lambda one: one.name):
        key = _key((*one.by, *one.same), newest)
        choices = [
            [at for at, other in enumerate(seen) if other.activity in var.activities] for var in one.variables
        ]
        for places in product(*choices):
            if len(set(places)) < len(places) or len(before) not in places or key is None:
                continue
            if all(_key((*one.by, *one.same), seen[at]) == key for at in places):
                found.append((one.name, places, Match(one.name, tuple(seen[at].id for at in places))))
    return [match for _, _, match in sorted(found, key=lambda entry: entry[:2])]


def all_matches(patterns: Iterable[Pattern], events: Sequence[Event]) -> list[list[Match]]:
    """The matches that each event completes; of a pattern with ``first`` the first of each key."""
    patterns = list(patterns)
    by_name = {one.name: one for one in patterns}
    by_id = {one.id: one for one in events}
    done: set[object] = set()
    found = []
    for at, newest in enumerate(events):
        told = []
        for match in completed(patterns, events[:at], newest):
            one = by_name[match.pattern]
            key = one.name, _key((*one.by, *one.same), by_id[match.events[0]])
            if one.first and key in done:
                continue
            done.add(key)
            told.append(match)
        found.append(told)
    return found


# --- for Hypothesis -------------------------------------------------------------------------------

ACTIVITIES = ("a", "b", "c", "d")
FIELDS = ("case", "person", "customer", "role")


@st.composite
def pattern_lists(draw: st.DrawFn, most: int = 5) -> list[Pattern]:
    """Patterns of one to three variables."""
    return [
        Pattern(
            f"p{number}",
            tuple(
                Variable(f"v{at}", frozenset(wanted))
                for at, wanted in enumerate(
                    draw(
                        st.lists(
                            st.sets(st.sampled_from(ACTIVITIES), min_size=1, max_size=2),
                            min_size=1,
                            max_size=3,
                        )
                    )
                )
            ),
            tuple(draw(st.lists(st.sampled_from(FIELDS), max_size=2, unique=True))),
            tuple(draw(st.lists(st.sampled_from(FIELDS), max_size=2, unique=True))),
            draw(st.booleans()),
        )
        for number in range(draw(st.integers(1, most)))
    ]


VALUES = st.sampled_from(
    [None, "", "x", "y", "\\x", "é", "\u4e2d", "\ud800", '"', "\n", "\x00", 17, "17", True, "True"]
)


@st.composite
def streams(draw: st.DrawFn, most: int = 14) -> list[Event]:
    """Events of a few cases, people and customers, some of which are not known."""
    return [
        Event(
            f"e{number}",
            draw(st.sampled_from(["SO-1", "SO-2"])),
            draw(st.sampled_from([*ACTIVITIES, "other"])),
            NOON + timedelta(days=draw(st.integers(0, 9))),
            NOON.date(),
            person=draw(st.sampled_from([None, "", "Wang", "Li"])),
            role=draw(st.sampled_from([None, "clerk"])),
            attributes={"customer": draw(VALUES)},
        )
        for number in range(draw(st.integers(0, most)))
    ]
