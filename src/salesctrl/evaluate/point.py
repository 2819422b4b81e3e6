"""The evaluators of a control point: one for each plan, made when first needed, then kept."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from threading import Lock

from salesctrl.compile.checked import Interval
from salesctrl.compile.plan import CheckedSet, Plan, reads
from salesctrl.decision.model import Decision, PolicySetName, digest, keep
from salesctrl.decision.trace import Trace
from salesctrl.decision.values import Raw, plain_value
from salesctrl.decision.working import Working
from salesctrl.errors import FactsError
from salesctrl.evaluate.facts import Reading, Value, read_evidence_of, read_facts
from salesctrl.evaluate.layout import Record, layout
from salesctrl.evaluate.scalar import ScalarEvaluator, observer, trace_function
from salesctrl.evaluate.trace_printer import PlainTrace
from salesctrl.evaluate.tracing import Observe, PrintTrace, Tracer
from salesctrl.evaluate.working import DecisionWorking, PlanWorking, print_nodes
from salesctrl.evidence.given import Evidence, read_evidence
from salesctrl.expr.ir import Graph
from salesctrl.expr.lower import Inputs
from salesctrl.outcome import Outcome
from salesctrl.policy.documents import LocalText

MAX_NAMED = 4096
"""So many different sets of rules are remembered by name; then it begins anew."""


class PlanEvaluator:
    """One plan with all that is made from it; the owner of its decisions. Safe to share between threads."""

    def __init__(self, plan: Plan, checked: CheckedSet, set_digest: str):
        self.plan = plan
        self.plan_digest = digest({
            "policies": set_digest, "control_point": plan.control_point,
            "from": plan.interval.first, "to": plan.interval.last,
        })  # fmt: skip
        self.policies = PolicySetName(checked.name, checked.version, set_digest, checked.overlays)
        self.root: Record = layout(plan)
        self._organisation = checked.organisation
        self.named: dict[int, tuple[str, ...]] = {}
        self._tracer: Tracer | None = None
        self._working: PlanWorking | None = None
        self._lock = Lock()

    @cached_property
    def _scalar(self) -> ScalarEvaluator:
        """The plan as code: made when a transaction is decided by itself, which tables may never ask for."""
        return ScalarEvaluator(self.plan, self.root, self._organisation, self)

    @cached_property
    def fast(self) -> Callable[[object, int], Decision]:
        """Facts and day to a decision; raises anything at all where the facts are not plain and complete."""
        return self._scalar.fast

    def general(self, facts: object, day: int, *, raising: bool, tolerance: Decimal | None) -> Decision:
        """Decide on facts of any form; raises :class:`FactsError` for wrong ones if ``raising``."""
        reading = read_facts(self.root, len(self.plan.inputs.slots), facts, tolerance)
        evidence: Evidence | None = None
        if self.plan.judges:
            evidence = read_evidence(read_evidence_of(facts, reading), "evidence", reading.problems)
        if reading.problems and raising:
            raise FactsError(reading.problems)
        reading.values[0] = day
        keep = reading if reading.problems or reading.rounded else None
        return self.decision_of(tuple(reading.values), evidence, keep)

    def decision_of(
        self, values: tuple[Value, ...], evidence: Evidence | None, reading: Reading | None = None
    ) -> Decision:
        """Decide on run-time values in the order of the plan's inputs; ``reading`` is kept with it."""
        decision = self._scalar.general(values, evidence, reading)
        refused = reading is not None and reading.problems
        return at_least_incomplete(decision) if refused or not self.plan.policies else decision

    def name(self, bits: int) -> tuple[str, ...]:
        """The ids of the rules whose bits are set."""
        if len(self.named) >= MAX_NAMED:
            self.named.clear()
        ids = self.named[bits] = tuple(r.rule.id for i, r in enumerate(self.plan.rules) if bits >> i & 1)
        return ids

    def trace(self, decision: Decision) -> Trace:
        """The trace of a decision of this plan; nothing of it is made yet."""
        return Trace(
            self.plan.control_point,
            decision.as_of,
            decision.outcome,
            lambda: self._traced().parts(decision, self._scalar.values(decision)),
            lambda: self._traced().plain(decision),
        )

    def unknown_nodes(self, values: tuple[Value, ...], evidence: Evidence | None) -> tuple[bool, ...]:
        """Which of the nodes that the trace of a decision shows are unknown, without making the trace."""
        return self._traced().unknown(values, evidence)

    def _traced(self) -> Tracer:
        tracer = self._tracer
        if tracer is None:
            with self._lock:
                tracer = self._tracer
                if tracer is None:
                    tracer = Tracer(self.plan, self._organisation, self._observe, self._print_trace)
                    self._tracer = tracer
        return tracer

    def _observe(self, nodes: Sequence[int]) -> Observe:
        return observer(self.plan, dict(self._scalar.globals), nodes)

    def _print_trace(self, make: PrintTrace, shown: Sequence[int], whole: Sequence[int]) -> PlainTrace:
        globals_ = dict(self._scalar.globals)
        return trace_function(self.plan, globals_, self._organisation, make, shown, whole)

    def working(self, decision: Decision) -> Working:
        """The expressions of the plan with the numbers of a decision."""
        with self._lock:
            if self._working is None:
                self._working = PlanWorking(self.plan, self._print_nodes)
        kept, reading = decision._kept[2], decision._kept[9]
        evidence = kept if isinstance(kept, Evidence) else None
        problems = reading.problems if isinstance(reading, Reading) else ()
        return DecisionWorking(
            self._working, self._scalar.values(decision), evidence, frozenset(p.path for p in problems)
        )

    def _print_nodes(
        self, nodes: Sequence[int], around: Sequence[int] | None
    ) -> Callable[..., tuple[Value, ...]]:
        return print_nodes(self.plan, dict(self._scalar.globals), nodes, around)

    def values(self, decision: Decision) -> tuple[Raw, ...]:
        """The facts of a decision in their run-time form, in the order of the plan's inputs."""
        return self._scalar.values(decision)

    def again(self, decision: Decision, changed: Mapping[int, Raw], evidence: Evidence | None) -> Decision:
        """Decide anew on the same day, with some facts changed and with this evidence."""
        values: list[Value] = list(self._scalar.values(decision))
        for place, value in changed.items():
            values[place] = value  # type: ignore[call-overload]
        reading = decision._kept[9]
        return self.decision_of(tuple(values), evidence, reading if isinstance(reading, Reading) else None)

    def role_title(self, role: str) -> LocalText | None:
        """What people call a role; ``None`` for what is none."""
        return self._organisation.title(role) if role in self._organisation.roles else None

    def facts(self, decision: Decision) -> Mapping[str, object]:
        """The facts of a decision in canonical form: by path, numbers as text, dates in ISO 8601."""
        vocabulary, inputs = self.plan.inputs.vocabulary, self.plan.inputs
        values = self._scalar.values(decision)
        evidence, reading = decision._kept[2], decision._kept[9]
        done: dict[str, object] = {"as_of": decision.as_of.isoformat()}
        for path, value in zip(reads(self.plan), values[1:], strict=True):
            items = inputs.items.get(path + "[]")
            if items is None or value is None:
                done[path] = plain_value(value, vocabulary.at(path).type)
            else:
                done[path] = self._records(path + "[]", value)
        if isinstance(evidence, Evidence):
            done["evidence"] = evidence.to_dict()
        if isinstance(reading, Reading) and reading.problems:
            done["refused"] = sorted(p.path for p in reading.problems)
        return done

    def _records(self, path: str, value: object) -> list[dict[str, object]]:
        assert isinstance(value, tuple)
        names = self.plan.inputs.items.get(path, {})
        done: list[dict[str, object]] = []
        for item in value:
            record: dict[str, object] = {}
            for name, part in zip(names, item, strict=True):
                inner = f"{path}.{name}"
                if inner + "[]" in self.plan.inputs.items and part is not None:
                    record[name] = self._records(inner + "[]", part)
                else:
                    record[name] = plain_value(part, self.plan.inputs.vocabulary.at(inner).type)
            done.append(record)
        return done


