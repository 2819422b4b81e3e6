"""The pages of docs/handbook as they should be: for the policies of the package, in both languages."""

import re
from functools import cache
from pathlib import Path

from tests.policies.pack import engine, results

from salesctrl.coverage import find_catalogue, read_catalogue
from salesctrl.decision.values import Language
from salesctrl.handbook import render
from salesctrl.policy.loader import default_policies

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "mkdocs.yml"
FOLDERS: dict[Language, Path] = {"en": ROOT / "docs" / "handbook", "zh": ROOT / "docs" / "handbook" / "zh"}
CORRECTIONS = "corrections.md"
"""The one page that is written by hand."""
TABLES = "real-tables.md"
"""The page that `tests/test_shared_metrics.py` writes."""
_NAV = re.compile(r"^  - Handbook:\n(?: {4,}.*\n)*", re.MULTILINE)


@cache
def book(lang: Language) -> dict[str, str]:
    """The pages in a language."""
    path = find_catalogue(engine().documents, [default_policies()])
    assert path is not None
    return render(engine(), results(), lang, read_catalogue(path))


def written(lang: Language) -> dict[str, str]:
    """The pages as they are."""
    pages = {path.name: path.read_text("utf-8") for path in FOLDERS[lang].glob("*.md")}
    pages.pop(CORRECTIONS, None)
    pages.pop(TABLES, None)
    return pages


def navigation(text: str) -> str:
    """The configuration of the site with all pages that there are in it."""
    english, chinese = (sorted(set(written(lang)) - {"index.md"}) for lang in FOLDERS)
    lines = [
        "  - Handbook:",
        "      - handbook/index.md",
        f"      - handbook/{CORRECTIONS}",
        f"      - handbook/{TABLES}",
        *(f"      - handbook/{name}" for name in english),
        "      - 中文:",
        "          - handbook/zh/index.md",
        *(f"          - handbook/zh/{name}" for name in chinese),
    ]
    block = "\n".join(lines) + "\n"
    if _NAV.search(text):
        return _NAV.sub(lambda _: block, text)
    return text.replace("  - For contributors:\n", f"{block}  - For contributors:\n")
