"""A decision in words, for a person who signs for it: as text in columns, or as a tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from salesctrl.decision.account import Account, Section, Verbosity, account
from salesctrl.decision.layout import pad, plain, width, wrap
from salesctrl.decision.lines import Line
from salesctrl.decision.values import Language

if TYPE_CHECKING:
    from salesctrl.decision.model import Decision

__all__ = ["COLUMNS", "Verbosity", "explain", "tree"]

COLUMNS = 100
_LABEL = 18
"""The column of labels is as wide as the widest of a section, and at most so wide."""
_GAP = 2
_STEP = 2


def explain(decision: Decision, lang: Language = "en", verbosity: Verbosity = "normal") -> str:
    """A decision in words: what was decided, by which rules, with which numbers, and what would change it.

    Args:
        decision: The decision.
        lang: ``en`` or ``zh``.
        verbosity: ``brief``: the outcome, what fired, what is missing. ``normal``: the working too, and in a
            line each what did not fire. ``full``: every rule with its condition, every item of a list.

    >>> from salesctrl import load
    >>> decision = load().evaluate("order.release", {}, as_of="1999-12-31")
    >>> print(explain(decision, "en", "brief").splitlines()[0])
    INCOMPLETE   order.release   as of 1999-12-31
    """
    said = account(decision, lang, verbosity)
    lines = [_head(said)]
    for section in said.sections:
        lines.append("")
        if section.key != "fired":
            lines += wrap(section.title, COLUMNS, COLUMNS)
        lines += _section(section)
    lines.append("")
    for text in said.foot:
        lines += wrap(text, COLUMNS, COLUMNS - _STEP)
    return "\n".join(lines)


def tree(decision: Decision, lang: Language = "en", verbosity: Verbosity = "normal") -> str:
    """The same as a tree: every line under the one that it belongs to."""
    said = account(decision, lang, verbosity)
    top = [Line(section.title, lines=section.lines) for section in said.sections]
    lines = [_head(said), *_branches([*top, *(Line(text) for text in said.foot)], "")]
    return "\n".join(lines)


def _head(said: Account) -> str:
    outcome = said.outcome_word.upper() if said.lang == "en" else said.outcome_word
    return "   ".join([outcome, *said.head])


# -- columns ---------------------------------------------------------------------------------------


def _section(section: Section) -> Iterator[str]:
    labels = [width(line.label) for line in section.lines if width(line.label) <= _LABEL]
    column = max(labels, default=0)
    for number, line in enumerate(section.lines):
        if number and line.lines and line.kind == "rule" and section.key in ("fired", "excepted", "unknown"):
            yield ""
        yield from _line(line, _STEP, column)


def _line(line: Line, indent: int, column: int = 0) -> Iterator[str]:
    """A line and those below it, from a column on; ``column`` is the width of the labels."""
    start = indent + (column + _GAP if column else 0)
    prefix = " " * indent
    if line.label:
        prefix = pad(prefix + line.label, start)
        if column and width(line.label) > column:
            yield prefix
            prefix = " " * start
        elif not column:
            prefix += " " * _GAP
    elif column:
        prefix = " " * start
    room = COLUMNS - start
    first = COLUMNS - width(prefix) - (width(line.aside) + _GAP if line.aside else 0)
    texts = wrap(line.text, max(first, 20), room)
    note = plain(line.note)
    beside = bool(note) and len(texts) == 1 and width(texts[0]) + 3 + width(note) <= first
    if beside:
        texts[0] += "   " + note
    yield _with_aside(prefix + texts[0], line.aside)
    for text in texts[1:]:
        yield " " * start + text
    if note and not beside:
        yield from (" " * start + text for text in wrap(note, room, room))
    for below in line.lines:
        yield from _line(below, start + (0 if column else _STEP))


def _with_aside(text: str, aside: str) -> str:
    if not aside:
        return text.rstrip()
    return pad(text, COLUMNS - width(aside)) + aside


# -- branches --------------------------------------------------------------------------------------


def _branches(lines: Sequence[Line], guide: str) -> Iterator[str]:
    for number, line in enumerate(lines):
        last = number == len(lines) - 1
        parts = [line.label, line.text, line.note and f"[{line.note}]", line.aside and f"— {line.aside}"]
        text = "  ".join(part for part in parts if part)
        room = max(COLUMNS - width(guide) - 3, 30)
        inner = guide + ("   " if last else "│  ")
        first, *rest = wrap(text, room, room)
        yield guide + ("└─ " if last else "├─ ") + first
        more = "│  " if line.lines else "   "
        yield from (inner + more + part for part in rest)
        yield from _branches(line.lines, inner)
