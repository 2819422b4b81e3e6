"""Tables of transactions: rows of facts from files, their columns found by name."""

from salesctrl.tables.cells import DayOrder, cell_value
from salesctrl.tables.header import Notice
from salesctrl.tables.mapping import TableMap, read_map
from salesctrl.tables.source import FORMATS, InputFormat, Source, format_of
from salesctrl.tables.table import FactsRow, Table, open_table

__all__ = [
    "FORMATS",
    "DayOrder",
    "FactsRow",
    "InputFormat",
    "Notice",
    "Source",
    "Table",
    "TableMap",
    "cell_value",
    "format_of",
    "open_table",
    "read_map",
]
