"""Many orders at once: salesctrl beside hand-written code over columns, and beside other engines.

    python bench/batch.py                       every engine
    python bench/batch.py --only duckdb_ zen    some alone

A ratio is the median over turns next to each other, each engine in a process of its own.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from environments import NotInstalled, Peer, peers
from machine import last_core
from page import Grid, console, number
from process import Failed, last_words

HERE = Path(__file__).resolve().parent

ROWS, QUICK_ROWS = 1_000_000, 100_000
LEAST_PAIRS = 7

BASE, BASE_CALL = "hand_numpy", "bits"
OURS = (
    "hand_numpy",
    "hand_polars_float",
    "hand_polars_decimal",
    "hand_pandas",
    "salesctrl_scaled",
    "salesctrl_polars",
    "salesctrl_pandas",
    "salesctrl_pandas_category",
    "salesctrl_pandas_object",
    "salesctrl_arrow",
)
LOOPED = ("rows:hand_decimal", "rows:salesctrl_")


class Held:
    """A process that holds one engine and its table, and runs it when asked."""

    def __init__(self, adapter: str, python: str | Path, rows: int, core: int | None) -> None:
        command = [str(python), str(HERE / "batch_worker.py"), adapter, "--rows", str(rows)]
        if core is not None:
            command += ["--core", str(core)]
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed on exit)
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, text=True
        )
        self.told: dict[str, Any] = {}

    def __enter__(self) -> "Held":
        self.told = self._answer()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._said.close()

    def run(self, call: str) -> float:
        """Nanoseconds an order of one turn."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{call}\n")
        self._process.stdin.flush()
        seconds, rows = self._answer()
        return float(1e9 * seconds / rows)

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._said.seek(0)
            raise Failed(last_words(self._said.read(), f"ended with {self._process.wait()}"))
        answer = json.loads(line)
        if isinstance(answer, dict) and "failed" in answer:
            raise Failed(answer["failed"])
        return answer


@dataclass(frozen=True, slots=True)
class Pace:
    """Nanoseconds an order, and the ratio to the numpy base: the median over turns next to each other."""

    ns: float
    ratio: float

    @property
    def per_second(self) -> float:
        return 1e9 / self.ns


@dataclass(frozen=True, slots=True)
class Batched:
    """What was found of one call of one engine; where the engine failed, its name and the reason alone."""

    adapter: str
    title: str
    call: str = ""
    failed: str = ""
    remark: str = ""
    rows: int = 0
    wrong: int = 0
    refused: int = 0
    raised: str = ""
    boundary: int = 0
    differ: int | None = None
    one_core: Pace | None = None
    all_cores: Pace | None = None

    @property
    def on_a_boundary(self) -> str:
        """How the boundary orders were decided, short."""
        refused = f" ({self.refused} refused)" if self.refused else ""
        return self.raised or f"{self.wrong}{refused}"


def in_turns(held: Held, call: str, base: Held, seconds: float) -> Pace:
    """Run a call and the base in turn, first one leading, then the other."""
    pairs: list[tuple[float, float]] = []
    held.run(call)
    base.run(BASE_CALL)
    until = time.perf_counter() + seconds
    while len(pairs) < LEAST_PAIRS or time.perf_counter() < until:
        if len(pairs) % 2:
            against = base.run(BASE_CALL)
            ns = held.run(call)
        else:
            ns = held.run(call)
            against = base.run(BASE_CALL)
        pairs.append((ns, against))
    return Pace(
        ns=statistics.median(ns for ns, _ in pairs),
        ratio=statistics.median(ns / against for ns, against in pairs),
    )


def engines() -> list[tuple[str, Peer | None]]:
    """Every engine by the name that the worker knows, with its environment where it has one."""
    over_columns = [(name, None) for name in OURS] + [(peer.adapter, peer) for peer in peers(batch=True)]
    in_loops = [(name, None) for name in LOOPED] + [(f"rows:{peer.adapter}", peer) for peer in peers()]
    return [*over_columns, *in_loops]


