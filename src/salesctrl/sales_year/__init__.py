"""A made-up year of a sales company, with violations planted at known places.

Everything in it is in order but what was planted. So it shows what a set of rules finds, and what it does
not: decide the tables, and compare what was found with what was planted.

>>> year = sales_year(orders=400, seed=7)
>>> year
SalesYear(2026: 400 orders of 20 customers, 143 findings planted)
>>> year.planted.row(0, named=True)["description"]
'a customer of grade D was given a limit'
"""

from salesctrl.sales_year.events_planting import EVENT_VIOLATIONS
from salesctrl.sales_year.recall import findings, findings_in_events, recall, recall_in_events
from salesctrl.sales_year.registry import SHEETS
from salesctrl.sales_year.year import SalesYear, sales_year

__all__ = [
    "EVENT_VIOLATIONS",
    "SHEETS",
    "SalesYear",
    "findings",
    "findings_in_events",
    "recall",
    "recall_in_events",
    "sales_year",
]
