"""Which of the facts that were refused count in a row: those that the policies in force on its date read."""

from __future__ import annotations

from collections.abc import Iterator

from salesctrl.errors import FactProblem
from salesctrl.evaluate.layout import Record
from salesctrl.evaluate.point import PlanEvaluator
from salesctrl.tables.columns import AS_OF, EVIDENCE


class Reads:
    """What a plan reads, in the order in which it does; without a plan, where there is no date, only that."""

    def __init__(self, evaluator: PlanEvaluator | None):
        paths = [AS_OF] if evaluator is None else list(_paths(evaluator.root))
        if evaluator is not None and evaluator.plan.judges:
            paths.append(EVIDENCE)
        self._places = {path: place for place, path in enumerate(paths)}

    def place(self, problem: FactProblem) -> int | None:
        """When the fact that a problem is about is read; None if it is not."""
        path = problem.path.split("[")[0]
        if path.split(".")[0] == EVIDENCE:
            path = EVIDENCE
        return self._places.get(path)


def _paths(record: Record, prefix: str = "") -> Iterator[str]:
    """The paths of records and facts, as `read_record` comes to them."""
    for name, inner in record.records.items():
        path = f"{prefix}.{name}" if prefix else name
        yield path
        yield from _paths(inner, path)
    for leaf in record.leaves:
        yield leaf.path
