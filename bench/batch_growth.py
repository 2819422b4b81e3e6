"""How the batch evaluator's time grows with the orders and with the rules, and what its plan costs.

    python bench/batch_growth.py            1,000 to ten million orders, 1 to 500 rules
    python bench/batch_growth.py --quick    up to a million orders

Where two are compared, they run in turn in one process on one core.
"""

import argparse
import importlib
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import load
from machine import last_core
from page import Grid, console, number
from process import answer
from worker import pin

QUICK_ORDERS = (1_000, 10_000, 100_000, 1_000_000)
ORDERS = (*QUICK_ORDERS, 10_000_000)
RULES = (1, 10, 50, 100, 200, 500)
RULES_ORDERS = 100_000
#: The largest size stands beside so many runs of the size a tenth as large, in turn.
TENTH = 10
SECONDS, LEAST_PAIRS = 1.0, 5
COMPILED = 3

Run = Callable[[], object]
Call = Callable[[Any, Any], object]


@dataclass(frozen=True, slots=True)
class ByOrders:
    """Nanoseconds an order in a table of so many, decided; the ratio to numpy by hand; and put into words."""

    orders: int
    ns: float
    ratio: float
    frame_ns: float


@dataclass(frozen=True, slots=True)
class ByRules:
    """Milliseconds until the plan of so many rules is ready; nanoseconds an order, decided and in words."""

    rules: int
    ready_ms: float
    ns: float
    frame_ns: float


@dataclass(frozen=True, slots=True)
class Growth:
    """What was found; the growths are 1 where time is linear."""

    orders: tuple[ByOrders, ...]
    rules: tuple[ByRules, ...]
    with_orders: float
    with_rules: float


def measure(*, quick: bool = False) -> Growth:
    """Run in a new process and read what it found.

    Raises:
        Failed: where that process failed.
    """
    found = answer([sys.executable, str(Path(__file__).resolve()), "--raw"] + ["--quick"] * quick)
    return Growth(
        tuple(ByOrders(**one) for one in found["orders"]),
        tuple(ByRules(**one) for one in found["rules"]),
        found["with_orders"],
        found["with_rules"],
    )


def _in_turns(one: Run, other: Run) -> tuple[float, float]:
    """Seconds of the first, and its ratio to the second: medians over turns next to each other."""
    one()
    other()
    pairs: list[tuple[float, float]] = []
    until = time.perf_counter() + SECONDS
    while len(pairs) < LEAST_PAIRS or time.perf_counter() < until:
        first, second = (one, other) if len(pairs) % 2 else (other, one)
        began = time.perf_counter()
        first()
        between = time.perf_counter()
        second()
        spent = (between - began, time.perf_counter() - between)
        pairs.append(spent if len(pairs) % 2 else spent[::-1])
    return statistics.median(mine for mine, _ in pairs), statistics.median(a / b for a, b in pairs)


def _nothing() -> None:
    """What a time without a ratio is taken beside."""


def _calls(adapter: Any) -> tuple[Call, Call]:
    """Deciding alone, and deciding with the frame that users get."""
    return adapter.CALLS["bits"][0], adapter.CALLS["frame"][0]


# --- with the orders ----------------------------------------------------------------------------


def _with_orders(sizes: tuple[int, ...]) -> tuple[list[ByOrders], float]:
    import polars as pl

    import columns

    ours: Any = importlib.import_module("adapters.batch.salesctrl_polars")
    hand: Any = importlib.import_module("adapters.batch.hand_numpy")
    engine, (decide, words) = ours.load(), _calls(ours)
    # Chunk by chunk, as a file of this length is read.
    whole = pl.concat([ours.take(engine, part) for part in columns.slices(sizes[-1])], rechunk=False)
    table = columns.typical(sizes[-1])
    found = []
    for size in sizes:
        frame, part = whole.head(size), {name: values[:size] for name, values in table.items()}
        seconds, ratio = _in_turns(partial(decide, engine, frame), partial(hand.decide, None, part))
        in_words, _ = _in_turns(partial(words, engine, frame), _nothing)
        found.append(ByOrders(size, 1e9 * seconds / size, ratio, 1e9 * in_words / size))
    tenth = sizes[-1] // TENTH
    parts = [whole.slice(place * tenth, tenth) for place in range(TENTH)]
    _, growth = _in_turns(lambda: decide(engine, whole), lambda: [decide(engine, part) for part in parts])
    return found, growth


