"""The documents beside the policies: tests with their cases, and a company's overlay."""

from typing import ClassVar

from pydantic import Field

from salesctrl.policy.documents_base import (
    Day,
    Id,
    Identifier,
    LocalText,
    Maybe,
    OneOrMany,
    Part,
    Text,
    Value,
)
from salesctrl.policy.documents_policy import FormulaSpec, ParameterSpec, RuleSpec, TableSpec


class Case(Part):
    """One case: facts, and what is expected of them."""

    noun: ClassVar[str] = "a case"

    name: LocalText = Field(description="What the case shows.")
    given: dict[Text, Value] = Field(default={}, description="Facts, laid over those of the document.")
    as_of: Maybe[Day] = Field(default=None, description="The day of the decision.")
    expect: dict[Text, Value] = Field(min_length=1, description="What the decision must say.")
    covers: OneOrMany[Text] = Field(default=(), description="The ids of a catalogue that the case shows.")


class TestsDocument(Part):
    """Cases with expected outcomes."""

    __test__: ClassVar[bool] = False  # no class of tests, whatever its name makes pytest think
    noun: ClassVar[str] = "a document of tests"

    tests: Id = Field(description="The name of the group of cases.")
    title: Maybe[LocalText] = Field(default=None, description="What people call it.")
    control_point: Id = Field(description="The control point that decides the cases.")
    given: dict[Text, Value] = Field(default={}, description="Facts of every case.")
    as_of: Maybe[Day] = Field(default=None, description="The day of the decision, where a case names none.")
    overlays: OneOrMany[Text] = Field(
        default=(), description="The overlays of the set laid over it for these cases, in this order."
    )
    cases: OneOrMany[Case] = Field(min_length=1, description="The cases.")


class Off(Part):
    """A rule that is switched off, by whom, why and until when."""

    noun: ClassVar[str] = "a rule switched off"

    rule: Text = Field(description="The id of the rule.")
    because: LocalText = Field(description="Why it is switched off.")
    owner: Text = Field(description="Who answers for it.")
    until: Day = Field(description="The last day on which the rule is off.")


class AddSpec(Part):
    """What an overlay adds to a policy."""

    noun: ClassVar[str] = "an addition"

    parameters: dict[Identifier, ParameterSpec] = Field(default={}, description="Further parameters.")
    let: dict[Identifier, FormulaSpec] = Field(default={}, description="Further formulas.")
    tables: dict[Id, TableSpec] = Field(default={}, description="Further tables.")
    rules: OneOrMany[RuleSpec] = Field(default=(), description="Further rules.")


class OverlayDocument(Part):
    """A company's own values over a pack that stays untouched."""

    noun: ClassVar[str] = "an overlay"

    overlay: Id = Field(description="The name by which it is asked for.")
    title: Maybe[LocalText] = Field(default=None, description="What people call it.")
    parameters: dict[Id, dict[Identifier, ParameterSpec]] = Field(
        default={}, description="Values of parameters, by policy and name."
    )
    off: OneOrMany[Off] = Field(default=(), description="Rules that are switched off.")
    add: dict[Id, AddSpec] = Field(default={}, description="Additions, by policy.")
