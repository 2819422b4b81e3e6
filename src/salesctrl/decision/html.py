"""A decision as HTML, for a notebook: one block that needs nothing else, and follows light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from salesctrl.decision.account import Account, Section, Verbosity, account
from salesctrl.decision.layout import plain
from salesctrl.decision.lines import Line
from salesctrl.decision.values import Language

if TYPE_CHECKING:
    from salesctrl.decision.model import Decision

_OPEN = frozenset({"fired", "excepted", "unknown", "facts", "first", "remedies", "remedies_better"})
"""The sections that are not folded; the others are a click away."""

_NAME = re.compile("`([^`]+)`")
_STYLE = """
.sctrl{--ink:#1f2328;--dim:#59636e;--rule:#d1d9e0;--soft:#f6f8fa;--good:#1a7f37;--bad:#b42318;--warn:#8a5a00;
--flag:#0550ae;font:13px/1.5 system-ui,-apple-system,"Segoe UI","Noto Sans","PingFang SC","Microsoft YaHei",
"Noto Sans CJK SC",sans-serif;color:var(--ink);max-width:64em;border:1px solid var(--rule);border-radius:6px;
overflow:hidden;font-variant-numeric:tabular-nums}
.sctrl *{box-sizing:border-box}
.sctrl .head{display:flex;flex-wrap:wrap;gap:.3em 1em;align-items:baseline;padding:.6em .9em;
background:var(--soft);border-bottom:1px solid var(--rule)}
.sctrl .badge{font-weight:700;letter-spacing:.03em;padding:.05em .6em;border-radius:4px;color:#fff;
background:var(--dim)}
.sctrl .deny>.head .badge{background:var(--bad)}
.sctrl .review>.head .badge,.sctrl .incomplete>.head .badge{background:var(--warn)}
.sctrl .flag>.head .badge{background:var(--flag)}
.sctrl .allow>.head .badge{background:var(--good)}
.sctrl .head b{font-weight:600}
.sctrl .dim,.sctrl .note,.sctrl .foot{color:var(--dim)}
.sctrl details{margin:0}
.sctrl summary{cursor:pointer}
.sctrl .section{padding:.35em .9em}
.sctrl .section+.section,.sctrl .section+.foot{border-top:1px solid var(--rule)}
.sctrl .section>summary{font-weight:600}
.sctrl .rule{padding:.25em 0}
.sctrl summary.row::marker{color:var(--dim)}
.sctrl code{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--soft);
padding:0 .25em;border-radius:3px}
.sctrl .flex{display:inline-flex;width:calc(100% - 15px);gap:.8em;align-items:baseline;vertical-align:top}
.sctrl .row{display:flex;gap:.8em;align-items:baseline}
.sctrl summary.row{display:list-item}
.sctrl .text{flex:1 1 auto;min-width:0;overflow-wrap:anywhere}
.sctrl .label{flex:none;font-weight:600;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;
font-size:12px}
.sctrl .aside{flex:none;max-width:45%;text-align:right}
.sctrl .rule>summary .aside{font-weight:600}
.sctrl .below{margin-left:1.3em}
.sctrl .below .below{margin-left:1.1em;padding-left:.7em;border-left:2px solid var(--rule)}
.sctrl .source{color:var(--dim);margin-left:.6em}
.sctrl .because{font-style:italic}
.sctrl:lang(zh) .because{font-style:normal}
.sctrl .good>.row>.aside,.sctrl .good>summary .aside,.sctrl .given.good>.row>.text::before{color:var(--good)}
.sctrl .bad>.row>.aside,.sctrl .bad>summary .aside,.sctrl .missing>.row>.text,.sctrl .problem>.row>.text{
color:var(--bad)}
.sctrl .given>.row>.text::before{content:"✓ "}
.sctrl .given.bad>.row>.text::before{content:"✗ ";color:var(--bad)}
.sctrl .quiet .text{color:var(--dim)}
.sctrl .foot{padding:.5em .9em;font-size:12px;background:var(--soft)}
@media (prefers-color-scheme:dark){.sctrl{--ink:#e6edf3;--dim:#9198a1;--rule:#3d444d;--soft:#161b22;
--good:#3fb950;--bad:#ff7b72;--warn:#d29922;--flag:#58a6ff;background:#0d1117}.sctrl .badge{color:#0d1117}}
[data-jp-theme-light="true"] .sctrl,.vscode-light .sctrl{--ink:#1f2328;--dim:#59636e;--rule:#d1d9e0;
--soft:#f6f8fa;--good:#1a7f37;--bad:#b42318;--warn:#8a5a00;--flag:#0550ae;background:transparent}
[data-jp-theme-light="true"] .sctrl .badge,.vscode-light .sctrl .badge{color:#fff}
[data-jp-theme-light="false"] .sctrl,.vscode-dark .sctrl{--ink:#e6edf3;--dim:#9198a1;--rule:#3d444d;
--soft:#161b22;--good:#3fb950;--bad:#ff7b72;--warn:#d29922;--flag:#58a6ff;background:#0d1117}
[data-jp-theme-light="false"] .sctrl .badge,.vscode-dark .sctrl .badge{color:#0d1117}
"""


def to_html(decision: Decision, lang: Language = "en", verbosity: Verbosity = "normal") -> str:
    """A decision as one block of HTML: no script, nothing loaded, all text escaped.

    >>> from salesctrl import load
    >>> page = to_html(load().evaluate("order.release", {}, as_of="1999-12-31"))
    >>> "<script" in page, "INCOMPLETE" in page
    (False, True)
    """
    said = account(decision, lang, verbosity)
    style = "".join(_STYLE.splitlines())
    parts = "".join(_parts(said))
    locale = "zh-CN" if lang == "zh" else "en"
    inside = f'<style>{style}</style><div class="{said.outcome}">{parts}</div>'
    return f'<div class="sctrl" lang="{locale}">{inside}</div>'


def _parts(said: Account) -> Iterator[str]:
    outcome = said.outcome_word.upper() if said.lang == "en" else said.outcome_word
    point, *rest = said.head
    shown = "".join(f"<span>{_text(text)}</span>" for text in rest)
    yield f'<div class="head"><span class="badge">{_text(outcome)}</span><b>{_text(point)}</b>{shown}</div>'
    for section in said.sections:
        yield from _section(section)
    yield f'<div class="foot">{"<br>".join(_text(text) for text in said.foot)}</div>'


def _section(section: Section) -> Iterator[str]:
    if section.key == "fired":
        yield '<div class="section">'
        for line in section.lines:
            yield from _line(line)
        yield "</div>"
        return
    opened = " open" if section.key in _OPEN else ""
    count = "" if section.key in _OPEN else f' <span class="dim">{len(section.lines)}</span>'
    title = f"<summary>{_text(section.title)}{count}</summary>"
    yield f'<details class="section"{opened}>{title}<div class="below">'
    for line in section.lines:
        yield from _line(line)
    yield "</div></details>"


def _line(line: Line) -> Iterator[str]:
    """A line with those below it: a rule folds, all else does not."""
    classes = " ".join(part for part in (line.kind, line.tone) if part)
    folds = line.kind in ("rule", "quiet") and bool(line.lines)
    if folds:
        opened = " open" if line.kind == "rule" else ""
        yield f'<details class="{classes}"{opened}>'
        yield f'<summary class="row"><span class="flex">{_row(line)}</span></summary>'
    else:
        yield f'<div class="{classes}"><div class="row">{_row(line)}</div>'
    if line.lines:
        yield '<div class="below">'
        for below in line.lines:
            yield from _line(below)
        yield "</div>"
    yield "</details>" if folds else "</div>"


def _row(line: Line) -> str:
    label = f'<span class="label">{_text(line.label)}</span>' if line.label else ""
    note = f'<span class="source">{_text(line.note)}</span>' if line.note else ""
    aside = f'<span class="aside">{_text(line.aside)}</span>' if line.aside else ""
    return f'{label}<span class="text">{_text(line.text)}{note}</span>{aside}'


def _text(text: str) -> str:
    """A text as HTML; what stands in backticks is a name, and set as one."""
    return _NAME.sub(r"<code>\1</code>", escape(plain(text)))
