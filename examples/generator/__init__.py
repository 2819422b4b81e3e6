"""Tables of an invented trading company, as its ERP would export them: the same on every machine.

    customers.csv            terms and limits granted to customers                      credit.terms
    receivables.csv          open invoices, with deductions made so far                 receivable.liability
    orders.jsonl             orders with the credit facts and the approvals given       order.release
    expense_requests.jsonl   requests for sales expense, with forms and approvals       expense.request
    quotes.csv               prices quoted, with columns and posts in Chinese           price.quote

The tables hang together: what a customer owes in an order is the sum of their open invoices.
"""

from __future__ import annotations

from pathlib import Path

from .credit import CLOSING_DAY, customers, orders, receivables
from .dice import Dice
from .files import write_csv, write_jsonl
from .sales import expense_requests, quotes

SEED = 2

__all__ = ["CLOSING_DAY", "SEED", "write_tables"]


def write_tables(folder: Path, seed: int = SEED) -> dict[str, Path]:
    """Write all tables into a folder, which is made if need be; their paths, by name."""
    folder.mkdir(parents=True, exist_ok=True)
    known = customers(Dice(f"{seed} customers"))
    invoices = receivables(Dice(f"{seed} receivables"), known)
    paths = {
        "customers": folder / "customers.csv",
        "receivables": folder / "receivables.csv",
        "orders": folder / "orders.jsonl",
        "expense_requests": folder / "expense_requests.jsonl",
        "quotes": folder / "quotes.csv",
    }
    write_csv(paths["customers"], [customer.row() for customer in known])
    write_csv(paths["receivables"], [invoice.row() for invoice in invoices])
    write_jsonl(paths["orders"], orders(Dice(f"{seed} orders"), known, invoices))
    write_jsonl(paths["expense_requests"], expense_requests(Dice(f"{seed} expenses")))
    write_csv(paths["quotes"], quotes(Dice(f"{seed} quotes"), known))
    return paths
