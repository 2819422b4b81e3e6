"""Activities: what is done in cases, and what it is evidence of."""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from salesctrl.policy.documents_base import (
    Flag,
    Id,
    Identifier,
    LocalText,
    Maybe,
    OneOrMany,
    Part,
    Text,
    problem,
)


class EvidenceSpec(Part):
    """What an activity is evidence of, for the requirements of later steps."""

    noun: ClassVar[str] = "what an activity is evidence of"

    approval: Flag = Field(default=False, description="An approval by the person, in the role of the event.")
    requirement: Maybe[Id] = Field(default=None, description="The one requirement that the approval meets.")
    form: Maybe[Text] = Field(default=None, description="The form of the approval, e.g. `written`.")
    document: Maybe[Text] = Field(default=None, description="A document of this kind.")
    payment: Maybe[Identifier] = Field(
        default=None, description="A payment of the amount in this field of the event."
    )
    action: Maybe[Text] = Field(default=None, description="An action of this name.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not (self.approval or self.document or self.payment or self.action):
            raise problem("E202", "the evidence needs `approval`, `document`, `payment` or `action`")
        for key in ("requirement", "form"):
            if getattr(self, key) is not None and not self.approval:
                raise problem("E207", f"`{key}` goes with `approval`", at=(key,), help="add `approval: true`")
        return self


class Activity(Part):
    """Something that is done in a case, and that events name."""

    noun: ClassVar[str] = "an activity"

    title: Maybe[LocalText] = Field(default=None, description="What people call it; also a name of it.")
    aliases: OneOrMany[Text] = Field(default=(), description="Further names, e.g. those of an export.")
    duty: Maybe[Text] = Field(default=None, description="The duty that whoever does it does in the case.")
    evidence: Maybe[EvidenceSpec] = Field(default=None, description="What it is evidence of.")
    closes: Flag = Field(default=False, description="The case is over with it.")
    note: Maybe[LocalText] = Field(default=None, description="What else people should know.")
