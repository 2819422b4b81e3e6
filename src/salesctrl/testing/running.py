"""All cases of a policy set, and how they are run."""

from __future__ import annotations

from collections.abc import Iterator

from salesctrl.diagnostics import Severity
from salesctrl.engine import Engine
from salesctrl.errors import FactProblem, PolicyError
from salesctrl.testing.decided import document_cases, examples, run_decision
from salesctrl.testing.model import TestCase, TestResult
from salesctrl.testing.timelines import run_timeline, timeline_cases


def cases(engine: Engine) -> tuple[TestCase, ...]:
    """All examples and cases of the policy set, in the order of files and lines."""
    found = [*examples(engine), *(case for loaded in engine.tests for case in document_cases(loaded))]
    found += [case for loaded in engine.documents.timelines for case in timeline_cases(loaded)]
    return tuple(sorted(found, key=lambda case: (case.span, case.id)))


def run(engine: Engine) -> Iterator[TestResult]:
    """Run all cases of the policy set, one after another."""
    engines: dict[tuple[str, ...], Engine | FactProblem] = {(): engine}
    for case in cases(engine):
        if case.overlays not in engines:
            engines[case.overlays] = _with_overlays(engine, case)
        yield _run(engines[case.overlays], case)


def run_case(engine: Engine, case: TestCase) -> TestResult:
    """Decide on the facts of a case, or watch its events, and compare. Never raises for what it holds."""
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
    return run_timeline(engine, case) if case.kind == "timeline" else run_decision(engine, case)
