"""Sheets of quotes, orders and shipments: a row for each."""

from __future__ import annotations

import numpy as np
import polars as pl

from salesctrl.sales_year.columns import (
    PERSONS,
    approvals,
    chosen,
    days,
    duties,
    money,
    no_approvals,
    numbered,
    shown,
    tagged,
    with_approvals,
)
from salesctrl.sales_year.company import GRADES, Company
from salesctrl.sales_year.dice import Numbers
from salesctrl.sales_year.planting import Sheet, Violation

_DUTIES = pl.List(pl.Struct({"duty": pl.String, "person": pl.String}))
CHANNELS = ("direct", "agent", "distributor", "e_commerce")


def order_release(company: Company) -> pl.DataFrame:
    """Every order on its day; those above the credit limit with both written approvals."""
    orders, customers = company.orders, company.customers
    limit = customers.limit[orders.customer]
    frame = pl.DataFrame(
        {
            "as_of": days(orders.day),
            "order.id": numbered("SO-", orders.size),
            "order.amount": money(orders.amount),
            "order.received": money(np.where(orders.on_credit, 0, orders.amount)),
            "customer.has_credit": shown(orders.on_credit),
            "customer.credit_limit": money(limit),
            "customer.receivable": money(orders.receivable),
            "customer.released_uninvoiced": money(orders.unbilled),
            "customer.overdue_invoices": np.zeros(orders.size, np.int64),
            "customer.unreviewed_shipments": np.zeros(orders.size, np.int64),
            "evidence.requester": _sellers(company, orders.customer),
            "_large": shown(orders.large),
        }
    )
    asked = frame.with_columns(pl.when("_large").then("evidence.requester").alias("evidence.requester"))
    taken = asked.with_columns(pl.lit(None, _DUTIES).alias("evidence.duties"))
    return with_approvals(taken, ("_large", approvals("cfo", "general_manager", form="written")))


_USUAL_CREDIT = pl.col("customer.has_credit") & ~pl.col("_large")
_ABOVE_LIMIT = "CR-18-2"
ORDER_RELEASE = Sheet(
    "order.release",
    "order.id",
    order_release,
    (
        Violation(
            "over limit, not approved", "S06", (_ABOVE_LIMIT,),
            "an order above the credit limit was released without an approval",
            {"evidence.approvals": no_approvals()}, pl.col("_large"),
        ),
        Violation(
            "over limit, one approval", "S06", (_ABOVE_LIMIT,),
            "an order above the credit limit was released with the approval of the CFO alone",
            {"evidence.approvals": approvals("cfo", form="written")}, pl.col("_large"),
        ),
        Violation(
            "over limit, not in writing", "S06", (_ABOVE_LIMIT,),
            "the general manager approved an order above the credit limit by telephone",
            {"evidence.approvals": pl.concat_list(
                approvals("cfo", form="written"), approvals("general_manager", form="telephone"))},
            pl.col("_large"),
        ),
        Violation(
            "over limit, approved by the requester", "S06", (_ABOVE_LIMIT,),
            "the CFO asked for the release above the credit limit and approved it",
            {"evidence.requester": pl.lit(PERSONS["cfo"])}, pl.col("_large"),
        ),
        Violation(
            "over limit, approved by who took the order", "S06", (_ABOVE_LIMIT,),
            "the CFO took an order above the credit limit and approved its release",
            {"evidence.duties": duties(take_order=pl.lit(PERSONS["cfo"]))}, pl.col("_large"),
        ),
        Violation(
            "released before the money", "S06", ("CR-17-1",),
            "an order of a customer without credit was released before it was paid",
            {"order.received": pl.lit(0)}, ~pl.col("customer.has_credit"),
        ),
        Violation(
            "released with overdue invoices", "S06", ("CR-17-5",),
            "an order was released on credit while two invoices were overdue",
            {"customer.overdue_invoices": pl.lit(2)}, _USUAL_CREDIT,
        ),
        Violation(
            "released with unreviewed shipments", "S06", ("CR-18-2b-H",),
            "an order was released on credit while a shipment had not been reviewed by finance",
            {"customer.unreviewed_shipments": pl.lit(1)}, _USUAL_CREDIT,
        ),
    ),
)  # fmt: skip


