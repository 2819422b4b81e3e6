"""The machine that the figures come from, without anything that names it or its user."""

import importlib.metadata
import os
import platform
import sys
from pathlib import Path

LIBRARIES = ("pydantic", "PyYAML", "numpy", "pandas", "polars", "pyarrow")


def processor() -> str:
    """The model of the processor as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def describe() -> str:
    """One line: processor, cores, system, Python and the libraries that matter to the figures."""
    libraries = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    return (
        f"{processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}; "
        f"{platform.python_implementation()} {platform.python_version()}; {libraries}"
    )


def last_core() -> int | None:
    """The core to measure on: the last, which the system itself uses least."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    return max(os.sched_getaffinity(0))


def rss_bytes() -> int | None:
    """The memory that this process holds now, or None where the system does not tell."""
    if sys.platform != "linux":
        return None
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
