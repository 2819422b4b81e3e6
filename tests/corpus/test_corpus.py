"""Every kind of mistake is found, and said as it should be: one file for each, with the text beside it."""

import pytest
from tests.corpus.checking import BAD, GOOD, check_text, code_of, names, rendered

from salesctrl.diagnostics_codes import CODES
from salesctrl.engine import Engine
from salesctrl.loading import check_overlays, read
from salesctrl.testing import run


@pytest.mark.parametrize("name", names())
def test_what_is_said(name):
    """On purpose changed? `python tests/corpus/update.py` writes the texts; read the difference."""
    expected = (BAD / f"{name}.txt").read_text(encoding="utf-8")
    assert rendered(name) == expected


@pytest.mark.parametrize("name", names())
def test_each_file_shows_its_code_and_nothing_else(name):
    assert {diagnostic.code for diagnostic in check_text(BAD / f"{name}.yaml")} == {code_of(name)}


@pytest.mark.parametrize("name", names())
def test_messages_keep_to_the_house_grammar(name):
    for diagnostic in check_text(BAD / f"{name}.yaml"):
        for text in filter(None, (diagnostic.message, diagnostic.help)):
            assert text == text.strip()
            assert text[0] in "`'\"" or not text[0].isupper() or text.startswith("YAML")
            assert not text.endswith(".")
            assert text.count("`") % 2 == 0


@pytest.mark.parametrize("path", sorted(GOOD.glob("*.yaml")), ids=lambda path: path.stem)
def test_nothing_is_said_of_good_policies(path):
    loading = read(path)
    assert not loading.findings, loading.diagnostics.render()
    check_overlays(loading)
    assert not loading.findings, loading.diagnostics.render()
    wrong = [f"{result.case.id}: {result.problems} {result.mismatches}" for result in run(Engine(loading))
             if not result.passed]  # fmt: skip
    assert not wrong


def test_every_code_is_shown():
    assert {code_of(name) for name in names()} == set(CODES)
