"""Plans: the rules of a control point, lowered, for a stretch of time in which nothing changes.

Where a policy, a rule, an overlay's switch or a dated parameter begins or ends, one plan ends and the next
begins; so inside a plan every parameter is a constant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from salesctrl.calendar import FIRST_DAY, LAST_DAY
from salesctrl.compile.cases import Cases
from salesctrl.compile.checked import CheckedPolicy, CheckedRule, Interval, Requirement
from salesctrl.compile.needs import PaymentNeed
from salesctrl.compile.segregation import Segregation
from salesctrl.diagnostics import Diagnostics, Span
from salesctrl.expr import tree as t
from salesctrl.expr.ir import MAX_DIGITS, Graph
from salesctrl.expr.lower import Inputs, Lowering, LoweringProblem
from salesctrl.policy.organisation import Organisation
from salesctrl.policy.types import Type
from salesctrl.policy.vocabulary import VocabularyIndex


@dataclass(frozen=True, slots=True)
class Judge:
    """A requirement in a plan, with its lowered number if it has one."""

    requirement: Requirement
    figure: int | None


@dataclass(frozen=True, slots=True)
class PlannedRule:
    """A rule in force: nodes of the graph for its condition and its effects.

    ``fired`` is the condition without what exceptions take away, and of an exception that ``requires``
    something, with that; ``met``: all requirements of a review are satisfied. ``judges`` and ``excepted_by``
    are numbers of judges and rules of the plan; ``computes`` gives output numbers and nodes.
    """

    rule: CheckedRule
    policy: CheckedPolicy
    condition: int
    fired: int
    met: int
    judges: tuple[int, ...]
    excepted_by: tuple[int, ...]
    computes: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Output:
    """A value that a decision reports: computed by rules, or (``node``) by a formula."""

    name: str
    type: Type
    policy: str
    node: int | None


@dataclass(frozen=True, slots=True)
class Dormant:
    """A rule of the control point that takes no part in a plan, and why: ``policy``, ``rule`` or ``off``."""

    rule: CheckedRule
    policy: CheckedPolicy
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is decided at a control point during an interval."""

    control_point: str
    interval: Interval
    graph: Graph
    inputs: Inputs
    policies: tuple[CheckedPolicy, ...]
    rules: tuple[PlannedRule, ...]
    outputs: tuple[Output, ...]
    judges: tuple[Judge, ...]
    dormant: tuple[Dormant, ...]
    lowerings: Mapping[str, Lowering]
    """For each policy its lowering, in which every expression of the plan is known."""
    subject: tuple[str, ...] = ()
    """The paths of the facts that name the transaction."""
    soft: frozenset[int] = frozenset()
    """The numbers of the facts that are only shown: in sentences, in columns of tables that ask nothing of
    them, as the name of the transaction. Nothing is unknown for want of them."""

    @property
    def payments(self) -> frozenset[int]:
        """The numbers of the requirements that are payments."""
        return frozenset(
            k for k, judge in enumerate(self.judges) if isinstance(judge.requirement.need, PaymentNeed)
        )


@dataclass(frozen=True, slots=True)
class CheckedSet:
    """All that evaluation needs to know, and nothing of YAML but the places."""

    name: str
    version: str
    vocabulary: VocabularyIndex
    organisation: Organisation
    policies: tuple[CheckedPolicy, ...]
    overlays: tuple[str, ...]
    plans: Mapping[str, tuple[Plan, ...]]
    segregation: Segregation = field(default_factory=Segregation)
    cases: Cases = field(default_factory=Cases)


def plan_all(
    policies: Sequence[CheckedPolicy],
    vocabulary: VocabularyIndex,
    diagnostics: Diagnostics,
    before: CheckedSet | None = None,
) -> dict[str, tuple[Plan, ...]]:
    """The plans of every control point, in the order of time.

    Where all policies of a point are those of the set ``before``, its plans are too.
    """
    known = frozenset(map(id, before.policies)) if before is not None else frozenset[int]()
    points: dict[str, list[CheckedPolicy]] = {}
    for policy in policies:
        points.setdefault(policy.control_point, []).append(policy)
    done: dict[str, tuple[Plan, ...]] = {}
    for point in sorted(points):
        if before is not None and known.issuperset(map(id, points[point])):
            done[point] = before.plans[point]
            continue
        plans = []
        for stretch in _stretches(points[point]):
            in_force = [p for p in points[point] if stretch.first in p.effective]
            if in_force:
                plans.append(
                    _Planner(point, stretch, points[point], in_force, vocabulary, diagnostics).plan()
                )
        done[point] = tuple(plans)
    return done


