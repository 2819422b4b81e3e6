"""The findings of a monitor for people: by control, the gravest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from salesctrl.cli.console import OUTCOME_STYLES, counted
from salesctrl.cli.options import Language
from salesctrl.decision.words import OUTCOMES
from salesctrl.engine import Engine
from salesctrl.monitor.findings import SEGREGATION, CaseFinding
from salesctrl.policy.documents import LocalText

if TYPE_CHECKING:
    from salesctrl.monitor.log import LogResult

_HEADS = {
    "en": ("outcome", "case", "day", "rules", "events", "why"),
    "zh": ("结论", "案例", "日期", "规则", "事件", "原因"),
}
_SEGREGATION = LocalText(en="Segregation of duties", zh="职责分离")


def findings_table(
    result: LogResult, refused: Sequence[str], count: int, engine: Engine, lang: Language
) -> RenderableType:
    """A table for each control, then the rejected events, then the sum.

    Args:
        result: What was found.
        refused: The first of the rejected events, in words.
        count: How many events were rejected in all.
        engine: The policies.
        lang: The language.
    """
    parts: list[RenderableType] = []
    for name, found in _by_control(result.findings):
        title = _titles(engine).get(name)
        called = name if title is None else f"{name}  {title.get(lang)}"
        parts += [Text(called, "bold"), _table(found, lang), Text("")]
    if count:
        parts.append(
            Text(f"未采纳的事件：{count:,}" if lang == "zh" else f"rejected events: {count:,}", "bold")
        )
        parts += [_one_line(f"  {line}") for line in refused]
        if count > len(refused):
            more = count - len(refused)
            parts.append(Text(f"  ……其余{more:,}个" if lang == "zh" else f"  … {more:,} more"))
        parts.append(Text(""))
    parts.append(Text(summed_up(result, count, lang)))
    return Group(*parts)


def summed_up(result: LogResult, rejected: int, lang: Language) -> str:
    """How much was looked at, and what was found, in one line."""
    outcomes = Counter(finding.outcome for finding in result.findings)
    order = sorted(outcomes, key=lambda outcome: -outcome.rank)
    said = [f"{outcomes[one]:,} {OUTCOMES[one.value][lang == 'zh']}" for one in order]
    events, cases, later = result.events, result.cases, result.later
    if lang == "zh":
        head = f"{cases:,}个案例的{events:,}个事件，截至{result.as_of}"
        tail = f"；此后{later:,}个事件未计入" if later else ""
        tail += f"；未采纳事件{rejected:,}个" if rejected else ""
        return f"{head}：{'，'.join(said) or '无发现'}{tail}"
    head = f"{counted(events, 'event')} in {counted(cases, 'case')} up to {result.as_of}"
    tail = f"; {counted(later, 'later event')} left out" if later else ""
    tail += f"; {counted(rejected, 'event')} rejected" if rejected else ""
    return f"{head}: {', '.join(said) or 'nothing was found'}{tail}"


def _titles(engine: Engine) -> dict[str, LocalText]:
    cases = engine.checked.cases
    titles = {one.name: one.title for one in cases.controls}
    titles |= {one.name: one.title for one in cases.ladders}
    return {**titles, SEGREGATION: _SEGREGATION}


def _by_control(findings: Iterable[CaseFinding]) -> list[tuple[str, list[CaseFinding]]]:
    """The findings of each control, the gravest control first, and in each the gravest finding."""
    groups: dict[str, list[CaseFinding]] = {}
    for one in findings:
        groups.setdefault(one.control, []).append(one)
    for found in groups.values():
        found.sort(key=lambda one: (-one.outcome.rank, one.order))
    return sorted(groups.items(), key=lambda item: (-item[1][0].outcome.rank, item[0]))


def _table(found: Iterable[CaseFinding], lang: Language) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True)
    for head in _HEADS[lang][:3]:
        table.add_column(head, no_wrap=head != _HEADS[lang][1], overflow="fold")
    for head in _HEADS[lang][3:]:
        table.add_column(head, overflow="fold")
    for one in found:
        table.add_row(
            Text(OUTCOMES[one.outcome.value][lang == "zh"], OUTCOME_STYLES[one.outcome.value]),
            _one_line("/".join(one.group)),
            one.on.isoformat(),
            ", ".join(one.rules),
            _one_line(", ".join(one.events)),
            _one_line(_why(one, lang)),
        )
    return table


def _why(one: CaseFinding, lang: Language) -> str:
    texts = [*one.because, *(() if one.reason is None else (one.reason,))]
    return ("；" if lang == "zh" else "; ").join(text.get(lang) for text in texts)


def _one_line(text: str) -> Text:
    """A text of the log's in one line, with nothing in it that a terminal would obey."""
    return Text("".join(c if c.isprintable() else " " for c in text))
