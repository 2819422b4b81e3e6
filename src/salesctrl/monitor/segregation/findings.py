"""Findings about the segregation of duties: their columns, and what waivers make of them.

======== ============================================================================================
form     ``design`` (who could), ``operation`` (who did), ``gap`` (a whole process by one), ``input``
who      what ``subject`` is: a ``person``, a ``role``, a ``department``, a ``case``, an ``activity``, the ``policies``
state    ``conflict``, ``waived``, ``expired`` (there was a waiver), ``unjudged``
outcome  ``deny`` for a conflict without a waiver in force, ``flag`` for a waived one, ``incomplete`` for
         what cannot be judged
======== ============================================================================================
"""  # noqa: E501 - a table has long lines

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

import polars as pl

from salesctrl.monitor.segregation.statements import Statements
from salesctrl.outcome import OUTCOMES, Outcome
from salesctrl.policy.organisation import Organisation

SOON = timedelta(days=30)
"""A waiver that ends within so many days of the day of the judgement is marked."""

OUTCOME_TYPE = pl.Enum([outcome.value for outcome in OUTCOMES])
FORM_TYPE = pl.Enum(["input", "design", "operation", "gap"])
STATE_TYPE = pl.Enum(["conflict", "expired", "unjudged", "waived"])

CORE: Mapping[str, pl.DataType] = {
    "form": FORM_TYPE, "outcome": OUTCOME_TYPE, "state": STATE_TYPE, "id": pl.String(), "who": pl.String(),
    "subject": pl.String(), "name": pl.String(), "department": pl.String(), "case": pl.String(),
    "duties": pl.List(pl.String()), "by": pl.List(pl.String()), "times": pl.List(pl.Datetime("us", "UTC")),
    "on": pl.Date(), "waiver": pl.UInt32(), "ends_soon": pl.Boolean(), "count": pl.Int64(),
    "why": pl.String(), "roles": pl.List(pl.String()),
}  # fmt: skip
"""What is found out about a finding; words are put to it when it is shown.

``by`` are, for each of the ``duties``, the roles that it comes from, or the event that proves it, done at one
of the ``times``. ``why`` is the key of a sentence for what cannot be judged, ``count`` a number in it, and
``roles`` are all roles that took part, for waivers.
"""


def nothing() -> pl.DataFrame:
    """No findings."""
    return pl.DataFrame(schema=dict(CORE))


def completed(found: pl.DataFrame) -> pl.DataFrame:
    """Findings with all columns; those that are not there hold nothing."""
    given = [
        pl.col(name).cast(dtype) if name in found.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in CORE.items()
    ]
    return found.select(given)


def unjudged(
    form: Literal["input", "design", "operation", "gap"],
    why: str,
    who: str,
    subjects: Sequence[str | None],
    counts: Sequence[int],
    on: date,
) -> pl.DataFrame:
    """Findings that something cannot be judged, one for each subject."""
    frame = pl.DataFrame(
        {"subject": list(subjects), "count": list(counts)}, schema={"subject": pl.String, "count": pl.Int64}
    )
    return completed(
        frame.with_columns(
            form=pl.lit(form), outcome=pl.lit(Outcome.INCOMPLETE.value), state=pl.lit("unjudged"),
            why=pl.lit(why), who=pl.lit(who), on=pl.lit(on),
        )
    )  # fmt: skip


def judged(found: pl.DataFrame, statements: Statements, as_of: date) -> pl.DataFrame:
    """Conflicts with the waivers that count for them, and the outcome that follows.

    A waiver of a person counts for the person; that of a role for findings in which a duty comes from the
    role, or an event was done in it. Of several, one in force on the day of the finding counts, the first
    that is written; if none is, the one that expired last.
    """
    found = completed(found).with_row_index("finding")
    chosen = _chosen(found, statements)
    found = found.drop("waiver").join(chosen, on="finding", how="left", maintain_order="left")
    in_force = pl.col("in_force").fill_null(value=False)
    waived = pl.col("waiver").is_not_null() & in_force
    soon = pl.col("until").is_between(as_of, as_of + SOON)
    return completed(
        found.with_columns(
            outcome=pl.when(waived).then(pl.lit(Outcome.FLAG.value)).otherwise(pl.lit(Outcome.DENY.value)),
            state=pl.when(waived)
            .then(pl.lit("waived"))
            .when(pl.col("waiver").is_not_null())
            .then(pl.lit("expired"))
            .otherwise(pl.lit("conflict")),
            ends_soon=pl.when(waived).then(soon),
        )
    )


