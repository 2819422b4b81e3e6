"""Text that shows as it is written."""

import pytest

from salesctrl.handbook.markdown import escaped, table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a_b", "a_b"),
        ("2 * 3", r"2 \* 3"),
        ("[x](y)", r"\[x\](y)"),
        ("<b>", "&lt;b>"),
        ("a\n  b", "a b"),
        ("`x`", r"\`x\`"),
    ],
)
def test_marks_are_escaped(text, shown):
    assert escaped(text) == shown


def test_a_cell_is_one_line_without_bars():
    assert table(["a"], [["x | y\nz"]])[2] == r"| x \| y z |"


def test_a_table_without_rows_is_nothing():
    assert table(["a"], []) == []
