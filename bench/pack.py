"""What loading the policies that come with the package costs beside PyYAML's C loader on the same text.

Loaded from the text, and from compiled policies that were kept (`salesctrl.load(cache=FOLDER)`).
"""

import statistics
import tempfile
import time
from dataclasses import dataclass

import yaml

from machine import last_core
from page import Grid, console, number
from worker import pin

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class PackLoading:
    """Milliseconds, and the ratios to PyYAML's, medians over turns next to each other."""

    rules: int
    kilobytes: float
    ours: float
    kept: float
    parsed: float
    ratio: float
    kept_ratio: float


def measure() -> PackLoading:
    """Load the pack from its text, load what was kept of it, and parse the text, in turn."""
    import salesctrl
    from salesctrl.policy.loader import default_policies

    texts = [path.read_text(encoding="utf-8") for path in sorted(default_policies().rglob("*.yaml"))]
    times: list[tuple[float, float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        engine = salesctrl.load(cache=folder)
        for _ in range(ROUNDS):
            began = time.perf_counter()
            salesctrl.load()
            loaded = time.perf_counter()
            salesctrl.load(cache=folder)
            found = time.perf_counter()
            for text in texts:
                list(yaml.load_all(text, Loader=yaml.CSafeLoader))
            times.append((loaded - began, found - loaded, time.perf_counter() - found))
    ours, kept, parsed = (1_000 * statistics.median(column) for column in zip(*times, strict=True))
    return PackLoading(
        rules=sum(len(policy.rules) for policy in engine.policies),
        kilobytes=sum(len(text.encode()) for text in texts) / 1_000,
        ours=ours,
        kept=kept,
        parsed=parsed,
        ratio=statistics.median(one / theirs for one, _, theirs in times),
        kept_ratio=statistics.median(one / theirs for _, one, theirs in times),
    )


def grid(found: PackLoading) -> Grid:
    """The table of the page."""
    return Grid(
        "loading the policies that come with the package",
        ("rules", "kB", "from the text, ms", "×", "kept, ms", "×", "PyYAML, ms"),
        (
            (
                f"{found.rules:,}",
                number(found.kilobytes),
                number(found.ours),
                number(found.ratio),
                number(found.kept),
                number(found.kept_ratio),
                number(found.parsed),
            ),
        ),
        ("PyYAML: `yaml.load_all` with `CSafeLoader`, of all files",),
    )


if __name__ == "__main__":
    pin(last_core())
    grid(measure()).show(console())
