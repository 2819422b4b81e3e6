"""Rules, tables, figures and parameters of one policy, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from salesctrl.calendar import FIRST_DAY, LAST_DAY
from salesctrl.compile.checked import CheckedParameter, CheckedRule, CheckedTable
from salesctrl.decision.values import shown_value
from salesctrl.decision.words import OUTCOMES
from salesctrl.engine import Engine
from salesctrl.handbook.markdown import escaped, shown_columns, table
from salesctrl.handbook.model import Chapter
from salesctrl.handbook.prose import Prose
from salesctrl.handbook.sketch import together
from salesctrl.handbook.words import PageWords
from salesctrl.policy.documents import Source, TableRow, TableSpec
from salesctrl.policy.literals import Constant
from salesctrl.policy.types import Base, Type, list_of, map_of


def clause(source: Source | None, words: PageWords) -> str:
    """A clause by its document and article.

    >>> source = Source.model_validate({"document": "Credit rules", "article": "Art. 18(2)"})
    >>> clause(source, PageWords("en"))
    'Credit rules, Art. 18(2)'
    """
    if source is None:
        return ""
    document = escaped(source.document.get(words.lang))
    if source.article is None:
        return document
    return words.tell("by_clause", document=document, article=escaped(source.article.get(words.lang)))


class ChapterWriter:
    """Writes one policy."""

    def __init__(self, engine: Engine, chapter: Chapter, words: PageWords):
        self.engine, self.chapter, self.words = engine, chapter, words
        self.policy = chapter.policy
        self.prose = Prose(engine, chapter.policy, words)
        self.titles = {rule.id: rule.title for policy in engine.policies for rule in policy.rules}
        self.excepted: dict[str, list[str]] = {}
        for policy in engine.policies:
            if policy.control_point == self.policy.control_point:
                for rule in policy.rules:
                    for name in rule.excepts:
                        self.excepted.setdefault(name, []).append(rule.id)

    def lines(self) -> Iterator[str]:
        """The lines of the chapter."""
        yield from (f"## {escaped(self.policy.title.get(self.words.lang))}", "", self._head(), "")
        note = self.chapter.document.note
        if note is not None:
            yield from (self.words.tell("note", text=escaped(note.get(self.words.lang))), "")
        for rule in self.policy.rules:
            if rule.row is None:
                yield from self._rule(rule)
        for decision_table in self.policy.tables.values():
            yield from self._table(decision_table)
        yield from self._figures()
        yield from self._parameters()

    def _head(self) -> str:
        said = [self.words.tell("at", point=self.policy.control_point)]
        if self.chapter.source is not None:
            said.append(self.words.tell("on", clause=clause(self.chapter.source, self.words)))
        period = self._period()
        if period:
            said.append(self.words.tell("in_force", period=period))
        return ("" if self.words.lang == "zh" else " ").join(said)

    def _period(self) -> str:
        effective = self.policy.effective
        first = date.fromordinal(effective.first).isoformat() if effective.first > FIRST_DAY else None
        last = date.fromordinal(effective.last).isoformat() if effective.last < LAST_DAY else None
        if first is not None and last is not None:
            return self.words.say("from_until", date=first, last=last)
        if first is not None:
            return self.words.say("from", date=first)
        return self.words.say("until", date=last) if last is not None else ""

    # -- rules -------------------------------------------------------------------------------------

    def _rule(self, rule: CheckedRule) -> Iterator[str]:
        yield from (f"### {rule.id}: {escaped(rule.title.get(self.words.lang))}", "")
        said = [self.words.tell("from_clause", clause=clause(rule.source, self.words))] if rule.source else []
        if rule.covers:
            said.append(self.words.tell("carries", controls=", ".join(rule.covers)))
        always = rule.when.text == "true"
        said.append(
            self.words.tell("always")
            if always
            else self.words.tell("when", condition=self.prose.condition(rule.when.node))
        )
        if rule.excepts:
            said.append(self.words.tell("except_of", rules=self._called(rule.excepts)))
        said += [self.words.tell("then", effect=effect) for effect in self._effects(rule)]
        exceptions = self.excepted.get(rule.id, ())
        if exceptions:
            said.append(self.words.tell("excepted", rules=self._called(exceptions)))
        if rule.because is not None:
            said.append(self.words.tell("because", text=self.prose.sentence(rule.because)))
        said += self._remarks(rule)
        yield from (f"- {line}" for line in said)
        yield ""

    def _called(self, rules: list[str] | tuple[str, ...]) -> str:
        said = []
        for name in rules:
            title = self.titles.get(name)
            called = (
                name
                if title is None
                else self.words.say("called", rule=name, title=title.get(self.words.lang))
            )
            said.append(escaped(called))
        return self.words.join(said, "list")

    def _remarks(self, rule: CheckedRule) -> Iterator[str]:
        if rule.note is not None:
            yield self.words.tell("note", text=escaped(rule.note.get(self.words.lang)))
        if rule.off is not None:
            because = rule.off.because.get(self.words.lang)
            yield self.words.tell("off", text=escaped(because))
        elif rule.id in self.chapter.idle:
            yield self.words.tell("idle")

    def _effects(self, rule: CheckedRule) -> Iterator[str]:
        """What follows from a rule, one effect after another."""
        required = [self.prose.requirement(requirement) for requirement in rule.requirements]
        if rule.outcome is not None:
            outcome = f"**{self.words.of(OUTCOMES[rule.outcome.value])}**"
            if required:
                what = self.words.say("requires", what=self.words.join(required, "semicolon"))
                yield self.words.join([outcome, what])
            else:
                yield outcome
        elif required:
            yield self.words.say("requires", what=self.words.join(required, "semicolon"))
        for name, expression in rule.computes:
            yield self.words.tell("value", name=f"`{name}`", text=self.prose.figure(expression.node))
        if rule.notify:
            yield self.words.say("told", roles=self.prose.roles(rule.notify))

    # -- tables ------------------------------------------------------------------------------------

    def _table(self, shown: CheckedTable) -> Iterator[str]:
        spec = self.chapter.table(shown.name)
        rules = {
            r.row.number: r for r in self.policy.rules if r.row is not None and r.row.table == shown.name
        }
        title = escaped(shown.title.get(self.words.lang))
        yield from (f"### {shown.name}: {title}" if title != shown.name else f"### {shown.name}", "")
        said = []
        if spec is not None and spec.source is not None:
            said.append(self.words.tell("from_clause", clause=clause(spec.source, self.words)))
        if spec is not None and spec.covers:
            said.append(self.words.tell("carries", controls=", ".join(spec.covers)))
        first = next(iter(rules.values()), None)
        reasons = {
            n: self.prose.sentence(rule.because) for n, rule in rules.items() if rule.because is not None
        }
        alike = len(reasons) == len(rules) and len(set(reasons.values())) == 1
        if alike:
            said.append(self.words.tell("because", text=next(iter(reasons.values()))))
        if first is not None:
            said += self._remarks(first)
        if spec is not None and spec.note is not None and first is None:
            said.append(self.words.tell("note", text=escaped(spec.note.get(self.words.lang))))
        if said:
            yield from (*(f"- {line}" for line in said), "")
        given = list(dict.fromkeys(n for row in (spec.rows if spec is not None else ()) for n in row.give))
        heads = ["#", *(self._input(i, shown, spec) for i in range(len(shown.inputs))),
                 *(escaped(name) for name in given), *map(self.words.tell, ("result", "reason"))]  # fmt: skip
        rows = []
        for number, cells in enumerate(shown.rows, 1):
            row = spec.rows[number - 1] if spec is not None else None
            values = [
                self._given(row.give.get(name), shown, name) if row is not None else "" for name in given
            ]
            rule = rules.get(number)
            name = rule.id if rule is not None and rule.id != f"{shown.name}#{number}" else str(number)
            reason = "" if alike else reasons.get(number, "")
            rows.append([name, *self._cells(cells, shown), *values, self._row_effect(rule, row), reason])
        if spec is not None and spec.otherwise is not None:
            rest = [self.words.tell("otherwise"), *[""] * (len(shown.inputs) - 1)]
            rows.append(
                ["", *rest, *(self._given(spec.otherwise.get(name), shown, name) for name in given), "", ""]
            )
        yield from table(*shown_columns(heads, rows))

    def _input(self, place: int, shown: CheckedTable, spec: TableSpec | None) -> str:
        said = spec.inputs[place].title if spec is not None else None
        return (
            escaped(said.get(self.words.lang))
            if said is not None
            else self.prose.figure(shown.inputs[place].node)
        )

    def _cells(self, cells: Sequence[str], shown: CheckedTable) -> Iterator[str]:
        for text, given in zip(cells, shown.inputs, strict=True):
            bare = text.strip()
            if bare == "-":
                yield self.words.tell("any_cell")
            elif bare.startswith("not(") and bare.endswith(")"):
                yield self.words.phrase("not", self._tests(bare[4:-1], given.node.type))
            else:
                yield self._tests(bare, given.node.type)

    def _tests(self, text: str, type_: Type) -> str:
        """The tests of a cell; choices by what people call them."""
        if type_.base not in (Base.CHOICE, Base.BOOLEAN):
            return escaped(text)
        return self.words.join([escaped(self._code(one.strip(), type_)) for one in text.split(",")], "list")

    def _code(self, text: str, type_: Type) -> str:
        bare = text.strip('"')
        if type_.base is Base.BOOLEAN and bare in ("true", "false"):
            return shown_value(bare == "true", type_, self.words.lang)
        if type_.base is Base.CHOICE and bare in type_.choices:
            return self.prose.shown_raw(bare, type_).strip('"')
        return text

    def _given(self, text: str | None, shown: CheckedTable, output: str) -> str:
        """A value that a row gives; where it names a role, its title."""
        if text is None:
            return ""
        role = text.strip('"')
        if role in self.engine.checked.organisation.roles:
            return escaped(self.prose.role(role))
        node = self.policy.table_outputs.get((shown.name, output))
        return escaped(self._code(text, node.type) if node is not None else text)

    def _row_effect(self, rule: CheckedRule | None, row: TableRow | None) -> str:
        if rule is None:
            return ""
        said = list(self._effects(rule))
        own = row is not None and row.title is not None
        text = self.words.join(said, "semicolon")
        return f"{escaped(rule.title.get(self.words.lang))} — {text}" if own else text

    # -- figures and parameters ----------------------------------------------------------------------

    def _figures(self) -> Iterator[str]:
        rows = [
            [
                escaped(formula.title.get(self.words.lang) if formula.title is not None else name),
                self.prose.figure(formula.node) if formula.node.type.base is not Base.BOOLEAN
                else self.prose.condition(formula.node),
            ]
            for name, formula in self.policy.formulas.items()
        ]  # fmt: skip
        if rows:
            yield from (f"**{self.words.tell('figures')}**", "")
            yield from table([self.words.tell("figure"), self.words.tell("worked_out")], rows)

    def _parameters(self) -> Iterator[str]:
        keys = ("parameter", "value_unit", "ref", "open")
        rows = [
            [
                escaped(parameter.title.get(self.words.lang)),
                self._value(parameter),
                escaped(parameter.ref or ""),
                self._readings(parameter),
            ]
            for parameter in self.policy.parameters.values()
        ]
        if rows:
            yield from (f"**{self.words.tell('parameters')}**", "")
            yield from table(*shown_columns([self.words.tell(key) for key in keys], rows))

    def _value(self, parameter: CheckedParameter) -> str:
        seen = parameter.seen
        if seen.bands:
            said = [self.words.phrase_of(self._key(key), self._constant(value)) for key, value in seen.bands]
            return self.words.join(said, "semicolon")
        if parameter.numbers:
            element, raw = together(tuple(parameter.numbers.values()))
            return escaped(self.prose.shown_raw(raw, map_of(tuple(parameter.numbers), element)))
        if seen.items:
            element, raw = together(seen.items)
            return escaped(self.prose.shown_raw(raw, list_of(element)))
        if len(parameter.dated) == 1:
            return self._constant(parameter.dated[0][1], seen.type)
        dated = [
            self.words.tell(
                "from", value=self._constant(value, seen.type), date=date.fromordinal(day).isoformat()
            )
            for day, value in parameter.dated
        ]
        return self.words.join(dated, "semicolon")

    def _key(self, key: str) -> str:
        return escaped(self.prose.role(key))

    def _constant(self, constant: Constant, type_: Type | None = None) -> str:
        type_ = constant.type if type_ is None or not constant.type.is_numeric else type_
        shown = self.prose.shown_raw(together((constant,), type_)[1][0], type_, role=True)
        return escaped(f"{shown} {type_.currency}" if type_.base is Base.MONEY else shown)

    def _readings(self, parameter: CheckedParameter) -> str:
        """The note of a parameter, and what else may be chosen."""
        note = "" if parameter.note is None else escaped(parameter.note.get(self.words.lang)).strip()
        type_ = parameter.seen.type
        if not type_.choices or not parameter.dated:
            return note
        now = parameter.dated[-1][1].value
        others = [escaped(self.prose.shown_raw(c, type_)) for c in type_.choices if c != now]
        stop, gap = ("。", "") if self.words.lang == "zh" else (".", " ")
        begun = note if not note or note.endswith((stop, "?", "？", "!", "！")) else note + stop
        said = self.words.tell("other_readings", readings=self.words.join(others, "semicolon"))
        return f"{begun}{gap if begun else ''}{said}"
