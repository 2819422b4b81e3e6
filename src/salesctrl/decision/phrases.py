"""Expressions in words, with their numbers filled in.

What is said of a condition is always true: of a rule that did not fire, ``days_late 20 days < grace 30 days``
is said, though the policy asks for ``days_late >= grace``. Of ``and`` and ``or`` only what decided is said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from salesctrl.compile.plan import Plan, reads
from salesctrl.decision.layout import JOINED, glued
from salesctrl.decision.values import Language, shown_value
from salesctrl.decision.words import FUNCTIONS, OPERATORS, OPPOSITES, PHRASES, PROBLEMS, Words
from salesctrl.decision.working import Part
from salesctrl.numbers import format_plain, format_ratio, format_scaled
from salesctrl.policy.documents import LocalText
from salesctrl.policy.types import DAYS, TEXTUAL, Base, Type

_ATOM, _PRODUCT, _SUM, _RELATION, _NOT, _AND, _OR, _PHRASE = range(9, 1, -1)
"""How closely the parts of a text hold together; a part that holds less closely than asked for gets brackets."""

_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_MOST_CAUSES = 3
"""So many facts are named for want of which something is unknown."""
_MOST_PARTS = 10_000
_FRACTION = re.compile(r" \([-0-9,/]+\)")
"""The exact fraction beside a rounded quotient; it is shown where the quotient is computed."""
_BOOLEAN_CALLS = ("starts_with", "ends_with", "contains")
_NAMED = frozenset({"field", "item", "as_of", "parameter", "formula", "table"})
_ROLE_KINDS = ("formula", "table", "band", "key")


class Names:
    """What facts are called: in English by their path, in Chinese by their title where that is one's own."""

    def __init__(self, plan: Plan, lang: Language):
        self.vocabulary, self.lang = plan.inputs.vocabulary, lang
        inside = [f"{path}.{name}" for path, names in plan.inputs.items.items() for name in names]
        self._taken = Counter(self._title(path) for path in [*reads(plan), *inside])

    def _title(self, path: str) -> str:
        return self.vocabulary.at(path).title.get("zh")

    def fact(self, path: str) -> str:
        """The name of a fact by its path."""
        title = self._title(path)
        if self.lang == "en" or title == path.rsplit(".", 1)[-1]:
            return path
        kind = self.vocabulary.kinds[path.partition(".")[0]].title.get("zh")
        return title if self._taken[title] < 2 else f"{kind}.{title}"