# --- with the rules -----------------------------------------------------------------------------


def _engine(rules: int) -> Any:
    """An engine of one policy of so many generated rules."""
    import salesctrl

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "shared.yaml").write_text(load.shared(), encoding="utf-8")
        text = load.policy(0, rules, random.Random(rules))
        Path(folder, "policy.yaml").write_text(text, encoding="utf-8")
        return salesctrl.load(folder)


def _with_rules() -> tuple[list[ByRules], float]:
    import columns

    ours: Any = importlib.import_module("adapters.batch.salesctrl_polars")
    decide, words = _calls(ours)
    frame = ours.take(None, columns.typical(RULES_ORDERS))
    decide(_engine(1), frame.head(1))  # warms the imports
    engines: dict[int, Any] = {}
    found = []
    for rules in RULES:
        ready = []
        for _ in range(COMPILED):
            engines[rules] = _engine(rules)
            began = time.perf_counter()
            decide(engines[rules], frame.head(1))
            ready.append(time.perf_counter() - began)
        seconds, _ = _in_turns(partial(decide, engines[rules], frame), _nothing)
        in_words, _ = _in_turns(partial(words, engines[rules], frame), _nothing)
        ns, frame_ns = 1e9 * seconds / RULES_ORDERS, 1e9 * in_words / RULES_ORDERS
        found.append(ByRules(rules, 1e3 * statistics.median(ready), ns, frame_ns))
    most, tenth = engines[RULES[-1]], engines[RULES[-1] // TENTH]
    _, growth = _in_turns(lambda: decide(most, frame), lambda: [decide(tenth, frame) for _ in range(TENTH)])
    return found, growth


# --- the tables of the page ---------------------------------------------------------------------


def orders_grid(found: Growth) -> Grid:
    return Grid(
        "growth with the orders, one core",
        ("orders", "ms", "ns an order", "× numpy", "ns with its frame"),
        tuple(
            (
                f"{one.orders:,}",
                number(one.ns * one.orders / 1e6),
                number(one.ns),
                number(one.ratio),
                number(one.frame_ns),
            )
            for one in found.orders
        ),
        (
            f"an order among {found.orders[-1].orders:,} over one among "
            f"{found.orders[-1].orders // TENTH:,}: {found.with_orders:.2f}",
        ),
    )


def rules_grid(found: Growth) -> Grid:
    return Grid(
        "growth with the rules, one core",
        ("rules", "first order, ms", "ns an order", "ns an order and rule", "ns with its frame"),
        tuple(
            (
                f"{one.rules:,}",
                number(one.ready_ms),
                number(one.ns),
                number(one.ns / one.rules),
                number(one.frame_ns),
            )
            for one in found.rules
        ),
        (
            f"over {RULES_ORDERS:,} orders; the first order: until the plan is ready and one order decided",
            f"a rule among {RULES[-1]} over one among {RULES[-1] // TENTH}: {found.with_rules:.2f}",
        ),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="growth with orders and rules")
    parser.add_argument("--quick", action="store_true", help="up to a million orders")
    parser.add_argument("--raw", action="store_true", help="print what was found as JSON")
    arguments = parser.parse_args()
    if not arguments.raw:
        found = measure(quick=arguments.quick)
        for grid in (orders_grid(found), rules_grid(found)):
            grid.show(console())
        return
    pin(last_core())
    orders, with_orders = _with_orders(QUICK_ORDERS if arguments.quick else ORDERS)
    rules, with_rules = _with_rules()
    growth = Growth(tuple(orders), tuple(rules), with_orders, with_rules)
    sys.stdout.write(json.dumps(asdict(growth)) + "\n")


if __name__ == "__main__":
    main()
