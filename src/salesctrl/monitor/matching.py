"""What a control makes of a match: is it one at all, what stands around it, when is it decided, and how.

Everything here is a function of the events of one group and of the day up to which time has gone. The live
stream calls it for the matches that an event touches; `findings_of`, which looks at all of them, is what the
stream and whole logs are held equal to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice, pairwise, product
from typing import NamedTuple

from salesctrl.compile.cases import Activities, Around, CheckedControl
from salesctrl.compile.derived_cases import EVENT_FIELDS, MATCHED
from salesctrl.monitor.evidence import evidence_of
from salesctrl.monitor.findings import CaseFinding, Decide, event_facts, of_decision
from salesctrl.monitor.model import Event
from salesctrl.outcome import Outcome
from salesctrl.policy.documents import LocalText

MOST_MATCHES = 10_000
"""So many matches of one control in one group are decided; with more of them the group is incomplete."""

Chosen = Mapping[str, Event]
"""The events of a match, by variable."""


class Candidate(NamedTuple):
    """A match that can be decided: its events, the lists around it, and the day of the decision."""

    events: Mapping[str, Event]
    lists: Mapping[str, tuple[Event, ...]]
    on: int


class Waiting(NamedTuple):
    """A match that is decided when time has gone past this day."""

    until: int


def moment(event: Event) -> tuple[datetime, str]:
    """What events are sorted by."""
    return event.time, event.id


def group_of(fields: Sequence[str], event: Event) -> tuple[str, ...] | None:
    """The values of the fields as texts, or none where one of them is not known."""
    values = tuple(event.get(name) for name in fields)
    return None if any(value is None or value == "" for value in values) else tuple(str(v) for v in values)


def watched(control: CheckedControl) -> frozenset[str]:
    """The activities that stand around matches: what is absent, and what is gathered."""
    return frozenset[str]().union(*(around.activities for around in (*control.absent, *control.gather)))


def spoken_of(control: CheckedControl) -> frozenset[str]:
    """All activities that a control speaks of."""
    return watched(control).union(*(activities for _, activities in control.events))


def is_match(control: CheckedControl, chosen: Chosen) -> bool:
    """Whether events that have all keys in common stand in the order, and as near, as the control says."""
    order = [chosen[name].time for name in control.order]
    if any(earlier >= later for earlier, later in pairwise(order)):
        return False
    if control.within is not None:
        days = [event.on.toordinal() for event in chosen.values()]
        return max(days) <= control.within.end(min(days))
    return True


def deadline(around: Around, chosen: Chosen) -> int | None:
    """The last day (an ordinal) on which events belong to it, if it has one."""
    if around.within is None:
        return None
    start = chosen[around.of].on if around.of is not None else max(event.on for event in chosen.values())
    return around.within.end(start.toordinal())


def belongs(around: Around, chosen: Chosen, event: Event) -> bool:
    """Whether an event of the group, that is none of the match, belongs to what stands around it."""
    if event.activity not in around.activities:
        return False
    if around.after is not None and event.time < chosen[around.after].time:
        return False
    if around.before is not None and event.time > chosen[around.before].time:
        return False
    until = deadline(around, chosen)
    return until is None or event.on.toordinal() <= until


def settle(
    control: CheckedControl, chosen: Chosen, others: Iterable[Event], now: int | None
) -> Candidate | Waiting | None:
    """What becomes of a match among the other events of its group: none where something absent is there."""
    own = {event.id for event in chosen.values()}
    lists: dict[str, list[Event]] = {around.name: [] for around in control.gather}
    for event in others:
        if event.id in own:
            continue
        if any(belongs(around, chosen, event) for around in control.absent):
            return None
        for around in control.gather:
            if belongs(around, chosen, event):
                lists[around.name].append(event)
    ends = [deadline(around, chosen) for around in (*control.absent, *control.gather)]
    until = max((end for end in ends if end is not None), default=None)
    if until is not None:
        if now is None or now <= until:
            return Waiting(until)
        on = until + 1
    else:
        days = [event.on for event in chosen.values()]
        days += [event.on for gathered in lists.values() for event in gathered]
        on = max(days).toordinal()
    ordered = {name: tuple(sorted(found, key=moment)) for name, found in lists.items()}
    return Candidate(chosen, ordered, on)


def decide(
    control: CheckedControl, group: tuple[str, ...], candidate: Candidate, of_group: Iterable[Event],
    activities: Activities, decision_of: Decide,
) -> CaseFinding | None:  # fmt: skip
    """Decide a match, on its events, the lists around it, and the evidence in the group up to its day."""
    if candidate.on not in control.effective:
        return None
    on = date.fromordinal(candidate.on)
    facts: dict[str, object] = {name: event_facts(event) for name, event in candidate.events.items()}
    if candidate.lists:
        facts[MATCHED] = {
            name: [event_facts(event) for event in gathered] for name, gathered in candidate.lists.items()
        }
    past = [event for event in of_group if event.on <= on]
    evidence = evidence_of(past, activities)
    if evidence:
        facts["evidence"] = evidence
    events = tuple(event.id for event in candidate.events.values())
    return of_decision(control.name, group, events, on, decision_of(control.point, facts, on))


def without_key(control: CheckedControl, event: Event) -> CaseFinding | None:
    """The finding that an event of the control lacks a field of its key; none where it has them all."""
    if event.activity not in spoken_of(control):
        return None
    of_match = any(event.activity in activities for _, activities in control.events)
    names = [*control.by, *(control.same if of_match else ())]
    lacking = [name for name in names if event.get(name) in (None, "")]
    if not lacking or event.on.toordinal() not in control.effective:
        return None
    titles = [EVENT_FIELDS[name][1] if name in EVENT_FIELDS else None for name in lacking]
    english = ", ".join(lacking)
    chinese = "、".join(name if t is None else t.get("zh") for name, t in zip(lacking, titles, strict=True))
    reason = LocalText(
        en=f"the event `{event.id}` has no {english}, so the control cannot be judged",
        zh=f"事件{event.id}缺少{chinese}，无法判断",
    )
    return CaseFinding(
        control.name, (), Outcome.INCOMPLETE, (event.case,), (event.id,), event.on, reason=reason
    )


def too_many(control: CheckedControl, group: tuple[str, ...], on: date) -> CaseFinding:
    """The finding that a group has more matches than are decided."""
    reason = LocalText(
        en=f"more than {MOST_MATCHES:,} matches in one group: not judged",
        zh=f"同组匹配超过{MOST_MATCHES:,}个，未判断",
    )
    return CaseFinding(control.name, (), Outcome.INCOMPLETE, group, (), on, reason=reason)


def earliest(control: CheckedControl, found: Iterable[tuple[Chosen, CaseFinding]]) -> Iterator[CaseFinding]:
    """All findings; of a control that reports once, the earliest of each group and what is the same in it."""
    if not control.once:
        yield from (finding for _, finding in found)
        return
    first: dict[object, tuple[object, CaseFinding]] = {}
    for chosen, finding in found:
        one = next(iter(chosen.values()))
        key = group_of((*control.by, *control.same), one)
        rank = tuple(moment(event) for event in chosen.values())
        if key not in first or rank < first[key][0]:  # type: ignore[operator]
            first[key] = rank, finding
    yield from (finding for _, finding in first.values())


def findings_of(
    control: CheckedControl,
    events: Iterable[Event],
    now: int | None,
    activities: Activities,
    decision_of: Decide,
) -> list[CaseFinding]:
    """All findings of a control on events, up to the day ``now``: the specification, by trying everything."""
    known = list(events)
    lacking = (without_key(control, event) for event in known)
    done = [finding for finding in lacking if finding is not None]
    return [*done, *of_matches(control, known, now, activities, decision_of)]


def of_matches(
    control: CheckedControl,
    events: Iterable[Event],
    now: int | None,
    activities: Activities,
    decision_of: Decide,
) -> list[CaseFinding]:
    """The findings of a control on the matches among events, but not on events without a key."""
    done: list[CaseFinding] = []
    groups: dict[tuple[str, ...], list[Event]] = {}
    for event in sorted(events, key=moment):
        if (group := group_of(control.by, event)) is not None:
            groups.setdefault(group, []).append(event)
    for group, inside in groups.items():
        matches = list(islice(_choices(control, inside), MOST_MATCHES + 1))
        if len(matches) > MOST_MATCHES:
            done.append(too_many(control, group, max(event.on for event in inside)))
            continue
        found = []
        for chosen in matches:
            if not is_match(control, chosen):
                continue
            settled = settle(control, chosen, inside, now)
            if isinstance(settled, Candidate):
                finding = decide(control, group, settled, inside, activities, decision_of)
                if finding is not None:
                    found.append((chosen, finding))
        done.extend(earliest(control, found))
    return done


def _choices(control: CheckedControl, events: Sequence[Event]) -> Iterator[Chosen]:
    """The choices of different events of one group that have all keys in common."""
    of_variables = [
        [event for event in events if event.activity in activities] for _, activities in control.events
    ]
    names = [name for name, _ in control.events]
    for chosen in product(*of_variables):
        if len({event.id for event in chosen}) < len(chosen):
            continue
        if len({group_of(control.same, event) for event in chosen}) > 1:
            continue
        if any(group_of(control.same, event) is None for event in chosen):
            continue
        yield dict(zip(names, chosen, strict=True))
