"""Sheets of receivables, collection and expense."""

from __future__ import annotations

import numpy as np
import polars as pl

from salesctrl.batch.values import decimals
from salesctrl.sales_year.columns import (
    NO_DAY,
    PERSONS,
    approvals,
    chosen,
    days,
    documents,
    money,
    no_approvals,
    numbered,
    tagged,
    with_approvals,
)
from salesctrl.sales_year.company import GRADES, Company
from salesctrl.sales_year.dice import Numbers
from salesctrl.sales_year.planting import Sheet, Violation
from salesctrl.sales_year.receivables import month_ends

_CENT = pl.lit("0.01").cast(pl.Decimal(38, 2))
_DAYS_LEFT = (pl.col("receivable.due_date") - pl.col("as_of")).dt.total_days()
_WARNED = pl.when(pl.col("customer.grade") == "C").then(10).otherwise(7)
_OVERDUE = pl.col("receivable.due_date") < pl.col("as_of")
_DOUBTFUL_AFTER = 120
_WAGE = 800_000
_LEAST_WAGE = 250_000
_CHANNELS = ("bank_transfer", "bill", "cash")


def receivable_review(company: Company) -> pl.DataFrame:
    """Every invoice that is open at the end of a month."""
    order, day, balance = month_ends(company)
    orders = company.orders
    return pl.DataFrame(
        {
            "as_of": days(day),
            "receivable.id": tagged("INV-", order + 1),
            "receivable.balance": money(balance),
            "receivable.due_date": days(orders.due_on[order]),
            "receivable.shipped_on": days(orders.shipped_on[order]),
            "receivable.term": company.customers.term[orders.customer[order]],
            "customer.grade": chosen(GRADES, company.customers.grade[orders.customer[order]]),
            "_year_end": pl.Series(day == company.last),
        }
    )


RECEIVABLE_REVIEW = Sheet(
    "receivable.review",
    "receivable.id",
    receivable_review,
    (
        Violation(
            "invoice not paid in time", "S05", ("CR-15-3",),
            "an invoice was not paid when it fell due, and is open at the end of the month", where=_OVERDUE,
        ),
        Violation(
            "late payer about to fall due", "S05", ("CR-15-3-W",),
            "an invoice that is going to be paid late falls due in the next days",
            where=(_DAYS_LEFT >= 0) & (_DAYS_LEFT <= _WARNED),
        ),
        Violation(
            "not cleared at the year end", "S06", ("CR-18-3",), "what was due is open on 31 December",
            where=_OVERDUE & pl.col("_year_end"),
        ),
    ),
)  # fmt: skip


def receivable_liability(company: Company) -> pl.DataFrame:
    """The same invoices, for the persons who answer for their collection."""
    order, day, balance = month_ends(company)
    orders, customers = company.orders, company.customers
    seller = customers.seller[orders.customer[order]]
    return pl.DataFrame(
        {
            "as_of": days(day),
            "receivable.id": tagged("INV-", order + 1),
            "receivable.due_date": days(orders.due_on[order]),
            "receivable.overdue": money(np.where(orders.due_on[order] < day, balance, 0)),
            "receivable.at_fault": np.zeros(len(order), bool),
            "receivable.salesperson": tagged("", 201 + seller, 3),
            "receivable.sales_manager": pl.repeat(PERSONS["sales_manager"], len(order), eager=True),
            "receivable.sales_vp": pl.repeat(PERSONS["sales_vp"], len(order), eager=True),
        }
    )


RECEIVABLE_LIABILITY = Sheet(
    "receivable.liability",
    "receivable.id",
    receivable_liability,
    (
        Violation(
            "doubtful debt", "S07", ("CR-19-3-2-S",),
            "an invoice is open 120 days after it fell due, or longer",
            where=(pl.col("as_of") - pl.col("receivable.due_date")).dt.total_days() >= _DOUBTFUL_AFTER,
        ),
    ),
)  # fmt: skip


def delivery_account(company: Company) -> pl.DataFrame:
    """Every delivery on credit, as it stands in the books at the end of the year."""
    orders = company.orders
    sold = np.flatnonzero(orders.on_credit)
    amount = orders.amount[sold]
    is_open = orders.paid_on[sold] == NO_DAY
    return pl.DataFrame(
        {
            "as_of": days(np.full(len(sold), company.last)),
            "credit_delivery.id": tagged("SH-", sold + 1),
            "credit_delivery.transferred": np.ones(len(sold), bool),
            "credit_delivery.invoiced": money(amount),
            "credit_delivery.paid": money(np.where(is_open, 0, amount)),
            "credit_delivery.shipped_on": days(orders.shipped_on[sold]),
            "credit_delivery.term": company.customers.term[orders.customer[sold]],
            "_open": pl.Series(is_open),
        }
    )