def order_register(company: Company) -> pl.DataFrame:
    """Every order with the channel that it came by."""
    size = company.orders.size
    channel = company.dice.between("order channel", size, 0, len(CHANNELS) - 1)
    return pl.DataFrame(
        {
            "as_of": days(company.orders.day),
            "order.id": numbered("SO-", size),
            "order.channel": chosen(CHANNELS, channel),
        }
    )


ORDER_REGISTER = Sheet(
    "order.register",
    "order.id",
    order_register,
    (
        Violation(
            "order without a channel", "S25", ("TG-11-O",), "an order was registered without its channel",
            {"order.channel": pl.lit(None, pl.String)},
        ),
    ),
)  # fmt: skip


def price_quote(company: Company) -> pl.DataFrame:
    """The quote of the first line of every order; discounts beyond a salesperson's with their approval."""
    lines, orders = company.lines, company.orders
    first = np.flatnonzero(lines.number == 1)
    listed, price = lines.list_price[first], lines.price[first]
    given = listed - price
    frame = pl.DataFrame(
        {
            "as_of": days(orders.day),
            "quote.id": numbered("Q-", orders.size),
            "quote.list_price": money(listed),
            "quote.price": money(price),
            "quote.quoted_by": pl.repeat("salesperson", orders.size, eager=True),
            "evidence.requester": _sellers(company, orders.customer),
            "_above": shown(given * 100 > 2 * listed),
            "_beyond": shown(given * 100 > 3 * listed),
            "_below": shown(given * 100 > 5 * listed),
        }
    )
    asked = frame.with_columns(pl.when("_above").then("evidence.requester").alias("evidence.requester"))
    return with_approvals(
        asked, ("_above", approvals("sales_manager")), ("_beyond", approvals("general_manager"))
    )  # fmt: skip


_ABOVE_OWN = pl.col("_above") & ~pl.col("_beyond")
PRICE_QUOTE = Sheet(
    "price.quote",
    "quote.id",
    price_quote,
    (
        Violation(
            "discount beyond authority", "S15", ("SC-3-2",),
            "a salesperson gave more discount than is theirs to give, and nobody approved it",
            {"evidence.approvals": no_approvals()}, _ABOVE_OWN,
        ),
        Violation(
            "discount approved by the requester", "S15", ("SC-3-2",),
            "the sales manager asked for the discount and approved it",
            {"evidence.requester": pl.lit(PERSONS["sales_manager"])}, _ABOVE_OWN,
        ),
        Violation(
            "price below the floor", "S15", ("PR-2", "SC-3-2"),
            "a price below the floating band was quoted, and nobody approved it",
            {"evidence.approvals": no_approvals()}, pl.col("_below"),
        ),
        Violation(
            "price below the floor, VP alone", "S15", ("SC-3-2",),
            "a discount that only the general manager may give was approved by the sales VP",
            {"evidence.approvals": approvals("sales_vp")}, pl.col("_below"),
        ),
    ),
)  # fmt: skip


def quote_send(company: Company) -> pl.DataFrame:
    """Every quote: the solution is accepted, the quote approved and then sent."""
    orders = company.orders
    return pl.DataFrame(
        {
            "as_of": days(orders.day),
            "quote.id": numbered("Q-", orders.size),
            "quote.solution_accepted_on": days(orders.day - 2),
            "quote.approved_on": days(orders.day - 1),
            "quote.sent_on": days(orders.day),
        }
    )


QUOTE_SEND = Sheet(
    "quote.send",
    "quote.id",
    quote_send,
    (
        Violation(
            "quote sent unapproved", "S20", ("IS-4-S",), "a quote was sent a day before its approval",
            {"quote.approved_on": pl.col("quote.sent_on").dt.offset_by("1d")},
        ),
        Violation(
            "quote before the solution", "S20", ("SM-4-1",),
            "a quote was sent four days before the customer accepted the solution",
            {"quote.solution_accepted_on": pl.col("quote.sent_on").dt.offset_by("4d")},
        ),
    ),
)  # fmt: skip


