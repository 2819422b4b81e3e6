"""The notebook display: well formed, whole on its own, nothing of the facts read as markup."""

from html.parser import HTMLParser

import pytest
from tests.golden.cases import GOLDEN, customer, engine, order

from salesctrl.decision.html import to_html

VOID = {"br"}


class Checker(HTMLParser):
    """Reads a page, and notes what it finds."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes, self.texts = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)


def read(page):
    checker = Checker()
    checker.feed(page)
    checker.close()
    return checker


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", GOLDEN)
def test_every_page_is_well_formed_and_needs_nothing_else(name, lang):
    page = to_html(GOLDEN[name].decide(), lang)
    checker = read(page)
    assert checker.open == []
    assert set(checker.tags) <= {"div", "span", "b", "br", "code", "details", "style", "summary"}
    assert set(checker.attributes) <= {"class", "lang", "open"}
    assert "http" not in page
    assert "url(" not in page


def test_the_page_says_what_the_text_says():
    decision = GOLDEN["above-the-limit"].decide()
    said = "".join(read(to_html(decision)).texts)
    for text in ("DENY", "SO-1042", "exposure 20,234.50 > customer.credit_limit 20,000.00", "over by 234.50",
                 "what would allow it", "order.amount ≤ 1,000.00"):  # fmt: skip
        assert text in said


def test_chinese_is_marked_as_such():
    page = to_html(GOLDEN["above-the-limit"].decide(), "zh")
    assert page.startswith('<div class="sctrl" lang="zh-CN">')
    assert "满足以下任一条件即可通过" in page


def test_facts_cannot_become_markup():
    facts = {"customer": customer(), "order": order('<img src=x onerror="alert(1)">&`<b>`')}
    checker = read(to_html(engine().evaluate("order.release", facts, as_of="2026-03-01")))
    assert "img" not in checker.tags
    assert checker.tags.count("b") == 1
    assert '<img src=x onerror="alert(1)">&<b>' in "".join(checker.texts)


def test_names_in_backticks_are_set_as_code():
    page = to_html(GOLDEN["deduction-under-an-overlay"].decide())
    assert "<code>acme</code>" in page
    assert "`" not in page.partition("</style>")[2]


def test_what_decided_is_open_and_what_did_not_is_folded():
    page = to_html(GOLDEN["above-the-limit"].decide())
    assert '<details class="section"><summary>not fired' in page
    assert '<details class="section" open><summary>what would allow it' in page


def test_a_notebook_gets_the_page():
    decision = GOLDEN["above-the-limit"].decide()
    assert decision._repr_html_() == to_html(decision)