DELIVERY_ACCOUNT = Sheet(
    "delivery.account",
    "credit_delivery.id",
    delivery_account,
    (
        Violation(
            "delivery never paid", "S02", ("CR-4-5",), "a delivery on credit was not paid in the year",
            where=pl.col("_open"),
        ),
    ),
)  # fmt: skip


def payroll_deduction(company: Company) -> pl.DataFrame:
    """What is deducted from the wages of the salespeople, month by month."""
    size = company.sellers * 12
    person = np.repeat(np.arange(company.sellers), 12)
    charged = company.dice.between("payroll charged", size, 0, 120_000)
    return pl.DataFrame(
        {
            "as_of": days(np.tile(company.month_ends, company.sellers)),
            "payroll.person": tagged("", 201 + person, 3),
            "payroll.wage": money(np.full(size, _WAGE)),
            "payroll.charged": money(charged),
            "payroll.minimum_wage": money(np.full(size, _LEAST_WAGE)),
        }
    )


PAYROLL_DEDUCTION = Sheet(
    "payroll.deduction",
    "payroll.person",
    payroll_deduction,
    (
        Violation(
            "deduction above the share of the wage", "S07", ("A052-1",),
            "more than a fifth of a wage was to be deducted in a month", {"payroll.charged": pl.lit(2000)},
        ),
    ),
)  # fmt: skip


def _late_orders(company: Company) -> Numbers:
    return np.flatnonzero(company.orders.late)


def overdue_contact(company: Company) -> pl.DataFrame:
    """Every invoice that fell due unpaid: the salesperson called the day after."""
    late = _late_orders(company)
    due = company.orders.due_on[late]
    return pl.DataFrame(
        {
            "as_of": days(due + 12),
            "overdue_event.id": tagged("INV-", late + 1),
            "overdue_event.due_date": days(due),
            "overdue_event.contacted_on": days(due + 1),
            "overdue_event.reason_code": np.ones(len(late), np.int64),
            "overdue_event.restated": np.ones(len(late), bool),
        }
    )


OVERDUE_CONTACT = Sheet(
    "overdue.contact",
    "overdue_event.id",
    overdue_contact,
    (
        Violation(
            "overdue customer called late", "S10", ("CT-1-L",),
            "the customer was called eight days after the invoice fell due",
            {"overdue_event.contacted_on": pl.col("overdue_event.due_date").dt.offset_by("8d")},
        ),
        Violation(
            "overdue date not restated", "S10", ("CT-1",),
            "the call did not restate the date and the liability",
            {"overdue_event.restated": pl.lit(value=False)},
        ),
    ),
)  # fmt: skip


def prepayment_remind(company: Company) -> pl.DataFrame:
    """The prepayments of the customers without credit, all received before their day."""
    orders = company.orders
    paid = np.flatnonzero(~orders.on_credit)
    return pl.DataFrame(
        {
            "as_of": days(orders.day[paid]),
            "prepayment.id": tagged("SO-", paid + 1),
            "prepayment.contract_amount": money(orders.amount[paid]),
            "prepayment.share": decimals(pl.Series(np.full(len(paid), 3000)), 4),
            "prepayment.due_on": days(orders.day[paid]),
            "prepayment.received": money(orders.amount[paid]),
        }
    )


PREPAYMENT_REMIND = Sheet(
    "prepayment.remind",
    "prepayment.id",
    prepayment_remind,
    (
        Violation(
            "prepayment not asked for", "S08", ("RC-7-1",),
            "a prepayment was due, and the customer was not reminded",
            {"prepayment.received": pl.lit(0)},
        ),
    ),
)  # fmt: skip


def receipt_channel(company: Company) -> pl.DataFrame:
    """Every payment that came in, by a registered channel."""
    paid = np.flatnonzero(company.orders.paid_on != NO_DAY)
    channel = company.dice.between("receipt channel", len(paid), 0, len(_CHANNELS) - 1)
    return pl.DataFrame(
        {
            "as_of": days(company.orders.paid_on[paid]),
            "receipt.id": tagged("PAY-", paid + 1),
            "receipt.channel": chosen(_CHANNELS, channel),
        }
    )


RECEIPT_CHANNEL = Sheet(
    "receipt.channel",
    "receipt.id",
    receipt_channel,
    (
        Violation(
            "money into a private wallet", "S24", ("RK-13",),
            "a customer paid into the private wallet of a salesperson",
            {"receipt.channel": pl.lit("personal_wallet")},
        ),
    ),
)  # fmt: skip


