"""Violations in the log of events: who did two things, what came in the wrong order, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time

import numpy as np
import polars as pl

from salesctrl.sales_year.columns import PERSONS
from salesctrl.sales_year.dice import Dice
from salesctrl.sales_year.events import moment

PLANTED_EVENTS = {
    "case": pl.String,
    "control": pl.String,
    "rule": pl.String,
    "kind": pl.String,
    "description": pl.String,
}

Found = tuple[tuple[str, str], ...]
"""What has to be found: controls with their rules; of `segregation` the ids of pairs."""


@dataclass(frozen=True, slots=True)
class EventViolation:
    """A kind of violation in the events of a case that is in order otherwise.

    Attributes:
        name: The name of the kind.
        finds: The controls and rules that have to find it: all of them, and no other.
        description: What was done, in one sentence.
        activity: The activity whose event is another afterwards.
        change: What its columns hold afterwards; they may read ``seller`` and ``shipped``, the day. Without
            changes the event is missing.
        where: The cases that may be chosen.
        role: Only the event of this role, where the activity has several.
    """

    name: str
    finds: Found
    description: str
    activity: str
    change: Mapping[str, pl.Expr] = field(default_factory=dict)
    where: pl.Expr = field(default_factory=lambda: ~pl.col("large"))
    role: str | None = None


_CREDIT = pl.col("on_credit") & ~pl.col("large")
_CASH = ~pl.col("on_credit")

EVENT_VIOLATIONS = (
    EventViolation(
        "seller shipped", (("one-hand-order-shipment", "SG-3-2-OE"), ("segregation", "IC-SALE-13")),
        "who took the order shipped the goods", "ship_goods", {"person": pl.col("seller")},
    ),
    EventViolation(
        "seller invoiced", (("one-hand-order-books", "SR-3-2-E"), ("segregation", "IC-SALE-1")),
        "who took the order issued the invoice", "issue_invoice", {"person": pl.col("seller")},
    ),
    EventViolation(
        "cashier invoiced",
        (("cash-sale-billing", "NC-1-E"), ("one-hand-books-money", "SR-3-4-E"), ("segregation", "IC-SALE-5")),
        "who received the money had issued the invoice", "issue_invoice",
        {"person": pl.lit(PERSONS["cashier"])}, pl.col("is_paid") & ~pl.col("large"),
    ),
    EventViolation(
        "reviewer shipped",
        (("cash-sale-billing", "NC-1-E"), ("same-hand-shipment", "DU-0-2-S"), ("segregation", "IC-SALE-8")),
        "who reviewed the shipment and issued the invoice shipped the goods", "ship_goods",
        {"person": pl.lit(PERSONS["finance_accountant"])},
    ),
    EventViolation(
        "approved after the goods went", (("over-limit-release-first", "CR-18-2-EB"),),
        "the release above the limit was approved an hour after the goods had gone", "approve_release",
        {"time": moment(pl.col("shipped"), time(15))}, pl.col("large"),
    ),
    EventViolation(
        "no order", (("shipped-without-order", "FU-8-ES"),),
        "goods were shipped for which nobody had taken an order", "take_order", {}, _CREDIT,
    ),
    EventViolation(
        "invoiced before the goods went", (("invoiced-before-shipped", "FU-8-EI"),),
        "the invoice was issued an hour before the goods went", "issue_invoice",
        {"time": moment(pl.col("shipped"), time(13))}, _CREDIT,
    ),
    EventViolation(
        "goods before the cash", (("cash-before-goods", "NC-3-E"),),
        "the goods of a cash sale went before the cash was in", "collect_cash",
        {"time": moment(pl.col("shipped"), time(18))}, _CASH,
    ),
    EventViolation(
        "slip reviewed by one head", (("cash-after-two-reviews", "NC-1-2-E"),),
        "cash was collected on a slip that the head of finance had not reviewed", "review_sales_slip", {},
        _CASH, "finance_manager",
    ),
)  # fmt: skip

_LIMIT = ("over-limit-release", "CR-18-2-E")
_SEEN: Mapping[str, Found] = {
    "late shipment review": (("shipment-reviewed", "CR-18-2b-E"),),
    "no shipment review": (("shipment-reviewed", "CR-18-2b-E"),),
    "shipment posted late": (("shipment-recorded", "FU-4-E"),),
    "over limit, not approved": (_LIMIT, ("over-limit-release-first", "CR-18-2-EB")),
    "over limit, one approval": (_LIMIT,),
    "over limit, not in writing": (_LIMIT,),
    "over limit, approved by who took the order": (_LIMIT, ("segregation", "IC-ORDER-2")),
}
"""What of the violations in the tables the events show, by their kinds."""


def plant_events(
    clean: pl.DataFrame, orders: pl.DataFrame, planted: pl.DataFrame, dice: Dice, per_mille: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The events with violations in them, and the list of what has to be found there.

    No case has two of them, nor one beside those of the tables.

    Args:
        clean: The events.
        orders: The cases.
        planted: What was planted in the tables.
        dice: What cases are chosen with.
        per_mille: How many of a thousand cases have a violation; with 0 none has.
    """
    seen = planted.filter(pl.col("kind").is_in(list(_SEEN))).unique(["kind", "record"], maintain_order=True)
    of_tables = seen.with_columns(pl.format("SO-{}", pl.col("record").str.slice(3)).alias("case"))
    lists = [pl.DataFrame(schema=PLANTED_EVENTS)]
    for kind, found in _SEEN.items():
        same = of_tables.filter(pl.col("kind") == kind)
        lists += [_list(same["case"], found, kind, description) for description in same["description"][:1]]
    taken = orders["case"].is_in(of_tables["case"].implode()).to_numpy().copy()
    events = clean.join(orders.select("case", "seller", "shipped"), on="case", maintain_order="left")
    for violation in EVENT_VIOLATIONS if per_mille else ():
        rows = _choose(violation, orders, taken, dice, per_mille)
        taken[rows] = True
        cases = orders["case"].gather(rows)
        events = _changed(violation, events, cases)
        lists.append(_list(cases, violation.finds, violation.name, violation.description))
    return events.drop("seller", "shipped"), pl.concat(lists).sort("case", "control", "rule")


