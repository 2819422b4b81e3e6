"""The matcher that says what is right: pure Python, without limits of its own.

For an event only the patterns are looked at that its activity occurs in, and of those only the ones for which
events of all other variables have arrived with the same key: a bit for each activity tells that at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from salesctrl.monitor.matchers.keys import Key
from salesctrl.monitor.matchers.memory import Cell, Kept, Layout, Memory, Placed, in_place
from salesctrl.monitor.matchers.protocol import MAX_MATCHES, Finding, Snapshot
from salesctrl.monitor.model import Event, Pattern

_NO_EVENTS: list[Kept] = []


class _Role(NamedTuple):
    """An activity as one variable of a pattern.

    ``other`` are bits of which one has to be present for the pattern to be looked at, ``rest`` the same for
    the third variable and on; ``choices`` are the activities of all variables.
    """

    other: int
    number: int
    position: int
    first: bool
    rest: tuple[int, ...]
    choices: tuple[tuple[str, ...], ...]


class ReferenceMatcher:
    """Finds matches with dictionaries.

    >>> from datetime import UTC
    >>> from salesctrl.monitor.model import Variable
    >>> taken, booked = (Variable(name, frozenset([name])) for name in ("take_order", "book_payment"))
    >>> matcher = ReferenceMatcher([Pattern("same-hands", (taken, booked), same=("person",))])
    >>> noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    >>> matcher.add(Event("1", "SO-1", "take_order", noon, noon.date(), person="Wang"))
    []
    >>> matcher.add(Event("2", "SO-1", "book_payment", noon, noon.date(), person="Wang"))
    [Match(pattern='same-hands', events=('1', '2'))]
    """

    def __init__(self, patterns: Iterable[Pattern], *, max_matches: int = MAX_MATCHES):
        self._memory = Memory(patterns, max_matches)
        self._concerned = {
            activity: tuple((layout, layout.bits[activity], *_roles(layout, activity)) for layout in layouts)
            for activity, layouts in self._memory.of_activity().items()
        }

    def add(self, event: Event) -> list[Finding]:
        """The new matches that this event completes, and patterns with too many."""
        memory = self._memory
        memory.arrived = arrival = memory.arrived + 1
        activity = event.activity
        found: list[Placed] = []
        for layout, bit, roles, alone in self._concerned.get(activity, ()):
            key = layout.by_of(event)
            if not key:
                continue
            same = layout.same_of(event)
            if not same:
                continue
            group = layout.groups.get(key)
            if group is None:
                group = layout.group(key)
            cell = group.cells.get(same)
            if cell is None:
                cell = group.cells[same] = Cell()
            present = cell.present
            kept = (arrival, event.id, event.time)
            completed = alone if present == 1 else [role for role in roles if present & role[0]]
            if completed:
                found += self._settled(layout, key, cell, kept, completed)
            cell.keep(activity, bit, kept)
        return in_place(found) if found else []

    def add_many(self, events: Iterable[Event]) -> list[list[Finding]]:
        """As `add` for one event after the other."""
        return [self.add(event) for event in events]

    def _settled(
        self, layout: Layout, key: Key, cell: Cell, kept: Kept, roles: Sequence[_Role]
    ) -> Iterator[Placed]:
        """What the event brings about in patterns that it may complete; their roles come one by another."""
        chosen: dict[int, list[tuple[Kept, ...]]] = {}
        group = layout.groups[key]
        for role in roles:
            if role.number in group.over or role.number in cell.done:
                continue
            if not all(cell.present & bits for bits in role.rest):
                continue
            before = chosen.setdefault(role.number, [])
            room = self._memory.max_matches - group.counts.get(role.number, 0) - len(before)
            # One more than there is room for says that there are too many; the rest need not be looked for.
            before += islice(_choices(cell, role, kept), 1 if role.first else room + 1)
        for number, some in chosen.items():
            if some:
                yield from self._memory.settle(layout, key, cell, number, some)

    def close(self, case: str) -> None:
        """Forget all groups of this case."""
        self._memory.close(case)

    def forget(self, before: datetime) -> None:
        """Forget earlier events in groups that no case closes."""
        self._memory.forget(before)

    def dump(self) -> dict[str, Any]:
        """All that is remembered."""
        return self._memory.dump()

    def load(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot."""
        self._memory.load(snapshot)

    def stop(self) -> None:
        """There is nothing to let go of."""


def _roles(layout: Layout, activity: str) -> tuple[list[_Role], list[_Role]]:
    """All roles of an activity, and those that need no other event."""
    roles = []
    for number, pattern in layout.patterns.items():
        choices = tuple(tuple(sorted(variable.activities)) for variable in pattern.variables)
        bits = [sum(layout.bits[one] for one in activities) for activities in choices]
        for position, activities in enumerate(choices):
            if activity in activities:
                others = bits[:position] + bits[position + 1 :] or [1]
                roles.append(_Role(others[0], number, position, pattern.first, tuple(others[1:]), choices))
    return roles, [role for role in roles if role.other == 1]


def _choices(cell: Cell, role: _Role, kept: Kept) -> Iterator[tuple[Kept, ...]]:
    """All choices with the new event in its position, those of events that arrived first before others."""
    events = [[kept] if at == role.position else _kept(cell, one) for at, one in enumerate(role.choices)]
    if len(events) == 2:  # the new event is not in the cell yet, so that the two are different
        return ((one, other) for one in events[0] for other in events[1])
    return _different(events, ())


def _different(events: Sequence[list[Kept]], chosen: tuple[Kept, ...]) -> Iterator[tuple[Kept, ...]]:
    if len(chosen) == len(events):
        yield chosen
        return
    for one in events[len(chosen)]:
        if one not in chosen:
            yield from _different(events, (*chosen, one))


def _kept(cell: Cell, activities: tuple[str, ...]) -> list[Kept]:
    """The events with one of these activities, as they arrived."""
    if len(activities) == 1:
        return cell.events.get(activities[0], _NO_EVENTS)
    return sorted(one for activity in activities for one in cell.events.get(activity, _NO_EVENTS))
