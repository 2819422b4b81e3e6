"""The examples, run as a reader would run them: in a copy of their folder, so that nothing is left behind."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).with_name("golden")
SCRIPTS = {
    "demo.txt": "examples/demo.py",
    "python_api.txt": "examples/python_api.py",
    "analysis.txt": "examples/analysis.py",
    "companies.txt": "examples/companies.py",
    "discounts.txt": "examples/order_lines/discounts.py",
    "sales_year.txt": "examples/sales_year.py",
}
"""What is kept of each script's output, and the script."""
_DISPLAY = {"COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"}


def copy_examples(folder: Path) -> Path:
    """A copy of the examples and the policies in a folder, which stands for the root of the project."""
    ignore = shutil.ignore_patterns("out", "__pycache__")
    for name in ("examples", "policies"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    return folder


def run_script(script: str, root: Path, *arguments: str) -> str:
    """What a script prints, without a terminal; it must end well."""
    environment = {name: value for name, value in os.environ.items() if name not in _DISPLAY}
    environment |= {"PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, script, *arguments],
        cwd=root, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def settled(text: str) -> str:
    """Output as it is kept: digests change with every word of the policies, and say nothing here."""
    text = re.sub(r"\b[0-9a-f]{12}(?=…)", "0" * 12, text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())
