"""Texts as codes: columns of few words, such as categories of pandas, decided without looking at the words.

A column of an Enum holds a small number for each row, and each word once. Where all that a plan asks of a
text is whether it equals another, the numbers answer: in a fraction of the time, and of the memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from salesctrl.batch.convert import Cells
from salesctrl.batch.given import Given
from salesctrl.batch.readers import Way, read_at_once
from salesctrl.compile.plan import Plan
from salesctrl.evaluate.layout import Leaf
from salesctrl.policy.types import Base

_EQUALITY = ("==", "!=")


def read_coded(leaf: Leaf, column: pl.Series, way: Way) -> Cells | None:
    """An Enum as a fact; ``None`` unless each of its words is one as it stands.

    >>> from salesctrl.policy.documents import LocalText
    >>> from salesctrl.policy.types import TEXT
    >>> from salesctrl.policy.vocabulary import Field
    >>> leaf = Leaf("order.role", Field("order", "role", TEXT, LocalText(en="…"), (), length=5), 0)
    >>> roles = pl.Series(["gm", None, "gm"], dtype=pl.Enum(["gm", "vp"]))
    >>> read_coded(leaf, roles, Way()).values.to_list()
    ['gm', None, 'gm']
    >>> read_coded(leaf, pl.Series(["much too long"], dtype=pl.Enum(["much too long"])), Way())
    """
    if leaf.items is not None or leaf.field.type.base not in (Base.TEXT, Base.CHOICE):
        return None
    if leaf.field.default is not None and column.null_count():
        return None
    words = _words(column)
    taken = read_at_once(leaf, words, way)
    return Cells(column) if taken is not None and taken.left is None and taken.values.equals(words) else None


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
        asked_more = {node for node in _roots(plan) if node in place}
        for op in ops:
            own = [arg for arg in op.args if arg in place]
            others = [ops[arg].imm for arg in op.args if arg not in place and ops[arg].name == "const"]
            said = [text for text in others if isinstance(text, str)]
            if op.name == "in" and isinstance(op.imm, frozenset):
                said = [text for text in op.imm if isinstance(text, str)]
            is_equality = op.name == "in" or (op.name == "cmp" and op.imm in _EQUALITY)
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
        coded = {
            n: values
            for n, values in given.facts.items()
            if isinstance(values, pl.Series) and values.dtype == pl.Enum
        }
        if not coded:
            return given
        changed: dict[int, pl.Series] = {}
        for places, said in self._groups:
            there = [n for n in places if n in given.facts]
            if all(n in coded for n in there):
                changed |= _of_one_type({n: coded[n] for n in there}, said)
        changed |= {n: _at(_words(values), values) for n, values in coded.items() if n not in changed}
        return replace(given, facts={**given.facts, **changed})


def _words(column: pl.Series) -> pl.Series:
    assert isinstance(column.dtype, pl.Enum)
    return column.dtype.categories


def _at(words: pl.Series, codes: pl.Series) -> pl.Series:
    """The words that codes stand for: several times as fast as a cast."""
    return words.gather(codes.to_physical().cast(pl.UInt32))


def _roots(plan: Plan) -> list[int]:
    """The nodes whose values are given back, or handed on."""
    found = [node for rule in plan.rules for _, node in rule.computes]
    found += [output.node for output in plan.outputs if output.node is not None]
    return found + [judge.figure for judge in plan.judges if judge.figure is not None]


def _join(group: dict[int, int], texts: dict[int, set[str]], one: int, other: int) -> None:
    """Make one group of those of two nodes."""
    into, gone = group[one], group[other]
    if into == gone:
        return
    texts[into] |= texts.pop(gone)
    for node, root in group.items():
        if root == gone:
            group[node] = into


def _of_one_type(columns: Mapping[int, pl.Series], said: list[str]) -> dict[int, pl.Series]:
    """Enums with the same codes for the same words, among them the texts that are asked for."""
    words = {n: _words(values).to_list() for n, values in columns.items()}
    every = list(dict.fromkeys([*(word for own in words.values() for word in own), *said]))
    common = pl.Enum(every)
    done: dict[int, pl.Series] = {}
    for n, values in columns.items():
        same = words[n] == every
        done[n] = values if same else _at(pl.Series(words[n], dtype=common), values)
    return done
