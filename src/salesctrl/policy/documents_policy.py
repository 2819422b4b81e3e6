"""The document that holds the rules of a control point: parameters, formulas, tables, rules."""

from datetime import date
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from salesctrl.diagnostics import quoted, suggest
from salesctrl.policy.documents_base import (
    ALWAYS,
    Choices,
    Count,
    Day,
    Expression,
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

#: The names that a parameter's one value has in the model when it is several; no key of a document.
NUMBERS, ITEMS = "value (named numbers)", "value (list)"
_FORMS = frozenset({"value", "values", "bands"})
LONG_FORM = frozenset({"title", "note", "ref", "type", "choices"})


class DatedValue(Part):
    """A value from a date on."""

    noun: ClassVar[str] = "a dated value"

    from_: Day = Field(alias="from", description="The first day on which the value holds.")
    value: TextOrFlag = Field(description="The value.")


class ParameterSpec(Part):
    """A constant with a name.

    Exactly one of `value`, `values`, `bands`, `numbers` and `items` is given. In YAML, named numbers and
    lists are a mapping and a list, either alone or as the `value`.

    >>> ParameterSpec.model_validate("30 days").value
    '30 days'
    >>> ParameterSpec.model_validate({"salesperson": "5", "sales_vp": "2"}).numbers
    {'salesperson': '5', 'sales_vp': '2'}
    """

    noun: ClassVar[str] = "a parameter"
    accepts: ClassVar[str] = "a value, a list or a mapping"

    value: Maybe[TextOrFlag] = Field(default=None, description="The value, e.g. `30 days`, `5%`, `5000 CNY`.")
    values: Maybe[tuple[DatedValue, ...]] = Field(
        default=None, min_length=1, description="Dated values, each from its date on, in the order of time."
    )
    bands: Maybe[dict[Text, Expression]] = Field(
        default=None, min_length=1, description="A ladder for `band(x, name)`: unary tests and their results."
    )
    numbers: Maybe[dict[Text, Text]] = Field(
        default=None,
        alias="value (named numbers)",
        min_length=1,
        description="Named numbers, e.g. the shares of a split.",
    )
    items: Maybe[tuple[Expression, ...]] = Field(
        default=None, min_length=1, alias="value (list)", description="A list of literals."
    )
    type: Maybe[Text] = Field(default=None, description="The type, where the value does not show it.")
    choices: Choices = Field(default={}, description="What a parameter of type `choice` may be.")
    title: Maybe[LocalText] = Field(default=None, description="What people call it.")
    note: Maybe[LocalText] = Field(default=None, description="What else people should know.")
    ref: Maybe[Text] = Field(default=None, description="The entry of a register that explains the value.")
    min: Maybe[Text] = Field(default=None, description="The least value that an overlay may set.")
    max: Maybe[Text] = Field(default=None, description="The greatest value that an overlay may set.")

    @model_validator(mode="before")
    @classmethod
    def _normal_form(cls, data: object) -> object:
        if isinstance(data, str | bool):
            return {"value": data}
        if isinstance(data, list | tuple):
            return {ITEMS: data}
        if not isinstance(data, dict):
            return data
        for internal in (NUMBERS, ITEMS):
            if internal in data:
                raise problem("E201", f"unknown key {quoted(internal)} in a parameter", at=(internal,))
        if not data.keys() & _FORMS:
            if data.keys() & LONG_FORM or not data:
                raise _without_value(data)
            return {NUMBERS: data}
        value = data.get("value")
        if isinstance(value, dict | list):
            rest = {key: item for key, item in data.items() if key != "value"}
            return {**rest, NUMBERS if isinstance(value, dict) else ITEMS: value}
        return data

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.values is None and self.bands is None:
            return self
        several = [self.value, self.values, self.bands, self.numbers, self.items]
        if sum(form is not None for form in several) > 1:
            raise problem(
                "E207", "a parameter holds one of `value`, `values` and `bands`", help="keep one of them"
            )
        previous: date | None = None
        for index, dated in enumerate(self.values or ()):
            if previous is not None and dated.from_ <= previous:
                raise problem(
                    "E206",
                    f"the value from {dated.from_} follows the one from {previous}",
                    at=("values", index, "from"),
                    help="write every date once, the earliest first",
                )
            previous = dated.from_
        return self


def _without_value(data: dict[str, object]) -> PydanticCustomError:
    for key in data:
        meant = None if key in ParameterSpec.model_fields else suggest(key, sorted(_FORMS))
        if meant:
            message = f"unknown key {quoted(key)} in a parameter"
            return problem("E201", message, help=f"did you mean `{meant}`?", at=(key,))
    return problem("E202", "a parameter needs `value`, `values` or `bands`", help="e.g. `value: 30 days`")


class FormulaSpec(Part):
    """An expression with a name. The short form is the expression alone."""

    noun: ClassVar[str] = "a formula"
    accepts: ClassVar[str] = "a text or a mapping"
    short: ClassVar[str | None] = "value"

    value: Expression = Field(description="The expression.")
    title: Maybe[LocalText] = Field(default=None, description="What people call it.")
    note: Maybe[LocalText] = Field(default=None, description="What else people should know.")

    @model_validator(mode="before")
    @classmethod
    def _flag(cls, data: object) -> object:
        return {"value": data} if isinstance(data, bool) else data


# --- what is required -----------------------------------------------------------------------------


def _one_of(part: Part, *keys: str) -> None:
    """Refuse a mapping that has none of the keys, or more than one."""
    given = [key for key in keys if getattr(part, key) not in (None, ())]
    words = ", ".join(f"`{key}`" for key in keys[:-1]) + f" or `{keys[-1]}`"
    if not given:
        raise problem("E202", f"{part.noun} needs {words}")
    if len(given) > 1:
        raise problem(
            "E207",
            f"{part.noun} has one of {words}, but got `{given[0]}` and `{given[1]}`",
            help="write a list of two requirements"
            if isinstance(part, RequirementSpec)
            else "keep one of them",
            at=(given[1],),
        )


class ApprovalSpec(Part):
    """An approval by persons in roles. The short form is one role."""

    noun: ClassVar[str] = "an approval"
    accepts: ClassVar[str] = "a text or a mapping"
    short: ClassVar[str | None] = "any_of"
    often_meant: ClassVar[dict[str, str]] = {"role": "any_of", "roles": "all_of", "by": "any_of"}

    any_of: OneOrMany[Text] = Field(default=(), min_length=1, description="Roles of which one is enough.")
    all_of: OneOrMany[Text] = Field(
        default=(), min_length=1, description="Roles that all approve, in any order."
    )
    in_order: OneOrMany[Text] = Field(
        default=(), min_length=1, description="Roles that all approve, one after the other."
    )
    at_least: Count = Field(default=1, description="How many different persons of `any_of`.")
    level: Maybe[Text] = Field(default=None, description="This role or anyone above it in `reports_to`.")
    form: Maybe[Text] = Field(default=None, description="The form, e.g. `written`.")
    within: Maybe[Text] = Field(default=None, description="Not older than this, e.g. `30 days`.")
    amount: Maybe[Expression] = Field(default=None, description="What is judged against authority limits.")
    duty: Maybe[Text] = Field(
        default=None, description="The duty that approving is, for incompatible duties."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _one_of(self, "any_of", "all_of", "in_order", "level")
        if "at_least" in self.model_fields_set and not self.any_of:
            raise problem(
                "E207", "`at_least` counts persons of `any_of`, but there is none", at=("at_least",)
            )
        return self


class DocumentSpec(Part):
    """A document that must be there. The short form is its kind."""

    noun: ClassVar[str] = "a required document"
    accepts: ClassVar[str] = "a text or a mapping"
    short: ClassVar[str | None] = "kind"

    kind: Text = Field(description="The kind of document, e.g. `signed_contract`.")
    within: Maybe[Text] = Field(default=None, description="Not older than this, e.g. `12 months`.")
    count: Count = Field(default=1, description="How many.")


class PaymentSpec(Part):
    """A payment that must have come in."""

    noun: ClassVar[str] = "a payment"

    amount: Maybe[Expression] = Field(default=None, description="The amount.")
    share: Maybe[Expression] = Field(default=None, description="A share of `of`, e.g. `30%`.")
    of: Maybe[Expression] = Field(default=None, description="The amount of which `share` is taken.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _one_of(self, "amount", "share")
        if self.share is not None and self.of is None:
            raise problem(
                "E202", "a payment with `share` needs `of`", help="say of which amount it is a share"
            )
        if self.of is not None and self.share is None:
            raise problem("E207", "`of` goes with `share`", at=("of",))
        return self


class ActionSpec(Part):
    """Something that must be done. The short form is its name."""

    noun: ClassVar[str] = "an action"
    accepts: ClassVar[str] = "a text or a mapping"
    short: ClassVar[str | None] = "name"

    name: Text = Field(description="What is to be done, e.g. `credit_call`.")
    owner: Maybe[Text] = Field(default=None, description="The role that does it.")
    due: Maybe[Expression] = Field(default=None, description="By when: days from `as_of`, or a date.")


class RequirementSpec(Part):
    """One thing that is required: an approval, a document, a payment or an action."""

    noun: ClassVar[str] = "a requirement"

    id: Maybe[Id] = Field(default=None, description="The id that evidence may name.")
    approval: Maybe[ApprovalSpec] = Field(default=None, description="Who has to approve.")
    document: Maybe[DocumentSpec] = Field(default=None, description="Which document has to be there.")
    payment: Maybe[PaymentSpec] = Field(default=None, description="What has to be paid.")
    action: Maybe[ActionSpec] = Field(default=None, description="What has to be done.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _one_of(self, "approval", "document", "payment", "action")
        return self


# --- rules and tables -----------------------------------------------------------------------------


class Example(Part):
    """Facts and what is expected of them."""

    noun: ClassVar[str] = "an example"

    given: dict[Text, Value] = Field(description="The facts, with `as_of` and `evidence`.")
    expect: dict[Text, Value] = Field(min_length=1, description="What the decision must say.")


class Effects(Part):
    """What a rule, or a row of a table, does when it holds."""

    deny: Flag = Field(default=False, description="It may not go ahead.")
    review: OneOrMany[RequirementSpec] = Field(default=(), description="What is required first.")
    flag: Flag = Field(default=False, description="It may go ahead, and is listed.")
    allow: Flag = Field(default=False, description="This is in order.")
    compute: dict[Identifier, Expression] = Field(default={}, description="Values to report, by name.")
    notify: OneOrMany[Text] = Field(default=(), description="The roles that are to be told.")

    @property
    def has_effect(self) -> bool:
        """Whether it does anything."""
        return bool(self.deny or self.review or self.flag or self.allow or self.compute or self.notify)

    def _check_outcomes(self) -> None:
        given = [key for key in ("deny", "review", "flag", "allow") if getattr(self, key)]
        if len(given) > 1 and given != ["review", "flag"]:
            raise problem(
                "E207",
                f"`{given[0]}` and `{given[1]}` contradict one another",
                at=(given[1],),
                help="keep one of them",
            )


class RuleSpec(Effects):
    """A rule: a condition and its effects."""

    noun: ClassVar[str] = "a rule"
    often_meant: ClassVar[dict[str, str]] = {"if": "when", "condition": "when", "require": "requires"}

    id: Id = Field(description="The id, unique in the policy set.")
    title: Maybe[LocalText] = Field(default=None, description="What people call it.")
    when: Maybe[TextOrFlag] = Field(default=None, description="The condition; left out, it holds always.")
    excepts: OneOrMany[Text] = Field(
        default=(), description="The rules that do not count when this one holds."
    )
    requires: OneOrMany[RequirementSpec] = Field(
        default=(), description="With `excepts`: the exception holds only with this evidence."
    )
    because: Maybe[LocalText] = Field(default=None, description="One sentence; `{expression}` is filled in.")
    effective: Period = Field(default=ALWAYS, description="When the rule is in force.")
    source: Maybe[Source] = Field(default=None, description="The clause, where it is not the policy's.")
    note: Maybe[LocalText] = Field(default=None, description="What else people should know.")
    covers: OneOrMany[Text] = Field(default=(), description="The ids of a catalogue that the rule carries.")
    examples: OneOrMany[Example] = Field(default=(), description="Facts and what is expected of them.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.requires and not self.excepts:
            raise problem(
                "E207",
                "`requires` goes with `excepts`",
                at=("requires",),
                help="write what a rule asks for as `review`",
            )
        if self.excepts:
            for key in ("deny", "review", "flag", "allow"):
                if getattr(self, key):
                    raise problem(
                        "E207",
                        f"a rule that excepts another has no `{key}`",
                        at=(key,),
                        help="an exception only takes the other rule away: write a second rule for the effect"
                        if key != "review"
                        else "write what the exception needs as `requires`",
                    )
        elif not self.has_effect:
            raise problem(
                "E207",
                "a rule needs an effect",
                help="add `deny`, `review`, `flag`, `allow`, `compute`, `notify` or `excepts`",
            )
        self._check_outcomes()
        return self


class TableInput(Part):
    """An input of a table. The short form is the expression alone."""

    noun: ClassVar[str] = "an input"
    accepts: ClassVar[str] = "a text or a mapping"
    short: ClassVar[str | None] = "value"

    value: Expression = Field(description="The expression whose value the cells test.")
    title: Maybe[LocalText] = Field(default=None, description="What people call it.")


class TableRow(Effects):
    """A row of a table: a cell for every input, and values or effects."""

    noun: ClassVar[str] = "a row"

    match: OneOrMany[Expression] = Field(
        min_length=1, description="A unary test for every input; `-` is anything."
    )
    give: dict[Identifier, Expression] = Field(
        default={}, description="The values that the row gives, by name."
    )
    id: Maybe[Id] = Field(
        default=None, description="The id, where it is not the table's with `#` and a number."
    )
    title: Maybe[LocalText] = Field(default=None, description="What people call it.")
    because: Maybe[LocalText] = Field(default=None, description="One sentence; `{expression}` is filled in.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.give and self.has_effect:
            raise problem("E207", "a row gives values or has effects, not both", at=("give",))
        if not self.give and not self.has_effect:
            raise problem(
                "E207", "a row needs `give` or an effect", help="say what follows, e.g. `allow: true`"
            )
        self._check_outcomes()
        return self


class TableSpec(Part):
    """A decision table."""

    noun: ClassVar[str] = "a table"

    title: Maybe[LocalText] = Field(default=None, description="What people call it.")
    inputs: OneOrMany[TableInput] = Field(min_length=1, description="The expressions that the cells test.")
    hit: Literal["unique", "first", "any", "priority", "collect"] = Field(
        default="unique", description="What happens when several rows hold."
    )
    collect: Maybe[Literal["list", "sum", "min", "max", "count"]] = Field(
        default=None, description="With `hit: collect`: what becomes of the values."
    )
    priority: dict[Identifier, OneOrMany[Text]] = Field(
        default={}, description="With `hit: priority`: the values of each output, the first wins."
    )
    rows: OneOrMany[TableRow] = Field(min_length=1, description="The rows.")
    otherwise: Maybe[dict[Identifier, Expression]] = Field(
        default=None, description="The values where no row holds."
    )
    source: Maybe[Source] = Field(default=None, description="The clause, where it is not the policy's.")
    effective: Period = Field(default=ALWAYS, description="When the table is in force.")
    because: Maybe[LocalText] = Field(default=None, description="One sentence; `{expression}` is filled in.")
    covers: OneOrMany[Text] = Field(default=(), description="The ids of a catalogue that the table carries.")
    note: Maybe[LocalText] = Field(default=None, description="What else people should know.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.hit == "collect" and self.collect is None:
            raise problem(
                "E202",
                "a table with `hit: collect` needs `collect`",
                help="add `collect: list`, `sum`, `min`, `max` or `count`",
                at=("hit",),
            )
        if self.hit != "collect" and self.collect is not None:
            raise problem("E207", f"`collect` does not go with `hit: {self.hit}`", at=("collect",))
        if self.hit != "priority" and self.priority:
            raise problem("E207", f"`priority` does not go with `hit: {self.hit}`", at=("priority",))
        for index, row in enumerate(self.rows):
            if len(row.match) != len(self.inputs):
                raise problem(
                    "E207",
                    f"expected {len(self.inputs)} cells, one for every input, but got {len(row.match)}",
                    at=("rows", index, "match"),
                )
        return self


class RulesDocument(Part):
    """What every document with rules of its own holds."""

    title: Maybe[LocalText] = Field(default=None, description="What people call it.")
    system: Maybe[Text] = Field(default=None, description="The system of controls that it belongs to.")
    source: Maybe[Source] = Field(default=None, description="The clause that it comes from.")
    effective: Period = Field(default=ALWAYS, description="When it is in force.")
    month_arithmetic: Literal["clamp", "error"] = Field(
        default="clamp", description="What `add_months` does on a missing day."
    )
    parameters: dict[Identifier, ParameterSpec] = Field(default={}, description="Constants by name.")
    let: dict[Identifier, FormulaSpec] = Field(default={}, description="Formulas by name.")
    outputs: OneOrMany[Text] = Field(default=(), description="The formulas to report with every decision.")
    tables: dict[Id, TableSpec] = Field(default={}, description="Decision tables by name.")
    rules: OneOrMany[RuleSpec] = Field(default=(), description="The rules.")
    covers: OneOrMany[Text] = Field(default=(), description="The ids of a catalogue that it carries.")
    note: Maybe[LocalText] = Field(default=None, description="What else people should know.")


class PolicyDocument(RulesDocument):
    """The rules of one control point, in force for a period."""

    noun: ClassVar[str] = "a policy"

    policy: Id = Field(description="The name; documents of the same name are versions of one policy.")
    control_point: Id = Field(description="The step of a process that it controls, e.g. `order.release`.")
    subject: OneOrMany[Text] = Field(
        default=(), description="The fields that name the transaction, e.g. `order.id`; decisions state them."
    )