def wanted(name: str, only: Sequence[str]) -> bool:
    return not only or name in only or name.removeprefix("rows:") in only


def measure(only: Sequence[str], seconds: float, rows: int, screen: Console) -> list[Batched]:
    """Every engine in a process of its own, in turn with the process of the numpy base."""
    chosen = [(name, peer) for name, peer in engines() if wanted(name, only)]
    if not chosen:
        return []
    found: list[Batched] = []
    with Held(BASE, sys.executable, rows, last_core()) as base:
        for name, peer in chosen:
            with screen.status(f"measuring {name} over {rows:,} orders"):
                try:
                    python = peer.python() if peer else sys.executable
                    found += _measure_one(name, python, base, seconds, rows)
                except NotInstalled as problem:
                    found.append(Batched(name, name, failed=f"not installed: {problem}"))
                except Failed as problem:
                    found.append(Batched(name, name, failed=str(problem)))
    return found


def _measure_one(name: str, python: str | Path, base: Held, seconds: float, rows: int) -> Iterator[Batched]:
    with Held(name, python, rows, last_core()) as held:
        told = held.told
        one_core = {call: in_turns(held, call, base, seconds) for call in told["calls"]}
    all_cores: dict[str, Pace] = {}
    if told["threads"] and (os.cpu_count() or 1) > 1:
        with Held(name, python, rows, None) as held:
            all_cores = {call: in_turns(held, call, base, seconds) for call in told["calls"]}
    version = f" {told['version']}" if told["version"] else ""
    for call in told["calls"]:
        judged = told["exactness"]["calls"][call]
        wrong, refused = (0, 0) if isinstance(judged, str) else judged
        yield Batched(
            adapter=name,
            title=f"{told['title']}{version}, {told['takes']}",
            call=call,
            remark=told["remark"],
            rows=told["rows"],
            wrong=wrong,
            refused=refused,
            raised=judged if isinstance(judged, str) else "",
            boundary=told["exactness"]["orders"],
            differ=told["differ"][call],
            one_core=one_core[call],
            all_cores=all_cores.get(call),
        )


def rate(per_second: float) -> str:
    """Orders a second, short.

    >>> rate(61_234_000), rate(88_400), rate(512.2)
    ('61.2 M', '88.4 k', '512')
    """
    for least, unit in ((1e6, " M"), (1e3, " k")):
        if per_second >= least:
            return number(per_second / least, unit)
    return number(per_second)


def grid(found: Sequence[Batched], rows: int) -> Grid:
    """The table of the page."""
    judged = [one for one in found if one.one_core]

    def cells(one: Batched) -> tuple[str, ...]:
        if one.one_core is None:
            return (f"{one.title}: {one.failed}", *[""] * 5)
        return (
            f"{one.title} → {one.call}",
            rate(one.one_core.per_second),
            number(one.one_core.ratio),
            rate(one.all_cores.per_second) if one.all_cores else "",
            one.on_a_boundary,
            "" if one.differ is None else f"{one.differ:,}",
        )

    return Grid(
        f"{rows:,} orders",
        (
            "engine, what it takes → what it gives",
            "orders a second",
            "× numpy",
            "on all cores",
            "wrong on a boundary",
            "wrong typical",
        ),
        tuple(cells(one) for one in found),
        (
            "× numpy: time for an order on one core, over that of the first row",
            *(f"wrong on a boundary: of {one.boundary:,}; typical: of {rows:,}" for one in judged[:1]),
            *dict.fromkeys(f"{one.title}: {one.remark}" for one in judged if one.remark),
        ),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="measure engines over many orders at once")
    parser.add_argument("--only", nargs="+", default=[], metavar="ADAPTER", help="these engines alone")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each timing (default 2)")
    parser.add_argument("--rows", type=int, default=ROWS, help=f"orders in the table (default {ROWS:,})")
    arguments = parser.parse_args()
    screen = console()
    found = measure(arguments.only, arguments.seconds, arguments.rows, screen)
    grid(found, arguments.rows).show(screen)


if __name__ == "__main__":
    main()
