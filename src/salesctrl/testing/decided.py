"""Examples of rules and cases of documents of tests: a decision against what was expected of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from salesctrl.decision import Decision
from salesctrl.decision.values import shown_value
from salesctrl.diagnostics import suggest
from salesctrl.engine import Engine
from salesctrl.errors import FactProblem, FactsError, UnknownControlPoint
from salesctrl.numbers import NotExact
from salesctrl.outcome import Outcome
from salesctrl.policy.documents import TestsDocument
from salesctrl.policy.literals import BadLiteral
from salesctrl.policy.loader import Loaded
from salesctrl.policy.types import Type
from salesctrl.testing.facts import laid_over, raw_value, typed_facts
from salesctrl.testing.model import Difference, Mismatch, TestCase, TestResult, shown

LISTS = ("fired", "not_fired", "pending", "missing")
"""What an expectation may name beside the outcome and the outputs: ids of rules, paths of facts."""


def examples(engine: Engine) -> Iterator[TestCase]:
    """The examples of all rules."""
    for policy in engine.policies:
        for rule in policy.rules:
            for placed in rule.examples:
                example = placed.example
                yield TestCase(
                    "example", rule.id, placed.number, rule.title, policy.control_point, example.given, None,
                    example.expect, rule.covers, placed.span, {},
                )  # fmt: skip


def document_cases(loaded: Loaded[TestsDocument]) -> Iterator[TestCase]:
    """The cases of a document of tests."""
    doc, source = loaded.doc, loaded.source
    for i, case in enumerate(doc.cases):
        places = {key: source.span(("cases", i, "expect", key)) for key in case.expect}
        yield TestCase(
            "case", doc.tests, i + 1, case.name, doc.control_point, laid_over(doc.given, case.given),
            case.as_of or (None if "as_of" in case.given else doc.as_of), case.expect, case.covers,
            source.span(("cases", i)), places, doc.overlays,
        )  # fmt: skip


def run_decision(engine: Engine, case: TestCase) -> TestResult:
    """Decide on the facts of a case, and compare."""
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
        return shown(expected), "no output of this name", help_

    def _outcome(self, expected: object) -> Difference | None:
        got = self.decision.outcome.value
        if expected == got:
            return None
        known = [str(outcome) for outcome in Outcome]
        return (
            shown(expected),
            got,
            None if expected in known else f"an outcome is one of {', '.join(known)}",
        )

    def _list(self, what: str, expected: object) -> Difference | None:
        got: tuple[str, ...] = getattr(self.decision, "fired" if what == "not_fired" else what)
        names = (expected,) if isinstance(expected, str) else expected
        if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
            return shown(expected), shown(got), "write a list"
        stray = None if what == "missing" else self._stray(what, names)
        if stray is not None:
            near = suggest(stray, self.rules)
            help_ = f"there is no rule `{stray}`" + (f"; did you mean `{near}`?" if near else "")
            return shown(names), shown(got), help_
        if what == "not_fired":
            wrong = [rule for rule in got if rule in names or rule.partition("#")[0] in names]
            return (f"none of {shown(names)}", shown(wrong), None) if wrong else None
        return None if sorted(got) == sorted(set(names)) else (shown(names), shown(got), None)

    def _stray(self, what: str, names: Sequence[str]) -> str | None:
        """A name that is no rule here; it would never fire, and prove nothing."""
        known = self.rules | self.tables if what == "not_fired" else self.rules
        return next((name for name in names if name not in known), None)

    def _value(self, expected: object, got: object, type_: Type) -> Difference | None:
        came = raw_value(got, type_)
        said = "nothing" if came is None else shown_value(came, type_)
        try:
            wanted = raw_value(expected, type_)
        except (BadLiteral, NotExact) as error:
            return shown(expected), said, str(error)
        if wanted == came:
            return None
        return "nothing" if wanted is None else shown_value(wanted, type_), said, None
