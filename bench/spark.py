"""Spark on this machine: what a row, a partition and a job cost, for the page `docs/guide/spark.md`.

    python bench/spark.py [--rows N] [--cores N] [--batch N]

Needs the extra `spark` and Java. The reference orders are written as Parquet once, decided by the workers,
and what is decided is thrown away (the format `noop` of Spark), so that no disk is measured but that of the
reading. Besides the whole: the same rows read alone, and read and handed through a worker that does nothing.
"""

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import columns

DAY = "2026-03-01"
POLICIES = Path(__file__).parent / "policies" / "order_release"


def write_orders(folder: Path, rows: int) -> None:
    """The typical orders as files of Parquet, a million in each."""
    first = 0
    for number, part in enumerate(columns.slices(rows)):
        table = columns.arrow(part, first)
        pq.write_table(table, folder / f"{number:04}.parquet", row_group_size=250_000)
        first += table.num_rows


def session(cores: int, batch: int) -> Any:
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    settings = {
        "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR",
        "spark.driver.memory": "3g", "spark.sql.execution.arrow.maxRecordsPerBatch": str(batch),
    }  # fmt: skip
    builder = SparkSession.builder.master(f"local[{cores}]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def seconds(act: Callable[[], object]) -> float:
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def spent() -> float:
    """The seconds of processor time that Spark and its workers have used so far."""
    ticks = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"pyspark" in (process / "cmdline").read_bytes():
                ticks += sum(map(int, (process / "stat").read_text().rpartition(")")[2].split()[11:15]))
        except OSError:
            continue
    return ticks / os.sysconf("SC_CLK_TCK")


def throw_away(frame: Any) -> None:
    """Compute a frame, and keep nothing of it."""
    frame.write.format("noop").mode("overwrite").save()


def cost(name: str, act: Callable[[], object]) -> Iterator[tuple[str, float]]:
    """The time on the clock, and the time of processors: the second is that of a machine which is shared."""
    before = spent()
    clock = seconds(act)
    yield f"{name}, s", clock
    yield f"{name}, core-s", spent() - before


def through(batches: Iterator[Any]) -> Iterator[Any]:
    yield from batches


class Memory:
    """The most memory that one worker had, by asking time and again, in MB."""

    def __init__(self) -> None:
        self.most = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.2):
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    command = (process / "cmdline").read_bytes()
                    resident = int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
                except (OSError, IndexError):
                    continue
                if b"pyspark.daemon" in command:
                    self.most = max(self.most, resident / 1e6)


def measure(rows: int, cores: int, batch: int) -> Iterator[tuple[str, float]]:
    import salesctrl
    from salesctrl.integrations import spark

    engine = salesctrl.load(POLICIES)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_orders(folder, rows)
        size = sum(file.stat().st_size for file in folder.iterdir())
        yield "Parquet in, bytes a row", size / rows
        yield "Arrow in, bytes a row", columns.arrow(columns.typical(100_000)).nbytes / 100_000
        begin = time.perf_counter()
        made = session(cores, batch)
        yield "start of Spark, s", time.perf_counter() - begin
        orders = made.read.parquet(name)

        def decided(frame: Any) -> Any:
            return spark.evaluate(frame, engine, "order.release", as_of=DAY, keep=["order_id"])

        yield "before the job, s", seconds(lambda: decided(orders))
        yield from cost("first row with new workers", lambda: throw_away(decided(orders.limit(1))))
        yield from cost("first row with warm workers", lambda: throw_away(decided(orders.limit(1))))
        few = orders.limit(200).cache()
        for count in (1, 201):
            parts = few.repartition(count).cache()
            parts.count()
            throw_away(decided(parts))
            yield from cost(f"{count} partitions decided", partial(throw_away, decided(parts)))
            same = parts.mapInArrow(through, parts.schema)
            yield from cost(f"{count} partitions handed through", partial(throw_away, same))
        throw_away(orders)
        yield from cost("read alone", lambda: throw_away(orders))
        same = orders.mapInArrow(through, orders.schema)
        yield from cost("read and handed through", lambda: throw_away(same))
        with Memory() as memory:
            yield from cost("read and decided", lambda: throw_away(decided(orders)))
        yield "a worker, MB", memory.most
        out = folder / "decided"
        yield from cost("read, decided and written", lambda: decided(orders).write.parquet(str(out)))
        written = sum(file.stat().st_size for file in out.glob("*.parquet"))
        yield "Parquet out, bytes a row", written / rows
        back = made.read.parquet(str(out))
        yield from cost("summary", lambda: spark.summary(back, engine, "order.release", as_of=DAY))
        made.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="measure Spark on this machine")
    parser.add_argument("--rows", type=int, default=4_000_000, help="orders (default 4,000,000)")
    parser.add_argument("--cores", type=int, default=1, help="workers at once (default 1)")
    parser.add_argument("--batch", type=int, default=10_000, help="rows that Spark hands over at once")
    arguments = parser.parse_args()
    for name, value in measure(arguments.rows, arguments.cores, arguments.batch):
        print(json.dumps({name: round(value, 4)}), flush=True)


if __name__ == "__main__":
    main()
