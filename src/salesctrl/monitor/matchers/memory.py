"""What matchers remember of events: by group, by what is equal besides, by activity.

All matchers keep the same memory, and none keeps matches. It grows with the events of open groups alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from salesctrl.monitor.matchers.keys import (
    Key,
    group_at,
    key_of,
    key_reader,
    key_values,
)
from salesctrl.monitor.matchers.protocol import (
    BadSnapshot,
    Finding,
    MatcherProblem,
    Snapshot,
    TooManyMatches,
    UnfitPattern,
)
from salesctrl.monitor.model import Match, Pattern

FORMAT = 1

Kept = tuple[int, str, datetime]
"""An event as it is remembered: the number of its arrival, its id, its time."""

Placed = tuple[int, tuple[int, ...], Finding]
"""A finding and its place among those of one event: the pattern, the arrivals."""


@dataclass(slots=True)
class Cell:
    """The events of a group that are equal in all fields of ``same``.

    ``present`` is 1 and the bits of the activities in ``events``; ``done`` are the patterns with ``first``
    that have had their match.
    """

    present: int = 1
    events: dict[str, list[Kept]] = field(default_factory=dict)
    done: frozenset[int] = frozenset()

    def keep(self, activity: str, bit: int, kept: Kept) -> None:
        """Remember an event."""
        self.present |= bit
        events = self.events.get(activity)
        if events is None:
            self.events[activity] = [kept]
        else:
            events.append(kept)


@dataclass(slots=True)
class GroupMemory:
    """What is remembered of a group.

    ``counts`` are the matches told so far, by pattern; ``over`` the patterns that have had too many.
    """

    cells: dict[Key, Cell] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)
    over: frozenset[int] = frozenset()

    def times(self) -> Iterator[datetime]:
        """The times of all events."""
        return (time for cell in self.cells.values() for kept in cell.events.values() for _, _, time in kept)

    def in_order(self) -> list[tuple[Kept, str, Key]]:
        """All events as they arrived, each with its activity and its values of ``same``."""
        return sorted(
            (kept, activity, same)
            for same, cell in self.cells.items()
            for activity, events in cell.events.items()
            for kept in events
        )


class Layout:
    """The patterns with the same ``by`` and ``same``, by their numbers, and what is remembered for them."""

    def __init__(self, by: tuple[str, ...], same: tuple[str, ...], patterns: Mapping[int, Pattern]):
        self.by = by
        self.same = same
        self.patterns = patterns
        self.by_of = key_reader(by)
        self.same_of = key_reader(same)
        activities = {number: _activities(pattern) for number, pattern in patterns.items()}
        wanted = sorted(frozenset[str]().union(*activities.values()))
        self.bits = {activity: 2 << place for place, activity in enumerate(wanted)}
        self._of_number = {number: sum(self.bits[one] for one in some) for number, some in activities.items()}
        self.groups: dict[Key, GroupMemory] = {}
        # Where the case is only one of several fields: the groups of each case.
        self._of_case: dict[str, list[Key]] | None = {} if "case" in by and len(by) > 1 else None

    @property
    def closes(self) -> bool:
        """Whether groups are closed with a case; the others age."""
        return "case" in self.by

    def group(self, key: Key) -> GroupMemory:
        """The group with this key, a new one where there is none."""
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = GroupMemory()
            if self._of_case is not None:
                self._of_case.setdefault(_case(self.by, key), []).append(key)
        return group

    def close(self, case: str) -> list[Key]:
        """Forget the groups of a case, and tell which they were."""
        if not self.closes:
            return []
        keys = [case] if self._of_case is None else self._of_case.pop(case, [])
        return [key for key in keys if self.groups.pop(key, None) is not None]

    def forget(self, before: datetime) -> list[Key]:
        """Forget events of groups that age, and tell which groups have changed."""
        if self.closes:
            return []
        aged = [key for key, group in self.groups.items() if any(time < before for time in group.times())]
        for key in aged:
            group = self.groups[key]
            self._forget(group, before)
            if not group.cells:
                del self.groups[key]
        return aged

    def _forget(self, group: GroupMemory, before: datetime) -> None:
        """Forget events, and what was told of a pattern of which no event is left."""
        for same, cell in list(group.cells.items()):
            left = (
                (activity, [one for one in kept if one[2] >= before])
                for activity, kept in cell.events.items()
            )
            cell.events = {activity: kept for activity, kept in left if kept}
            cell.present = 1 + sum(self.bits[activity] for activity in cell.events)
            cell.done = self._left(cell.done, cell.present)
            if not cell.events:
                del group.cells[same]
        present = 0
        for cell in group.cells.values():
            present |= cell.present
        group.over = self._left(group.over, present)
        group.counts = {one: group.counts[one] for one in self._left(frozenset(group.counts), present)}

    def _left(self, numbers: frozenset[int], present: int) -> frozenset[int]:
        """The patterns with an event of an activity that is present."""
        return frozenset(number for number in numbers if self._of_number[number] & present)

    def clear(self) -> None:
        """Forget everything."""
        self.groups.clear()
        if self._of_case is not None:
            self._of_case.clear()


def _activities(pattern: Pattern) -> frozenset[str]:
    return frozenset[str]().union(*(variable.activities for variable in pattern.variables))


class Memory:
    """The patterns, numbered in the order of their names, and all that is remembered.

    >>> Memory([Pattern("a", ()), Pattern("a", ())], 10)
    Traceback (most recent call last):
        ...
    salesctrl.monitor.matchers.protocol.UnfitPattern: two patterns have the name `a`
    """

    def __init__(self, patterns: Iterable[Pattern], max_matches: int):
        self.patterns = tuple(sorted(patterns, key=lambda pattern: pattern.name))
        self.max_matches = max_matches
        self.arrived = 0
        self._check()
        layouts: dict[tuple[tuple[str, ...], tuple[str, ...]], dict[int, Pattern]] = {}
        for number, pattern in enumerate(self.patterns):
            layouts.setdefault((pattern.by, pattern.same), {})[number] = pattern
        self.layouts = tuple(Layout(*fields, patterns) for fields, patterns in layouts.items())
        self._failed: dict[tuple[tuple[str, ...], Key], datetime] = {}

    def _check(self) -> None:
        for one, other in zip(self.patterns, self.patterns[1:], strict=False):
            if one.name == other.name:
                raise UnfitPattern(f"two patterns have the name `{one.name}`")
        for pattern in self.patterns:
            if not pattern.variables:
                raise UnfitPattern(f"expected a variable in pattern `{pattern.name}` but got none")

    def of_activity(self) -> dict[str, tuple[Layout, ...]]:
        """The layouts that an activity concerns."""
        wanted: dict[str, list[Layout]] = {}
        for layout in self.layouts:
            for activity in layout.bits:
                wanted.setdefault(activity, []).append(layout)
        return {activity: tuple(layouts) for activity, layouts in wanted.items()}

    # --- findings -----------------------------------------------------------------------------------

    def settle(
        self, layout: Layout, key: Key, cell: Cell, number: int, chosen: Sequence[tuple[Kept, ...]]
    ) -> list[Placed]:
        """Make findings of the events that were chosen for a pattern; all choices contain the newest event.

        Where they exceed what the pattern may have in the group, none of them is told.
        """
        pattern = self.patterns[number]
        group = layout.groups[key]
        if number in group.over or number in cell.done:
            return []
        if pattern.first:
            chosen = [min(chosen)]
            cell.done |= {number}
        count = group.counts.get(number, 0) + len(chosen)
        if count > self.max_matches:
            group.over |= {number}
            return [(number, (), TooManyMatches(pattern.name, group_at(layout.by, key)))]
        group.counts[number] = count
        return [
            (
                number,
                tuple([one[0] for one in events]),
                Match(pattern.name, tuple([one[1] for one in events])),
            )
            for events in chosen
        ]

    # --- groups of which nothing can be told --------------------------------------------------------

    def fail(self, layout: Layout, key: Key, reason: str, time: datetime) -> Placed:
        """From now on nothing can be told of the group, of whichever pattern."""
        for one in self._alike(layout.by):
            group = one.groups.pop(key, None)
            if group is not None:
                time = max((time, *group.times()))
        self._failed[layout.by, key] = time
        place = len(self.patterns), (self.layouts.index(layout),)
        return (*place, MatcherProblem(group_at(layout.by, key), reason))

    def has_failed(self, by: tuple[str, ...], key: Key) -> bool:
        """Whether nothing can be told of the group."""
        return (by, key) in self._failed

    def passes(self, layout: Layout, key: Key, time: datetime) -> bool:
        """Whether an event of this time belongs to a group that has failed, which it keeps from ageing."""
        last = self._failed.get((layout.by, key))
        if last is None:
            return False
        self._failed[layout.by, key] = max(last, time)
        return True

    def _alike(self, by: tuple[str, ...]) -> list[Layout]:
        return [layout for layout in self.layouts if layout.by == by]

    # --- leaving ------------------------------------------------------------------------------------

    def close(self, case: str) -> list[tuple[Layout, Key]]:
        """Forget the groups of a case, and tell which they were."""
        if self._failed:
            closed = [(by, key) for by, key in self._failed if "case" in by and _case(by, key) == case]
            for one in closed:
                del self._failed[one]
        return [(layout, key) for layout in self.layouts for key in layout.close(case)]

    def forget(self, before: datetime) -> list[tuple[Layout, Key]]:
        """Forget events of groups that age, and tell which groups have changed."""
        aged = [(by, key) for (by, key), last in self._failed.items() if "case" not in by and last < before]
        for one in aged:
            del self._failed[one]
        return [(layout, key) for layout in self.layouts for key in layout.forget(before)]

    def clear(self) -> None:
        """Forget everything."""
        self.arrived = 0
        self._failed.clear()
        for layout in self.layouts:
            layout.clear()

    # --- plain data ---------------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        """All that is remembered."""
        return {
            "format": FORMAT,
            "patterns": _plain_patterns(self.patterns),
            "arrived": self.arrived,
            "failed": [
                [list(by), list(key_values(by, key)), last.isoformat()]
                for (by, key), last in self._failed.items()
            ],
            "layouts": [
                [self._plain_group(layout, key, group) for key, group in layout.groups.items()]
                for layout in self.layouts
            ],
        }

    def _plain_group(self, layout: Layout, key: Key, group: GroupMemory) -> dict[str, Any]:
        return {
            "by": list(key_values(layout.by, key)),
            "counts": [[number, count] for number, count in sorted(group.counts.items())],
            "over": sorted(group.over),
            "cells": [self._plain_cell(layout, same, cell) for same, cell in group.cells.items()],
        }

    def _plain_cell(self, layout: Layout, same: Key, cell: Cell) -> dict[str, Any]:
        return {
            "same": list(key_values(layout.same, same)),
            "done": sorted(cell.done),
            "events": {
                activity: [[arrival, id_, time.isoformat()] for arrival, id_, time in events]
                for activity, events in cell.events.items()
            },
        }

    def load(self, snapshot: Snapshot) -> None:
        """Remember what was dumped, in place of what is known.

        Raises:
            BadSnapshot: It was dumped for other patterns, or not dumped at all.
        """
        try:
            if snapshot["format"] != FORMAT:
                raise BadSnapshot(f"expected a snapshot of format {FORMAT} but got {snapshot['format']}")
            if snapshot["patterns"] != _plain_patterns(self.patterns):
                raise BadSnapshot("expected a snapshot for the same patterns but got one for others")
            self.clear()
            self.arrived = snapshot["arrived"]
            for by, texts, last in snapshot["failed"]:
                self._failed[tuple(by), key_of(tuple(texts))] = datetime.fromisoformat(last)
            for layout, groups in zip(self.layouts, snapshot["layouts"], strict=True):
                for group in groups:
                    self._load_group(layout, group)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            self.clear()
            raise BadSnapshot("expected what a matcher has dumped but got something else") from error

    def _load_group(self, layout: Layout, plain: Snapshot) -> None:
        group = layout.group(key_of(tuple(plain["by"])))
        group.counts = dict(plain["counts"])
        group.over = frozenset(plain["over"])
        for one in plain["cells"]:
            cell = group.cells[key_of(tuple(one["same"]))] = Cell(done=frozenset(one["done"]))
            for activity, events in one["events"].items():
                for arrival, id_, time in events:
                    kept = (arrival, id_, datetime.fromisoformat(time))
                    cell.keep(activity, layout.bits[activity], kept)


def _case(by: tuple[str, ...], key: Key) -> str:
    return key_values(by, key)[by.index("case")]


def _plain_patterns(patterns: Iterable[Pattern]) -> list[list[Any]]:
    """The patterns as plain data, so that a snapshot is not read by other patterns."""
    return [
        [
            pattern.name,
            [[variable.name, sorted(variable.activities)] for variable in pattern.variables],
            list(pattern.by),
            list(pattern.same),
            pattern.first,
        ]
        for pattern in patterns
    ]


def in_place(found: list[Placed]) -> list[Finding]:
    """The findings of one event in their order."""
    if len(found) > 1:
        found.sort(key=lambda one: one[:2])
    return [finding for _, _, finding in found]
