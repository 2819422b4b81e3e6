"""The evaluator of one transaction: a plan printed as Python code, compiled once.

Two functions are made of a plan. The *fast* one reads facts that are mappings with every fact present, checks
them as it reads, and decides. Whatever it does not expect, it leaves to the *general* path: facts read with
all problems noted, and the plan printed with Kleene's rules for what is unknown. Both print the same graph.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Context, Decimal, Inexact, InvalidOperation

from salesctrl.compile.plan import Plan, PlannedRule
from salesctrl.decision.model import Decision, keep
from salesctrl.evaluate import runtime
from salesctrl.evaluate.facts import Reading, Value, day_of, read_value
from salesctrl.evaluate.fast_printer import FUNCTIONS, FastPrinter, decimal_scales, exact
from salesctrl.evaluate.layout import Leaf, Record
from salesctrl.evaluate.printer import Printer, assign, call, choose, const, define, either, is_, name
from salesctrl.evaluate.trace_printer import PlainTrace, TracePrinter, judgements
from salesctrl.evidence.given import Evidence, read_evidence
from salesctrl.evidence.judgement import is_met
from salesctrl.expr.ir import Graph
from salesctrl.numbers import scaler
from salesctrl.outcome import Outcome
from salesctrl.policy.organisation import Organisation
from salesctrl.policy.types import Base

Values = tuple[Value, ...]
_EXACT = Context(prec=40, traps=[Inexact, InvalidOperation])


class Irregular(Exception):
    """Facts that the fast function does not take; the general path reads them, and says what is wrong."""


def _read_evidence(given: object) -> Evidence | None:
    problems: list[object] = []
    found = read_evidence(given, "evidence", problems)  # type: ignore[arg-type]
    if problems:
        raise Irregular
    return found


def _expect_names(record: Mapping[str, object], known: frozenset[str]) -> None:
    """A field is absent: a key that the kind does not have may be a slip for it, and is looked into."""
    if not record.keys() <= known:
        raise Irregular


def _list_reader(leaf: Leaf) -> Callable[[object], Value]:
    """Reads a list whose items are all complete."""

    def read(given: object) -> Value:
        reading = Reading([])
        found = read_value(leaf, given, leaf.path, reading)
        if reading.problems or has_gap(found):
            raise Irregular
        return found

    return read


def _decimal_of(value: object, declared: tuple[int, int]) -> Decimal:
    """A number in another form than Decimal, as one."""
    scale, digits = declared
    return exact(scaler(scale, digits)(value), scale)


def has_gap(value: object) -> bool:
    """Whether a value is unknown, or something in a list of records is."""
    return value is None or (isinstance(value, tuple) and any(map(has_gap, value)))


class ScalarEvaluator:
    """One plan as code. Immutable once made; may be shared between threads."""

    def __init__(self, plan: Plan, root: Record, organisation: Organisation, owner: object):
        self.plan = plan
        self.root = root
        self.globals = _globals(plan, organisation, owner)
        general = _Builder(plan, root, self.globals, known=False)
        self._general: Callable[[Values, Evidence | None, object], Decision] = general.general()
        fast = _Builder(plan, root, self.globals, known=True)
        self.globals["general"] = self._general
        self.fast: Callable[[object, int], Decision] = fast.fast()
        """Facts and day to a decision; raises anything at all where the facts are not plain and complete."""
        scales = fast.kept_scales()
        self._powers = tuple(scales.get(place, 0) for place in range(len(plan.inputs.slots)))

    def general(self, values: Values, evidence: Evidence | None, reading: object = None) -> Decision:
        """Values by place, ``None`` for unknown, to a decision; ``reading`` is kept with it."""
        return self._general(values, evidence, reading)

    def values(self, decision: Decision) -> Values:
        """The values that a decision was made on, all in run-time form."""
        kept: tuple[Value | Decimal, ...] = decision._kept[1]  # type: ignore[assignment]
        return tuple(
            int(value.scaleb(power, _EXACT)) if isinstance(value, Decimal) else value
            for value, power in zip(kept, self._powers, strict=True)
        )


def observer(
    plan: Plan, globals_: dict[str, object], nodes: Iterable[int]
) -> Callable[[Values, Evidence | None], tuple[Value, ...]]:
    """A function that computes nodes of the graph from a decision's values: what the trace shows."""
    wanted = sorted(set(nodes))
    printer = Printer(plan.graph, _places(plan), plan.payments, known=False, globals_=globals_)
    body: list[ast.stmt] = [_unpack(plan), *printer.all_locals(wanted)]
    body.append(ast.Return(ast.Tuple([printer(node) for node in wanted], ast.Load())))
    made: Callable[[Values, Evidence | None], tuple[Value, ...]] = define(
        "observe", ["values", "evidence"], body, globals_
    )
    return made


