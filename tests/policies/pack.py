"""The policies that come with the package, loaded once, and what became of all their cases."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel

from salesctrl.compile.checked import CheckedRule
from salesctrl.decision.trace import RuleTrace, Status
from salesctrl.engine import Engine, load
from salesctrl.loading import Loading, read
from salesctrl.policy.documents import LocalText
from salesctrl.testing import TestResult, run, watched_points


@cache
def loading() -> Loading:
    """The pack as it is read and checked."""
    return read()


@cache
def engine() -> Engine:
    """The engine of the pack."""
    return load()


@cache
def overlaid(*names: str) -> Engine:
    """The engine of the pack with overlays of its own laid over it."""
    return engine().with_overlays(names)


@cache
def results() -> tuple[TestResult, ...]:
    """What became of every case of the pack."""
    return tuple(run(engine()))


@dataclass(frozen=True)
class Told:
    """A rule in a decision on a case."""

    case: str
    rule: RuleTrace


@cache
def told() -> tuple[Told, ...]:
    """Every rule in every decision on a case."""
    return tuple(
        Told(result.case.id, rule)
        for result in results()
        if result.decision is not None
        for rule in result.decision.trace.rules
    )


@cache
def rules() -> dict[str, CheckedRule]:
    """All rules by id."""
    return {rule.id: rule for policy in engine().policies for rule in policy.rules}


@cache
def points() -> dict[str, tuple[str, ...]]:
    """The control points that each case asks, by its id: of a timeline those of all that look at it."""
    return {
        result.case.id: watched_points(engine(), result.case)
        if result.case.kind == "timeline"
        else (result.case.control_point,)
        for result in results()
    }


@cache
def rules_in_time() -> dict[str, CheckedRule]:
    """The rules of controls over cases, and the transitions of ladders: timelines show them."""
    cases = engine().checked.cases
    named = {one.point for one in cases.controls} | {one.point for one in cases.ladders}
    found = [policy for policy in engine().policies if policy.control_point in named]
    return {rule.id: rule for policy in found for rule in policy.rules}


@cache
def rules_at_once() -> dict[str, CheckedRule]:
    """All other rules: one decision shows them."""
    return {name: rule for name, rule in rules().items() if name not in rules_in_time()}


@cache
def held() -> dict[str, frozenset[str]]:
    """The rules that hold in each case, by its id; of a ladder the transitions that happened."""
    found = {}
    for result in results():
        names = set(result.fired)
        if result.decision is not None:
            names |= {rule.id for rule in result.decision.trace.rules if rule.status is Status.SATISFIED}
        found[result.case.id] = frozenset(names)
    return found


def shown_in_time(rule: str) -> tuple[list[str], list[str]]:
    """The cases in which a rule of a control or a ladder holds, and those that ask it and in which not."""
    point = next(policy.control_point for policy in engine().policies if rule in {r.id for r in policy.rules})
    asked = [case for case, of_case in points().items() if point in of_case]
    return [case for case in asked if rule in held()[case]], [c for c in asked if rule not in held()[c]]


def documents() -> Iterator[tuple[str, BaseModel]]:
    """Every document with its kind and name."""
    found = loading().documents
    assert found.pack is not None
    yield "pack", found.pack.doc
    rules = (*found.policies, *found.metrics, *found.obligations)
    over_time = (*found.case_controls, *found.ladders, *found.timelines)
    others = (*found.tests, *found.overlays)
    for loaded in (*found.vocabularies, *found.organisations, *rules, *over_time, *others):
        assert isinstance(loaded.source.data, dict)
        first = next(iter(loaded.source.data))
        yield f"{first} {getattr(loaded.doc, first)}", loaded.doc


def texts(value: object, path: str) -> Iterator[tuple[str, LocalText]]:
    """Every text for people below a value, with its path."""
    if isinstance(value, LocalText):
        yield path, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from texts(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from texts(part, f"{path}.{name}")
    elif isinstance(value, list | tuple):
        for i, part in enumerate(value):
            yield from texts(part, f"{path}[{i}]")
