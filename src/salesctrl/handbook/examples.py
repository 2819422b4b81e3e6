"""Worked examples: the facts as they are given, and what the engine makes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from salesctrl.decision.values import UNKNOWN, shown_value
from salesctrl.decision.words import OUTCOMES
from salesctrl.engine import Engine
from salesctrl.handbook.markdown import escaped, shown_columns, table
from salesctrl.handbook.model import Suite
from salesctrl.handbook.words import PageWords
from salesctrl.numbers import NotExact
from salesctrl.policy.documents import LocalText, TestsDocument
from salesctrl.policy.literals import BadLiteral
from salesctrl.policy.types import Base, Type
from salesctrl.policy.vocabulary import Field, KindOf
from salesctrl.testing import TestResult, raw_value

Data = Mapping[str, object]
_MOST_MISSING = 3


class ExampleWriter:
    """Writes the examples of one page."""

    def __init__(self, engine: Engine, words: PageWords):
        self.engine, self.words = engine, words
        self.vocabulary, self.organisation = engine.checked.vocabulary, engine.checked.organisation

    def lines(self, suite: Suite) -> Iterator[str]:
        """The lines of some examples that belong together: a heading, what all share, a table."""
        title = escaped((suite.title or self._title(suite.control_point)).get(self.words.lang))
        if suite.rule is not None:
            title = self.words.tell("examples_of", rule=suite.rule)
        yield from (f"### {title}", "", self.words.tell("at", point=suite.control_point), "")
        common: Data = suite.document.given if isinstance(suite.document, TestsDocument) else {}
        shared = self._facts(common)
        if shared:
            yield from (self.words.tell("common", facts=self.words.join(shared, "semicolon")), "")
        keys = ("example", "controls", "facts", "outcome", "fired", "values")
        rows = [self._row(result, common) for result in suite.results]
        heads, rows = shown_columns([self.words.tell(key) for key in keys], rows)
        yield from table(heads, rows)

    def _title(self, point: str) -> LocalText:
        """What examples are called that have no title: like the first policy of their control point."""
        return next(policy.title for policy in self.engine.policies if policy.control_point == point)

    def _row(self, result: TestResult, common: Data) -> list[str]:
        case = result.case
        facts = self._facts(_own(case.given, common))
        as_of = case.as_of or case.given.get("as_of")
        if as_of is not None:
            facts.insert(0, self.words.say("as_of", date=as_of))
        if case.overlays:
            facts.append(self.words.tell("overlays", names=self.words.join(case.overlays, "list")))
        name = escaped(case.name.get(self.words.lang)) if case.kind == "case" else str(case.number)
        covers = ", ".join(case.covers) if case.kind == "case" else ""
        return [name, covers, self.words.join(facts, "semicolon"), *self._result(result)]

    # -- results -----------------------------------------------------------------------------------

    def _result(self, result: TestResult) -> list[str]:
        decision = result.decision
        if decision is None:
            problem = str(result.problems[0].message) if result.problems else ""
            return [self.words.tell("cannot", problem=escaped(problem)), "", ""]
        outcome = f"**{self.words.of(OUTCOMES[decision.outcome.value])}**"
        said = [outcome]
        if decision.missing:
            said.append(self.words.tell("missing", facts=self._missing(decision.missing)))
        if decision.pending:
            said.append(self.words.tell("pending", rules=self.words.join(decision.pending, "list")))
        if not result.passed:
            said.append(self.words.tell("not_as_expected"))
        return [
            self.words.join(said, "semicolon"),
            self.words.join(decision.fired, "list"),
            self.words.join(list(self._values(result)), "semicolon"),
        ]

    def _missing(self, paths: Sequence[str]) -> str:
        """The facts that are missing; of many, the first."""
        names = self.words.join([self._path(path) for path in paths[:_MOST_MISSING]], "list")
        if len(paths) <= _MOST_MISSING:
            return names
        count = len(paths) if self.words.lang == "zh" else len(paths) - _MOST_MISSING
        return self.words.say("and_more", names=names, count=count)

    def _path(self, path: str) -> str:
        try:
            return escaped(self.vocabulary.at(path).title.get(self.words.lang))
        except KeyError:
            return escaped(path)

    def _values(self, result: TestResult) -> Iterator[str]:
        """The figures that a decision gives out, under their titles; those that are not known left out."""
        decision, case = result.decision, result.case
        assert decision is not None
        plan = self.engine.point(case.control_point).at(decision.as_of.toordinal()).plan
        titles = {
            name: formula.title
            for policy in plan.policies
            for name, formula in policy.formulas.items()
            if formula.title is not None
        }
        values = decision.values
        for output in plan.outputs:
            value = values.get(output.name)
            if value is None:
                continue
            title = titles.get(output.name)
            called = escaped(title.get(self.words.lang)) if title is not None else f"`{output.name}`"
            yield f"{called} {self._typed(value, output.type)}"

    def _typed(self, value: object, type_: Type) -> str:
        """A value as people read it; one that is not of its type as it was written."""
        try:
            return escaped(self._shown(raw_value(value, type_), type_))
        except (BadLiteral, NotExact, ValueError):
            return escaped(str(value))

    def _shown(self, raw: object, type_: Type) -> str:
        if isinstance(raw, str) and raw in self.organisation.roles:
            return self.organisation.title(raw).get(self.words.lang)
        if type_.base is Base.MAP and type_.element is not None and isinstance(raw, tuple):
            parts = [
                f"{self._role(key)} {shown_value(part, type_.element, self.words.lang)}"
                for key, part in zip(type_.keys, raw, strict=True)
            ]
            return self.words.join(parts, "list")
        if isinstance(raw, str) and not type_.labels:
            return raw
        return shown_value(raw, type_, self.words.lang)

    # -- facts -------------------------------------------------------------------------------------

    def _facts(self, given: Data) -> list[str]:
        """Facts in words, a text for each record; ``as_of`` is told elsewhere."""
        said = []
        for name, value in given.items():
            kind = self.vocabulary.kind(name)
            if name == "evidence":
                said += self._evidence(value)
            elif kind is not None and isinstance(value, Mapping):
                title = escaped(kind.title.get(self.words.lang))
                said.append(self.words.phrase_of(title, self._record(value, kind)))
        return said

    def _record(self, given: Data, kind: KindOf) -> str:
        said = []
        for name, value in given.items():
            field = self.vocabulary.field(kind.name, name)
            title = field.title.get(self.words.lang) if field is not None else name
            said.append(f"{escaped(title)} {self._value(value, field)}")
        return self.words.join(said)

    def _value(self, value: object, field: Field | None) -> str:
        if value is None:
            return UNKNOWN[self.words.lang]
        if field is None:
            return escaped(str(value))
        inner = self.vocabulary.kinds.get(field.record or field.type.item or "")
        if inner is not None and isinstance(value, Mapping):
            return self.words.brackets(self._record(value, inner))
        if inner is not None and isinstance(value, list | tuple):
            items = [self.words.brackets(self._record(v, inner)) for v in value if isinstance(v, Mapping)]
            return " ".join(items) or self.words.tell("nothing")
        return self._typed(value, field.type)

    # -- evidence ----------------------------------------------------------------------------------

    def _evidence(self, given: object) -> list[str]:
        if not isinstance(given, Mapping) or not given:
            return [self.words.tell("no_evidence")]
        said = []
        if given.get("requester") is not None:
            said.append(self.words.tell("requester", person=self._person(given["requester"])))
        said += [self._approval(one) for one in _items(given, "approvals")]
        said += [self._dated(self._coded(one.get("kind")), one) for one in _items(given, "documents")]
        for one in _items(given, "payments"):
            said.append(
                self._dated(self.words.tell("payment_on", amount=escaped(str(one.get("amount")))), one)
            )
        said += [self._dated(self._coded(one.get("name")), one) for one in _items(given, "actions")]
        for one in _items(given, "duties"):
            duty = self._duty(str(one.get("duty")))
            said.append(self.words.tell("duty_by", duty=duty, person=self._person(one.get("person"))))
        return said or [self.words.tell("no_evidence")]

    def _approval(self, one: Data) -> str:
        role = self._role(str(one.get("role", "")))
        said = self.words.tell("approval_by", role=role, person=self._person(one.get("person")))
        form = one.get("form")
        return self._dated(said, one) + (f" ({self._coded(form)})" if form is not None else "")

    def _dated(self, text: str, one: Data) -> str:
        count = one.get("count")
        if count is not None:
            text = self.words.tell("times", what=text, count=count)
        return f"{text} {one['date']}" if one.get("date") is not None else text

    def _coded(self, code: object) -> str:
        term = self.vocabulary.terms.get(str(code))
        return escaped(term.get(self.words.lang) if term is not None else str(code))

    def _person(self, person: object) -> str:
        return escaped(str(person)) if person is not None else ""

    def _role(self, role: str) -> str:
        found = self.organisation.role(role)
        return escaped(self.organisation.title(found).get(self.words.lang) if found is not None else role)

    def _duty(self, duty: str) -> str:
        return escaped(self.organisation.duty_title(duty).get(self.words.lang))


def _items(given: Data, key: str) -> Sequence[Data]:
    found = given.get(key)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list | tuple) else []


def _own(given: Data, common: Data) -> dict[str, object]:
    """What a case gives that is not the same in all: of records field by field, else as a whole."""
    done: dict[str, object] = {}
    for key, value in given.items():
        known = common.get(key)
        if key == "as_of" or (key in common and value == known):
            continue
        if key != "evidence" and isinstance(value, Mapping) and isinstance(known, Mapping):
            done[key] = _own(value, known)
        else:
            done[key] = value
    return done
