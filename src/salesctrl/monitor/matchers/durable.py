"""The matcher that has durable-rules find the matches, in a process of its own.

It keeps the same memory as the reference, and asks for nothing but matches. So whatever happens to the
process costs no more than the answers that were awaited: groups whose events were on their way have a
`MatcherProblem`, the events of all others are told again to the next process when one of them comes.

A live group is a session of durable-rules. The names of sessions and facts are numbers given here: it
tells them apart by a hash of 32 bits, which two names of cases may have in common (`C39530-SO778938` and
`C22136-SO989480` do), and the numbers that are used do not.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from salesctrl.monitor.matchers.durable_process import Worker, WorkerDied
from salesctrl.monitor.matchers.durable_worker import (
    AGAIN,
    BEGIN,
    END,
    FACT,
    MOST_FIELDS,
    MOST_VARIABLES,
    Found,
    Order,
    Rule,
)
from salesctrl.monitor.matchers.keys import Key, key_of, key_values
from salesctrl.monitor.matchers.memory import Cell, GroupMemory, Kept, Layout, Memory, Placed, in_place
from salesctrl.monitor.matchers.protocol import MAX_MATCHES, Finding, Group, Snapshot, UnfitPattern
from salesctrl.monitor.model import Event, Pattern

BATCH = 256
"""Events that are sent at once."""

MOST_LIVE = 1_000
"""Sessions of durable-rules at a time: it crashes at 1,025 in a rule set."""

MOST_FACTS = 5_000
"""Events of a group: what a session holds at most."""

MOST_CHARACTERS = 1_000
"""Characters of a text that is joined on."""

MOST_BYTES = 256 * 2**20
_BYTES_OF_VARIABLE = 14_000
_BYTES_OF_FACT = 8_000
"""How much live groups take together, and of what it is made up: measured, and rounded up."""

MOST_ORDERS = 5_000
"""What is sent at once, events that are told again included."""


@dataclass(slots=True)
class _Live:
    """A group in a session: the events whose place is the number of a fact, and what it weighs."""

    sid: str
    bytes: int
    facts: list[Kept] = field(default_factory=list)


@dataclass(slots=True)
class _Asked:
    """An event that the process was asked about: its place in the batch, and where it belongs."""

    place: int
    event: Event
    layout: Layout
    key: Key
    cell: Cell
    live: _Live


class DurableMatcher:
    """Finds matches with durable-rules.

    Args:
        patterns: What to look for; of at most five variables and fifty fields that are the same.
        max_matches: How many matches of a pattern a group may have.
        timeout: Seconds in which the process has to answer a batch of events.

    Raises:
        MissingExtra: durable-rules is not installed.
        UnfitPattern: A pattern is too long for durable-rules.
    """

    def __init__(self, patterns: Iterable[Pattern], *, max_matches: int = MAX_MATCHES, timeout: float = 30.0):
        self._memory = Memory(patterns, max_matches)
        for pattern in self._memory.patterns:
            _check(pattern)
        self._concerned = self._memory.of_activity()
        self._numbers = {layout: number for number, layout in enumerate(self._memory.layouts)}
        self._codes = [
            {activity: code for code, activity in enumerate(layout.bits)} for layout in self._memory.layouts
        ]
        self._weights = [
            sum(len(pattern.variables) for pattern in layout.patterns.values()) * _BYTES_OF_VARIABLE
            for layout in self._memory.layouts
        ]
        self._timeout = timeout
        self._live: OrderedDict[tuple[Layout, Key], _Live] = OrderedDict()
        self._free: list[str] = []
        self._bytes = 0
        self._orders: list[Order] = []
        self._asked: list[_Asked] = []
        self._worker: Worker | None = None
        self._lose_process()
        self._process()

    # --- events ---------------------------------------------------------------------------------------

    def add(self, event: Event) -> list[Finding]:
        """The new matches that this event completes, and what is wrong."""
        return self._batch([event])[0]

    def add_many(self, events: Iterable[Event]) -> list[list[Finding]]:
        """As `add` for one event after the other, many of them in one question to the process."""
        found: list[list[Finding]] = []
        source = iter(events)
        while batch := list(islice(source, BATCH)):
            found += self._batch(batch)
        return found

    def _batch(self, events: Sequence[Event]) -> list[list[Finding]]:
        found: list[list[Placed]] = [[] for _ in events]
        for place, event in enumerate(events):
            self._memory.arrived += 1
            for layout in self._concerned.get(event.activity, ()):
                key = layout.by_of(event)
                same = layout.same_of(event)
                if key and same and not self._memory.passes(layout, key, event.time):
                    self._tell(found, place, event, layout, key, same)
        self._ask(found)
        return [in_place(some) for some in found]

    def _tell(
        self, found: list[list[Placed]], place: int, event: Event, layout: Layout, key: Key, same: Key
    ) -> None:
        """Remember an event and order that it be asserted."""
        group = layout.group(key)
        reason = self._unfit(layout, key, group, same)
        if reason is not None:
            self._ask(found)  # what was there before is judged still
            if not self._memory.has_failed(layout.by, key):
                self._fail(found, place, layout, key, reason, event.time)
            return
        live = self._session(layout, key, group)
        cell = group.cells.setdefault(same, Cell())
        kept = (self._memory.arrived, event.id, event.time)
        cell.keep(event.activity, layout.bits[event.activity], kept)
        self._assert(FACT, layout, live, kept, event.activity, same)
        self._asked.append(_Asked(place, event, layout, key, cell, live))
        if len(self._orders) >= MOST_ORDERS:
            self._ask(found)

    def _unfit(self, layout: Layout, key: Key, group: GroupMemory, same: Key) -> str | None:
        """Why an event, or one of those that have to be told again, cannot be asserted."""
        live = self._live.get((layout, key))
        keys = [same] if live is not None else [same, *group.cells]
        if any(len(text) > MOST_CHARACTERS for one in keys for text in key_values(layout.same, one)):
            return f"a text of more than {MOST_CHARACTERS:,} characters"
        events = len(live.facts) if live is not None else sum(1 for _ in group.times())
        return f"more than {MOST_FACTS:,} events" if events >= MOST_FACTS else None

    def _ask(self, found: list[list[Placed]]) -> None:
        """Send what was ordered, and make findings of the answers."""
        asked, self._asked = self._asked, []
        if not asked:
            return
        orders, self._orders = self._orders, []
        try:
            answers: list[Found | str] = self._process().ask(orders)
        except WorkerDied as died:
            self._lose_process()
            answers = [str(died)] * len(asked)
        for one, answer in zip(asked, answers, strict=True):
            if self._memory.has_failed(one.layout.by, one.key):
                continue
            if isinstance(answer, str):
                self._fail(found, one.place, one.layout, one.key, answer, one.event.time)
            else:
                found[one.place] += self._settled(one, answer)

    def _settled(self, one: _Asked, answer: Found) -> Iterator[Placed]:
        facts = one.live.facts
        for number, matches in answer:
            chosen = [tuple([facts[fact - 1] for fact in match]) for match in matches]
            yield from self._memory.settle(one.layout, one.key, one.cell, number, chosen)

    def _fail(
        self, found: list[list[Placed]], place: int, layout: Layout, key: Key, reason: str, time: datetime
    ) -> None:
        found[place].append(self._memory.fail(layout, key, reason, time))
        for other in self._memory.layouts:
            if other.by == layout.by:
                self._end(other, key)

    # --- sessions ---------------------------------------------------------------------------------------

    def _session(self, layout: Layout, key: Key, group: GroupMemory) -> _Live:
        """The session of a group. A group that has none is told all its events again."""
        live = self._live.get((layout, key))
        if live is not None:
            self._live.move_to_end((layout, key))
            self._make_room(left=1)
            return live
        number = self._numbers[layout]
        self._make_room(left=0)
        live = self._live[layout, key] = _Live(self._free.pop(), self._weights[number])
        self._bytes += live.bytes
        self._orders.append((BEGIN, number, live.sid))
        for kept, activity, same in group.in_order():
            self._assert(AGAIN, layout, live, kept, activity, same)
        return live

    def _make_room(self, left: int) -> None:
        """End the sessions that were longest without an event, but not the newest if one is to be left."""
        while len(self._live) > left and (not (self._free or left) or self._bytes > MOST_BYTES):
            self._end(*next(iter(self._live)))

    def _assert(self, what: int, layout: Layout, live: _Live, kept: Kept, activity: str, same: Key) -> None:
        live.facts.append(kept)
        live.bytes += _BYTES_OF_FACT
        self._bytes += _BYTES_OF_FACT
        number = self._numbers[layout]
        # All texts are ASCII, different where they were: what else they hold is nothing that C should read.
        texts = [text.encode("unicode_escape").decode("ascii") for text in key_values(layout.same, same)]
        code = self._codes[number][activity]
        self._orders.append((what, number, live.sid, len(live.facts), code, texts))

    def _end(self, layout: Layout, key: Key) -> None:
        """End the session of a group, if it has one."""
        live = self._live.pop((layout, key), None)
        if live is not None:
            self._free.append(live.sid)
            self._bytes -= live.bytes
            self._orders.append((END, self._numbers[layout], live.sid))

    # --- the process ------------------------------------------------------------------------------------

    def _process(self) -> Worker:
        if self._worker is None:
            layouts = [
                {"same": len(layout.same), "rules": list(_rules(layout, codes))}
                for layout, codes in zip(self._memory.layouts, self._codes, strict=True)
            ]
            self._worker = Worker({"layouts": layouts, "most": self._memory.max_matches}, self._timeout)
        return self._worker

    def _lose_process(self) -> None:
        """Forget the process and its sessions, but none of the events."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None
        self._live.clear()
        self._free = [str(slot) for slot in range(MOST_LIVE, 0, -1)]
        self._bytes = 0
        self._orders.clear()

    # --- leaving ----------------------------------------------------------------------------------------

    def has_failed(self, group: Group) -> bool:
        """Whether nothing can be told of a group."""
        return self._memory.has_failed(group.by, key_of(group.values))

    def close(self, case: str) -> None:
        """Forget all groups of this case."""
        for layout, key in self._memory.close(case):
            self._end(layout, key)

    def forget(self, before: datetime) -> None:
        """Forget earlier events in groups that no case closes."""
        for layout, key in self._memory.forget(before):
            self._end(layout, key)

    def dump(self) -> dict[str, Any]:
        """All that is remembered."""
        return self._memory.dump()

    def load(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot, of the reference too."""
        for layout, key in list(self._live):
            self._end(layout, key)
        self._memory.load(snapshot)

    def stop(self) -> None:
        """End the process."""
        self._lose_process()


def _check(pattern: Pattern) -> None:
    if len(pattern.variables) > MOST_VARIABLES:
        raise UnfitPattern(
            f"expected at most {MOST_VARIABLES} variables in pattern `{pattern.name}` for durable-rules "
            f"but got {len(pattern.variables)}"
        )
    if len(pattern.same) > MOST_FIELDS:
        raise UnfitPattern(
            f"expected at most {MOST_FIELDS} fields that are the same in pattern `{pattern.name}` "
            f"for durable-rules but got {len(pattern.same)}"
        )


def _rules(layout: Layout, codes: Mapping[str, int]) -> Iterator[Rule]:
    for number, pattern in layout.patterns.items():
        if all(variable.activities for variable in pattern.variables):  # else nothing matches it
            wanted = [sorted(codes[one] for one in variable.activities) for variable in pattern.variables]
            yield number, wanted, pattern.first
