"""Decide the tables of an invented company with the policies that come with salesctrl: `make demo`.

The tables are generated (the same every time) into `examples/out`. Tables in JSON Lines are decided through
the Python API, those in CSV through the command line. Then: what was decided, sums that have to add up, the
first decisions with their reasons, and one decision explained in full, in English and in Chinese.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

import salesctrl
from salesctrl import Decision, Outcome

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))

from examples.generator import CLOSING_DAY, SEED, write_tables  # noqa: E402 - found from the root of the project

OUT = HERE / "out"
COLOURS = {"allow": "green", "flag": "cyan", "review": "yellow", "incomplete": "magenta", "deny": "red"}
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decided:
    """A table with its decisions, as plain data."""

    control_point: str
    decisions: Sequence[Json]

    def count(self) -> Counter[str]:
        """How many decisions have each outcome."""
        return Counter(str(decision["outcome"]) for decision in self.decisions)


def main() -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 100)
    tables = write_tables(OUT)
    engine = salesctrl.load()
    console.print(
        f"[bold]{engine.name} {engine.version}[/bold], {len(engine.control_points)} control points."
    )
    console.print(f"Five tables of an invented company on {CLOSING_DAY}, generated with seed {SEED}.\n")

    orders, requests = (list(read_jsonl(tables[name])) for name in ("orders", "expense_requests"))
    releases = [engine.evaluate("order.release", facts) for facts in orders]
    expenses = [engine.evaluate("expense.request", facts) for facts in requests]
    commands = {
        "credit.terms": [tables["customers"], "--as-of", CLOSING_DAY],
        "receivable.liability": [tables["receivables"], "--as-of", CLOSING_DAY],
        "price.quote": [tables["quotes"], "--map", HERE / "quotes-map.yaml"],
    }
    by_command = run_commands(console, commands)
    by_python = [
        Decided("order.release", [decision.to_dict() for decision in releases]),
        Decided("expense.request", [decision.to_dict() for decision in expenses]),
    ]
    show_outcomes(console, [*by_command, *by_python])
    show_orders(console, orders, releases)
    show_deductions(console, next(d for d in by_command if d.control_point == "receivable.liability"))
    show_some(console, orders, releases)
    explain_one(console, tables["orders"], releases)


def read_jsonl(path: Path) -> Iterable[Json]:
    """The objects of a file, one in each line; numbers stay exact."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line, parse_float=Decimal)


# --- deciding ---------------------------------------------------------------------------------------


def run_commands(console: Console, commands: Mapping[str, Sequence[object]]) -> list[Decided]:
    """Decide tables by the command line, all at the same time; the commands are shown."""
    running = []
    for point, (table, *options) in commands.items():
        assert isinstance(table, Path)
        out = table.with_name(f"{table.stem}-decided.jsonl")
        words = ["evaluate", point, table, *options, "--format", "jsonl", "--out", out]
        show_command(console, *words)
        command = [str(Path(sys.executable).with_name("salesctrl")), *map(str, words)]
        running.append((point, table, out, subprocess.Popen(command, stderr=subprocess.PIPE, text=True)))
    done = []
    for point, table, out, process in running:
        _, said = process.communicate()
        if process.returncode not in (0, 1):  # 1: something was refused, as it should be
            raise SystemExit(f"deciding {table.name} failed:\n{said}")
        done.append(Decided(point, list(read_jsonl(out))))
    console.print()
    return done


# --- showing ----------------------------------------------------------------------------------------


def new_table(console: Console, title: str) -> Table:
    """A plain table below its title; its footer shows the sums."""
    console.print(Text(title, style="bold"))
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, show_footer=True)


def show_outcomes(console: Console, decided: Sequence[Decided]) -> None:
    """How many rows of each table may go ahead."""
    table = new_table(console, "What was decided")
    total: Counter[str] = sum((each.count() for each in decided), Counter())
    table.add_column("control point", "all")
    table.add_column("rows", str(total.total()), justify="right")
    for outcome, colour in COLOURS.items():
        table.add_column(outcome, str(total[outcome]), justify="right", style=colour)
    for each in sorted(decided, key=lambda d: d.control_point):
        counts = [str(each.count()[outcome] or "·") for outcome in COLOURS]
        table.add_row(each.control_point, str(len(each.decisions)), *counts)
    print_table(console, table)


def show_orders(console: Console, orders: Sequence[Json], decisions: Sequence[Decision]) -> None:
    """What the orders are worth, by outcome; the parts add up to the whole."""
    amounts = [Decimal(facts["order"]["amount"]) for facts in orders]
    worth = dict.fromkeys(COLOURS, Decimal("0.00"))
    for decision, amount in zip(decisions, amounts, strict=True):
        worth[decision.outcome.value] += amount
    total = sum(amounts, Decimal())
    check_sum(worth.values(), total)
    count = Counter(decision.outcome.value for decision in decisions)
    table = new_table(console, "Orders by outcome, CNY")
    table.add_column("outcome", "all")
    table.add_column("orders", str(len(orders)), justify="right")
    table.add_column("amount", f"{total:,}", justify="right")
    for outcome, amount in worth.items():
        if count[outcome]:
            table.add_row(Text(outcome, COLOURS[outcome]), str(count[outcome]), f"{amount:,}")
    print_table(console, table)


