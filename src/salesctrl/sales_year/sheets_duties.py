"""Sheets of who does what: the duties of a sale, and who signs."""

from __future__ import annotations

import numpy as np
import polars as pl

from salesctrl.sales_year.columns import PERSONS, days, duties, tagged
from salesctrl.sales_year.company import Company
from salesctrl.sales_year.planting import Sheet, Violation

_ONE_CASE_OF = 10
_POSTS = {
    "investigate_credit": "cs_specialist",
    "approve_contract": "sales_manager",
    "keep_goods": "warehouse_keeper",
    "ship_goods": "warehouse_keeper",
    "issue_invoice": "finance_accountant",
    "keep_ledger": "finance_supervisor",
    "receive_money": "cashier",
}


def _steps(**otherwise: pl.Expr) -> pl.Expr:
    """The steps of a sale: each by the holder of its post, but for those that somebody else did."""
    usual = {duty: pl.lit(PERSONS[post]) for duty, post in _POSTS.items()}
    return duties(take_order=pl.col("_seller"), **{**usual, **otherwise})


def sale_duties(company: Company) -> pl.DataFrame:
    """Every tenth order, with the person who did each step."""
    orders = company.orders
    chosen = np.arange(0, orders.size, _ONE_CASE_OF)
    seller = company.customers.seller[orders.customer[chosen]]
    frame = pl.DataFrame(
        {
            "as_of": days(orders.shipped_on[chosen] + 10),
            "sale_case.id": tagged("SO-", chosen + 1),
            "_seller": tagged("", 201 + seller, 3),
        }
    )
    return frame.with_columns(_steps().alias("sale_case.steps"))


SALE_DUTIES = Sheet(
    "sale.duties",
    "sale_case.id",
    sale_duties,
    (
        Violation(
            "seller keeps the goods", "S23", ("SR-3-1",),
            "who took the order kept the goods",
            {"sale_case.steps": _steps(keep_goods=pl.col("_seller"))},
        ),
        Violation(
            "seller ships the goods", "S23", ("SG-3-2",),
            "who took the order shipped the goods",
            {"sale_case.steps": _steps(ship_goods=pl.col("_seller"))},
        ),
        Violation(
            "cashier keeps the ledger", "S23", ("SG-3-3", "SR-3-4"),
            "who received the money kept the ledger",
            {"sale_case.steps": _steps(keep_ledger=pl.lit(PERSONS["cashier"]))},
        ),
        Violation(
            "one person checks credit and approves", "S23", ("SG-3-1",),
            "who investigated the credit approved the contract",
            {"sale_case.steps": _steps(approve_contract=pl.lit(PERSONS["cs_specialist"]))},
        ),
        Violation(
            "one person invoices and keeps the ledger", "S23", ("SR-3-4-N",),
            "who issued the invoice kept the ledger",
            {"sale_case.steps": _steps(keep_ledger=pl.lit(PERSONS["finance_accountant"]))},
        ),
    ),
)  # fmt: skip


def contract_signer(company: Company) -> pl.DataFrame:
    """The salespeople who sign contracts, all trained in the year."""
    size = company.sellers
    return pl.DataFrame(
        {
            "as_of": days(np.full(size, company.first + 100)),
            "signer.person": tagged("", 201 + np.arange(size), 3),
            "signer.trained_on": days(np.full(size, company.first + 5)),
        }
    )


CONTRACT_SIGNER = Sheet(
    "contract.signer",
    "signer.person",
    contract_signer,
    (
        Violation(
            "signer without training", "S26", ("SC-3-3-S",),
            "somebody who was not trained signs contracts",
            {"signer.trained_on": pl.lit(None, pl.Date)},
        ),
    ),
)  # fmt: skip


SHEETS = (SALE_DUTIES, CONTRACT_SIGNER)
