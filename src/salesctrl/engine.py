"""The engine: policies loaded, checked and compiled once, then asked for decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from salesctrl.compile.checked import CheckedPolicy
from salesctrl.compile.derived import metric_point
from salesctrl.compile.plan import CheckedSet
from salesctrl.decision.model import Decision
from salesctrl.diagnostics import Diagnostics, suggest
from salesctrl.errors import FactProblem, FactsError, InternalError, UnknownControlPoint
from salesctrl.evaluate.facts import day_of
from salesctrl.evaluate.point import ControlPoint
from salesctrl.kept import Kept, fingerprint
from salesctrl.loading import Loading, laid_over, policy_paths, read, set_digest
from salesctrl.policy.carried import from_text, to_text
from salesctrl.policy.documents import TestsDocument
from salesctrl.policy.literals import BadLiteral
from salesctrl.policy.loader import (
    Loaded,
    PolicySet,
    collector_paused,
    policy_files,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

    from salesctrl.batch.evaluator import BatchEvaluator
    from salesctrl.batch.measuring import MetricResult
    from salesctrl.batch.result import BatchResult
    from salesctrl.monitor.ladder_stage import Stage
    from salesctrl.monitor.log import LogResult
    from salesctrl.monitor.matchers import MatcherName
    from salesctrl.monitor.schedule import ScheduleResult
    from salesctrl.monitor.segregation import SegregationResult
    from salesctrl.monitor.stream import Monitor

Floats = Literal["exact", "nearest"]
OnError = Literal["raise", "incomplete"]
FLOAT_TOLERANCE = Decimal("1e-9")


def load(
    path: str | Path | Sequence[str | Path] | None = None,
    *,
    overlays: Sequence[str | Path] = (),
    cache: str | Path | None = None,
) -> Engine:
    """Load policies and make an engine of them.

    Args:
        path: A folder of policies, a file, or several of these; left out, the policies that come with the
            package.
        overlays: Overlays to lay over them, in this order: names of overlays in the set, or paths of files.
        cache: A folder of this user's where the compiled policies are kept for the next time. They are found
            by the text of all files and by the versions of Python and of this package, so they are never
            stale; and used only if their signature is right, under a key that only the user can read.

    Raises:
        PolicyError: The policies are wrong; it carries every diagnostic, with file, line and column.

    >>> engine = load()
    >>> "order.release" in engine.control_points
    True
    """
    if cache is None:
        return _loaded(path, overlays)
    kept, mark = Kept(Path(cache)), _mark(path, overlays)
    with collector_paused():
        found = kept.find(mark) if mark is not None else None
    if isinstance(found, Loading):
        return Engine(found)
    engine = _loaded(path, overlays)
    if mark is not None and mark == _mark(path, overlays):  # no file has changed meanwhile
        kept.keep(mark, engine._loading)
    return engine


def _loaded(path: str | Path | Sequence[str | Path] | None, overlays: Sequence[str | Path]) -> Engine:
    loading = read(path, overlays=overlays)
    loading.diagnostics.raise_if_errors()
    return Engine(loading)


def _mark(path: str | Path | Sequence[str | Path] | None, overlays: Sequence[str | Path]) -> str | None:
    """What tells these policies from all others; none if they cannot be read."""
    parts: list[bytes] = []
    files = policy_files(policy_paths(path))
    for overlay in overlays:
        parts.append(str(overlay).encode())
        if files is not None and Path(overlay).exists():
            more = policy_files([Path(overlay)])
            files = None if more is None else [*files, *more]
    if files is None:
        return None
    parts += [part for name, content in files for part in (name.encode(), content)]
    return fingerprint(parts)


def load_text(text: str) -> Engine:
    """The engine that :attr:`Engine.text` was taken from, made anew: its digest is the same.

    Tests, and overlays that were not laid over the policies, are no part of it.

    Raises:
        PolicyError: The text holds no sound policies.
        InternalError: What was made of the text has another digest than the text says.

    >>> engine = load(overlays=["as-printed"])
    >>> load_text(engine.text).digest == engine.digest
    True
    """
    diagnostics = Diagnostics()
    documents, laid, wanted = from_text(text, diagnostics)
    with collector_paused():
        loading = laid_over(documents, laid, (), diagnostics)
    diagnostics.raise_if_errors()
    engine = Engine(loading)
    if engine.digest != wanted:
        raise InternalError(f"policies of the digest {wanted} became {engine.digest} on their way")
    return engine


class Engine:
    """Compiled policies. Immutable, and safe to share between threads."""

    def __init__(self, loading: Loading):
        self._loading = loading
        self._checked = loading.checked
        self._digest = set_digest(loading)
        self._points = {
            name: ControlPoint(name, plans, loading.checked, self._digest)
            for name, plans in loading.checked.plans.items()
        }
        self._batches: dict[str, BatchEvaluator] = {}
        self._metrics = {loaded.doc.metric: loaded.doc for loaded in loading.documents.metrics}

    def __repr__(self) -> str:
        points = f"{len(self._points)} control points"
        return f"Engine({self.name} {self.version}, {points}, sha256 {self.digest[:12]})"

    @property
    def name(self) -> str:
        """The name of the policy set."""
        return self._checked.name

    @property
    def version(self) -> str:
        """The version of the policy set."""
        return self._checked.version

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of all documents and the overlays laid over them."""
        return self._digest

    @property
    def text(self) -> str:
        """The policies as one text, for `load_text` in another process: the data behind the digest."""
        return to_text(self._loading.documents, self._loading.overlays, self._digest)

    @property
    def control_points(self) -> tuple[str, ...]:
        """The names of the control points, sorted."""
        return tuple(self._points)

    @property
    def policies(self) -> tuple[CheckedPolicy, ...]:
        """All policies, every version of each."""
        return self._checked.policies

    @property
    def checked(self) -> CheckedSet:
        """The checked policy set behind the engine."""
        return self._checked

    @property
    def documents(self) -> PolicySet:
        """The documents that the policies were made from."""
        return self._loading.documents

    @property
    def tests(self) -> tuple[Loaded[TestsDocument], ...]:
        """The documents of tests in the policy set."""
        return self._loading.documents.tests

    def with_overlays(self, overlays: Sequence[str | Path]) -> Engine:
        """An engine of the same policies with further overlays laid over them; this one stays as it is.

        Args:
            overlays: Names of overlays in the set, or paths of files, in this order. One that lies over the
                policies already stays where it is.

        Raises:
            PolicyError: An overlay is unknown, or does not fit the policies.

        >>> engine = load()
        >>> engine.with_overlays(["as-printed"]).checked.overlays
        ('as-printed',)
        >>> engine.checked.overlays
        ()
        """
        diagnostics = Diagnostics(sources=dict(self._loading.diagnostics.sources))
        loading = laid_over(
            self._loading.documents, self._loading.overlays, overlays, diagnostics, self._checked
        )
        diagnostics.raise_if_errors()
        return Engine(loading)

    def point(self, control_point: str) -> ControlPoint:
        """The plans of a control point; raises :class:`UnknownControlPoint`."""
        found = self._points.get(control_point)
        if found is None:
            raise UnknownControlPoint(
                control_point, self.control_points, suggest(str(control_point), self._points)
            )
        return found

    def facts(self, control_point: str) -> type[BaseModel]:
        """The facts that a control point reads, as a pydantic model (``.model_json_schema()``)."""
        from salesctrl.evaluate.models import facts_model

        return facts_model(self.point(control_point).plans, self._checked.vocabulary)

    def evaluate(
        self,
        control_point: str,
        facts: object,
        *,
        as_of: date | str | None = None,
        on_error: OnError = "raise",
        floats: Floats = "exact",
    ) -> Decision:
        """Decide one transaction.

        Args:
            control_point: Which control point decides.
            facts: A mapping of records (``{"order": {"amount": Decimal("100.00")}}``), a pydantic model, a
                dataclass or any object with such attributes. Money and rates are ``Decimal``, ``int`` or
                text; a float only if it is the nearest double of a number with the declared decimals. A field
                that is absent or ``None`` is unknown.
            as_of: The date of the decision; left out, it is the fact ``as_of``. There is no clock.
            on_error: With ``"incomplete"`` facts that are wrong count as unknown, the decision is not better
                than ``incomplete`` and says what was wrong with them.
            floats: With ``"nearest"`` the noise of binary arithmetic, up to 1e-9, is rounded to the declared
                decimals, and the trace says so.

        Raises:
            UnknownControlPoint: No policy names it; the message has a suggestion.
            FactsError: Facts are wrong; it carries every problem with the path of the field.

        >>> from decimal import Decimal
        >>> facts = {"order": {"amount": Decimal("80000.00")}}
        >>> decision = load().evaluate("order.release", facts, as_of="2026-03-01")
        >>> decision.outcome, decision.pending
        (<Outcome.REVIEW: 'review'>, ('CR-17-1',))
        """
        point = self._points.get(control_point)
        if point is None:
            point = self.point(control_point)
        day = as_of.toordinal() if as_of.__class__ is date else _day(as_of, facts)
        first, last, fast = point.latest
        if first <= day <= last:
            try:
                return fast(facts, day)
            except Exception:  # noqa: S110 - the general path reads the facts anew, and says what is wrong
                pass
        tolerance = FLOAT_TOLERANCE if floats == "nearest" else None
        return point.decide(facts, day, raising=on_error == "raise", tolerance=tolerance)

    def evaluate_frame(
        self,
        control_point: str,
        frame: object,
        *,
        as_of: date | str | None = None,
        columns: Mapping[str, str | Sequence[str]] | None = None,
        lists: Mapping[str, object] | None = None,
        key: str | Sequence[str] = (),
        on_error: Literal["row", "raise"] = "row",
        floats: Floats = "exact",
    ) -> BatchResult:
        """Decide every row of a frame: the decisions of `evaluate`, row for row, at the speed of columns.

        Args:
            control_point: Which control point decides.
            frame: A frame of pandas or Polars (a lazy one too), or a table, record batch or reader of Arrow.
                Its columns are found by the dotted path of a fact (``order.amount``), by its name alone, its
                title or an alias, in English or Chinese. Numbers may be integers, decimals, texts
                (``"1,234.50"``, ``"5%"``) or floats as `evaluate` takes them; null is unknown.
            as_of: The date of all decisions; left out, each row has its own, in a column ``as_of``, and is
                decided by the rules in force on it.
            columns: The facts that columns hold whose names do not say it:
                ``{"Betrag": "order.amount"}``.
            lists: Frames with the items of lists, by the names of these: ``{"order.lines": lines}``.
            key: The column, or columns, by which these frames refer to the rows; where no column holds the
                subject of the policies, the result shows them too.
            on_error: With ``"row"`` a row with a wrong fact is at least ``incomplete``, and the result says
                what was wrong; with ``"raise"`` all that is wrong is raised.
            floats: As for `evaluate`.

        Raises:
            UnknownControlPoint: No policy names it.
            FactsError: The frame cannot be read: a column that could be several facts, two for one, a name
                that is nearly that of a fact; no date. With ``on_error="raise"`` also for wrong facts.

        >>> import polars as pl
        >>> orders = pl.DataFrame({"order.amount": ["80000.00", "ten"], "客户等级": ["A", "B"]})
        >>> result = load().evaluate_frame("order.release", orders, as_of="2026-03-01")
        >>> result.columns["outcome"].to_list()
        ['review', 'incomplete']
        """
        from salesctrl.batch.reading import Options

        options = Options(
            columns=columns,
            lists=dict(lists or {}),
            key=(key,) if isinstance(key, str) else tuple(key),
            tolerance=FLOAT_TOLERANCE if floats == "nearest" else None,
        )
        day = None if as_of is None else _day(as_of, {})
        return self._batch(control_point).evaluate(frame, day, options, raising=on_error == "raise")

    def measure(
        self,
        metric: str,
        frame: object,
        *,
        as_of: date | str,
        columns: Mapping[str, str] | None = None,
        facts: Mapping[str, object] | None = None,
        groups: object | None = None,
        on_error: Literal["row", "raise"] = "row",
        floats: Floats = "exact",
    ) -> MetricResult:
        """Compute a metric over the rows of a frame: the figures of its groups, and the decisions on them.

        Args:
            metric: The name of the metric.
            frame: The rows; a frame as `evaluate_frame` takes it, its columns named like the fields of a row.
            as_of: The date of the decisions.
            columns: The fields that columns hold whose names do not say it: ``{"Betrag": "line.amount"}``.
            facts: Facts that all groups share, by path: ``{"company.target": Decimal("1000000.00")}``.
            groups: A frame with facts of the groups, such as a target of each: a row for each group, with
                its keys, and columns with other facts. A group that has no rows is decided too.
            on_error: With ``"row"`` a group with a wrong fact in one of its rows is at least ``incomplete``,
                and the result says what was wrong; with ``"raise"`` all that is wrong is raised.
            floats: As for `evaluate`.

        Raises:
            UnknownControlPoint: There is no such metric; the message has a suggestion.
            FactsError: The rows cannot be grouped: no column holds a key, or a key cannot be read. With
                ``on_error="raise"`` also for wrong facts.
        """
        found = self._metrics.get(metric)
        if found is None:
            raise UnknownControlPoint(metric, self.metrics, suggest(str(metric), self._metrics), "metric")
        from salesctrl.batch.measuring import MetricEvaluator

        evaluator = MetricEvaluator(found, self._batch(metric_point(metric)), self._checked.vocabulary)
        return evaluator.measure(
            frame, _day(as_of, {}), columns=columns, facts=facts, beside=groups,
            tolerance=FLOAT_TOLERANCE if floats == "nearest" else None, raising=on_error == "raise",
        )  # fmt: skip

    def monitor(
        self,
        *,
        controls: Sequence[str] | None = None,
        matcher: MatcherName = "reference",
        zone: str | None = None,
        late: int = 0,
    ) -> Monitor:
        """A monitor for a live stream of events: findings as they come about, and go.

        Args:
            controls: The names of controls over cases, of ladders, and ``"segregation"``; left out, all.
            matcher: Which matcher finds events that belong together: ``"reference"``, ``"durable"`` (needs
                the extra), or ``"both"``, which raises where they differ.
            zone: The zone of times that state none, and of days: ``"Asia/Shanghai"``.
            late: How many days a closed case stays, for events that come late.

        Raises:
            ValueError: A control or the zone is unknown.
        """
        from salesctrl.monitor.stream import Monitor

        return Monitor(self, controls=controls, matcher=matcher, zone=zone, late=late)

    def restore_monitor(self, path: str | Path) -> Monitor:
        """The monitor of a snapshot, which goes on with the same results.

        Raises:
            SnapshotError: The file cannot be read, is damaged, or was made with other policies.
        """
        from salesctrl.monitor.snapshot import restore

        return restore(self, path)

    def monitor_log(
        self,
        source: object,
        *,
        as_of: date | str | None = None,
        columns: Mapping[str, str] | None = None,
        zone: str | None = None,
        case_of: str | None = None,
        controls: Sequence[str] | None = None,
    ) -> LogResult:
        """Look at a whole event log: the findings that a monitor comes to when it is fed event by event.

        Args:
            source: A file of CSV, Parquet, Excel, XES or OCEL 2.0, or a frame of pandas, Polars or Arrow.
            as_of: The day up to which time has gone: later events are left out, and counted in ``later``.
                Without it, the day of the latest event.
            columns: The fields that columns hold whose names do not say it: ``{"Belegnr": "case"}``.
            zone: The zone of times that state none, and of days.
            case_of: Of an OCEL log: the type of the objects that are the cases.
            controls: As for `monitor`.

        Raises:
            FactsError: The log cannot be read; the error carries everything that is wrong with it.
            ValueError: A control or the zone is unknown.
        """
        from salesctrl.monitor.log import monitor_log

        day = None if as_of is None else date.fromordinal(_day(as_of, {}))
        return monitor_log(
            self, source, as_of=day, columns=columns, zone=zone, case_of=case_of, controls=controls
        )

    def schedule(
        self,
        schedule: str,
        frame: object,
        *,
        until: date | str | None = None,
        start: date | str | None = None,
        payments: object | None = None,
        changes: object | None = None,
        columns: Mapping[str, str | Sequence[str]] | None = None,
        key: str | Sequence[str] = (),
        floats: Floats = "exact",
    ) -> ScheduleResult:
        """Ask a control point on one date after another: the dated lines of every row of a frame.

        Args:
            schedule: The name of the schedule: it says which control point is asked, and when.
            frame: The transactions, a row each; a frame as `evaluate_frame` takes it. Where the schedule
                names no first date, a row for each date of a transaction, with that date in ``as_of``.
            until: The last day; a schedule that counts its dates needs one.
            start: The first date of all rows, in place of the fact that the schedule names.
            payments: A frame with the key, a ``date`` and an ``amount``: what came in after the balance that
                the row has. It counts from that day on.
            changes: A frame with the key, a ``date`` and facts, which hold from that day on.
            columns: The facts that columns hold whose names do not say it.
            key: The column, or columns, that name a transaction; left out, those with the subject of the
                policies, or else the number of the row.
            floats: As for `evaluate`.

        Raises:
            UnknownControlPoint: There is no such schedule; the message has a suggestion.
            PolicyError: The schedule names facts or values that are not there.
            FactsError: The frames cannot be read: a column is missing, payments belong to no row. What is
                wrong with one transaction is said in its line.

        >>> import polars as pl
        >>> debts = pl.DataFrame({"receivable.id": ["R-1"], "receivable.overdue": ["200000.00"],
        ...     "receivable.due_date": ["2024-01-15"], "receivable.at_fault": [True]})
        >>> lines = load().schedule("wage-deductions", debts, until="2024-03-31").columns
        >>> lines.select(pl.col("date").cast(str), "what", pl.col("amount").cast(str)).rows()
        [('2024-02-29', 'CR-19-3-1', '1000.00'), ('2024-03-31', 'CR-19-3-1', '1000.00')]
        """
        found = next((one for one in self._loading.documents.schedules if one.doc.schedule == schedule), None)
        if found is None:
            raise UnknownControlPoint(
                schedule, self.schedules, suggest(str(schedule), self.schedules), "schedule"
            )
        from salesctrl.monitor.schedule import run_schedule
        from salesctrl.monitor.schedule_plan import plan_schedule
        from salesctrl.monitor.schedule_rows import Asking, dated_rows

        asking = Asking(
            until=None if until is None else _day(until, {}),
            start=None if start is None else _day(start, {}),
            payments=payments,
            changes=changes,
            columns=columns or {},
            key=(key,) if isinstance(key, str) else tuple(key),
            tolerance=FLOAT_TOLERANCE if floats == "nearest" else None,
        )
        point = found.doc.control_point
        plan = plan_schedule(found, self.point(point).plans, self._checked)
        rows = dated_rows(plan, frame, self._batch(point).columns, asking)
        return run_schedule(
            plan,
            rows,
            lambda rows, said: self.evaluate_frame(point, rows, columns=said or None, floats=floats),
        )

    @property
    def schedules(self) -> tuple[str, ...]:
        """The names of the schedules, sorted."""
        return tuple(sorted(one.doc.schedule for one in self._loading.documents.schedules))

    def segregation(
        self,
        assignments: object | None = None,
        events: object | None = None,
        *,
        as_of: date | str,
        columns: Mapping[str, str] | None = None,
        sheet: str | None = None,
        zone: str | None = None,
    ) -> SegregationResult:
        """Judge the segregation of duties: who could, who did, and what one does from end to end.

        Args:
            assignments: Who has which role: a file of CSV, Parquet or Excel, or a frame. Without assignments
                and events: the persons and delegations of the organisation.
            events: Who did what: a log that was read, or a file or frame of one.
            as_of: The day of the judgement: assignments in force on it count, and events up to it.
            columns: Columns of the assignments (or of the log, where there is nothing else) with what they
                hold, where their names do not say it: ``{"Benutzer": "person"}``.
            sheet: Of a file of Excel with assignments: which sheet.
            zone: The zone of times in the log that do not say theirs.

        Raises:
            FactsError: Something cannot be read, or its columns do not say what they hold.

        >>> import polars as pl
        >>> people = pl.DataFrame({"user": ["7", "8"], "role": ["cashier", "guard"]})
        >>> result = load().segregation(people, as_of="2026-03-01")
        >>> result.rejected.select("row", "code").rows()
        [(2, 'V_ROLE')]
        """
        from salesctrl.monitor.segregation import segregation

        return segregation(self, assignments, events, as_of=as_of, columns=columns, sheet=sheet, zone=zone)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics, sorted."""
        return tuple(sorted(self._metrics))

    @property
    def ladders(self) -> tuple[str, ...]:
        """The names of the ladders, sorted."""
        return tuple(sorted({ladder.name for ladder in self._checked.cases.ladders}))

    def stage(
        self,
        ladder: str,
        events: object,
        *,
        as_of: date | str | None = None,
        case: str | tuple[str, ...] | None = None,
        zone: str | None = None,
    ) -> Stage:
        """Where a case stands on a ladder, how it got there, and what is due.

        Args:
            ladder: The name of the ladder.
            events: The events, in any order: mappings (``{"activity": "ship", "person": "E-7", "time":
                "2026-03-01T09:30+08:00"}``; ``id`` and ``case`` may be left out), events of the monitor, or a
                log as a path or a frame.
            as_of: The day up to which time has gone; left out, that of the last event. Later events are left
                out.
            case: Which case, where the events are of several; where the ladder goes by several fields, their
                values.
            zone: The zone of times that state none, and of days: ``"Asia/Shanghai"``.

        Raises:
            UnknownControlPoint: There is no such ladder; the message has a suggestion.
            FactsError: Events cannot be read, or are of several cases; it carries every problem.
        """
        from salesctrl.monitor.stages import stage_of

        day = None if as_of is None else date.fromordinal(_day(as_of, {}))
        return stage_of(self, ladder, events, day, case, zone)

    def stages(
        self, ladder: str, events: object, *, as_of: date | str | None = None, zone: str | None = None
    ) -> tuple[Stage, ...]:
        """Where every case of a log stands on a ladder, in the order of the cases; as `stage` says.

        With ``as_of`` left out time has gone up to the last event of each case.
        """
        from salesctrl.monitor.stages import stages_of

        day = None if as_of is None else date.fromordinal(_day(as_of, {}))
        return stages_of(self, ladder, events, day, zone)

    def draw_ladder(
        self,
        ladder: str,
        stage: Stage | None = None,
        *,
        lang: Literal["en", "zh"] = "en",
        form: Literal["svg", "mermaid"] = "svg",
    ) -> str:
        """A picture of a ladder, as SVG that needs nothing else, or as a state diagram of Mermaid.

        Args:
            ladder: The name of the ladder; its latest version is drawn, or the one that the ``stage`` is of.
            stage: Where a case stands: that state is marked, the way there, and what is overdue or blocked.
            lang: The language of the words.
            form: Of the two.

        Raises:
            UnknownControlPoint: There is no such ladder.
        """
        from salesctrl.monitor.ladder_picture import ladder_mermaid, ladder_svg
        from salesctrl.monitor.stages import ladder_called

        version = ladder_called(self, ladder).versions[-1]
        if stage is not None and stage.version is not None:
            version = stage.version
        draw = ladder_mermaid if form == "mermaid" else ladder_svg
        return draw(version, stage, lang, checked=self._checked)

    def _batch(self, control_point: str) -> BatchEvaluator:
        batch = self._batches.get(control_point)
        if batch is None:
            from salesctrl.batch.evaluator import BatchEvaluator

            batch = BatchEvaluator(self.point(control_point), self._checked)
            self._batches[control_point] = batch
        return batch


def _day(as_of: date | str | None, facts: object) -> int:
    """The date of a decision, given or among the facts."""
    given: object = as_of
    try:
        if given is None:
            given = facts.get("as_of") if isinstance(facts, Mapping) else getattr(facts, "as_of", None)
        if given is not None:
            return day_of(given)
        message, help = "expected the date of the decision", "pass `as_of=date(2026, 3, 1)`"
        problem = FactProblem("as_of", "F_AS_OF", message, help)
    except BadLiteral as error:
        problem = FactProblem("as_of", "F_AS_OF", str(error), "write it as `YYYY-MM-DD`")
    except Exception as error:  # what an object does when asked is its own affair
        problem = FactProblem.unreadable("as_of", error)
    raise FactsError([problem])
