"""The live monitor: events one by one, findings as they come about, and go.

What stands at any time is the function of the events taken and of the day up to which time has gone that
`matching` states; here it is kept up to date at the cost of what an event touches. There is no clock:
deadlines pass by `advance`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from typing import NamedTuple

from salesctrl.monitor.controls import Controls, Rules, Watch, key_of, rank_of
from salesctrl.monitor.events import EventReader, Refused
from salesctrl.monitor.findings import CaseFinding, Change, Rejected
from salesctrl.monitor.ladder_stage import Stage
from salesctrl.monitor.ladders import Walker
from salesctrl.monitor.matchers import Matcher, MatcherName, MatcherProblem, TooManyMatches
from salesctrl.monitor.matchers import matcher as make_matcher
from salesctrl.monitor.matching import (
    Candidate,
    Waiting,
    belongs,
    group_of,
    is_match,
    settle,
    too_many,
)
from salesctrl.monitor.model import Event, Match
from salesctrl.outcome import Outcome
from salesctrl.policy.documents import LocalText

MOST_CLOSED = 1_000_000
"""So many cases that have left are remembered, so that late events of theirs are refused."""

GroupKey = tuple[tuple[str, ...], tuple[str, ...]]
"""The fields that make a group, and their values."""


LadderPlace = tuple[str, tuple[str, ...]]
"""A ladder, and the values of the fields that make a case of it."""
BY_CASE = ("case",)


class Settings(NamedTuple):
    """What a monitor was asked to do."""

    controls: tuple[str, ...] | None
    matcher: MatcherName
    zone: str | None
    late: int


class State(NamedTuple):
    """What a monitor goes on from: the events that it holds, in the order in which they came."""

    now: int | None
    events: tuple[Event, ...]
    closing: Mapping[str, int]
    closed: tuple[str, ...]
    rejected: tuple[Rejected, ...]


@dataclass(slots=True)
class _Live:
    """A match, and the finding that it is at present."""

    watch: Watch
    group: GroupKey
    chosen: Mapping[str, Event]
    finding: CaseFinding | None = None
    waiting: bool = False
    gone: bool = False


@dataclass(slots=True)
class _Group:
    """The events of a group that some control looks at, and its matches by pattern."""

    events: list[Event] = field(default_factory=list)
    lives: dict[str, list[_Live]] = field(default_factory=dict)
    unjudged: frozenset[str] = frozenset()
    """Patterns of which there are too many matches, or whose matches the matcher cannot tell."""


class Monitor:
    """Watches cases as events come in.

    Args:
        rules: The engine.
        controls: The names of controls, of ladders, and ``"segregation"``; left out, all of them.
        matcher: Which matcher finds events that belong together; ``"both"`` raises where they differ.
        zone: The time zone of events whose time states none, and of the days of all of them. Without it an
            event without a zone is rejected, and days are those of UTC.
        late: How many days a closed case stays, for events that come late.

    Raises:
        ValueError: A control is unknown.
    """

    def __init__(
        self,
        rules: Rules,
        *,
        controls: Sequence[str] | None = None,
        matcher: MatcherName = "reference",
        zone: str | None = None,
        late: int = 0,
    ):
        self.settings = Settings(None if controls is None else tuple(controls), matcher, zone, late)
        self._controls = Controls(rules, controls)
        self._ladders = self._controls.ladders
        checked = rules.checked
        self._reader = EventReader(self._controls.activities, zone, checked.vocabulary, checked.organisation)
        self._apart = tuple({one.by for one in self._ladders.values()} - {BY_CASE})
        """What makes the cases of ladders that are not those of the log: their events are kept apart."""
        self._kept_by: dict[str, tuple[tuple[str, ...], ...]] = {}
        patterns = [watch.pattern for watch in self._controls.watches.values()]
        self._matcher: Matcher = make_matcher(matcher, patterns)
        self._now: int | None = None
        self._groups: dict[GroupKey, _Group] = {}
        self._events: dict[str, Event] = {}
        self._of_case: dict[str, list[str]] = {}
        self._closing: dict[str, int] = {}
        self._closed: OrderedDict[str, None] = OrderedDict()
        self._waiting: list[tuple[int, int, _Live]] = []
        self._ahead: list[tuple[int, int, LadderPlace]] = []
        self._number = count()
        self._found: dict[GroupKey, dict[object, CaseFinding]] = {}
        self._walkers: dict[LadderPlace, Walker] = {}
        self._told: dict[LadderPlace, dict[CaseFinding, None]] = {}
        self._rejected: list[Rejected] = []

    # -- what it is asked ------------------------------------------------------------------------------

    @property
    def now(self) -> date | None:
        """The day up to which time has gone."""
        return None if self._now is None else date.fromordinal(self._now)

    @property
    def open_cases(self) -> int:
        """How many cases there are that have not left."""
        return len(self._of_case)

    @property
    def findings(self) -> tuple[CaseFinding, ...]:
        """What stands at present in the cases that have not left, sorted by day, control and group."""
        found = [one for group in self._found.values() for one in group.values()]
        found += [one for told in self._told.values() for one in told]
        return tuple(sorted(found, key=lambda one: one.order))

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """The events that were not taken, in the order in which they came."""
        return tuple(self._rejected)

    @property
    def events(self) -> tuple[Event, ...]:
        """The events of cases that have not left, in the order in which they came."""
        return tuple(self._events.values())

    def stages(self, ladder: str) -> dict[tuple[str, ...], Stage]:
        """Where each case of a ladder that has not left stands, as of the day up to which time has gone."""
        return {
            group: self._stage(walker) for (name, group), walker in self._walkers.items() if name == ladder
        }

    def stage(self, ladder: str, *group: str) -> Stage | None:
        """Where one case stands on a ladder; none if it has not begun.

        Raises:
            ValueError: There is no such ladder.
        """
        if ladder not in self._ladders:
            raise ValueError(f"unknown ladder `{ladder}`")
        walker = self._walkers.get((ladder, group))
        return None if walker is None else self._stage(walker)

    # -- what it is told ---------------------------------------------------------------------------------

    def add(self, event: Event | Mapping[str, object]) -> tuple[Change, ...]:
        """Take an event.

        Returns:
            The findings that come about with it, and those that are withdrawn because it came late. An event
            that cannot be taken changes nothing but `rejected`.
        """
        read = self._reader.read(event)
        if isinstance(read, Refused):
            self._reject(read.id, read.case, read.code, read.reason)
            return ()
        known = self._events.get(read.id)
        if known is not None:
            if known == read:
                self._reject(read.id, read.case, "V_DUPLICATE", "the event was taken already")
            else:
                self._reject(
                    read.id, read.case, "V_SAME_ID", "another event has this id: give each event its own"
                )
            return ()
        if read.case in self._closed:
            self._reject(read.id, read.case, "V_CLOSED", "the case is closed and has left")
            return ()
        changes: list[Change] = []
        self._take(read, changes)
        return tuple(changes)

    def add_all(self, events: Iterable[Event | Mapping[str, object]]) -> tuple[Change, ...]:
        """Take events, one after the other; returns all changes in order."""
        return tuple(change for event in events for change in self.add(event))

    def advance(self, to: date) -> tuple[Change, ...]:
        """Let time go on to a day: deadlines before it pass, and cases that are closed leave.

        Raises:
            ValueError: The day is before the one up to which time has gone.
        """
        day = to.toordinal()
        if self._now is not None and day < self._now:
            raise ValueError(f"time has gone up to {self.now}, and cannot go back to {to}")
        changes: list[Change] = []
        self._pass(day, changes)
        for case, closed in list(self._closing.items()):
            if closed + self.settings.late < day and not self._is_waiting(case):
                self._leave(case)
        return tuple(changes)

    def _pass(self, day: int, changes: list[Change]) -> None:
        """Let deadlines pass."""
        self._now = day
        while self._waiting and self._waiting[0][0] < day:
            _, _, live = heappop(self._waiting)
            if live.waiting and not live.gone:
                self._settle(live, changes)
        while self._ahead and self._ahead[0][0] <= day:
            _, _, place = heappop(self._ahead)
            if place in self._walkers:
                self._tell(place, changes)

    def close(self, case: str) -> None:
        """Say that a case is over: it leaves when time goes on, as soon as nothing in it waits."""
        if case in self._of_case:
            days = [self._events[id].on.toordinal() for id in self._of_case[case]]
            self._closing[case] = max(days)

    def forget(self, before: date) -> None:
        """Forget events before a day in the groups that no case closes, those of a customer or a person.

        What was found with them goes too, without being withdrawn. Without this such groups grow for good.
        """
        for key, group in list(self._groups.items()):
            if key[0] == BY_CASE:
                continue
            for lives in group.lives.values():
                for live in [one for one in lives if any(e.on < before for e in one.chosen.values())]:
                    live.gone = True
                    lives.remove(live)
                    self._show(key, _place_of(live), None, [])
            old = [event for event in group.events if event.on < before]
            group.events = [event for event in group.events if event.on >= before]
            for event in old:
                if event.case not in self._of_case:
                    self._events.pop(event.id, None)
            if not group.events:
                del self._groups[key]
                for name in self._ladders:
                    self._walkers.pop((name, key[1]), None)
                    self._told.pop((name, key[1]), None)
        self._matcher.forget(datetime.combine(before, time(), UTC))

    def state(self) -> State:
        """All that it goes on from: see `snapshot.save`."""
        closed = tuple(self._closed)
        return State(self._now, self.events, dict(self._closing), closed, tuple(self._rejected))

    @classmethod
    def resumed(cls, rules: Rules, settings: Settings, state: State) -> Monitor:
        """A monitor that goes on where another was; what stands is worked out anew from its events.

        Raises:
            ValueError: A control is unknown.
        """
        controls, matcher, zone, late = settings
        monitor = cls(rules, controls=controls, matcher=matcher, zone=zone, late=late)
        changes: list[Change] = []  # they have been told
        for event in state.events:
            monitor._take(event, changes)
        monitor._closing = dict(state.closing)
        for case in state.closed:
            if case in monitor._of_case:  # of events that other groups still hold
                monitor._leave(case)
            monitor._closed[case] = None
        if state.now is not None:
            monitor._pass(state.now, changes)
        monitor._rejected = list(state.rejected)
        return monitor

    def save(self, path: str | Path) -> None:
        """Write a snapshot into a file, from which `Engine.restore_monitor` goes on.

        Raises:
            SnapshotError: It cannot be written; a snapshot that is there stays as it is.
        """
        from salesctrl.monitor.snapshot import save

        save(self, path, self._controls.rules.digest)

    def stop(self) -> None:
        """Let go of the matcher's process, if it has one."""
        self._matcher.stop()

    # -- events ------------------------------------------------------------------------------------------

    def _reject(self, id: str, case: str | None, code: str, reason: str) -> None:
        self._rejected.append(Rejected(id, case, code, reason))

    def _take(self, event: Event, changes: list[Change]) -> None:
        self._events[event.id] = event
        self._of_case.setdefault(event.case, []).append(event.id)
        watches = self._controls.by_activity.get(event.activity, ())
        groups: dict[tuple[str, ...], _Group] = {}
        for by in self._bys(event.activity):
            if (values := group_of(by, event)) is not None:
                group = self._groups.get((by, values))
                if group is None:
                    group = self._groups[by, values] = _Group()
                group.events.append(event)
                groups[by] = group
        for watch in self._controls.lacking_in(event):
            lacking = self._controls.lacking(watch, event)
            if lacking is not None:
                self._show((BY_CASE, (event.case,)), (lacking.control, event.id), lacking, changes)
        for found in self._matcher.add(event):
            match found:
                case Match():
                    self._matched(found, changes)
                case TooManyMatches():
                    self._unjudged(self._controls.watches[found.pattern], event, changes, None)
                case MatcherProblem():
                    for watch in self._controls.watches.values():
                        if watch.pattern.by == found.group.by:
                            self._unjudged(watch, event, changes, found.reason)
        for watch in watches:
            if (touched := groups.get(watch.pattern.by)) is not None and touched.lives:
                self._touched(watch, touched, event, changes)
        self._walk(event, changes)
        if self._controls.activities.by_name[event.activity].closes:
            self._closing[event.case] = max(event.on.toordinal(), self._closing.get(event.case, 0))

    def _bys(self, activity: str) -> tuple[tuple[str, ...], ...]:
        """What makes the groups in which an event of an activity is kept."""
        found = self._kept_by.get(activity)
        if found is None:
            watches = self._controls.by_activity.get(activity, ())
            bys = dict.fromkeys([*(watch.pattern.by for watch in watches), *self._apart])
            found = self._kept_by[activity] = tuple(bys)
        return found

    def _matched(self, match: Match, changes: list[Change]) -> None:
        watch = self._controls.watches[match.pattern]
        events = [self._events[id] for id in match.events]
        chosen = {name: event for (name, _), event in zip(watch.control.events, events, strict=True)}
        place = self._place(watch, events[0])
        group = self._groups[place]
        if watch.pair is not None:
            chosen = self._earliest(watch, group, chosen)
        if watch.pattern.name in group.unjudged or not is_match(watch.control, chosen):
            return
        live = _Live(watch, place, chosen)
        group.lives.setdefault(watch.pattern.name, []).append(live)
        self._settle(live, changes)

    def _earliest(self, watch: Watch, group: _Group, chosen: Mapping[str, Event]) -> dict[str, Event]:
        """The earliest events for a pair of duties: later ones arrived before them."""
        key = key_of(watch, next(iter(chosen.values())))
        best = dict(chosen)
        for event in group.events:
            for name, activities in watch.control.events:
                if event.activity in activities and key_of(watch, event) == key:
                    best[name] = min(best[name], event, key=lambda e: (e.time, e.id))
        return best

    def _place(self, watch: Watch, event: Event) -> GroupKey:
        values = group_of(watch.pattern.by, event)
        assert values is not None  # it was matched by them
        return watch.pattern.by, values

    def _touched(self, watch: Watch, group: _Group, event: Event, changes: list[Change]) -> None:
        """Decide anew the matches of the event's group that look at it."""
        lives = group.lives.get(watch.pattern.name, [])
        if watch.pair is not None:
            for live in lives:
                self._earlier(live, event, changes)
            return
        is_evidence = event.activity in watch.evidence
        if event.activity not in watch.around and not is_evidence:
            return
        around = (*watch.control.absent, *watch.control.gather)
        for live in lives:
            if any(event is one for one in live.chosen.values()):
                continue
            if is_evidence or any(belongs(one, live.chosen, event) for one in around):
                self._settle(live, changes)

    def _earlier(self, live: _Live, event: Event, changes: list[Change]) -> None:
        """A late event of a pair of duties may be the earliest."""
        if key_of(live.watch, event) != key_of(live.watch, next(iter(live.chosen.values()))):
            return
        for name, activities in live.watch.control.events:
            held = live.chosen[name]
            if event.activity in activities and (event.time, event.id) < (held.time, held.id):
                live.chosen = {**live.chosen, name: event}
                self._settle(live, changes)

    def _settle(self, live: _Live, changes: list[Change]) -> None:
        """Decide a match anew, and tell what is different."""
        group = self._groups[live.group]
        watch = live.watch
        others = (event for event in group.events if event.activity in watch.around) if watch.around else ()
        settled = settle(watch.control, live.chosen, others, self._now)
        live.waiting = isinstance(settled, Waiting)
        finding = None
        if isinstance(settled, Waiting):
            heappush(self._waiting, (settled.until, next(self._number), live))
        elif isinstance(settled, Candidate):
            finding = self._controls.decide(watch, live.group[1], settled, group.events)
        if finding == live.finding:
            return
        live.finding = finding
        place = _place_of(live)
        if watch.control.once:
            found = [one for one in group.lives[watch.pattern.name] if one.finding is not None]
            same = [one for one in found if _place_of(one) == place]
            first = min(same, key=lambda one: rank_of(watch, one.chosen), default=None)
            finding = None if first is None else first.finding
        self._show(live.group, place, finding, changes)

    def _unjudged(self, watch: Watch, event: Event, changes: list[Change], reason: str | None) -> None:
        """Withdraw what a control found in a group, and say that the group cannot be judged."""
        values = group_of(watch.pattern.by, event)
        if values is None or (group := self._groups.get((watch.pattern.by, values))) is None:
            return
        name, place = watch.pattern.name, (watch.pattern.by, values)
        group.unjudged |= {name}
        for live in group.lives.pop(name, []):
            live.gone = True
            self._show(place, _place_of(live), None, changes)
        finding = too_many(watch.control, values, event.on)
        if reason is not None:
            said = LocalText(en=f"not judged: {reason}", zh=f"未判断：{reason}")
            finding = CaseFinding(watch.name, (), Outcome.INCOMPLETE, values, (), event.on, reason=said)
        self._show(place, (name, "unjudged"), finding, changes)

    def _show(
        self, group: GroupKey, place: object, finding: CaseFinding | None, changes: list[Change]
    ) -> None:
        """Let a finding stand in a place of a group, or none."""
        found = self._found.setdefault(group, {})
        before = found.pop(place, None)
        if finding is not None:
            found[place] = finding
        elif not found:
            del self._found[group]
        if before == finding:
            return
        if before is not None:
            changes.append(Change("withdrawn", before))
        if finding is not None:
            changes.append(Change("found", finding))

    # -- ladders -------------------------------------------------------------------------------------------

    def _walk(self, event: Event, changes: list[Change]) -> None:
        for name, ladder in self._ladders.items():
            group = ladder.group(event)
            if group is None:
                continue
            place = (name, group)
            walker = self._walkers.get(place)
            if walker is not None:
                walker.feed(event)
            elif ladder.begins_with(event):
                walker = self._walkers[place] = Walker(ladder)
                for one in self._so_far(ladder.by, group):
                    walker.feed(one)
            else:
                continue
            self._tell(place, changes)

    def _so_far(self, by: tuple[str, ...], group: tuple[str, ...]) -> Iterable[Event]:
        """The events of a case of a ladder, which nothing has walked before."""
        if by == BY_CASE:
            return [self._events[id] for id in self._of_case[group[0]]]
        return list(self._groups[by, group].events)

    def _tell(self, place: LadderPlace, changes: list[Change]) -> None:
        """What is different in the findings of a case on a ladder, and when to look again."""
        walker = self._walkers[place]
        stage = self._stage(walker)
        after = dict.fromkeys(stage.findings)
        before = self._told.get(place, {})
        changes += [Change("withdrawn", one) for one in before if one not in after]
        changes += [Change("found", one) for one in after if one not in before]
        if after:
            self._told[place] = after
        else:
            self._told.pop(place, None)
        if stage.next_change is not None:
            heappush(self._ahead, (stage.next_change.toordinal(), next(self._number), place))

    def _stage(self, walker: Walker) -> Stage:
        """Where a case stands with all its events, also those that are ahead of time."""
        last = walker.last
        ahead = self.now is None or (last is not None and self.now < last)
        return walker.at(None if ahead else self.now)

    # -- cases that are over -------------------------------------------------------------------------------

    def _is_waiting(self, case: str) -> bool:
        return any(
            live.waiting
            for by in {watch.pattern.by for watch in self._controls.watches.values()}
            if by == BY_CASE
            for lives in self._groups.get((by, (case,)), _Group()).lives.values()
            for live in lives
        )

    def _is_elsewhere(self, event: Event) -> bool:
        """Whether an event is in a group that its case does not close: of a customer or a person."""
        bys = self._bys(event.activity)
        return any(group_of(by, event) is not None for by in bys if by != BY_CASE)

    def _leave(self, case: str) -> None:
        """Forget a case; its findings have been told."""
        group = self._groups.pop((BY_CASE, (case,)), None)
        ids = self._of_case.pop(case)
        if group is not None:
            for lives in group.lives.values():
                for live in lives:
                    live.gone = True
        self._found.pop((BY_CASE, (case,)), None)
        for id in ids:
            if not self._is_elsewhere(self._events[id]):
                del self._events[id]
        self._closing.pop(case, None)
        for name in self._ladders:
            self._walkers.pop((name, (case,)), None)
            self._told.pop((name, (case,)), None)
        self._matcher.close(case)
        self._closed[case] = None
        while len(self._closed) > MOST_CLOSED:
            self._closed.popitem(last=False)


def _place_of(live: _Live) -> object:
    """Where the finding of a match stands: one place for each match, or for all with equal keys."""
    name = live.watch.pattern.name
    if live.watch.control.once:
        return name, key_of(live.watch, next(iter(live.chosen.values())))
    return name, tuple(event.id for event in live.chosen.values())
