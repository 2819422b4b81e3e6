"""Where cases stand on a ladder: what `Engine.stage` and `Engine.stages` do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from salesctrl.diagnostics import quoted, suggest
from salesctrl.errors import FactProblem, FactsError, UnknownControlPoint
from salesctrl.monitor.events import EventReader, Refused
from salesctrl.monitor.ladder_stage import Stage
from salesctrl.monitor.ladders import Ladder, Policies, ladders_of, walk
from salesctrl.monitor.log_files import read_log
from salesctrl.monitor.model import Event

_MOST_NAMED = 5
_MOST_PROBLEMS = 100


def ladder_called(policies: Policies, name: str) -> Ladder:
    """The ladder of a name; raises :class:`UnknownControlPoint`."""
    known = ladders_of(policies)
    if name not in known:
        raise UnknownControlPoint(name, tuple(known), suggest(str(name), known), "ladder")
    return known[name]


def stage_of(
    policies: Policies,
    name: str,
    events: object,
    as_of: date | None,
    case: str | tuple[str, ...] | None,
    zone: str | None,
) -> Stage:
    """Where one case stands; see `Engine.stage`."""
    ladder = ladder_called(policies, name)
    wanted = None if case is None else (case,) if isinstance(case, str) else tuple(case)
    groups = _groups(ladder, policies, events, zone, name if wanted is None else wanted[0])
    if wanted is None:
        if len(groups) > 1:
            shown = ", ".join(quoted("/".join(group)) for group in sorted(groups)[:_MOST_NAMED])
            message = f"expected the events of one case but got those of {len(groups)}: {shown}"
            help = "say which: `case=…`, or ask for the `stages` of all"
            raise FactsError([FactProblem("events", "F_CASES", message, help)])
        wanted = next(iter(groups), ())
    found = groups.get(wanted)
    return walk(ladder, found, as_of) if found else Stage(name, wanted, as_of)


def stages_of(
    policies: Policies, name: str, events: object, as_of: date | None, zone: str | None
) -> tuple[Stage, ...]:
    """Where all cases stand, by their groups; see `Engine.stages`."""
    ladder = ladder_called(policies, name)
    groups = _groups(ladder, policies, events, zone, None)
    return tuple(walk(ladder, groups[group], as_of) for group in sorted(groups))


def _groups(
    ladder: Ladder, policies: Policies, given: object, zone: str | None, case: str | None
) -> dict[tuple[str, ...], list[Event]]:
    """The events by the cases of the ladder.

    Raises:
        FactsError: Events cannot be read, two have one id, or one that the ladder asks for lacks a field.
    """
    groups: dict[tuple[str, ...], list[Event]] = {}
    known: dict[str, Event] = {}
    problems: list[FactProblem] = []
    checked = policies.checked
    reader = EventReader(checked.cases.activities, zone, checked.vocabulary, checked.organisation)
    for where, one in _given(given, zone, case, problems):
        event = reader.read(one)
        if isinstance(event, Refused):
            problems.append(FactProblem(where, event.code, event.reason))
        elif known.setdefault(event.id, event) != event:
            message = f"another event has the id {quoted(event.id)}"
            problems.append(FactProblem(where, "V_SAME_ID", message, "give each its own"))
        elif (group := ladder.group(event)) is not None:
            groups.setdefault(group, []).append(event)
        elif ladder.is_of(event):
            lacking = ", ".join(f"`{field}`" for field in ladder.by if event.get(field) is None)
            message = f"the ladder `{ladder.name}` goes by {lacking}, and the event has none"
            problems.append(FactProblem(where, "F_MISSING", message, "give it"))
    if problems:
        raise FactsError(problems[:_MOST_PROBLEMS])
    return groups


def _given(
    given: object, zone: str | None, case: str | None, problems: list[FactProblem]
) -> Iterable[tuple[str, Event | Mapping[str, object]]]:
    """Events one by one, each with where it stands; a mapping may leave out its id and its case."""
    if isinstance(given, Event | Mapping):
        given = [given]
    if isinstance(given, str | Path) or not isinstance(given, Iterable) or hasattr(given, "columns"):
        log = read_log(given, zone=zone)
        for row, code, reason in log.rejected.select("row", "code", "reason").iter_rows():
            problems.append(FactProblem(f"row {row}", code, reason))
        for event in log.events():
            yield f"event `{event.id}`", event
        return
    for number, one in enumerate(given):
        where = f"events[{number}]"
        if isinstance(one, Event):
            yield where, one
        elif isinstance(one, Mapping):
            beside = {} if case is None else {"case": case}
            yield where, {"id": str(number + 1), **beside, **one}
        else:
            message = f"expected an event but got a value of type `{type(one).__name__}`"
            problems.append(FactProblem(where, "F_RECORD", message, "give a mapping"))
