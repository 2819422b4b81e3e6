"""Conditions, figures and sentences of policies in words, as they hold for any transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from salesctrl.compile.checked import CheckedPolicy, Expression, Requirement, Sentence
from salesctrl.compile.plan import reads
from salesctrl.decision.asks import FIGURES, asked
from salesctrl.decision.layout import plain
from salesctrl.decision.names import Names
from salesctrl.decision.phrases import NAMED, Phrases, Said
from salesctrl.decision.working import Part
from salesctrl.engine import Engine
from salesctrl.expr import tree as t
from salesctrl.handbook.markdown import escaped
from salesctrl.handbook.sketch import Sketcher
from salesctrl.handbook.words import PageWords
from salesctrl.policy.documents import LocalText
from salesctrl.policy.types import Base, Type

_ATOM, _RELATION, _PHRASE = 8, 5, 2


class Prose(Phrases):
    """Puts the expressions of one policy into words; names are titles, in italics in English."""

    def __init__(self, engine: Engine, policy: CheckedPolicy, words: PageWords):
        plan = engine.point(policy.control_point).plans[-1]
        organisation = engine.checked.organisation
        self.page_words, self.vocabulary = words, engine.checked.vocabulary
        self.sketcher = Sketcher(policy, self.vocabulary)
        paths = [*reads(plan), *(f"{p}.{n}" for p, names in plan.inputs.items.items() for n in names)]
        self._taken = Counter(self.vocabulary.at(path).title.get(words.lang) for path in paths)

        def role_title(role: str) -> LocalText | None:
            return organisation.title(role) if role in organisation.roles else None

        super().__init__(words, Names(plan, words.lang), role_title)

    # -- what policies hold ------------------------------------------------------------------------

    def condition(self, node: t.Node) -> str:
        """A condition in words."""
        return _tidy(self.statement(self.sketcher.part(node)))

    def figure(self, node: t.Node) -> str:
        """An expression in words."""
        return _tidy(self.value(self.sketcher.part(node)))

    def sentence(self, sentence: Sentence) -> str:
        """The sentence of a rule, with the names of what is filled in."""
        parts = sentence.parts.get(self.lang) or next(iter(sentence.parts.values()))
        return "".join(
            escaped(part) if isinstance(part, str) else f"‹{self._filled(part)}›" for part in parts
        )

    def _filled(self, expression: Expression) -> str:
        part = self.sketcher.part(expression.node)
        return _tidy(self._called(part) if part.kind in NAMED else self.value(part))

    def requirement(self, requirement: Requirement) -> str:
        """What is required, with the words for its number."""
        text = escaped(asked(requirement.need, self.words, self.role)).replace("\\`", "`")  # codes stay codes
        if requirement.figure is None:
            return text
        key = FIGURES[type(requirement.need)]
        said = self.words.say(key, text=self.figure(requirement.figure.node))
        return f"{text} ({said})" if self.lang == "en" else f"{text}（{said}）"

    # -- names -------------------------------------------------------------------------------------

    def name(self, part: Part) -> str:
        """A name as people call it; of titles that several facts have, with the record's."""
        called = self._called(part)
        return f"*{called}*" if self.lang == "en" and called else called

    def _called(self, part: Part) -> str:
        if part.kind == "as_of":
            return self.page_words.tell("date_of_decision")
        if part.kind == "table":
            table, _, output = part.name.rpartition(".")
            title = part.title.get(self.lang) if part.title is not None else table
            return f"{escaped(title)}.{escaped(output)}"
        if part.title is None:
            return escaped(part.name)
        title = part.title.get(self.lang)
        if part.kind == "field" and self._taken[title] > 1:
            kind = self.vocabulary.kinds[part.name.partition(".")[0]].title.get(self.lang)
            title = f"{kind}: {title}" if self.lang == "en" else f"{kind}.{title}"
        return escaped(title)

    def _named(self, part: Part) -> str:
        name = self.name(part)
        if part.raw is None:
            return name
        shown = self.shown(part)
        return f"{name} ({shown})" if self.lang == "en" else f"{name}（{shown}）"

    # -- what has no value ---------------------------------------------------------------------------

    def _valued(self, part: Part) -> Said:
        if part.kind == "key":
            return f"{self._called(part.children[0])}.{self.role(part.name)}", _ATOM
        if part.kind == "call" and part.op == "allocate":
            total, weights = (self.value(child) for child in part.children)
            return self.words.say("split_by", total=total, weights=weights), _PHRASE
        return super()._valued(part)

    def _side(self, part: Part, other: Type) -> str:
        said = super()._side(part, other)
        return f"“{said}”" if part.kind == "literal" and other.base is Base.CHOICE else said

    def _is(self, part: Part) -> Said:
        return self.name(part), _ATOM

    def _not(self, part: Part) -> Said:
        (child,) = part.children
        if child.kind == "call" and child.op == "known":
            return self.words.say("not_known", name=self.value(child.children[0], _RELATION)), _RELATION
        return super()._not(part)

    def _band(self, part: Part) -> str:
        called = self.name(part) or self.words.say("values")
        if not part.children:
            return called
        return self.page_words.tell("look_up", name=called, given=self.value(part.children[0]))

    def roles(self, roles: Sequence[str]) -> str:
        """Roles by their titles."""
        return self.words.join([escaped(self.role(role)) for role in roles], "list")


def _tidy(text: str) -> str:
    return plain(text)