def trace_function(
    plan: Plan,
    globals_: dict[str, object],
    organisation: Organisation,
    make: Callable[[FastPrinter], TracePrinter],
    shown: Iterable[int],
    whole: Iterable[int],
) -> PlainTrace:
    """A function that makes the trace as plain data, of values as the fast or the general one keeps them.

    ``shown`` are the nodes that it computes, ``whole`` those of which it needs the integer.
    """
    globals_ |= {"judged": judgements(plan, organisation), "wide": _EXACT, "exact": exact}
    decimals = decimal_scales(plan, whole, shown)
    return make(FastPrinter(plan, _places(plan), plan.payments, decimals, globals_)).function()


def _globals(plan: Plan, organisation: Organisation, owner: object) -> dict[str, object]:
    """What generated code may use: nothing but this."""
    needs = [j.requirement.need for j in plan.judges]

    def satisfied(number: int, evidence: Evidence | None, day: int, figure: int | None = None) -> bool:
        return is_met(needs[number], evidence, organisation, day, figure)

    return {
        "__builtins__": {
            "any": any, "all": all, "sum": sum, "len": len, "min": min, "max": max, "abs": abs, "int": int,
            "str": str, "dict": dict, "Exception": Exception,
        },
        **runtime.functions(organisation.calendar),
        "judge": satisfied, "owner": owner, "Decimal": Decimal, "date": date, "day_of": day_of,
        "Irregular": Irregular, "read_evidence": _read_evidence, "expect_names": _expect_names,
        "decimal_of": _decimal_of,
        "multiply": _EXACT.multiply, "integral": _EXACT.to_integral_exact,
        **FUNCTIONS,
        "new": object.__new__, "Decision": Decision, "keep": keep,
    }  # fmt: skip


def _places(plan: Plan) -> dict[int, str]:
    return {place: f"x{place}" for place in range(len(plan.inputs.slots))}


def _unpack(plan: Plan) -> ast.stmt:
    target = ast.Tuple([ast.Name(f"x{i}", ast.Store()) for i in range(len(plan.inputs.slots))], ast.Store())
    return ast.Assign([target], name("values"))


