"""The document of an obligation: what is to be done again and again, by whom and by when."""

import re
from datetime import date
from typing import ClassVar, Self

from pydantic import Field, model_validator

from salesctrl.policy.documents_base import (
    ALWAYS,
    Expression,
    Id,
    Identifier,
    LocalText,
    Maybe,
    OneOrMany,
    Part,
    Period,
    Source,
    Text,
    TextOrFlag,
    problem,
)
from salesctrl.policy.documents_policy import FormulaSpec, ParameterSpec, RequirementSpec

_DAY = re.compile(r"[0-9]{2}-[0-9]{2}")


class ObligationDocument(Part):
    """Something that is due again and again: an unfulfilled one is a finding with an owner."""

    noun: ClassVar[str] = "an obligation"

    obligation: Id = Field(description="The name, and the id of its rule.")
    title: Maybe[LocalText] = Field(default=None, description="What people call it.")
    system: Maybe[Text] = Field(default=None, description="The system of controls that it belongs to.")
    source: Maybe[Source] = Field(default=None, description="The clause that it comes from.")
    effective: Period = Field(default=ALWAYS, description="When it is in force.")
    when: Maybe[TextOrFlag] = Field(
        default=None, description="What it applies to; left out, to everything that is asked about."
    )
    every: Maybe[Expression] = Field(
        default=None, description="How long after the last time it is due again: `12 months`, `30 days`."
    )
    each_year: Maybe[Text] = Field(
        default=None, description="By which day of every year it is due, month and day: `12-31`."
    )
    last: Expression = Field(description="When it was done last: a date, unknown if it never was.")
    start: Maybe[Expression] = Field(
        default=None, description="From when time runs where it never was done: a date."
    )
    grace: Expression = Field(default="0 days", description="How late it may be before it is a finding.")
    remind: Maybe[Expression] = Field(
        default=None, description="How long before it is due its owner is reminded."
    )
    owner: Text = Field(description="The role that answers for it.")
    action: Text = Field(description="What is to be done, e.g. `rate_customer`.")
    evidence: OneOrMany[RequirementSpec] = Field(
        default=(), description="What shows that it was done: documents, approvals."
    )
    notify: OneOrMany[Text] = Field(default=(), description="Further roles that are told of a finding.")
    subject: OneOrMany[Text] = Field(default=(), description="The fields that say what it is owed for.")
    parameters: dict[Identifier, ParameterSpec] = Field(default={}, description="Constants by name.")
    let: dict[Identifier, FormulaSpec] = Field(default={}, description="Formulas by name.")
    covers: OneOrMany[Text] = Field(default=(), description="The ids of a catalogue that it carries.")
    because: Maybe[LocalText] = Field(default=None, description="One sentence; `{expression}` is filled in.")
    note: Maybe[LocalText] = Field(default=None, description="What else people should know.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.every is None and self.each_year is None:
            raise problem(
                "E202",
                "an obligation needs a period: `every` or `each_year`",
                help="write how often it is due, e.g. `every: 12 months`, or `each_year: 12-31`",
            )
        if self.every is not None and self.each_year is not None:
            raise problem(
                "E207", "an obligation has one of `every` and `each_year`", at=("each_year",),
                help="keep one of them",
            )  # fmt: skip
        if self.each_year is not None:
            _check_day(self.each_year)
            if self.start is not None:
                raise problem(
                    "E207", "`start` goes with `every`", at=("start",),
                    help="leave it out: what is due on a day of every year begins with the obligation",
                )  # fmt: skip
        return self


def _check_day(text: str) -> None:
    """Refuse what is no day of every year."""
    try:
        if _DAY.fullmatch(text) is None:  # dates have other forms too, by weeks
            raise ValueError
        date.fromisoformat(f"2001-{text}")
    except ValueError:
        raise problem(
            "E205", f"expected a month and a day but got `{text}`", at=("each_year",),
            help="write it as `MM-DD`, a day that every year has, e.g. `12-31`",
        ) from None  # fmt: skip