class Phrases:
    """Puts the parts of a working into words.

    ``mentioned`` are the formulas, tables and lists that were named and whose working is not yet told.
    """

    def __init__(self, words: Words, names: Names, role_title: Callable[[str], LocalText | None]):
        self.words, self.names, self.role_title = words, names, role_title
        self.lang: Language = words.lang
        self.mentioned: list[Part] = []
        self.parameters: dict[tuple[str, str], None] = {}
        """All parameters that were named, by policy and name."""

    # -- values ------------------------------------------------------------------------------------

    def shown(self, part: Part) -> str:
        """The value of a part alone."""
        return self.shown_raw(part.raw, part.type, role=part.kind in _ROLE_KINDS)

    def shown_raw(self, raw: object, type_: Type, *, role: bool = False) -> str:
        """A value; a text that names a role is shown as the role's title where that is asked for."""
        if raw is None:
            return self.words.of(PROBLEMS["depends"]) if self.lang == "zh" else "unknown"
        if isinstance(raw, tuple) and type_.base in (Base.MONEY, Base.NUMBER):
            return _FRACTION.sub("", shown_value(raw, type_, self.lang))
        if type_.base is Base.MONEY and isinstance(raw, int):
            return _money(raw, type_.scale or 0)
        if type_.base in TEXTUAL:
            return self._text(str(raw), type_, role=role)
        if type_.base is Base.MAP and isinstance(raw, tuple) and type_.element is not None:
            parts = zip(type_.keys, raw, strict=True)
            shown = [f"{self.role(key)} {self.shown_raw(v, type_.element)}" for key, v in parts]
            return self.words.join(shown, "list")
        if type_.base is Base.LIST and isinstance(raw, tuple) and type_.element is not None:
            return self.words.join([self.shown_raw(v, type_.element) for v in raw], "list")
        return shown_value(raw, type_, self.lang).replace(" 项", "项")

    def _text(self, raw: str, type_: Type, *, role: bool) -> str:
        if role and self.role_title(raw) is not None:
            return self.role(raw)
        if type_.base is Base.CHOICE and (type_.labels or self.lang == "en"):
            return shown_value(raw, type_, self.lang).strip('"' if self.lang == "zh" else "")
        if self.lang == "zh":
            return raw if type_.base is Base.CHOICE else f"“{raw}”"
        return f'"{raw}"'

    def role(self, role: str) -> str:
        """The title of a role, or the text itself where it is none."""
        title = self.role_title(role)
        return role if title is None else title.get(self.lang)

    def name(self, part: Part) -> str:
        """What a named part is called."""
        match part.kind:
            case "field":
                return self.names.fact(part.name)
            case "item":
                title = part.title.get("zh") if part.title is not None else part.name
                return part.name if self.lang == "en" or title == part.name.rsplit(".", 1)[-1] else title
            case "as_of":
                return self.words.say("as_of_name")
            case "formula" | "parameter":
                return part.name if self.lang == "en" or part.title is None else part.title.get("zh")
        return part.name

    def value(self, part: Part, least: int = _PHRASE) -> str:
        """A part with the numbers filled in; in brackets where it holds together less closely than ``least``."""
        text, level = self._valued(part)
        return text if level >= least else self.words.brackets(text)

    def _valued(self, part: Part) -> tuple[str, int]:
        match part.kind:
            case "literal":
                return self.shown(part), _ATOM
            case kind if kind in _NAMED:
                return self._named(part), _ATOM
            case "key":
                return (
                    f"{self._inner_name(part.children[0])}.{self.role(part.name)} {self.shown(part)}",
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
            case "fold":
                return self._fold(part), _PHRASE
            case "band":
                return self._band(part), _PRODUCT
        return self._said(part)

    def _named(self, part: Part) -> str:
        self._mention(part)
        name = glued(self.name(part))
        return name if part.problem == "pattern" else f"{name}{JOINED}{self.shown(part)}"

    def _mention(self, part: Part) -> None:
        if part.kind in ("parameter", "band"):
            self.parameters[part.policy, part.name] = None
        elif part.kind in ("formula", "table", "fold"):
            self.mentioned.append(part)

    def _inner_name(self, part: Part) -> str:
        self._mention(part)
        return self.name(part) or self.value(part, _ATOM)

    def _arithmetic(self, part: Part) -> tuple[str, int]:
        left, right = part.children
        if part.op == "-" and left.type.base is Base.DATE and right.type.base is Base.DATE:
            return self.words.phrase(
                "days_between", self.value(right, _RELATION), self.value(left, _RELATION)
            ), _PHRASE
        op = part.op
        if op == "+" and right.kind == "negation":
            op, right = "-", right.children[0]
        level = _SUM if op in "+-" else _PRODUCT
        after = level if op in "+*" else level + 1
        return f"{self.value(left, level)} {OPERATORS[op]} {self.value(right, after)}", level

    def _choice(self, part: Part) -> tuple[str, int]:
        test, then, otherwise = part.children
        if test.raw is None:
            texts = (self.statement(test), self.value(then), self.value(otherwise))
            return self.words.phrase("if", *texts), _PHRASE
        text, level = self._valued(then if test.raw else otherwise)
        said = self.words.say("as", value=text, condition=self.statement(test))
        return said, _PRODUCT if level == _ATOM else _PHRASE

    def _call(self, part: Part) -> tuple[str, int]:
        args = part.children
        match part.op:
            case "round":
                places, mode = args[1], args[2]
                name = FUNCTIONS.get(str(mode.raw), FUNCTIONS["round"])
                return self._bracketed(
                    name, [self.value(args[0]), self.words.say("places", count=places.raw)]
                ), _ATOM
            case "allocate":
                weights = self._weights(args[1])
                return self.words.say("split_by", total=self.value(args[0], _SUM), weights=weights), _PHRASE
            case "add_months":
                return self.words.phrase("add_months", *(self.value(a, _SUM) for a in args[:2])), _PHRASE
            case "accrue":
                texts = [self.value(a, _SUM) for a in args[:4]]
                return self.words.phrase("accrue", *texts, str(args[4].raw)), _PHRASE
            case "coalesce" if part.raw is not None:
                return self._first_known(args)
            case "known" | "starts_with" | "ends_with" | "contains":
                return self._said(part)
        if part.op in PHRASES and part.op not in FUNCTIONS:
            return self.words.phrase(part.op, *(self.value(a, _SUM) for a in args)), _PHRASE
        return self._bracketed(
            FUNCTIONS.get(part.op, (part.op, part.op)), [self.value(a) for a in args]
        ), _ATOM

    def _first_known(self, args: Sequence[Part]) -> tuple[str, int]:
        """The first value that is known, and that those before it are not."""
        place = first_known(args)
        if not place:
            return self._valued(args[0])
        text, level = self._valued(args[place])
        unknown = self.words.join([self._not_known(arg) for arg in args[:place]], "and")
        said = self.words.say("as", value=text, condition=unknown)
        return said, _PRODUCT if level == _ATOM else _PHRASE

    def _bracketed(self, name: tuple[str, str], args: Sequence[str]) -> str:
        called = self.words.of(name).replace(" ", JOINED)
        return self.words.say("bracketed", name=called, args=self.words.join(args))

    def _weights(self, part: Part) -> str:
        """Weights as people say them: ``shares 5:3:2``."""
        self._mention(part)
        assert isinstance(part.raw, tuple)
        element = part.type.element or part.type
        return f"{self.name(part)} {':'.join(format_plain(int(w), element.scale or 0) for w in part.raw)}"

    def _fold(self, part: Part) -> str:
        source, pattern = part.children[0], [self.value(p) for p in part.children[1:]]
        self._mention(part)
        over = self._list(source)
        test = pattern[-1] if part.text == "both" or (part.op == "count" and pattern) else None
        if test is not None:
            over = self.words.phrase("where", over, test)
        return self.words.phrase(part.op, over, *pattern[:1])

    def _list(self, source: Part) -> str:
        """A list by its name, with the number of its items."""
        if source.problem == "pattern":
            return self.name(source)
        return self.words.say("counted", name=self.name(source), count=self.shown(source))

    def _band(self, part: Part) -> str:
        self._mention(part)
        cells = [self.statement(cell) for cell in part.inside if cell.raw]
        if not cells:
            return f"{part.name} {self.shown(part)}"
        return self.words.say("as", value=self.shown(part), condition=self.words.join(cells))

    # -- conditions --------------------------------------------------------------------------------

    def statement(self, part: Part, least: int = _PHRASE) -> str:
        """What is true of a condition; where it is unknown, the condition itself."""
        text, level = self._said(part)
        return text if level >= least else self.words.brackets(text)

    def _said(self, part: Part) -> tuple[str, int]:
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
            case "call" if part.op in _BOOLEAN_CALLS:
                key = part.op if part.raw is not False else f"not_{part.op}"
                return self.words.phrase(key, *(self.value(a, _SUM) for a in part.children)), _RELATION
            case "fold" if part.op in ("any", "all"):
                return self._quantity(part), _RELATION
            case "literal":
                return self.shown(part), _ATOM
            case "field" | "item" | "parameter" | "formula" | "table":
                self._mention(part)
                if part.problem == "pattern":
                    return self.name(part), _ATOM
                return self.words.phrase("is", self.name(part), self.shown(part)), _RELATION
            case "choice":
                return self._choice(part)
        return self.value(part), _PHRASE

    def _compare(self, part: Part) -> str:
        op = part.op if part.raw is not False else OPPOSITES[part.op]
        left, right = part.children
        if left.kind == "literal" and right.kind != "literal":
            left, right, op = right, left, _MIRRORED.get(op, op)
        if (
            op in ("==", "!=")
            and left.type.base in TEXTUAL
            and left.kind in _NAMED
            and right.kind == "literal"
        ):
            other = self._side(right, left.type)
            if left.problem is None:
                key = "is_one" if op == "==" else "is_other"
                self._mention(left)
                return self.words.phrase(key, self.name(left), self.shown(left), other)
        return f"{self._side(left, right.type)} {OPERATORS[op]} {self._side(right, left.type)}"

    def _side(self, part: Part, other: Type) -> str:
        """A side of a comparison: of one that is computed there, what it comes to."""
        if part.kind == "literal" and other.base is Base.CHOICE:
            return self.shown_raw(part.raw, other)
        if other.percent and part.type.base is Base.NUMBER and part.kind in _NAMED and part.raw is not None:
            part = replace(part, type=replace(part.type, percent=True))
        text, level = self._valued(part)
        if part.problem == "pattern" or part.raw is None or level == _ATOM and part.kind != "call":
            return text if level >= _SUM else self.words.brackets(text)
        return self.words.brackets(f"{text} = {self.shown(part)}")

    def _logic(self, part: Part) -> tuple[str, int]:
        if part.raw is None:
            level = _AND if part.op == "and" else _OR
            unsure = (
                [c for c in part.children if c.raw is None] if part.problem != "pattern" else part.children
            )
            parts = [self.statement(child, level) for child in unsure]
            return self.words.join(parts, part.op), level if len(parts) > 1 else _RELATION
        decided = [child for child in part.children if child.raw is part.raw]
        parts = list(dict.fromkeys(self.statement(child, _AND) for child in decided))
        return self.words.join(parts, "and"), _AND if len(parts) > 1 else _RELATION

    def _not(self, part: Part) -> tuple[str, int]:
        return self._said(part.children[0])

    def _membership(self, part: Part) -> str:
        item, *options = part.children
        key = "in" if part.raw is not False else "not_in"
        shown = [self._side(option, item.type) for option in options]
        return self.words.phrase(key, self._side(item, item.type), self.words.join(shown, "list"))

    def _known(self, part: Part) -> str:
        inner = part.children[0]
        if part.raw:
            return self.words.say("is_known", name=self.value(inner, _SUM))
        return self._not_known(inner)

    def _not_known(self, part: Part) -> str:
        """That something is not known, and for want of which facts."""
        name = self.name(part) or self.value(part, _ATOM)
        causes = [] if part.kind == "field" else missing_facts(part)
        if not causes:
            return self.words.say("not_known", name=name)
        names = self.words.join([self.name(cause) for cause in causes[:_MOST_CAUSES]], "list")
        if len(causes) > _MOST_CAUSES:
            count = len(causes) if self.lang == "zh" else len(causes) - _MOST_CAUSES
            names = self.words.say("and_more", names=names, count=count)
        return self.words.say("not_known_for", name=name, causes=self.words.say("facts_missing", names=names))

    def _quantity(self, part: Part) -> str:
        """``any`` and ``all``: of how many items it is so."""
        source = part.children[0]
        pattern = self.value(part.children[1])
        if part.text == "both":
            pattern = self.words.phrase("where", pattern, self.value(part.children[2]))
        if part.raw is None:
            return self.words.phrase(part.op, self._list(source), pattern)
        name = self.name(source)
        self._mention(part)
        if source.raw == ():
            return self.words.phrase("list_empty", name)
        count = len(source.raw) if isinstance(source.raw, tuple) else 0
        ours = self.deciding_items(part)
        key = f"{part.op}_{'holds' if part.raw else 'fails'}"
        return self.words.phrase(key, name, pattern, k=len(ours), n=count)

    def deciding_items(self, part: Part) -> list[Part]:
        """The items of a list for which ``any`` holds, or ``all`` does not; those that a sum is made of."""
        items = [item for item in part.inside if part.text != "both" or item.children[-1].raw is True]
        if part.op == "any":
            return [item for item in items if item.raw is True]
        if part.op == "all":
            return [item for item in items if item.raw is False]
        return [item for item in items if item.raw is not False] if part.op == "count" else items

    # -- tables ------------------------------------------------------------------------------------

    def row(self, part: Part) -> str:
        """A row: of one that holds, all its tests; of another, those that do not."""
        cells = [cell for cell in part.children if cell.text.strip() != "-"]
        if part.raw is not True:
            cells = [cell for cell in cells if cell.raw is part.raw]
        return self.words.join([self.statement(cell) for cell in cells])

    def _cell(self, part: Part) -> str:
        given, *named = part.children
        ends = [self.value(end) for end in named]
        text, op = part.text.strip(), ""
        inner = text[4:-1].strip() if text.startswith("not(") and text.endswith(")") else None
        for sign in ("<=", ">=", "<", ">"):
            if text.startswith(sign):
                op, text = sign, text[len(sign) :].strip()
                break
        if op:
            op = OPERATORS[op if part.raw is not False else OPPOSITES[op]]
            said = f"{self._side(given, given.type)} {op} {ends[0] if ends else text}"
            return said
        negative = (part.raw is False) != (inner is not None)
        text = inner if inner is not None else text
        several = "," in text or ".." in text
        if several:
            said = self.words.phrase("not_in" if negative else "in", self._side(given, given.type), text)
        else:
            if given.type.base in TEXTUAL and given.kind in _NAMED and given.raw is not None:
                self._mention(given)
                other = self.shown_raw(text.strip('"'), given.type)
                key = "is_other" if negative else "is_one"
                return self.words.phrase(key, self.name(given), self.shown(given), other)
            said = f"{self._side(given, given.type)} {OPERATORS['!=' if negative else '==']} {ends[0] if ends else text}"
            return said
        return f"{said} ({self.words.join(ends)})" if ends else said

    # -- differences -------------------------------------------------------------------------------

    def gap(self, part: Part) -> str:
        """By how much the left side of a comparison is over or short of the right one; else nothing."""
        while part.kind == "not" and part.raw is not None:
            part = part.children[0]
        if part.kind != "compare" or part.op in ("==", "!=") or part.raw is None:
            return ""
        left, right = part.children
        if any(side.kind == "literal" and side.raw == 0 for side in part.children):
            return ""
        difference = self._difference(left, right)
        if difference is None:
            return ""
        op = part.op if left.kind != "literal" else _MIRRORED[part.op]
        over = op in (">", ">=") if part.raw else op in ("<", "<=")
        if not difference[0]:
            return self.words.say("exactly")
        return self.words.say("over" if over else "short", difference=difference[1])

    def _difference(self, left: Part, right: Part) -> tuple[Fraction, str] | None:
        if left.type.base is Base.DATE:
            if not isinstance(left.raw, int) or not isinstance(right.raw, int):
                return None
            days = abs(left.raw - right.raw)
            return Fraction(days), shown_value(days, DAYS, self.lang)
        if not left.type.is_numeric or left.raw is None or right.raw is None:
            return None
        difference = abs(_fraction(left) - _fraction(right))
        percent = left.type.percent or right.type.percent
        scale = max(left.type.scale or 0, right.type.scale or 0)
        if percent:
            difference, scale = difference * 100, max(scale - 2, 0)
        n = difference * 10**scale
        exact = n.denominator == 1
        if not exact:
            shown = _FRACTION.sub("", format_ratio(difference.numerator, difference.denominator))
        else:
            shown = _money(int(n), scale) if left.type.base is Base.MONEY else format_scaled(int(n), scale)
        if left.type.base in (Base.DAYS, Base.MONTHS) and exact:
            shown = shown_value(int(n), left.type, self.lang)
        return difference, self.words.say("points", number=shown) if percent else shown


def first_known(args: Sequence[Part]) -> int:
    """The place of the first argument that has a value."""
    return next((i for i, arg in enumerate(args) if arg.raw is not None), 0)


def missing_facts(part: Part) -> list[Part]:
    """The facts for want of which a part has no value."""
    found: dict[str, Part] = {}
    for inner in unknown_parts([part]):
        if inner.problem in ("missing", "refused"):
            found.setdefault(inner.name, inner)
    return list(found.values())


def unknown_parts(parts: Sequence[Part]) -> Iterator[Part]:
    """All parts without a value in these, formulas and tables opened; each once."""
    todo, seen = list(reversed(parts)), set[tuple[str, str, str] | int]()
    while todo and len(seen) < _MOST_PARTS:
        part = todo.pop()
        key = (part.kind, part.policy, part.name) if part.kind in ("formula", "table") else id(part)
        if part.raw is not None or part.problem == "pattern" or key in seen:
            continue
        seen.add(key)
        yield part
        opened = part.inside if part.kind in ("formula", "table", "fold", "band") else ()
        todo += reversed([*part.children, *opened])


def _money(amount: int, scale: int) -> str:
    """An amount with the decimals that it has, two at least: a product of rates has more than it needs."""
    while scale > 2 and amount % 10 == 0:
        amount, scale = amount // 10, scale - 1
    return format_scaled(amount, scale)


def _fraction(part: Part) -> Fraction:
    if isinstance(part.raw, tuple):
        num, den = part.raw
        assert isinstance(num, int) and isinstance(den, int)
        return Fraction(num, den)
    assert isinstance(part.raw, int)
    return Fraction(part.raw, 10 ** (part.type.scale or 0))
