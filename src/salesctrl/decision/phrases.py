"""Expressions in words, with their numbers filled in.

What is said of a condition is always true: of a rule that did not fire, ``days_late 20 days < grace 30 days``
is said, though the policy asks for ``days_late >= grace``. Of ``and`` and ``or`` only what decided is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from salesctrl.decision.figures import MIRRORED, money_text, short_ratio
from salesctrl.decision.layout import JOINED, glued
from salesctrl.decision.names import Names
from salesctrl.decision.values import Language, shown_value
from salesctrl.decision.words import FUNCTIONS, OPERATORS, OPPOSITES, Pair, Words
from salesctrl.decision.working import Part, first_known, missing_facts
from salesctrl.numbers import format_plain
from salesctrl.policy.documents import LocalText
from salesctrl.policy.types import TEXTUAL, Base, Type

_ATOM, _PRODUCT, _SUM, _RELATION, _AND, _OR, _PHRASE = range(8, 1, -1)
"""How closely a text holds together: one that holds less closely than asked for gets brackets."""

Said = tuple[str, int]
"""A text, and how closely it holds together."""

NAMED = frozenset({"field", "item", "as_of", "parameter", "formula", "table"})
_PLAIN = NAMED | {"literal", "key", "band"}
"""Parts whose text shows their value."""
_HAS_ROLES = frozenset({"formula", "table", "band", "key"})
"""Parts whose text may be a role: what a policy gives, not what a fact says."""
_TEXT_TESTS = ("starts_with", "ends_with", "contains")
_MOST_CAUSES = 3
"""So many facts are named for want of which something is unknown."""


class Phrases:
    """Puts the parts of a working into words.

    ``mentioned`` are the formulas, tables and lists that were named since it was last emptied; ``parameters``
    all parameters that were ever named, by policy and name.
    """

    def __init__(self, words: Words, names: Names, role_title: Callable[[str], LocalText | None]):
        self.words, self.names, self.role_title = words, names, role_title
        self.lang: Language = words.lang
        self.mentioned: list[Part] = []
        self.parameters: dict[tuple[str, str], Part] = {}

    # -- values and names --------------------------------------------------------------------------

    def shown(self, part: Part) -> str:
        """The value of a part alone."""
        return self.shown_raw(part.raw, part.type, role=part.kind in _HAS_ROLES)

    def shown_raw(self, raw: object, type_: Type, *, role: bool = False) -> str:
        """A value; a text that names a role is shown as the role's title where that is asked for."""
        if type_.base in TEXTUAL and raw is not None:
            return self._text(str(raw), type_, role=role)
        if isinstance(raw, tuple) and type_.element is not None:
            values = [self.shown_raw(value, type_.element) for value in raw]
            keys = (
                [f"{self.role(key)} " for key in type_.keys] if type_.base is Base.MAP else [""] * len(values)
            )
            return self.words.join([a + b for a, b in zip(keys, values, strict=True)], "list")
        if type_.base is Base.MONEY and isinstance(raw, int):
            return money_text(raw, type_.scale or 0)
        return short_ratio(shown_value(raw, type_, self.lang))

    def _text(self, raw: str, type_: Type, *, role: bool) -> str:
        if role and self.role_title(raw) is not None:
            return self.role(raw)
        if type_.labels or self.lang == "en":
            return shown_value(raw, type_, self.lang)
        return raw if type_.base is Base.CHOICE else f"“{raw}”"

    def role(self, role: str) -> str:
        """The title of a role, or the text itself where it is none."""
        title = self.role_title(role)
        return role if title is None else title.get(self.lang)

    def name(self, part: Part) -> str:
        """What a named part is called."""
        if part.kind == "field":
            return self.names.fact(part.name)
        if part.kind == "as_of":
            return self.words.say("as_of_name")
        if self.lang == "en" or part.title is None or part.kind not in ("item", "formula", "parameter"):
            return part.name
        title = part.title.get("zh")
        return part.name if title == part.name.rsplit(".", 1)[-1] else title

    def _mention(self, part: Part) -> None:
        if part.kind in ("parameter", "band") and part.name:
            self.parameters[part.policy, part.name] = part
        elif part.kind in ("formula", "table", "fold"):
            self.mentioned.append(part)

    # -- expressions -------------------------------------------------------------------------------

    def value(self, part: Part, least: int = _PHRASE) -> str:
        """A part with the numbers filled in."""
        return self._close(self._valued(part), least)

    def _close(self, said: Said, least: int) -> str:
        text, level = said
        return text if level >= least else self.words.brackets(text)

    def _valued(self, part: Part) -> Said:
        if part.kind in NAMED:
            return self._named(part), _ATOM
        match part.kind:
            case "literal":
                return self.shown(part), _ATOM
            case "key":
                return (
                    f"{self._bare(part.children[0])}.{self.role(part.name)}{JOINED}{self.shown(part)}",
                    _ATOM,
                )
            case "arithmetic":
                return self._arithmetic(part)
            case "negation":
                return f"-{self.value(part.children[0], _ATOM)}", _PRODUCT
            case "choice":
                return self._choice(part)
            case "call":
                return self._call(part)
            case "fold" if part.op not in ("any", "all"):
                return self._fold(part), _PHRASE
            case "band":
                return self._band(part), _PRODUCT
        return self._said(part)

    def _named(self, part: Part) -> str:
        self._mention(part)
        name = glued(self.name(part))
        return name if part.problem == "pattern" else f"{name}{JOINED}{self.shown(part)}"

    def _bare(self, part: Part) -> str:
        """The name of a part without its value; of one that has no name, what it is."""
        self._mention(part)
        return self.name(part) or self.value(part, _ATOM)

    def _arithmetic(self, part: Part) -> Said:
        left, right = part.children
        op = part.op
        if op == "-" and left.type.base is right.type.base is Base.DATE:
            texts = [self.value(day, _RELATION) for day in (right, left)]
            return self.words.phrase("days_between", *texts), _PHRASE
        if op == "+" and right.kind == "negation":
            op, right = "-", right.children[0]
        level = _SUM if op in "+-" else _PRODUCT
        after = level if op in "+*" else level + 1
        return f"{self.value(left, level)} {OPERATORS[op]} {self.value(right, after)}", level

    def _choice(self, part: Part) -> Said:
        test, then, otherwise = part.children
        if test.raw is None:
            texts = (self.statement(test), self.value(then), self.value(otherwise))
            return self.words.phrase("if", *texts), _PHRASE
        return self._as(self._valued(then if test.raw else otherwise), self.statement(test))

    def _as(self, said: Said, condition: str) -> Said:
        """A value with the condition that it follows from."""
        text, level = said
        whole = self.words.say("as", value=text, condition=condition)
        return whole, _PRODUCT if level == _ATOM else _PHRASE

    def _band(self, part: Part) -> str:
        self._mention(part)
        cells = [self.statement(cell) for cell in part.inside if cell.raw]
        if not cells:
            return f"{part.name}{JOINED}{self.shown(part)}"
        return self._as((self.shown(part), _ATOM), self.words.join(cells))[0]

    # -- functions ---------------------------------------------------------------------------------

    def _call(self, part: Part) -> Said:
        args = part.children
        match part.op:
            case "round":
                texts = [self.value(args[0]), self.words.say("places", count=args[1].raw)]
                return self._function(FUNCTIONS[str(args[2].raw)], texts), _ATOM
            case "allocate":
                total, weights = self.value(args[0], _SUM), self._weights(args[1])
                return self.words.say("split_by", total=total, weights=weights), _PHRASE
            case "add_months":
                args = args[:2]
            case "accrue":
                texts = [self.value(arg, _SUM) for arg in args[:4]]
                return self.words.phrase("accrue", *texts, str(args[4].raw)), _PHRASE
            case "coalesce" if part.raw is not None:
                return self._first_known(args)
            case "known" | "starts_with" | "ends_with" | "contains":
                return self._said(part)
        if part.op not in FUNCTIONS:
            return self.words.phrase(part.op, *(self.value(arg, _SUM) for arg in args)), _PHRASE
        return self._function(FUNCTIONS[part.op], [self.value(arg) for arg in args]), _ATOM

    def _function(self, name: Pair, args: Sequence[str]) -> str:
        called = self.words.of(name).replace(" ", JOINED)
        return self.words.say("bracketed", name=called, args=self.words.join(args))

    def _first_known(self, args: Sequence[Part]) -> Said:
        """The first value that is known, as those before it are not."""
        place = first_known(args)
        said = self._valued(args[place])
        return (
            self._as(said, self.words.join([self._not_known(arg) for arg in args[:place]], "and"))
            if place
            else said
        )

    def _weights(self, part: Part) -> str:
        """Weights as people say them: ``shares 5:3:2``."""
        self._mention(part)
        assert isinstance(part.raw, tuple)
        scale = part.type.element.scale if part.type.element is not None else 0
        return f"{self.name(part)}{JOINED}{':'.join(format_plain(weight, scale or 0) for weight in part.raw)}"

    # -- lists -------------------------------------------------------------------------------------

    def _fold(self, part: Part) -> str:
        source, *pattern = part.children
        texts = [self.value(root) for root in pattern]
        self._mention(part)
        over = self._list(source)
        if part.text == "both" or (part.op == "count" and texts):
            over = self.words.phrase("where", over, texts[-1])
        return self.words.phrase(part.op, over, *texts[:1])

    def _list(self, source: Part) -> str:
        """A list by its name, with the number of its items."""
        if not isinstance(source.raw, tuple):
            return self.name(source)
        count = len(source.raw)
        shown = self.words.say("items" if count != 1 else "one_item", count=count)
        return self.words.say("counted", name=self.name(source), count=shown)

    def _quantity(self, part: Part) -> str:
        """``any`` and ``all``: of how many items it is so."""
        source = part.children[0]
        pattern = self.value(part.children[1])
        if part.text == "both":
            pattern = self.words.phrase("where", pattern, self.value(part.children[2]))
        if part.raw is None or not isinstance(source.raw, tuple):
            return self.words.phrase(part.op, self._list(source), pattern)
        name = self.name(source)
        if not source.raw:
            return self.words.phrase("list_empty", name)
        self._mention(part)
        count = len(source.raw)
        if part.raw is (part.op == "any") and len(part.inside) < count:
            return self.words.phrase("some" if part.raw else "not_all", name, pattern)
        key = f"{part.op}_{'holds' if part.raw else 'fails'}"
        return self.words.phrase(key, name, pattern, k=len(self.deciding_items(part)), n=count)

    def deciding_items(self, part: Part) -> list[Part]:
        """The items of a list for which ``any`` holds, or ``all`` does not; those that a sum is made of."""
        items = [item for item in part.inside if part.text != "both" or item.children[-1].raw is True]
        if part.op == "any":
            return [item for item in items if item.raw is True]
        if part.op == "all":
            return [item for item in items if item.raw is False]
        return [item for item in items if item.raw is not False] if part.op == "count" else items

    # -- conditions --------------------------------------------------------------------------------

    def statement(self, part: Part, least: int = _PHRASE) -> str:
        """What is true of a condition; where it is unknown, the condition itself."""
        return self._close(self._said(part), least)

    def _said(self, part: Part) -> Said:
        match part.kind:
            case "compare":
                return self._compare(part), _RELATION
            case "logic":
                return self._logic(part)
            case "not":
                return self._not(part)
            case "membership":
                return self._membership(part), _RELATION
            case "cell":
                return self._cell(part), _RELATION
            case "row":
                return self.row(part), _AND
            case "call" if part.op == "known":
                return self._known(part), _RELATION
            case "call" if part.op in _TEXT_TESTS:
                key = part.op if part.raw is not False else f"not_{part.op}"
                return self.words.phrase(key, *(self.value(arg, _SUM) for arg in part.children)), _RELATION
            case "fold" if part.op in ("any", "all"):
                return self._quantity(part), _RELATION
            case kind if kind in NAMED:
                return self._is(part)
        return self._valued(part)

    def _is(self, part: Part) -> Said:
        """A boolean fact or formula, with its value."""
        if part.problem == "pattern":
            return self._named(part), _ATOM
        return self.words.phrase("is", self._bare(part), self.shown(part)), _RELATION

    def _logic(self, part: Part) -> Said:
        if part.raw is not None:
            decided = [child for child in part.children if child.raw is part.raw]
            texts = list(dict.fromkeys(self.statement(child, _AND) for child in decided))
            return self.words.join(texts, "and"), _AND if len(texts) > 1 else _RELATION
        unsure = part.children if part.problem == "pattern" else [c for c in part.children if c.raw is None]
        level = _AND if part.op == "and" else _OR
        texts = [self.statement(child, level) for child in unsure]
        return self.words.join(texts, part.op), level if len(texts) > 1 else _RELATION

    def _not(self, part: Part) -> Said:
        (child,) = part.children
        if part.raw is not None or (child.kind in NAMED and part.problem != "pattern"):
            return self._said(child)
        return self.words.phrase("not", self.statement(child)), _ATOM

    def _compare(self, part: Part) -> str:
        op = part.op if part.raw is not False else OPPOSITES[part.op]
        left, right = part.children
        if left.kind == "literal" and right.kind != "literal":
            left, right, op = right, left, MIRRORED.get(op, op)
        if op in ("==", "!=") and right.kind == "literal" and self._is_text(left):
            return self._text_is(left, self._side(right, left.type), other=op == "!=")
        return f"{self._side(left, right.type)} {OPERATORS[op]} {self._side(right, left.type)}"

    def _is_text(self, part: Part) -> bool:
        """Whether a part is a name for a text that is known."""
        return part.kind in NAMED and part.type.base in TEXTUAL and part.raw is not None

    def _text_is(self, part: Part, text: str, *, other: bool) -> str:
        """``customer.grade is "B"``, or where it is not what is asked for, that too."""
        return self.words.phrase("is_other" if other else "is_one", self._bare(part), self.shown(part), text)

    def _side(self, part: Part, other: Type) -> str:
        """A side of a comparison: of one that is computed there, what it comes to."""
        if part.kind == "literal" and other.base is Base.CHOICE:
            return self.shown_raw(part.raw, other)
        if other.percent and part.type.base is Base.NUMBER and part.kind in NAMED and part.raw is not None:
            part = replace(part, type=replace(part.type, percent=True))
        said = self._valued(part)
        if part.raw is None or _resolved(part).kind in _PLAIN:
            return self._close(said, _PRODUCT)
        return self.words.brackets(f"{said[0]} = {self.shown(part)}")

    def _membership(self, part: Part) -> str:
        item, *options = (_of_choice(option, part.children[0].type) for option in part.children)
        shown = self.words.join([self._side(option, item.type) for option in options], "list")
        return self._in(item, shown, negative=part.raw is False)

    def _in(self, part: Part, texts: str, *, negative: bool) -> str:
        return self.words.phrase("not_in" if negative else "in", self._side(part, part.type), texts)

    def _known(self, part: Part) -> str:
        (inner,) = part.children
        if part.raw is False:
            return self._not_known(inner)
        return self.words.say("is_known", name=self.value(inner, _SUM))

    def _not_known(self, part: Part) -> str:
        """That something is not known, and for want of which facts."""
        name = self._bare(part)
        causes = [] if part.kind in ("field", "item") else missing_facts(part)
        if not causes:
            return self.words.say("not_known", name=name)
        names = self.words.join([self.name(cause) for cause in causes[:_MOST_CAUSES]], "list")
        if len(causes) > _MOST_CAUSES:
            count = len(causes) if self.lang == "zh" else len(causes) - _MOST_CAUSES
            names = self.words.say("and_more", names=names, count=count)
        return self.words.say("not_known_for", name=name, causes=self.words.say("facts_missing", names=names))

    # -- tables ------------------------------------------------------------------------------------

    def row(self, part: Part) -> str:
        """A row: of one that holds, all its tests; of another, those that do not."""
        cells = [cell for cell in part.children if cell.text.strip() != "-"]
        if part.raw is not True:
            cells = [cell for cell in cells if cell.raw is part.raw]
        return self.words.join([self.statement(cell) for cell in cells])

    def _cell(self, part: Part) -> str:
        """A test of a table, or that it fails, with the values of what it names."""
        given, *named = part.children
        text, fails = part.text.strip(), part.raw is False
        if text.startswith("not(") and text.endswith(")"):
            text, fails = text[4:-1].strip(), not fails
        ends = [self.value(end) for end in named]
        if given.type.base is Base.BOOLEAN:
            return self._close(self._is(given), _RELATION)
        if "," in text or ".." in text:
            said = self._in(given, text, negative=fails)
            return f"{said} ({self.words.join(ends)})" if ends else said
        sign = next((sign for sign in ("<=", ">=", "<", ">") if text.startswith(sign)), "")
        op = OPPOSITES[sign or "=="] if fails else sign or "=="
        end = ends[0] if ends else text[len(sign) :].strip()
        if not sign and self._is_text(given):
            return self._text_is(given, self.shown_raw(end.strip('"'), given.type), other=fails)
        return f"{self._side(given, given.type)} {OPERATORS[op]} {end}"


def _resolved(part: Part) -> Part:
    """What a choice or ``coalesce`` comes down to, where that is known."""
    while part.raw is not None:
        if part.kind == "choice":
            part = part.children[1 if part.children[0].raw else 2]
        elif part.op == "coalesce":
            part = part.children[first_known(part.children)]
        else:
            break
    return part


def _of_choice(part: Part, type_: Type) -> Part:
    """A list parameter of texts as one of choices, where it is asked which of them a choice is."""
    if type_.base is not Base.CHOICE or part.type.base is not Base.LIST:
        return part
    return replace(part, type=replace(part.type, element=type_))
