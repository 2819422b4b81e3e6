"""What `import salesctrl` costs beside `import pydantic, yaml`, each in a process of its own."""

import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

from machine import last_core
from page import Grid, console, number
from worker import pin

STATEMENTS = {
    "ours": "import salesctrl",
    "base": "import pydantic, yaml",
    "bare": "pass",
}
#: Loaded on first use; an import of these alone would cost more than everything else together.
HEAVY = ("numpy", "pandas", "polars", "pyarrow", "pyspark", "rich", "typer", "z3")
TIMES = 21


@dataclass(frozen=True, slots=True)
class Imports:
    """Milliseconds of whole processes, and which heavy libraries the import brought in."""

    ms: dict[str, list[float]]
    heavy: tuple[str, ...]

    def least(self, name: str) -> float:
        return min(self.ms[name])

    def median(self, name: str) -> float:
        return statistics.median(self.ms[name])

    @property
    def ratio(self) -> float:
        """Median of the ratios of runs that followed one another."""
        pairs = zip(self.ms["ours"], self.ms["base"], strict=True)
        return statistics.median(ours / base for ours, base in pairs)

    @property
    def ratio_of_least(self) -> float:
        return self.least("ours") / self.least("base")


def _process_ms(statement: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return 1_000 * (time.perf_counter() - began)


def measure(times: int = TIMES) -> Imports:
    """Start each kind of process in turn, the first round (cold files) not counted."""
    ms: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for turn in range(times + 1):
        for name, statement in STATEMENTS.items():
            spent = _process_ms(statement)
            if turn:
                ms[name].append(spent)
    found = subprocess.run(
        [sys.executable, "-c", f"import sys, salesctrl; print(*[m for m in {HEAVY} if m in sys.modules])"],
        check=True,
        capture_output=True,
        text=True,
    )
    return Imports(ms, tuple(found.stdout.split()))


def grid(found: Imports) -> Grid:
    """The table of the page."""
    rows = tuple(
        (f"`{STATEMENTS[name]}`", number(found.least(name)), number(found.median(name))) for name in found.ms
    )
    ratio = ("ratio of the first two", number(found.ratio_of_least), number(found.ratio))
    heavy = ", ".join(found.heavy) or "none"
    return Grid(
        f"a process that only imports, ms, {len(found.ms['ours'])} of each in turn",
        ("process", "least", "median"),
        (*rows, ratio),
        (f"heavy libraries that `import salesctrl` loads, of {', '.join(HEAVY)}: {heavy}",),
    )


if __name__ == "__main__":
    pin(last_core())
    grid(measure()).show(console())
