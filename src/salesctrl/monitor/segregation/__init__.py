"""Segregation of duties in its three forms: who could, who did, and what one does from end to end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl

from salesctrl.batch.frames import Frame, take
from salesctrl.errors import FactProblem, FactsError
from salesctrl.evaluate.facts import day_of
from salesctrl.monitor.log_files import EventLog, read_log
from salesctrl.monitor.segregation.assignments import (
    REJECTED,
    Assignments,
    given_kind,
    own_assignments,
    read_assignments,
)
from salesctrl.monitor.segregation.design import design_findings, design_notices, persons_of
from salesctrl.monitor.segregation.findings import named, nothing, ordered, unjudged, unused_waivers
from salesctrl.monitor.segregation.operation import operation_findings, operation_notices, performed
from salesctrl.monitor.segregation.result import SegregationResult
from salesctrl.monitor.segregation.statements import HasPolicies, Statements
from salesctrl.policy.literals import BadLiteral

__all__ = ["Assignments", "SegregationResult", "design", "operation", "read_assignments", "segregation"]


def design(
    engine: HasPolicies,
    assignments: object | None,
    as_of: date | str,
    *,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> SegregationResult:
    """Judge who could do what the policies exclude, by the roles that are assigned.

    Args:
        engine: The policies.
        assignments: A list of assignments, as a file or a frame: see `read_assignments`; left out, the
            persons and delegations that the organisation lists.
        as_of: The day for which it is judged: assignments and waivers in force on it count.
        columns: Columns with what they hold, where their names do not say it.
        sheet: Of a file of Excel: which sheet.

    Raises:
        FactsError: The list cannot be read; or there is none, and the organisation lists no persons.

    >>> from salesctrl import load
    >>> people = pl.DataFrame({"工号": ["7", None], "岗位": ["guard", "cashier"]})
    >>> design(load(), people, "2026-03-01").rejected["code"].to_list()
    ['V_ROLE', 'V_NO_PERSON']
    """
    return _Work(engine, as_of).design(assignments, columns, sheet).result()


def operation(
    engine: HasPolicies,
    events: object,
    as_of: date | str,
    *,
    zone: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> SegregationResult:
    """Judge who did what the policies exclude, by the events of cases.

    Args:
        engine: The policies.
        events: A log that was read, or a file or a frame to read: see `read_log`.
        as_of: The day up to which events count. Waivers count on the day of the later of two events.
        zone: The zone of times that do not say theirs.
        columns: Columns of the log with what they hold, where their names do not say it.

    Raises:
        FactsError: The log cannot be read.

    >>> from salesctrl import load
    >>> log = pl.DataFrame({"case": ["S-1"], "activity": ["hum"], "time": ["2026-03-01T09:00+08:00"]})
    >>> operation(load(), log, "2026-03-01").columns.select("outcome", "who", "subject").rows()
    [('incomplete', 'activity', 'hum')]
    """
    return _Work(engine, as_of).operation(events, zone, columns).result()


def segregation(
    engine: HasPolicies,
    assignments: object | None = None,
    events: object | None = None,
    *,
    as_of: date | str,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    zone: str | None = None,
) -> SegregationResult:
    """Judge what was given: assignments, events, or both; without either, the organisation's own persons.

    ``columns`` are those of the assignments, or of the log where that is all there is. See `design` and
    `operation` for the arguments, and for what is raised.
    """
    work = _Work(engine, as_of)
    if assignments is not None or events is None:
        work.design(assignments, columns, sheet)
    if events is not None:
        work.operation(events, zone, columns if assignments is None else None)
    return work.result()


class _Work:
    """What is found, form by form."""

    def __init__(self, engine: HasPolicies, as_of: date | str):
        self._statements = Statements.of(engine)
        self._day = _day(as_of)
        self._found = [self._unstated()]
        self._rejected = [pl.DataFrame(schema=dict(REJECTED))]
        self._notices: list[str] = []
        self._kind: Frame | None = None
        self._persons: pl.DataFrame | None = None

    def _unstated(self) -> pl.DataFrame:
        if self._statements.segregation.pairs or self._statements.segregation.processes:
            return nothing()
        return unjudged("input", "no_statements", "policies", [None], [0], self._day)

    def design(
        self, assignments: object | None, columns: Mapping[str, str] | None, sheet: str | None
    ) -> _Work:
        organisation = self._statements.organisation
        if assignments is None:
            read = own_assignments(organisation, self._day.toordinal())
        elif isinstance(assignments, Assignments):
            read = assignments
        else:
            read = read_assignments(assignments, organisation, columns=columns, sheet=sheet)
        self._found.append(design_findings(read, self._statements, self._day))
        self._rejected.append(read.rejected)
        self._notices += [*read.notices, *design_notices(read, self._statements, self._day)]
        self._persons = persons_of(read)
        self._kind = self._kind or read.frame
        return self

    def operation(self, events: object, zone: str | None, columns: Mapping[str, str] | None) -> _Work:
        log = self._log(events, zone, columns)
        done = performed(log, self._statements, self._day)
        self._found.append(operation_findings(done, self._statements, self._day))
        rejected = log.rejected.with_columns(source=pl.lit("events")).select(list(REJECTED))
        self._rejected.append(rejected.cast(pl.Schema(REJECTED)))
        self._notices += operation_notices(done, self._statements, self._day)
        return self

    def _log(self, events: object, zone: str | None, columns: Mapping[str, str] | None) -> EventLog:
        if isinstance(events, EventLog):
            return events
        if not isinstance(events, str | Path):
            frame = take(events)
            self._kind = self._kind or frame
            events = frame.columns
        return read_log(events, columns=columns, zone=zone, attributes={})

    def result(self) -> SegregationResult:
        found = named(ordered(pl.concat(self._found)), self._persons, self._statements.organisation)
        notices = [*self._notices, *unused_waivers(found, self._statements, self._day)]
        kind = given_kind(self._kind)
        return SegregationResult(
            self._statements, self._day, found, pl.concat(self._rejected), tuple(notices), kind
        )


def _day(as_of: date | str) -> date:
    try:
        return date.fromordinal(day_of(as_of))
    except BadLiteral as error:
        problem = FactProblem("as_of", "F_AS_OF", str(error), "write it as `YYYY-MM-DD`")
        raise FactsError([problem]) from error
