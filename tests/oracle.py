"""An independent reading of checked policies: rationals, dates and Kleene's logic, straight from the trees.

It shares with the library only the parsing, the typing and the judgement of evidence. It has no scaled
integers, no lowered graph, no arithmetic and no calendar of the library: numbers are fractions, dates are
`datetime.date`, an unknown value is `None`. Where it and an evaluator differ, one of them is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Any

from salesctrl.compile.checked import CheckedPolicy, CheckedRule, Requirement
from salesctrl.compile.needs import ActionNeed, ApprovalNeed, PaymentNeed
from salesctrl.compile.plan import CheckedSet
from salesctrl.evidence.given import Evidence
from salesctrl.evidence.judgement import judge
from salesctrl.expr import tree as t
from salesctrl.outcome import Outcome
from salesctrl.policy.literals import Constant
from salesctrl.policy.types import NUMERIC, Base

Facts = Mapping[str, Any]
"""Records by kind; numbers are fractions, dates `date`, instants microseconds; lists are of records."""


@dataclass
class Verdict:
    """What a decision should be; values that only rules compute are there where they are known."""

    outcome: Outcome
    fired: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    pending: set[str] = field(default_factory=set)
    values: dict[str, Any] = field(default_factory=dict)


def decide(
    checked: CheckedSet, point: str, facts: Facts, as_of: date, evidence: Evidence | None = None
) -> Verdict:
    """The decision of a control point, by the definition of the language."""
    today = as_of.toordinal()
    policies = [p for p in checked.policies if p.control_point == point and today in p.effective]
    if not policies:
        return Verdict(Outcome.INCOMPLETE)
    machines = {p.name: Machine(checked, p, facts, as_of) for p in policies}
    rules = [
        (machines[p.name], rule)
        for p in policies
        for rule in p.rules
        if today in rule.effective and not (rule.off is not None and today <= rule.off.until)
    ]
    case = _Case(checked, rules, evidence, as_of)
    fired = {rule.id: case.holds(rule) for _, rule in rules}
    verdict = Verdict(Outcome.ALLOW)
    verdict.fired = {id for id, holds in fired.items() if holds is True}
    verdict.unknown = {id for id, holds in fired.items() if holds is None}
    computed: dict[str, list[Any]] = {}
    for machine, rule in rules:
        if fired[rule.id] is not True:
            continue
        for name, expression in rule.computes:
            computed.setdefault(name, []).append(machine.value(expression.node))
            if computed[name][-1] is None:
                verdict.unknown.add(rule.id)
    for name, values in computed.items():
        known = [value for value in values if value is not None]
        if any(value != known[0] for value in known):
            verdict.unknown.update(_producers(name, rules, verdict.fired))
        elif known:
            verdict.values[name] = known[0]
    certain = not verdict.unknown
    for policy in policies:
        for name in policy.outputs:
            verdict.values[name] = machines[policy.name].value(policy.formulas[name].node)
            certain = certain and verdict.values[name] is not None
    outcomes = [Outcome.ALLOW] if certain else [Outcome.INCOMPLETE]
    for _, rule in rules:
        if fired[rule.id] is not True or rule.outcome is None:
            continue
        if rule.outcome is not Outcome.REVIEW:
            outcomes.append(rule.outcome)
        elif not case.met(rule):
            outcomes.append(rule.outcome)
            verdict.pending.add(rule.id)
    verdict.outcome = max(outcomes, key=lambda outcome: outcome.rank)
    return verdict


def _producers(name: str, rules: list[tuple[Machine, CheckedRule]], fired: set[str]) -> set[str]:
    """The rules that fired and compute an output: where they differ, none of them is to be believed."""
    return {rule.id for _, rule in rules if rule.id in fired and name in dict(rule.computes)}


class _Case:
    """The rules in force with the evidence of one case."""

    def __init__(self, checked, rules, evidence, as_of):
        self.checked, self.rules, self.evidence, self.as_of = checked, rules, evidence, as_of
        self.machines = {rule.id: machine for machine, rule in rules}
        self.done: dict[str, bool | None] = {}

    def holds(self, rule: CheckedRule) -> bool | None:
        """Whether a rule counts: its condition, no exception, and what an exception itself requires."""
        if rule.id not in self.done:
            parts = [self.machines[rule.id].value(rule.when.node)]
            for _, other in self.rules:
                if rule.id in other.excepts or (rule.row is not None and rule.row.table in other.excepts):
                    parts.append(kleene_not(self.holds(other)))
            if rule.excepts:
                parts.append(self.met(rule))
            self.done[rule.id] = kleene_and(parts)
        return self.done[rule.id]

    def met(self, rule: CheckedRule) -> bool:
        """Whether the evidence satisfies all requirements of a rule."""
        return all(self._satisfied(rule, requirement) for requirement in rule.requirements)

    def _satisfied(self, rule: CheckedRule, requirement: Requirement) -> bool:
        figure: int | None = None
        if requirement.figure is not None:
            value = self.machines[rule.id].value(requirement.figure.node)
            if isinstance(requirement.need, ApprovalNeed | PaymentNeed) and value is not None:
                scaled = value * 10**requirement.need.decimals
                assert scaled.denominator == 1
                figure = int(scaled)
            elif isinstance(requirement.need, ActionNeed) and value is not None:
                figure = value.toordinal()
        today = self.as_of.toordinal()
        return judge(requirement.need, self.evidence, self.checked.organisation, today, figure).satisfied


# --- Kleene -----------------------------------------------------------------------------------------


def kleene_and(values):
    """False if one is, else unknown if one is, else true."""
    values = list(values)
    return False if False in values else None if None in values else True


def kleene_or(values):
    values = list(values)
    return True if True in values else None if None in values else False


def kleene_not(value):
    return None if value is None else not value


# --- values -----------------------------------------------------------------------------------------


def decoded(value: Any, type_: Any) -> Any:
    """A run-time value as the oracle has it."""
    if value is None:
        return None
    if type_.base in NUMERIC:
        return Fraction(value, 10 ** (type_.scale or 0))
    if type_.base is Base.DATE:
        return date.fromordinal(value)
    if type_.base is Base.MAP:
        return {k: decoded(v, type_.element) for k, v in zip(type_.keys, value, strict=True)}
    if type_.base is Base.LIST and type_.element is not None:
        return [decoded(v, type_.element) for v in value]
    return list(value) if type_.base is Base.LIST else value


def constant(given: Constant) -> Any:
    return decoded(given.value, given.type)


class Machine:
    """One policy with the facts of one case."""

    def __init__(self, checked: CheckedSet, policy: CheckedPolicy, facts: Facts, as_of: date):
        self.checked, self.policy, self.facts, self.as_of = checked, policy, facts, as_of
        self.named: dict[object, Any] = {}

    def value(self, node: t.Node, loops: Mapping[str, Any] | None = None) -> Any:
        """The value of an expression; ``loops`` has the records that loop variables stand for."""
        return getattr(self, "_" + type(node).__name__.lower())(node, loops or {})

    def _values(self, nodes, loops):
        return [self.value(node, loops) for node in nodes]

    # -- names

    def _literal(self, node, loops):
        return decoded(node.value, node.type)

    def _asof(self, node, loops):
        return self.as_of

    def _fieldref(self, node, loops):
        kind, _, path = node.path.partition(".")
        return self._fact(self.facts.get(kind) or {}, path, node.path)

    def _itemref(self, node, loops):
        return self._fact(loops[node.variable], node.path.rpartition("[].")[2], node.path)

    def _fact(self, record, path, full):
        for name in path.split("."):
            record = None if record is None else record.get(name)
        if record is None:
            spec = self.checked.vocabulary.at(full)
            return decoded(spec.default, spec.type)
        return record

    def _parameterref(self, node, loops):
        parameter = self.policy.parameters[node.name]
        if parameter.numbers:
            return {name: constant(c) for name, c in parameter.numbers.items()}
        if parameter.seen.items:
            return [constant(c) for c in parameter.seen.items]
        before = [c for first, c in parameter.dated if date.fromordinal(first) <= self.as_of]
        return constant(before[-1]) if before else None

    def _formularef(self, node, loops):
        if node.name not in self.named:
            self.named[node.name] = self.value(self.policy.formulas[node.name].node)
        return self.named[node.name]

    def _tableref(self, node, loops):
        key = (node.table, node.output)
        if key not in self.named:
            self.named[key] = self.value(self.policy.table_outputs[key])
        return self.named[key]

    def _mapitem(self, node, loops):
        whole = self.value(node.map, loops)
        return None if whole is None else whole[node.key]

    # -- operations

    def _arithmetic(self, node, loops):
        a, b = self._values((node.left, node.right), loops)
        if a is None or b is None:
            return None
        if node.op == "+":
            return shifted(a, b) if isinstance(a, date) else shifted(b, a) if isinstance(b, date) else a + b
        if node.op == "-":
            if isinstance(a, date) and isinstance(b, date):
                return Fraction((a - b).days)
            return shifted(a, -b) if isinstance(a, date) else a - b
        if node.op == "*":
            return a * b
        return a / b if b else None

    def _negation(self, node, loops):
        value = self.value(node.operand, loops)
        return None if value is None else -value

    def _compare(self, node, loops):
        a, b = self._values((node.left, node.right), loops)
        if a is None or b is None:
            return None
        return {
            "==": lambda: a == b, "!=": lambda: a != b, "<": lambda: a < b,
            "<=": lambda: a <= b, ">": lambda: a > b, ">=": lambda: a >= b,
        }[node.op]()  # fmt: skip

    def _logic(self, node, loops):
        return (kleene_and if node.op == "and" else kleene_or)(self._values(node.operands, loops))

    def _not(self, node, loops):
        return kleene_not(self.value(node.operand, loops))

    def _conditional(self, node, loops):
        test = self.value(node.test, loops)
        return None if test is None else self.value(node.then if test else node.otherwise, loops)

    def _membership(self, node, loops):
        item = self.value(node.item, loops)
        if item is None:
            return None
        options = []
        for value in self._values(node.options, loops):
            options.extend(value if isinstance(value, list) else [value])
        return kleene_or(None if value is None else value == item for value in options)

    def _select(self, node, loops):
        for test, value in zip(node.tests, node.values, strict=True):
            holds = self.value(test, loops)
            if holds is None:
                return None
            if holds:
                return self.value(value, loops)
        return None if node.otherwise is None else self.value(node.otherwise, loops)

    def _guard(self, node, loops):
        return self.value(node.value, loops) if self.value(node.condition, loops) else None

    def _fold(self, node, loops):
        items = self.value(node.source, loops)
        if items is None:
            return None
        pairs = []
        for item in items:
            here = {**loops, node.variable: item}
            test = True if node.test is None else self.value(node.test, here)
            pairs.append((test, None if node.body is None else self.value(node.body, here)))
        if node.kind == "any":
            return kleene_or(kleene_and(pair) for pair in pairs)
        if node.kind == "all":
            return kleene_and(kleene_or((kleene_not(test), value)) for test, value in pairs)
        if any(test is None for test, _ in pairs):
            return None
        values: list[Any] = [value for test, value in pairs if test]
        if node.kind == "count":
            return Fraction(len(values))
        if None in values:
            return None
        if node.kind == "sum":
            return sum(values, Fraction(0))
        return (min if node.kind == "min" else max)(values) if values else None

    # -- functions

    def _call(self, node, loops):
        if node.name == "known":
            return self.value(node.args[0], loops) is not None
        values = self._values(node.args, loops)
        if node.name == "coalesce":
            return next((value for value in values if value is not None), None)
        if node.name == "accrue":
            return self._accrue(node, values)
        if node.name == "allocate":
            return None if values[0] is None else allocation(values[0], values[1], node.args[0].type.scale)
        if node.name.startswith("collect"):
            tests, given = values[::2], values[1::2]
            taken = [v for test, v in zip(tests, given, strict=True) if test]
            if None in tests or None in taken:
                return None
            if node.name == "collect_list":
                return taken
            return (min if node.name == "collect_min" else max)(taken) if taken else None
        if None in values:
            return None
        return getattr(self, "_do_" + node.name)(*values)

    def _do_round(self, x, places, mode):
        unit = Fraction(1, 10 ** int(places))
        return rounded(x / unit, mode) * unit

    def _do_min(self, *values):
        return min(values)

    def _do_max(self, *values):
        return max(values)

    def _do_abs(self, x):
        return abs(x)

    def _do_months_between(self, a, b):
        return Fraction(months_between(a, b))

    def _do_months_started(self, a, b):
        return Fraction(months_started(a, b))

    def _do_add_months(self, day, months, mode):
        return add_months(day, int(months), mode)

    def _do_add_workdays(self, day, days):
        return add_workdays(self.checked.organisation.calendar, day, int(days))

    def _do_year_end(self, day):
        return date(day.year, 12, 31)

    def _do_month_end(self, day):
        return date(day.year, day.month, month_length(day.year, day.month))

    def _do_year(self, day):
        return Fraction(day.year)

    def _do_month(self, day):
        return Fraction(day.month)

    def _do_day(self, day):
        return Fraction(day.day)

    def _do_starts_with(self, text, part):
        return text[: len(part)] == part

    def _do_ends_with(self, text, part):
        return part == "" or text[-len(part) :] == part

    def _do_contains(self, text, part):
        return part in text

    def _do_lower(self, text):
        return text.lower()

    def _do_length(self, text):
        return Fraction(len(text))

    def _do_count_true(self, *values):
        return Fraction(sum(1 for value in values if value))

    def _accrue(self, node, values):
        principal, rate, start, end, basis = values
        schedule = [(date.min, rate)]
        if isinstance(node.args[1], t.ParameterRef):
            dated = self.policy.parameters[node.args[1].name].dated
            schedule = [(date.fromordinal(first), constant(c)) for first, c in dated]
        elif rate is None:
            return None
        if principal is None or start is None or end is None or end < start or start < schedule[0][0]:
            return None
        return principal * interest(schedule, start, end, basis)


def allocation(total: Fraction, weights: Mapping[str, Fraction], decimals: int) -> dict[str, Fraction]:
    """Each its whole share of the smallest units; the units left over to the largest remainders."""
    unit = Fraction(1, 10**decimals)
    units, whole = abs(total / unit), sum(weights.values())
    exact = {name: units * weight / whole for name, weight in weights.items()}
    parts = {name: floor(share) for name, share in exact.items()}
    order = sorted(exact, key=lambda name: parts[name] - exact[name])
    for name in order[: int(units - sum(parts.values()))]:
        parts[name] += 1
    sign = -1 if total < 0 else 1
    return {name: sign * part * unit for name, part in parts.items()}


# --- rounding ---------------------------------------------------------------------------------------


def rounded(x: Fraction, mode: str) -> int:
    """To a whole number."""
    below, above = floor(x), ceil(x)
    toward_zero, away = (below, above) if x >= 0 else (above, below)
    half = abs(x - toward_zero) == Fraction(1, 2)
    nearest = below if x - below < Fraction(1, 2) else above
    return {
        "half_up": away if half else nearest,
        "half_down": toward_zero if half else nearest,
        "half_even": (below if below % 2 == 0 else above) if half else nearest,
        "up": away,
        "down": toward_zero,
        "floor": below,
        "ceil": above,
    }[mode]


# --- the calendar -----------------------------------------------------------------------------------


def shifted(day: date, days: Fraction) -> date | None:
    try:
        return day + timedelta(int(days))
    except OverflowError:
        return None


def is_leap(year: int) -> bool:
    return year % 400 == 0 or (year % 4 == 0 and year % 100 != 0)


def month_length(year: int, month: int) -> int:
    return 28 + is_leap(year) if month == 2 else 30 if month in (4, 6, 9, 11) else 31


def add_months(day: date, months: int, mode: str = "clamp") -> date | None:
    """The same day of a later month; on a missing day the last one, or unknown."""
    number = day.year * 12 + day.month - 1 + months
    year, month = number // 12, number % 12 + 1
    if not 1 <= year <= 9999:
        return None
    last = month_length(year, month)
    if day.day > last and mode == "error":
        return None
    return date(year, month, min(day.day, last))


def _not_after(day: date, months: int, limit: date) -> bool:
    """Whether ``day`` and so many months is not after ``limit``; past the calendar's end it is."""
    moved = add_months(day, months)
    return moved is not None and moved <= limit


