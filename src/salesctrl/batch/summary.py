"""The summary of many decisions: how many rows came to each outcome, and by which rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from salesctrl.compile.checked import CheckedRule
from salesctrl.outcome import OUTCOMES, Outcome

Language = Literal["en", "zh"]
STATES = ("fired", "pending", "unknown")
"""What a rule may be of a row, and is counted."""


def summary_rows(
    outcomes: Mapping[Outcome, int],
    rules: Mapping[str, CheckedRule],
    counts: Mapping[str, Mapping[str, int]],
    lang: Language,
) -> list[dict[str, object]]:
    """The rows of a summary: the outcomes, the gravest first, then the rules by their ids.

    Args:
        outcomes: How many rows came to each.
        rules: The rules that are shown.
        counts: For each of them in how many rows it is ``fired``, ``pending`` and ``unknown``.
        lang: The language of titles and clauses.

    >>> [row["name"] for row in summary_rows({Outcome.DENY: 3}, {}, {}, "en")]
    ['deny', 'incomplete', 'review', 'flag', 'allow']
    """
    rows: list[dict[str, object]] = [
        {"kind": "outcome", "name": outcome.value, "title": None, "clause": None,
         "outcome": outcome.value, "rows": outcomes.get(outcome, 0), "pending": None, "unknown": None}
        for outcome in reversed(OUTCOMES)
    ]  # fmt: skip
    for rule_id, rule in rules.items():
        fired, pending, unknown = (counts[rule_id][state] for state in STATES)
        rows.append({
            "kind": "rule", "name": rule_id, "title": rule.title.get(lang), "clause": clause(rule, lang),
            "outcome": None if rule.outcome is None else rule.outcome.value,
            "rows": fired, "pending": pending, "unknown": unknown,
        })  # fmt: skip
    return rows


def clause(rule: CheckedRule, lang: Language) -> str | None:
    """Where a rule comes from."""
    if rule.source is None:
        return None
    document, article = rule.source.document.get(lang), rule.source.article
    return document if article is None else f"{document} {article.get(lang)}"
