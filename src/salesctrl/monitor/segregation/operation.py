"""Who did: the events of cases, and the duties that their activities are.

Everything is a function of the set of events up to a day. The events that prove a conflict are, for each
duty, the earliest by their time, then by their id, that the person did in the case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from salesctrl.monitor.log_files import EventLog
from salesctrl.monitor.segregation.findings import completed, judged, nothing, unjudged
from salesctrl.monitor.segregation.statements import Statements
from salesctrl.outcome import Outcome
from salesctrl.policy.organisation import normal


@dataclass(frozen=True, slots=True)
class Performed:
    """Events up to a day.

    ``duties`` are those at an activity with a duty that stands in a pair or a process, with these duties;
    ``unknown`` are activities that the policies do not know, each with how many events it has.
    """

    duties: pl.DataFrame
    unknown: pl.DataFrame
    later: int
    """Events after the day: they are not looked at."""


def performed(log: EventLog, statements: Statements, as_of: date) -> Performed:
    """The events of a log, with the duties that they are."""
    frame = log.frame
    wanted = set(statements.duties)
    here = pl.col("on") <= as_of
    later = frame.height - int(frame.select(here.sum()).item() or 0)
    events = frame.filter(here) if later else frame
    counts = events.group_by("activity").len()
    duty_of: dict[str, str | None] = {}
    unknown: list[str] = []
    for text in counts["activity"]:
        name = statements.activities.find(text)
        if name is None:
            unknown.append(text)
        else:
            duty = statements.activities.by_name[name].duty
            duty_of[text] = duty if duty in wanted else None
    duties = {text: duty for text, duty in duty_of.items() if duty is not None}
    doing = events.filter(pl.col("activity").is_in(list(duties))).select(
        "id", "case", "time", "on", "person", "role", "department",
        duty=pl.col("activity").replace_strict(
            list(duties), list(duties.values()), default=None, return_dtype=pl.Enum(list(statements.duties))
        ),
    )  # fmt: skip
    return Performed(
        _normalised(doing), counts.filter(pl.col("activity").is_in(unknown)).sort("activity"), later
    )


def _normalised(events: pl.DataFrame) -> pl.DataFrame:
    """With persons as they are compared everywhere."""
    odd = [person for person in events["person"].unique().drop_nulls() if normal(person) != person]
    if not odd:
        return events
    return events.with_columns(pl.col("person").replace(odd, [normal(person) for person in odd]))


def operation_findings(done: Performed, statements: Statements, as_of: date) -> pl.DataFrame:
    """Everything that persons and departments did in one case and the policies exclude."""
    events = done.duties
    persons = _earliest(events, "person")
    of_processes = _of_processes(events, statements)
    departments = _earliest(of_processes, "department")
    found = [
        _pairs(persons, statements, as_of),
        _whole(persons, "person", statements, as_of),
        _whole(departments, "department", statements, as_of),
        _without_person(events),
        _without_department(of_processes, statements),
        _unknown_activities(done, as_of),
    ]
    return pl.concat(found)


def operation_notices(done: Performed, statements: Statements, as_of: date) -> list[str]:
    """What a person should know of the log."""
    said = []
    if done.later:
        said.append(f"{done.later:,} events are later than {as_of}: they were not looked at")
    processes = statements.segregation.processes
    if processes and done.duties.height and not done.duties["department"].count():
        said.append("no event says a department: what departments did was not looked at")
    return said


def _of_processes(events: pl.DataFrame, statements: Statements) -> pl.DataFrame:
    """The events at an activity with a duty of a process."""
    duties = statements.processes["duty"].unique()
    if len(duties) == len(statements.duties):
        return events
    return events.filter(pl.col("duty").cast(pl.String).is_in(duties.implode()))


# --- the events that prove something --------------------------------------------------------------------


def _earliest(events: pl.DataFrame, who: str) -> pl.DataFrame:
    """For each case, person (or department) and duty the earliest event, where they have several duties."""
    events = events.filter(pl.col(who).is_not_null())
    for seed in range(_ROUNDS):
        events = _with_several_duties(events, who, seed)
    keys = ["case", who, "duty"]
    first = events.group_by(keys).agg(pl.col("time").min())
    return (
        events.join(first, on=[*keys, "time"], how="semi")
        .sort("id")
        .unique(keys, keep="first", maintain_order=True)
    )


_ROUNDS = 2
_MOST_PLACES = 2**26


def _with_several_duties(events: pl.DataFrame, who: str, seed: int) -> pl.DataFrame:
    """The events without most of those whose person, or department, has one duty in the case.

    Most people do one thing in a case, and to find that out by comparing texts would take most of the time.
    Here every case and person get a place in a table by their hash. Each event writes its duty there; if one
    finds another duty in its place afterwards, all events of the place are kept. Two that share a place by
    chance are kept for nothing; nothing else goes wrong, and another seed tells most of these apart.
    """
    if not events.height:
        return events
    places = min(_MOST_PLACES, 1 << (4 * events.height).bit_length())
    place = events.select(pl.struct("case", who).hash(seed) % places).to_series().to_numpy()
    duty = events["duty"].to_physical().to_numpy()
    written = np.zeros(places, duty.dtype)
    written[place] = duty
    several = np.zeros(places, np.bool_)
    several[place[written[place] != duty]] = True
    return events.filter(pl.Series(several[place]))


def _pairs(earliest: pl.DataFrame, statements: Statements, as_of: date) -> pl.DataFrame:
    """Incompatible duties that one person did in a case."""
    if not earliest.height:
        return nothing()
    pairs = statements.pairs.select(pl.col("first", "second").cast(earliest["duty"].dtype), statement="id")
    other = earliest.select("case", "person", *(pl.col(name).alias(f"other {name}") for name in _PROOF))
    both = earliest.join(pairs, left_on="duty", right_on="first", how="inner").join(
        other, left_on=["case", "person", "second"], right_on=["case", "person", "other duty"], how="inner"
    )
    roles = [
        _roles(both.select("person", role=f"{prefix}role", on=f"{prefix}on"), statements)
        for prefix in ("", "other ")
    ]
    found = both.with_columns(one=roles[0], two=roles[1]).select(
        "case", "department", id="statement", who=pl.lit("person"), subject="person",
        form=pl.lit("operation"), duties=pl.concat_list(pl.col("duty", "second").cast(pl.String)),
        by=pl.concat_list("id", "other id"), times=pl.concat_list("time", "other time"),
        on=pl.max_horizontal("on", "other on"), roles=pl.concat_list("one", "two").list.unique(),
    )  # fmt: skip
    return judged(found, statements, as_of)


_PROOF = ("id", "duty", "time", "on", "role")


def _whole(earliest: pl.DataFrame, who: str, statements: Statements, as_of: date) -> pl.DataFrame:
    """Processes that one person, or one department, did from end to end in a case."""
    if not earliest.height:
        return nothing()
    keys = ["case", who, "process"]
    joined = earliest.join(_processes(statements, earliest), on="duty", how="inner")
    whole = joined.filter(pl.len().over(keys) == pl.col("count")).sort(*keys, "place")
    found = (
        whole.with_columns(roles=_roles(whole, statements))
        .group_by(keys, maintain_order=True)
        .agg(
            subject=pl.col(who).first(), duties=pl.col("duty").cast(pl.String), by="id", times="time",
            on=pl.col("on").max(), roles=pl.col("roles").explode().drop_nulls().unique(),
            in_department=pl.col("department").first(),
        )
    )  # fmt: skip
    found = found.select(
        "case", "subject", "duties", "by", "times", "on", "roles", id="process", department="in_department",
        who=pl.lit(who), form=pl.lit("gap"),
    )  # fmt: skip
    return judged(found, statements, as_of)


def _processes(statements: Statements, events: pl.DataFrame) -> pl.DataFrame:
    """The duties of processes, ready to be joined with those of events."""
    return statements.processes.select(
        "place", "count", process="id", duty=pl.col("duty").cast(events["duty"].dtype)
    )


def _roles(events: pl.DataFrame, statements: Statements) -> pl.Series:
    """The roles that are believed of events, in lists.

    What an event says of the role is believed where no persons are listed. Where they are, a role counts if
    the person holds it on the day of the event; and if the event says none, all that the person holds.
    """
    if statements.waivers["role"].count() == 0:  # only waivers ask
        return pl.repeat([], events.height, dtype=pl.List(pl.String), eager=True)
    organisation = statements.organisation
    said = events.select("person", "role", "on").unique()
    believed: list[list[str]] = []
    for person, text, on in said.iter_rows():
        role = None if text is None else organisation.role(text)
        asked = organisation.roles if text is None else () if role is None else (role,)
        if organisation.lists_persons:
            day = on.toordinal()
            asked = tuple(r for r in asked if person and organisation.holds(person, r, day) is not None)
        elif text is None:
            asked = ()
        believed.append(list(asked))
    said = said.with_columns(roles=pl.Series(believed, dtype=pl.List(pl.String)))
    on = ["person", "role", "on"]
    return events.select(on).join(said, on=on, how="left", nulls_equal=True, maintain_order="left")["roles"]


# --- what cannot be judged --------------------------------------------------------------------------------


def _without_person(events: pl.DataFrame) -> pl.DataFrame:
    """Duties that were done in a case by nobody known: one finding each, with the earliest such event."""
    return _incomplete(events.filter(pl.col("person").is_null()), "no_person")


def _without_department(events: pl.DataFrame, statements: Statements) -> pl.DataFrame:
    """Processes in cases that one department may have done: events without one leave it open."""
    if not events["department"].count() or not events["department"].null_count():
        return nothing()
    unknown = events.filter(pl.col("department").is_null())
    cases = events.join(unknown.select("case").unique(), on="case", how="semi")
    done = cases.select("case", "department", "id", "time", "on", "duty").join(
        _processes(statements, events), on="duty", how="inner"
    )
    parts = done.select("case", "process", "department", "duty", "count").unique()
    nobody = parts.filter(pl.col("department").is_null()).drop("department")
    somebody = parts.filter(pl.col("department").is_not_null())
    departments = somebody.select("case", "process", "department").unique()
    with_unknown = pl.concat(
        [somebody, departments.join(nobody, on=["case", "process"], how="inner").select(somebody.columns)]
    )
    own = _covered(somebody, ["case", "process", "department"])
    possible = _covered(with_unknown.unique(), ["case", "process", "department"]).join(
        own, on=["case", "process", "department"], how="anti"
    )
    alone = _covered(nobody, ["case", "process"])
    open_ = pl.concat([possible.select("case", "process"), alone.select("case", "process")]).unique()
    lacking = done.filter(pl.col("department").is_null()).join(open_, on=["case", "process"], how="semi")
    return _incomplete(lacking.rename({"process": "statement"}), "no_department")


def _covered(parts: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """The groups that have all duties of their process."""
    return (
        parts.group_by(keys).agg(pl.len(), pl.col("count").first()).filter(pl.col("len") == pl.col("count"))
    )


def _incomplete(events: pl.DataFrame, why: str) -> pl.DataFrame:
    """A finding for each case and duty (and process), with the earliest of the events."""
    if not events.height:
        return nothing()
    keys = [name for name in ("case", "duty", "statement") if name in events.columns]
    found = (
        events.sort("time", "id")
        .group_by(keys, maintain_order=True)
        .agg(pl.col("id", "time", "on").first(), number=pl.len())
        .select(
            "case", "on", id=pl.col("statement") if "statement" in keys else pl.lit(None, dtype=pl.String),
            count="number", form=pl.lit("operation"), outcome=pl.lit(Outcome.INCOMPLETE.value),
            state=pl.lit("unjudged"), who=pl.lit("case"), subject="case", why=pl.lit(why),
            duties=pl.concat_list(pl.col("duty").cast(pl.String)), by=pl.concat_list("id"),
            times=pl.concat_list("time"),
        )
    )  # fmt: skip
    return completed(found)


def _unknown_activities(done: Performed, as_of: date) -> pl.DataFrame:
    """Activities that the policies do not know: nobody can say whether they are duties."""
    unknown = done.unknown
    return unjudged(
        "operation",
        "unknown_activity",
        "activity",
        unknown["activity"].to_list(),
        unknown["len"].to_list(),
        as_of,
    )
