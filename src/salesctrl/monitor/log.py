"""A whole event log at once: the findings that the live monitor comes to, in columns.

Matches are joins, what is absent is an anti-join, lists are a second frame; the decisions on all matches of
a control are one call of the batch evaluator. What columns cannot say (evidence; groups that could have too
many matches) is decided as the stream does it, and `row_by_row` says how many events those were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import polars as pl

from salesctrl.compile.cases import Around, CheckedControl, Length
from salesctrl.compile.derived_cases import EVENT, EVENT_FIELDS, MATCHED
from salesctrl.errors import FactProblem, FactsError
from salesctrl.monitor.controls import Controls, Rules, Watch
from salesctrl.monitor.events import role_of
from salesctrl.monitor.findings import CaseFinding, of_decision
from salesctrl.monitor.ladder_stage import Stage
from salesctrl.monitor.ladders import Ladder, walk
from salesctrl.monitor.log_files import EventLog, read_log
from salesctrl.monitor.log_pairs import conflicts
from salesctrl.monitor.log_rows import each_event
from salesctrl.monitor.matching import MOST_MATCHES, of_matches, spoken_of
from salesctrl.monitor.model import Event
from salesctrl.outcome import Outcome
from salesctrl.policy.organisation import Organisation
from salesctrl.policy.vocabulary import VocabularyIndex
from salesctrl.tables.chosen import listed

if TYPE_CHECKING:
    from salesctrl.batch.result import BatchResult

_MATCH = "§match"


@dataclass(frozen=True)
class LogResult:
    """What the controls found in a log.

    ``log`` is what was read, and which rows were rejected; ``unknown`` are events of activities that no
    vocabulary lists. ``as_of`` is the day up to which time has gone, and ``later`` counts the events after
    it: nothing was made of them.
    """

    log: EventLog
    unknown: pl.DataFrame
    as_of: date
    findings: tuple[CaseFinding, ...]
    stages: Mapping[str, Mapping[tuple[str, ...], Stage]]
    row_by_row: int
    later: int = 0

    @property
    def outcome(self) -> Outcome:
        """The gravest of all findings; at least ``incomplete`` where events were rejected."""
        worst = [finding.outcome for finding in self.findings]
        if self.log.rejected.height or self.unknown.height:
            worst.append(Outcome.INCOMPLETE)
        return max(worst, key=lambda outcome: outcome.rank, default=Outcome.ALLOW)

    @property
    def events(self) -> int:
        """How many events were looked at."""
        return self.log.frame.height - self.later - self.unknown.height

    @property
    def cases(self) -> int:
        """How many cases there are up to the day."""
        frame = self.log.frame
        return (frame.filter(pl.col("on") <= self.as_of) if self.later else frame)["case"].n_unique()

    @property
    def frame(self) -> pl.DataFrame:
        """The findings as a frame: a row for each."""
        rows = [
            {
                "control": one.control,
                "rules": list(one.rules),
                "outcome": str(one.outcome),
                "group": list(one.group),
                "events": list(one.events),
                "on": one.on,
                "because_en": one.say("en"),
                "because_zh": one.say("zh"),
                "notify": list(one.notify),
            }
            for one in self.findings
        ]
        return pl.DataFrame(rows, schema=_SCHEMA)

    def __repr__(self) -> str:
        return f"LogResult({self.log.frame.height:,} events, {len(self.findings):,} findings, {self.outcome})"


_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "control": pl.String,
    "rules": pl.List(pl.String),
    "outcome": pl.String,
    "group": pl.List(pl.String),
    "events": pl.List(pl.String),
    "on": pl.Date,
    "because_en": pl.String,
    "because_zh": pl.String,
    "notify": pl.List(pl.String),
}


def monitor_log(
    rules: Rules,
    source: object,
    *,
    as_of: date | None = None,
    columns: Mapping[str, str] | None = None,
    zone: str | None = None,
    case_of: str | None = None,
    controls: Sequence[str] | None = None,
) -> LogResult:
    """Look at a whole event log.

    Args:
        rules: The engine.
        source: A path or a frame, as `read_log` takes it.
        as_of: The day up to which time has gone: events of later days are left out, and counted. Without it,
            the day of the latest event.
        columns: The fields that columns hold whose names do not say it.
        zone: The zone of times that state none, and of days.
        case_of: Of an OCEL log: the type of the objects that are the cases.
        controls: The names of controls, of ladders, and ``"segregation"``; left out, all of them.

    Raises:
        FactsError: The log cannot be read.
        ValueError: A control is unknown.
    """
    watching = Controls(rules, controls)
    given = dict(columns or {})
    own = {column: name for column, name in given.items() if name in EVENT_FIELDS}
    log = read_log(source, columns=own, zone=zone, case_of=case_of)
    frame = _named(log.frame, {c: n for c, n in given.items() if c not in own}, rules.checked.vocabulary)
    frame = _with_keys(frame, watching)
    whole = frame.height
    if as_of is not None:
        frame = frame.filter(pl.col("on") <= as_of)
    events, unknown = _with_activities(frame, watching)
    events = _with_roles(events, rules.checked.organisation)
    latest = events["on"].max() if events.height else None
    day = as_of or (latest if isinstance(latest, date) else date.min)
    look = _Look(rules, watching, events, day)
    found: list[CaseFinding] = []
    for watch in watching.watches.values():
        if watch.pair is None:
            found += look.findings(watch)
    if any(watch.pair is not None for watch in watching.watches.values()):
        found += conflicts(watching, events)
    stages = {}
    for name, versions in watching.ladders.items():
        stages[name] = look.stages(versions)
        found += [finding for stage in stages[name].values() for finding in stage.findings]
    ordered = tuple(sorted(found, key=lambda one: one.order))
    return LogResult(log, unknown, day, ordered, stages, look.row_by_row, whole - frame.height)


def _named(frame: pl.DataFrame, columns: Mapping[str, str], vocabulary: VocabularyIndex) -> pl.DataFrame:
    """The log with its attributes by the names of the vocabulary; what nobody knows keeps its name.

    Raises:
        FactsError: A column is not there, or holds no attribute; or two hold the same.
    """
    problems: list[FactProblem] = []
    renamed: dict[str, str] = {}
    has_fields = EVENT in vocabulary.kinds
    for column in frame.columns:
        if column in EVENT_FIELDS or column == "row":
            continue
        wanted = columns.get(column, column)
        field = vocabulary.field(EVENT, wanted) if has_fields else None
        if field is None and column in columns:
            help = "list it as a field of the kind `event`"
            problems.append(FactProblem(column, "F_COLUMN", f"unknown attribute `{wanted}`", help))
        name = wanted if field is None else field.name
        if name in renamed.values():
            help = "leave all but one of them out"
            problems.append(FactProblem(column, "F_COLUMN", f"another column holds `{name}` too", help))
        renamed[column] = name
    for column in columns:
        if column not in frame.columns:
            help = f"the columns are {listed(frame.columns)}"
            problems.append(FactProblem(column, "F_COLUMN", f"the log has no column `{column}`", help))
    if problems:
        raise FactsError(problems)
    return frame.rename(renamed)


def _with_keys(frame: pl.DataFrame, controls: Controls) -> pl.DataFrame:
    """The log with a column for every field by which events belong together, which may be empty."""
    keys = {name: None for watch in controls.watches.values() for name in watch.pattern.key}
    keys |= {name: None for versions in controls.ladders.values() for name in versions.by}
    absent = [name for name in keys if name not in frame.columns]
    return frame.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)


def _with_activities(frame: pl.DataFrame, controls: Controls) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The events by the names of their activities, and those of activities that nobody lists."""
    given = frame["activity"].unique().to_list()
    names = {text: controls.activities.find(text) for text in given}
    known = {text: name for text, name in names.items() if name is not None}
    listed = pl.col("activity").is_in(list(known))
    events = frame if len(known) == len(names) else frame.filter(listed)
    if any(text != name for text, name in known.items()):
        events = events.with_columns(pl.col("activity").replace(known))
    return events, frame.clear() if events is frame else frame.filter(~listed)


