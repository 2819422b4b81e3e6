"""The map of a table whose columns have names of their own: columns to facts, constants, key columns.

::

    columns:
      InvoiceAmount: receivable.overdue
      DueDate: {fact: receivable.due_date, date: month/day/year}
      Disputed: {fact: receivable.at_fault, values: {"Yes": false, "No": true}}
      SettledDate: {fact: as_of, date: month/day/year}
    constants:
      receivable.term: 30 days
    key: [customerID, InvoiceNumber]
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field, ValidationError

from salesctrl.diagnostics import Diagnostics
from salesctrl.policy.documents import LocalText, Part
from salesctrl.policy.documents_base import Maybe, OneOrMany, Text, TextOrFlag, Value
from salesctrl.policy.documents_errors import report
from salesctrl.policy.loader import Loaded
from salesctrl.policy.reader import read_file
from salesctrl.tables.cells import DayOrder


class MappedColumn(Part):
    """The fact that a column holds, and how it is written there."""

    noun: ClassVar[str] = "a column"
    short: ClassVar[str | None] = "fact"

    fact: Text = Field(description="The dotted path of the fact, or `as_of`.")
    date: Maybe[DayOrder] = Field(default=None, description="How dates are written.")
    values: dict[Text, TextOrFlag] = Field(default={}, description="What the cells mean, by their text.")


class TableMap(Part):
    """Which column holds which fact, and facts that are the same in every row."""

    noun: ClassVar[str] = "a map of columns"

    title: Maybe[LocalText] = Field(default=None, description="What people call it.")
    columns: dict[Text, OneOrMany[MappedColumn]] = Field(
        default={}, description="Columns with the fact, or the facts, that they hold."
    )
    constants: dict[Text, Value] = Field(default={}, description="Facts that are the same in every row.")
    key: OneOrMany[Text] = Field(default=(), description="The columns that say which transaction a row is.")


def read_map(path: Path) -> Loaded[TableMap]:
    """Read the map of a table, in YAML or JSON.

    Raises:
        PolicyError: It cannot be read or is wrong; it carries every diagnostic with line and column.
    """
    found = Diagnostics()
    documents = read_file(path, found, file=path.name)
    found.raise_if_errors()
    if len(documents) != 1 or documents[0].data is None:
        found.error(
            "E204", "expected one mapping with `columns`", None, "such as `columns: {Amount: order.amount}`"
        )
        found.raise_if_errors()
    [source] = documents
    try:
        return Loaded(TableMap.model_validate(source.data), source)
    except ValidationError as error:
        report(error, TableMap, source, found)
        found.raise_if_errors()
        raise
