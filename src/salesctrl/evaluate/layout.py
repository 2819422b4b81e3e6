"""Where a plan's facts stand: the tree of records and lists behind the flat numbering of its inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from salesctrl.compile.plan import Plan, reads
from salesctrl.policy.types import Base
from salesctrl.policy.vocabulary import Field, VocabularyIndex

FRAME = frozenset({"as_of", "evidence"})
"""What stands among the facts beside the kinds."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A fact to read: its path, its field, its place among the values; of a list, the layout of its items."""

    path: str
    field: Field
    place: int
    items: Record | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A record: the leaves in it and the records inside it; ``names`` are all ways to name a child."""

    path: str
    leaves: tuple[Leaf, ...]
    records: Mapping[str, Record]
    names: Mapping[str, tuple[str, ...]]
    width: int = 0
    """Of an item of a list: how many values are read of it."""
    declared: frozenset[str] = frozenset()
    """Every name that a child can have by the vocabulary, those that the plan does not read among them."""


def all_leaves(record: Record) -> Iterator[Leaf]:
    """All facts of a record, those of records inside it too; the fields of the items of lists aside."""
    yield from record.leaves
    for inner in record.records.values():
        yield from all_leaves(inner)


def layout(plan: Plan) -> Record:
    """The tree of what a plan reads."""
    slots = dict(zip(reads(plan), range(1, len(plan.inputs.slots)), strict=True))
    return _record(plan, "", slots)


def _record(plan: Plan, path: str, slots: Mapping[str, int], width: int = 0) -> Record:
    """The part of the tree at ``path``; ``slots`` are the paths below it, from it on, with their places."""
    leaves: list[Leaf] = []
    below: dict[str, dict[str, int]] = {}
    names: dict[str, tuple[str, ...]] = {}
    vocabulary = plan.inputs.vocabulary
    for rest, place in slots.items():
        first, _, more = rest.partition(".")
        here = f"{path}.{first}" if path else first
        if "." in here:
            names[first] = vocabulary.at(here).names
        else:
            names[first] = vocabulary.kinds[first].names
        if more:
            below.setdefault(first, {})[more] = place
            continue
        field = vocabulary.at(here)
        items = None
        if field.type.base is Base.LIST:
            fields = plan.inputs.items.get(here + "[]", {})
            items = _record(plan, here + "[]", fields, len(fields))
        leaves.append(Leaf(here, field, place, items))
    records = {
        first: _record(plan, f"{path}.{first}" if path else first, inner) for first, inner in below.items()
    }
    return Record(path, tuple(leaves), records, names, width, _declared(vocabulary, path))


def _declared(vocabulary: VocabularyIndex, path: str) -> frozenset[str]:
    """All names of what a record holds; of the facts as a whole, the names of the kinds."""
    if not path:
        return frozenset(name for kind in vocabulary.kinds.values() for name in kind.names) | FRAME
    field = vocabulary.at(path) if "." in path else None
    kind = path if field is None else field.record or field.type.item or ""
    return frozenset(vocabulary.kinds[kind].by_name)
