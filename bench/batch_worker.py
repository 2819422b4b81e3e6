"""Hold one engine with many orders and decide them whenever asked; `batch.py` gives the turns.

    python bench/batch_worker.py ADAPTER [--rows N] [--core N]

ADAPTER is a module under `adapters/batch/`, or `rows:NAME` for the engine of `adapters/NAME.py`
in a loop. A module over columns has:

    TITLE           the name that is shown
    DISTRIBUTION    the distribution whose version is shown, or None
    TAKES           what its columns hold
    load()          the engine with the policy compiled
    take(engine, columns)   the table as the engine wants it, of `columns.Columns`; not timed
    CALLS           by name of what comes out, a pair: a function from engine and table to the result,
                    which is timed; and one from the result to outcome codes and fired bits
                    (`adapters/batch/_bits.py`), which is not
    THREADS         optional: True where it uses all cores it is given
    REMARK          optional: what the reader of its figures has to know

The first line that is printed tells of the engine, as JSON. For each name of CALLS that is then
read, one line: seconds and orders. What goes wrong is a line too, and the last.
"""

import argparse
import gc
import importlib
import importlib.metadata
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import IO, Any

from reference import oracle, orders
from worker import pin, rows_for

#: So long the loop over rows takes in one turn, about.
LOOP_SECONDS = 0.25
LEAST_ROWS, TRIED_ROWS = 50, 200

Read = Callable[[Any], tuple[Sequence[Any], Sequence[Any]]]


class Columnar:
    """An engine over columns, with a table of typical orders."""

    def __init__(self, name: str, rows: int) -> None:
        self.adapter: Any = importlib.import_module(f"adapters.batch.{name}")
        self.engine = self.adapter.load()
        self.rows = rows
        self.table: Any = None

    def prepare(self) -> None:
        """Make the table; kept apart from loading, which the boundary needs alone."""
        import columns

        self.table = self.adapter.take(self.engine, columns.typical(self.rows))

    def boundary(self, records: list[orders.Record]) -> Any:
        import columns

        return self.adapter.take(self.engine, columns.of_records(records))

    def wrong(self, call: str) -> int | None:
        """How many of the typical orders are decided otherwise than by hand over whole numbers."""
        import columns

        hand = importlib.import_module("adapters.batch.hand_numpy")
        run, read = self.adapter.CALLS[call]
        outcomes, fired = read(run(self.engine, self.table))
        right = hand.decide(None, columns.typical(self.rows))
        return int(((right[0] != outcomes) | (right[1] != fired)).sum())


class Looped:
    """An engine that decides order by order, with the typical orders over and over."""

    def __init__(self, name: str, rows: int) -> None:
        self.adapter: Any = importlib.import_module("adapters.batch._rows").Loop(name)
        self.engine = self.adapter.load()
        self.rows = rows
        self.table: Any = None

    def prepare(self) -> None:
        """Take as many orders as one turn has time for."""
        known = rows_for(self.adapter.adapter, orders.make("typical"))
        run, _ = self.adapter.CALLS["loop"]
        began = time.perf_counter()
        run(self.engine, known[:TRIED_ROWS])
        affordable = int(LOOP_SECONDS / (time.perf_counter() - began) * TRIED_ROWS)
        count = max(LEAST_ROWS, min(affordable, self.rows))
        self.table = (known * (count // len(known) + 1))[:count]
        self.rows = count

    def boundary(self, records: list[orders.Record]) -> Any:
        return rows_for(self.adapter.adapter, records)

    def wrong(self, _call: str) -> int | None:
        return None


def exactness(held: Columnar | Looped) -> dict[str, Any]:
    """How each call decides the boundary orders, against the oracle."""
    records = orders.make("boundary")
    right = [oracle.decide(record) for record in records]
    table = held.boundary(records)
    found = {name: _wrong(held, table, right, *call) for name, call in held.adapter.CALLS.items()}
    return {"orders": len(records), "calls": found}


def _wrong(
    held: Columnar | Looped,
    table: Any,
    right: list[tuple[str, tuple[str, ...]]],
    run: Callable[[Any, Any], Any],
    read: Read,
) -> tuple[int, int] | str:
    """Orders that are decided wrongly, and orders whose facts are refused; or what the engine raised."""
    report: Any = importlib.import_module("adapters.batch._bits")
    try:
        outcomes, fired = read(run(held.engine, table))
    except Exception as error:  # whatever an engine raises is shown in the table
        return f"{type(error).__name__}: {error}".splitlines()[0]
    wrong = refused = 0
    for code, mask, (outcome, rules) in zip(outcomes, fired, right, strict=True):
        if int(code) == report.REFUSED:
            refused += 1
        elif (int(code), int(mask)) != (report.OUTCOMES.index(outcome), report.bits(rules)):
            wrong += 1
    return wrong, refused


def describe(held: Columnar | Looped) -> dict[str, Any]:
    """What is told of the engine before it is timed."""
    adapter = held.adapter
    told = {"exactness": exactness(held)}
    held.prepare()
    return told | {
        "title": adapter.TITLE,
        "version": importlib.metadata.version(adapter.DISTRIBUTION) if adapter.DISTRIBUTION else "",
        "takes": adapter.TAKES,
        "threads": getattr(adapter, "THREADS", False),
        "remark": getattr(adapter, "REMARK", ""),
        "calls": list(adapter.CALLS),
        "rows": held.rows,
        "differ": {name: held.wrong(name) for name in adapter.CALLS},
    }


def take_turns(held: Columnar | Looped, asked: IO[str], answer: Callable[[Any], None]) -> None:
    """Run each call that is asked for; its result is let go after the clock has stopped."""
    gc.collect()
    gc.freeze()
    for line in asked:
        run, _ = held.adapter.CALLS[line.strip()]
        began = time.perf_counter()
        result = run(held.engine, held.table)
        seconds = time.perf_counter() - began
        del result
        answer([seconds, held.rows])


def main() -> None:
    parser = argparse.ArgumentParser(description="decide many orders whenever asked")
    parser.add_argument("adapter")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--core", type=int, default=None)
    arguments = parser.parse_args()
    # Before anything that counts the cores is imported.
    pin(arguments.core)
    # What engines print goes to where errors go; the answers have a stream of their own.
    stream = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(what: Any) -> None:
        stream.write(json.dumps(what) + "\n")
        stream.flush()

    kind, _, name = arguments.adapter.rpartition(":")
    try:
        held = Looped(name, arguments.rows) if kind else Columnar(name, arguments.rows)
        answer(describe(held))
        take_turns(held, sys.stdin, answer)
    except Exception as error:  # whatever an engine raises is shown in the table
        answer({"failed": f"{type(error).__name__}: {error}".splitlines()[0]})


if __name__ == "__main__":
    main()
