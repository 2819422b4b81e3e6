"""For want of which facts something is unknown: asked of the few rows where something is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_

import polars as pl

from salesctrl.batch.compiled import OUTCOME
from salesctrl.batch.deciding import BatchPlan, Decided
from salesctrl.batch.given import Given
from salesctrl.errors import FactProblem
from salesctrl.evaluate.facts import Reading
from salesctrl.outcome import Outcome


def missing_facts(
    plan: BatchPlan, decided: Decided, given: Given, refused: Mapping[int, Sequence[FactProblem]]
) -> tuple[pl.Series, list[tuple[str, ...]]]:
    """The rows, by their numbers among those of a plan, that lack facts; and which.

    Args:
        plan: The plan that decided.
        decided: What it found.
        given: The facts of the rows.
        refused: What is wrong with the facts of which row.
    """
    rows = _unknown(plan, decided).arg_true()
    if not len(rows):
        return rows, []
    some = given if len(rows) == given.rows else given.taken(rows)
    found: list[tuple[str, ...]] = []
    for i, (row, values) in enumerate(zip(rows, some.values(), strict=True)):
        evidence = None if some.evidence is None else some.evidence[i]
        problems = refused.get(row)
        reading = None if problems is None else Reading(list(values), list(problems))
        found.append(plan.evaluator.decision_of(values, evidence, reading).missing)
    return rows, found


def _unknown(plan: BatchPlan, decided: Decided) -> pl.Series:
    """Where a rule or a formula that is reported is unknown; nothing else asks for facts."""
    columns = decided.columns
    formulas = [f"o{n}.0" for n, output in enumerate(plan.plan.outputs) if output.node is not None]
    words = [name for name in columns.columns if name[0] == "u" and name[1:].isdigit()]
    unknown = [columns[name].fill_null(0) != 0 for name in words]
    unknown += [columns[name].is_null() for name in formulas if name in columns.columns]
    grave = columns[OUTCOME] >= Outcome.INCOMPLETE.rank
    return grave & reduce(or_, unknown) if unknown else pl.repeat(False, len(grave), eager=True)
