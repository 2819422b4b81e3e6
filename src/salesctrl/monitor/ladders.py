"""Ladders at run time: in which state a case is, how it got there, and what is due.

The events of a case are taken in the order of their times, and of their ids within a moment, however they
arrive; so where a case stands is a function of the set of its events and of the day up to which time has
gone:

- The first event of `begins` on a day when a version of the ladder is in force puts the case into the first
  state; the case stays on that version for good, also when it is no longer in force. What happened before
  is evidence, and nothing else.
- Time: an elapsed transition (`after`) comes on the day ``entered + n days`` itself, at the beginning of that
  day, so before all events of it. Those of one state that come on the same day are tried in the order
  written; one that comes later is tried whatever became of those before. One that did not happen on its day
  is tried again after each further event of the case, and never in between.
- Events: the transitions of the state on that activity are tried in the order written.
- *Trying* is a decision on the control point of the ladder on that day, with the event (an elapsed transition
  has none), the ``stage``, and the evidence of all events up to now. The first transition whose guard holds,
  or of which that is unknown, settles it: with ``allow`` or ``flag`` the case moves; otherwise the state
  stays and the step is *blocked*.
- An event that some transition of the ladder happens on, but none from the present state, is *out of order*.
- What is due in a state is due until the end of the day ``entered + n days``, and done with an event of an
  activity of that name, or that is evidence of an action of that name.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from salesctrl.compile.cases import Activities, CheckedLadder, Length, State, Transition
from salesctrl.compile.derived_cases import EVENTS, STAGE
from salesctrl.compile.plan import CheckedSet, reads
from salesctrl.decision.model import Decision
from salesctrl.evaluate.point import ControlPoint
from salesctrl.evidence.reasons import RequirementResult
from salesctrl.monitor.evidence import EvidenceSoFar
from salesctrl.monitor.findings import event_facts
from salesctrl.monitor.ladder_stage import DueAction, Kind, Stage, Step
from salesctrl.monitor.ladder_words import endless, out_of_order, why_blocked
from salesctrl.monitor.model import Event
from salesctrl.outcome import Outcome
from salesctrl.policy.documents import LocalText

MOST_ELAPSED = 1000
"""So many elapsed transitions follow one another without an event; a circle without time would never end."""

_FACT = f"{STAGE}.{EVENTS}"
_NEVER = date.max.toordinal() + 1


class Policies(Protocol):
    """What decides: the engine."""

    @property
    def checked(self) -> CheckedSet:
        """The checked policy set."""

    def point(self, control_point: str) -> ControlPoint:
        """The plans of a control point."""


class Ladder:
    """A ladder with all its versions, ready to be walked. Safe to share between cases and threads."""

    def __init__(self, versions: Iterable[CheckedLadder], policies: Policies):
        """Prepare the versions of one ladder.

        Raises:
            ValueError: There are none, or they are of several ladders.
        """
        known = sorted(versions, key=lambda version: version.effective.first)
        if len({version.name for version in known}) != 1:
            raise ValueError(f"expected the versions of one ladder but got {len(known)}")
        self.versions = tuple(known)
        self.activities: Activities = policies.checked.cases.activities
        self._point = policies.point(known[0].point)
        self._ways = tuple(_Ways(version, self._point) for version in known)
        self.reads_events = any(ways.reads_events for ways in self._ways)
        """Whether a guard looks at the events of the case; else nobody needs a list of them."""

    @property
    def name(self) -> str:
        """Its name."""
        return self.versions[0].name

    @property
    def by(self) -> tuple[str, ...]:
        """The fields of events that make a case of it: those of the latest version."""
        return self.versions[-1].by

    def group(self, event: Event) -> tuple[str, ...] | None:
        """The case of the ladder that an event belongs to; ``None`` if it lacks a field of the key."""
        values = [event.get(name) for name in self.by]
        return None if any(value is None for value in values) else tuple(str(value) for value in values)

    def is_of(self, event: Event) -> bool:
        """Whether an event begins a case of some version, or some transition happens on it."""
        return self.begins_with(event) or any(event.activity in ways.moving for ways in self._ways)

    def begins_with(self, event: Event) -> bool:
        """Whether a case can begin with an event, in some version."""
        return any(event.activity in ways.ladder.begins for ways in self._ways)

    def beginning(self, event: Event, day: int) -> _Ways | None:
        """The version on which an event begins a case, if it begins one."""
        for ways in self._ways:
            if day in ways.ladder.effective and event.activity in ways.ladder.begins:
                return ways
        return None


def ladders_of(policies: Policies) -> Mapping[str, Ladder]:
    """All ladders of a policy set, by name."""
    versions: dict[str, list[CheckedLadder]] = {}
    for version in policies.checked.cases.ladders:
        versions.setdefault(version.name, []).append(version)
    return {name: Ladder(versions[name], policies) for name in sorted(versions)}


def walk(ladder: Ladder, events: Iterable[Event], as_of: date | None = None) -> Stage:
    """Where a case stands, by all its events.

    A pure function of the set of events and the day: their order does not matter.

    Args:
        ladder: The ladder.
        events: The events of one case, in any order. Those after ``as_of`` are left out; the same event
            twice counts once.
        as_of: The day up to which time has gone; left out, that of the last event.

    Raises:
        ValueError: Two different events have one id, or the events are of several cases.
    """
    walker = Walker(ladder)
    for event in events:
        walker.feed(event)
    return walker.at(as_of)


class Walker:
    """Walks a case as its events arrive; at every moment as `walk` would with the events fed so far.

    An event that is later than all before costs the same however long the case is. One that comes late has
    the case walked anew, when it is next asked for.
    """

    def __init__(self, ladder: Ladder):
        self._ladder = ladder
        self._known: dict[str, Event] = {}
        self._order: list[tuple[datetime, str]] = []
        self._group: tuple[str, ...] | None = None
        self._course = _Course(ladder)
        self._is_stale = False

    def feed(self, event: Event) -> None:
        """Take an event; the same event again changes nothing.

        Raises:
            ValueError: Another event has its id, it is of another case, or it lacks a field of the key.
        """
        known = self._known.get(event.id)
        if known is not None:
            if known != event:
                raise ValueError(f"two events have the id `{event.id}`")
            return
        group = self._ladder.group(event)
        if group is None or self._group not in (None, group):
            fields = ", ".join(f"`{name}`" for name in self._ladder.by)
            raise ValueError(f"event `{event.id}` is not of this case: it has another {fields}, or none")
        self._group = group
        self._known[event.id] = event
        place = (event.time, event.id)
        if self._is_stale or (self._order and place < self._order[-1]):
            insort(self._order, place)
            self._is_stale = True
        else:
            self._order.append(place)
            self._course.take(event)

    @property
    def last(self) -> date | None:
        """The day of the latest event; none before there is one."""
        return self._known[self._order[-1][1]].on if self._order else None

    def at(self, as_of: date | None = None) -> Stage:
        """Where the case stands when time has gone up to a day; left out, that of the last event."""
        if self._is_stale:
            self._course = self._walked(_NEVER)
            self._is_stale = False
        course = self._course
        day = course.day if as_of is None else as_of.toordinal()
        if day < course.day:
            course = self._walked(day)
        if day >= course.next_end:
            course = course.copy()
            course.pass_time(day)
        return course.stage(self._group or (), day)

    def _walked(self, last: int) -> _Course:
        course = _Course(self._ladder)
        for _, name in self._order:
            event = self._known[name]
            if event.on.toordinal() <= last:
                course.take(event)
        return course


class _Ways:
    """One version of a ladder: which transitions lead on from a state, and how they are decided."""

    def __init__(self, ladder: CheckedLadder, point: ControlPoint):
        self.ladder = ladder
        self._point = point
        steps = ladder.transitions
        on: dict[tuple[str, str], list[Transition]] = {}
        timed: dict[str, list[tuple[Transition, Length]]] = {}
        for step in steps:
            for state in step.sources:
                for activity in step.activities:
                    on.setdefault((state, activity), []).append(step)
                if step.after is not None:
                    timed.setdefault(state, []).append((step, step.after))
        self.on: Mapping[tuple[str, str], Sequence[Transition]] = on
        self.timed: Mapping[str, Sequence[tuple[Transition, Length]]] = timed
        self.moving = frozenset(activity for step in steps for activity in step.activities)
        plans = [plan for plan in point.plans if plan.interval.first <= ladder.effective.last]
        self.reads_events = any(_FACT in reads(plan) for plan in plans)
        self.judges = any(plan.judges for plan in plans)
        self.speaking = frozenset(r.rule.id for p in plans for r in p.rules if r.rule.because is not None)

    def end(self, length: Length, entered: int) -> int:
        """The last day of a length of time that begins on a day.

        A case that outlives its version keeps the numbers that were in force on the last day of it.
        """
        last = self.ladder.effective.last
        if entered > last:
            kept = tuple((first, value) for first, value in length.dated if first <= last)
            length = Length(kept, length.months)
        return length.end(entered)

    def decide(self, facts: Mapping[str, object], day: int) -> Decision:
        """The decision of this version, on a day that may come after its last."""
        last = self.ladder.effective.last
        if day <= last:
            return self._point.decide(facts, day, raising=False)
        evaluator = self._point.at(last)
        try:
            return evaluator.fast(facts, day)
        except Exception:  # the general path reads the facts anew, and says what is wrong
            return evaluator.general(facts, day, raising=False, tolerance=None)


class _Course:
    """The course of one case up to a moment."""

    def __init__(self, ladder: Ladder):
        self._ladder = ladder
        self._ways: _Ways | None = None
        self._evidence = EvidenceSoFar(ladder.activities)
        self._events: list[dict[str, object]] = []
        self._state: State | None = None
        self._entered = 0
        self._entered_by = ""
        self._began = 0
        self._steps: list[Step] = []
        self._done: dict[str, int] = {}
        self._blocked: dict[str, Step] = {}
        self.day = 0
        """The day up to which time has gone, an ordinal."""
        self._ends: list[tuple[int, list[Transition]]] = []
        """When time leads on from the state, and which transitions: those not yet tried, the last first."""
        self._passed: list[tuple[int, list[Transition]]] = []
        """Those tried, in the order of time."""
        self._elapsed = 0

    def copy(self) -> _Course:
        """The same course, on which time can pass without this one; no events are fed to it."""
        other = object.__new__(_Course)
        other.__dict__.update(self.__dict__)
        other._steps = list(self._steps)
        other._done, other._blocked = dict(self._done), dict(self._blocked)
        other._ends, other._passed = list(self._ends), list(self._passed)
        return other

    @property
    def next_end(self) -> int:
        """The day on which time leads on next, if it does."""
        return self._ends[-1][0] if self._ends else _NEVER

    # -- events ------------------------------------------------------------------------------------

    def take(self, event: Event) -> None:
        """Let time pass up to an event that is later than all before, and take it."""
        # In one zone days follow times; where they do not, time does not go back.
        day = max(event.on.toordinal(), self.day)
        self.pass_time(day)
        self._elapsed = 0
        self._evidence.add(event)
        facts = event_facts(event)
        if self._ladder.reads_events:
            self._events.append(facts)
        if self._state is None:
            self._begin(event, day)
            return
        assert self._ways is not None
        self._note_done(event, day)
        tried = self._ways.on.get((self._state.name, event.activity), ())
        if tried:
            moved = self._try(tried, day, event.id, facts)
        else:
            moved = False
            if event.activity in self._ways.moving:
                self._stray(event, day)
        if not moved:
            self._try_again(day, event.id)

    def _begin(self, event: Event, day: int) -> None:
        ways = self._ladder.beginning(event, day)
        if ways is None:
            return
        self._ways = ways
        self._began = day
        first = ways.ladder.first
        self._steps.append(Step(None, event.id, date.fromordinal(day), None, first, "moved", Outcome.ALLOW))
        self._enter(first, day, event.id)

    def _stray(self, event: Event, day: int) -> None:
        assert self._state is not None
        because = out_of_order(self._ladder.activities, event.activity, self._state)
        name, on = self._state.name, date.fromordinal(day)
        self._steps.append(Step(None, event.id, on, name, name, "out_of_order", Outcome.DENY, because))

    def _note_done(self, event: Event, day: int) -> None:
        assert self._state is not None
        activity = self._ladder.activities.by_name.get(event.activity)
        for due in self._state.due:
            names = {event.activity}
            if (
                activity is not None
                and activity.evidence is not None
                and activity.evidence.action is not None
            ):
                names.add(activity.evidence.action)
            if due.action in names or self._ladder.activities.find(due.action) == event.activity:
                self._done.setdefault(due.action, day)

    # -- time --------------------------------------------------------------------------------------

    def pass_time(self, day: int) -> None:
        """Let time pass up to a day, with all that happens by it."""
        while self._ends and self._ends[-1][0] <= day:
            end, steps = self._ends.pop()
            self._passed.append((end, steps))
            if self._elapsed >= MOST_ELAPSED:
                self._block(steps[0], end, None, Outcome.INCOMPLETE, endless(MOST_ELAPSED), ())
            else:
                self._try(steps, end, None, None)
        self.day = max(self.day, day)

    def _try_again(self, day: int, event: str) -> None:
        """After an event, whatever time would have led to by now, the longest overdue first."""
        for _, steps in tuple(self._passed):
            if self._try(steps, day, event, None):
                return

    # -- transitions ---------------------------------------------------------------------------------

    def _try(
        self, steps: Sequence[Transition], day: int, event: str | None, facts: Mapping[str, object] | None
    ) -> bool:
        """Try transitions in their order; whether one of them happened."""
        assert self._ways is not None and self._state is not None
        for step in steps:
            decision = self._decide(step, day, facts)
            holds = step.id in decision.fired
            if not holds and step.id not in decision.unknown:
                continue
            if not holds or not decision.allowed:
                pending = tuple(result for result in decision.requirements if not result.satisfied)
                because = self._because(decision) or why_blocked(step, decision, pending)
                self._block(step, day, event, decision.outcome, because, pending)
                return False
            kind: Kind = "moved" if step.after is None else "elapsed"
            self._steps.append(
                Step(
                    step.id, event or self._entered_by, date.fromordinal(day), self._state.name, step.target,
                    kind, decision.outcome, self._because(decision), (), step.notify,
                )
            )  # fmt: skip
            if step.after is not None:
                self._elapsed += 1
            self._enter(step.target, day, event or self._entered_by)
            return True
        return False

    def _decide(self, step: Transition, day: int, event: Mapping[str, object] | None) -> Decision:
        assert self._ways is not None and self._state is not None
        stage: dict[str, object] = {
            "transition": step.id,
            "state": self._state.name,
            "entered": date.fromordinal(self._entered),
            "days": day - self._entered,
            "began": date.fromordinal(self._began),
        }
        if self._ladder.reads_events:
            stage[EVENTS] = self._events
        facts: dict[str, object] = {STAGE: stage}
        if event is not None:
            facts["event"] = event
        if self._ways.judges:
            facts["evidence"] = self._evidence.given
        return self._ways.decide(facts, day)

    def _because(self, decision: Decision) -> LocalText | None:
        """The gravest sentence of the rules that fired; the trace is only made if one of them has any."""
        assert self._ways is not None
        if self._ways.speaking.isdisjoint(decision.fired):
            return None
        return next((found.because for found in decision.findings if found.because is not None), None)

    def _block(
        self, step: Transition, day: int, event: str | None, outcome: Outcome, because: LocalText,
        pending: tuple[RequirementResult, ...],
    ) -> None:  # fmt: skip
        """Note that a transition did not happen; of one that time led to, only what was not said before."""
        assert self._state is not None
        on = date.fromordinal(day)
        blocked = Step(
            step.id, event or self._entered_by, on, self._state.name, step.target, "blocked", outcome,
            because, pending, step.notify,
        )  # fmt: skip
        if step.after is not None:
            before = self._blocked.get(step.id)
            if before is not None and before.says_the_same(blocked):
                return
            self._blocked[step.id] = blocked
        self._steps.append(blocked)

    def _enter(self, name: str, day: int, event: str) -> None:
        assert self._ways is not None
        self._state = self._ways.ladder.states[name]
        self._entered, self._entered_by = day, event
        self._done, self._blocked, self._passed = {}, {}, []
        ends: dict[int, list[Transition]] = {}
        for step, after in self._ways.timed.get(name, ()):
            ends.setdefault(self._ways.end(after, day), []).append(step)
        self._ends = sorted(ends.items(), key=lambda end: -end[0])

    # -- what is seen of it ----------------------------------------------------------------------------

    def stage(self, group: tuple[str, ...], day: int) -> Stage:
        """Where the case stands on a day up to which time has passed."""
        as_of = date.fromordinal(day) if day else None
        name = self._ladder.name
        if self._state is None or self._ways is None:
            return Stage(name, group, as_of)
        due, changes = [], [self.next_end]
        for one in self._state.due:
            last, done = self._ways.end(one.within, self._entered), self._done.get(one.action)
            when = None if done is None else date.fromordinal(done)
            is_late = done is None and day > last
            if done is None and not is_late:
                changes.append(last + 1)
            due.append(DueAction(one.action, one.owner, date.fromordinal(last), when, is_late))
        return Stage(
            name, group, as_of, self._state.name, date.fromordinal(self._entered),
            date.fromordinal(self._began), self._entered_by, tuple(self._steps), tuple(due),
            self._ways.ladder, date.fromordinal(min(changes)) if min(changes) < _NEVER else None,
        )  # fmt: skip
