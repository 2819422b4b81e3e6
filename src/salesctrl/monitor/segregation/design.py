"""Who could: roles as they are assigned, and the duties that come with them."""

from __future__ import annotations

from datetime import date
from typing import Literal

import polars as pl

from salesctrl.monitor.segregation.assignments import Assignments
from salesctrl.monitor.segregation.findings import judged, nothing, unjudged
from salesctrl.monitor.segregation.statements import Statements

BETWEEN = " / "
"""Stands between the roles that one duty comes from."""

Holder = Literal["person", "role", "department"]


def design_findings(assignments: Assignments, statements: Statements, as_of: date) -> pl.DataFrame:
    """Everything that assignments make possible and the policies exclude, on a day.

    Roles that hold incompatible duties by themselves are findings whether or not anybody has them. A
    department could do a process if its persons together could.
    """
    held = assignments.on(as_of)
    found = [_unstated(held, statements, as_of)]
    roles = statements.role_duties.select(pl.col("role").alias("subject"), "duty", "role", held="role")
    persons = _with_duties(held, "person", statements)
    found += _conflicts(roles, "role", statements, as_of)
    found += _conflicts(persons, "person", statements, as_of)
    departments = _with_duties(held, "department", statements)
    found += _conflicts(departments, "department", statements, as_of)
    return pl.concat(found)


def design_notices(assignments: Assignments, statements: Statements, as_of: date) -> list[str]:
    """What a person should know of the assignments."""
    held = assignments.on(as_of)
    said = []
    idle = assignments.used.filter(pl.col("role").is_not_null()).height - held.height
    if idle:
        said.append(f"{idle:,} of {assignments.used.height:,} assignments are not in force on {as_of}")
    with_duties = set(statements.role_duties["role"])
    without = [role for role in sorted(set(held["role"])) if role not in with_duties]
    if without and with_duties:
        said.append(f"roles without duties: {', '.join(without)}")
    if statements.segregation.processes and held.height:
        alone = held.filter(pl.col("department").is_null())["person"].n_unique()
        if alone == held["person"].n_unique():
            said.append("no assignment says a department: what departments could do was not looked at")
        elif alone:
            said.append(f"assignments of {alone:,} persons say no department: they count for none")
    return said


def _unstated(held: pl.DataFrame, statements: Statements, as_of: date) -> pl.DataFrame:
    """That nothing can be judged, where the policies do not say what roles do."""
    if not held.height or statements.role_duties.height:
        return nothing()
    return unjudged("input", "no_duties", "policies", [None], [held["role"].n_unique()], as_of)


def _with_duties(held: pl.DataFrame, holder: Holder, statements: Statements) -> pl.DataFrame:
    """The duties of persons or departments, each with the roles that it comes from."""
    subjects = held.filter(pl.col(holder).is_not_null()).select("role", "held", subject=holder)
    return subjects.join(statements.role_duties, on="role", how="inner")


def _conflicts(
    duties: pl.DataFrame, holder: Holder, statements: Statements, as_of: date
) -> list[pl.DataFrame]:
    """Pairs and processes of which one holder has both, or all, duties."""
    each = duties.group_by("subject", "duty").agg(
        by=pl.col("held").unique().sort().str.join(BETWEEN), roles=pl.col("role").unique().sort()
    )
    whole = (
        each.join(statements.processes, on="duty", how="inner")
        .sort("subject", "id", "place")
        .group_by("subject", "id", maintain_order=True)
        .agg("duty", "by", "count", pl.col("roles").explode().unique().sort())
        .filter(pl.col("duty").list.len() == pl.col("count").list.first())
        .select("subject", "id", "by", "roles", duties="duty", form=pl.lit("gap"))
    )
    found = [whole]
    if holder != "department":  # a department is there to do several things; one person is not
        second = each.select("subject", second="duty", second_by="by", second_roles="roles")
        pairs = each.join(statements.pairs, left_on="duty", right_on="first", how="inner")
        both = pairs.join(second, on=["subject", "second"], how="inner")
        found.append(
            both.select(
                "subject", "id", by=pl.concat_list("by", "second_by"),
                roles=pl.concat_list("roles", "second_roles").list.unique().list.sort(),
                duties=pl.concat_list("duty", "second"), form=pl.lit("design"),
            )
        )  # fmt: skip
    return [
        judged(one.with_columns(who=pl.lit(holder), on=pl.lit(as_of)), statements, as_of) for one in found
    ]


def persons_of(assignments: Assignments) -> pl.DataFrame:
    """Persons with their names and departments, as the assignments first say them."""
    return assignments.used.group_by("person", maintain_order=True).agg(
        pl.col("name", "department").drop_nulls().first()
    )
