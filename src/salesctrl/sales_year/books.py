"""The books of a company as frames for people: what the tables of the control points were made from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from salesctrl.sales_year.columns import NO_DAY, PERSONS, chosen, days, money, numbered, tagged
from salesctrl.sales_year.company import GRADES, PRICES, Company
from salesctrl.sales_year.receivables import month_ends

_APPROVALS = "evidence.approvals"


def books(company: Company, sheets: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """All books by their names; approvals and expenses are those of the tables, with what was planted."""
    return {
        "customers": _customers(company),
        "employees": _employees(company),
        "products": pl.DataFrame({"product": numbered("P", len(PRICES), 3), "list_price": money(PRICES)}),
        "quotes": _plain(sheets["price.quote"]),
        "contracts": _plain(sheets["contract.review"]),
        "orders": _orders(company),
        "order_lines": _lines(company),
        "shipments": _plain(sheets["shipment.review"]).drop("as_of"),
        "invoices": _invoices(company),
        "payments": _payments(company),
        "receivables": _receivables(company),
        "expenses": _plain(sheets["expense.request"]),
        "approvals": _approvals(sheets),
        "duties": _duties(sheets["sale.duties"]),
    }


def _customers(company: Company) -> pl.DataFrame:
    customers = company.customers
    return pl.DataFrame(
        {
            "customer": numbered("C", customers.size, 6),
            "grade": chosen(GRADES, customers.grade),
            "credit_limit": money(customers.limit),
            "term": customers.term,
            "salesperson": tagged("", 201 + customers.seller, 3),
            "branch": customers.branch + 1,
        }
    )


def _employees(company: Company) -> pl.DataFrame:
    sellers = tagged("", 201 + np.arange(company.sellers), 3).to_list()
    return pl.DataFrame(
        {
            "person": [*PERSONS.values(), *sellers],
            "role": [*PERSONS, *("salesperson" for _ in sellers)],
        }
    )


def _orders(company: Company) -> pl.DataFrame:
    orders = company.orders
    return pl.DataFrame(
        {
            "order": numbered("SO-", orders.size),
            "customer": tagged("C", orders.customer + 1, 6),
            "date": days(orders.day),
            "amount": money(orders.amount),
            "on_credit": orders.on_credit,
        }
    )


def _lines(company: Company) -> pl.DataFrame:
    lines = company.lines
    return pl.DataFrame(
        {
            "order": tagged("SO-", lines.order + 1),
            "line": lines.number,
            "product": tagged("P", lines.product + 1, 3),
            "quantity": lines.quantity,
            "list_price": money(lines.list_price),
            "price": money(lines.price),
            "amount": money(lines.quantity * lines.price),
        }
    )


def _invoices(company: Company) -> pl.DataFrame:
    orders = company.orders
    return pl.DataFrame(
        {
            "invoice": numbered("INV-", orders.size),
            "order": numbered("SO-", orders.size),
            "customer": tagged("C", orders.customer + 1, 6),
            "date": days(orders.shipped_on),
            "due_date": days(orders.due_on),
            "amount": money(orders.amount),
        }
    )


def _payments(company: Company) -> pl.DataFrame:
    orders = company.orders
    paid = np.flatnonzero(orders.paid_on != NO_DAY)
    return pl.DataFrame(
        {
            "payment": tagged("PAY-", paid + 1),
            "invoice": tagged("INV-", paid + 1),
            "date": days(orders.paid_on[paid]),
            "amount": money(orders.amount[paid]),
        }
    )


def _receivables(company: Company) -> pl.DataFrame:
    order, day, balance = month_ends(company)
    return pl.DataFrame(
        {
            "month_end": days(day),
            "invoice": tagged("INV-", order + 1),
            "customer": tagged("C", company.orders.customer[order] + 1, 6),
            "due_date": days(company.orders.due_on[order]),
            "balance": money(balance),
        }
    )


def _plain(sheet: pl.DataFrame) -> pl.DataFrame:
    """A table without its evidence, under the names of the fields alone."""
    kept = [name for name in sheet.columns if not name.startswith("evidence.")]
    return sheet.select(pl.col(name).alias(name.rpartition(".")[2]) for name in kept)


def _approvals(sheets: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Every approval that somebody gave, with the control point and the record."""
    return pl.concat(
        sheet.filter(pl.col(_APPROVALS).is_not_null())
        .select(
            pl.lit(point).alias("control_point"),
            pl.col(sheet.columns[1]).alias("record"),
            pl.col(_APPROVALS).alias("approval"),
        )
        .explode("approval")
        .unnest("approval")
        for point, sheet in sheets.items()
        if _APPROVALS in sheet.columns
    )


def _duties(cases: pl.DataFrame) -> pl.DataFrame:
    """Who did which step of a sale."""
    steps = cases.select(pl.col("sale_case.id").alias("order"), pl.col("sale_case.steps").alias("step"))
    return steps.explode("step").unnest("step")
