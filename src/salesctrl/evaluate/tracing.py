"""Makes the trace of a decision: the plan's expressions with the values that the decision kept.

What a trace shows is settled once for a plan: a list of steps, each making one node from the values of the
graph and the nodes made before it, so that what several rules share is made once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from salesctrl.calendar import FIRST_DAY, LAST_DAY
from salesctrl.compile.checked import CheckedPolicy, CheckedRule, Expression, Sentence
from salesctrl.compile.plan import Plan, PlannedRule
from salesctrl.decision.model import Decision
from salesctrl.decision.trace import (
    Node,
    NodeTemplate,
    Off,
    ParameterTrace,
    Row,
    RuleTemplate,
    RuleTrace,
    Status,
    TraceParts,
    Version,
)  # fmt: skip
from salesctrl.decision.values import Language
from salesctrl.evaluate.facts import Reading, Value
from salesctrl.evaluate.fast_printer import FastPrinter
from salesctrl.evaluate.scalar import has_gap
from salesctrl.evaluate.trace_printer import PlainTrace, RuleSteps, Step, TracePrinter
from salesctrl.evidence.given import Evidence
from salesctrl.evidence.judgement import judge
from salesctrl.evidence.reasons import RequirementResult
from salesctrl.expr import tree as t
from salesctrl.expr.lower import Low, Lowering
from salesctrl.outcome import Outcome
from salesctrl.policy.documents import LocalText
from salesctrl.policy.organisation import Organisation
from salesctrl.policy.types import BOOLEAN

_KINDS: Mapping[type[t.Node], str] = {
    t.Literal: "literal", t.FieldRef: "field", t.AsOf: "as_of", t.ParameterRef: "parameter",
    t.FormulaRef: "formula", t.TableRef: "table", t.Arithmetic: "arithmetic", t.Negation: "arithmetic",
    t.Compare: "compare", t.Logic: "logic", t.Not: "logic", t.Conditional: "condition",
    t.Membership: "membership", t.Call: "call", t.Fold: "fold", t.Select: "select", t.Guard: "guard",
    t.MapItem: "item",
}  # fmt: skip
_NO_SPAN: t.Span = (0, 0)

Observe = Callable[[tuple[Value, ...], Evidence | None], tuple[Value, ...]]
PrintTrace = Callable[[FastPrinter], TracePrinter]


class Tracer:
    """Makes the traces of one plan; made when the first is asked for."""

    def __init__(
        self,
        plan: Plan,
        organisation: Organisation,
        observe: Callable[[Sequence[int]], Observe],
        print_trace: Callable[[PrintTrace, Sequence[int], Sequence[int]], PlainTrace],
    ):
        self.plan = plan
        self.organisation = organisation
        self._lists = [
            plan.inputs.slots[path] for path in plan.inputs.slots if path + "[]" in plan.inputs.items
        ]
        self._nodes: dict[int, int] = {}
        self._steps: list[Step] = []
        self._shared: dict[object, int] = {}
        builder = _Templates(plan, self._add)
        self._rules = [builder.rule(rule) for rule in plan.rules]
        self._formulas = [
            builder.expression(policy, Expression(name, t.FormulaRef(e.node.type, (0, len(name)), name)))
            for policy in plan.policies
            for name, e in policy.formulas.items()
        ]
        self._dormant = [builder.dormant(d.policy, d.rule, d.reason) for d in plan.dormant]
        self._parameters = tuple(builder.parameters())
        self._versions = tuple(_version(policy) for policy in plan.policies)
        self._figures = [self._place(j.figure) if j.figure is not None else None for j in plan.judges]
        self._conditions = [self._place(rule.condition) for rule in plan.rules]
        self._order = sorted(self._nodes)
        rank = {node: i for i, node in enumerate(self._order)}
        self._rank = rank
        self._compiled = [
            (s.template, rank[s.num], rank[s.den] if s.den is not None else -1, s.unit, s.children, s.problem)
            for s in self._steps
        ]
        self._observe = observe(self._order)
        quotients = [n for s in self._steps if s.den is not None for n in (s.num, s.den)]
        self._print_trace = print_trace(
            lambda printer: TracePrinter(
                plan, printer, organisation, self._steps, self._rules, self._formulas, self._rest()
            ),
            self._order,
            [*quotients, *(n for n in self._figures if n is not None)],
        )

    def _place(self, node: int) -> int:
        self._nodes[node] = node
        return node

    def _add(self, key: object, make: Callable[[], Step]) -> int:
        """The number of a step, made once for a key."""
        found = self._shared.get(key)
        if found is None:
            step = make()
            self._place(step.num)
            if step.den is not None:
                self._place(step.den)
            self._steps.append(step)
            found = self._shared[key] = len(self._steps) - 1
        return found

    # -- one trace ---------------------------------------------------------------------------------

    def plain(self, decision: Decision) -> dict[str, object] | None:
        """The trace as plain data; ``None`` where something is unknown, and it must be made node by node."""
        _, values, evidence, fired, unknown, pending, unknown_outputs, _, _, reading = decision._kept
        if unknown or unknown_outputs or reading is not None or None in values:
            return None
        if any(has_gap(values[place]) for place in self._lists):
            return None
        return self._print_trace(values, evidence, fired, pending)

    def _rest(self) -> tuple[list[object], list[object], list[object]]:
        """What is the same in every trace of the plan: versions, rules at rest, parameters."""
        return (
            [version.to_dict() for version in self._versions],
            [rule.to_dict() for rule in self._dormant],
            [parameter.to_dict() for parameter in self._parameters],
        )

    def unknown(self, values: tuple[Value, ...], evidence: Evidence | None) -> tuple[bool, ...]:
        """Which of the nodes that a trace shows are unknown: with the bits of a decision, what it lacks."""
        return tuple([value is None for value in self._observe(values, evidence)])

    def parts(self, decision: Decision, values: tuple[Value, ...]) -> TraceParts:
        """The trace of a decision of this plan; ``values`` are those that it was made on."""
        _, _, kept_evidence, fired, unknown, pending, _, _, _, kept_reading = decision._kept
        evidence = kept_evidence if isinstance(kept_evidence, Evidence) else None
        reading = kept_reading if isinstance(kept_reading, Reading) else None
        seen = self._observe(values, evidence)
        problems = tuple(reading.problems) if reading is not None else ()
        refused = {p.path for p in problems}
        nodes = self._make_nodes(seen, refused)
        statuses: list[Status] = []
        rules: list[RuleTrace] = []
        for number, steps in enumerate(self._rules):
            bit = 1 << number
            excepted = any(fired >> other & 1 for other in steps.planned.excepted_by)
            status = self._status(
                steps.planned, bool(fired & bit), bool(unknown & bit), bool(pending & bit), excepted, seen
            )
            statuses.append(status)
        for number, steps in enumerate(self._rules):
            rules.append(
                self._rule(
                    steps, statuses, number, bool(fired & (1 << number)), nodes, seen, values, evidence
                )
            )
        rules += self._dormant
        formulas = tuple(nodes[i] for i in self._formulas)
        outputs = [node for node in formulas if node.template.name in self._outputs()]
        rounded = tuple(reading.rounded) if reading is not None else ()
        missing = _missing(rules, outputs)
        return TraceParts(
            tuple(rules), formulas, self._parameters, self._versions, missing, problems, rounded
        )

    def _outputs(self) -> frozenset[str]:
        return frozenset(o.name for o in self.plan.outputs if o.node is not None)

    def _make_nodes(self, seen: tuple[Value, ...], refused: set[str]) -> list[Node]:
        nodes: list[Node] = []
        for template, num, den, unit, children, problem in self._compiled:
            raw: object = seen[num]
            below = tuple([nodes[i] for i in children])
            if den >= 0:
                divisor = seen[den]
                raw = None if raw is None or divisor is None else (raw, divisor * unit)
            if raw is None:
                nodes.append(Node(template, None, below, _why(template, below, problem, refused)))
            else:
                nodes.append(Node(template, raw, below))
        return nodes

    def _status(
        self, rule: PlannedRule, fired: bool, unknown: bool, pending: bool, excepted: bool,
        seen: tuple[Value, ...],
    ) -> Status:  # fmt: skip
        if unknown:
            return Status.UNKNOWN
        if fired:
            met = rule.rule.outcome is Outcome.REVIEW and rule.judges and not pending
            return Status.SATISFIED if met else Status.FIRED
        if seen[self._rank[rule.condition]] is not True:
            return Status.NOT_FIRED
        # The condition holds and yet the rule did not fire: an exception, or its own requirements.
        return Status.EXCEPTED if excepted else Status.WITHHELD

    def _rule(
        self, steps: RuleSteps, statuses: Sequence[Status], number: int, fired: bool, nodes: Sequence[Node],
        seen: tuple[Value, ...], values: tuple[Value, ...], evidence: Evidence | None,
    ) -> RuleTrace:  # fmt: skip
        planned, status = steps.planned, statuses[number]
        requirements: tuple[RequirementResult, ...] = ()
        holds = seen[self._rank[planned.condition]] is True
        if planned.judges and holds:
            requirements = tuple(self._judged(k, seen, values, evidence) for k in planned.judges)
        exceptions: tuple[tuple[str, Status], ...] = ()
        if planned.excepted_by:
            ids = self.plan.rules
            exceptions = tuple([(ids[i].rule.id, statuses[i]) for i in planned.excepted_by])
        shows = status in (Status.FIRED, Status.SATISFIED)
        computed = (
            tuple([(name, nodes[i]) for name, i in steps.computed])
            if shows or status is Status.UNKNOWN
            else ()
        )
        sentence = steps.sentence

        def because() -> LocalText | None:
            return _filled(sentence, nodes) if holds and sentence else None

        return RuleTrace(
            steps.template, status, _contribution(status, steps.template.effect, fired),
            nodes[steps.condition], computed, requirements, exceptions, because,
        )  # fmt: skip

    def _judged(
        self, number: int, seen: tuple[Value, ...], values: tuple[Value, ...], evidence: Evidence | None
    ) -> RequirementResult:
        place, day = self._figures[number], values[0]
        figure = seen[self._rank[place]] if place is not None else None
        assert isinstance(day, int) and (figure is None or isinstance(figure, int))
        return judge(self.plan.judges[number].requirement.need, evidence, self.organisation, day, figure)


def _contribution(status: Status, effect: Outcome | None, fired: bool) -> Outcome | None:
    """What a rule adds to the decision; one that fired denies, though a value that it computes is unknown."""
    match status:
        case Status.FIRED:
            return effect
        case Status.SATISFIED:
            return Outcome.ALLOW
        case Status.UNKNOWN:
            return max(Outcome.INCOMPLETE, effect) if fired and effect is not None else Outcome.INCOMPLETE
    return None


def _why(template: NodeTemplate, below: tuple[Node, ...], problem: str, refused: set[str]) -> str:
    if template.kind == "field":
        return (
            "refused"
            if template.name in refused or any(p.startswith(f"{template.name}[") for p in refused)
            else "missing"
        )
    return "depends" if any(node.raw is None for node in below) else problem


def _missing(rules: Sequence[RuleTrace], outputs: Sequence[Node]) -> tuple[str, ...]:
    """The facts that are absent where something is unknown for it."""
    found: dict[str, None] = {}
    todo: list[Node] = [n for n in outputs if n.raw is None]
    for rule in rules:
        if rule.status is Status.UNKNOWN:
            todo += [n for n in (rule.condition, *(node for _, node in rule.computed)) if n is not None]
    seen: set[int] = set()
    todo.reverse()
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.problem in ("missing", "refused") and node.name is not None:
            found[node.name] = None
        todo.extend(child for child in reversed(node.children) if child.raw is None)
    return tuple(found)


def _filled(sentence: Mapping[str, tuple[str | int, ...]], nodes: Sequence[Node]) -> LocalText:
    """The sentence with its numbers."""
    done: dict[str, str] = {}
    for lang, parts in sentence.items():
        language: Language = "zh" if lang == "zh" else "en"
        words = [part if isinstance(part, str) else nodes[part].shown(language).strip('"') for part in parts]
        done[lang] = "".join(words)
    return LocalText(**done)


def _day(ordinal: int) -> date | None:
    """A day, or ``None`` for an end of the calendar, which stands for an open end."""
    return None if ordinal in (FIRST_DAY, LAST_DAY) else date.fromordinal(ordinal)


def _off(rule: CheckedRule) -> Off | None:
    off = rule.off
    return None if off is None else Off(off.because, off.owner, date.fromordinal(off.until), off.overlay)


def _version(policy: CheckedPolicy) -> Version:
    return Version(policy.name, policy.title, _day(policy.effective.first), _day(policy.effective.last))


class _Templates:
    """The templates of one plan; ``add`` numbers a step, making it once for a key."""

    def __init__(self, plan: Plan, add: Callable[[object, Callable[[], Step]], int]):
        self.plan = plan
        self.add = add

    # -- rules -------------------------------------------------------------------------------------

    def rule(self, planned: PlannedRule) -> RuleSteps:
        rule, policy = planned.rule, planned.policy
        condition = self._row(policy, planned) if rule.row is not None else self.expression(policy, rule.when)
        computed = tuple((name, self.expression(policy, e)) for name, e in rule.computes)
        return RuleSteps(
            planned,
            self._rule_template(policy, rule),
            condition,
            computed,
            self._sentence(policy, rule.because),
        )

    def dormant(self, policy: CheckedPolicy, rule: CheckedRule, reason: str) -> RuleTrace:
        status = Status.OFF if reason == "off" else Status.NOT_IN_FORCE
        return RuleTrace(self._rule_template(policy, rule), status, None, None, (), (), (), lambda: None)

    def _rule_template(self, policy: CheckedPolicy, rule: CheckedRule) -> RuleTemplate:
        row = rule.row
        return RuleTemplate(
            rule.id, rule.title, rule.policy, rule.source, rule.outcome,
            Row(row.table, row.number, row.count, row.cells) if row is not None else None,
            rule.excepts, rule.notify, rule.origin,
            _off(rule), _version(policy), (_day(rule.effective.first), _day(rule.effective.last)),
        )  # fmt: skip

    def _row(self, policy: CheckedPolicy, planned: PlannedRule) -> int:
        """The condition of a row: its cells, each against its input."""
        row = planned.rule.row
        assert row is not None
        table = policy.tables[row.table]
        cells = [
            self._cell(policy, table.inputs[i], row.cells[i], test)
            for i, test in enumerate(table.tests[row.number - 1])
        ]
        template = NodeTemplate("row", ", ".join(row.cells), BOOLEAN, row.table, table.title, table.hit)
        step = Step(template, planned.condition, None, 1, tuple(cells), "several_rows")
        return self.add(("row", planned.rule.id, policy.name), lambda: step)

    def _cell(self, policy: CheckedPolicy, given: Expression, text: str, test: t.Node) -> int:
        below = self.expression(policy, given)
        low = self.plan.lowerings[policy.name].low(test)
        template = NodeTemplate("cell", text, BOOLEAN, None, given.title)
        step = Step(template, low.num, None, 1, (below,), "depends")
        return self.add(("cell", policy.name, given.text, text), lambda: step)

    def _sentence(
        self, policy: CheckedPolicy, sentence: Sentence | None
    ) -> Mapping[str, tuple[str | int, ...]]:
        if sentence is None:
            return {}
        return {
            lang: tuple(part if isinstance(part, str) else self.expression(policy, part) for part in parts)
            for lang, parts in sentence.parts.items()
        }

    def parameters(self) -> list[ParameterTrace]:
        """Every parameter of the policies in force, with its value."""
        done: list[ParameterTrace] = []
        for policy in self.plan.policies:
            for name, parameter in policy.parameters.items():
                day = self.plan.interval.first
                current = [(first, c) for first, c in parameter.dated if first <= day]
                if not current:
                    continue
                first, constant = current[-1]
                done.append(
                    ParameterTrace(
                        policy.name,
                        name,
                        parameter.title,
                        constant.type,
                        constant.value,
                        _day(first),
                        parameter.origin,
                        parameter.ref,
                    )
                )
        return done

    # -- expressions -------------------------------------------------------------------------------

    def expression(self, policy: CheckedPolicy, expression: Expression) -> int:
        """The steps of an expression; the number of the topmost."""
        return self._node(policy, self.plan.lowerings[policy.name], expression.text, expression.node)

    def _node(self, policy: CheckedPolicy, lowering: Lowering, text: str, node: t.Node) -> int:
        key = self._key(policy, text, node)
        return self.add(key, lambda: self._step(policy, lowering, text, node))

    def _key(self, policy: CheckedPolicy, text: str, node: t.Node) -> object:
        match node:
            case t.FieldRef():
                return ("field", node.path)
            case t.FormulaRef():
                return ("formula", policy.name, node.name)
            case t.ParameterRef():
                return ("parameter", policy.name, node.name)
            case t.TableRef():
                return ("table", policy.name, node.table, node.output)
        return ("node", policy.name, text, node.span, id(node))

    def _step(self, policy: CheckedPolicy, lowering: Lowering, text: str, node: t.Node) -> Step:
        template = self._template(policy, text, node)
        below = self._below(policy, lowering, text, node)
        low = self._low(lowering, node)
        return Step(template, low.num, low.den, 10**low.scale, below, _problem(node))

    def _low(self, lowering: Lowering, node: t.Node) -> Low:
        """The value of a node; of a parameter with several values there is none to show."""
        if isinstance(node, t.ParameterRef) and not lowering.parameters[node.name].schedule:
            return Low(lowering.graph.const(""))
        low = lowering.low(node)
        scale = node.type.scale
        if low.den is None and node.type.is_numeric and scale is not None and low.scale < scale:
            return Low(lowering.scaled(node, scale))
        return Low(low.num, low.den, low.scale) if low.den is not None else Low(low.num)

    def _template(self, policy: CheckedPolicy, text: str, node: t.Node) -> NodeTemplate:
        start, end = node.span
        shown = " ".join(text[start:end].split())
        kind, name, title = _KINDS[type(node)], None, None
        op: str | None = None
        match node:
            case t.FieldRef():
                name, shown = node.path, node.path
                title = self.plan.inputs.vocabulary.at(node.path).title
            case t.FormulaRef():
                name, title = node.name, policy.formulas[node.name].title
                shown = policy.formulas[node.name].text
            case t.ParameterRef():
                name, shown, title = node.name, node.name, policy.parameters[node.name].title
            case t.TableRef():
                name = shown = f"{node.table}.{node.output}"
                title = policy.tables[node.table].title if node.table in policy.tables else None
            case t.Arithmetic() | t.Compare() | t.Logic():
                op = node.op
            case t.Not():
                op = "not"
            case t.Negation():
                op = "-"
            case t.Call():
                op = node.name
            case t.Fold():
                op = node.kind
            case t.MapItem():
                name = node.key
        return NodeTemplate(kind, shown, node.type, name, title, op)

    def _below(self, policy: CheckedPolicy, lowering: Lowering, text: str, node: t.Node) -> tuple[int, ...]:
        match node:
            case t.FormulaRef():
                e = policy.formulas[node.name]
                return (self._node(policy, lowering, e.text, e.node),)
            case t.TableRef():
                return self._leaves(policy, lowering, text, policy.table_outputs[node.table, node.output])
            case t.Select() | t.Guard() | t.Fold():
                return self._leaves(policy, lowering, text, node)
            case t.ParameterRef() | t.Literal() | t.FieldRef() | t.AsOf():
                return ()
            case t.Membership():
                return (self._node(policy, lowering, text, node.item),)
        parts = [c for c in t.children(node) if not isinstance(c, t.Literal) or c.span == _NO_SPAN]
        shown = [c for c in parts if not (isinstance(c, t.ParameterRef) and c.type.element is not None)]
        if isinstance(node, t.Arithmetic | t.Compare):
            shown = list(t.children(node))
        return tuple(self._node(policy, lowering, text, c) for c in shown)

    def _leaves(self, policy: CheckedPolicy, lowering: Lowering, text: str, node: t.Node) -> tuple[int, ...]:
        """The facts and formulas that stand in a part whose inner working is not shown."""
        found: dict[object, int] = {}
        for part in t.walk(node):
            if isinstance(part, t.FieldRef | t.FormulaRef | t.TableRef):
                key = self._key(policy, text, part)
                if key not in found:
                    found[key] = self._node(policy, lowering, text, part)
        return tuple(found.values())


def _problem(node: t.Node) -> str:
    """Why an operation has no value though all its operands have one."""
    match node:
        case t.Arithmetic(op="/"):
            return "division_by_zero"
        case t.Arithmetic():
            return "date_range"
        case t.Select():
            return "no_row"
        case t.Guard():
            return node.problem
        case t.Fold():
            return "no_items"
        case t.Call(name="add_months"):
            return "no_such_day"
        case t.Call(name="add_workdays"):
            return "date_range"
        case t.Call(name="accrue"):
            return "backward_period"
        case t.TableRef():
            return "no_row"
        case t.ParameterRef():
            return "no_value_yet"
    return "depends"
