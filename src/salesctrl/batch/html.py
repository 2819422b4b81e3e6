"""The decisions on a table as HTML: what notebooks show of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from salesctrl.batch.summary import STATES, clause
from salesctrl.decision.words import OUTCOMES

if TYPE_CHECKING:
    from salesctrl.batch.result import BatchResult

_SHOWN = 20
_COLOURS = {
    "allow": "#43a047", "flag": "#c0a000", "review": "#ef7c00", "incomplete": "#9c5cc4", "deny": "#e04a44",
}  # fmt: skip
"""Seen on light and on dark ground; words are in the colour of the notebook."""
_PLACE = re.compile(r"\[[0-9]+\]")
_QUOTED = re.compile(r"`([^`]*)`")
_STYLE = (
    "<style>.salesctrl-batch{font:13px/1.45 system-ui,sans-serif;color:inherit}"
    ".salesctrl-batch table{border-collapse:collapse;margin:.6em 0;font:inherit;color:inherit}"
    ".salesctrl-batch th,.salesctrl-batch td{padding:.15em 1.2em .15em 0;text-align:left;vertical-align:top;"
    "border:0;border-bottom:1px solid rgba(128,128,128,.25);background:none}"
    ".salesctrl-batch td.n,.salesctrl-batch th.n{text-align:right;font-variant-numeric:tabular-nums}"
    ".salesctrl-batch td.id{white-space:nowrap}"
    ".salesctrl-batch code{font:12px/1.45 ui-monospace,monospace;background:none;color:inherit;padding:0}"
    ".salesctrl-batch i{display:inline-block;width:.7em;height:.7em;border-radius:.15em;margin-right:.5em}"
    ".salesctrl-batch .bar{display:flex;height:.7em;width:30em;max-width:100%;border-radius:.2em;"
    "overflow:hidden;margin:.4em 0}"
    ".salesctrl-batch .muted{opacity:.65}</style>"
)


def to_html(result: BatchResult) -> str:
    """The outcomes with a bar, the rules that fired most, what was refused, and what is said of the columns.

    >>> import polars as pl, salesctrl
    >>> orders = pl.DataFrame({"order.amount": ["80000.00"]})
    >>> result = salesctrl.load().evaluate_frame("order.release", orders, as_of="2026-03-01")
    >>> "CR-17-1" in to_html(result)
    True
    """
    head = f"<b>{escape(result.control_point)}</b> · {result.rows:,} rows"
    if result.row_by_row:
        head += f' <span class="muted">({result.row_by_row:,} decided row by row)</span>'
    parts = [_STYLE, '<div class="salesctrl-batch">', f"<div>{head}</div>", _outcomes(result), _rules(result)]
    notices = [f'<div class="muted">{_marked(notice)}</div>' for notice in result.notices]
    return "".join([*parts, _problems(result), *notices, "</div>"])


def _outcomes(result: BatchResult) -> str:
    total = max(result.rows, 1)
    there = [(o.value, count) for o, count in result.outcomes.items() if count]
    bar = "".join(
        f'<span style="flex:{count};background:{_COLOURS[name]}" title="{name}"></span>'
        for name, count in there
    )
    rows = "".join(
        f'<tr><td>{_outcome(name)}</td><td class="n">{count:,}</td>'
        f'<td class="n">{100 * count / total:.1f}%</td></tr>'
        for name, count in there
    )
    return f'<div class="bar">{bar}</div><table>{rows}</table>' if there else ""


def _outcome(name: str) -> str:
    return f'<i style="background:{_COLOURS[name]}"></i>{escape(OUTCOMES[name][0])}'


def _rules(result: BatchResult) -> str:
    """The rules that say something of a row, those that say most first."""
    counts = sorted(result.rule_counts().items(), key=lambda item: (-item[1]["fired"], item[0]))
    speaking = [(rule, count) for rule, count in counts if count["fired"] or count["unknown"]]
    if not speaking:
        return ""
    rows = "".join(_rule(result, name, count) for name, count in speaking[:_SHOWN])
    head = "<th>rule</th><th></th><th></th><th>leads to</th>"
    head += "".join(f'<th class="n">{word}</th>' for word in ("fired", "open", "unknown"))
    return f"<table><tr>{head}</tr>{rows}</table>{_more(len(speaking), 'rules')}"


def _rule(result: BatchResult, name: str, count: Mapping[str, int]) -> str:
    rule = result.rules[name]
    outcome = "" if rule.outcome is None else _outcome(rule.outcome.value)
    numbers = "".join(f'<td class="n">{_number(count[state])}</td>' for state in STATES)
    words = f'<td class="id"><code>{escape(name)}</code></td><td>{escape(rule.title.get("en"))}</td>'
    words += f'<td class="muted">{escape(clause(rule, "en") or "")}</td>'
    return f'<tr>{words}<td class="id">{outcome}</td>{numbers}</tr>'


def _problems(result: BatchResult) -> str:
    """What was refused; what is wrong in many rows once, with how many and the first."""
    rows: dict[str, list[int]] = {}
    for one in result.row_problems:
        rows.setdefault(_PLACE.sub("[…]", result.described(one)), []).append(one.row)
    if not rows:
        return ""
    found = sorted(rows.items(), key=lambda item: (-len(item[1]), item[1]))
    shown = "".join(
        f'<tr><td>{_marked(text)}</td><td class="n">{len(set(of)):,}</td><td class="n">{of[0]}</td></tr>'
        for text, of in found[:_SHOWN]
    )
    head = '<tr><th>refused</th><th class="n">rows</th><th class="n">first row</th></tr>'
    return f"<table>{head}{shown}</table>{_more(len(found), 'kinds')}"


def _number(count: int) -> str:
    """Nothing for none: what there is stands out."""
    return f"{count:,}" if count else ""


def _marked(text: str) -> str:
    """A text with what is quoted in it as code, unless a cell had such marks in it too."""
    if text.count("`") % 2:
        return escape(text)
    return _QUOTED.sub(r"<code>\1</code>", escape(text))


def _more(count: int, of: str) -> str:
    return f'<div class="muted">and {count - _SHOWN:,} more {of}</div>' if count > _SHOWN else ""
