"""Make a year of sales with violations planted at known places, decide it, and see what was found.

    python examples/sales_year.py [ORDERS] [SEED] [--times] [--out FOLDER]

Each table of the year is decided at its control point. What the shipped rules find is compared with what was
planted, by control: everything that was planted should be found, and nothing besides. `--times` shows how
long it took, `--out` writes the tables, the books and the events of the year into a folder.
"""

from __future__ import annotations

import argparse
import sys
from time import perf_counter

import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table

import salesctrl
from salesctrl.sales_year import SalesYear, recall, sales_year


def main() -> None:
    parser = argparse.ArgumentParser(description="Planted and found, in a made-up year of sales.")
    parser.add_argument("orders", type=int, nargs="?", default=1000)
    parser.add_argument("seed", type=int, nargs="?", default=1)
    parser.add_argument("--times", action="store_true", help="show how long it took")
    parser.add_argument("--out", help="write everything into this folder")
    given = parser.parse_args()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 110)

    began = perf_counter()
    year = sales_year(given.orders, seed=given.seed)
    made = perf_counter()
    engine = salesctrl.load()
    loaded = perf_counter()
    found = recall(engine, year)
    decided = perf_counter()

    console.print(f"[bold]{engine.name} {engine.version}[/bold]")
    console.print(what_there_is(year))
    console.print(by_control(engine, year, found))
    total = {name: int(found[name].sum()) for name in ("planted", "found", "missed", "besides")}
    console.print(
        f"{total['planted']:,} planted, {total['found']:,} of them found, {total['missed']:,} missed, "
        f"{total['besides']:,} found besides."
    )
    if given.times:
        console.print(
            f"Made in {made - began:.2f} s, rules loaded in {loaded - made:.2f} s, "
            f"decided in {decided - loaded:.2f} s."
        )
    if given.out:
        console.print(f"{len(year.write(given.out))} files in {given.out}")


def what_there_is(year: SalesYear) -> str:
    """The size of a year, in words."""
    rows = sum(frame.height for frame in year.tables().values())
    size = year.company
    return (
        f"A year of {size.customers.size:,} customers and {size.orders.size:,} orders: "
        f"{len(year.tables())} tables with {rows:,} rows, and {year.events.height:,} events.\n"
        f"Planted: {year.planted['kind'].n_unique()} kinds of violation in "
        f"{year.planted['system'].n_unique()} systems of rules.\n"
    )


def by_control(engine: salesctrl.Engine, year: SalesYear, found: pl.DataFrame) -> Table:
    """A row for each rule: the control that it carries, how often it was planted, and how often found."""
    carried = {rule.id: rule.covers or (rule.id,) for policy in engine.policies for rule in policy.rules}
    system = dict(year.planted.select("rule", "system").unique().iter_rows())
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("system", "control", "rule", "control point"):
        table.add_column(name, overflow="fold")
    for name in ("planted", "found", "missed", "besides"):
        table.add_column(name, justify="right")
    listed = sorted(
        found.iter_rows(named=True), key=lambda row: (system.get(row["rule"], "?"), str(row["rule"]))
    )
    for row in listed:
        wrong = row["missed"] or row["besides"]
        table.add_row(
            system.get(row["rule"], "?"),
            ", ".join(carried.get(row["rule"], ("?",))),
            row["rule"] or "?",
            row["control_point"],
            *(f"{row[name]:,}" for name in ("planted", "found", "missed", "besides")),
            style="red" if wrong else None,
        )
    return table


if __name__ == "__main__":
    main()
