"""Expressions without a transaction: the parts of a working, with no value but those that policies fix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from salesctrl.calendar import LAST_DAY
from salesctrl.compile.checked import CheckedPolicy
from salesctrl.decision.working import Part
from salesctrl.expr import tree as t
from salesctrl.policy.documents import LocalText
from salesctrl.policy.literals import Constant
from salesctrl.policy.types import NUMERIC, Base, Type, list_of, map_of
from salesctrl.policy.vocabulary import VocabularyIndex

PATTERN = "pattern"
"""The problem of a part that stands for any value."""


class Sketcher:
    """Makes the parts of one policy's expressions.

    Literals have their value, and so have parameters that are numbers: the one they have last. A reading that
    can be chosen has none, since the condition is to be read whichever is chosen.
    """

    def __init__(self, policy: CheckedPolicy, vocabulary: VocabularyIndex):
        self.policy, self.vocabulary = policy, vocabulary

    def part(self, node: t.Node) -> Part:
        """An expression with all that is in it."""
        match node:
            case t.Guard():
                return self.part(node.value)
            case t.Literal():
                return Part("literal", node.type, node.value)
            case t.FieldRef():
                return self._open(
                    "field", node.type, name=node.path, title=self.vocabulary.at(node.path).title
                )
            case t.ItemRef():
                title = self.vocabulary.at(node.path).title
                name = f"{node.variable}.{node.path.rsplit('[].', 1)[-1]}"
                return self._open("item", node.type, name=name, title=title)
            case t.AsOf():
                return self._open("as_of", node.type, name="as_of")
            case t.ParameterRef():
                return self._parameter(node)
            case t.FormulaRef():
                return self._open(
                    "formula", node.type, name=node.name, title=self.policy.formulas[node.name].title
                )
            case t.TableRef():
                title = self.policy.tables[node.table].title
                return self._open("table", node.type, name=f"{node.table}.{node.output}", title=title)
            case t.Select():
                return self._band(node)
            case t.Fold():
                return self._fold(node)
        return self._operation(node)

    def _open(
        self, kind: str, type_: Type, below: Sequence[Part] = (), op: str = "", *, name: str = "",
        title: LocalText | None = None, text: str = "",
    ) -> Part:  # fmt: skip
        """A part that stands for any value."""
        return Part(
            kind, type_, None, tuple(below), op, name, title, text, problem=PATTERN, policy=self.policy.name
        )

    def _operation(self, node: t.Node) -> Part:
        below = [self.part(child) for child in t.children(node)]
        match node:
            case t.Arithmetic():
                return self._open("arithmetic", node.type, below, node.op)
            case t.Compare():
                return self._open("compare", node.type, below, node.op)
            case t.Logic():
                return self._open("logic", node.type, below, node.op)
            case t.Negation():
                return self._open("negation", node.type, below)
            case t.Not():
                return self._open("not", node.type, below)
            case t.Conditional():
                then, test, otherwise = below
                return self._open("choice", node.type, (test, then, otherwise))
            case t.Membership():
                return self._open("membership", node.type, below)
            case t.Call():
                return self._open("call", node.type, below, node.name)
            case t.MapItem():
                return self._open("key", node.type, below, name=node.key)
        raise AssertionError(node)

    def _parameter(self, node: t.ParameterRef) -> Part:
        parameter = self.policy.parameters[node.name]
        part = self._open("parameter", node.type, name=node.name, title=parameter.title)
        value = parameter.on(LAST_DAY)
        if value.numbers:
            type_, raw = together(tuple(value.numbers.values()))
            return replace(part, type=map_of(tuple(value.numbers), type_), raw=raw, problem=None)
        if value.items:
            type_, raw = together(value.items)
            return replace(part, type=list_of(type_), raw=raw, problem=None)
        if value.constant is None or node.type.base not in (*NUMERIC, Base.DATE):
            return part
        (raw_one,) = together((value.constant,), node.type)[1]
        return replace(part, raw=raw_one, problem=None)

    def _band(self, node: t.Select) -> Part:
        """A ladder: the parameter that has its values, and what is looked up in it."""
        values = [value.value for value in node.values if isinstance(value, t.Literal)]
        given = next((c.left for test in node.tests for c in t.walk(test) if isinstance(c, t.Compare)), None)
        below = () if given is None else (self.part(given),)
        for name, parameter in self.policy.parameters.items():
            bands = parameter.seen.bands
            if bands and [constant.value for _, constant in bands] == values:
                return self._open("band", node.type, below, name=name, title=parameter.title)
        return self._open("band", node.type, below)

    def _fold(self, node: t.Fold) -> Part:
        roots = [n for n in (node.body if node.kind != "count" else None, node.test) if n is not None]
        below = [self.part(node.source), *(self.part(root) for root in roots)]
        return self._open("fold", node.type, below, node.kind, text="both" if len(roots) == 2 else "")


def together(
    constants: Sequence[Constant], type_: Type | None = None
) -> tuple[Type, tuple[int | str | bool, ...]]:
    """Several constants at one scale, that of a type or the widest of theirs, with the type of each."""
    first = constants[0].type
    if not first.is_numeric:
        return first, tuple(constant.value for constant in constants)
    scale = max(constant.type.scale or 0 for constant in constants)
    if type_ is not None and type_.scale is not None:
        scale = type_.scale
    values = tuple(int(c.value) * 10 ** (scale - (c.type.scale or 0)) for c in constants)
    return first.with_scale(scale), values
