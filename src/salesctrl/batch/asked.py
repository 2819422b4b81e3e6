"""What plans ask of facts: most of all of texts, which take longer than anything else to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from salesctrl.compile.plan import Plan

EQUALITY = ("==", "!=")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two facts, by their paths, of which nothing is asked but whether one equals the other, or differs."""

    one: str
    other: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What one plan asks of facts.

    ``reads``: the paths of all of them; ``shown``: of those that are only shown; ``texts``: what facts are
    compared with; ``pairs``: by the node of the comparison, those that are compared with each other and
    nothing else; ``is_dated``: whether anything is computed with the date of the decision.
    """

    reads: frozenset[str]
    shown: frozenset[str]
    texts: tuple[str, ...]
    pairs: Mapping[int, Pair]
    is_dated: bool


def asked_by(plan: Plan) -> Asked:
    """What a plan asks."""
    slots = plan.inputs.slots
    shown = frozenset(path for path, place in slots.items() if place in plan.soft)
    is_dated = any(op.name == "input" and op.imm == 0 for op in plan.graph.ops)
    return Asked(frozenset(slots), shown, tuple(dict.fromkeys(_texts(plan))), dict(_pairs(plan)), is_dated)


def _texts(plan: Plan) -> Iterator[str]:
    for op in plan.graph.ops:
        if op.name == "const" and isinstance(op.imm, str):
            yield op.imm
        elif op.name == "in" and isinstance(op.imm, frozenset):
            yield from sorted(text for text in op.imm if isinstance(text, str))


def _pairs(plan: Plan) -> Iterator[tuple[int, Pair]]:
    ops = plan.graph.ops
    paths = {place: path for path, place in plan.inputs.slots.items()}
    uses = Counter([*(arg for op in ops for arg in op.args), *given_on(plan)])
    for node, op in enumerate(ops):
        if op.name != "cmp" or op.imm not in EQUALITY:
            continue
        places = [ops[arg].imm for arg in op.args if ops[arg].name == "input" and uses[arg] == 1]
        if len(places) == len(op.args):
            one, other = (paths[place] for place in places if isinstance(place, int))
            yield node, Pair(one, other, op.imm == "!=")


def given_on(plan: Plan) -> list[int]:
    """The nodes whose values are given back, or handed on."""
    found = [node for rule in plan.rules for _, node in rule.computes]
    found += [output.node for output in plan.outputs if output.node is not None]
    return found + [judge.figure for judge in plan.judges if judge.figure is not None]


@dataclass(frozen=True, slots=True)
class AskedByAll:
    """What plans ask that decide the rows of one table.

    ``texts``: what facts are compared with; ``later``: the paths of facts of which no plan needs more than
    their place in a pair, or to show them; ``pairs``: the two paths of each pair.
    """

    texts: tuple[str, ...] = ()
    later: frozenset[str] = frozenset()
    pairs: tuple[tuple[str, str], ...] = ()


def asked_by_all(plans: Sequence[Asked]) -> AskedByAll:
    """What all of the plans ask."""
    now = {path for plan in plans for path in plan.reads - plan.shown - _paths(plan.pairs.values())}
    later = frozenset[str]().union(*(plan.reads for plan in plans)) - now
    pairs = dict.fromkeys((pair.one, pair.other) for plan in plans for pair in plan.pairs.values())
    return AskedByAll(
        tuple(dict.fromkeys(text for plan in plans for text in plan.texts)),
        later,
        tuple(pair for pair in pairs if later.issuperset(pair)),
    )


def _paths(pairs: Iterable[Pair]) -> set[str]:
    return {path for pair in pairs for path in (pair.one, pair.other)}
