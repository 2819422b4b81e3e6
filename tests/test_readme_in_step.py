"""The two READMEs say the same: the same headings, blocks, links and figures, each in its language."""

import re

import pytest
from tests.documentation import ROOT, blocks

ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh.md"
_LANGUAGE = re.compile(r'"(?:en|zh)"|--lang (?:en|zh)')
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)]+)\)")
BENCHMARK = {
    "salesctrl": "salesctrl",
    "Python, floats, by hand": "hand-written, float",
    "Python, `Decimal`, by hand": "hand-written, Decimal",
    "CEL, C++ (cel-expr-python)": "cel-expr-python",
    "CEL, Rust (common-expression-language)": "common-expression-language",
    "CLIPS (clipspy)": "clipspy",
    "JSON Logic (panzi-json-logic)": "panzi-json-logic",
    "durable_rules": "durable_rules",
    "rule-engine": "rule-engine",
    "GoRules Zen (zen-engine)": "zen-engine",
    "business-rules ¹": "business-rules",
    "Cedar (cedarpy) ²": "cedarpy",
}
"""What the READMEs call an engine, and how its row begins on the page that the benchmark writes."""
_FIGURE = re.compile(r"\d[\d,.]*\d|\d")


def prose(page):
    """The page without its blocks."""
    return _FENCED.sub("", page.read_text("utf-8"))


def headings(page):
    return [len(line) - len(line.lstrip("#")) for line in prose(page).splitlines() if line.startswith("#")]


def in_order(page):
    """What stands on the page, in its order: headings, blocks, tables, lists, paragraphs."""
    found = []
    for part in re.split(r"\n\s*\n", _FENCED.sub("```", page.read_text("utf-8")).strip()):
        begin = part.split()[0]
        kind = "#" * begin.count("#") if begin.startswith("#") else begin[0] if begin[0] in "-|`<" else "text"
        found.append((kind, part.count("\n") if kind in "-|" else 0))
    return found


def test_headings():
    assert headings(ENGLISH) == headings(CHINESE)


def test_parts_in_the_same_order():
    assert in_order(ENGLISH) == in_order(CHINESE)


def test_blocks_are_the_same_but_for_the_language_asked_for():
    def said(page):
        return [
            (b.language, b.title, _LANGUAGE.sub("", b.text))
            for b in blocks(page)
            if b.language not in ("text", "shell")
        ]

    assert said(ENGLISH) == said(CHINESE)


def test_commands_are_the_same():
    def commands(page):
        shells = [b.text for b in blocks(page) if b.language == "shell"]
        return [_LANGUAGE.sub("", line) for text in shells for line in text.splitlines() if line[:1] == "$"]

    assert commands(ENGLISH) == commands(CHINESE)


def test_each_asks_for_its_own_language():
    for page, own in ((ENGLISH, "en"), (CHINESE, "zh")):
        asked = _LANGUAGE.findall("".join(b.text for b in blocks(page) if b.language in ("python", "shell")))
        assert asked
        assert all(own in one for one in asked)


def test_links_lead_to_the_same_pages():
    def links(page):
        return [link for link in _LINK.findall(prose(page)) if not link.startswith("README")]

    assert sorted(links(ENGLISH)) == sorted(links(CHINESE))


def test_links_lead_somewhere():
    for page in (ENGLISH, CHINESE):
        for link in _LINK.findall(prose(page)):
            assert (ROOT / link.partition("#")[0]).exists(), f"{page.name}: {link}"


def test_figures_of_the_comparison_are_the_same():
    def figures(page):
        return [_FIGURE.findall(line) for line in prose(page).splitlines() if line.startswith("|")]

    assert figures(ENGLISH) == figures(CHINESE)


def test_figures_of_the_comparison_are_those_of_the_benchmark():
    page = (ROOT / "docs" / "performance.md").read_text("utf-8")
    section = page.partition("<!-- bench: exactness -->")[2].partition("<!-- end: exactness -->")[0]
    rows = [_cells(line) for line in section.splitlines() if line.startswith("| ")][1:]
    if not rows:
        pytest.skip("no benchmark has been written to docs/performance.md")
    shown = {cells[0]: cells[1:] for line in prose(ENGLISH).splitlines() if len(cells := _cells(line)) == 3}
    measured = {
        ours: row[2:4] for ours, theirs in BENCHMARK.items() for row in rows if row[0].startswith(theirs)
    }
    assert {name: shown.get(name) for name in BENCHMARK} == measured


def _cells(row):
    return [cell.strip() for cell in row.strip("|").split("|")]
