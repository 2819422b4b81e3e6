"""Places: the span of every value and key, and of stretches of a text in every style of scalar."""

import textwrap
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from salesctrl.diagnostics import Diagnostics, Span
from salesctrl.policy.reader import SourceDocument, read_text

PAGE = """\
policy: p # what it is
title: {en: Words, zh: 文字}
let:
  # a comment
  late: &days days_between(a, b)
  again: *days

  empty:
rules:
- id: R-1
  when: >-
    a > b
    and c

  # after it
- &second
  id: 'R-2'
  tags: [x, y: z ]
note: last
"""


def read(text: str) -> SourceDocument:
    found = Diagnostics()
    [document] = read_text(text, "a.yaml", found)
    assert not found.has_errors, found.render()
    return document


def content(document: SourceDocument) -> Any:
    return document.data


def cut(document: SourceDocument, span: Span) -> str:
    """The text that a span names, found without offsets: by lines and columns alone."""
    lines = document.text.splitlines(keepends=True)[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return "".join(lines)


class TestSpans:
    @pytest.mark.parametrize(
        ("path", "text"),
        [
            (("policy",), "p"),
            (("title",), "{en: Words, zh: 文字}"),
            (("title", "zh"), "文字"),
            (("let", "late"), "days_between(a, b)"),
            (("let", "again"), "days_between(a, b)"),
            (("let", "empty"), ""),
            (("rules", 0), "id: R-1\n  when: >-\n    a > b\n    and c"),
            (("rules", 0, "when"), ">-\n    a > b\n    and c"),
            (("rules", 1, "id"), "'R-2'"),
            (("rules", 1, "tags"), "[x, y: z ]"),
            (("rules", 1, "tags", 1), "y: z"),
            (("rules", 1), "id: 'R-2'\n  tags: [x, y: z ]"),
            (("note",), "last"),
        ],
    )
    def test_of_values(self, path, text):
        document = read(PAGE)
        assert cut(document, document.span(path)) == text

    def test_of_an_anchor_with_nothing(self):
        document = read("a: &x\nb: &y  # why\nc: 1\n")
        assert document.span(("a",)) == Span("a.yaml", 1, 6, 1, 6)
        assert document.span(("b",)) == Span("a.yaml", 2, 6, 2, 6)

    def test_of_the_whole_document(self):
        document = read(PAGE)
        assert cut(document, document.span(())) == PAGE.rstrip()

    @pytest.mark.parametrize(
        ("path", "text"),
        [
            (("policy",), "policy"),
            (("title", "zh"), "zh"),
            (("rules", 1, "tags", 1, "y"), "y"),
            (("rules", 1, "tags", 0), "x"),
        ],
    )
    def test_of_keys(self, path, text):
        document = read(PAGE)
        assert cut(document, document.span(path, key=True)) == text

    @pytest.mark.parametrize(
        ("path", "nearest"),
        [
            (("title", "fr"), ("title",)),
            (("title", "fr", 0, "x"), ("title",)),
            (("rules", 9), ("rules",)),
            (("rules", -1), ("rules",)),
            (("rules", "id"), ("rules",)),
            (("rules", 0, "id", "x"), ("rules", 0, "id")),
            (("title", 0), ("title",)),
            (("absent",), ()),
        ],
    )
    @pytest.mark.parametrize("key", [False, True])
    def test_of_what_is_not_there(self, path, nearest, key):
        document = read(PAGE)
        assert document.span(path, key=key) == document.span(nearest)

    @pytest.mark.parametrize(
        ("path", "marked"),
        [
            (("rules", 0, "id"), "R-1"),
            (("rules", 0, "notify", 0), "cfo"),
            (("rules", 0, "notify", 1), "cfo"),
            (("rules", 1, "id"), "{id: R-1, notify: cfo, when: a < b}"),
        ],
    )
    def test_of_an_item_that_stands_without_a_list(self, path, marked):
        text = "rules: {id: R-1, notify: cfo, when: a < b}\n"
        document = read(text)
        span = document.span(path)
        assert text[span.column - 1 : span.end_column - 1] == marked
        span = document.expression_span(("rules", 0, "when"), 4, 5)
        assert text[span.column - 1 : span.end_column - 1] == "b"

    @pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
    def test_whatever_ends_a_line(self, line_break):
        document = read(PAGE.replace("\n", line_break))
        assert document.span(("note",)) == Span("a.yaml", 19, 7, 19, 11)
        assert document.span(("title", "zh"), key=True) == Span("a.yaml", 2, 20, 2, 22)

    def test_spans_do_not_depend_on_the_data(self):
        document = read(PAGE)
        before = document.span(("let", "again"))
        assert isinstance(document.data, dict)
        document.data["let"].clear()
        assert document.span(("let", "again")) == before


STYLES = {
    "plain": "when: amount > limit and  订单.金额 > 0 # why\n",
    "plain on lines": "when:\n  amount\n   > limit\n\n  and 订单.金额 > 0\n",
    "anchored": "when: &x # why\n  amount > limit and 订单.金额 > 0\n",
    "single": "when: 'amount > limit and 订单.金额 > 0'\n",
    "single on lines": "when: 'amount >\n\n   limit and\n  订单.金额 > 0'\n",
    "double": 'when: "amount > limit and 订单.金额 > 0"\n',
    "double with escapes": 'when: "amou\\x6et\\t>\\x20\\u0020limit\\n\\\n   \\ and \\u8ba2单.金额 > 0"\n',
    "literal": "when: |\n  amount > limit\n    and 订单.金额 > 0\n",
    "literal with a header": "when: |2- # why\n   amount > limit and\n\n  订单.金额 > 0\n\nlast: 1\n",
    "folded": "when: >-\n  amount > limit\n\n    and\n  订单.金额 > 0\n# after\n",
    "in a list": "[{x: 1}, amount > limit and 订单.金额 > 0]\n",
    "after windows lines": "a: b\r\nwhen: |\r\n  amount >\r\n  limit and\r\n  订单.金额 > 0\r\n",
}


class TestExpressionSpans:
    @pytest.mark.parametrize("style", STYLES)
    def test_words_are_found_in_every_style(self, style):
        document = read(STYLES[style])
        path: tuple = (1,) if style == "in a list" else ("when",)
        value = content(document)[path[0]]
        for word in ("amount", ">", "limit", "and", "订单.金额", "0"):
            start = value.index(word)
            written = cut(document, document.expression_span(path, start, start + len(word)))
            assert yaml.safe_load(f'"{written}"') == word

    def test_quotes_inside_quotes(self):
        document = read('- \'it\'\'s "x"\'\n- "say \\"x\\" \\\\ y"\n')
        assert cut(document, document.expression_span((0,), 2, 3)) == "''"
        assert cut(document, document.expression_span((0,), 5, 8)) == '"x"'
        assert cut(document, document.expression_span((1,), 4, 7)) == '\\"x\\"'
        assert cut(document, document.expression_span((1,), 10, 11)) == "y"

    def test_stretches_over_lines(self):
        document = read("when: >\n  amount >\n  limit\n")
        assert cut(document, document.expression_span(("when",), 7, 14)) == ">\n  limit"

    @pytest.mark.parametrize(
        ("start", "end", "expected"),
        [
            (0, 0, (2, 3, 2, 3)),
            (7, 7, (2, 10, 2, 10)),
            (8, 8, (2, 11, 2, 11)),
            (9, 9, (3, 3, 3, 3)),
            (14, 14, (3, 8, 3, 8)),
            (99, 200, (3, 8, 3, 8)),
            (5, 2, (2, 8, 2, 8)),
            (-5, 3, (2, 3, 2, 6)),
            (8, 14, (3, 3, 3, 8)),
        ],
    )
    def test_points_and_ends(self, start, end, expected):
        document = read("when: >\n  amount >\n  limit\n")
        assert document.expression_span(("when",), start, end) == Span("a.yaml", *expected)

    def test_a_point_before_the_first_character(self):
        document = read("when: '  x y'\n")
        assert document.expression_span(("when",), 0, 0) == Span("a.yaml", 1, 10, 1, 10)

    @pytest.mark.parametrize(
        "path", [("map",), ("flag",), ("blank",), ("absent", 0), ("when", "x"), ("empty",)]
    )
    def test_without_a_text_it_is_the_span(self, path):
        document = read("map: {a: 1}\nflag: true\nblank: '  '\nwhen: x\nempty: \n")
        assert document.expression_span(path, 0, 1) == document.span(path)

    @settings(max_examples=200, deadline=None)
    @given(
        st.lists(st.text("ab'\"\\#:，金é👍\u00a0\u3000", min_size=1, max_size=8), min_size=1, max_size=12),
        st.sampled_from([" ", "  ", "\n", "\n\n", "\t"]),
        st.sampled_from([None, "'", '"', "|", ">"]),
        st.integers(0, 3),
        st.booleans(),
    )
    def test_every_character_is_found(self, words, space, style, indent, ascii_only):
        value = space.join(words)
        dumped = yaml.dump({"k": [value]}, default_style=style, allow_unicode=not ascii_only, width=20)
        document = read(
            "first: 1\nouter:\n" + textwrap.indent(dumped, " " * (indent + 1), lambda line: line != "\n")
        )
        path = ("outer", "k", 0)
        [read_value] = content(document)["outer"]["k"]
        assert read_value == value
        reached = (0, 0)
        for index, character in enumerate(value):
            if character not in " \t\r\n":
                span = document.expression_span(path, index, index + 1)
                written = cut(document, span)
                if written != character:
                    written = yaml.safe_load(
                        f"{written[0]}{written}{written[0]}" if written == "''" else f'"{written}"'
                    )
                assert written == character
                assert reached <= (span.line, span.column)  # so that it is this one and no other like it
                reached = (span.end_line, span.end_column)
