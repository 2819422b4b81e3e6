"""What an explanation says, beside the kept ones: true statements, columns, both languages, every verbosity."""

import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.golden.cases import GOLDEN, customer, engine, order

from salesctrl.decision.explain import COLUMNS
from salesctrl.decision.layout import width

LANGS = ["en", "zh"]
ALL = [(name, lang) for name in GOLDEN for lang in LANGS]

NUMBER = r"-?[\d,]+(?:\.\d+)?%?"
COMPARED = re.compile(
    rf"(?P<left>{NUMBER})(?: days?)? (?P<op>[<>≤≥≠]) (?:[a-z_.]+ )?(?P<right>{NUMBER})(?= |$)"
)
HOLDS = {
    "<": lambda a, b: a < b, "≤": lambda a, b: a <= b, ">": lambda a, b: a > b,
    "≥": lambda a, b: a >= b, "≠": lambda a, b: a != b,
}  # fmt: skip


def number(text):
    plain = Decimal(text.replace(",", "").rstrip("%"))
    return plain / 100 if text.endswith("%") else plain


@pytest.fixture(scope="module")
def texts():
    return {(name, lang): GOLDEN[name].decide().explain(lang, "normal") for name, lang in ALL}


@pytest.mark.parametrize(("name", "lang"), ALL)
def test_no_line_is_wider_than_the_columns(texts, name, lang):
    assert max(width(line) for line in texts[name, lang].splitlines()) <= COLUMNS


@pytest.mark.parametrize(("name", "lang"), ALL)
def test_no_line_has_blanks_at_its_end_or_marks_that_are_not_printed(texts, name, lang):
    text = texts[name, lang]
    assert all(line == line.rstrip() for line in text.splitlines())
    assert "\u00a0" not in text
    assert "\u2060" not in text


@pytest.mark.parametrize("name", GOLDEN)
def test_asides_end_at_the_last_column_in_both_languages(texts, name):
    for lang, word in (("en", "deny"), ("zh", "拒绝")):
        lines = [line for line in texts[name, lang].splitlines() if line.endswith("  " + word)]
        assert {width(line) for line in lines} <= {COLUMNS}


def test_chinese_text_has_no_narrow_punctuation_after_chinese(texts):
    for (name, lang), text in texts.items():
        if lang == "zh":
            assert not re.search(r"[\u4e00-\u9fff][,;:!?]", text), name


def test_an_explanation_is_the_same_every_time():
    golden = GOLDEN["above-the-limit"]
    assert golden.decide().explain("zh", "full") == golden.decide().explain("zh", "full")


def test_brief_says_no_more_than_normal_and_full_says_more():
    decision = GOLDEN["above-the-limit"].decide()
    brief, normal, full = (len(decision.explain("en", v).splitlines()) for v in ("brief", "normal", "full"))
    assert brief < normal < full


def test_the_head_names_outcome_control_point_transaction_and_date(texts):
    assert texts["above-the-limit", "en"].startswith("DENY   order.release   SO-1042   as of 2026-03-01\n")
    assert texts["above-the-limit", "zh"].startswith("拒绝   order.release   SO-1042   决策日 2026-03-01\n")


def test_the_last_line_has_the_digests(texts):
    decision = GOLDEN["above-the-limit"].decide()
    last = texts["above-the-limit", "en"].splitlines()[-1]
    assert engine().digest[:12] in last
    assert decision.facts[:12] in last
    assert "sales-control 2026.1" in last


def test_a_tree_has_every_line_of_the_text_under_its_rule():
    tree = GOLDEN["above-the-limit"].decide().tree("en")
    assert "├─ CR-18-2  No release above the credit limit  [Customer credit rules Art. 18(2)]  — deny" in tree
    assert "│  │  ├─ exposure = customer.balance 19,000.00 + order.amount 1,234.50 = 20,234.50" in tree


@pytest.mark.parametrize("lang", LANGS)
def test_all_decisions_can_be_drawn_as_trees(lang):
    for golden in GOLDEN.values():
        tree = golden.decide().tree(lang, golden.verbosity)
        assert "\u00a0" not in tree
        assert "\u2060" not in tree


amounts = st.decimals(min_value=0, max_value=60_000, places=2)


@settings(max_examples=60, deadline=None)
@given(
    balance=amounts, amount=amounts, limit=amounts, days=st.integers(0, 90),
    discount=st.sampled_from(["0.00", "0.05", "0.0501", "0.10", "0.12", "0.20", "0.31"]),
    grade=st.sampled_from("ABCD"),
)  # fmt: skip
def test_every_comparison_that_is_said_is_true(balance, amount, limit, days, discount, grade):
    facts = {
        "customer": customer(balance=balance, credit_limit=limit, overdue_days=days, grade=grade),
        "order": order(amount=amount, discount_rate=discount),
    }
    decision = engine().evaluate("order.release", facts, as_of="2026-03-01")
    text = decision.explain("en", "full").partition("\nwhat would allow it")[0]
    found = 0
    for line in text.splitlines():
        for compared in COMPARED.finditer(line):
            found += 1
            left, right = number(compared["left"]), number(compared["right"])
            assert HOLDS[compared["op"]](left, right), line
    assert found >= 2


@pytest.mark.parametrize(
    ("facts", "named"),
    [
        (None, "the facts"),
        ([], "the facts"),
        ({"order": []}, "order"),
        ({"order": order(), "customer": {**customer(), "grade": 7}}, "customer.grade"),
        (
            {"order": order(), "customer": customer(), "evidence": {"approvals": [{}]}},
            "evidence.approvals[0].person",
        ),
    ],
)
def test_whatever_was_wrong_with_the_facts_is_said(facts, named):
    decision = engine().evaluate("order.release", facts, as_of="2026-03-01", on_error="incomplete")
    assert re.search(rf"^  {re.escape(named)} +refused: ", decision.explain("en"), re.MULTILINE)
    assert f"to be corrected: {named}" in decision.explain("en")
    assert decision.explain("zh", "full")
    assert decision._repr_html_()


def test_what_was_wrong_inside_a_list_is_said_with_its_place():
    lines = [{"product": "valve", "quantity": 0, "list_price": "1.00", "unit_price": "1.00"}]
    facts = {"customer": {"grade": "A"}, "order": {**order(), "lines": lines}}
    decision = engine().evaluate("order.price", facts, as_of="2026-03-01", on_error="incomplete")
    assert "order.lines[0].quantity" in decision.explain("en")
    assert "更正：order.lines[0].quantity" in decision.explain("zh")
