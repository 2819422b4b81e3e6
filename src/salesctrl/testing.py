"""Examples and tests of policies, run against an engine: what was expected, and what came out.

The examples of rules and the cases of ``tests`` documents are values here; `salesctrl test` shows them.

>>> from salesctrl.engine import load
>>> results = list(run(load()))
>>> all(result.passed for result in results)
True
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from salesctrl.decision import Decision
from salesctrl.decision.values import shown_value
from salesctrl.diagnostics import Severity, Span, quoted, suggest
from salesctrl.engine import Engine
from salesctrl.errors import FactProblem, FactsError, PolicyError, UnknownControlPoint
from salesctrl.numbers import NotExact, to_scaled
from salesctrl.outcome import Outcome
from salesctrl.policy.documents import LocalText, TestsDocument
from salesctrl.policy.literals import BadLiteral, instant_of, parse_date, parse_instant
from salesctrl.policy.loader import Loaded
from salesctrl.policy.types import Base, Type
from salesctrl.policy.vocabulary import KindOf, VocabularyIndex
from salesctrl.tables.cells import cell_value

Data = Mapping[str, object]
LISTS = ("fired", "not_fired", "pending", "missing")
"""What an expectation may name beside the outcome and the outputs: ids of rules, paths of facts."""


@dataclass(frozen=True, slots=True)
class TestCase:
    """One example of a rule, or one case of a document of tests.

    ``suite`` is the id of the rule, or the name of the document; ``number`` counts inside it from 1.
    ``places`` has the place in the YAML of each expectation, where it is known. ``overlays`` are those of the
    set that are laid over it for this case, over what the engine has already.
    """

    __test__ = False  # no class of tests, whatever its name makes pytest think

    kind: Literal["example", "case"]
    suite: str
    number: int
    name: LocalText
    control_point: str
    given: Data
    as_of: date | str | None
    expect: Data
    covers: tuple[str, ...]
    span: Span
    places: Mapping[str, Span]
    overlays: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The suite and the number in it: ``CR-18-2#1``."""
        return f"{self.suite}#{self.number}"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An expectation that does not hold: which, what was expected and what came out; and what to do."""

    what: str
    expected: str
    got: str
    span: Span
    help: str | None = None


@dataclass(frozen=True, slots=True)
class TestResult:
    """What became of a case: it passed if there is no mismatch and no problem.

    ``problems`` say why it could not be decided at all; then there is no decision.
    """

    __test__ = False

    case: TestCase
    decision: Decision | None
    mismatches: tuple[Mismatch, ...] = ()
    problems: tuple[FactProblem, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether all is as expected."""
        return not self.mismatches and not self.problems


def cases(engine: Engine) -> tuple[TestCase, ...]:
    """All examples and cases of the policy set, in the order of files and lines."""
    found = [*_examples(engine), *(case for loaded in engine.tests for case in _document(loaded))]
    return tuple(sorted(found, key=lambda case: (case.span, case.id)))


def run(engine: Engine) -> Iterator[TestResult]:
    """Run all cases of the policy set, one after another."""
    engines: dict[tuple[str, ...], Engine | FactProblem] = {(): engine}
    for case in cases(engine):
        if case.overlays not in engines:
            engines[case.overlays] = _with_overlays(engine, case)
        yield _run(engines[case.overlays], case)


def run_case(engine: Engine, case: TestCase) -> TestResult:
    """Decide on the facts of a case, and compare. Never raises for what the case holds."""
    return _run(_with_overlays(engine, case) if case.overlays else engine, case)


def _with_overlays(engine: Engine, case: TestCase) -> Engine | FactProblem:
    """The engine that decides a case, or why its overlays cannot be laid over the policies."""
    try:
        return engine.with_overlays(case.overlays)
    except PolicyError as error:
        first = next(found for found in error.diagnostics if found.severity is Severity.ERROR)
        message = first.message if first.span is None else f"{first.message} ({first.span})"
        return FactProblem("overlays", "T_OVERLAY", message, first.help)


def _run(engine: Engine | FactProblem, case: TestCase) -> TestResult:
    if isinstance(engine, FactProblem):
        return TestResult(case, None, problems=(engine,))
    problems: list[FactProblem] = []
    facts = typed_facts(case.given, engine.checked.vocabulary, problems)
    if problems:
        return TestResult(case, None, problems=tuple(problems))
    try:
        decision = engine.evaluate(case.control_point, facts, as_of=case.as_of)
    except FactsError as error:
        return TestResult(case, None, problems=error.problems)
    except UnknownControlPoint as error:
        return TestResult(case, None, problems=(FactProblem("control_point", "T_POINT", str(error)),))
    return TestResult(case, decision, tuple(_Comparison(engine, case, decision).mismatches()))