def _with_roles(events: pl.DataFrame, organisation: Organisation) -> pl.DataFrame:
    """The events with the names of roles, where there are titles or aliases; a text that means none stays."""
    texts = events["role"].drop_nulls().unique()
    names = {text: role_of(text, organisation) for text in texts}
    if all(text == name for text, name in names.items()):
        return events
    return events.with_columns(pl.col("role").replace(names))


class _Look:
    """Looks at the events of a log, control by control."""

    def __init__(self, rules: Rules, controls: Controls, events: pl.DataFrame, day: date):
        self._rules = rules
        self._controls = controls
        self._events = events
        self._day = day
        self.row_by_row = 0

    # -- controls ----------------------------------------------------------------------------------------

    def findings(self, watch: Watch) -> list[CaseFinding]:
        """The findings of a control."""
        control = watch.control
        spoken = self._events.filter(pl.col("activity").is_in(list(watch.activities)))
        done = self._lacking(watch, spoken)
        keyed = spoken.drop_nulls(list(control.by))
        if watch.evidence:
            return [*done, *self._one_by_one(control, _with_all(control, keyed))]
        crowded = self._crowded(control, keyed)
        if crowded.height:
            done += self._one_by_one(control, keyed.join(crowded, on=list(control.by), how="semi"))
            keyed = keyed.join(crowded, on=list(control.by), how="anti")
        return [*done, *self._decided(control, keyed)]

    def _lacking(self, watch: Watch, spoken: pl.DataFrame) -> list[CaseFinding]:
        """Findings on events without a field of the key."""
        own = spoken.filter(pl.col("activity").is_in(list(spoken_of(watch.control))))
        lacking = own.filter(pl.any_horizontal(pl.col(name).is_null() for name in watch.pattern.key))
        found = (self._controls.lacking(watch, event) for event in each_event(lacking))
        return [finding for finding in found if finding is not None]

    def _one_by_one(self, control: CheckedControl, events: pl.DataFrame) -> list[CaseFinding]:
        """As the specification does it."""
        self.row_by_row += events.height
        return of_matches(
            control, each_event(events), self._day.toordinal(), self._controls.activities,
            self._controls.decision,
        )  # fmt: skip

    def _crowded(self, control: CheckedControl, keyed: pl.DataFrame) -> pl.DataFrame:
        """Groups that could have more matches than are decided."""
        key = [*control.by, *control.same]
        whole = keyed.drop_nulls(list(control.same)) if control.same else keyed
        counts = [
            pl.col("activity").is_in(list(which)).sum().cast(pl.Float64).alias(f"§{i}")
            for i, (_, which) in enumerate(control.events)
        ]
        names = [f"§{i}" for i in range(len(counts))]
        product = pl.reduce(lambda a, b: a * b, [pl.col(name) for name in names]).alias("§n")
        bound = whole.group_by(key).agg(counts).select(*key, product)
        over = bound.group_by(list(control.by)).agg(pl.col("§n").sum())
        return over.filter(pl.col("§n") > MOST_MATCHES).select(list(control.by))

    def _decided(self, control: CheckedControl, keyed: pl.DataFrame) -> list[CaseFinding]:
        matches = self._matches(control, keyed)
        if not matches.height:
            return []
        lists: dict[str, pl.DataFrame] = {}
        latest = pl.max_horizontal(pl.col(f"{name}.on") for name, _ in control.events)
        days = matches.select(_MATCH, latest.alias("as_of"))
        until: list[pl.Series] = []
        for around in (*control.absent, *control.gather):
            end = _ends(around, control, matches)
            if end is not None:
                until.append(end.alias(f"{len(until)}"))
            near = self._near(around, control, matches, keyed, end)
            if around in control.absent:
                matches = matches.with_columns(
                    pl.col(_MATCH).is_in(near[_MATCH].implode()).alias(f"§{around.name}")
                )
            else:
                lists[around.name] = near
        if until:
            deadline = pl.DataFrame(until).select(pl.max_horizontal(pl.all()).alias("until"))["until"]
            days = days.with_columns(deadline.dt.offset_by("1d").alias("as_of"))
        else:
            for near in lists.values():
                last = near.group_by(_MATCH).agg(pl.col("on").max().alias("§last"))
                days = days.join(last, on=_MATCH, how="left", maintain_order="left").select(
                    _MATCH, pl.max_horizontal("as_of", "§last").alias("as_of")
                )
        matches = matches.with_columns(days["as_of"])
        first, final = (date.fromordinal(day) for day in (control.effective.first, control.effective.last))
        keep = pl.col("as_of").is_between(first, final)
        for around in control.absent:
            keep &= ~pl.col(f"§{around.name}")
        if until:
            keep &= pl.col("as_of") <= self._day
        return self._judged(control, matches.filter(keep), lists)

    def _matches(self, control: CheckedControl, keyed: pl.DataFrame) -> pl.DataFrame:
        """The matches: a row for each, the events' fields as ``variable.field``."""
        key = [*control.by, *control.same]
        whole = keyed.drop_nulls(key).drop("row", strict=False)
        parts = []
        for name, which in control.events:
            part = whole.filter(pl.col("activity").is_in(list(which)))
            renamed = part.select(
                *(pl.col(one).alias(f"§{one}") for one in key), pl.all().name.prefix(f"{name}.")
            )
            parts.append(renamed)
        joined = parts[0]
        for part in parts[1:]:
            joined = joined.join(part, on=[f"§{one}" for one in key], how="inner")
        names = [name for name, _ in control.events]
        for i, name in enumerate(names):
            for other in names[:i]:
                joined = joined.filter(pl.col(f"{name}.id") != pl.col(f"{other}.id"))
        for earlier, later in pairwise(control.order):
            joined = joined.filter(pl.col(f"{earlier}.time") < pl.col(f"{later}.time"))
        if control.within is not None:
            days = [pl.col(f"{name}.on") for name in names]
            spread = joined.select(pl.min_horizontal(days).alias("a"), pl.max_horizontal(days).alias("b"))
            joined = joined.filter(spread["b"] <= _end_of(control.within, spread["a"]))
        return joined.with_row_index(_MATCH)

    def _near(
        self, around: Around, control: CheckedControl, matches: pl.DataFrame, keyed: pl.DataFrame,
        end: pl.Series | None,
    ) -> pl.DataFrame:  # fmt: skip
        """The events around each match that belong to it."""
        names = [name for name, _ in control.events]
        others = keyed.filter(pl.col("activity").is_in(list(around.activities))).drop("row", strict=False)
        by = [f"§{one}" for one in control.by]
        bounds = matches.select(
            _MATCH, *by, *(pl.col(f"{name}.id").alias(f"§id.{name}") for name in names),
            *(pl.col(f"{name}.time").alias(f"§time.{name}") for name in names),
        )  # fmt: skip
        if end is not None:
            bounds = bounds.with_columns(end.alias("§end"))
        near = bounds.join(others, left_on=by, right_on=list(control.by), how="inner", coalesce=False)
        for name in names:
            near = near.filter(pl.col("id") != pl.col(f"§id.{name}"))
        if around.after is not None:
            near = near.filter(pl.col("time") >= pl.col(f"§time.{around.after}"))
        if around.before is not None:
            near = near.filter(pl.col("time") <= pl.col(f"§time.{around.before}"))
        if end is not None:
            near = near.filter(pl.col("on") <= pl.col("§end"))
        return near.select(_MATCH, *others.columns).sort(_MATCH, "time", "id")

    def _judged(
        self, control: CheckedControl, matches: pl.DataFrame, lists: Mapping[str, pl.DataFrame]
    ) -> list[CaseFinding]:
        if not matches.height:
            return []
        names = [name for name, _ in control.events]
        if control.once:
            order = [f"{name}.{field}" for name in names for field in ("time", "id")]
            matches = matches.sort(order)
        shown = [name for name in matches.columns if not name.startswith("§")]
        items = {n: near.join(matches, on=_MATCH, how="semi") for n, near in lists.items()}
        result = self._rules.evaluate_frame(
            control.point,
            matches.select(_MATCH, *shown),
            lists={f"{MATCHED}.{name}": near for name, near in items.items()},
            key=_MATCH,
        )
        key = [f"§{one}" for one in (*control.by, *control.same)]
        keys = matches.select(key).rows()
        ids = matches.select(f"{name}.id" for name in names).rows()
        done: list[CaseFinding] = []
        seen: set[tuple[object, ...]] = set()
        for row in self._told(control, result):
            if control.once and keys[row] in seen:
                continue
            group = tuple(str(value) for value in keys[row][: len(control.by)])
            decision = result.explain(row)
            finding = of_decision(control.name, group, ids[row], decision.as_of, decision)
            if finding is not None:
                seen.add(keys[row])
                done.append(finding)
        return done

    def _told(self, control: CheckedControl, result: BatchResult) -> list[int]:
        """The rows that are findings: those not plainly allowed, and those that somebody is told of."""
        told = result.ranks > 0
        plans = self._rules.point(control.point).plans
        telling = [planned.rule.id for plan in plans for planned in plan.rules if planned.rule.notify]
        if telling:
            fired = result.columns["fired"]
            told |= fired.list.set_intersection(telling).list.len() > 0
        return told.arg_true().to_list()

    # -- ladders -------------------------------------------------------------------------------------------

    def stages(self, ladder: Ladder) -> dict[tuple[str, ...], Stage]:
        """Where each case stands on a ladder, of those that have begun."""
        begins = frozenset[str]().union(*(version.begins for version in ladder.versions))
        by = list(ladder.by)
        keyed = self._events.drop_nulls(by)
        begun = keyed.filter(pl.col("activity").is_in(list(begins))).select(by).unique()
        groups: dict[tuple[str, ...], list[Event]] = {}
        for event in each_event(keyed.join(begun, on=by, how="semi", maintain_order="left")):
            group = ladder.group(event)
            assert group is not None  # rows without a key were left out
            groups.setdefault(group, []).append(event)
        self.row_by_row += sum(len(events) for events in groups.values())
        return {group: walk(ladder, events, self._day) for group, events in groups.items()}


def _with_all(control: CheckedControl, keyed: pl.DataFrame) -> pl.DataFrame:
    """The groups in which there is an event for every variable: in no other one is a match."""
    for _, which in control.events:
        there = keyed.filter(pl.col("activity").is_in(list(which)))
        keyed = keyed.join(there, on=list(control.by), how="semi")
    return keyed


def _ends(around: Around, control: CheckedControl, matches: pl.DataFrame) -> pl.Series | None:
    """The last day on which events belong to each match."""
    if around.within is None:
        return None
    names = [name for name, _ in control.events] if around.of is None else [around.of]
    start = matches.select(pl.max_horizontal(pl.col(f"{name}.on") for name in names).alias("on"))["on"]
    return _end_of(around.within, start)


def _end_of(length: Length, start: pl.Series) -> pl.Series:
    """The last day within a length of time from each day on."""
    days = start.unique().drop_nulls()
    ends = {day: date.fromordinal(length.end(day.toordinal())) for day in days}
    return start.replace_strict(ends, default=None, return_dtype=pl.Date)
