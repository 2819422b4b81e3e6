"""Tables of transactions: rows of facts from JSON, JSON Lines and CSV, their columns found by name."""

from salesctrl.tables.cells import DayOrder, cell_value
from salesctrl.tables.header import Notice
from salesctrl.tables.mapping import TableMap, read_map
from salesctrl.tables.source import FORMATS, InputFormat
from salesctrl.tables.table import FactsRow, Table, open_table

__all__ = [
    "FORMATS",
    "DayOrder",
    "FactsRow",
    "InputFormat",
    "Notice",
    "Table",
    "TableMap",
    "cell_value",
    "open_table",
    "read_map",
]
