"""What the command line holds in memory while it decides a Parquet file of ten million orders.

    python bench/batch_files.py [--rows N]

The table is written a slice at a time; the command runs as a user would run it.
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from page import Grid, console, number
from process import Failed, answer

POLICIES = Path(__file__).resolve().parent / "policies" / "order_release"
DAY = "2026-03-01"
#: This file with other work to do: so the process that measures stays small.
HERE = (sys.executable, str(Path(__file__).resolve()))
ROWS, QUICK_ROWS = 10_000_000, 1_000_000

#: The command in a process of its own, which at the end says how much it held at most. The
#: system's count begins with the process; that of `getrusage` would begin with its parent.
COMMAND = """
import json, sys, time
from salesctrl.cli import main
began = time.perf_counter()
if main(sys.argv[1:]) not in (0, 1):
    sys.exit(2)
seconds = time.perf_counter() - began
with open("/proc/self/status") as status:
    held = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps({"seconds": seconds, "bytes": 1024 * held}))
"""


@dataclass(frozen=True, slots=True)
class Files:
    """Orders, seconds, most bytes held, and the bytes of both files."""

    rows: int
    seconds: float
    peak: int
    read: int
    written: int


def measure(rows: int = ROWS) -> Files | None:
    """Write the orders, decide them from file to file, and see that every order has its decision.

    None where the system does not tell what a process holds.

    Raises:
        Failed: where the command failed, or lost orders.
    """
    if sys.platform != "linux":
        return None
    with tempfile.TemporaryDirectory() as folder:
        orders, decisions = Path(folder, "orders.parquet"), Path(folder, "decisions.parquet")
        answer([*HERE, "write", str(orders), str(rows)])
        asked = ["evaluate", "order.release", str(orders), "--policies", str(POLICIES)]
        asked += ["--as-of", DAY, "--format", "parquet", "--out", str(decisions)]
        said = answer([sys.executable, "-c", COMMAND, *asked])
        decided = answer([*HERE, "count", str(decisions)])
        if decided != rows:
            raise Failed(f"expected {rows:,} decisions, but got {decided:,}")
        return Files(rows, said["seconds"], said["bytes"], orders.stat().st_size, decisions.stat().st_size)


def write(path: str, rows: int) -> int:
    """Write a Parquet file of typical orders, a row group a slice; how many there are."""
    import pyarrow.parquet as pq

    import columns

    writer, first = None, 0
    for part in columns.slices(rows):
        table = columns.arrow(part, first)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
        first += table.num_rows
    if writer:
        writer.close()
    return first


def count(path: str) -> int:
    """The rows of a Parquet file."""
    import pyarrow.parquet as pq

    return int(pq.ParquetFile(path).metadata.num_rows)


def grid(found: Files | None) -> Grid:
    """The table of the page."""
    heads = ("orders", "seconds", "orders a second", "most held, MiB", "read, MiB", "written, MiB")
    if found is None:
        return Grid("from Parquet to Parquet", heads, (("the system does not tell", *[""] * 5),))
    sizes = (number(size / 2**20) for size in (found.peak, found.read, found.written))
    row = (f"{found.rows:,}", number(found.seconds), number(found.rows / found.seconds), *sizes)
    return Grid("from Parquet to Parquet, through the command line", heads, (row,))


def main() -> None:
    if sys.argv[1:2] == ["write"]:
        sys.stdout.write(f"{write(sys.argv[2], int(sys.argv[3]))}\n")
    elif sys.argv[1:2] == ["count"]:
        sys.stdout.write(f"{count(sys.argv[2])}\n")
    else:
        parser = argparse.ArgumentParser(description="memory from Parquet to Parquet")
        parser.add_argument("--rows", type=int, default=ROWS, help=f"orders in the file (default {ROWS:,})")
        grid(measure(parser.parse_args().rows)).show(console())


if __name__ == "__main__":
    main()
