"""What notebooks show of a decided table: sound HTML in which nothing of the table is markup."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date

import polars as pl
import pytest
from tests.loading import engine_of, policy_text

AS_OF = date(2026, 3, 1)
ENGINE = engine_of(
    policy_text("""
    title: P
    subject: order.memo
    source: {document: Rules & <customs>, article: Art. 1}
    rules:
      - {id: D, title: Above <100> & more, when: order.amount > 100, deny: true}
      - {id: F, title: Urgent, when: order.urgent, flag: true}
      - {id: C, title: A value, when: order.pieces > 1, compute: {x: order.pieces}}
    """)
)


def shown(frame):
    result = ENGINE.evaluate_frame("point", frame, as_of=AS_OF)
    html = result._repr_html_()
    body = html[html.index("</style>") + len("</style>") :]
    return ET.fromstring(body)


def cells(tree):
    return [["".join(cell.itertext()) for cell in row] for row in tree.iter("tr")]


def test_outcomes_rules_and_what_was_refused():
    rows = 1500
    amounts = ["50"] * (rows - 300) + ["150"] * 200 + ["n/a"] * 98 + ["<b>ten</b>", "1`2"]
    frame = pl.DataFrame(
        {"order.amount": amounts, "order.urgent": [i < 3 for i in range(rows)], "order.pieces": 2}
    )
    tree = shown(frame)
    assert cells(tree) == [
        ["deny", "200", "13.3%"],
        ["incomplete", "100", "6.7%"],
        ["flag", "3", "0.2%"],
        ["allow", "1,197", "79.8%"],
        ["rule", "", "", "leads to", "fired", "open", "unknown"],
        ["C", "A value", "Rules & <customs> Art. 1", "", "1,500", "", ""],
        ["D", "Above <100> & more", "Rules & <customs> Art. 1", "deny", "200", "", "100"],
        ["F", "Urgent", "Rules & <customs> Art. 1", "flag", "3", "", ""],
        ["refused", "rows", "first row"],
        ["order.amount: expected a number such as 1234.50 but got n/a", "98", "1400"],
        ["order.amount: expected a number such as 1234.50 but got <b>ten</b>", "1", "1498"],
        ["order.amount: expected a number such as `1234.50` but got `1`2`", "1", "1499"],
    ]
    widths = [span.get("style") for span in tree.iter("span")]
    assert [width.split(";")[0] for width in widths if width] == [
        "flex:200",
        "flex:100",
        "flex:3",
        "flex:1197",
    ]


def test_what_is_wrong_at_many_places_of_lists_is_said_once():
    engine = engine_of(
        policy_text("""
        subject: order.memo
        rules: [{id: T, when: sum(x.price for x in order.lines) > 1, flag: true}]
    """)
    )
    cells_ = ['[{"price": "x"}, {"price": "x"}]', '[{"price": "1"}, {"price": "x"}]']
    html = engine.evaluate_frame("point", pl.DataFrame({"order.lines": cells_}), as_of=AS_OF)._repr_html_()
    assert html.count("order.lines[…].price") == 1
    assert '<td class="n">2</td><td class="n">0</td>' in html


@pytest.mark.parametrize(("count", "more"), [(20, False), (21, True), (1021, True)])
def test_of_many_kinds_of_problems_the_first_are_shown(count, more):
    tree = shown(pl.DataFrame({"order.amount": [f"x{i}" for i in range(count)]}))
    assert sum("expected" in row[0] for row in cells(tree)) == 20
    words = "".join(tree.itertext())
    assert (f"and {count - 20:,} more kinds" in words) is more


def test_what_is_said_of_the_columns():
    words = "".join(shown(pl.DataFrame({"order.amount": ["1"], "remark<": ["x"]})).itertext())
    assert "no column for order.urgent, order.pieces" in words
    assert "not read: remark<" in words


def test_a_table_without_rows_shows_that():
    tree = shown(pl.DataFrame({"order.amount": pl.Series([], dtype=pl.String)}))
    assert "0 rows" in "".join(tree.itertext())
    assert cells(tree) == []
