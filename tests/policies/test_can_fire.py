"""Controls drawn at random: each has a rule that holds for one transaction and not for another.

The cases of the pack show it for most; for the others facts are varied until one is found. Which controls are
drawn changes from run to run: a failure names the seed, and `SALESCTRL_SEED=… pytest …` draws the same again.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from random import Random

from tests.policies.pack import engine, results, rules, rules_in_time, shown_in_time

from salesctrl.compile.checked import CheckedPolicy, CheckedRule
from salesctrl.compile.plan import reads
from salesctrl.coverage import Coverage, cover, find_catalogue, read_catalogue
from salesctrl.decision import Decision
from salesctrl.decision.trace import Status
from salesctrl.expr import tree as t
from salesctrl.policy.loader import default_policies
from salesctrl.policy.types import Base
from salesctrl.policy.vocabulary import Field
from salesctrl.testing import typed_facts

DRAWN = 60
TRIES = 300
HOLDS = frozenset({Status.FIRED, Status.SATISFIED})
QUIET = frozenset({Status.NOT_FIRED, Status.EXCEPTED, Status.WITHHELD})


@cache
def coverage() -> Coverage:
    path = find_catalogue(engine().documents, [default_policies()])
    assert path is not None
    return cover(engine(), results(), read_catalogue(path))


def test_controls_drawn_at_random_can_fire_and_not_fire():
    seed = int(os.environ.get("SALESCTRL_SEED") or Random().randrange(2**32))  # a new one each time
    sys.stdout.write(f"SALESCTRL_SEED={seed}\n")
    drawn = Random(seed).sample(coverage().controls, DRAWN)
    covered = [one for one in drawn if one.rules]
    failed = [one.control.id for one in covered if not any(both(rule, seed) for rule in one.rules)]
    missing = [one.control.id for one in drawn if not one.rules]
    assert failed == [], f"no rule of theirs both fires and does not; SALESCTRL_SEED={seed}"
    assert missing == [], f"no rule carries them; SALESCTRL_SEED={seed}"


def both(name: str, seed: int) -> bool:
    """Whether a rule fires for one transaction and not for another; of a table of values, one that reads it."""
    if name not in rules():
        policy = next(policy for policy in engine().policies if name in policy.tables)
        return any(both(rule.id, seed) for rule in policy.rules if reads_table(policy, rule, name))
    rule = rules()[name]
    if name in rules_in_time():
        return all(shown_in_time(name))
    seen: set[bool] = set()
    for decision in decisions(rule, Random(seed)):
        status = next((one.status for one in decision.trace.rules if one.id == name), None)
        if status in HOLDS:
            seen.add(True)
        if status in QUIET or (status is Status.SATISFIED and rule.when.text == "true"):
            seen.add(False)  # one that always holds asks for nothing more where all is there
        if len(seen) == 2:
            return True
    return False


def reads_table(policy: CheckedPolicy, rule: CheckedRule, table: str) -> bool:
    todo, seen = [rule.when.node, *(e.node for _, e in rule.computes)], set[str]()
    while todo:
        for node in t.walk(todo.pop()):
            if isinstance(node, t.TableRef) and node.table == table:
                return True
            if isinstance(node, t.FormulaRef) and node.name not in seen:
                seen.add(node.name)
                todo.append(policy.formulas[node.name].node)
    return False


def decisions(rule: CheckedRule, random: Random) -> Iterator[Decision]:
    """Decisions at the control point of a rule: those of the cases, then on facts varied from theirs."""
    point = next(policy.control_point for policy in engine().policies if policy.name == rule.policy)
    here = [r for r in results() if r.case.control_point == point and r.decision is not None]
    for result in here:
        assert result.decision is not None
        yield result.decision
    plain = [(r.case, r.decision.as_of) for r in here if r.decision is not None and not r.case.overlays]
    for _ in range(TRIES if plain else 0):
        case, as_of = random.choice(plain)
        day = as_of + timedelta(random.choice((0, 0, 0, -1, 1, -30, 30, -400, 400)))
        facts = typed_facts(case.given, engine().checked.vocabulary, [])
        yield engine().evaluate(point, varied(facts, point, day, random), as_of=day, on_error="incomplete")


def varied(facts: Mapping[str, object], point: str, day: date, random: Random) -> dict[str, object]:
    """Facts with some of those that the control point reads replaced, and evidence kept or left out."""
    done = {name: dict(value) if isinstance(value, Mapping) else value for name, value in facts.items()}
    plan = engine().point(point).at(day.toordinal()).plan
    paths = [path for path in reads(plan) if path.count(".") == 1]
    for path in random.sample(paths, min(len(paths), random.choice((1, 1, 2, 3, 5)))):
        kind, name = path.split(".")
        field = engine().checked.vocabulary.at(path)
        value = some(field, plan.graph.ops, day, random)
        record = done.setdefault(kind, {})
        if value is not None and isinstance(record, dict):
            record[name] = value
    if random.random() < 0.3:
        done.pop("evidence", None)
    return done


def some(field: Field, ops, day: date, random: Random) -> object:
    """A value of a field: any choice, a number beside a constant of the rules, a day near the decision."""
    type_ = field.type
    if type_.base is Base.CHOICE:
        return random.choice(type_.choices)
    if type_.base is Base.BOOLEAN:
        return random.choice((True, False))
    if type_.base is Base.DATE:
        return day + timedelta(random.choice((0, 1, -1, 7, -7, 40, -40, 400, -400)))
    if type_.is_numeric and type_.scale is not None:
        constants = [op.imm for op in ops if op.name == "const" and type(op.imm) is int] or [0]
        number = random.choice(constants) + random.choice((-1, 0, 1))
        return Decimal(min(max(number, field.low), field.high)).scaleb(-type_.scale)
    return None
