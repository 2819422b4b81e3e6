"""The document of a metric: figures of groups of rows, with rules on them."""

from typing import ClassVar, Literal

from pydantic import Field

from salesctrl.policy.documents_base import Id, Identifier, Maybe, OneOrMany, Part
from salesctrl.policy.documents_policy import RulesDocument


class GroupKey(Part):
    """What the rows of a group have in common. The short form is the field alone."""

    noun: ClassVar[str] = "a key of groups"
    accepts: ClassVar[str] = "a text or a mapping"
    short: ClassVar[str | None] = "field"

    field: Identifier = Field(description="The field of a row.")
    period: Maybe[Literal["week", "month", "quarter", "year"]] = Field(
        default=None, description="Of a date: the period it lies in, which its first day stands for."
    )


class Rank(Part):
    """The order of the groups by one of their figures, the greatest first unless it says otherwise."""

    noun: ClassVar[str] = "a rank"

    by: Identifier = Field(description="The formula whose value orders the groups.")
    type: Literal["money", "decimal", "integer"] = Field(
        default="money", description="The type of that value."
    )
    order: Literal["descending", "ascending"] = Field(
        default="descending", description="Which of the groups comes first."
    )


class MetricDocument(RulesDocument):
    """Figures of groups of rows, with targets and alerts: a policy on the rows of a table together."""

    noun: ClassVar[str] = "a metric"

    metric: Id = Field(description="The name; documents of the same name are versions of one metric.")
    of: Identifier = Field(description="The kind of fact that a row is.")
    as_: Identifier = Field(alias="as", description="What expressions call a group: `sales.rows`.")
    by: OneOrMany[GroupKey] = Field(
        default=(), description="What the rows of a group have in common; left out, all rows are one group."
    )
    rank: Maybe[Rank] = Field(default=None, description="The order of the groups.")
