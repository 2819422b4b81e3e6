"""Texts as codes: columns of few words, such as categories of pandas, decided without looking at the words.

A column of an Enum holds a small number for each row, and each word once. Where all that a plan asks of a
text is whether it equals another, the numbers answer: in a fraction of the time, and of the memory.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from salesctrl.batch.asked import EQUALITY, given_on
from salesctrl.batch.given import Given
from salesctrl.batch.readers import Way, read_at_once
from salesctrl.compile.plan import Plan
from salesctrl.evaluate.layout import Leaf
from salesctrl.policy.types import Base


def are_facts(leaf: Leaf, words: pl.Series, way: Way) -> bool:
    """Whether each of these words is a fact as it stands, and nothing has to be filled in.

    >>> from salesctrl.policy.documents import LocalText
    >>> from salesctrl.policy.types import TEXT
    >>> from salesctrl.policy.vocabulary import Field
    >>> leaf = Leaf("order.role", Field("order", "role", TEXT, LocalText(en="…"), (), length=5), 0)
    >>> are_facts(leaf, pl.Series(["gm", "vp"]), Way())
    True
    >>> are_facts(leaf, pl.Series(["gm", "much too long"]), Way())
    False
    """
    is_text = leaf.items is None and leaf.field.type.base in (Base.TEXT, Base.CHOICE)
    if not is_text or leaf.field.default is not None:
        return False
    taken = read_at_once(leaf, words, way)
    return taken is not None and taken.left is None and taken.values.equals(words)


class Equalities:
    """The facts of a plan of which nothing is asked but whether they equal a text.

    Those that are compared with each other are one group, with the texts that they are compared with.
    """

    def __init__(self, plan: Plan):
        ops = plan.graph.ops
        place = {
            node: op.imm for node, op in enumerate(ops) if op.name == "input" and isinstance(op.imm, int)
        }
        texts: dict[int, set[str]] = {node: set() for node in place}
        group = {node: node for node in place}
        asked_more = {node for node in given_on(plan) if node in place}
        for op in ops:
            own = [arg for arg in op.args if arg in place]
            others = [ops[arg].imm for arg in op.args if arg not in place and ops[arg].name == "const"]
            said = [text for text in others if isinstance(text, str)]
            if op.name == "in" and isinstance(op.imm, frozenset):
                said = [text for text in op.imm if isinstance(text, str)]
            is_equality = op.name == "in" or (op.name == "cmp" and op.imm in EQUALITY)
            if op.name == "known":
                continue
            if not is_equality or len(own) + len(others) < len(op.args):
                asked_more.update(own)
            for one in own:
                texts[group[own[0]]].update(said)
                _join(group, texts, own[0], one)
        inside = {group[node] for node in asked_more}
        self._groups = [
            ([place[node] for node, of in group.items() if of == root], sorted(said))
            for root, said in texts.items()
            if root not in inside
        ]

    def plain(self, given: Given) -> Given:
        """The facts with codes only where they will do, and the same for the same words; others as texts."""
        coded: dict[int, tuple[pl.Series, pl.Enum]] = {}
        for n, values in given.facts.items():
            if isinstance(values, pl.Series) and isinstance(values.dtype, pl.Enum):
                coded[n] = values, values.dtype
        if not coded:
            return given
        kept: set[int] = set()
        for places, said in self._groups:
            there = [n for n in places if n in given.facts]
            types = [coded[n][1] for n in there if n in coded]
            alike = len(types) == len(there) and all(one == types[0] for one in types)
            if types and alike and set(said).issubset(types[0].categories):
                kept.update(there)
        texts = {n: _as_texts(values, type_) for n, (values, type_) in coded.items() if n not in kept}
        return replace(given, facts={**given.facts, **texts})


def _as_texts(values: pl.Series, type_: pl.Enum) -> pl.Series:
    """The words that codes stand for: several times as fast as a cast."""
    return type_.categories.gather(values.to_physical().cast(pl.UInt32))


def _join(group: dict[int, int], texts: dict[int, set[str]], one: int, other: int) -> None:
    """Make one group of those of two nodes."""
    into, gone = group[one], group[other]
    if into == gone:
        return
    texts[into] |= texts.pop(gone)
    for node, root in group.items():
        if root == gone:
            group[node] = into
