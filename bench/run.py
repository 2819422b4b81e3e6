"""Measure salesctrl beside hand-written code and other engines, and rewrite docs/performance.md.

    make bench                        everything
    python bench/run.py --only zen    some engines alone (names of adapters); nothing is written
    python bench/run.py --quick       everything over smaller tables; nothing is written
    python bench/run.py --check       end with 1 where a limit is not kept

The engines are the adapters of this folder; `peers.toml` says which are installed for the run.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console

import batch
import batch_files
import batch_growth
import imports
import load
import machine
import matchers
import memory
import monitor
import pack
from environments import NotInstalled, Peer, peers
from limits import Limit, batch_verdicts, monitor_verdicts, verdicts
from page import PAGE, Grid, console, number, write_section
from process import Failed

HERE = Path(__file__).resolve().parent
OURS = ("hand_decimal", "hand_float", "hand_scaled", "salesctrl_")

Result = dict[str, Any]
Found = TypeVar("Found")


def measure(adapter: str, python: str | Path, seconds: float) -> Result:
    """The findings of one worker; a worker that fails is a result that says so."""
    command = [str(python), str(HERE / "worker.py"), adapter, "--seconds", str(seconds)]
    core = machine.last_core()
    if core is not None:
        command += ["--core", str(core)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
        return {"adapter": adapter, "failed": said[-1]}
    result: Result = json.loads(done.stdout.splitlines()[-1])
    return result


def measure_all(only: Sequence[str], seconds: float, screen: Console) -> Iterator[Result]:
    """Each engine in a process of its own, one after the other."""
    everyone: list[tuple[str, Peer | None]] = [(adapter, None) for adapter in OURS]
    everyone += [(peer.adapter, peer) for peer in peers()]
    for adapter, peer in everyone:
        if only and adapter not in only:
            continue
        with screen.status(f"measuring {adapter}"):
            try:
                python = peer.python() if peer else sys.executable
            except NotInstalled as problem:
                yield {"adapter": adapter, "failed": f"not installed: {problem}"}
                continue
            yield measure(adapter, python, seconds)


def title(result: Result) -> str:
    """What the engine is called, with its version and what its rows hold."""
    version = f" {result['version']}" if result["version"] else ""
    rows = "" if result["title"].startswith("hand-written") else f" ({result['rows']} rows)"
    return f"{result['title']}{version}{rows}"


def speed_grid(results: Sequence[Result]) -> Grid:
    """A decision, and a decision with its explanation, against the hand-written Decimal function."""
    rows: list[tuple[str, ...]] = []
    for result in results:
        if "failed" in result:
            rows.append((f"{result['adapter']}: {result['failed']}", "", "", "", ""))
            continue
        cells = [title(result)]
        for timing in (result["decide"], result["explain"]):
            cells += [number(timing["us"]), number(timing["ratio"])] if timing else ["", ""]
        rows.append(tuple(cells))
    explains = [r for r in results if "failed" not in r and r["trace"] and r["explain"]]
    always = [r for r in results if "failed" not in r and r["trace"] and not r["explain"]]
    return Grid(
        "one decision",
        ("engine", "decision, µs", "× hand-written", "explained, µs", "× hand-written"),
        tuple(rows),
        tuple(f"explained, {r['title']}: {r['trace']}" for r in explains)
        + tuple(f"{r['title']}: {r['trace']}" for r in always),
    )


def exactness_grid(results: Sequence[Result]) -> Grid:
    """How many orders of each set are decided wrongly or refused."""
    measured = [result for result in results if "failed" not in result]
    kinds = list(measured[0]["exactness"]) if measured else []
    sizes = [measured[0]["exactness"][kind]["orders"] for kind in kinds]

    def cell(found: Result) -> str:
        if not found["refused"]:
            return str(found["wrong"])
        return f"{found['wrong']} ({found['refused']} refused)"

    return Grid(
        "orders decided wrongly",
        ("engine", *(f"{kind}, of {size:,}" for kind, size in zip(kinds, sizes, strict=True))),
        tuple((title(r), *(cell(r["exactness"][kind]) for kind in kinds)) for r in measured),
        tuple(f"{r['title']}: {r['remark']}" for r in measured if r["remark"]),
    )


def examples(results: Sequence[Result]) -> tuple[str, ...]:
    """The shortest wrong answer on a boundary for each engine that gives one."""
    lines = []
    for result in results:
        found = result.get("exactness", {}).get("boundary", {}).get("examples", {})
        for rule, example in found.items():
            lines.append(f"{result['title']}, {rule}: {example}")
    return tuple(lines)


def limits_grid(found: Sequence[Limit]) -> Grid:
    """What was to be reached, and whether it is."""
    return Grid(
        "limits",
        ("limit", "to reach", "measured", "kept"),
        tuple((limit.what, limit.bound, limit.measured, "yes" if limit.kept else "NO") for limit in found),
    )


def attempted(measure: Callable[[], Found]) -> Found | Failed:
    """What was found, or why nothing was."""
    try:
        return measure()
    except Failed as problem:
        return problem


def main() -> int:
    parser = argparse.ArgumentParser(description="measure salesctrl beside other engines")
    parser.add_argument("--only", nargs="+", default=[], metavar="ADAPTER", help="these engines alone")
    parser.add_argument(
        "--quick", action="store_true", help="smaller tables and less time; nothing is written"
    )
    parser.add_argument("--seconds", type=float, default=None, help="for each timing (default 3)")
    parser.add_argument("--check", action="store_true", help="end with 1 where a limit is not kept")
    arguments = parser.parse_args()
    quick: bool = arguments.quick
    seconds = arguments.seconds or (0.5 if quick else 3.0)
    screen = console()
    screen.print(machine.describe(), markup=False)

    results = list(measure_all(arguments.only, seconds, screen))
    speed, exactness = speed_grid(results), exactness_grid(results)
    rows = batch.QUICK_ROWS if quick else batch.ROWS
    batched = batch.measure(arguments.only, seconds, rows, screen)
    many = batch.grid(batched, rows)
    for grid in (speed, exactness, many):
        if grid.rows:
            grid.show(screen)
    if arguments.only:
        return 0

    with screen.status("measuring the growth of the batch evaluator"):
        growth = attempted(lambda: batch_growth.measure(quick=quick))
    with screen.status("measuring from file to file"):
        files = attempted(lambda: batch_files.measure(batch_files.QUICK_ROWS if quick else batch_files.ROWS))
    with screen.status("measuring imports, loading and memory"):
        imported, loaded, held = imports.measure(), load.measure(), memory.measure()
        packed = pack.measure()
    with screen.status("measuring cases over time"):
        watched = attempted(lambda: monitor.measure(monitor.QUICK if quick else monitor.FULL))
        matched = attempted(lambda: matchers.measure_apart(seconds))
    sections: dict[str, Grid | Failed] = {
        "imports": imports.grid(imported),
        "loading": load.grid(loaded),
        "pack": pack.grid(packed),
        "memory": memory.grid(held),
        "batch-orders": growth if isinstance(growth, Failed) else batch_growth.orders_grid(growth),
        "batch-rules": growth if isinstance(growth, Failed) else batch_growth.rules_grid(growth),
        "batch-files": files if isinstance(files, Failed) else batch_files.grid(files),
        "monitor-log": watched if isinstance(watched, Failed) else monitor.log_grid(watched),
        "monitor-live": watched if isinstance(watched, Failed) else monitor.live_grid(watched),
        "matchers": matched if isinstance(matched, Failed) else matchers.grid(matched),
    }
    for section in sections.values():
        if isinstance(section, Grid):
            section.show(screen)
    kept = [*verdicts(results, imported, loaded, packed, held), *batch_verdicts(batched, growth, files)]
    kept += monitor_verdicts(watched)
    if isinstance(matched, Failed):
        kept.append(Limit("matches beside durable-rules", "yes", str(matched), False))
    else:
        kept.append(matchers.verdict(matched))
    limits_grid(kept).show(screen)
    if not quick:
        write_section("machine", machine.describe())
        write_section("limits", limits_grid(kept).markdown())
        write_section("decisions", speed.markdown())
        wrong = "\n".join(f"- {line}" for line in examples(results))
        heading = "The shortest wrong answers on the borders:"
        write_section("exactness", f"{exactness.markdown()}\n\n{heading}\n\n{wrong}")
        write_section("batch", many.markdown())
        for name, section in sections.items():
            write_section(name, section.markdown() if isinstance(section, Grid) else f"Failed: {section}")
        screen.print(f"written: docs/{PAGE.name}", markup=False)
    return int(arguments.check and not all(limit.kept for limit in kept))


if __name__ == "__main__":
    sys.exit(main())