def _stretches(policies: Sequence[CheckedPolicy]) -> list[Interval]:
    """The days of the calendar, cut wherever something begins or ends."""
    cuts = {FIRST_DAY}
    for policy in policies:
        spans = [policy.effective, *(rule.effective for rule in policy.rules)]
        cuts |= {span.first for span in spans} | {span.last + 1 for span in spans}
        cuts |= {rule.off.until + 1 for rule in policy.rules if rule.off is not None}
        cuts |= {day for parameter in policy.parameters.values() for day, _ in parameter.dated}
    firsts = sorted(cut for cut in cuts if FIRST_DAY <= cut <= LAST_DAY)
    return [Interval(a, b - 1) for a, b in zip(firsts, [*firsts[1:], LAST_DAY + 1], strict=True)]


@dataclass(frozen=True, slots=True)
class _Definitions:
    """What the names of a policy stand for."""

    policy: CheckedPolicy

    def __call__(self, node: t.FormulaRef | t.TableRef) -> t.Node:
        if isinstance(node, t.FormulaRef):
            return self.policy.formulas[node.name].node
        return self.policy.table_outputs[node.table, node.output]


class _Planner:
    """One plan."""

    def __init__(
        self, point: str, stretch: Interval, everything: Sequence[CheckedPolicy],
        in_force: Sequence[CheckedPolicy], vocabulary: VocabularyIndex, diagnostics: Diagnostics,
    ):  # fmt: skip
        self.point, self.stretch, self.everything, self.in_force = point, stretch, everything, in_force
        self.diagnostics = diagnostics
        self.graph, self.inputs = Graph(), Inputs(vocabulary)
        self.lowerings = {policy.name: self._lowering(policy) for policy in in_force}
        self.outputs: dict[str, Output] = {}
        self.numbers: dict[str, int] = {}
        self.judges: list[Judge] = []

    def _lowering(self, policy: CheckedPolicy) -> Lowering:
        values = {name: parameter.on(self.stretch.first) for name, parameter in policy.parameters.items()}
        return Lowering(self.graph, self.inputs, values, _Definitions(policy))

    def plan(self) -> Plan:
        active: list[tuple[CheckedPolicy, CheckedRule]] = []
        dormant: list[Dormant] = []
        for policy in self.everything:
            for rule in policy.rules:
                reason = self._dormant(policy, rule)
                if reason is None:
                    active.append((policy, rule))
                elif reason != "policy":
                    dormant.append(Dormant(rule, policy, reason))
        for policy in self.in_force:
            self._formulas(policy)
        rules = self._rules(active)
        decisive = len(self.inputs.slots)
        for policy, rule in active:
            self._sentence(policy, rule)
        for policy in self.in_force:
            self._tables(policy)
        subject = {e.text: e.node for policy in self.in_force for e in policy.subject}
        paths = dict.fromkeys(node.path for node in subject.values() if isinstance(node, t.FieldRef))
        for path in paths:
            self.inputs.slot(path)
        return Plan(
            self.point, self.stretch, self.graph, self.inputs, tuple(self.in_force), rules,
            tuple(self.outputs.values()), tuple(self.judges), tuple(dormant), self.lowerings,
            tuple(paths), frozenset(range(decisive, len(self.inputs.slots))),
        )  # fmt: skip

    def _dormant(self, policy: CheckedPolicy, rule: CheckedRule) -> str | None:
        day = self.stretch.first
        if day not in policy.effective:
            return "policy"
        if rule.off is not None and day <= rule.off.until:
            return "off"
        return None if day in rule.effective else "rule"

    def _formulas(self, policy: CheckedPolicy) -> None:
        """Lower the formulas in their order, so that none is deep inside another; note the outputs."""
        lowering = self.lowerings[policy.name]
        for name, expression in policy.formulas.items():
            ref = t.FormulaRef(expression.node.type, (0, 0), name)
            type_ = ref.type if name in policy.outputs else None
            what, span = f"the formula `{name}`", expression.span or policy.span
            number = self._low(lowering, ref, type_, what, span)
            if type_ is not None and number is not None:
                self.outputs[name] = Output(name, type_, policy.name, number)

    def _sentence(self, policy: CheckedPolicy, rule: CheckedRule) -> None:
        """Lower what a rule's sentence fills in."""
        for parts in rule.because.parts.values() if rule.because is not None else ():
            for part in parts:
                if not isinstance(part, str):
                    what = f"`{part.text}` in the sentence of `{rule.id}`"
                    self._low(self.lowerings[policy.name], part.node, None, what, rule.span)

    def _tables(self, policy: CheckedPolicy) -> None:
        """Lower the inputs of tables: a column of dashes is shown too."""
        for table in policy.tables.values():
            for given in table.inputs:
                what = f"the input `{given.text}` of `{table.name}`"
                self._low(self.lowerings[policy.name], given.node, None, what, policy.span)

    def _low(self, lowering: Lowering, node: t.Node, type_: Type | None, what: str, span: Span) -> int | None:
        """The lowered value; ``None``, and reported where it begins, if it could need too many digits.

        A number has the decimals of ``type_``: a dated parameter may have fewer on this day.
        """
        try:
            if type_ is not None and type_.is_numeric and type_.scale is not None:
                return lowering.scaled(node, type_.scale)
            return lowering.low(node).num
        except LoweringProblem as problem:
            if not problem.again:
                message = f"{what} could need more than {MAX_DIGITS} digits"
                help = "round intermediate values, or declare fewer `digits` for the fields it uses"
                self.diagnostics.error("E312", message, span, help=help)
            return None

    def _rules(self, active: Sequence[tuple[CheckedPolicy, CheckedRule]]) -> tuple[PlannedRule, ...]:
        exceptors: dict[int, list[int]] = {i: [] for i in range(len(active))}
        for i, (_, rule) in enumerate(active):
            for name in rule.excepts:
                for j, (_, other) in enumerate(active):
                    if other.id == name or (other.row is not None and other.row.table == name):
                        exceptors[j].append(i)
        done: dict[int, PlannedRule] = {}
        for policy, rule in active:
            self._declare_outputs(policy, rule)
        self.numbers = {name: i for i, name in enumerate(self.outputs)}
        for i in TopologicalSorter(exceptors).static_order():
            policy, rule = active[i]
            done[i] = self._rule(policy, rule, [(j, done[j].fired) for j in exceptors[i]])
        return tuple(done[i] for i in range(len(active)))

    def _rule(
        self, policy: CheckedPolicy, rule: CheckedRule, exceptors: Sequence[tuple[int, int]]
    ) -> PlannedRule:
        g, lowering = self.graph, self.lowerings[policy.name]
        span = rule.when.span or rule.span
        low = self._low(lowering, rule.when.node, None, f"the condition of `{rule.id}`", span)
        condition = g.true if low is None else low
        judges = tuple(self._judge(lowering, requirement, rule) for requirement in rule.requirements)
        met = g.logic("and", [self._judge_node(k) for k in judges])
        parts = [condition, *(g.invert(fired) for _, fired in exceptors)]
        if rule.excepts:
            parts.append(met)
        fired = g.logic("and", parts)
        computes: list[tuple[int, int]] = []
        for name, expression in rule.computes:
            span = expression.span or rule.span
            type_, what = self.outputs[name].type, f"`{name}` of `{rule.id}`"
            number = self._low(lowering, expression.node, type_, what, span)
            if number is not None:
                computes.append((self.numbers[name], number))
        return PlannedRule(
            rule, policy, condition, fired, met, judges, tuple(j for j, _ in exceptors), tuple(computes)
        )

    def _declare_outputs(self, policy: CheckedPolicy, rule: CheckedRule) -> None:
        for name, expression in rule.computes:
            type_, known = expression.node.type, self.outputs.get(name)
            if known is None or (known.type.scale or 0) < (type_.scale or 0):
                self.outputs[name] = Output(name, type_, policy.name, None)

    def _judge(self, lowering: Lowering, requirement: Requirement, rule: CheckedRule) -> int:
        figure = None
        if requirement.figure is not None:
            what, span = f"the requirement `{requirement.need.id}`", requirement.figure.span or rule.span
            figure = self._low(lowering, requirement.figure.node, requirement.figure.node.type, what, span)
        self.judges.append(Judge(requirement, figure))
        return len(self.judges) - 1

    def _judge_node(self, number: int) -> int:
        figure = self.judges[number].figure
        return self.graph.make("judge", () if figure is None else (figure,), number)


def reads(plan: Plan) -> tuple[str, ...]:
    """The paths of the facts that a plan reads, ``as_of`` aside, in the order of their numbers."""
    return tuple(plan.inputs.slots)[1:]
