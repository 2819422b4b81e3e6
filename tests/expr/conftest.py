"""A scope for the tests of expressions: the vocabulary of the tests, and some parameters, formulas and tables."""

import pytest
from tests.loading import WORDS, read_set

from salesctrl.diagnostics import Diagnostics
from salesctrl.expr.scope import Parameter, Scope
from salesctrl.policy.literals import parse_literal
from salesctrl.policy.types import DAYS, TEXT, list_of, map_of, money, number
from salesctrl.policy.vocabulary import build_vocabulary


@pytest.fixture(scope="session")
def vocabulary():
    found = Diagnostics()
    documents, _ = read_set(WORDS)
    built = build_vocabulary(documents.vocabularies, found)
    assert not found.has_errors
    return built


@pytest.fixture(scope="session")
def scope(vocabulary):
    share = map_of(("salesperson", "manager"), number(0))
    five, three = parse_literal("5"), parse_literal("3")
    return Scope(
        vocabulary,
        {
            "limit": Parameter("limit", money("CNY")),
            "grace": Parameter("grace", DAYS),
            "plain": Parameter("plain", number(0)),
            "grades": Parameter("grades", list_of(TEXT), (parse_literal("A"), parse_literal("B"))),
            "shares": Parameter("shares", share, numbers=(("salesperson", five), ("manager", three))),
            "ladder": Parameter(
                "ladder", TEXT, bands=(("<= 5%", parse_literal("low")), ("> 5%", parse_literal("high")))
            ),
        },
        frozenset({"exposure", "third", "broken"}),
        {"exposure": money("CNY"), "third": money("CNY", None)}.get,
        {"terms": ("days", "limit")},
        lambda table, output: {"days": DAYS, "limit": money("CNY")}[output],
    )