def due_date_change(company: Company) -> pl.DataFrame:
    """Due dates that were touched: corrected to the same day or an earlier one."""
    size = max(10, company.orders.size // 50)
    due = company.first + company.dice.between("due date", size, 40, 300)
    return pl.DataFrame(
        {
            "as_of": days(due - 20),
            "due_change.id": numbered("DC-", size, 6),
            "due_change.old_due": days(due),
            "due_change.new_due": days(due - company.dice.between("due date moved", size, 0, 5)),
            "due_change.approved_until": pl.repeat(None, size, dtype=pl.Date, eager=True),
        }
    )


DUE_DATE_CHANGE = Sheet(
    "due_date.change",
    "due_change.id",
    due_date_change,
    (
        Violation(
            "due date moved without an extension", "S09", ("RC-9-1", "RC-9-1-R"),
            "a due date was put off by a month, and there is no extension",
            {"due_change.new_due": pl.col("due_change.old_due").dt.offset_by("1mo")},
        ),
    ),
)  # fmt: skip


def customer_incentive(company: Company) -> pl.DataFrame:
    """What customers were given for paying a month early: less than the money is worth."""
    size = max(10, company.orders.size // 50)
    amount = company.dice.between("incentive amount", size, 1_000_000, 9_000_000)
    return pl.DataFrame(
        {
            "as_of": days(company.first + company.dice.between("incentive day", size, 0, 360)),
            "customer_incentive.id": numbered("CI-", size, 6),
            "customer_incentive.amount": money(amount),
            "customer_incentive.months_early": np.ones(size, np.int64),
            "customer_incentive.concession": money(amount * 4 // 1000),
        }
    )


CUSTOMER_INCENTIVE = Sheet(
    "customer.incentive",
    "customer_incentive.id",
    customer_incentive,
    (
        Violation(
            "too much for paying early", "S11", ("RC-12-3",),
            "a customer was given more than paying early is worth, without the sales VP",
            {"customer_incentive.concession": pl.col("customer_incentive.concession") * 2},
        ),
    ),
)  # fmt: skip


def collector_assign(company: Company) -> pl.DataFrame:
    """The salespeople who own overdue accounts, all trained."""
    size = company.sellers
    return pl.DataFrame(
        {
            "as_of": days(np.full(size, company.first + 180)),
            "collector.person": tagged("", 201 + np.arange(size), 3),
            "collector.trained_on": days(np.full(size, company.first + 10)),
            "collector.overdue_owned": money(company.dice.between("overdue owned", size, 1, 5_000_000)),
        }
    )


COLLECTOR_ASSIGN = Sheet(
    "collector.assign",
    "collector.person",
    collector_assign,
    (
        Violation(
            "collector without training", "S11", ("RC-6",),
            "somebody who was not trained owns overdue accounts",
            {"collector.trained_on": pl.lit(None, pl.Date)},
        ),
    ),
)  # fmt: skip


def expense_request(company: Company) -> pl.DataFrame:
    """Requests for expense: small ones from the allowance, those of departments with all approvals."""
    size = max(20, company.orders.size // 20)
    dice = company.dice
    day = company.first + np.sort(dice.between("expense day", size, 20, 360))
    department = dice.chance("expense of a department", size, 400)
    amount = np.where(
        department,
        dice.between("expense large", size, 100_000, 1_200_000),
        dice.between("expense small", size, 1_000, 90_000),
    )
    frame = pl.DataFrame(
        {
            "as_of": days(day),
            "expense.id": numbered("EX-", size),
            "expense.amount": money(amount),
            "expense.category": pl.repeat("business", size, eager=True),
            "expense.made_for": chosen(("person", "department"), department.astype(np.int64)),
            "expense.applicant": pl.repeat("salesperson", size, eager=True),
            "expense.in_month_plan": np.ones(size, bool),
            "expense.allowance_used": money(np.zeros(size, np.int64)),
            "expense.category_budget": money(np.full(size, 100_000_000)),
            "expense.category_spent": money(np.zeros(size, np.int64)),
            "expense.budget_approved_on": days(np.full(size, company.first)),
            "expense.spend_date": days(day),
            "expense.reference": tagged("SO-", dice.between("expense order", size, 1, company.orders.size)),
            "evidence.requester": tagged(
                "", 201 + dice.between("expense by", size, 0, company.sellers - 1), 3
            ),
            "_department": pl.Series(department),
            "_large": pl.Series(department & (amount > 500_000)),
        }
    )
    form, sheet = documents("expense_request_form"), documents("expense_request_form", "explanatory_sheet")
    filed = frame.with_columns(
        pl.when("_department").then(sheet).otherwise(form).alias("evidence.documents"),
    )
    return with_approvals(
        filed,
        ("_department", approvals("sales_vp", "sales_manager")),
        ("_large", approvals("sales_vp", "general_manager")),
    )


EXPENSE_REQUEST = Sheet(
    "expense.request",
    "expense.id",
    expense_request,
    (
        Violation(
            "large expense without the general manager", "S14", ("EX-8-3-1",),
            "an expense above the threshold was approved without the general manager",
            {"evidence.approvals": approvals("sales_vp", "sales_manager")}, pl.col("_large"),
        ),
        Violation(
            "expense approved by the requester", "S14", ("EX-8-3", "EX-8-3-2"),
            "the sales VP asked for an expense and approved it",
            {"evidence.requester": pl.lit(PERSONS["sales_vp"])}, pl.col("_department") & ~pl.col("_large"),
        ),
        Violation(
            "expense without a form", "S14", ("EX-8-1-F",), "an expense was made without the request form",
            {"evidence.documents": pl.lit(None)}, ~pl.col("_department"),
        ),
        Violation(
            "expense without a sale", "S14", ("EX-10-3-R",), "an expense belongs to no sale",
            {"expense.reference": pl.lit(None, pl.String)},
        ),
        Violation(
            "expense over the budget", "S14", ("EX-7b-2-S",),
            "an expense went over the budget of its category without the general manager",
            {"expense.category_budget": pl.col("expense.amount") - _CENT}, ~pl.col("_department"),
        ),
    ),
)  # fmt: skip


def expense_payment(company: Company) -> pl.DataFrame:
    """Payments of expense: inside the plans, signed by finance, paid by the cashier."""
    size = max(20, company.orders.size // 20)
    amount = company.dice.between("payment amount", size, 1_000, 400_000)
    frame = pl.DataFrame(
        {
            "as_of": days(company.first + np.sort(company.dice.between("payment day", size, 20, 360))),
            "payment_order.id": numbered("PO-", size),
            "payment_order.amount": money(amount),
            "payment_order.month_plan_left": money(amount + 100_000),
            "payment_order.year_plan_left": money(amount + 900_000),
            "payment_order.approved_form": pl.repeat("transfer", size, eager=True),
            "payment_order.paid_form": pl.repeat("transfer", size, eager=True),
            "payment_order.paid_by": pl.repeat("cashier", size, eager=True),
        }
    )
    return frame.with_columns(approvals("finance_manager").alias("evidence.approvals"))


EXPENSE_PAYMENT = Sheet(
    "expense.payment",
    "payment_order.id",
    expense_payment,
    (
        Violation(
            "payment outside the plan", "S14", ("EX-9-1",),
            "a payment was a cent above the plan of the month",
            {"payment_order.month_plan_left": pl.col("payment_order.amount") - _CENT},
        ),
        Violation(
            "payment not signed", "S14", ("EX-9-1-S",),
            "a payment was made that nobody in finance had signed",
            {"evidence.approvals": no_approvals()},
        ),
        Violation(
            "not paid by the cashier", "S14", ("EX-9-2",), "another post than the cashier paid",
            {"payment_order.paid_by": pl.lit("another_post")},
        ),
    ),
)  # fmt: skip


def cash_books(company: Company) -> pl.DataFrame:
    """The books of the cash sales of every branch, compared at the end of each month."""
    branches = int(np.max(company.customers.branch)) + 1
    size = branches * 12
    day = np.tile(company.month_ends, branches)
    book = company.dice.between("cash book", size, 1_000_000, 90_000_000)
    stock = company.dice.between("stock", size, 100, 9_000)
    return pl.DataFrame(
        {
            "as_of": days(day),
            "cash_books.id": numbered("CB-", size, 6),
            "cash_books.sales_book": money(book),
            "cash_books.accounting_book": money(book),
            "cash_books.book_stock": stock,
            "cash_books.counted_stock": stock,
            "cash_books.books_compared_on": days(day),
            "cash_books.stock_counted_on": days(day),
            "cash_books.statement_sent_on": days(day),
        }
    )


CASH_BOOKS = Sheet(
    "cash_books.compare",
    "cash_books.id",
    cash_books,
    (
        Violation(
            "cash books differ", "S16", ("NC-4",),
            "the books of sales and accounting differ, and nobody settled it",
            {"cash_books.sales_book": pl.col("cash_books.sales_book") + _CENT},
        ),
        Violation(
            "stock not compared", "S16", ("NC-4-L",), "the stock was not counted for four months",
            {"cash_books.stock_counted_on": pl.col("as_of").dt.offset_by("-4mo")},
        ),
    ),
)  # fmt: skip


SHEETS = (
    RECEIVABLE_REVIEW, RECEIVABLE_LIABILITY, DELIVERY_ACCOUNT, PAYROLL_DEDUCTION, OVERDUE_CONTACT,
    PREPAYMENT_REMIND, RECEIPT_CHANNEL, DUE_DATE_CHANGE, CUSTOMER_INCENTIVE, COLLECTOR_ASSIGN,
    EXPENSE_REQUEST, EXPENSE_PAYMENT, CASH_BOOKS,
)  # fmt: skip
