"""The rows that are not plainly allowed, each with every reason: what a person goes through afterwards."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import polars as pl

from salesctrl.batch.compiled import OUTCOME
from salesctrl.batch.summary import Language, clause
from salesctrl.compile.checked import CheckedRule
from salesctrl.outcome import Outcome

EXCEPTION_COLUMNS = ("rule", "title", "clause", OUTCOME, "state", "row")


def exceptions(
    decided: pl.DataFrame, rules: Mapping[str, CheckedRule], refused: Collection[int], lang: Language
) -> pl.DataFrame:
    """A row for each reason why a row of a table is not plainly allowed, sorted by rule and row.

    The ``state`` says what the reason is: the rule ``fired`` and denies or flags; what it requires is open,
    it is ``pending``; it is ``unknown`` whether it holds. Two have no rule: ``refused``, where facts are
    wrong, and ``unknown``, where a value is and no rule depends on it.

    Args:
        decided: The decisions, with the columns ``outcome``, ``fired``, ``pending`` and ``unknown``.
        rules: All rules, by their ids.
        refused: The rows in which facts are wrong.
        lang: The language of titles and clauses.
    """
    speaking = [id for id, rule in rules.items() if rule.outcome in (Outcome.DENY, Outcome.FLAG)]
    found = pl.concat([
        _reasons(decided, "fired").filter(pl.col("rule").is_in(speaking)),
        _reasons(decided, "pending"),
        _reasons(decided, "unknown"),
        _without_rule(pl.Series(sorted(refused), dtype=pl.UInt32), "refused"),
    ])  # fmt: skip
    worse = (decided[OUTCOME] != Outcome.ALLOW.value).arg_true()
    silent = worse.filter(~worse.is_in(found["row"].unique().implode()))
    found = pl.concat([found, _without_rule(silent, "unknown")])
    named = found.join(_words(rules, decided[OUTCOME].dtype, lang), on="rule", how="left")
    incomplete = pl.lit(Outcome.INCOMPLETE.value, decided[OUTCOME].dtype)
    outcome = pl.when(pl.col("rule").is_null()).then(incomplete).otherwise(OUTCOME).alias(OUTCOME)
    return named.with_columns(outcome).select(EXCEPTION_COLUMNS).sort("rule", "row", "state", nulls_last=True)


def _reasons(decided: pl.DataFrame, state: str) -> pl.DataFrame:
    """The rules that are in this state, row for row."""
    listed = pl.DataFrame({"row": pl.int_range(decided.height, dtype=pl.UInt32, eager=True)})
    long = listed.with_columns(decided[state].alias("rule")).filter(pl.col("rule").list.len() > 0)
    return long.explode("rule").with_columns(state=pl.lit(state))


def _without_rule(rows: pl.Series, state: str) -> pl.DataFrame:
    """Rows for a reason that is no rule."""
    frame = pl.DataFrame({"row": rows.cast(pl.UInt32)})
    return frame.with_columns(rule=pl.lit(None, pl.String), state=pl.lit(state))


def _words(rules: Mapping[str, CheckedRule], outcomes: pl.DataType, lang: Language) -> pl.DataFrame:
    """What is said of each rule."""
    return pl.DataFrame(
        {
            "rule": list(rules),
            "title": [rule.title.get(lang) for rule in rules.values()],
            "clause": [clause(rule, lang) for rule in rules.values()],
            OUTCOME: [None if rule.outcome is None else rule.outcome.value for rule in rules.values()],
        },
        schema={"rule": pl.String, "title": pl.String, "clause": pl.String, OUTCOME: outcomes},
    )
