"""Prints the trace of a plan as code: from the values of a decision to plain data, in one go.

`Trace.to_dict` of a decision in which everything is known takes this way; where something is not, and for
every question that is asked of the trace as objects, `tracing` makes it node by node. Both say the same.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from salesctrl.compile.plan import Plan, PlannedRule
from salesctrl.decision.trace import NodeTemplate, RuleTemplate, texts
from salesctrl.decision.values import UNITS, plain_value, shown_value
from salesctrl.evaluate.fast_printer import FastPrinter
from salesctrl.evaluate.printer import assign, call, choose, const, define, either, is_, name
from salesctrl.evidence.given import Evidence
from salesctrl.evidence.judgement import judge
from salesctrl.expr.ir import Graph
from salesctrl.numbers import format_plain
from salesctrl.outcome import Outcome
from salesctrl.policy.documents import Source
from salesctrl.policy.organisation import Organisation
from salesctrl.policy.types import Base, Type

PLAIN_SCALE = 6
"""A Decimal with so many decimals at most is written without an exponent."""
KEPT_JUDGEMENTS = 1024

PlainTrace = Callable[[tuple[object, ...], object, int, int], "dict[str, object] | None"]


@dataclass(frozen=True, slots=True)
class Step:
    """One node to make: its template, its value's nodes in the graph, the steps below it.

    The value is ``num``, or for a quotient ``num / (den * unit)``; ``problem`` says why there is no value
    where all below it have one.
    """

    template: NodeTemplate
    num: int
    den: int | None
    unit: int
    children: tuple[int, ...]
    problem: str


@dataclass(frozen=True, slots=True)
class RuleSteps:
    """A rule to trace: its template and the steps of its parts."""

    planned: PlannedRule
    template: RuleTemplate
    condition: int
    computed: tuple[tuple[str, int], ...]
    sentence: Mapping[str, tuple[str | int, ...]]


def judgements(plan: Plan, organisation: Organisation) -> Callable[..., dict[str, object]]:
    """A function that judges a requirement, as plain data; remembered where there is no evidence."""

    @lru_cache(maxsize=KEPT_JUDGEMENTS)
    def without(number: int, day: int, figure: int | None) -> dict[str, object]:
        return judge(plan.judges[number].requirement.need, None, organisation, day, figure).to_dict()

    def judged(number: int, evidence: Evidence | None, day: int, figure: int | None) -> dict[str, object]:
        if evidence is None:
            return _copied(without(number, day, figure))
        return judge(plan.judges[number].requirement.need, evidence, organisation, day, figure).to_dict()

    return judged


def _copied(data: dict[str, object]) -> dict[str, object]:
    """Plain data of its own, so that no two traces share what a caller may change."""
    return {
        key: [_copied(v) if isinstance(v, dict) else v for v in value] if isinstance(value, list) else value
        for key, value in data.items()
    }


class TracePrinter:
    """Prints one plan's trace."""

    def __init__(
        self,
        plan: Plan,
        printer: FastPrinter,
        organisation: Organisation,
        steps: Sequence[Step],
        rules: Sequence[RuleSteps],
        formulas: Sequence[int],
        rest: tuple[list[object], list[object], list[object]],
    ):
        self.plan, self.steps, self.rules, self.formulas = plan, steps, rules, formulas
        self.organisation = organisation
        self.rest = rest
        self._sources: dict[Source, str] = {}
        self.printer = printer
        self.graph: Graph = plan.graph
        self.globals = printer.globals
        self.globals.update({"str": str, "plain_value": plain_value, "shown_value": shown_value})

    def function(self) -> PlainTrace:
        """``trace(values, evidence, f, p)``: the plain data, or ``None`` where something has no value."""
        wanted = [s.num for s in self.steps] + [s.den for s in self.steps if s.den is not None]
        figures = [j.figure for j in self.plan.judges if j.figure is not None]
        body: list[ast.stmt] = self.printer.all_locals(
            [*wanted, *figures, *(r.condition for r in self.plan.rules)]
        )
        unsure = sorted({n for n in wanted if self.printer.maybe(n)})
        if unsure:
            tests = [is_(self.printer(n), None) for n in unsure]
            body.append(ast.If(either(tests), [ast.Return(const(None))], []))
        heads = {r.condition for r in self.rules} | {i for r in self.rules for _, i in r.computed}
        for number, step in enumerate(self.steps):
            if step.template.kind != "literal" or number in heads:
                body.append(assign(f"t{number}", self._node(step)))
        for number, rule in enumerate(self.rules):
            body.append(assign(f"z{number}", self._status(number, rule)))
        body += self._clauses()
        for number, rule in enumerate(self.rules):
            body += self._rule(number, rule)
        body.append(ast.Return(self._whole()))
        target = ast.Tuple(
            [ast.Name(f"x{i}", ast.Store()) for i in range(len(self.plan.inputs.slots))], ast.Store()
        )
        body[:0] = [ast.Assign([target], name("values")), *self._as_needed()]
        made: PlainTrace = define("trace", ["values", "evidence", "f", "p"], body, self.globals)
        return made

    def _as_needed(self) -> list[ast.stmt]:
        """Bring the facts to the form that is needed: the fast function keeps others than the general."""
        ops = self.graph.ops
        decimals = {ops[n].imm: scale for n, scale in self.printer.decimals.items() if ops[n].name == "input"}
        done: list[ast.stmt] = []
        for path, place in self.plan.inputs.slots.items():
            type_ = self.plan.inputs.vocabulary.at(path).type if place else None
            if type_ is None or type_.base not in (Base.MONEY, Base.NUMBER) or not type_.scale:
                continue
            x, scale = name(f"x{place}"), const(type_.scale)
            cls = ast.Attribute(x, "__class__", ast.Load())
            is_decimal = ast.Compare(cls, [ast.Is()], [name("Decimal")])
            whole = ast.Call(ast.Attribute(x, "scaleb", ast.Load()), [scale, name("wide")], [])
            as_it_is = (x, call("exact", x, scale)) if place in decimals else (call("int", whole), x)
            done.append(assign(f"x{place}", choose(is_decimal, *as_it_is)))
        return done

    # -- nodes -------------------------------------------------------------------------------------

    def _raw(self, step: Step) -> ast.expr:
        """The run-time value of a step: a number, or the pair of a quotient."""
        if step.den is None:
            return self.printer(step.num)
        den: ast.expr = self.printer(step.den)
        if step.unit != 1:
            den = ast.BinOp(den, ast.Mult(), const(step.unit))
        return ast.Tuple([self.printer(step.num), den], ast.Load())

    def _plain(self, raw: ast.expr, step: Step) -> ast.expr:
        """The value as JSON has it; what `plain_value` says, with the common types spelt out."""
        type_ = step.template.type
        if step.den is not None:
            return call("plain_value", raw, self._type(type_))
        if step.num in self.printer.decimals and type_.base is Base.NUMBER and not type_.scale:
            return call("int", self._true(step, raw))
        if step.num in self.printer.decimals:
            return self._written(self._true(step, raw), type_.scale or 0)
        if type_.base in (Base.BOOLEAN, Base.TEXT, Base.CHOICE, Base.DAYS, Base.MONTHS):
            return raw
        if type_.base is Base.NUMBER and type_.scale == 0:
            return raw
        value = self.graph.value(step.num)
        if value is not None:
            return const(plain_value(value, type_))
        return call("plain_value", raw, self._type(type_))

    def _true(self, step: Step, raw: ast.expr) -> ast.expr:
        """A Decimal with its own decimals: a product with a constant has lost those of the constant."""
        shift = self.printer.decimals[step.num] - (step.template.type.scale or 0)
        if not shift:
            return raw
        return ast.Call(ast.Attribute(raw, "scaleb", ast.Load()), [const(shift), name("wide")], [])

    def _written(self, raw: ast.expr, scale: int) -> ast.expr:
        written = call("str", raw) if scale <= PLAIN_SCALE else ast.JoinedStr([_formatted(raw, "f")])
        return choose(raw, written, const(format_plain(0, scale)))  # a Decimal of zero can have a sign

    def _type(self, type_: Type) -> ast.expr:
        key = f"T{len(self.globals)}"
        self.globals[key] = type_
        return name(key)

    def _node(self, step: Step) -> ast.expr:
        template = step.template
        items: dict[str, ast.expr] = {
            "kind": const(template.kind),
            "text": const(template.text),
            "value": self._plain(self._raw(step), step),
        }
        if template.name is not None:
            items["name"] = const(template.name)
        below = self._below(step)
        if below and template.kind != "formula":
            items["children"] = _list(below)
        return _dict(items)

    def _below(self, step: Step) -> list[ast.expr]:
        """The nodes below; literals are in the text, and left out."""
        return [name(f"t{i}") for i in step.children if self.steps[i].template.kind != "literal"]

    def _clauses(self) -> list[ast.stmt]:
        """Each clause once; the rules that stand on it share it."""
        done: list[ast.stmt] = []
        for rule in self.rules:
            source = rule.template.source
            if source is None or source in self._sources:
                continue
            key = self._sources[source] = f"c{len(self._sources)}"
            article = texts(source.article) if source.article else None
            done.append(assign(key, _data({"document": texts(source.document), "article": article})))
        return done

    # -- rules -------------------------------------------------------------------------------------

    def _status(self, number: int, rule: RuleSteps) -> ast.expr:
        """The same as `tracing` finds, for a rule that is known."""
        planned = rule.planned
        fired: ast.expr = const("fired")
        if planned.rule.outcome is Outcome.REVIEW and planned.judges:
            fired = choose(_bit("p", number), const("fired"), const("satisfied"))
        other: ast.expr = const("not_fired")
        if planned.excepted_by or planned.rule.excepts:
            held: ast.expr = const("withheld")
            if planned.excepted_by:
                exceptors = sum(1 << i for i in planned.excepted_by)
                held = choose(ast.BinOp(name("f"), ast.BitAnd(), const(exceptors)), const("excepted"), held)
            other = choose(self.printer(planned.condition), held, const("not_fired"))
        return choose(_bit("f", number), fired, other)

    def _rule(self, number: int, rule: RuleSteps) -> list[ast.stmt]:
        template, planned = rule.template, rule.planned
        effect = template.effect.value if template.effect is not None else None
        outcome: ast.expr = const(effect)
        if planned.rule.outcome is Outcome.REVIEW and planned.judges:
            outcome = choose(_bit("p", number), const(effect), const(Outcome.ALLOW.value))
        items: dict[str, ast.expr] = {
            "id": const(template.id),
            "title": _data(texts(template.title)),
            "policy": const(template.policy),
            "status": name(f"z{number}"),
            "outcome": choose(_bit("f", number), outcome, const(None)),
        }
        if template.source is not None:
            items["source"] = name(self._sources[template.source])
        if template.row is not None:
            row = template.row
            items["row"] = _data({"table": row.table, "number": row.number, "of": row.count})
        items["condition"] = name(f"t{rule.condition}")
        done: list[ast.stmt] = [assign(f"r{number}", _dict(items))]
        done += self._added(number, rule)
        if template.notify:
            done.append(_put(number, "notify", _data(list(template.notify))))
        if rule.sentence:
            done.append(self._where_it_holds(number, rule, self._because(number, rule)))
        if template.origin is not None:
            done.append(_put(number, "overlay", const(template.origin)))
        if template.off is not None:
            done.append(_put(number, "off", _data(template.off.to_dict())))
        return done

    def _added(self, number: int, rule: RuleSteps) -> list[ast.stmt]:
        """What stands there only of a rule that fired, or whose condition holds."""
        planned = rule.planned
        done: list[ast.stmt] = []
        if rule.computed:
            values = _dict({key: name(f"t{i}") for key, i in rule.computed})
            done.append(ast.If(_bit("f", number), [_put(number, "computed", values)], []))
        if planned.judges:
            judged = [self._judged(k) for k in planned.judges]
            done.append(self._where_it_holds(number, rule, [_put(number, "requirements", _list(judged))]))
        if planned.excepted_by:
            found = {self.plan.rules[i].rule.id: name(f"z{i}") for i in planned.excepted_by}
            done.append(_put(number, "exceptions", _dict(found)))
        return done

    def _where_it_holds(self, number: int, rule: RuleSteps, block: list[ast.stmt]) -> ast.stmt:
        condition = rule.planned.condition
        if condition == self.graph.true:
            return ast.If(const(True), block, [])
        return ast.If(self.printer(condition), block, [])

    def _judged(self, number: int) -> ast.expr:
        """A requirement as plain data; what is the same of every decision without evidence is written out."""
        asked = self.plan.judges[number]
        figure = self.printer(asked.figure) if asked.figure is not None else const(None)
        found = call("judged", const(number), name("evidence"), name("x0"), figure)
        if asked.figure is not None or self.organisation.lists_persons:
            return found
        without = judge(asked.requirement.need, None, self.organisation, self.plan.interval.first, None)
        return choose(is_(name("evidence"), None), _data(without.to_dict()), found)

    def _because(self, number: int, rule: RuleSteps) -> list[ast.stmt]:
        """The sentences; a number that reads the same in both languages is written once."""
        parts = {p for words in rule.sentence.values() for p in words if isinstance(p, int)}
        block: list[ast.stmt] = [
            assign(f"h{part}", self._shown(part, "en")) for part in sorted(parts) if self._reads_alike(part)
        ]
        sentences = _dict({lang: self._sentence(lang, words) for lang, words in rule.sentence.items()})
        return [*block, _put(number, "because", sentences)]

    def _reads_alike(self, part: int) -> bool:
        return self.steps[part].template.type.base in (Base.MONEY, Base.NUMBER, Base.DATE)

    def _sentence(self, lang: str, parts: Sequence[str | int]) -> ast.expr:
        words: list[ast.expr] = []
        for part in parts:
            if isinstance(part, str):
                words.append(const(part))
            else:
                shown = name(f"h{part}") if self._reads_alike(part) else self._shown(part, lang)
                words.append(ast.FormattedValue(shown, -1))
        return ast.JoinedStr(words)

    def _shown(self, number: int, lang: str) -> ast.expr:
        """The value as people read it: what `shown_value` says, texts without their quotes."""
        step = self.steps[number]
        type_, raw = step.template.type, self._raw(step)
        if type_.base is Base.TEXT or (type_.base is Base.CHOICE and not type_.labels):
            return raw
        if step.num in self.printer.decimals and step.den is None:
            zero, raw = const(shown_value(0, type_)), self._true(step, raw)
            if not type_.percent:
                return choose(raw, ast.JoinedStr([_formatted(raw, ",f")]), zero)
            percent = ast.Call(ast.Attribute(raw, "scaleb", ast.Load()), [const(2), name("wide")], [])
            return choose(raw, ast.JoinedStr([_formatted(percent, ",f"), const("%")]), zero)
        if type_.base is Base.DAYS:
            one, many = UNITS["zh" if lang == "zh" else "en"][Base.DAYS]
            single = ast.Compare(raw, [ast.In()], [ast.Tuple([const(1), const(-1)], ast.Load())])
            unit = const(many) if one == many else choose(single, const(one), const(many))
            return ast.JoinedStr([_formatted(raw, ","), ast.FormattedValue(unit, -1)])
        shown = call("shown_value", raw, self._type(type_), const(lang))
        if type_.base is Base.CHOICE:
            return ast.Call(ast.Attribute(shown, "strip", ast.Load()), [const('"')], [])
        return shown

    # -- the whole ---------------------------------------------------------------------------------

    def _whole(self) -> ast.expr:
        versions, dormant, parameters = (_data(part) for part in self.rest)
        rules: list[ast.expr] = [name(f"r{i}") for i in range(len(self.rules))]
        formulas: dict[str, ast.expr] = {}
        for number in self.formulas:
            step = self.steps[number]
            children = _list(self._below(step))
            formulas[str(step.template.name)] = ast.Dict(
                [None, const("children")], [name(f"t{number}"), children]
            )
        everything = ast.BinOp(_list(rules), ast.Add(), dormant) if self.plan.dormant else _list(rules)
        return _dict(
            {
                "versions": versions, "rules": everything, "formulas": _dict(formulas),
                "parameters": parameters, "missing": _list([]), "problems": _list([]), "rounded": _list([]),
            }
        )  # fmt: skip


def _formatted(value: ast.expr, how: str) -> ast.expr:
    return ast.FormattedValue(value, -1, ast.JoinedStr([const(how)]))


def _bit(target: str, number: int) -> ast.expr:
    return ast.BinOp(name(target), ast.BitAnd(), const(1 << number))


def _put(number: int, key: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Subscript(name(f"r{number}"), const(key), ast.Store())], value)


def _dict(items: Mapping[str, ast.expr]) -> ast.expr:
    return ast.Dict([const(key) for key in items], list(items.values()))


def _list(items: Sequence[ast.expr]) -> ast.expr:
    return ast.List(list(items), ast.Load())


def _data(value: object) -> ast.expr:
    """Plain data as an expression that makes it anew."""
    if isinstance(value, dict):
        return _dict({key: _data(item) for key, item in value.items()})
    if isinstance(value, list):
        return _list([_data(item) for item in value])
    return const(value)
