"""Write docs/handbook and its place in mkdocs.yml again. Read the change before you commit it."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.handbook.book import FOLDERS, SITE, book, navigation  # noqa: E402 - the path comes first

from salesctrl.handbook import write  # noqa: E402


def update() -> None:
    """Write the pages in both languages, and name them in the configuration of the site."""
    for lang, folder in FOLDERS.items():
        write(book(lang), folder)
    SITE.write_text(navigation(SITE.read_text("utf-8")), encoding="utf-8", newline="\n")


if __name__ == "__main__":  # pytest imports this file too, in search of doctests
    update()
