"""The year as people hold it: tables to decide, the books behind them, the events, and what was planted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import polars as pl

from salesctrl.sales_year.books import books
from salesctrl.sales_year.company import Company, found
from salesctrl.sales_year.dice import Dice
from salesctrl.sales_year.events import events, in_order, orders_of_log
from salesctrl.sales_year.events_planting import plant_events
from salesctrl.sales_year.planting import PLANTED_SCHEMA, plant
from salesctrl.sales_year.registry import SHEETS
from salesctrl.sales_year.writing import write

FEWEST_CUSTOMERS = 20
MOST_ORDERS_OF_A_CUSTOMER = 1000


def sales_year(
    orders: int = 1000,
    *,
    customers: int | None = None,
    year: int = 2026,
    per_mille: int = 20,
    seed: int = 1,
) -> SalesYear:
    """Make a year. The same arguments make the same year, byte for byte.

    Args:
        orders: How many orders there are, from 100 to a million; all else grows with them.
        customers: How many customers, 20 at least; left out, one for 40 orders.
        year: The calendar year.
        per_mille: How many of a thousand rows of each table have a violation. Each kind is planted once at
            least where there is a row for it; with 0 everything is in order.
        seed: Another seed makes another year.

    Raises:
        ValueError: An argument is outside its bounds.

    >>> sales_year(orders=400, per_mille=0).planted.height
    0
    """
    size = max(FEWEST_CUSTOMERS, orders // 40) if customers is None else customers
    if not 100 <= orders <= 1_000_000:
        raise ValueError(f"expected 100 to 1000000 orders but got {orders}")
    if not FEWEST_CUSTOMERS <= size <= orders:
        raise ValueError(f"expected {FEWEST_CUSTOMERS} to {orders} customers but got {size}")
    if orders > size * MOST_ORDERS_OF_A_CUSTOMER:
        raise ValueError(f"expected at most {MOST_ORDERS_OF_A_CUSTOMER} orders for a customer")
    if not 0 <= per_mille <= 500:
        raise ValueError(f"expected 0 to 500 violations in a thousand rows but got {per_mille}")
    if not 2001 <= year <= 2100:
        raise ValueError(f"expected a year from 2001 to 2100 but got {year}")
    company = found(Dice(seed), year, size, orders, per_mille)
    made = {sheet.control_point: plant(sheet, company, per_mille) for sheet in SHEETS}
    planted = pl.concat([pl.DataFrame(schema=PLANTED_SCHEMA), *(listed for _, listed in made.values())])
    return SalesYear(company, {point: frame for point, (frame, _) in made.items()}, planted, per_mille)


@dataclass(frozen=True, repr=False, eq=False)
class SalesYear:
    """A year of a sales company. Make one with `sales_year`.

    Attributes:
        company: The books in columns of numbers, from which everything was made.
        planted: What has to be found, a row for each: control point, row of its table, record, rule, the
            system of the rule, the kind of violation, and what was done.
        per_mille: How many of a thousand rows have a violation.
    """

    company: Company
    sheets: Mapping[str, pl.DataFrame]
    planted: pl.DataFrame
    per_mille: int

    def __repr__(self) -> str:
        orders, customers = self.company.orders.size, self.company.customers.size
        return (
            f"SalesYear({self.company.year}: {orders:,} orders of {customers:,} customers, "
            f"{self.planted.height:,} findings planted)"
        )

    def tables(self) -> dict[str, pl.DataFrame]:
        """A frame for each control point, with the date of each row: what `Engine.evaluate_frame` takes.

        >>> year = sales_year(orders=400)
        >>> year.tables()["shipment.review"].columns
        ['as_of', 'shipment.id', 'shipment.on_credit', 'shipment.issued_on', 'shipment.reviewed_on']
        """
        return dict(self.sheets)

    @cached_property
    def books(self) -> dict[str, pl.DataFrame]:
        """The books: customers, employees, orders with their lines, invoices, payments and the like.

        >>> sorted(sales_year(orders=400).books)[:5]
        ['approvals', 'contracts', 'customers', 'duties', 'employees']
        """
        return books(self.company, self.sheets)

    @property
    def events(self) -> pl.DataFrame:
        """What was done in each order, by whom and when, in the order of time.

        `Engine.monitor_log` takes it as it is.

        >>> sales_year(orders=400).events.columns
        ['id', 'case', 'activity', 'duty', 'person', 'role', 'time', 'customer', 'amount']
        """
        return self._log[0]

    @property
    def planted_events(self) -> pl.DataFrame:
        """What has to be found in the events: case, control, rule, kind, and what was done.

        Of the segregation of duties the rule is the id of the pair.

        >>> sales_year(orders=400).planted_events.row(0)[:3]
        ('SO-0000006', 'over-limit-release-first', 'CR-18-2-EB')
        """
        return self._log[1]

    @cached_property
    def _log(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        orders = orders_of_log(self.company)
        clean = events(orders, self.sheets)
        found, planted = plant_events(clean, orders, self.planted, self.company.dice, self.per_mille)
        return in_order(found), planted

    def write(self, folder: str | Path, format: Literal["parquet", "csv"] = "parquet") -> list[Path]:
        """Write everything into a folder, a file for each frame; the paths.

        Args:
            folder: The folder, which is made if need be; ``tables`` and ``books`` are folders in it.
            format: ``"parquet"``, or ``"csv"`` with lists as JSON.
        """
        parts = {
            **{f"tables/{name}": frame for name, frame in self.sheets.items()},
            **{f"books/{name}": frame for name, frame in self.books.items()},
            "events": self.events,
            "planted": self.planted,
            "planted_events": self.planted_events,
        }
        return write(Path(folder), parts, format)
