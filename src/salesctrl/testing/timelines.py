"""Timelines: events fed to a monitor, and what it found against what was expected of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import NamedTuple

from salesctrl.compile.cases import CheckedLadder
from salesctrl.diagnostics import Span, suggest
from salesctrl.engine import Engine
from salesctrl.errors import FactProblem
from salesctrl.monitor.events import EventReader
from salesctrl.monitor.findings import SEGREGATION
from salesctrl.monitor.ladder_stage import Stage
from salesctrl.monitor.model import FIELDS, Event
from salesctrl.outcome import Outcome
from salesctrl.policy.documents import TimelineDocument
from salesctrl.policy.literals import BadLiteral, parse_date
from salesctrl.policy.loader import Loaded
from salesctrl.policy.source import SourceDocument
from salesctrl.testing.facts import typed_record, unknown_name
from salesctrl.testing.model import Data, Difference, Mismatch, TestCase, TestResult, shown
from salesctrl.testing.seen import Seen

ZONE = "Asia/Shanghai"
"""The zone of times that state none, and of days."""
CASE = "case"
"""The case of an event that names none."""
EVENT = "event"
LISTS = ("fired", "not_fired", "incomplete", "blocked", "out_of_order", "overdue")
MAPS = ("stage", "entered", "due")
EXPECTED = ("outcome", *LISTS, *MAPS, "rejected")
"""What may be expected of a timeline."""
_LATE = 10_000_000
"""So many days closed cases stay: longer than the calendar, so that none has left at the end."""


def timeline_cases(loaded: Loaded[TimelineDocument]) -> Iterator[TestCase]:
    """The cases of a document."""
    doc, source = loaded.doc, loaded.source
    for i, case in enumerate(doc.cases):
        yield TestCase(
            "timeline", doc.timeline, i + 1, case.name, "", {}, case.as_of, case.expect, case.covers,
            source.span(("cases", i)), dict(_places(source, i, case.expect)), doc.overlays,
            case.events, doc.controls or None,
        )  # fmt: skip


def _places(source: SourceDocument, number: int, expect: Data) -> Iterator[tuple[str, Span]]:
    """Where the expectations of a case stand; of one that has parts, also these: ``stage.dunning``."""
    for key, value in expect.items():
        at = ("cases", number, "expect", key)
        yield key, source.span(at)
        if isinstance(value, Mapping):
            for part in value:
                yield f"{key}.{part}", source.span((*at, part))


def run_timeline(engine: Engine, case: TestCase) -> TestResult:
    """Feed the events to a monitor, let time go on, and compare."""
    problems: list[FactProblem] = []
    events = _events(engine, case, problems)
    if problems:
        return TestResult(case, None, problems=tuple(problems))
    try:
        seen = _watched(engine, case, events)
    except ValueError as error:  # a control that an overlay has taken away, or the day lies before events
        return TestResult(case, None, problems=(FactProblem("timeline", "T_TIMELINE", str(error)),))
    if "rejected" not in case.expect and seen.rejected:
        refused = (FactProblem(f"event `{one.event}`", one.code, one.reason) for one in seen.rejected)
        return TestResult(case, None, problems=tuple(refused))
    return TestResult(case, None, tuple(_Comparison(engine, case, seen).mismatches()), seen=seen)


# --- events ---------------------------------------------------------------------------------------------


def _events(engine: Engine, case: TestCase, problems: list[FactProblem]) -> list[dict[str, object]]:
    """The events with their attributes as the engine takes them, and an id and a case each.

    Ids are numbers of equal length, so that events of one moment stay in the order in which they are written.
    """
    width = len(str(len(case.events)))
    done = []
    for i, given in enumerate(case.events):
        own = {name: value for name, value in given.items() if name in FIELDS}
        rest = {name: value for name, value in given.items() if name not in FIELDS}
        attributes = _attributes(engine, rest, f"events[{i}]", problems)
        for name in attributes:
            if name in own:
                problem = FactProblem(f"events[{i}].{name}", "F_AMBIGUOUS", "given twice under two names")
                problems.append(problem)
        done.append({"id": f"{i + 1:0{width}d}", "case": CASE, **attributes, **own})
    return done


def _attributes(engine: Engine, given: Data, where: str, problems: list[FactProblem]) -> Mapping[str, object]:
    """The attributes of an event; one that the vocabulary does not have is a problem."""
    kind = engine.checked.vocabulary.kind(EVENT)
    if kind is not None:
        read = typed_record(given, kind, engine.checked.vocabulary, where, problems)
        return read if isinstance(read, Mapping) else {}
    problems += [
        unknown_name(name, f"{where}.{name}", "field of `event`", dict.fromkeys(FIELDS)) for name in given
    ]
    return {}


def _watched(engine: Engine, case: TestCase, given: Sequence[Mapping[str, object]]) -> Seen:
    """What a monitor sees when it is fed the events in the order of time.

    Raises:
        ValueError: A control is unknown, or time has gone less far than the events.
    """
    monitor = engine.monitor(controls=case.controls, zone=ZONE, late=_LATE)
    checked = engine.checked
    reader = EventReader(checked.cases.activities, ZONE, checked.vocabulary, checked.organisation)
    read = [(reader.read(one), one) for one in given]
    events = [one for one, _ in read if isinstance(one, Event)]
    events.sort(key=lambda event: (event.time, event.id))
    monitor.add_all(one for made, one in read if not isinstance(made, Event))
    monitor.add_all(events)
    last = max((event.on for event in events), default=None)
    as_of = case.as_of if isinstance(case.as_of, date) else last
    if last is not None and as_of is not None and as_of < last:
        raise ValueError(f"time has gone up to {as_of} and there is an event on {last}")
    if as_of is not None:
        monitor.advance(as_of)
    stages = {
        name: {group: stage for group, stage in monitor.stages(name).items() if stage.state is not None}
        for name in _ladders(engine, case)
    }
    return Seen(as_of, monitor.events, monitor.findings, stages, monitor.rejected)


def _ladders(engine: Engine, case: TestCase) -> Mapping[str, tuple[CheckedLadder, ...]]:
    """The ladders that are looked at, by name, with all their versions."""
    done: dict[str, tuple[CheckedLadder, ...]] = {}
    for ladder in engine.checked.cases.ladders:
        if case.controls is None or ladder.name in case.controls:
            done[ladder.name] = (*done.get(ladder.name, ()), ladder)
    return done


def watched_points(engine: Engine, case: TestCase) -> tuple[str, ...]:
    """The control points of the controls and ladders that look at a timeline."""
    cases = engine.checked.cases
    known = [(one.name, one.point) for one in cases.controls]
    known += [(one.name, one.point) for one in cases.ladders]
    return tuple(
        dict.fromkeys(point for name, point in known if case.controls is None or name in case.controls)
    )


# --- what is expected -------------------------------------------------------------------------------------


class _Known(NamedTuple):
    """What may be named: what it is called, and the names."""

    noun: str
    names: frozenset[str]


class _Comparison:
    """What was seen against what was expected of it."""

    def __init__(self, engine: Engine, case: TestCase, seen: Seen):
        self._engine, self._case, self._seen = engine, case, seen
        self._ladders = _ladders(engine, case)
        self._activities = engine.checked.cases.activities

    def mismatches(self) -> Iterator[Mismatch]:
        for what, expected in self._case.expect.items():
            if what in MAPS and isinstance(expected, Mapping):
                for name, value in expected.items():
                    found = self._part(what, str(name), value)
                    if found is not None:
                        yield self._mismatch(f"{what}.{name}", found)
                continue
            found = self._whole(what, expected)
            if found is not None:
                yield self._mismatch(what, found)

    def _mismatch(self, what: str, found: Difference) -> Mismatch:
        expected, got, help = found
        return Mismatch(what, expected, got, self._case.places.get(what, self._case.span), help)

    def _whole(self, what: str, expected: object) -> Difference | None:
        if what in LISTS:
            return self._list(what, expected)
        if what == "outcome":
            return self._outcome(expected)
        if what == "rejected":
            return self._rejected(expected)
        if what in MAPS:
            name = "an action" if what == "due" else "a ladder"
            return shown(expected), "—", f"write a mapping: {name} with what is expected of it"
        near = suggest(what, EXPECTED)
        help = f"did you mean `{near}`?" if near else f"to be expected are {', '.join(EXPECTED)}"
        return shown(expected), "nothing of this name", help

    def _outcome(self, expected: object) -> Difference | None:
        got = self._seen.outcome.value
        if expected == got:
            return None
        known = [str(outcome) for outcome in Outcome]
        help = None if expected in known else f"an outcome is one of {', '.join(known)}"
        return shown(expected), got, help

    def _rejected(self, expected: object) -> Difference | None:
        said = [f"event `{one.event}`: {one.reason}" for one in self._seen.rejected]
        got = str(len(said)) + (f" ({'; '.join(said)})" if said else "")
        if isinstance(expected, bool) or not str(expected).isascii() or not str(expected).isdigit():
            return shown(expected), got, "write how many events are rejected, e.g. `1`"
        return None if int(str(expected)) == len(said) else (str(expected), got, None)

    # -- lists ---------------------------------------------------------------------------------------------

    def _list(self, what: str, expected: object) -> Difference | None:
        got: tuple[str, ...] = getattr(self._seen, "fired" if what == "not_fired" else what)
        names = (expected,) if isinstance(expected, str) else expected
        if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
            return shown(expected), shown(got), "write a list"
        if what == "out_of_order":
            names = [self._activities.find(name) or name for name in names]
        known = self._known[what]
        stray = next((name for name in names if name not in known.names), None)
        if stray is not None:
            return shown(names), shown(got), _unknown(known, stray)
        if what == "not_fired":
            wrong = [rule for rule in got if rule in names or rule.partition("#")[0] in names]
            return (f"none of {shown(names)}", shown(wrong), None) if wrong else None
        return None if sorted(got) == sorted(set(names)) else (shown(names), shown(got), None)

    @cached_property
    def _known(self) -> Mapping[str, _Known]:
        """What lists may name: only what is looked at, for nothing else can ever come out."""
        points = watched_points(self._engine, self._case)
        policies = [policy for policy in self._engine.policies if policy.control_point in points]
        rules = {rule.id for policy in policies for rule in policy.rules}
        controls = {policy.name for policy in policies}
        if self._case.controls is None or SEGREGATION in self._case.controls:
            rules |= {pair.id for pair in self._engine.checked.segregation.pairs}
            controls.add(SEGREGATION)
        versions = [version for ladder in self._ladders.values() for version in ladder]
        steps = frozenset(step.id for version in versions for step in version.transitions)
        states = [state for version in versions for state in version.states.values()]
        fired = _Known("rule that looks at it", frozenset(rules))
        return {
            "fired": fired,
            "not_fired": fired._replace(names=fired.names | {name.partition("#")[0] for name in rules}),
            "incomplete": _Known("control that looks at it", frozenset(controls)),
            "blocked": _Known("transition of a ladder that looks at it", steps),
            "out_of_order": _Known("activity", frozenset(self._activities.by_name)),
            "overdue": _Known("action", frozenset(due.action for state in states for due in state.due)),
            "ladder": _Known("ladder that looks at it", frozenset(self._ladders)),
        }

    # -- mappings --------------------------------------------------------------------------------------------

    def _part(self, what: str, name: str, expected: object) -> Difference | None:
        if what == "due":
            return self._due(name, expected)
        known = self._known["ladder"]
        if name not in known.names:
            return shown(expected), "—", _unknown(known, name)
        stages = {"/".join(group): stage for group, stage in self._seen.stages[name].items()}
        if isinstance(expected, Mapping):
            return self._by_case(what, name, expected, stages)
        if len(stages) > 1:
            help = f"say which case: `{{{next(iter(stages))}: {shown(expected)}}}`"
            return shown(expected), f"the cases {', '.join(stages)}", help
        return self._stage(what, name, expected, next(iter(stages.values()), None))

    def _by_case(
        self, what: str, name: str, expected: Mapping[object, object], stages: Mapping[str, Stage]
    ) -> Difference | None:
        """The first case of a ladder that is not as expected."""
        for case, one in expected.items():
            found = self._stage(what, name, one, stages.get(str(case)))
            if found is not None:
                return f"{case}: {found[0]}", f"{case}: {found[1]}", found[2]
        return None

    def _stage(self, what: str, name: str, expected: object, stage: Stage | None) -> Difference | None:
        """The state of a case, or the day it was entered."""
        if what == "entered":
            return _same_day(expected, () if stage is None or stage.entered is None else (stage.entered,))
        got = None if stage is None else stage.state
        if got == expected:
            return None
        states = _Known("state", frozenset(s for version in self._ladders[name] for s in version.states))
        stray = expected is not None and expected not in states.names
        help = _unknown(states, str(expected)) if stray else None
        return _begun(expected), _begun(got), help

    def _due(self, action: str, expected: object) -> Difference | None:
        """The days on which an action is due in the states that the cases are in."""
        known = self._known["overdue"]
        if action not in known.names:
            return shown(expected), "—", _unknown(known, action)
        return _same_day(
            expected,
            tuple(sorted({d.on for stage in self._seen.each_stage for d in stage.due if d.action == action})),
        )


def _same_day(expected: object, got: tuple[date, ...]) -> Difference | None:
    """A day that is expected against those that came out: that one alone, or none."""
    said = ", ".join(day.isoformat() for day in got) or "nothing"
    if expected is None:
        return ("nothing", said, None) if got else None
    try:
        day = expected if isinstance(expected, date) else _day(expected)
    except BadLiteral as error:
        return shown(expected), said, str(error)
    return None if got == (day,) else (day.isoformat(), said, None)


def _day(text: object) -> date:
    if not isinstance(text, str):
        raise BadLiteral("expected a date, e.g. `2026-03-01`")
    return date.fromordinal(int(parse_date(text).value))


def _begun(state: object) -> str:
    return "not begun" if state is None else shown(state)


def _unknown(known: _Known, name: str) -> str:
    near = suggest(name, sorted(known.names))
    return f"`{name}` is no {known.noun}" + (f"; did you mean `{near}`?" if near else "")
