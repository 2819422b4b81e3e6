"""`salesctrl list`: the control points, with their policies, rules and facts."""

from __future__ import annotations

import json
from datetime import date
from enum import StrEnum
from typing import Annotated

import typer
from rich.text import Text

from salesctrl.calendar import FIRST_DAY, LAST_DAY
from salesctrl.cli import console
from salesctrl.cli.options import Lang, LangOption, Language, Overlays, Policies, language, load_policies
from salesctrl.compile.checked import CheckedPolicy, CheckedRule, Interval
from salesctrl.compile.plan import reads
from salesctrl.engine import Engine
from salesctrl.policy.vocabulary import Field


class ListFormat(StrEnum):
    """How the list is written."""

    TEXT = "text"
    JSON = "json"


def list_(
    control_point: Annotated[
        list[str] | None, typer.Argument(metavar="CONTROL_POINT", help="Only these; default: all.")
    ] = None,
    policies: Policies = None,
    overlay: Overlays = None,
    format: Annotated[ListFormat, typer.Option("--format", help="How to write the list.")] = ListFormat.TEXT,
    lang: LangOption = Lang.EN,
) -> int:
    """List the control points: their policies, the rules of each, and the facts they read."""
    engine = load_policies(policies, overlay)
    names = [engine.point(name).name for name in control_point or engine.control_points]
    if format is ListFormat.JSON:
        console.line(json.dumps([_data(engine, name) for name in names], ensure_ascii=False, indent=2))
        return 0
    for number, name in enumerate(names):
        if number:
            console.line("")
        _show(engine, name, language(lang))
    return 0


def _policies(engine: Engine, point: str) -> list[CheckedPolicy]:
    return [policy for policy in engine.policies if policy.control_point == point]


def _facts(engine: Engine, point: str) -> dict[str, Field]:
    vocabulary = engine.checked.vocabulary
    return {path: vocabulary.at(path) for plan in engine.point(point).plans for path in reads(plan)}


# --- as data ----------------------------------------------------------------------------------------


def _data(engine: Engine, point: str) -> dict[str, object]:
    return {
        "control_point": point,
        "policies": [_policy_data(policy) for policy in _policies(engine, point)],
        "facts": [
            {"path": path, "title": _titles(field), "type": str(field.type), "optional": field.optional}
            for path, field in _facts(engine, point).items()
        ],
    }


def _policy_data(policy: CheckedPolicy) -> dict[str, object]:
    first, last = _ends(policy.effective)
    return {
        "policy": policy.name,
        "title": _titles(policy),
        "from": first,
        "to": last,
        "rules": [
            {"id": rule.id, "title": _titles(rule), "outcome": rule.outcome and rule.outcome.value}
            for rule in policy.rules
        ],
    }


def _titles(of: CheckedPolicy | CheckedRule | Field) -> dict[str, str]:
    return {"en": of.title.get("en"), "zh": of.title.get("zh")}


def _ends(interval: Interval) -> tuple[str | None, str | None]:
    first = date.fromordinal(interval.first).isoformat() if interval.first > FIRST_DAY else None
    last = date.fromordinal(interval.last).isoformat() if interval.last < LAST_DAY else None
    return first, last


# --- as text ----------------------------------------------------------------------------------------

_WORDS = {
    "en": {"facts": "facts", "from": ", from {first}", "to": ", to {last}", "optional": "optional"},
    "zh": {"facts": "事实", "from": "，自{first}起", "to": "，至{last}止", "optional": "可缺"},
}


def _show(engine: Engine, point: str, lang: Language) -> None:
    words = _WORDS[lang]
    console.line(point, "bold")
    for policy in _policies(engine, point):
        first, last = _ends(policy.effective)
        period = (words["from"].format(first=first) if first else "") + (
            words["to"].format(last=last) if last else ""
        )
        console.line(f"  {policy.name}: {policy.title.get(lang)}{period}", "cyan")
        _columns([(rule.id, _word(rule), _title(rule, lang)) for rule in policy.rules], "    ")
    facts = _facts(engine, point)
    if facts:
        console.line(f"  {words['facts']}", "cyan")
        _columns(
            [
                (path, _type_of(field, words["optional"]), field.title.get(lang))
                for path, field in facts.items()
            ],
            "    ",
        )


def _title(rule: CheckedRule, lang: Language) -> str:
    """The title of a rule; of a row of a table with its cells, which tell it from the others."""
    cells = f" [{' | '.join(rule.row.cells)}]" if rule.row is not None else ""
    return rule.title.get(lang) + cells


def _word(rule: CheckedRule) -> str:
    if rule.outcome is not None:
        return rule.outcome.value
    return "exception" if rule.excepts else "value" if rule.computes else "notice"


def _type_of(field: Field, optional: str) -> str:
    shown = "choice" if field.type.choices else str(field.type)
    return f"{shown}, {optional}" if field.optional else shown


def _columns(rows: list[tuple[str, str, str]], indent: str) -> None:
    """Rows in columns, each as wide as its widest text; Chinese characters count for two."""
    widths = [max((Text(row[i]).cell_len for row in rows), default=0) for i in range(2)]
    for row in rows:
        cells = [row[i] + " " * (widths[i] - Text(row[i]).cell_len) for i in range(2)]
        console.line(f"{indent}{cells[0]}  {cells[1]}  {row[2]}".rstrip())
