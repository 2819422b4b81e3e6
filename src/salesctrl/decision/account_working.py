"""What is said of expressions: conditions with their numbers, how values came about, what is unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from salesctrl.decision.figures import gap
from salesctrl.decision.lines import Line
from salesctrl.decision.phrases import NAMED, Phrases
from salesctrl.decision.values import shown_value
from salesctrl.decision.words import PROBLEMS, Words
from salesctrl.decision.working import Part, first_known, unknown_parts
from salesctrl.policy.types import Base

_PLAIN = NAMED | {"literal", "key", "band"}
"""Parts whose text ends with their value."""
_MOST_STEPS = 40
"""So many formulas, one inside another, are told of one expression."""
_MOST_ITEMS = 5
"""So many items of a list are told where not everything is asked for."""
_SILENT = (None, "depends", "missing", "refused", "pattern")
"""Problems that the text of an expression shows by itself."""


def conjuncts(part: Part) -> list[Part]:
    """The parts of a condition that made it what it is, each to be said on its own."""
    if part.kind == "not" and part.raw is not None:
        return conjuncts(part.children[0])
    if part.kind == "logic" and part.raw is not None:
        return [inner for child in part.children if child.raw is part.raw for inner in conjuncts(child)]
    return [part]


class WorkingTeller:
    """Tells of expressions. What a formula is made of is told once, where it is first named."""

    def __init__(self, words: Words, phrases: Phrases, *, full: bool):
        self.words, self.phrases, self.full = words, phrases, full
        self.telling_unknown = False
        """Whether formulas without a value are told of: not where something is known all the same."""
        self._told: set[tuple[str, str, str]] = set()
        self._said_causes: set[str] = set()

    def is_told(self, part: Part) -> bool:
        """Whether it was told how a formula or an output of a table came about."""
        return (part.kind, part.policy, part.name) in self._told

    def _is_new(self, part: Part) -> bool:
        new = not self.is_told(part)
        self._told.add((part.kind, part.policy, part.name))
        return new

    # -- conditions and values ---------------------------------------------------------------------

    def condition(self, part: Part) -> list[Line]:
        """What made a condition what it is."""
        return [line for one in conjuncts(part) for line in self.stated(one)]

    def stated(self, part: Part) -> list[Line]:
        """What is true of one condition; of a formula that is told of here for the first time, that alone."""
        if part.kind == "literal" or (part.kind == "row" and not self.phrases.row(part)):
            return [Line(self.words.say("always" if part.raw else "never"), kind="condition")]
        if part.kind == "formula" and self._is_new(part):
            return self._definition(part, 0)
        return self.saying(lambda: self.phrases.statement(part), "condition", aside=gap(part, self.words))

    def computed(self, name: str, part: Part) -> list[Line]:
        """A value that a rule computes."""
        return self.saying(lambda: self.equation(name, part), "formula")

    def output(self, part: Part) -> list[Line]:
        """A formula that is reported: how it came about, or its value alone where that was told."""
        if self._is_new(part):
            return self._definition(part, 0)
        return [Line(self.phrases.value(part), kind="formula")]

    def saying(self, say: Callable[[], str], kind: str, *, aside: str = "", depth: int = 0) -> list[Line]:
        """A line, after those that tell of the formulas it names; the items of lists stand below it."""
        self.phrases.mentioned = []
        text = say()
        before: list[Line] = []
        below: list[Line] = []
        for part in self.phrases.mentioned:
            if part.kind == "fold":
                below += self._items(part)
            elif (
                (part.raw is not None or self.telling_unknown) and depth < _MOST_STEPS and self._is_new(part)
            ):
                before += self._definition(part, depth + 1)
        return [*before, Line(text, aside=aside, kind=kind, lines=tuple(below))]

    def _definition(self, part: Part, depth: int) -> list[Line]:
        """How a formula or an output of a table came about."""
        if part.kind == "table":
            return self.saying(lambda: self._table(part), "formula", depth=depth)
        (inner,) = part.inside
        return self.saying(lambda: self.equation(self.phrases.name(part), inner), "formula", depth=depth)

    def equation(self, name: str, part: Part) -> str:
        """A name and what it is: ``exposure = balance 19,000.00 + amount 1,234.50 = 20,234.50``.

        A condition: ``late: yes, as days_late 45 days > grace 30 days``.
        """
        if part.type.base is Base.BOOLEAN and part.kind not in _PLAIN:
            shown = self.words.phrase("is", name, self.phrases.shown(part))
            return self.words.say("as_so", value=shown, condition=self.phrases.statement(part))
        return f"{name} = {self.worked_out(part)}"

    def worked_out(self, part: Part) -> str:
        """An expression with its numbers, and what it comes to."""
        if part.kind == "choice" and part.children[0].raw is not None:
            test, then, otherwise = part.children
            value = self.worked_out(then if test.raw else otherwise)
            return self.words.say("as", value=value, condition=self.phrases.statement(test))
        if part.op == "coalesce" and part.raw is not None:
            first = part.children[0]
            return self.phrases.value(part) if first_known(part.children) else self.worked_out(first)
        text = self.phrases.value(part)
        if part.kind in _PLAIN:
            return text
        problem = next((inner.problem for inner in _all_of(part) if inner.problem not in _SILENT), None)
        if part.raw is None and problem is not None:
            return self.words.say("problem_in", text=text, problem=self.words.of(PROBLEMS[problem]))
        if isinstance(part.raw, tuple) and part.type.is_numeric:
            shown = shown_value(part.raw, part.type, self.words.lang)
            return f"{text} {shown}" if shown.startswith("≈") else f"{text} = {shown}"
        return f"{text} = {self.phrases.shown(part)}"

    def _table(self, part: Part) -> str:
        """An output of a table, with the rows that it is from."""
        text = f"{part.name} {self.phrases.shown(part)}"
        rows, table = part.inside, part.name.rsplit(".", 1)[0]
        places = [row.place for row in rows if row.place is not None]
        if not places:
            return self.words.say("no_row_of", text=text, table=table)
        number, count = places[0]
        if len(rows) > 1 and part.op != "first":
            numbers = self.words.join([str(number) for number, _ in places], "list")
            shown = self.words.say("rows", numbers=numbers, count=count)
            return self.words.say("row_of_any", text=text, row=shown, table=table)
        shown, cells = self.words.say("row", number=number, count=count), self.phrases.row(rows[0])
        key = "row_of" if cells else "row_of_any"
        return self.words.say(key, text=text, row=shown, table=table, cells=cells)

    def _items(self, fold: Part) -> list[Line]:
        """The items of a list that count; where all of them are only counted, none."""
        items = self.phrases.deciding_items(fold) if len(fold.children) > 1 else []
        most = len(items) if self.full else _MOST_ITEMS
        lines = [line for item in items[:most] for line in self.saying(self._item(item), "formula")]
        if len(items) > most:
            lines.append(Line(self.words.say("more_items", count=len(items) - most), kind="note"))
        source, shown = fold.children[0].raw, len(fold.inside)
        if isinstance(source, tuple) and 0 < shown < len(source):
            text = self.words.say("first_items", count=len(source), shown=shown)
            lines.append(Line(text, kind="note"))
        return lines

    def _item(self, item: Part) -> Callable[[], str]:
        def say() -> str:
            parts = [
                self.phrases.statement(part) if part.type.base is Base.BOOLEAN else self.worked_out(part)
                for part in item.children
            ]
            number = item.place[0] if item.place is not None else 0
            return self.words.say("each", number=number, text=self.words.join(parts))

        return say

    # -- what is unknown ---------------------------------------------------------------------------

    def unknown_values(self, parts: Sequence[Part], *, brief: bool) -> list[Line]:
        """Reported values that cannot be computed; those for want of what was said already in one line."""
        lines: list[Line] = []
        rest: list[str] = []
        for part in parts:
            name, causes = self.phrases.name(part), self.causes([part])
            if not causes:
                rest.append(f"`{name}`")
                continue
            self.telling_unknown = True
            below = [] if brief or not self._is_new(part) else self._definition(part, 0)
            self.telling_unknown = False
            text = self.words.say("output_unknown", name=name)
            lines.append(Line(text, kind="problem", tone="bad", lines=(*below, *causes)))
        if rest:
            text = self.words.say("outputs_unknown", names=self.words.join(rest, "list"))
            lines.append(Line(text, kind="problem", tone="bad"))
        return lines

    def causes(self, parts: Sequence[Part], *, again: bool = False) -> list[Line]:
        """For want of which facts, or by what error, something is unknown; what was said if ``again``."""
        found: dict[str, Line] = {}
        for part in unknown_parts(parts):
            text = self._cause(part)
            if text and (again or text not in self._said_causes):
                found[text] = Line(text, kind="missing", tone="bad")
        self._said_causes.update(found)
        return list(found.values())

    def _cause(self, part: Part) -> str:
        """Why a part has no value; nothing where that is for want of another."""
        if part.problem in (None, "depends"):
            return ""
        problem = self.words.of(PROBLEMS[part.problem or ""])
        named = part.problem in ("missing", "refused")
        text = self._fact(part) if named else self.phrases.value(part)
        return self.words.say("problem_in", text=text, problem=problem)

    def _fact(self, part: Part) -> str:
        """A fact by its name in the language, and by the other one: the path, or the title."""
        name = self.phrases.name(part)
        title = part.title.get(self.words.lang) if part.title is not None else name
        other = part.name if self.words.lang == "zh" else title
        if other == name.rsplit(".", 1)[-1] or other == name:
            return name
        return self.words.say("called", rule=name, title=other)


def _all_of(part: Part) -> list[Part]:
    """A part and all below it."""
    todo, found = [part], []
    while todo:
        here = todo.pop()
        found.append(here)
        todo.extend(reversed(here.children))
    return found
