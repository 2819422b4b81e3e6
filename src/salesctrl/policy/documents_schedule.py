"""The document of a schedule: on which dates a control point is asked, and what of its answers is a line."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from salesctrl.policy.documents_base import Flag, Id, Identifier, LocalText, Maybe, Part, Text, problem


class RecordSpec(Part):
    """What a line leaves behind: an item of a list that later decisions read."""

    noun: ClassVar[str] = "a record of a line"

    into: Text = Field(description="The list, e.g. `receivable.deductions`.")
    item: dict[Identifier, Text] = Field(
        min_length=1, description="Fields of the item, each with the value that it takes, or `as_of`."
    )
    fixed: dict[Identifier, Text] = Field(
        default={}, description="Fields of the item that are the same in every line."
    )


class LineSpec(Part):
    """One kind of line."""

    noun: ClassVar[str] = "a line of a schedule"

    what: Maybe[Text] = Field(default=None, description="What the line is called; left out, the rule.")
    rule: Maybe[Id] = Field(
        default=None,
        description="The rule that makes the line when it fires; left out, every amount but zero makes one.",
    )
    amount: Identifier = Field(description="The value of the decision that is the amount.")
    cumulative: Flag = Field(
        default=False,
        description="Whether the amount counts from the start: then a line is what was added since the last.",
    )
    back: Flag = Field(default=False, description="Whether the money goes back: then the line is negative.")
    shares: dict[Identifier, Text] = Field(
        default={}, description="The values that the amount is split into, by whom they are for."
    )
    record: Maybe[RecordSpec] = Field(default=None, description="What later decisions learn of the line.")
    set: dict[Text, Text] = Field(
        default={}, description="Facts of later dates, each with the value that it takes, or `as_of`."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.what is None and self.rule is None:
            raise problem("E202", f"{self.noun} needs `rule` or `what`")
        if self.cumulative and (self.shares or self.back):
            at = "shares" if self.shares else "back"
            help_ = "leave one of them out"
            raise problem("E207", f"a cumulative amount has no `{at}`", at=(at,), help=help_)
        return self

    @property
    def name(self) -> str:
        """What the line is called."""
        return self.what or self.rule or ""


class ScheduleDocument(Part):
    """A control point asked on one date after another: the dated lines of each transaction.

    It says when to ask, what of an answer is a line, and what later answers learn of earlier lines. What is
    due, and how much, is said by the policies of the control point alone.
    """

    noun: ClassVar[str] = "a schedule"

    schedule: Id = Field(description="The name.")
    title: LocalText = Field(description="What it is called.")
    note: Maybe[LocalText] = Field(default=None, description="What else readers should know.")
    control_point: Text = Field(description="The control point that is asked.")
    start: Maybe[Text] = Field(
        default=None,
        description="The fact with the first date. Left out, rows bring their own dates, in `as_of`.",
    )
    every: Text = Field(
        default="1 month", description="How far apart the dates are: `1 month`, `14 days`, `2 weeks`."
    )
    on: Literal["same_day", "month_end"] = Field(
        default="same_day",
        description="Which day: counted from the first, or the last one of the month that is counted so.",
    )
    at_changes: Flag = Field(
        default=False, description="Whether to ask also on the days from which a payment or change counts."
    )
    at_end: Flag = Field(default=False, description="Whether to ask also on the last day of the schedule.")
    balance: Maybe[Text] = Field(default=None, description="The fact that payments reduce.")
    persons: dict[Identifier, Text] = Field(
        default={}, description="By whom shares are for: the fact that names the person."
    )
    carry: dict[Text, Text] = Field(
        default={}, description="Facts that are values of the decision before: `payroll.carried`."
    )
    lines: tuple[LineSpec, ...] = Field(min_length=1, description="The kinds of lines.")

    @model_validator(mode="after")
    def _dates(self) -> Self:
        if self.start is None:
            counted = {"every", "on", "at_changes", "at_end", "balance"} & self.model_fields_set
            for key in sorted(counted):
                help_ = "name the fact with the first date, or leave it out"
                raise problem("E207", f"`{key}` goes with `start`", at=(key,), help=help_)
        return self

    @model_validator(mode="after")
    def _names(self) -> Self:
        seen: dict[str, int] = {}
        for i, line in enumerate(self.lines):
            if seen.setdefault(line.name, i) != i:
                raise problem("E208", f"duplicate line `{line.name}`", at=("lines", i), help="merge the two")
        return self
