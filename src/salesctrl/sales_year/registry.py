"""All sheets, in the order in which a sale goes, and with them every violation that can be planted."""

from __future__ import annotations

from salesctrl.sales_year import sheets_credit, sheets_duties, sheets_money, sheets_orders, sheets_people
from salesctrl.sales_year.planting import Sheet

SHEETS: tuple[Sheet, ...] = (
    *sheets_credit.SHEETS,
    *sheets_orders.SHEETS,
    *sheets_duties.SHEETS,
    *sheets_money.SHEETS,
    *sheets_people.SHEETS,
)
