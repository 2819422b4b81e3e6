"""The result as HTML: what notebooks show of it, and a page of its own."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from salesctrl.batch.summary import Language
from salesctrl.decision.words import OUTCOMES
from salesctrl.monitor.segregation.design import BETWEEN
from salesctrl.monitor.segregation.matrix import KINDS
from salesctrl.monitor.segregation.picture import counted
from salesctrl.monitor.segregation.words import say

if TYPE_CHECKING:
    from salesctrl.monitor.segregation.result import SegregationResult

MOST = 1_000
"""So many findings are shown on a page; files hold all of them."""

_COLOURS = {"deny": "#b3261e", "incomplete": "#8e6bb5", "flag": "#b98a12"}
_STYLE = (
    "<style>.sctrl-sod{font:13px/1.5 system-ui,-apple-system,'Segoe UI','Noto Sans','PingFang SC',"
    "'Microsoft YaHei','Noto Sans CJK SC',sans-serif;color:inherit}"
    ".sctrl-sod table{border-collapse:collapse;margin:.8em 0;font:inherit;color:inherit}"
    ".sctrl-sod th,.sctrl-sod td{padding:.3em 1.2em .3em 0;text-align:left;vertical-align:top;border:0;"
    "border-bottom:1px solid rgba(128,128,128,.3);background:none}"
    ".sctrl-sod i{display:inline-block;width:.7em;height:.7em;border-radius:.15em;margin-right:.5em}"
    ".sctrl-sod .id{white-space:nowrap}.sctrl-sod .m{opacity:.7}"
    ".sctrl-sod svg{display:block;max-width:100%;height:auto;margin:.8em 0}</style>"
)


def to_page(result: SegregationResult, lang: Language) -> str:
    """A whole page: no script, nothing loaded, all text escaped."""
    title = escape(say("title", lang, date=result.as_of))
    pictures = "".join(result.svg(kind, lang) for kind in KINDS if result.grid(kind).cells)
    return (
        f'<!doctype html>\n<html lang="{"zh-CN" if lang == "zh" else "en"}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f'<title>{title}</title></head><body style="margin:2em auto;max-width:76em;padding:0 1em">'
        f'{_STYLE}<div class="sctrl-sod">{pictures}{_tables(result, lang, MOST)}</div></body></html>\n'
    )


def to_html(result: SegregationResult, lang: Language, most: int) -> str:
    """A block for a notebook: the matrix of duties, and the gravest findings."""
    picture = result.svg("duties", lang) if result.grid("duties").cells else ""
    return f'{_STYLE}<div class="sctrl-sod">{picture}{_tables(result, lang, most)}</div>'


def _tables(result: SegregationResult, lang: Language, most: int) -> str:
    shown = result.in_words(lang).head(most)
    parts = [f"<div><b>{escape(counted(result.counted(), lang))}</b></div>"]
    if shown.height:
        heads = ("outcome", "statement", "whose", "where", "which", "why")
        rows = "".join(_row(result, one, lang) for one in shown.iter_rows(named=True))
        parts.append(f"<table><tr>{_heads(heads, lang)}</tr>{rows}</table>{_more(len(result), most, lang)}")
    else:
        parts.append(f"<div>{escape(say('none', lang))}</div>")
    if result.rejected.height:
        refused = "".join(_refused(one) for one in result.rejected.head(most).iter_rows(named=True))
        head = _heads(("refused", "row", "why"), lang)
        parts.append(f"<table><tr>{head}</tr>{refused}</table>{_more(result.rejected.height, most, lang)}")
    parts += [f'<div class="m">{escape(notice)}</div>' for notice in result.notices]
    return "".join(parts)


def _heads(keys: tuple[str, ...], lang: Language) -> str:
    return "".join(f"<th>{escape(say(key, lang))}</th>" for key in keys)


def _row(result: SegregationResult, one: Mapping[str, Any], lang: Language) -> str:
    outcome = one["outcome"]
    mark = f'<i style="background:{_COLOURS[outcome]}"></i>{escape(OUTCOMES[outcome][lang == "zh"])}'
    cells = (
        f'<td class="id">{mark}</td>',
        f'<td>{escape(one["title"] or "")}<div class="m">{escape(one["id"] or "")}</div></td>',
        f'<td>{escape(subject(result, one, lang))}<div class="m">{escape(say(one["form"], lang))}</div></td>',
        f"<td>{escape(one['case'] or '')}</td>",
        f"<td>{'<br>'.join(escape(line) for line in duties(result, one, lang))}</td>",
        f"<td>{escape(one['because'] or '')}</td>",
    )
    return f"<tr>{''.join(cells)}</tr>"


def subject(result: SegregationResult, one: Mapping[str, Any], lang: Language) -> str:
    """Of whom, or of what, a finding is."""
    if one["subject"] is None:
        return say(one["who"], lang)
    if one["who"] == "person":
        return f"{one['name']} ({one['subject']})" if one["name"] else str(one["subject"])
    name = result.title_of_role(one["subject"], lang) if one["who"] == "role" else one["subject"]
    return f"{say(one['who'], lang)} {name}"


def duties(result: SegregationResult, one: Mapping[str, Any], lang: Language) -> list[str]:
    """The duties of a finding, each with the roles or the event that it comes from."""
    named = one["duties"] or ()
    by = one["by"] or [""] * len(named)
    if one["case"] is None:
        by = [BETWEEN.join(_role(result, held, lang) for held in roles.split(BETWEEN)) for roles in by]
    titles = [result.title_of(duty, lang) for duty in named]
    return [f"{title} ({source})" if source else title for title, source in zip(titles, by, strict=True)]


def _role(result: SegregationResult, held: str, lang: Language) -> str:
    """A role by its title, with the one who delegated it."""
    role, space, giver = held.partition(" ")
    return f"{result.title_of_role(role, lang)}{space}{giver}" if role else ""


def _refused(one: Mapping[str, Any]) -> str:
    cells = (one["id"] or "", f"{one['source']} {one['row']}", one["reason"])
    return f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells)}</tr>"


def _more(count: int, most: int, lang: Language) -> str:
    return f'<div class="m">{say("more", lang, count=f"{count - most:,}")}</div>' if count > most else ""
