"""The documents about the company: the pack, the vocabulary of facts, the organisation."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from salesctrl.policy.documents_activity import Activity
from salesctrl.policy.documents_base import (
    Choices,
    Count,
    Currency,
    Day,
    Flag,
    Id,
    Identifier,
    LocalText,
    Maybe,
    Natural,
    OneOrMany,
    Part,
    Period,
    Text,
    Value,
    check_period,
    problem,
)

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Pack(Part):
    """Name and version of a policy set."""

    noun: ClassVar[str] = "a pack"

    pack: Id = Field(description="The name of the policy set.")
    version: Text = Field(description="Its version; decisions state it.")
    title: Maybe[LocalText] = Field(default=None, description="What people call it.")
    systems: dict[Id, LocalText] = Field(
        default={}, description="What people call the systems that policies belong to, by their code."
    )


# --- facts ----------------------------------------------------------------------------------------


class FieldSpec(Part):
    """A typed field of a kind. The short form is the type alone."""

    noun: ClassVar[str] = "a field"
    accepts: ClassVar[str] = "a text or a mapping"
    short: ClassVar[str | None] = "type"

    type: Text = Field(
        description="`money`, `decimal`, `rate`, `integer`, `days`, `months`, `date`, `instant`, `boolean`, "
        "`text`, `choice`, `list`, or the name of a kind."
    )
    title: Maybe[LocalText] = Field(
        default=None, description="What people call it; also a name of the field."
    )
    aliases: OneOrMany[Text] = Field(default=(), description="Further names, e.g. the columns of exports.")
    currency: Maybe[Currency] = Field(default=None, description="Of money: another than the vocabulary's.")
    decimals: Maybe[Natural] = Field(default=None, description="How many digits follow the point.")
    digits: Maybe[Count] = Field(default=None, description="How many digits there are in all.")
    length: Maybe[Count] = Field(default=None, description="The most characters, or items of a list.")
    min: Maybe[Text] = Field(default=None, description="The least value; a fact below is refused.")
    max: Maybe[Text] = Field(default=None, description="The greatest value; a fact above is refused.")
    choices: Choices = Field(default={}, description="The texts that a choice may be, with titles if wanted.")
    default: Value = Field(default=None, description="Stands in for an absent field.")
    optional: Flag = Field(default=False, description="That the field is absent is normal.")
    of: Maybe[Identifier] = Field(default=None, description="Of a list: the kind of its records.")
    note: Maybe[LocalText] = Field(default=None, description="What else people should know.")


class Kind(Part):
    """A kind of fact: a record with typed fields."""

    noun: ClassVar[str] = "a kind"

    title: Maybe[LocalText] = Field(default=None, description="What people call it; also a name of the kind.")
    aliases: OneOrMany[Text] = Field(default=(), description="Further names of the kind.")
    fields: dict[Identifier, FieldSpec] = Field(description="The fields by name.")
    note: Maybe[LocalText] = Field(default=None, description="What else people should know.")


class Vocabulary(Part):
    """The kinds of fact that policies speak of, and the words for the codes of evidence."""

    noun: ClassVar[str] = "a vocabulary"

    vocabulary: Id = Field(description="The name of the vocabulary.")
    title: Maybe[LocalText] = Field(default=None, description="What people call it.")
    currency: Maybe[Currency] = Field(default=None, description="The currency of money that names none.")
    kinds: dict[Identifier, Kind] = Field(default={}, description="The kinds by name.")
    activities: dict[Id, Activity] = Field(
        default={}, description="What is done in cases, by the name that events have."
    )
    terms: dict[Text, LocalText] = Field(
        default={},
        description="What people call kinds of documents, actions and forms of approval, by their code.",
    )


# --- the organisation -------------------------------------------------------------------------------


class Role(Part):
    """A role that persons hold."""

    noun: ClassVar[str] = "a role"

    title: Maybe[LocalText] = Field(default=None, description="What people call it; also a name of the role.")
    reports_to: Maybe[Text] = Field(default=None, description="The role above.")
    aliases: OneOrMany[Text] = Field(default=(), description="Further names of the role.")
    duties: OneOrMany[Text] = Field(default=(), description="The duties that go with the role.")
    note: Maybe[LocalText] = Field(default=None, description="What else people should know.")


class AuthorityLimit(Part):
    """Up to which amount a role may approve."""

    noun: ClassVar[str] = "an authority limit"

    role: Text = Field(description="The role that is bounded.")
    control_point: Maybe[Text] = Field(default=None, description="Where; left out, everywhere.")
    amount: Text = Field(description="The greatest amount, e.g. `500000 CNY`.")
    source: Maybe[LocalText] = Field(default=None, description="Where the limit is laid down.")


class Duty(Part):
    """A part of a process that one person does in a case."""

    noun: ClassVar[str] = "a duty"

    title: Maybe[LocalText] = Field(default=None, description="What people call it.")
    note: Maybe[LocalText] = Field(default=None, description="What else people should know.")


class Incompatible(Part):
    """Duties that one person may not do in the same case."""

    noun: ClassVar[str] = "a set of incompatible duties"

    id: Id = Field(description="The id, unique in the policy set.")
    duties: tuple[Text, ...] = Field(min_length=2, description="The duties, two or more.")
    because: Maybe[LocalText] = Field(default=None, description="Why, in one sentence.")
    title: Maybe[LocalText] = Field(default=None, description="What people call it.")


class Process(Part):
    """Duties that make a process: one person, or one department, must not do all of them."""

    noun: ClassVar[str] = "a process"

    title: Maybe[LocalText] = Field(default=None, description="What people call it.")
    duties: tuple[Text, ...] = Field(min_length=2, description="The duties from end to end, two or more.")
    because: Maybe[LocalText] = Field(default=None, description="Why, in one sentence.")


class Waiver(Part):
    """That a segregation of duties does not count for somebody, with what makes up for it, until a day."""

    noun: ClassVar[str] = "a waiver"

    of: Text = Field(description="The id of incompatible duties, or the name of a process.")
    person: Maybe[Text] = Field(default=None, description="The person for whom.")
    role: Maybe[Text] = Field(default=None, description="Or the role for which.")
    instead: LocalText = Field(description="The compensating control.")
    owner: Text = Field(description="The role that answers for the compensating control.")
    approved_by: Maybe[Text] = Field(default=None, description="The person who approved it.")
    from_: Maybe[Day] = Field(default=None, alias="from", description="The first day.")
    until: Day = Field(description="The last day.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.person is None) == (self.role is None):
            raise problem("E207", "a waiver has one of `person` and `role`", help="say for whom it counts")
        if self.from_ is not None and self.until < self.from_:
            raise problem(
                "E206", f"the period ends on {self.until}, before it begins on {self.from_}", at=("until",)
            )
        return self


class RoleHeld(Part):
    """A role that a person holds, with dates. The short form is the role alone."""

    noun: ClassVar[str] = "a role of a person"
    accepts: ClassVar[str] = "a text or a mapping"
    short: ClassVar[str | None] = "role"

    role: Text = Field(description="The role.")
    from_: Maybe[Day] = Field(default=None, alias="from", description="The first day.")
    to: Maybe[Day] = Field(default=None, description="The last day.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        check_period(self.from_, self.to)
        return self


class Person(Part):
    """A person with the roles that they hold."""

    noun: ClassVar[str] = "a person"

    name: LocalText = Field(description="The name.")
    roles: OneOrMany[RoleHeld] = Field(default=(), description="The roles, with dates if wanted.")


class Delegation(Part):
    """One person acts in a role of another for a time."""

    noun: ClassVar[str] = "a delegation"

    from_: Text = Field(alias="from", description="The person who holds the role.")
    to: Text = Field(description="The person who acts in it.")
    role: Text = Field(description="The role.")
    effective: Period = Field(description="When; both ends belong to it.")
    amount: Maybe[Text] = Field(default=None, description="Up to which amount, e.g. `100000 CNY`.")
    control_points: OneOrMany[Text] = Field(default=(), description="Where; left out, everywhere.")


class CalendarSpec(Part):
    """Which days are working days."""

    noun: ClassVar[str] = "a calendar"

    weekend: OneOrMany[Weekday] = Field(default=("saturday", "sunday"), description="The days off of a week.")
    holidays: OneOrMany[Day] = Field(default=(), description="Days off besides.")
    workdays: OneOrMany[Day] = Field(default=(), description="Working days that fall on a weekend.")

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        both = set(self.holidays) & set(self.workdays)
        if both:
            raise problem(
                "E207", f"`{min(both)}` is listed both as a holiday and as a working day", at=("workdays",)
            )
        return self


class OrganisationDocument(Part):
    """Roles, authority, duties, persons, delegations and the work calendar."""

    noun: ClassVar[str] = "an organisation"

    organisation: Id = Field(description="The name of the organisation.")
    title: Maybe[LocalText] = Field(default=None, description="What people call it.")
    roles: dict[Id, Role] = Field(default={}, description="The roles by id.")
    authority: OneOrMany[AuthorityLimit] = Field(default=(), description="Up to which amounts roles approve.")
    duties: dict[Id, Duty] = Field(default={}, description="The duties by id.")
    incompatible: OneOrMany[Incompatible] = Field(default=(), description="Duties that exclude one another.")
    processes: dict[Id, Process] = Field(default={}, description="Processes by name.")
    waivers: OneOrMany[Waiver] = Field(default=(), description="Segregations that do not count for somebody.")
    persons: dict[Text, Person] = Field(
        default={}, description="The persons by id; without them a role that is stated is believed."
    )
    delegations: OneOrMany[Delegation] = Field(default=(), description="Who acts for whom, and when.")
    calendar: Maybe[CalendarSpec] = Field(default=None, description="The working days.")