def months_between(a: date, b: date) -> int:
    """The most whole months from the earlier to the later day."""
    if b < a:
        return -months_between(b, a)
    months = max(0, (b - a).days // 31 - 1)
    while _not_after(a, months + 1, b):
        months += 1
    return months


def months_started(a: date, b: date) -> int:
    """The fewest months after which ``b`` is reached."""
    months = max(0, (b - a).days // 31 - 1)
    while (moved := add_months(a, months)) is not None and moved < b:
        months += 1
    return months


def is_workday(calendar, day: date) -> bool:
    number = day.toordinal()
    if number in calendar.extra_workdays:
        return True
    return number not in calendar.holidays and day.isoweekday() not in calendar.weekend


def add_workdays(calendar, day: date, days: int) -> date | None:
    """Day by day, counting the working ones; over plain weeks in one step each."""
    step = 1 if days > 0 else -1
    left = abs(days)
    special = calendar.holidays | calendar.extra_workdays
    a_week = 7 - len(calendar.weekend)
    try:
        while left:
            week = {day.toordinal() + step * i for i in range(1, 8)}
            if left > a_week and not week & special:
                day += timedelta(7 * step)
                left -= a_week
                continue
            day += timedelta(step)
            left -= is_workday(calendar, day)
    except OverflowError:
        return None
    return day


def interest(schedule, start: date, end: date, basis: str) -> Fraction:
    """What 1 earns from ``start`` to before ``end`` at yearly rates that change over time."""
    total = Fraction(0)
    for i, (since, rate) in enumerate(schedule):
        until = schedule[i + 1][0] if i + 1 < len(schedule) else date.max
        first, last = max(start, since), min(end, until)
        if i + 1 == len(schedule):
            last = end
        if first < last:
            total += rate * (years(start, last, basis) - years(start, first, basis))
    return total


def years(start: date, end: date, basis: str) -> Fraction:
    """A period as a fraction of a year (ISDA 2006, 4.16)."""
    if basis in ("ACT/365", "ACT/360"):
        return Fraction((end - start).days, int(basis[4:]))
    if basis == "ACT/ACT":
        total, day = Fraction(0), start
        while day < end:
            stop = min(end, date(day.year + 1, 1, 1)) if day.year < 9999 else end
            total += Fraction((stop - day).days, 366 if is_leap(day.year) else 365)
            day = stop
        return total
    first, last = min(start.day, 30), end.day
    if last == 31 and (basis == "30E/360" or first == 30):
        last = 30
    return Fraction((end.year - start.year) * 360 + (end.month - start.month) * 30 + last - first, 360)
