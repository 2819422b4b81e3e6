"""Measure one engine in this process and print the findings as one line of JSON.

    python bench/worker.py ADAPTER [--seconds S] [--core N]

An adapter is a module under `adapters/`:

    TITLE           the name that is shown
    DISTRIBUTION    the distribution whose version is shown, or None
    ROWS            what its rows hold: "Decimal", "float" or "scaled int"
    TRACE           what its explanation tells; empty where it has none
    load()          the engine with the policy compiled
    decider(engine)     a function from a row to (outcome, rules that fired)
    explainer(engine)   optional: the same with the explanation built and read
    shape(row)      optional: the row as the engine wants it; not timed, as it is plain Python
    REMARK          optional: what the reader of its figures has to know
"""

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from reference import oracle, orders
from reference.rules import RULES
from timing import Call, compare

#: Which fields an example of a wrong answer has to show.
READS = {
    "R1": ("contract_signed",),
    "R2": ("outstanding", "amount", "credit_limit", "has_cfo_approval"),
    "R3": ("overdue_days",),
    "R4": ("overdue_days",),
    "R5": ("customer_grade", "prepaid_ratio"),
    "R6": ("customer_grade", "prepaid_ratio"),
    "R7": ("discount_rate",),
    "R8": ("discount_rate",),
    "R9": ("discount_rate",),
    "R10": ("list_price", "discount_rate", "unit_price"),
    "R11": ("amount",),
    "R12": ("requester_role", "approver_role"),
}


def rows_for(adapter: ModuleType, records: list[orders.Record]) -> list[Any]:
    """The records as the plain rows that the engine is fed."""
    shape = getattr(adapter, "shape", lambda row: row)
    return [shape(orders.AS[adapter.ROWS](record)) for record in records]


def differences(adapter: ModuleType, decide: Call, name: str) -> dict[str, Any]:
    """How many orders of a set the engine decides wrongly or refuses, with the shortest examples."""
    records = orders.make(name)
    wrong, refused, refusal, examples = 0, 0, "", dict[str, str]()
    for record, row in zip(records, rows_for(adapter, records), strict=True):
        outcome, fired = oracle.decide(record)
        try:
            answer: Any = decide(row)
        except Exception as error:  # whatever an engine raises is a refusal, shown in the table
            refused += 1
            refusal = refusal or f"{type(error).__name__}: {error}"
            continue
        if str(answer[0]) == outcome and tuple(answer[1]) == fired:
            continue
        wrong += 1
        for rule, example in _examples(record, fired, tuple(answer[1])):
            if len(example) < len(examples.get(rule, example + " ")):
                examples[rule] = example
    return {
        "orders": len(records),
        "wrong": wrong,
        "refused": refused,
        "refusal": refusal,
        "examples": examples,
    }


def _examples(
    record: orders.Record, fired: tuple[str, ...], answered: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    for rule in RULES:
        if (rule in fired) != (rule in answered):
            facts = ", ".join(f"{name} {record[name]}" for name in READS[rule])
            yield rule, f"{facts}: {'fires' if rule in answered else 'does not fire'}"


def measure(name: str, seconds: float) -> dict[str, Any]:
    """Everything that is reported of one engine."""
    hand = importlib.import_module("adapters.hand_decimal")
    adapter = importlib.import_module(f"adapters.{name}")
    began = time.perf_counter()
    engine = adapter.load()
    load_ms = 1_000 * (time.perf_counter() - began)
    decide = adapter.decider(engine)
    typical = orders.make("typical")
    rows, base_rows = rows_for(adapter, typical), rows_for(hand, typical)

    def timed(call: Call) -> dict[str, float]:
        return compare(call, rows, hand.decide, base_rows, seconds=seconds).to_dict()

    return {
        "adapter": name,
        "title": adapter.TITLE,
        "version": importlib.metadata.version(adapter.DISTRIBUTION) if adapter.DISTRIBUTION else "",
        "rows": adapter.ROWS,
        "trace": adapter.TRACE,
        "remark": getattr(adapter, "REMARK", ""),
        "python": platform.python_version(),
        "load_ms": load_ms,
        # Before the timing: it warms the engine as well.
        "exactness": {kind: differences(adapter, decide, kind) for kind in orders.SIZES},
        "decide": timed(decide),
        "explain": timed(adapter.explainer(engine)) if hasattr(adapter, "explainer") else None,
    }


def pin(core: int | None) -> None:
    """Stay on one core, where the system lets a process choose."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def main() -> None:
    parser = argparse.ArgumentParser(description="measure one engine")
    parser.add_argument("adapter")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each timing")
    parser.add_argument("--core", type=int, default=None)
    arguments = parser.parse_args()
    pin(arguments.core)
    sys.stdout.write(json.dumps(measure(arguments.adapter, arguments.seconds)) + "\n")


if __name__ == "__main__":
    main()
