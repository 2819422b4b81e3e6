"""Diagnostics: their order, how they are collected, and how they are shown."""

import json
import random
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesctrl.diagnostics import Diagnostic, Diagnostics, Severity, Span, quoted, render, suggest
from salesctrl.errors import PolicyError


def at(
    line: int,
    column: int,
    end_column: int | None = None,
    *,
    file: str = "a.yaml",
    end_line: int | None = None,
):
    return Span(file, line, column, end_line or line, end_column or column + 1)


def error(code: str, span: Span | None, message: str = "wrong", **more) -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, message, span, **more)


def shown(source: str, span: Span) -> tuple[str, str]:
    """The source line and the line of marks as rendered, without the gutter."""
    line, marks = render(error("E1", span), source).splitlines()[-2:]
    gutter = line.index("|") + 2
    return line[gutter:], marks[gutter:]


def columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


class TestOrder:
    def test_by_file_line_column_and_code(self):
        ordered = [
            error("E9", None),
            error("E2", at(1, 1)),
            error("E3", at(1, 1)),
            error("E1", at(1, 2)),
            error("E1", at(10, 1)),
            error("E1", at(1, 1, file="b.yaml")),
        ]
        mixed = ordered.copy()
        random.Random(7).shuffle(mixed)
        assert mixed != ordered
        assert sorted(mixed) == ordered

    def test_collected_are_sorted_and_reported_once(self):
        found = Diagnostics()
        found.warning("W2", "later", at(2, 1))
        found.error("E1", "first", at(1, 1), "help", [("note", at(3, 1))])
        found.error("E1", "first", at(1, 1), "help", [("note", at(3, 1))])
        assert [diagnostic.code for diagnostic in found.sorted()] == ["E1", "W2"]
        assert len(found) == 2

    def test_warnings_do_not_stop(self):
        found = Diagnostics()
        found.warning("W1", "careless", at(1, 1))
        found.info("I1", "by the way", None)
        assert not found.has_errors
        found.raise_if_errors()

    def test_errors_stop(self):
        found = Diagnostics()
        found.warning("W1", "careless", at(1, 1))
        found.error("E1", "wrong", at(1, 1))
        assert found.has_errors
        with pytest.raises(PolicyError) as caught:
            found.raise_if_errors()
        assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["E1", "W1"]

    def test_extending_brings_the_sources(self):
        one, other = Diagnostics(), Diagnostics()
        other.sources["a.yaml"] = "text"
        other.error("E1", "wrong", at(1, 1))
        one.extend(other)
        one.extend([error("E2", None)])
        assert [diagnostic.code for diagnostic in one] == ["E2", "E1"]
        assert "1 | text" in one.render()


