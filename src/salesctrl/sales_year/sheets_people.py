"""Sheets of what salespeople and customer service do and record."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from salesctrl.sales_year.columns import days, money, numbered, tagged
from salesctrl.sales_year.company import Company
from salesctrl.sales_year.dice import Numbers
from salesctrl.sales_year.planting import Sheet, Violation

_NO_DAY = pl.lit(None, pl.Date)
_NO = pl.lit(value=False)


def _said(kind: str, names: tuple[str, ...], size: int) -> Mapping[str, pl.Series]:
    """Fields of a kind that all say yes."""
    return {f"{kind}.{name}": pl.repeat(value=True, n=size, eager=True) for name in names}


def _of_the_year(company: Company, name: str, size: int, last: int = 340) -> Numbers:
    return company.first + np.sort(company.dice.between(name, size, 0, last))


def _some(company: Company, a_thousand: int) -> int:
    """How many of something there are: so many for a thousand orders, and twelve at least."""
    return max(12, company.orders.size * a_thousand // 1000)


def record_submit(company: Company) -> pl.DataFrame:
    """The records of every salesperson and month."""
    size = company.sellers * 12
    due = np.tile(company.month_ends, company.sellers) + 5
    entries = company.dice.between("entries", size, 5, 60)
    return pl.DataFrame(
        {
            "as_of": days(due),
            "record_sheet.id": numbered("RS-", size, 6),
            "record_sheet.entries_required": entries,
            "record_sheet.entries_filled": entries,
            "record_sheet.due_on": days(due),
            "record_sheet.handed_in_on": days(due - 1),
        }
    )


RECORD_SUBMIT = Sheet(
    "record.submit",
    "record_sheet.id",
    record_submit,
    (
        Violation(
            "record with gaps", "S01", ("DU-6-D4-C",), "a record was handed in with two entries missing",
            {"record_sheet.entries_filled": pl.col("record_sheet.entries_required") - 2},
        ),
        Violation(
            "record not handed in", "S01", ("DU-6-D4-S",), "a record was not handed in",
            {"record_sheet.handed_in_on": _NO_DAY},
        ),
        Violation(
            "record handed in late", "S01", ("DU-6-D4-L",), "a record was handed in a day late",
            {"record_sheet.handed_in_on": pl.col("record_sheet.due_on").dt.offset_by("1d")},
        ),
    ),
)  # fmt: skip


def customer_register(company: Company) -> pl.DataFrame:
    """Every customer, entered with all fields on the day after the first contact."""
    size = company.customers.size
    contact = _of_the_year(company, "first contact", size)
    number = np.arange(1, size + 1)
    return pl.DataFrame(
        {
            "as_of": days(contact + 20),
            "customer_record.id": numbered("C", size, 6),
            "customer_record.company_name": tagged("Customer ", number, 6),
            "customer_record.contact": tagged("Contact ", number, 6),
            "customer_record.phone": tagged("555-", number, 6),
            "customer_record.business_scope": pl.repeat("hardware", size, eager=True),
            "customer_record.purchase_need": pl.repeat("fittings", size, eager=True),
            "customer_record.first_contact": days(contact),
            "customer_record.entered_on": days(contact + 1),
        }
    )


CUSTOMER_REGISTER = Sheet(
    "customer.register",
    "customer_record.id",
    customer_register,
    (
        Violation(
            "customer without a telephone", "S12", ("SM-3-1",),
            "a customer was entered without a telephone number",
            {"customer_record.phone": pl.lit(None, pl.String)},
        ),
        Violation(
            "customer entered late", "S12", ("SM-3-1-L",),
            "a customer was entered two weeks after the first contact",
            {"customer_record.entered_on": pl.col("customer_record.first_contact").dt.offset_by("14d")},
        ),
    ),
)  # fmt: skip


def file_refresh(company: Company) -> pl.DataFrame:
    """The files of all customers at the end of each quarter, brought up to date in it."""
    size = company.customers.size * 4
    end = np.repeat(company.month_ends[2::3], company.customers.size)
    return pl.DataFrame(
        {
            "as_of": days(end),
            "customer_file.id": tagged("C", np.tile(np.arange(1, company.customers.size + 1), 4), 6),
            "customer_file.last_update": days(end - company.dice.between("file updated", size, 0, 80)),
        }
    )


FILE_REFRESH = Sheet(
    "file.refresh",
    "customer_file.id",
    file_refresh,
    (
        Violation(
            "file out of date", "S12", ("CM-8-3",),
            "a customer's file was not brought up to date for 100 days",
            {"customer_file.last_update": pl.col("as_of").dt.offset_by("-100d")},
        ),
        Violation(
            "file long out of date", "S12", ("CM-8-3", "CM-8-3-B"),
            "a customer's file was not brought up to date for 130 days",
            {"customer_file.last_update": pl.col("as_of").dt.offset_by("-130d")},
        ),
    ),
)  # fmt: skip


def upkeep_visit(company: Company) -> pl.DataFrame:
    """Visits to customers, each with a date for the next."""
    size = _some(company, 100)
    visited = _of_the_year(company, "upkeep visit", size)
    return pl.DataFrame(
        {
            "as_of": days(visited),
            "upkeep_visit.id": numbered("UV-", size),
            "upkeep_visit.visited_on": days(visited),
            "upkeep_visit.next_visit": days(visited + 30),
        }
    )


UPKEEP_VISIT = Sheet(
    "upkeep.visit",
    "upkeep_visit.id",
    upkeep_visit,
    (
        Violation(
            "visit without a next date", "S13", ("CM-12-7",), "a visit ended without a date for the next",
            {"upkeep_visit.next_visit": _NO_DAY},
        ),
    ),
)  # fmt: skip


def market_feedback(company: Company) -> pl.DataFrame:
    """The feedback of every salesperson from the market, month by month."""
    end = np.tile(company.month_ends, company.sellers)
    return pl.DataFrame(
        {
            "as_of": days(end + 20),
            "market_feedback.person": tagged("", 201 + np.repeat(np.arange(company.sellers), 12), 3),
            "market_feedback.period": days(end),
            "market_feedback.filed_on": days(end + 4),
        }
    )


MARKET_FEEDBACK = Sheet(
    "market.feedback",
    "market_feedback.person",
    market_feedback,
    (
        Violation(
            "market feedback late", "S17", ("SF-2-5",), "the feedback from the market came five days late",
            {"market_feedback.filed_on": pl.col("market_feedback.period").dt.offset_by("10d")},
        ),
    ),
)  # fmt: skip


def market_event(company: Company) -> pl.DataFrame:
    """Events of the market, noted and reported on their day."""
    size = _some(company, 20)
    day = _of_the_year(company, "market event", size)
    return pl.DataFrame(
        {
            "as_of": days(day + 10),
            "market_event.id": numbered("ME-", size, 6),
            "market_event.sort": pl.repeat("dealer_complaint", size, eager=True),
            "market_event.loss_estimate": money(company.dice.between("loss", size, 5_000_000, 9_000_000)),
            "market_event.area_target": money(np.full(size, 500_000_000)),
            "market_event.occurred_on": days(day),
            "market_event.sheet_filed_on": days(day),
            "market_event.noted": np.ones(size, bool),
        }
    )


MARKET_EVENT = Sheet(
    "market.event",
    "market_event.id",
    market_event,
    (
        Violation(
            "serious event reported late", "S17", ("VR-4-L",), "a serious event was reported two days late",
            {"market_event.sheet_filed_on": pl.col("market_event.occurred_on").dt.offset_by("2d")},
        ),
        Violation(
            "event not noted", "S17", ("VR-4-N",), "an event was not noted on the form of the day",
            {"market_event.noted": _NO},
        ),
    ),
)  # fmt: skip


def follow_up(company: Company) -> pl.DataFrame:
    """All customers at the end of the year, with the last contact."""
    size = company.customers.size
    return pl.DataFrame(
        {
            "as_of": days(np.full(size, company.last)),
            "follow_up.customer": numbered("C", size, 6),
            "follow_up.sales_class": pl.repeat("B", size, eager=True),
            "follow_up.last_contact": days(company.last - company.dice.between("contact", size, 0, 14)),
        }
    )


FOLLOW_UP = Sheet(
    "customer.follow_up",
    "follow_up.customer",
    follow_up,
    (
        Violation(
            "customer not contacted", "S18", ("SM-3-3",),
            "a customer of class B was not contacted for two months",
            {"follow_up.last_contact": pl.col("as_of").dt.offset_by("-2mo")},
        ),
    ),
)  # fmt: skip


def dealer_visit(company: Company) -> pl.DataFrame:
    """Visits to dealers: the stock counted, the alerts given, the table filled in."""
    size = _some(company, 50)
    parts = ("stock_counted", "alerts_given", "fifo_checked", "movement_table")
    return pl.DataFrame(
        {
            "as_of": days(_of_the_year(company, "dealer visit", size)),
            "dealer_visit.id": numbered("DV-", size),
            **_said("dealer_visit", parts, size),
        }
    )


DEALER_VISIT = Sheet(
    "dealer.visit",
    "dealer_visit.id",
    dealer_visit,
    (
        Violation(
            "dealer's stock not counted", "S30", ("DL-3",), "a dealer was visited and the stock not counted",
            {"dealer_visit.stock_counted": _NO},
        ),
        Violation(
            "dealer visit without a table", "S30", ("DL-5",),
            "a dealer was visited and no movement table made",
            {"dealer_visit.movement_table": _NO},
        ),
    ),
)  # fmt: skip


def dealer_order(company: Company) -> pl.DataFrame:
    """Orders of dealers, entered after a count in the same visit."""
    size = _some(company, 50)
    visited = _of_the_year(company, "dealer order", size)
    return pl.DataFrame(
        {
            "as_of": days(visited + 1),
            "dealer_order.id": numbered("DO-", size),
            "dealer_order.visited_on": days(visited),
            "dealer_order.counted_on": days(visited),
            "dealer_order.entered_on": days(visited + 1),
        }
    )


DEALER_ORDER = Sheet(
    "dealer.order",
    "dealer_order.id",
    dealer_order,
    (
        Violation(
            "dealer order without a count", "S30", ("DL-2",), "a dealer's order was entered without a count",
            {"dealer_order.counted_on": _NO_DAY},
        ),
        Violation(
            "dealer order on an old count", "S30", ("DL-2-D",),
            "a dealer's order was entered on an earlier count",
            {"dealer_order.counted_on": pl.col("dealer_order.visited_on").dt.offset_by("-7d")},
        ),
    ),
)  # fmt: skip


def complaint_handle(company: Company) -> pl.DataFrame:
    """Complaints: passed on and answered on their day, closed on the next."""
    size = _some(company, 30)
    received = _of_the_year(company, "complaint", size)
    return pl.DataFrame(
        {
            "as_of": days(received + 20),
            "complaint.id": numbered("CO-", size, 6),
            "complaint.received_on": days(received),
            "complaint.assigned_on": days(received),
            "complaint.passed_on": days(received),
            "complaint.answered_on": days(received),
            "complaint.closed_on": days(received + 1),
        }
    )


COMPLAINT_HANDLE = Sheet(
    "complaint.handle",
    "complaint.id",
    complaint_handle,
    (
        Violation(
            "complaint closed late", "S31", ("CS-1-L",), "a complaint was closed after twelve days",
            {"complaint.closed_on": pl.col("complaint.received_on").dt.offset_by("12d")},
        ),
        Violation(
            "complaint still open", "S31", ("CS-1-C", "CS-1-L"), "a complaint was never closed",
            {"complaint.closed_on": _NO_DAY},
        ),
        Violation(
            "complaint out of order", "S31", ("CS-1-F",), "a complaint was answered before it was passed on",
            {"complaint.passed_on": pl.col("complaint.received_on").dt.offset_by("1d")},
        ),
    ),
)  # fmt: skip


def followup_report(company: Company) -> pl.DataFrame:
    """Return visits, each reported in full."""
    size = _some(company, 40)
    return pl.DataFrame(
        {
            "as_of": days(_of_the_year(company, "followup", size)),
            "followup_report.id": numbered("FR-", size, 6),
            **_said("followup_report", ("use_state", "new_needs", "news_told"), size),
        }
    )


FOLLOWUP_REPORT = Sheet(
    "followup.report",
    "followup_report.id",
    followup_report,
    (
        Violation(
            "return visit reported in part", "S31", ("CS-6",),
            "the report of a return visit says nothing of new needs",
            {"followup_report.new_needs": _NO},
        ),
    ),
)  # fmt: skip


def gift_given(company: Company) -> pl.DataFrame:
    """Gifts to customers: small, and in an approved expense."""
    size = _some(company, 20)
    day = _of_the_year(company, "gift", size)
    return pl.DataFrame(
        {
            "as_of": days(day),
            "gift_given.id": numbered("GG-", size, 6),
            "gift_given.value": money(company.dice.between("gift value", size, 1_000, 15_000)),
            "gift_given.given_on": days(day),
            "gift_given.expense_approved_on": days(day - 3),
        }
    )


GIFT_GIVEN = Sheet(
    "gift.give",
    "gift_given.id",
    gift_given,
    (
        Violation(
            "gift above the limit", "S36", ("ET-2",),
            "a gift of 500.00 was given",
            {"gift_given.value": pl.lit(500)},
        ),
        Violation(
            "gift outside approved expense", "S36", ("ET-2-X",),
            "a gift was given before its expense was approved",
            {"gift_given.expense_approved_on": pl.col("gift_given.given_on").dt.offset_by("4d")},
        ),
    ),
)  # fmt: skip


SHEETS = (
    RECORD_SUBMIT, CUSTOMER_REGISTER, FILE_REFRESH, UPKEEP_VISIT, MARKET_FEEDBACK, MARKET_EVENT, FOLLOW_UP,
    DEALER_VISIT, DEALER_ORDER, COMPLAINT_HANDLE, FOLLOWUP_REPORT, GIFT_GIVEN,
)  # fmt: skip
