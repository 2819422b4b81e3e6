"""The slips that authors of policies make, and what they are told: the same from either parser."""

import pytest

from salesctrl.diagnostics import Diagnostics
from salesctrl.policy import reader
from salesctrl.policy.reader import read_text

# What is written; where the error points; what is said; and a part of the help.
SLIPS = {
    "tab": ("a:\n\tb: 1\n", (2, 1), "a tab indents this line", "indent with spaces"),
    "tab in a list": ("a:\n  - b\n\t- c\n", (3, 1), "a tab indents this line", "indent with spaces"),
    "at sign": ("a: @x\n", (1, 4), "a text cannot start with `@`", '"@..."'),
    "percent": ("a: %x\n", (1, 4), "a text cannot start with `%`", '"%..."'),
    "comparison": ("- > 5\n", (1, 3), "expected a line break after `>` or `|`", '"> 5"'),
    "half open range": (
        "- [0..5)\n- 1\n",
        (1, 3),
        "expected `,` or `]` in this list",
        '"[0..5)"',
    ),
    "open mapping": ("a: {b: 1\nc: 2\n", (1, 4), "expected `,` or `}` in this mapping", "close the mapping"),
    "placeholder first": (
        "because: {days} days late\nx: 1\n",
        (1, 17),
        "the text goes on after its closing bracket",
        '"{days} late"',
    ),
    "quote first": (
        'when: "D" == grade\nx: 1\n',
        (1, 11),
        "the text goes on after its closing quote",
        "other kind",
    ),
    "apostrophe": ("a: 'it's'\n", (1, 8), "the text goes on after its closing quote", "other kind"),
    "open quote": ('a: "foo\nb: 1\n', (1, 4), "the quote is never closed", "close it"),
    "unknown escape": ('a: "\\q"\n', (1, 6), "unknown escape after `\\`", "single quotes"),
    "colon in text": ("a: b: c\n", (1, 5), "`:` is not expected here", "in quotes"),
    "indented too far": ("a: 1\n  b: 2\n", (2, 4), "`:` is not expected here", "indentation"),
    "list on the line": ("a: - b\n", (1, 4), "a list item is not expected here", "line of its own"),
    "key after list": ("- a\nb: 1\n", (2, 1), "expected a list item, as in `- value`", "same column"),
    "no colon": ("a: 1\nb\nc: 2\n", (3, 1), "expected `:` after the key", "key: value"),
    "star": ("a: *\n", (1, 4), "expected a name after `*`", '"*..."'),
    "ampersand": ("a: &\n", (1, 4), "expected a name after `&`", '"&..."'),
    "bracket": ("a: ]\n", (1, 4), "expected a value", '"]..."'),
    "open bracket": ("a: [\n", (1, 5), "expected a value but the document ends", "close what is still open"),
    "open brace": (
        "a: {b: [\n---\n",
        (2, 1),
        "expected a value but the document ends",
        "close what is still open",
    ),
    "tag": ("a: !<x y\n", (1, 7), "tags are not allowed", '"!..."'),
}

NEAR = 1  # the parsers point to an escape one character apart


@pytest.mark.parametrize("slip", SLIPS)
@pytest.mark.parametrize("parser", [reader._new_parser, reader._PureParser], ids=["libyaml", "pure"])
def test_slip(slip, parser, monkeypatch):
    text, (line, column), message, help_ = SLIPS[slip]
    monkeypatch.setattr(reader, "_new_parser", parser)
    found = Diagnostics()
    read_text(text, "a.yaml", found)
    [diagnostic] = found
    assert diagnostic.code == ("E103" if slip == "tag" else "E101")
    assert diagnostic.message == message
    assert help_ in (diagnostic.help or "")
    assert diagnostic.span is not None
    assert diagnostic.span.line == line
    assert abs(diagnostic.span.column - column) <= NEAR


def test_where_reading_stopped_is_shown_when_that_is_elsewhere():
    found = Diagnostics()
    read_text("a: [1, 2\nb: 1\n", "a.yaml", found)
    [diagnostic] = found
    [(text, span)] = diagnostic.notes
    assert text == "read as far as here"
    assert str(span) == "a.yaml:2:2"


def test_an_error_of_another_kind_is_passed_on():
    found = Diagnostics()
    read_text("%FOO\n--- a\n", "a.yaml", found)
    assert [diagnostic.message for diagnostic in found] in ([], ["found unknown directive name"])
