"""The pictures of the guide to ladders, drawn of what the guide shows.

`python tests/monitor/ladder_images.py` writes them into `docs/images`, to be looked at.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.documentation import blocks  # noqa: E402

import salesctrl  # noqa: E402

PAGE = ROOT / "docs" / "guide" / "ladders.md"
IMAGES = ROOT / "docs" / "images"
EVENTS = [
    {"activity": "fall_due", "time": "2026-03-01"},
    {"activity": "remind", "time": "2026-03-03T09:30", "person": "E-7"},
    {"activity": "extend", "time": "2026-03-09T10:00", "person": "E-7"},
]


def pictures() -> Mapping[str, str]:
    """The pictures by the names of their files."""
    with tempfile.TemporaryDirectory() as folder:
        for block in blocks(PAGE):
            if block.title is not None:
                Path(folder, Path(block.title).name).write_text(block.text, "utf-8")
        engine = salesctrl.load(folder)
    stage = engine.stage("dunning", EVENTS, case="INV-1042", zone="Asia/Shanghai", as_of="2026-03-12")
    return {
        "ladder-dunning.svg": engine.draw_ladder("dunning"),
        "ladder-dunning-case.svg": engine.draw_ladder("dunning", stage),
    }


if __name__ == "__main__":
    for name, text in pictures().items():
        (IMAGES / name).write_text(text, "utf-8")
