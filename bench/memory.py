"""Whether memory stays flat over a million evaluations in one process."""

import argparse
import gc
import importlib
import json
import statistics
import subprocess
import sys
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from machine import last_core, rss_bytes
from page import Grid, console
from reference import orders
from worker import pin, rows_for

CHUNK, CHUNKS, WARM_UP = 100_000, 10, 2
TRACE_EVERY = 20


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident bytes after each hundred thousand evaluations; empty where the system does not tell."""

    rss: tuple[int, ...]

    @property
    def slope(self) -> float:
        """Bytes gained for each evaluation once warm: the line of least squares."""
        settled = self.rss[WARM_UP:]
        line = statistics.linear_regression(range(len(settled)), settled)
        return line.slope / CHUNK


def measure() -> Memory:
    """Run the evaluations in a new process and read what it found."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), "--raw"], check=True, capture_output=True, text=True
    )
    return Memory(tuple(json.loads(done.stdout.splitlines()[-1])))


def _resident() -> list[int]:
    adapter = importlib.import_module("adapters.salesctrl_")
    engine = adapter.load()
    decide, explain = adapter.decider(engine), adapter.explainer(engine)
    rows = cycle(rows_for(adapter, orders.make("typical")))
    found = []
    for _ in range(CHUNKS):
        for place, row in enumerate(islice(rows, CHUNK)):
            (decide if place % TRACE_EVERY else explain)(row)
        gc.collect()
        held = rss_bytes()
        if held is not None:
            found.append(held)
    return found


def grid(found: Memory) -> Grid:
    """The table of the page."""
    if not found.rss:
        return Grid("resident memory", ("evaluations", "MiB"), (("the system does not tell", ""),))
    rows = tuple((f"{CHUNK * (turn + 1):,}", f"{held / 2**20:.2f}") for turn, held in enumerate(found.rss))
    return Grid(
        "resident memory of one process",
        ("evaluations", "MiB"),
        rows,
        (
            f"one trace in {TRACE_EVERY} is built and read",
            f"gained for each evaluation after the first {CHUNK * WARM_UP:,}: {found.slope:.3f} bytes",
        ),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="memory over a million evaluations")
    parser.add_argument("--raw", action="store_true", help="print the measured bytes as JSON")
    raw = parser.parse_args().raw
    pin(last_core())
    if raw:
        sys.stdout.write(json.dumps(_resident()) + "\n")
    else:
        grid(measure()).show(console())
