"""`salesctrl test`: run the examples of rules and the tests of policies."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from salesctrl.cli import console
from salesctrl.cli.console import counted
from salesctrl.cli.options import Lang, LangOption, Language, Overlays, PolicyPaths, language, load_policies
from salesctrl.testing import TestCase, TestResult, run


class TestFormat(StrEnum):
    """How results are written."""

    __test__ = False

    TEXT = "text"
    JSON = "json"


def test(
    paths: PolicyPaths = None,
    overlay: Overlays = None,
    format: Annotated[
        TestFormat, typer.Option("--format", help="How to write the results.")
    ] = TestFormat.TEXT,
    lang: LangOption = Lang.EN,
) -> int:
    """Run all examples of rules, all tests and all timelines; failures are shown with their explanation.

    Exit code 1 if one fails, 2 if the policies are wrong, otherwise 0.
    """
    engine = load_policies(paths, overlay)
    results = list(run(engine))
    failed = [result for result in results if not result.passed]
    if format is TestFormat.JSON:
        console.line(json.dumps(_data(results), ensure_ascii=False, indent=2))
        return int(bool(failed))
    for result in failed:
        _show_failure(result, language(lang))
    _show_summary(results, failed)
    return int(bool(failed))


test.__test__ = False  # type: ignore[attr-defined]  # a command, not a test


def _show_failure(result: TestResult, lang: Language) -> None:
    case = result.case
    console.line(f"failed: {case.id} {case.name.get(lang)}", "bold red")
    console.line(f"  {case.kind} at {case.span}, {_judges(case)}")
    for problem in result.problems:
        console.line("\n".join(f"  {part}" for part in str(problem).splitlines()))
    for mismatch in result.mismatches:
        console.line(f"  {mismatch.what} ({mismatch.span.file}:{mismatch.span.line})")
        console.line(f"    expected  {mismatch.expected}")
        console.line(f"    got       {mismatch.got}")
        if mismatch.help is not None:
            console.line(f"    help      {mismatch.help}")
    came = result.decision.explain(lang) if result.decision is not None else None
    if result.seen is not None:
        came = result.seen.say(lang)
    if came is not None:
        console.line("")
        for text in came.splitlines():
            console.line(f"  {text}".rstrip())
    console.line("")


def _judges(case: TestCase) -> str:
    """What is asked about a case."""
    if case.kind != "timeline":
        return f"control point {case.control_point}"
    return "all controls" if case.controls is None else f"controls {', '.join(case.controls)}"


def _show_summary(results: Sequence[TestResult], failed: Sequence[TestResult]) -> None:
    kinds = Counter(result.case.kind for result in results)
    said = [counted(kinds[kind], kind) for kind in ("example", "case", "timeline") if kinds[kind]]
    of = " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said)
    if not results:
        console.line("no examples and no tests in these policies")
    elif failed:
        console.line(f"{len(failed):,} failed, {len(results) - len(failed):,} passed of {of}", "bold red")
    else:
        console.line(f"{of} passed", "green")


def _data(results: Sequence[TestResult]) -> dict[str, object]:
    return {
        "results": [
            {
                "id": result.case.id,
                "kind": result.case.kind,
                "name": {"en": result.case.name.get("en"), "zh": result.case.name.get("zh")},
                "control_point": result.case.control_point or None,
                "controls": result.case.controls,
                "covers": list(result.case.covers),
                "span": result.case.span.to_dict(),
                "passed": result.passed,
                "mismatches": [
                    {
                        "what": m.what,
                        "expected": m.expected,
                        "got": m.got,
                        "help": m.help,
                        "span": m.span.to_dict(),
                    }
                    for m in result.mismatches
                ],
                "problems": [
                    {"path": p.path, "code": p.code, "message": p.message, "help": p.help}
                    for p in result.problems
                ],
            }
            for result in results
        ],
        "summary": {
            "passed": sum(result.passed for result in results),
            "failed": sum(not result.passed for result in results),
        },
    }
