"""The policies that come with the package, loaded once, and what became of all their cases."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel

from salesctrl.compile.checked import CheckedRule
from salesctrl.decision.trace import RuleTrace
from salesctrl.engine import Engine, Loading, load, read
from salesctrl.policy.documents import LocalText
from salesctrl.testing import TestResult, run


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


def documents() -> Iterator[tuple[str, BaseModel]]:
    """Every document with its kind and name."""
    found = loading().documents
    assert found.pack is not None
    yield "pack", found.pack.doc
    rules = (*found.policies, *found.metrics, *found.obligations)
    for loaded in (*found.vocabularies, *found.organisations, *rules, *found.tests, *found.overlays):
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
