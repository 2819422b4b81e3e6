"""What is open at the ends of the months."""

from __future__ import annotations

import numpy as np

from salesctrl.sales_year.columns import NO_DAY
from salesctrl.sales_year.company import Company
from salesctrl.sales_year.dice import Numbers


def month_ends(company: Company) -> tuple[Numbers, Numbers, Numbers]:
    """The open invoices of every month end: the number of the order, the day, the balance in cents."""
    orders = company.orders
    paid = np.where(orders.paid_on == NO_DAY, company.last + 1, orders.paid_on)
    found = [np.flatnonzero((orders.shipped_on <= end) & (paid > end)) for end in company.month_ends]
    order = np.concatenate(found)
    day = np.repeat(company.month_ends, [len(rows) for rows in found])
    return order, day, orders.amount[order]