def _chosen(found: pl.DataFrame, statements: Statements) -> pl.DataFrame:
    """The waiver of each finding that has one: ``finding``, ``waiver``, ``until``, ``in_force``."""
    waivers = statements.waivers.select("waiver", "id", "person", "role", "begins", "until")
    of_persons = (
        found.filter(pl.col("who") == "person")
        .select("finding", "id", "on", person="subject")
        .join(waivers.filter(pl.col("person").is_not_null()), on=["id", "person"], how="inner")
    )
    of_roles = (
        found.filter(pl.col("who").is_in(["person", "role"]))
        .select("finding", "id", "on", role="roles")
        .join(waivers.filter(pl.col("role").is_not_null()).select("id").unique(), on="id", how="semi")
        .explode("role")
        .join(waivers.filter(pl.col("role").is_not_null()), on=["id", "role"], how="inner")
    )
    wanted = ("finding", "waiver", "on", "begins", "until")
    both = pl.concat([of_persons.select(wanted), of_roles.select(wanted)])
    return (
        both.filter(pl.col("begins") <= pl.col("on"))
        .with_columns(
            in_force=pl.col("until") >= pl.col("on"),
            last=pl.when(pl.col("until") < pl.col("on")).then("until"),
        )
        .sort(["finding", "in_force", "last", "waiver"], descending=[False, True, True, False])
        .unique("finding", keep="first", maintain_order=True)
        .select("finding", "waiver", "until", "in_force")
    )


def unused_waivers(found: pl.DataFrame, statements: Statements, as_of: date) -> list[str]:
    """Which waivers have ended and stand for nothing that was found."""
    used = set(found["waiver"].drop_nulls())
    said = []
    for number, one in enumerate(statements.segregation.waivers):
        if number not in used and one.last < as_of.toordinal():
            whom = one.person if one.person is not None else f"the role `{one.role}`"
            said.append(f"the waiver of `{one.of}` for {whom} ended on {date.fromordinal(one.last)}")
    return said


def ordered(found: pl.DataFrame) -> pl.DataFrame:
    """Findings in their order: the gravest first, then by form, statement, subject and case."""
    keys = ["outcome", "form", "id", "who", "subject", "case", "duties"]
    return (
        found.with_columns(rank=pl.col("outcome").to_physical(), key=pl.col("duties").list.join(" "))
        .sort(
            ["rank", *keys[1:-1], "key"],
            descending=[True, *[False] * (len(keys) - 1)],
            nulls_last=True,
            maintain_order=True,
        )
        .drop("rank", "key")
    )


def named(found: pl.DataFrame, persons: pl.DataFrame | None, organisation: Organisation) -> pl.DataFrame:
    """With the names and departments of persons: those of the assignments, or else of the organisation."""
    of_persons = found.filter(pl.col("who") == "person")["subject"].unique().drop_nulls()
    own = [
        organisation.person_name(text).get("en") if organisation.knows(text) else None for text in of_persons
    ]
    about = pl.DataFrame([of_persons.alias("subject"), pl.Series("own", own, dtype=pl.String)]).with_columns(
        who=pl.lit("person")
    )
    given = pl.DataFrame(schema={"subject": pl.String, "said": pl.String, "unit": pl.String})
    if persons is not None:
        given = persons.select(subject="person", said="name", unit="department")
    about = about.join(given, on="subject", how="left")
    return completed(
        found.join(about, on=["who", "subject"], how="left", maintain_order="left").with_columns(
            name=pl.coalesce("name", "said", "own"), department=pl.coalesce("department", "unit")
        )
    )
