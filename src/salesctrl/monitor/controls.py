"""What matches are looked for, in one form: controls over cases, and pairs of incompatible duties."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Literal, Protocol

from salesctrl.calendar import FIRST_DAY, LAST_DAY
from salesctrl.compile.cases import Activities, CheckedControl
from salesctrl.compile.checked import Interval
from salesctrl.compile.plan import CheckedSet
from salesctrl.compile.segregation import Pair, Segregation
from salesctrl.decision.model import Decision
from salesctrl.diagnostics import suggest
from salesctrl.evaluate.point import ControlPoint
from salesctrl.monitor.findings import SEGREGATION, CaseFinding
from salesctrl.monitor.ladders import ladders_of
from salesctrl.monitor.matching import Candidate, decide, group_of, spoken_of, watched, without_key
from salesctrl.monitor.model import Event, Pattern, Variable
from salesctrl.outcome import Outcome
from salesctrl.policy.organisation import normal

if TYPE_CHECKING:
    from salesctrl.batch.result import BatchResult


class Rules(Protocol):
    """The policies that the monitor works by: an engine."""

    @property
    def checked(self) -> CheckedSet:
        """The checked policy set."""

    @property
    def digest(self) -> str:
        """What tells the policies from all others."""

    def point(self, control_point: str) -> ControlPoint:
        """The plans of a control point."""

    def evaluate(
        self,
        control_point: str,
        facts: object,
        *,
        as_of: date | str | None = None,
        on_error: Literal["raise", "incomplete"] = "raise",
    ) -> Decision:
        """Decide one transaction."""

    def evaluate_frame(
        self,
        control_point: str,
        frame: object,
        *,
        lists: Mapping[str, object] | None = None,
        key: str = "",
    ) -> BatchResult:
        """Decide every row of a frame."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A control, or a pair of duties, with the pattern that a matcher looks for.

    Matches are decided anew when events of the activities ``around`` come, or of those that are ``evidence``;
    ``activities`` are all that it speaks of.
    """

    control: CheckedControl
    pattern: Pattern
    pair: Pair | None
    around: frozenset[str]
    evidence: frozenset[str]
    activities: frozenset[str]

    @property
    def name(self) -> str:
        """What findings of it say."""
        return self.control.name if self.pair is None else SEGREGATION


class Controls:
    """The watches of a policy set, by pattern and by activity, and how their matches are decided."""

    def __init__(self, rules: Rules, wanted: Sequence[str] | None = None):
        """Prepare all controls, or those wanted.

        Raises:
            ValueError: One of them is unknown.
        """
        cases, segregation = rules.checked.cases, rules.checked.segregation
        ladders = ladders_of(rules)
        _check_names(wanted, {SEGREGATION, *ladders, *(control.name for control in cases.controls)})
        chosen = None if wanted is None else frozenset(wanted)
        self.ladders = {n: ladder for n, ladder in ladders.items() if chosen is None or n in chosen}
        self.rules = rules
        self.activities: Activities = cases.activities
        self.segregation: Segregation = segregation
        self.watches: dict[str, Watch] = {}
        evidence = frozenset(n for n, a in self.activities.by_name.items() if a.evidence or a.duty)
        for number, control in enumerate(cases.controls):
            if chosen is None or control.name in chosen:
                judged = any(plan.judges for plan in rules.point(control.point).plans)
                self._add(f"{control.name}#{number}", control, None, evidence if judged else frozenset())
        if chosen is None or SEGREGATION in chosen:
            for pair in segregation.pairs:
                if (made := _of_pair(pair, self.activities)) is not None:
                    self._add(made.name, made, pair, frozenset())
        self.by_activity: Mapping[str, tuple[Watch, ...]] = {
            name: tuple(watch for watch in self.watches.values() if name in watch.activities)
            for name in self.activities.by_name
        }

        self._keys: Mapping[str, tuple[str, ...]] = {
            name: tuple(dict.fromkeys(field for watch in watches for field in watch.pattern.key))
            for name, watches in self.by_activity.items()
        }

    def _add(self, name: str, control: CheckedControl, pair: Pair | None, evidence: frozenset[str]) -> None:
        variables = tuple(Variable(variable, which) for variable, which in control.events)
        pattern = Pattern(name, variables, control.by, control.same, first=pair is not None)
        activities = spoken_of(control) | evidence
        self.watches[name] = Watch(control, pattern, pair, watched(control), evidence, activities)

    def decide(
        self, watch: Watch, group: tuple[str, ...], candidate: Candidate, of_group: Iterable[Event]
    ) -> CaseFinding | None:
        """What follows from a match."""
        if watch.pair is None:
            return decide(watch.control, group, candidate, of_group, self.activities, self.decision)
        return self._conflict(watch.pair, group, candidate)

    def lacking_in(self, event: Event) -> tuple[Watch, ...]:
        """The watches that an event may lack a field for; mostly it has all that any of them asks for."""
        for name in self._keys[event.activity]:
            if event.get(name) in (None, ""):
                return self.by_activity[event.activity]
        return ()

    def lacking(self, watch: Watch, event: Event) -> CaseFinding | None:
        """The finding that an event has not all fields of the key; one for all pairs of duties together."""
        found = without_key(watch.control, event)
        return found if found is None or watch.pair is None else replace(found, control=SEGREGATION)

    def decision(self, control_point: str, facts: Mapping[str, object], on: date) -> Decision:
        """Decide at a control point; what is wrong with facts makes the decision incomplete."""
        return self.rules.evaluate(control_point, facts, as_of=on, on_error="incomplete")

    def _conflict(self, pair: Pair, group: tuple[str, ...], candidate: Candidate) -> CaseFinding:
        """One person did both duties; a waiver in force on that day makes it a thing to list."""
        events = tuple(candidate.events.values())
        person = normal(str(events[0].person))
        roles = tuple(dict.fromkeys(event.role for event in events if event.role))
        waiver = self.segregation.waiver(pair.id, person, roles, candidate.on)
        because = pair.because or pair.title
        return CaseFinding(
            SEGREGATION,
            (pair.id,),
            Outcome.DENY if waiver is None else Outcome.FLAG,
            group,
            tuple(event.id for event in events),
            date.fromordinal(candidate.on),
            (because,) if waiver is None else (because, waiver.instead),
            () if waiver is None else (waiver.owner,),
        )


def _check_names(wanted: Sequence[str] | None, known: set[str]) -> None:
    for name in wanted or ():
        if name not in known:
            near = suggest(name, sorted(known))
            hint = f"; did you mean `{near}`?" if near else ""
            raise ValueError(f"unknown control `{name}`{hint}")


def _of_pair(pair: Pair, activities: Activities) -> CheckedControl | None:
    """A pair of duties as a control over the events of a case; none where no activities have them."""
    first, second = activities.with_duty(pair.first), activities.with_duty(pair.second)
    if not first or not second:
        return None
    return CheckedControl(
        name=f"{pair.id}: {pair.first}, {pair.second}",
        title=pair.title,
        point="",
        effective=Interval(FIRST_DAY, LAST_DAY),
        by=("case",),
        events=((pair.first, first), (pair.second, second)),
        same=("person",),
        order=(),
        within=None,
        absent=(),
        gather=(),
        once=True,
        covers=(),
    )


def rank_of(watch: Watch, chosen: Mapping[str, Event]) -> tuple[tuple[object, str], ...]:
    """The place of a match among those of its group: by the times and ids of its events."""
    return tuple((chosen[name].time, chosen[name].id) for name, _ in watch.control.events)


def key_of(watch: Watch, event: Event) -> tuple[str, ...] | None:
    """The values of the group of an event, and of what is the same in a match."""
    return group_of(watch.pattern.key, event)