class TestRendering:
    def test_whole(self):
        diagnostic = error(
            "E102",
            at(12, 3, 8),
            "the key `grace` is written twice",
            help="delete one of the two\nor rename it",
            notes=(("first written here", at(2, 3, 8)), ("keys are texts", None)),
        )
        source = "a:\n  grace: 1\n" + "\n" * 9 + "  grace: 2\n"
        assert render(diagnostic, source) == (
            "error[E102]: the key `grace` is written twice\n"
            "  --> a.yaml:12:3\n"
            "   |\n"
            "12 |   grace: 2\n"
            "   |   ^^^^^\n"
            "   = note: keys are texts\n"
            "   = help: delete one of the two\n"
            "           or rename it\n"
            "note: first written here\n"
            "  --> a.yaml:2:3\n"
            "   |\n"
            " 2 |   grace: 1\n"
            "   |   -----"
        )

    def test_without_source_or_span(self):
        assert render(error("E1", at(3, 4))) == "error[E1]: wrong\n --> a.yaml:3:4"
        assert render(error("E1", None), "text") == "error[E1]: wrong"
        assert str(error("E1", None)) == "error[E1]: wrong"

    def test_sources_by_file(self):
        diagnostic = error(
            "E1", at(1, 1), notes=(("see", at(1, 1, file="b.yaml")), ("and", at(1, 1, file="c.yaml")))
        )
        text = render(diagnostic, {"a.yaml": "one", "b.yaml": "two"})
        assert "1 | one" in text
        assert "1 | two" in text
        assert text.endswith("note: and\n --> c.yaml:1:1")

    def test_one_source_is_not_taken_for_another_file(self):
        diagnostic = error("E1", at(1, 1), notes=(("see", at(1, 1, file="b.yaml")),))
        assert render(diagnostic, "one").endswith("--> b.yaml:1:1")

    @pytest.mark.parametrize(
        ("source", "span", "line", "marks"),
        [
            ("金额 > 额度", at(1, 6, 8), "金额 > 额度", "       ^^^^"),
            ("\tgrace: 1", at(1, 2, 7), "    grace: 1", "    ^^^^^"),
            ("é e\u0301x y", at(1, 6, 7), "é e\u0301x y", "    ^"),
            ("a\u202eb c", at(1, 4, 5), "a<U+202E>b c", "          ^"),
            ("a\x00b", at(1, 2, 3), "a<U+0000>b", " ^^^^^^^^"),
            ("abc", at(1, 4, 4), "abc", "   ^"),
            ("abc", at(1, 9, 12), "abc", "   ^"),
            ("a: [1,  \n 2]", at(1, 4, 4, end_line=2), "a: [1,", "   ^^^"),
            ("\ufeffabc", at(1, 1, 2), "abc", "^"),
        ],
        ids=["wide", "tab", "combining", "bidi", "control", "empty", "beyond", "lines", "bom"],
    )
    def test_marks_stand_under_the_span(self, source, span, line, marks):
        assert shown(source, span) == (line, marks)

    @pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
    def test_line_breaks(self, line_break):
        source = line_break.join(["one", "two", "three"])
        assert shown(source, at(2, 1, 4)) == ("two", "^^^")
        assert shown(source, at(3, 1, 6)) == ("three", "^^^^^")

    def test_a_line_that_is_not_there_is_not_shown(self):
        assert render(error("E1", at(5, 1)), "one\ntwo\n").endswith("--> a.yaml:5:1")

    @pytest.mark.parametrize("column", [1, 30, 500, 999])
    def test_long_lines_are_cut_around_the_span(self, column):
        source = "".join(chr(ord("a") + number % 26) for number in range(1000))
        line, marks = shown(source, at(1, column, column + 2))
        assert len(line) < 160
        start = marks.index("^")
        assert line[start : start + len(marks.strip())] == source[column - 1 : column + 1]

    def test_what_a_message_quotes_cannot_mislead(self):
        assert render(error("E1", None, "bad `a\u202eb`")) == "error[E1]: bad `a<U+202E>b`"

    @settings(max_examples=100, deadline=None)
    @given(
        before=st.text("ab 金额，", max_size=20),
        marked=st.text("xyz规则（", min_size=1, max_size=10),
        after=st.text("cd 订单", max_size=20),
    )
    def test_marks_measure_as_wide_as_what_they_mark(self, before, marked, after):
        source = before + marked + after
        line, marks = shown(source, at(1, len(before) + 1, len(before) + len(marked) + 1))
        assert line == source.rstrip()
        assert columns(before) == len(marks) - len(marks.lstrip())
        assert columns(marked) == marks.count("^")

    @settings(max_examples=100, deadline=None)
    @given(st.text(max_size=60), *[st.integers(0, 70)] * 4)
    def test_never_fails(self, source, line, column, end_line, end_column):
        text = render(error("E1", Span("a.yaml", line, column, end_line, end_column), source), source)
        assert text.startswith("error[E1]: ")

    def test_as_data(self):
        diagnostic = error("E1", at(1, 2, 3), help="do", notes=(("see", at(2, 1)), ("so", None)))
        assert json.loads(json.dumps(diagnostic.to_dict())) == {
            "code": "E1",
            "severity": "error",
            "message": "wrong",
            "span": {"file": "a.yaml", "line": 1, "column": 2, "end_line": 1, "end_column": 3},
            "help": "do",
            "notes": [
                {
                    "message": "see",
                    "span": {"file": "a.yaml", "line": 2, "column": 1, "end_line": 2, "end_column": 2},
                },
                {"message": "so", "span": None},
            ],
        }
        assert error("E1", None).to_dict()["span"] is None


def test_quoted():
    assert quoted("订单") == "`订单`"
    assert quoted("a\r\n\tb") == r"`a\r\n\tb`"
    assert quoted("x" * 61) == "`" + "x" * 60 + "...`"


FIELDS = [
    "customer.grade",
    "customer.credit_limit",
    "order.amount",
    "order.discount_rate",
    "金额",
    "订单.客户等级",
]


class TestSuggestions:
    @pytest.mark.parametrize(
        ("name", "meant"),
        [
            ("customer.grad", "customer.grade"),
            ("custmer.grade", "customer.grade"),
            ("Customer.Grade", "customer.grade"),
            ("customer.credit-limit", "customer.credit_limit"),
            ("customer.creditlimit", "customer.credit_limit"),
            ("ｏｒｄｅｒ.amount", "order.amount"),
            ("amount", "order.amount"),
            ("sales.order.amount", "order.amount"),
            ("customergrade", "customer.grade"),
            ("全额", "金额"),
            ("订单.客户等極", "订单.客户等级"),
        ],
    )
    def test_what_was_meant(self, name, meant):
        assert suggest(name, FIELDS) == meant

    @pytest.mark.parametrize("name", ["customer.colour", "receivable.overdue", "", "x", "利率", "o" * 10_000])
    def test_nothing_is_better_than_nonsense(self, name):
        assert suggest(name, FIELDS) is None

    def test_two_letters_in_common_say_nothing(self):
        assert suggest("id", ["is"]) is None
        assert suggest("ID", ["id"]) == "id"

    def test_the_order_of_candidates_does_not_matter(self):
        assert suggest("role_c", ["role_b", "role_a"]) == suggest("role_c", ["role_a", "role_b"]) == "role_a"

    @settings(max_examples=100, deadline=None)
    @given(st.text(max_size=30), st.lists(st.text(max_size=30), max_size=5))
    def test_gives_a_candidate_or_nothing(self, name, candidates):
        assert suggest(name, candidates) in {None, *candidates}
        if name in candidates:
            assert suggest(name, candidates) is not None
