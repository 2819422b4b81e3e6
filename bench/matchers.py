"""How fast matchers find incompatible duties: the reference beside durable-rules.

    python bench/matchers.py            the table
    python bench/matchers.py --check    end with 1 where the limit is not kept

Each pair of eight duties is a pattern: the same person in one case. durable-rules runs under the same guards
as in its own process, but in this one, on facts that are made before the clock starts: nothing is counted
against it but asserting them. What the process of its own costs stands below, and has no limit.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from random import Random
from time import perf_counter

from limits import Limit
from machine import last_core
from page import Grid, console, number
from process import answer
from salesctrl.errors import MissingExtra
from salesctrl.monitor.matchers import matcher
from salesctrl.monitor.matchers.durable_worker import Engine
from salesctrl.monitor.matchers.reference import ReferenceMatcher
from salesctrl.monitor.model import Event, Match, Pattern, Variable
from timing import Timing, compare
from worker import pin

DUTIES = ("create", "price", "credit", "contract", "release", "ship", "invoice", "collect")
PAIRS = tuple(combinations(DUTIES, 2))
PATTERNS = tuple(
    Pattern(
        f"{one}-{other}",
        (Variable("one", frozenset([one])), Variable("other", frozenset([other]))),
        same=("person",),
    )
    for one, other in PAIRS
)

CASES = 500
EVENTS = 12
PEOPLE = 60
AGAIN = 0.1
"""How often someone who did something in a case does the next thing, too."""

TIMES_AS_FAST = 5.0

Case = tuple[Event, ...]
Fact = tuple[int, int, list[str]]


@dataclass(frozen=True, slots=True)
class Matching:
    """The reference beside durable-rules, by case of `EVENTS` events, and how many matches a case has."""

    timing: Timing
    matches: float
    piped: float
    """Events a second through a process of its own."""

    @property
    def times_as_fast(self) -> float:
        return 1 / self.timing.ratio


def cases(count: int = CASES) -> list[Case]:
    """Cases of orders, each with events of random duties."""
    chance = Random(20260301)
    begin = datetime(2026, 3, 1, 8, tzinfo=UTC)
    made = []
    for order in range(count):
        case = f"SO-{order:06}"
        people: list[str] = []
        events = []
        for step in range(EVENTS):
            if people and chance.random() < AGAIN:
                people.append(chance.choice(people))
            else:
                people.append(f"person {chance.randrange(PEOPLE)}")
            time = begin + timedelta(days=order, minutes=step)
            event = Event(f"{case}/{step}", case, chance.choice(DUTIES), time, time.date(), people[-1])
            events.append(event)
        made.append(tuple(events))
    return made


class _Reference:
    def __init__(self) -> None:
        self._matcher = ReferenceMatcher(PATTERNS)

    def __call__(self, events: Case) -> list[tuple[str, ...]]:
        add = self._matcher.add
        found = [one for event in events for one in add(event)]
        self._matcher.close(events[0].case)
        return [one.events for one in found if isinstance(one, Match)]


class _Durable:
    """durable-rules in this process: a session for each case."""

    def __init__(self) -> None:
        rules = [
            (place, [[DUTIES.index(one)], [DUTIES.index(other)]], False)
            for place, (one, other) in enumerate(PAIRS)
        ]
        self._engine = Engine([{"same": 1, "rules": rules}], most=10_000)

    @staticmethod
    def facts(events: Case) -> list[Fact]:
        return [
            (at + 1, DUTIES.index(event.activity), [event.person or ""]) for at, event in enumerate(events)
        ]

    def __call__(self, facts: Sequence[Fact]) -> list[list[int]]:
        engine = self._engine
        engine.begin(0, "1")
        found = []
        for number_, code, texts in facts:
            for _, matches in engine.fact(0, "1", number_, code, texts):
                found += matches
        engine.end(0, "1")
        return found


def measure(seconds: float = 3.0) -> Matching:
    """Time both in turn, and see that they find the same.

    Raises:
        MissingExtra: durable-rules is not installed.
    """
    try:
        reference, durable = _Reference(), _Durable()
    except ImportError as error:
        raise MissingExtra("durable", "measuring durable-rules") from error
    streams = cases()
    facts = [durable.facts(events) for events in streams]
    matches = 0
    for events, asserted in zip(streams, facts, strict=True):
        ours = sorted(reference(events))
        theirs = sorted(tuple(events[at - 1].id for at in some) for some in durable(asserted))
        assert ours == theirs, f"they differ in {events[0].case}"
        matches += len(ours)
    timing = compare(reference, streams, durable, facts, seconds=seconds)
    return Matching(timing, matches / len(streams), _piped(streams))


def measure_apart(seconds: float = 3.0) -> Matching:
    """As `measure`, in a process of its own that stays on one core.

    Raises:
        Failed: It failed; durable-rules is not installed, for instance.
    """
    found = answer([sys.executable, str(Path(__file__).resolve()), "--raw", "--seconds", str(seconds)])
    return Matching(Timing(**found.pop("timing")), **found)


def _piped(streams: Sequence[Case]) -> float:
    """Events a second through the matcher with a process of its own, a hundred cases at once."""
    durable = matcher("durable", PATTERNS)
    began = perf_counter()
    for first in range(0, len(streams), 100):
        some = streams[first : first + 100]
        durable.add_many(event for events in some for event in events)
        for events in some:
            durable.close(events[0].case)
    spent = perf_counter() - began
    durable.stop()
    return len(streams) * EVENTS / spent


def grid(found: Matching) -> Grid:
    """The table of the page."""
    timing = found.timing
    return Grid(
        f"matches of {len(PATTERNS)} pairs of duties in cases of {EVENTS} events",
        ("matcher", "µs an event", "events a second"),
        (
            ("reference", number(timing.us / EVENTS), f"{EVENTS * 1e6 / timing.us:,.0f}"),
            (
                "durable_rules 2.0.28, in the same process",
                number(timing.base_us / EVENTS),
                f"{EVENTS * 1e6 / timing.base_us:,.0f}",
            ),
            (
                "durable_rules 2.0.28, in its own process",
                number(1e6 / found.piped),
                f"{found.piped:,.0f}",
            ),
        ),
        (f"{found.matches:.2f} matches a case; both find the same",),
    )


def verdict(found: Matching) -> Limit:
    """Whether the reference is as fast as it has to be."""
    return Limit(
        f"matches of {len(PATTERNS)} pairs of duties, times as fast as durable-rules in the same process",
        f"at least {TIMES_AS_FAST:g} ×",
        f"{number(found.times_as_fast)} ×",
        found.times_as_fast >= TIMES_AS_FAST,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="measure matchers of events")
    parser.add_argument("--check", action="store_true", help="end with 1 where the limit is not kept")
    parser.add_argument("--seconds", type=float, default=3.0, help="for the timing (default 3)")
    parser.add_argument("--raw", action="store_true", help="print what was measured as JSON")
    arguments = parser.parse_args()
    pin(last_core())
    found = measure(arguments.seconds)
    if arguments.raw:
        sys.stdout.write(json.dumps(asdict(found)) + "\n")
        return 0
    screen = console()
    grid(found).show(screen)
    limit = verdict(found)
    kept = "kept" if limit.kept else "NOT kept"
    screen.print(f"{limit.what}: {limit.measured}, {limit.bound}: {kept}", markup=False)
    return int(arguments.check and not limit.kept)


if __name__ == "__main__":
    sys.exit(main())
