"""The tables of words are whole: both languages, every function of the language, every problem of a value."""

import re
import string
from pathlib import Path

import pytest

from salesctrl.decision import words
from salesctrl.decision.words import FUNCTIONS, OUTCOMES, PHRASES, PROBLEMS, WORDS, Words
from salesctrl.expr.functions import FUNCTIONS as LANGUAGE
from salesctrl.numbers import RoundingMode
from salesctrl.outcome import Outcome

TABLES = {
    "WORDS": WORDS,
    "PHRASES": PHRASES,
    "FUNCTIONS": FUNCTIONS,
    "OUTCOMES": OUTCOMES,
    "PROBLEMS": PROBLEMS,
}
PAIRS = [(name, key, pair) for name, table in TABLES.items() for key, pair in table.items()]
MADE_OTHERWISE = {"days_between", "add_days", "date", "band", "count", "round", "floor", "ceil"}
"""Functions that are no call in the tree, or whose name in it is the rounding mode."""


def slots(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize(("table", "key", "pair"), PAIRS, ids=[f"{table}-{key}" for table, key, _ in PAIRS])
def test_both_languages_fill_in_the_same(table, key, pair):
    english, chinese = pair
    assert slots(chinese) <= slots(english)
    assert slots(english) <= slots(chinese)
    assert not re.search(r"[\u4e00-\u9fff]", english)


def test_every_outcome_and_rounding_mode_has_its_word():
    assert set(OUTCOMES) == set(Outcome)
    assert {str(mode) for mode in RoundingMode} <= set(FUNCTIONS)


@pytest.mark.parametrize("name", sorted(set(LANGUAGE) - MADE_OTHERWISE))
def test_every_function_of_the_language_can_be_said(name):
    special = {"known", "allocate"}
    assert name in FUNCTIONS or name in PHRASES or name in special


def test_lists_are_joined_as_the_language_does():
    en, zh = Words("en"), Words("zh")
    assert en.list(["a"], "and") == "a"
    assert en.list(["a", "b"], "and") == "a and b"
    assert zh.list(["甲", "乙", "丙"], "and") == "甲、乙和丙"
    assert zh.join(["甲", "乙"], "semicolon") == "甲；乙"


def test_no_key_stands_without_use():
    package = "".join(path.read_text(encoding="utf-8") for path in _modules())
    for key in WORDS:
        stem = key.removesuffix("_called")
        assert f'"{key}"' in package or (stem != key and f'"{stem}"' in package), key


def _modules():
    here = Path(words.__file__)
    return [path for path in here.parent.glob("*.py") if path != here]
