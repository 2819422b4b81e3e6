"""For want of which facts something is unknown: asked of the rows where something is.

The facts follow from which rules fired or are unknown, and which expressions are unknown. Rows that are alike
in all this lack the same facts, so a trace is made for the first of them alone.
"""

from __future__ import annotations

import re
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

_WORD = re.compile(r"[fup]\d+")
_MOST = 10_000


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
    words = decided.columns.select(name for name in decided.columns.columns if _WORD.fullmatch(name))[rows]
    found: list[tuple[str, ...]] = []
    known: dict[object, tuple[str, ...]] = {}
    for i, (row, values, bits) in enumerate(zip(rows, some.values(), words.iter_rows(), strict=True)):
        evidence = None if some.evidence is None else some.evidence[i]
        alike = (bits, plan.evaluator.unknown_nodes(values, evidence))
        missing = known.get(alike)
        if missing is None:
            problems = refused.get(row)
            reading = None if problems is None else Reading(list(values), list(problems))
            missing = plan.evaluator.decision_of(values, evidence, reading).missing
            if len(known) < _MOST:
                known[alike] = missing
        found.append(missing)
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