def at_least_incomplete(decision: Decision) -> Decision:
    """The same decision, but not better than incomplete: some of its facts were refused."""
    kept = decision._kept
    rank = max(kept[8], Outcome.INCOMPLETE.rank)
    made: Decision = object.__new__(Decision)
    keep(made, (*kept[:8], rank, kept[9]))
    return made


def _nothing(facts: object, day: int) -> Decision:
    """Stands where no plan was used yet; the interval beside it is empty."""
    raise AssertionError(day)


class ControlPoint:
    """All plans of a control point, by date."""

    def __init__(self, name: str, plans: Sequence[Plan], checked: CheckedSet, set_digest: str):
        self.name = name
        self._plans = tuple(plans)
        self._firsts = [plan.interval.first for plan in plans]
        self._checked = checked
        self._digest = set_digest
        self._made: dict[int, PlanEvaluator] = {}
        self._lock = Lock()
        self.latest: tuple[int, int, Callable[[object, int], Decision]] = (1, 0, _nothing)
        """First and last day of the plan last used, and its fast function: most calls are for these."""

    @property
    def plans(self) -> tuple[Plan, ...]:
        """The plans in the order of time."""
        return self._plans

    def at(self, day: int) -> PlanEvaluator:
        """The evaluator for a day. Where no policy is in force it knows no rules, and allows nothing."""
        number = bisect_right(self._firsts, day) - 1
        in_force = number >= 0 and day <= self._plans[number].interval.last
        key = number if in_force else -1
        made = self._made.get(key)
        if made is None:
            with self._lock:
                made = self._made.get(key)
                if made is None:
                    made = self._made[key] = self._make(number if in_force else None)
        return made

    def _make(self, number: int | None) -> PlanEvaluator:
        if number is not None:
            return PlanEvaluator(self._plans[number], self._checked, self._digest)
        nothing = Plan(
            self.name, Interval(1, 0), Graph(), Inputs(self._checked.vocabulary), (), (), (), (), (), {}
        )
        return PlanEvaluator(nothing, self._checked, self._digest)

    def decide(
        self, facts: object, day: int, *, raising: bool = True, tolerance: Decimal | None = None
    ) -> Decision:
        """The decision for facts on a day."""
        evaluator = self.at(day)
        interval = evaluator.plan.interval
        if day in interval:  # and not in a gap between versions
            self.latest = (interval.first, interval.last, evaluator.fast)
        try:
            decision = evaluator.fast(facts, day)
        except Exception:
            decision = evaluator.general(facts, day, raising=raising, tolerance=tolerance)
        return decision if evaluator.plan.policies else at_least_incomplete(decision)
