"""Draw the pictures of docs/guide/segregation-of-duties.md from the files that the page shows.

`python tests/monitor/segregation/pictures.py` writes them; look at them before you commit them.
"""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.documentation import blocks  # noqa: E402 - the path comes first

import salesctrl  # noqa: E402

PAGE = ROOT / "docs" / "guide" / "segregation-of-duties.md"
FOLDER = ROOT / "docs" / "images"
KINDS = ("duties", "persons")


def pictures():
    """The pictures, by the names of their files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for block in blocks(PAGE):
            if block.title is not None:
                (folder / block.title).parent.mkdir(exist_ok=True)
                (folder / block.title).write_text(block.text, "utf-8")
        engine = salesctrl.load(folder / "company")
        result = engine.segregation(
            folder / "roles.csv", folder / "events.csv", as_of="2026-03-01", zone="Asia/Shanghai"
        )
        return {f"segregation-{kind}.svg": result.svg(kind) for kind in KINDS}


if __name__ == "__main__":  # pytest imports this file too, in search of doctests
    FOLDER.mkdir(exist_ok=True)
    for name, text in pictures().items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