def _choose(
    violation: EventViolation,
    orders: pl.DataFrame,
    taken: np.typing.NDArray[np.bool_],
    dice: Dice,
    per_mille: int,
) -> np.typing.NDArray[np.int64]:
    fit = orders.select(violation.where).to_series().to_numpy()
    rows = np.flatnonzero(fit & ~taken)
    count = min(len(rows), max(1, len(rows) * per_mille // 1000 // len(EVENT_VIOLATIONS)))
    drawn = dice.between(f"events {violation.name}", orders.height, 0, 2**62)[rows]
    return np.sort(rows[np.argsort(drawn, kind="stable")[:count]])


def _changed(violation: EventViolation, events: pl.DataFrame, cases: pl.Series) -> pl.DataFrame:
    """The events with the violation in these cases."""
    chosen = (pl.col("activity") == violation.activity) & pl.col("case").is_in(cases.implode())
    if violation.role is not None:
        chosen &= pl.col("role") == violation.role
    if not violation.change:
        return events.filter(~chosen)
    return events.with_columns(
        pl.when(chosen).then(value).otherwise(pl.col(name)).alias(name)
        for name, value in violation.change.items()
    )


def _list(cases: pl.Series, finds: Found, kind: str, description: str) -> pl.DataFrame:
    """What has to be found in cases: a row for each control and rule."""
    parts = [
        pl.DataFrame({"case": cases.cast(pl.String)}).select(
            "case",
            pl.lit(control).alias("control"),
            pl.lit(rule).alias("rule"),
            pl.lit(kind).alias("kind"),
            pl.lit(description).alias("description"),
        )
        for control, rule in finds
    ]
    return pl.concat(parts)