def credit_use(company: Company) -> pl.DataFrame:
    """Every sale on credit, with the grant and the assessment that it rests on."""
    orders, customers = company.orders, company.customers
    sold = np.flatnonzero(orders.on_credit & ~orders.large)
    customer = orders.customer[sold]
    size = len(sold)
    start = np.full(size, company.first - 30)
    return pl.DataFrame(
        {
            "as_of": days(orders.day[sold]),
            "credit_sale.id": tagged("SO-", sold + 1),
            "credit_sale.on_credit": np.ones(size, bool),
            "grant.customer": tagged("C", customer + 1, 6),
            "grant.limit": money(customers.limit[customer]),
            "grant.term": customers.term[customer],
            "grant.approved_on": days(start),
            "grant.valid_from": days(start),
            "grant.valid_to": days(np.full(size, company.last)),
            "assessment.valid_until": days(np.full(size, company.last)),
            "customer.grade": chosen(GRADES, customers.grade[customer]),
            "customer.credit_limit": money(customers.limit[customer]),
            "customer.receivable": money(orders.receivable[sold]),
            "customer.released_uninvoiced": money(orders.unbilled[sold]),
            "customer.trigger_on": pl.repeat(None, size, dtype=pl.Date, eager=True),
        }
    )


_DAY_BEFORE = pl.col("as_of").dt.offset_by("-1d")
CREDIT_USE = Sheet(
    "credit.use",
    "credit_sale.id",
    credit_use,
    (
        Violation(
            "credit without a grant", "S02", ("CR-4-3",),
            "goods were sold on credit under a grant that nobody approved",
            {"grant.approved_on": pl.lit(None, pl.Date)},
        ),
        Violation(
            "credit after the grant", "S02", ("CR-4-3-V",),
            "goods were sold on credit after the grant had ended",
            {"grant.valid_to": _DAY_BEFORE},
        ),
        Violation(
            "credit without a check", "S02", ("RC-4",),
            "goods were sold on credit after the assessment had run out",
            {"assessment.valid_until": _DAY_BEFORE},
        ),
        Violation(
            "credit without a grade", "S03", ("RK-1",), "goods were sold on credit to a customer of grade D",
            {"customer.grade": pl.lit("D")},
        ),
        Violation(
            "credit while frozen", "S04", ("CR-14-0-F",),
            "goods were sold on credit five days after an event that freezes it",
            {"customer.trigger_on": pl.col("as_of").dt.offset_by("-5d")},
        ),
    ),
)  # fmt: skip


def shipment_review(company: Company) -> pl.DataFrame:
    """Every shipment, reviewed by finance on the day that the goods leave."""
    orders = company.orders
    return pl.DataFrame(
        {
            "as_of": days(orders.shipped_on + 10),
            "shipment.id": numbered("SH-", orders.size),
            "shipment.on_credit": shown(orders.on_credit),
            "shipment.issued_on": days(orders.shipped_on),
            "shipment.reviewed_on": days(orders.shipped_on),
        }
    )


SHIPMENT_REVIEW = Sheet(
    "shipment.review",
    "shipment.id",
    shipment_review,
    (
        Violation(
            "late shipment review", "S06", ("CR-18-2b",),
            "a shipment on credit was reviewed by finance three days after the goods left",
            {"shipment.reviewed_on": pl.col("shipment.issued_on").dt.offset_by("3d")},
            pl.col("shipment.on_credit"),
        ),
        Violation(
            "no shipment review", "S06", ("CR-18-2b",), "a shipment on credit was never reviewed by finance",
            {"shipment.reviewed_on": pl.lit(None, pl.Date)}, pl.col("shipment.on_credit"),
        ),
    ),
)  # fmt: skip


def shipping_post(company: Company) -> pl.DataFrame:
    """Every shipment, posted on its day."""
    shipped = company.orders.shipped_on
    return pl.DataFrame(
        {
            "as_of": days(shipped + 10),
            "shipping_entry.id": numbered("SH-", len(shipped)),
            "shipping_entry.shipped_on": days(shipped),
            "shipping_entry.posted_on": days(shipped),
        }
    )


SHIPPING_POST = Sheet(
    "shipping.post",
    "shipping_entry.id",
    shipping_post,
    (
        Violation(
            "shipment posted late", "S27", ("FU-4",), "a shipment was posted two days after the goods left",
            {"shipping_entry.posted_on": pl.col("shipping_entry.shipped_on").dt.offset_by("2d")},
        ),
    ),
)  # fmt: skip


def _sellers(company: Company, customer: Numbers) -> pl.Series:
    return tagged("", 201 + company.customers.seller[customer], 3)


SHEETS = (
    PRICE_QUOTE, QUOTE_SEND, ORDER_REGISTER, ORDER_RELEASE, CREDIT_USE, SHIPMENT_REVIEW, SHIPPING_POST,
)  # fmt: skip