def show_deductions(console: Console, decided: Decided) -> None:
    """Who bears what of the money that came in late; rows and columns add up to the cent."""
    columns = {
        "deduction": "deduction",
        "from_salesperson": "salesperson",
        "from_sales_manager": "manager",
        "from_sales_vp": "VP",
        "borne_by_company": "company",
    }
    charging = ("CR-19-3-1", "CR-19-3-2")
    charged = {rule: [d["values"] for d in decided.decisions if rule in d["fired"]] for rule in charging}
    everything = [values for found in charged.values() for values in found]
    table = new_table(console, f"Deductions from wages, {CLOSING_DAY:%B %Y}, CNY")
    table.add_column("rule", "all")
    table.add_column("invoices", str(len(everything)), justify="right", no_wrap=True)
    totals = [total_of(everything, column) for column in columns]
    check_sum(totals[1:], totals[0])
    for heading, total in zip(columns.values(), totals, strict=True):
        table.add_column(heading, f"{total:,}", justify="right", no_wrap=True)
    titles = {f["rule"]: f["title"]["en"] for d in decided.decisions for f in d["findings"]}
    for rule, values in charged.items():
        sums = [total_of(values, column) for column in columns]
        check_sum(sums[1:], sums[0])
        table.add_row(f"{rule}  {titles[rule]}", str(len(values)), *(f"{amount:,}" for amount in sums))
    print_table(console, table)
    refunds = [d["values"] for d in decided.decisions if "CR-19-3-3" in d["fired"]]
    paid_back = f"{total_of(refunds, 'refund'):,}"
    console.print(f"CR-19-3-3 pays {paid_back} back for {len(refunds)} debts that were recovered in full.\n")


def show_some(console: Console, orders: Sequence[Json], decisions: Sequence[Decision], most: int = 3) -> None:
    """The first decisions of each outcome, with the gravest reason."""
    table = new_table(console, "The first orders of each outcome")
    table.show_footer = False
    table.add_column("row", justify="right", no_wrap=True)
    table.add_column("order", no_wrap=True)
    table.add_column("amount", justify="right", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    table.add_column("because")
    shown: Counter[Outcome] = Counter()
    for row, (facts, decision) in enumerate(zip(orders, decisions, strict=True), 1):
        shown[decision.outcome] += 1
        if shown[decision.outcome] <= most:
            amount = f"{Decimal(facts['order']['amount']):,}"
            outcome = Text(decision.outcome.value, COLOURS[decision.outcome.value])
            table.add_row(str(row), facts["order"]["id"], amount, outcome, reason_of(decision))
    print_table(console, table)


def reason_of(decision: Decision) -> str:
    """The gravest reason, or what is unknown."""
    if decision.missing:
        return f"unknown: {', '.join(decision.missing)}"
    for finding in decision.findings:
        if finding.because is not None:
            return f"{finding.rule}: {finding.because.get('en')}"
    return ""


def explain_one(console: Console, table: Path, decisions: Sequence[Decision]) -> None:
    """One decision in full: the first refusal in spite of an approval, which does not count."""
    row, decision = next(
        (row, decision)
        for row, decision in enumerate(decisions, 1)
        if decision.outcome is Outcome.DENY
        and any(not item.valid for requirement in decision.requirements for item in requirement.items)
    )
    languages: tuple[Literal["en", "zh"], ...] = ("en", "zh")
    for lang in languages:
        show_command(
            console, "explain", "order.release", table, "--row", row, *(["--lang", lang] * (lang == "zh"))
        )
        console.print(Text(f"{decision.explain(lang)}\n"), soft_wrap=True)


def show_command(console: Console, *words: object) -> None:
    """A command as one would type it in the folder of the project."""
    line = " ".join(str(w.relative_to(ROOT)) if isinstance(w, Path) else str(w) for w in words)
    console.print(Text(f"$ salesctrl {line}", style="bold"), soft_wrap=True)


def print_table(console: Console, table: Table) -> None:
    """Print a table without spaces at the ends of its lines."""
    with console.capture() as capture:
        console.print(table)
    lines = capture.get().splitlines()
    console.file.write("\n".join(line.rstrip() for line in lines).rstrip() + "\n\n")


# --- helpers ----------------------------------------------------------------------------------------


def total_of(values: Iterable[Json], name: str) -> Decimal:
    """The sum of an amount over many decisions; amounts are texts in JSON."""
    return sum((Decimal(each[name]) for each in values), Decimal())


def check_sum(parts: Iterable[Decimal], total: Decimal) -> None:
    """Stop where parts do not add up to their whole."""
    found = sum(parts, Decimal())
    if found != total:
        raise SystemExit(f"expected parts that add up to {total}, but got {found}")


if __name__ == "__main__":
    main()