# --- where cases come from ---------------------------------------------------------------------------


def _examples(engine: Engine) -> Iterator[TestCase]:
    for policy in engine.policies:
        for rule in policy.rules:
            for placed in rule.examples:
                example = placed.example
                yield TestCase(
                    "example", rule.id, placed.number, rule.title, policy.control_point, example.given, None,
                    example.expect, rule.covers, placed.span, {},
                )  # fmt: skip


def _document(loaded: Loaded[TestsDocument]) -> Iterator[TestCase]:
    doc, source = loaded.doc, loaded.source
    for i, case in enumerate(doc.cases):
        places = {key: source.span(("cases", i, "expect", key)) for key in case.expect}
        yield TestCase(
            "case", doc.tests, i + 1, case.name, doc.control_point, laid_over(doc.given, case.given),
            case.as_of or (None if "as_of" in case.given else doc.as_of), case.expect, case.covers,
            source.span(("cases", i)), places, doc.overlays,
        )  # fmt: skip


def laid_over(under: Data, over: Data) -> dict[str, object]:
    """Facts laid over others, key by key; a list replaces a list.

    >>> laid_over({"order": {"amount": "1", "id": "A"}}, {"order": {"amount": "2"}})
    {'order': {'amount': '2', 'id': 'A'}}
    """
    done = dict(under)
    for key, value in over.items():
        known = done.get(key)
        done[key] = (
            laid_over(known, value) if isinstance(known, Mapping) and isinstance(value, Mapping) else value
        )
    return done


# --- facts as YAML writes them --------------------------------------------------------------------------


def typed_facts(given: Data, vocabulary: VocabularyIndex, problems: list[FactProblem]) -> dict[str, object]:
    """Facts as a test writes them, as the engine takes them: ``5%``, ``30 days``, names in any language.

    A name that the vocabulary does not have is a problem: the test would not test what it says.
    """
    done: dict[str, object] = {}
    for name, value in given.items():
        kind = vocabulary.kind(name)
        if name in ("as_of", "evidence"):
            done[name] = value
        elif kind is None:
            problems.append(_unknown(name, name, "kind of fact", vocabulary.kinds))
        else:
            done[kind.name] = _record(value, kind, vocabulary, kind.name, problems)
    return done


def _record(
    given: object, kind: KindOf, vocabulary: VocabularyIndex, where: str, problems: list[FactProblem]
) -> object:
    if not isinstance(given, Mapping):
        return given
    done: dict[str, object] = {}
    for name, value in given.items():
        field = vocabulary.field(kind.name, name)
        if field is None:
            problems.append(_unknown(name, f"{where}.{name}", f"field of `{kind.name}`", kind.fields))
            continue
        here, inner = f"{where}.{field.name}", vocabulary.kinds.get(field.record or field.type.item or "")
        if field.name in done:
            problems.append(FactProblem(here, "F_AMBIGUOUS", "given twice under different names"))
        if inner is not None and isinstance(value, list):
            items = enumerate(value)
            done[field.name] = [_record(v, inner, vocabulary, f"{here}[{i}]", problems) for i, v in items]
        elif inner is not None:
            done[field.name] = _record(value, inner, vocabulary, here, problems)
        else:
            done[field.name] = cell_value(value, field.type) if isinstance(value, str) else value
    return done


def _unknown(name: str, where: str, what: str, known: Mapping[str, object]) -> FactProblem:
    near = suggest(name, known)
    help_ = f"did you mean `{near}`?" if near else "the vocabulary names what facts there are"
    return FactProblem(where, "T_NAME", f"unknown {what} {quoted(name)}", help_)


# --- what is expected ----------------------------------------------------------------------------------

Difference = tuple[str, str, str | None]
"""What was expected, what came out, and what to do, as text."""


