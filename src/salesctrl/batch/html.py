"""The decisions on a table as HTML: what notebooks show of it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from salesctrl.decision.words import OUTCOMES

if TYPE_CHECKING:
    from salesctrl.batch.result import BatchResult

_SHOWN = 20
_COLOURS = {
    "allow": "#2e7d32", "flag": "#8a6d00", "review": "#b25000", "incomplete": "#6a1b9a", "deny": "#b71c1c",
}  # fmt: skip
_STYLE = (
    "<style>.salesctrl-batch{font:13px/1.45 system-ui,sans-serif;color:inherit}"
    ".salesctrl-batch table{border-collapse:collapse;margin:.4em 0}"
    ".salesctrl-batch th,.salesctrl-batch td{padding:.15em .9em .15em 0;text-align:left;vertical-align:top;"
    "border-bottom:1px solid rgba(128,128,128,.25);background:none}"
    ".salesctrl-batch td.n,.salesctrl-batch th.n{text-align:right;font-variant-numeric:tabular-nums}"
    ".salesctrl-batch .bar{display:flex;height:.7em;width:30em;max-width:100%;border-radius:.2em;overflow:hidden}"
    ".salesctrl-batch .muted{opacity:.65}</style>"
)


def to_html(result: BatchResult) -> str:
    """The outcomes with a bar, the rules that fired most, and the first wrong facts.

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
    return "".join([*parts, _problems(result), "</div>"])


def _outcomes(result: BatchResult) -> str:
    total = max(result.rows, 1)
    there = [(o.value, count) for o, count in result.outcomes.items() if count]
    bar = "".join(
        f'<span style="flex:{count};background:{_COLOURS[name]}" title="{name}"></span>'
        for name, count in there
    )
    rows = "".join(
        f'<tr><td style="color:{_COLOURS[name]}">{escape(OUTCOMES[name][0])}</td>'
        f'<td class="n">{count:,}</td><td class="n">{100 * count / total:.1f}%</td></tr>'
        for name, count in there
    )
    return f'<div class="bar">{bar}</div><table>{rows}</table>' if there else ""


def _rules(result: BatchResult) -> str:
    counts = sorted(result.rule_counts().items(), key=lambda item: (-item[1]["fired"], item[0]))
    fired = [(rule, count) for rule, count in counts if count["fired"] or count["unknown"]]
    if not fired:
        return ""
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(result.rule_title(name))}</td>"
        f'<td class="n">{count["fired"]:,}</td><td class="n">{count["pending"]:,}</td>'
        f'<td class="n">{count["unknown"]:,}</td></tr>'
        for name, count in fired[:_SHOWN]
    )
    more = f'<div class="muted">and {len(fired) - _SHOWN} more rules</div>' if len(fired) > _SHOWN else ""
    head = '<tr><th>rule</th><th></th><th class="n">fired</th><th class="n">open</th><th class="n">unknown</th></tr>'
    return f"<table>{head}{rows}</table>{more}"


def _problems(result: BatchResult) -> str:
    found = result.row_problems
    if not found:
        return ""
    shown = "".join(
        f'<tr><td class="n">{one.row}</td><td>{escape(result.described(one))}</td></tr>'
        for one in found[:_SHOWN]
    )
    more = f'<div class="muted">and {len(found) - _SHOWN:,} more</div>' if len(found) > _SHOWN else ""
    return f"<div>Facts that were refused:</div><table><tr><th>row</th><th></th></tr>{shown}</table>{more}"