class _Builder:
    """Builds one of the two functions of a plan."""

    def __init__(self, plan: Plan, root: Record, globals_: dict[str, object], *, known: bool):
        self.plan, self.root, self.globals, self.known = plan, root, globals_, known
        self.graph: Graph = plan.graph
        self.decimals = decimal_scales(plan, self._integers()) if known else {}
        self.printer = (
            FastPrinter(plan, _places(plan), plan.payments, self.decimals, globals_)
            if known
            else Printer(plan.graph, _places(plan), plan.payments, known=False, globals_=globals_)
        )
        ops = plan.graph.ops
        self.kept_decimals = {
            ops[n].imm: scale for n, scale in self.decimals.items() if ops[n].name == "input"
        }
        """The places of the facts that stay Decimals, with their scales."""
        self.producers: dict[int, int] = {}
        """For each output the bits of the rules that compute it."""
        for number, rule in enumerate(plan.rules):
            for output, _ in rule.computes:
                self.producers[output] = self.producers.get(output, 0) | 1 << number

    def kept_scales(self) -> dict[int, int]:
        """The scales of the facts that the function keeps as Decimals, by place."""
        return {int(str(place)): scale for place, scale in self.kept_decimals.items()}

    def _integers(self) -> list[int]:
        """The nodes whose values leave the function: they must be integers."""
        plan = self.plan
        computed = [node for rule in plan.rules for _, node in rule.computes]
        figures = [judge.figure for judge in plan.judges if judge.figure is not None]
        return [*computed, *figures, *(output.node for output in plan.outputs if output.node is not None)]

    def general(self) -> Callable[[Values, Evidence | None, object], Decision]:
        """Values to a decision."""
        body = [_unpack(self.plan), *self._decide("reading")]
        made: Callable[[Values, Evidence | None, object], Decision] = define(
            "general", ["values", "evidence", "reading"], body, self.globals
        )
        return made

    def fast(self) -> Callable[[object, int], Decision]:
        """Facts to a decision."""
        reading: list[ast.stmt] = []
        unsure: list[ast.expr] = []
        self._read_record(self.root, "facts", reading, unsure)
        if self.plan.judges:
            reading.append(
                assign(
                    "evidence",
                    ast.Call(ast.Attribute(name("facts"), "get", ast.Load()), [const("evidence")], []),
                )
            )
            reading.append(
                ast.If(
                    is_(name("evidence"), None, negated=True),
                    [assign("evidence", call("read_evidence", name("evidence")))],
                    [],
                )
            )
        else:
            reading.append(assign("evidence", const(None)))
        values = ast.Tuple([name(f"x{i}") for i in range(len(self.plan.inputs.slots))], ast.Load())
        body: list[ast.stmt] = [*reading, assign("values", values)]
        if unsure:
            back = ast.Return(call("general", self._whole_values(), name("evidence"), const(None)))
            body.append(ast.If(either(unsure), [back], []))
        body += self._decide(None)
        made: Callable[[object, int], Decision] = define("fast", ["facts", "x0"], body, self.globals)
        return made

    def _whole_values(self) -> ast.expr:
        """The values in run-time form, as the general function takes them: no number is a Decimal."""
        scales = self.kept_scales()
        parts: list[ast.expr] = []
        for place in range(len(self.plan.inputs.slots)):
            x = name(f"x{place}")
            if place in scales:
                scaled = call("multiply", x, self._global(Decimal(10 ** scales[place])))
                x = choose(is_(x, None), const(None), call("int", call("integral", scaled)))
            parts.append(x)
        return ast.Tuple(parts, ast.Load())

    # -- reading -----------------------------------------------------------------------------------

    def _read_record(self, record: Record, holder: str, body: list[ast.stmt], unsure: list[ast.expr]) -> None:
        for leaf in record.leaves:
            self._read_leaf(leaf, holder, body, unsure)
        for i, (key, inner) in enumerate(record.records.items()):
            local = f"{holder}_{i}"
            body.append(assign(local, ast.Subscript(name(holder), const(key), ast.Load())))
            self._read_record(inner, local, body, unsure)

    def _read_leaf(self, leaf: Leaf, holder: str, body: list[ast.stmt], unsure: list[ast.expr]) -> None:
        field, target = leaf.field, f"x{leaf.place}"
        x = name(target)
        if field.default is None and not field.optional and leaf.place not in self.plan.soft:
            body.append(assign(target, ast.Subscript(name(holder), const(field.name), ast.Load())))
            self._convert(leaf, target, body)
            return
        body.append(
            assign(target, ast.Call(ast.Attribute(name(holder), "get", ast.Load()), [const(field.name)], []))
        )
        present: list[ast.stmt] = []
        self._convert(leaf, target, present)
        known = frozenset(self.plan.inputs.vocabulary.kinds[field.kind].fields) | {"evidence", "as_of"}
        check: ast.stmt = ast.Expr(call("expect_names", name(holder), self._global(known)))
        absent = [check, assign(target, self._global(field.default))]
        body.append(ast.If(is_(x, None), absent, present))
        if field.default is None and leaf.place not in self.plan.soft:
            unsure.append(is_(x, None))

    def _convert(self, leaf: Leaf, target: str, body: list[ast.stmt]) -> None:
        """Check a fact that is there, and bring it to its run-time form."""
        field, x = leaf.field, name(target)
        refuse: ast.stmt = ast.Raise(name("Irregular"))
        match field.type.base:
            case Base.MONEY | Base.NUMBER | Base.DAYS | Base.MONTHS:
                body += self._read_number(leaf, target)
            case Base.DATE:
                is_date = ast.Compare(ast.Attribute(x, "__class__", ast.Load()), [ast.Is()], [name("date")])
                plain = ast.Call(ast.Attribute(x, "toordinal", ast.Load()), [], [])
                body.append(assign(target, choose(is_date, plain, call("day_of", x))))
                body += self._bounds(leaf, x)
            case Base.BOOLEAN:
                wrong = ast.BoolOp(ast.And(), [is_(x, True, negated=True), is_(x, False, negated=True)])
                body.append(ast.If(wrong, [refuse], []))
            case Base.CHOICE:
                choices = self._global({c: c for c in field.type.choices})
                body.append(assign(target, ast.Subscript(choices, x, ast.Load())))
            case Base.TEXT:
                cls = ast.Attribute(x, "__class__", ast.Load())
                other = ast.Compare(cls, [ast.IsNot()], [name("str")])
                long = ast.Compare(call("len", x), [ast.Gt()], [const(field.length)])
                body.append(ast.If(ast.BoolOp(ast.Or(), [other, long]), [refuse], []))
            case Base.LIST:
                body.append(assign(target, ast.Call(self._global(_list_reader(leaf)), [x], [])))
            case _:
                body.append(refuse)

    def _read_number(self, leaf: Leaf, target: str) -> list[ast.stmt]:
        """A Decimal or an int is scaled here; another form goes through the converter of its type."""
        field, x = leaf.field, name(target)
        scale = field.type.scale or 0
        if leaf.place in self.kept_decimals:
            return self._keep_decimal(leaf, target, scale)
        cls = ast.Attribute(x, "__class__", ast.Load())
        number: ast.expr = x
        if scale:
            number = call("multiply", x, self._global(Decimal(10**scale)))
        from_decimal = assign(target, call("int", call("integral", number)))
        from_int: list[ast.stmt] = [ast.Pass()]
        if scale:
            from_int = [ast.AugAssign(ast.Name(target, ast.Store()), ast.Mult(), const(10**scale))]
        converter = self._global(scaler(scale, field.digits))
        other = assign(target, ast.Call(converter, [x], []))
        is_decimal = ast.Compare(cls, [ast.Is()], [name("Decimal")])
        is_int = ast.Compare(cls, [ast.Is()], [name("int")])
        rest = ast.If(is_int, from_int, [other])
        first = ast.If(is_decimal, [from_decimal], [rest]) if scale else ast.If(is_int, from_int, [other])
        return [first, *self._bounds(leaf, x)]

    def _keep_decimal(self, leaf: Leaf, target: str, scale: int) -> list[ast.stmt]:
        """A Decimal, at its scale and not too long, or it is not taken; an int becomes one."""
        field, x = leaf.field, name(target)
        context = Context(prec=field.digits, traps=[Inexact, InvalidOperation])
        is_decimal = ast.Compare(ast.Attribute(x, "__class__", ast.Load()), [ast.IsNot()], [name("Decimal")])
        unit = self._global(exact(1, scale))
        widest = 10**field.digits - 1
        tests: list[ast.expr] = []
        for op, bound, trivial in ((ast.GtE(), field.low, -widest), (ast.LtE(), field.high, widest)):
            if bound != trivial:
                limit = self._global(exact(bound, scale))
                tests.append(ast.UnaryOp(ast.Not(), ast.Compare(x, [op], [limit])))
        if not tests:  # a NaN has passed so far; a comparison with a bound does not let it
            tests.append(ast.Compare(x, [ast.NotEq()], [x]))
        converted = assign(target, call("decimal_of", x, self._global((scale, field.digits))))
        done: list[ast.stmt] = [
            ast.If(is_decimal, [converted], []),
            assign(target, ast.Call(self._global(context.quantize), [x, unit], [])),
        ]
        return [*done, ast.If(either(tests), [ast.Raise(name("Irregular"))], [])]

    def _bounds(self, leaf: Leaf, x: ast.expr) -> list[ast.stmt]:
        low, high = leaf.field.low, leaf.field.high
        inside = ast.Compare(const(low), [ast.LtE(), ast.LtE()], [x, const(high)])
        return [ast.If(ast.UnaryOp(ast.Not(), inside), [ast.Raise(name("Irregular"))], [])]

    def _global(self, value: object) -> ast.expr:
        key = f"K{len(self.globals)}"
        self.globals[key] = value
        return name(key)

    # -- deciding ----------------------------------------------------------------------------------

    def _decide(self, reading: str | None) -> list[ast.stmt]:
        """From the values to the decision that is returned."""
        plan = self.plan
        body = self.printer.prepare([*(rule.fired for rule in plan.rules), *self._integers()])
        body.append(ast.Assign([ast.Name(n, ast.Store()) for n in ("f", "u", "p", "q")], const(0)))
        for number, output in enumerate(plan.outputs):
            if output.node is None:
                body.append(assign(f"o{number}", const(None)))
            else:
                body.append(assign(f"o{number}", self.printer(output.node)))
                if self.printer.maybe(output.node):
                    body.append(ast.If(is_(name(f"o{number}"), None), [_set_bit("q", number)], []))
        body += [assign(f"d{output}", const(False)) for output in self._shared_outputs()]
        for number, rule in enumerate(plan.rules):
            body += self._rule(number, rule)
        body += [self._settle(output) for output in self._shared_outputs()]
        outputs = ast.Tuple([name(f"o{i}") for i in range(len(plan.outputs))], ast.Load())
        kept = ast.Tuple(
            [
                name("owner"), name("values"), name("evidence"), name("f"), name("u"), name("p"), name("q"),
                outputs, self._outcome(), name(reading) if reading else const(None),
            ],
            ast.Load(),
        )  # fmt: skip
        body.append(assign("decision", call("new", name("Decision"))))
        body.append(ast.Expr(call("keep", name("decision"), kept)))
        body.append(ast.Return(name("decision")))
        return body

    def _rule(self, number: int, rule: PlannedRule) -> list[ast.stmt]:
        block: list[ast.stmt] = [_set_bit("f", number)]
        if rule.rule.outcome is Outcome.REVIEW and rule.judges and not rule.rule.excepts:
            missing = ast.UnaryOp(ast.Not(), self.printer(rule.met))
            block.append(ast.If(missing, [_set_bit("p", number)], []))
        for output, node in rule.computes:
            block += self._compute(number, output, node)
        if rule.fired == self.graph.true:
            return block
        if rule.fired == self.graph.false:
            return []
        if not self.printer.maybe(rule.fired):
            return [ast.If(self.printer(rule.fired), block, [])]
        before = [assign("t", self.printer(rule.fired))]
        return [
            *before,
            ast.If(name("t"), block, [ast.If(is_(name("t"), None), [_set_bit("u", number)], [])]),
        ]

    def _compute(self, number: int, output: int, node: int) -> list[ast.stmt]:
        """A computed value; where it is unknown, the rule is."""
        target, value = f"o{output}", self.printer(node)
        if output not in self._shared_outputs():
            done: list[ast.stmt] = [assign(target, value)]
            if self.printer.maybe(node):
                done.append(ast.If(is_(name(target), None), [_set_bit("u", number)], []))
            return done
        differs = ast.Compare(name(target), [ast.NotEq()], [name("t")])
        again = ast.If(differs, [assign(f"d{output}", const(True))], [])
        known = ast.If(is_(name(target), None), [assign(target, name("t"))], [again])
        return [assign("t", value), ast.If(is_(name("t"), None), [_set_bit("u", number)], [known])]

    def _shared_outputs(self) -> list[int]:
        """The outputs that several rules compute."""
        return [output for output, rules in self.producers.items() if rules & (rules - 1)]

    def _settle(self, output: int) -> ast.stmt:
        """Where rules that fired differ in a value, it is unknown, and none of them is to be believed."""
        those = ast.BinOp(name("f"), ast.BitAnd(), const(self.producers[output]))
        doubt = ast.AugAssign(ast.Name("u", ast.Store()), ast.BitOr(), those)
        return ast.If(name(f"d{output}"), [assign(f"o{output}", const(None)), doubt], [])

    def _outcome(self) -> ast.expr:
        """The highest outcome of the rules that hold."""
        mask = {
            outcome: sum(1 << i for i, rule in enumerate(self.plan.rules) if rule.rule.outcome is outcome)
            for outcome in Outcome
        }
        review_without_judges = sum(
            1 << i
            for i, rule in enumerate(self.plan.rules)
            if rule.rule.outcome is Outcome.REVIEW and (not rule.judges or rule.rule.excepts)
        )
        done: ast.expr = const(Outcome.ALLOW.rank)
        steps: list[tuple[Outcome, ast.expr | None]] = [
            (Outcome.FLAG, _masked("f", mask[Outcome.FLAG])),
            (
                Outcome.REVIEW,
                name("p")
                if not review_without_judges
                else either([name("p"), _masked("f", review_without_judges) or const(0)]),
            ),
            (Outcome.INCOMPLETE, either([name("u"), name("q")])),
            (Outcome.DENY, _masked("f", mask[Outcome.DENY])),
        ]
        for outcome, test in steps:
            if test is not None:
                done = choose(test, const(outcome.rank), done)
        return done


def _set_bit(target: str, number: int) -> ast.stmt:
    return ast.AugAssign(ast.Name(target, ast.Store()), ast.BitOr(), const(1 << number))


def _masked(target: str, mask: int) -> ast.expr | None:
    return ast.BinOp(name(target), ast.BitAnd(), const(mask)) if mask else None