class _Comparison:
    """A decision against what was expected of it."""

    def __init__(self, engine: Engine, case: TestCase, decision: Decision):
        self.case, self.decision = case, decision
        plan = engine.point(case.control_point).at(decision.as_of.toordinal()).plan
        self.types = {output.name: output.type for output in plan.outputs}
        self.values = decision.values
        policies = [p for p in engine.policies if p.control_point == case.control_point]
        self.rules = {rule.id for policy in policies for rule in policy.rules}
        self.tables = {name for policy in policies for name in policy.tables}

    def mismatches(self) -> Iterator[Mismatch]:
        for what, expected in self.case.expect.items():
            found = self._compare(what, expected)
            if found is not None:
                yield Mismatch(what, found[0], found[1], self.case.places.get(what, self.case.span), found[2])

    def _compare(self, what: str, expected: object) -> Difference | None:
        if what == "outcome":
            return self._outcome(expected)
        if what in LISTS:
            return self._list(what, expected)
        if what in self.types:
            return self._value(expected, self.values.get(what), self.types[what])
        known = ["outcome", *LISTS, *self.types]
        near = suggest(what, known)
        help_ = f"did you mean `{near}`?" if near else f"to be expected are {', '.join(known)}"
        return _shown(expected), "no output of this name", help_

    def _outcome(self, expected: object) -> Difference | None:
        got = self.decision.outcome.value
        if expected == got:
            return None
        known = [str(outcome) for outcome in Outcome]
        return (
            _shown(expected),
            got,
            None if expected in known else f"an outcome is one of {', '.join(known)}",
        )

    def _list(self, what: str, expected: object) -> Difference | None:
        got: tuple[str, ...] = getattr(self.decision, "fired" if what == "not_fired" else what)
        names = (expected,) if isinstance(expected, str) else expected
        if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
            return _shown(expected), _shown(got), "write a list"
        stray = None if what == "missing" else self._stray(what, names)
        if stray is not None:
            near = suggest(stray, self.rules)
            help_ = f"there is no rule `{stray}`" + (f"; did you mean `{near}`?" if near else "")
            return _shown(names), _shown(got), help_
        if what == "not_fired":
            wrong = [rule for rule in got if rule in names or rule.partition("#")[0] in names]
            return (f"none of {_shown(names)}", _shown(wrong), None) if wrong else None
        return None if sorted(got) == sorted(set(names)) else (_shown(names), _shown(got), None)

    def _stray(self, what: str, names: Sequence[str]) -> str | None:
        """A name that is no rule here; it would never fire, and prove nothing."""
        known = self.rules | self.tables if what == "not_fired" else self.rules
        return next((name for name in names if name not in known), None)

    def _value(self, expected: object, got: object, type_: Type) -> Difference | None:
        came = raw_value(got, type_)
        shown = "nothing" if came is None else shown_value(came, type_)
        try:
            wanted = raw_value(expected, type_)
        except (BadLiteral, NotExact) as error:
            return _shown(expected), shown, str(error)
        if wanted == came:
            return None
        return "nothing" if wanted is None else shown_value(wanted, type_), shown, None


def raw_value(value: object, type_: Type) -> object:
    """A value as a test writes it, or as a decision has it, in its run-time form.

    Raises:
        BadLiteral: It is no value of the type.
        NotExact: It is a number that the type cannot hold.

    >>> from salesctrl.policy.types import DAYS, money
    >>> raw_value("45 days", DAYS), raw_value("333.33", money("CNY"))
    (45, 33333)
    """
    if value is None:
        return None
    base = type_.base
    if base is Base.MAP:
        if not isinstance(value, Mapping) or set(value) != set(type_.keys):
            raise BadLiteral(f"expected a value for each of {', '.join(type_.keys)}")
        return tuple(raw_value(value[key], type_.element or type_) for key in type_.keys)
    if base is Base.LIST:
        if not isinstance(value, list | tuple):
            raise BadLiteral("expected a list")
        return tuple(raw_value(part, type_.element or type_) for part in value)
    if base is Base.BOOLEAN:
        if not isinstance(value, bool):
            raise BadLiteral("expected true or false")
        return value
    if type_.is_numeric:
        is_percent = isinstance(value, str) and value.endswith("%") and base is Base.NUMBER
        written = replace(type_, percent=True) if is_percent else type_
        number = cell_value(value, written) if isinstance(value, str) else value
        return to_scaled(number, type_.scale or 0, 60)
    if isinstance(value, date):
        return instant_of(value) if isinstance(value, datetime) else value.toordinal()
    if not isinstance(value, str):
        raise BadLiteral("expected a text")
    if base is Base.DATE:
        return parse_date(value).value
    return parse_instant(value) if base is Base.INSTANT else value


def _shown(value: object) -> str:
    """What a test writes, or a list of ids, on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_shown(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_shown(part) for part in value) or "none"
    return str(value)
