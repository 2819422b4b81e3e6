"""Pieces of Markdown: text that stays what it is, tables, lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_MARKS = re.compile(r"([\\`*\[\]])")
_TAG = re.compile(r"<(?=\S)")
_LINES = re.compile(r"\s*\n\s*")


def escaped(text: str) -> str:
    r"""A text that shows as it is written.

    >>> escaped("a*b [c] <d> < e")
    'a\\*b \\[c\\] &lt;d> < e'
    """
    return _TAG.sub("&lt;", _MARKS.sub(r"\\\1", _LINES.sub(" ", text)))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    r"""The lines of a table; nothing where it has no rows.

    >>> table(["a", "b"], [["1", "x|y"]])
    ['| a | b |', '| --- | --- |', '| 1 | x\\|y |', '']
    """
    done = [_row(row) for row in rows]
    return [_row(heads), _row(["---"] * len(heads)), *done, ""] if done else []


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_LINES.sub(" ", cell).replace("|", r"\|") for cell in cells) + " |"


def shown_columns(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """Without the columns that have nothing in any row.

    >>> shown_columns(["a", "b"], [["1", ""], ["2", ""]])
    (['a'], [['1'], ['2']])
    """
    kept = [place for place in range(len(heads)) if any(row[place] for row in rows)]
    return [heads[place] for place in kept], [[row[place] for place in kept] for row in rows]
