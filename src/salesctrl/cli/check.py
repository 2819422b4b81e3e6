"""`salesctrl check`: everything that is wrong with policies, with file, line and column."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from salesctrl.cli import console
from salesctrl.cli.console import counted
from salesctrl.cli.options import Overlays, PolicyPaths, read_policies
from salesctrl.diagnostics import Diagnostic, Severity
from salesctrl.loading import Loading, check_overlays


class CheckFormat(StrEnum):
    """How diagnostics are written."""

    TEXT = "text"
    JSON = "json"


def check(
    paths: PolicyPaths = None,
    overlay: Overlays = None,
    format: Annotated[
        CheckFormat, typer.Option("--format", help="How to write what was found.")
    ] = CheckFormat.TEXT,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if there are warnings.")] = False,
) -> int:
    """Check policies: documents, names, types, units, dates, tables, exceptions, overlays.

    Exit code 2 if there are errors; with --strict 1 if there are warnings; otherwise 0.
    """
    loading = read_policies(paths, overlay)
    check_overlays(loading)
    found = loading.findings
    if format is CheckFormat.JSON:
        summary = {str(severity): _count(found, severity) for severity in Severity}
        data = {"diagnostics": [one.to_dict() for one in found], "summary": summary}
        console.line(json.dumps(data, ensure_ascii=False, indent=2))
    else:
        if found:
            console.diagnostics(loading.diagnostics.render())
            console.line("")
        console.line(_summary(loading, found))
    if loading.diagnostics.has_errors:
        return 2
    return int(strict and _count(found, Severity.WARNING) > 0)


def _count(found: Sequence[Diagnostic], severity: Severity) -> int:
    return sum(one.severity is severity for one in found)


def _summary(loading: Loading, found: Sequence[Diagnostic]) -> str:
    files = counted(len(loading.documents.files), "file")
    said = [
        counted(count, str(severity))
        for severity in (Severity.ERROR, Severity.WARNING)
        if (count := _count(found, severity))
    ]
    if said:
        return f"{' and '.join(said)} in {files}"
    policies = loading.checked.policies
    rules = sum(len(policy.rules) for policy in policies)
    points = len(loading.checked.plans)
    holds = [counted(len(policies), "policy"), counted(rules, "rule"), counted(points, "control point")]
    return f"no problems in {files}: {', '.join(holds)}"
