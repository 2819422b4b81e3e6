"""The documents about cases over time: controls over events, ladders, and timelines that test them."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from salesctrl.policy.documents_base import (
    ALWAYS,
    Day,
    Flag,
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
    Value,
    problem,
)
from salesctrl.policy.documents_policy import (
    FormulaSpec,
    ParameterSpec,
    RequirementSpec,
    RulesDocument,
)

# --- controls over the events of a case -----------------------------------------------------------


class EventSpec(Part):
    """Which events are meant: of an activity, or of one that is a duty. The short form is the activity."""

    noun: ClassVar[str] = "an event"
    accepts: ClassVar[str] = "a text or a mapping"
    short: ClassVar[str | None] = "activity"

    activity: OneOrMany[Text] = Field(default=(), description="The activity, or one of several.")
    duty: OneOrMany[Text] = Field(default=(), description="Activities with this duty, or one of several.")

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.activity and not self.duty:
            raise problem("E202", f"{self.noun} needs `activity` or `duty`")
        return self


class AroundSpec(EventSpec):
    """Events around those that were matched. Without bounds: all of the group, before and after.

    Time has no order inside a moment: what happened at the same time as `after` or `before` belongs to it.
    """

    noun: ClassVar[str] = "an event around a match"

    after: Maybe[Identifier] = Field(default=None, description="Not before this event of the match.")
    before: Maybe[Identifier] = Field(default=None, description="Not after this event of the match.")
    within: Maybe[Text] = Field(
        default=None,
        description="Up to so long after `of`, e.g. `30 days`: the match waits until then. Or a parameter.",
    )
    of: Maybe[Identifier] = Field(
        default=None, description="Where `within` is counted from; left out, `after`, or the last event."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.of is not None and self.within is None:
            raise problem("E207", "`of` goes with `within`", at=("of",), help="say how long after it")
        if self.before is not None and self.within is not None:
            raise problem(
                "E207", "an event around a match has one of `before` and `within`", at=("within",),
                help="keep one of them",
            )  # fmt: skip
        return self


class CaseControlDocument(RulesDocument):
    """A control over the events of a case: a policy on events that belong together."""

    noun: ClassVar[str] = "a control over cases"

    case_control: Id = Field(description="The name; documents of the same name are versions of one control.")
    by: OneOrMany[Identifier] = Field(
        default=("case",), min_length=1, description="The fields of events that make a group."
    )
    events: dict[Identifier, EventSpec] = Field(
        min_length=1, description="The events that belong together, by the name that expressions use."
    )
    same: OneOrMany[Identifier] = Field(
        default=(), description="Fields that are equal in all of them besides: `person`."
    )
    order: OneOrMany[Identifier] = Field(
        default=(), description="Events each of which happened before the next."
    )
    within: Maybe[Text] = Field(
        default=None, description="From the first to the last event at most, e.g. `30 days`. Or a parameter."
    )
    absent: dict[Identifier, AroundSpec] = Field(
        default={}, description="Events of which there must be none, by name."
    )
    gather: dict[Identifier, AroundSpec] = Field(
        default={}, description="Further events, as lists: `matched.payments`."
    )
    each: Literal["match", "group"] = Field(
        default="match",
        description="A finding for each match, or one (the earliest) for a group and what is the same in it.",
    )

    @model_validator(mode="after")
    def _names(self) -> Self:
        for key in ("absent", "gather"):
            around: dict[str, AroundSpec] = getattr(self, key)
            for name, spec in around.items():
                for bound in ("after", "before", "of"):
                    _known(getattr(spec, bound), self.events, (key, name, bound))
        for i, name in enumerate(self.order):
            _known(name, self.events, ("order", i))
            if name in self.order[:i]:
                raise problem("E207", f"`{name}` stands twice in the order", at=("order", i))
        if len(self.order) == 1:
            raise problem("E207", "an order has two events or more", at=("order",))
        return self


def _known(name: str | None, events: dict[str, EventSpec], at: tuple[str | int, ...]) -> None:
    if name is not None and name not in events:
        known = ", ".join(f"`{event}`" for event in events)
        raise problem("E205", f"`{name}` is none of the events", at=at, help=f"name one of {known}")


# --- ladders ----------------------------------------------------------------------------------------


class DueSpec(Part):
    """What is to be done in a state, by whom and by when."""

    noun: ClassVar[str] = "a due action"

    action: Text = Field(description="What is to be done, e.g. `send_notice`.")
    owner: Text = Field(description="The role that does it.")
    within: Text = Field(description="How long after the state was entered: `15 days`, or a parameter.")


class StateSpec(Part):
    """A state of a ladder."""

    noun: ClassVar[str] = "a state"

    title: Maybe[LocalText] = Field(default=None, description="What people call it.")
    final: Flag = Field(default=False, description="Nothing follows it.")
    due: OneOrMany[DueSpec] = Field(default=(), description="What is to be done in it.")
    note: Maybe[LocalText] = Field(default=None, description="What else people should know.")


class TransitionSpec(Part):
    """A way from one state to another: on an event, or when time has passed."""

    noun: ClassVar[str] = "a transition"
    often_meant: ClassVar[dict[str, str]] = {"activity": "on", "if": "when", "requires": "review"}

    id: Id = Field(description="The id, unique in the policy set.")
    title: Maybe[LocalText] = Field(default=None, description="What people call it.")
    from_: OneOrMany[Id] = Field(alias="from", min_length=1, description="The states it leads from.")
    to: Id = Field(description="The state it leads to.")
    on: Maybe[EventSpec] = Field(default=None, description="The event that it happens on.")
    after: Maybe[Text] = Field(
        default=None, description="It happens so long after the state was entered. Or a parameter."
    )
    when: Maybe[TextOrFlag] = Field(default=None, description="The condition; left out, it holds always.")
    review: OneOrMany[RequirementSpec] = Field(
        default=(), description="What is required for it; without that the state stays, and it is a finding."
    )
    notify: OneOrMany[Text] = Field(default=(), description="The roles that are to be told.")
    because: Maybe[LocalText] = Field(default=None, description="One sentence; `{expression}` is filled in.")
    source: Maybe[Source] = Field(default=None, description="The clause, where it is not the ladder's.")
    covers: OneOrMany[Text] = Field(default=(), description="The ids of a catalogue that it carries.")
    note: Maybe[LocalText] = Field(default=None, description="What else people should know.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.on is None and self.after is None:
            raise problem("E202", "a transition needs `on` or `after`", help="say what it happens on")
        if self.on is not None and self.after is not None:
            raise problem(
                "E207", "a transition has one of `on` and `after`", at=("after",),
                help="write two transitions",
            )  # fmt: skip
        return self


class LadderDocument(Part):
    """States that a case goes through, with what leads from one to the next and what is due in each."""

    noun: ClassVar[str] = "a ladder"

    ladder: Id = Field(description="The name; documents of the same name are versions of one ladder.")
    title: Maybe[LocalText] = Field(default=None, description="What people call it.")
    system: Maybe[Text] = Field(default=None, description="The system of controls that it belongs to.")
    source: Maybe[Source] = Field(default=None, description="The clause that it comes from.")
    effective: Period = Field(default=ALWAYS, description="When it is in force.")
    by: OneOrMany[Identifier] = Field(
        default=("case",), min_length=1, description="The fields of events that make a case of the ladder."
    )
    begins: EventSpec = Field(description="The event with which a case enters the first state.")
    states: dict[Id, StateSpec] = Field(min_length=1, description="The states by name; the first is entered.")
    parameters: dict[Identifier, ParameterSpec] = Field(default={}, description="Constants by name.")
    let: dict[Identifier, FormulaSpec] = Field(default={}, description="Formulas by name.")
    transitions: OneOrMany[TransitionSpec] = Field(min_length=1, description="The ways between the states.")
    covers: OneOrMany[Text] = Field(default=(), description="The ids of a catalogue that it carries.")
    note: Maybe[LocalText] = Field(default=None, description="What else people should know.")

    @model_validator(mode="after")
    def _states(self) -> Self:
        for i, transition in enumerate(self.transitions):
            places: list[tuple[str, tuple[str | int, ...]]] = [(transition.to, ("transitions", i, "to"))]
            places += [(name, ("transitions", i, "from", j)) for j, name in enumerate(transition.from_)]
            for name, at in places:
                if name not in self.states:
                    known = ", ".join(f"`{state}`" for state in self.states)
                    raise problem(
                        "E205", f"`{name}` is none of the states", at=at, help=f"name one of {known}"
                    )
                if at[2] == "from" and self.states[name].final:
                    raise problem("E207", f"nothing follows the final state `{name}`", at=at)
        return self


# --- timelines ----------------------------------------------------------------------------------------


class TimelineCase(Part):
    """Events in time, and what is expected of them."""

    noun: ClassVar[str] = "a case"

    name: LocalText = Field(description="What the case shows.")
    events: OneOrMany[dict[Text, Value]] = Field(
        default=(), description="The events, by their fields; a case is `case` where it is left out."
    )
    as_of: Maybe[Day] = Field(default=None, description="The day up to which time has gone.")
    expect: dict[Text, Value] = Field(
        min_length=1,
        description="`fired`, `not_fired`, `incomplete`, `rejected`, `stage`, `entered`, `blocked`, "
        "`out_of_order`, `due`, `overdue`.",
    )
    covers: OneOrMany[Text] = Field(default=(), description="The ids of a catalogue that the case shows.")


class TimelineDocument(Part):
    """Cases of events in time, with what the monitor is expected to find."""

    noun: ClassVar[str] = "a timeline"

    timeline: Id = Field(description="The name of the group of cases.")
    title: Maybe[LocalText] = Field(default=None, description="What people call it.")
    controls: OneOrMany[Text] = Field(
        default=(), description="The controls and ladders that look at it; left out, all."
    )
    overlays: OneOrMany[Text] = Field(
        default=(), description="The overlays of the set laid over it for these cases, in this order."
    )
    cases: OneOrMany[TimelineCase] = Field(min_length=1, description="The cases.")
