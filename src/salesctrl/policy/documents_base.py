"""What all documents share: the base model, texts in two languages, dates, names, short forms.

The reader hands over mappings, lists, texts, `True`, `False` and `None`; it makes no numbers. The models
take exactly these. Where something is wrong they raise a `PydanticCustomError` whose type is the code of
the diagnostic, so that the loader can say it with its place.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from keyword import iskeyword
from typing import Annotated, ClassVar, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, model_validator
from pydantic.annotated_handlers import GetJsonSchemaHandler
from pydantic.functional_validators import AfterValidator, PlainValidator
from pydantic.json_schema import JsonSchemaValue, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from salesctrl.diagnostics import quoted

T = TypeVar("T")

Language = Literal["en", "zh"]

#: The functions of the language. A name may not be one of them.
FUNCTIONS = frozenset(
    [
        "abs",
        "accrue",
        "add_days",
        "add_months",
        "add_workdays",
        "all",
        "allocate",
        "any",
        "band",
        "ceil",
        "coalesce",
        "contains",
        "count",
        "date",
        "day",
        "days_between",
        "ends_with",
        "floor",
        "known",
        "length",
        "lower",
        "max",
        "min",
        "month",
        "month_end",
        "months_between",
        "months_started",
        "round",
        "starts_with",
        "sum",
        "year",
        "year_end",
    ]
)
#: Words that have a meaning of their own in an expression or among the facts.
RESERVED_WORDS = frozenset({"as_of", "evidence", "true", "false"})

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_ID = re.compile(r"\w[\w.\-#]*")
_CURRENCY = re.compile(r"[A-Z]{3}")
_DATE_HELP = "write it as `YYYY-MM-DD`, e.g. `2026-12-31`"


def problem(
    code: str, message: str, *, help: str | None = None, at: tuple[str | int, ...] = ()
) -> PydanticCustomError:
    """The error of a validator: code of the diagnostic, words, help, and where below the model it is.

    >>> problem("E206", "`to` is before `from`", at=("to",)).type
    'E206'
    """
    return PydanticCustomError(code, "{message}", {"message": message, "help": help, "at": at})


# --- what a value may be ------------------------------------------------------------------------


class _Present:
    """A key that may be left out, but holds a value where it is written."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        return schema["schema"] if schema["type"] == "nullable" else schema


#: The type of a key that may be left out. `key:` with nothing after it is refused: it would read as
#: if it held something, and a condition that got lost must not become "always".
Maybe = Annotated[T | None, _Present()]


class _OneOrMany:
    """A list, or one item of it without the brackets."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_as_list, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        several = handler(schema)
        return {"anyOf": [several["items"], several]}


def _as_list(value: object) -> object:
    return (value,) if isinstance(value, str | dict) else value


#: A list of items; a single text or mapping stands for the list of it alone.
OneOrMany = Annotated[tuple[T, ...], _OneOrMany()]


def _text(value: object) -> object:
    if isinstance(value, str) and not value.strip():
        raise problem("E205", "expected a text but got an empty one")
    return value


def _expression(value: object) -> object:
    if value is True:
        return "true"
    if value is False:
        return "false"
    return _text(value)


def _text_or_flag(value: object) -> object:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise problem("E204", f"expected a text, `true` or `false`, but got {describe(value)}")
    return _text(value)


#: In JSON Schema: what editors see as a text, a number or a flag, and the reader as a text.
SCALAR: JsonSchemaValue = {"type": ["string", "number"], "pattern": "\\S"}
SCALAR_OR_FLAG: JsonSchemaValue = {"type": ["string", "number", "boolean"], "pattern": "\\S"}
#: A text with something in it.
Text = Annotated[str, BeforeValidator(_text), WithJsonSchema(SCALAR)]
#: An expression or a cell: a text; a plain `true` or `false` is the text of it.
Expression = Annotated[str, BeforeValidator(_expression), WithJsonSchema(SCALAR_OR_FLAG)]
#: A text, or a plain `true` or `false`, which stays what it is.
TextOrFlag = Annotated[str | bool, PlainValidator(_text_or_flag), WithJsonSchema(SCALAR_OR_FLAG)]
Flag = Annotated[bool, Field(strict=True)]


def _whole_number(least: int) -> PlainValidator:
    def read(value: object) -> int:
        if not isinstance(value, str):
            raise problem("E204", f"expected a whole number but got {describe(value)}")
        if not _INTEGER.fullmatch(value):
            raise problem("E205", f"expected a whole number but got {quoted(value)}")
        number = int(value)
        if number < least:
            raise problem("E205", f"expected at least {least} but got `{value}`")
        return number

    return PlainValidator(read)


def _date(value: object) -> date:
    if not isinstance(value, str):
        raise problem("E204", f"expected a date but got {describe(value)}", help=_DATE_HELP)
    if not _DATE.fullmatch(value):
        raise problem("E205", f"expected a date but got {quoted(value)}", help=_DATE_HELP)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise problem(
            "E205", f"expected a date but got `{value}`", help="the calendar has no such day"
        ) from None


#: A whole number from 0 up, and one from 1 up.
Natural = Annotated[
    int,
    _whole_number(0),
    WithJsonSchema({"type": ["integer", "string"], "minimum": 0, "pattern": "^[0-9]+$"}),
]
Count = Annotated[
    int,
    _whole_number(1),
    WithJsonSchema({"type": ["integer", "string"], "minimum": 1, "pattern": "^0*[1-9][0-9]*$"}),
]
Day = Annotated[
    date,
    PlainValidator(_date),
    WithJsonSchema({"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}),
]


def _currency(value: str) -> str:
    if not _CURRENCY.fullmatch(value):
        raise problem(
            "E205",
            f"expected a currency but got {quoted(value)}",
            help="write three capital letters, e.g. `CNY`",
        )
    return value


Currency = Annotated[
    str, AfterValidator(_currency), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$"})
]


# --- names --------------------------------------------------------------------------------------


_OTHER_FORM = "is written in characters of another width or form"


@lru_cache(maxsize=8192)
def identifier_problem(name: str) -> tuple[str, str | None] | None:
    """What is wrong with a name that expressions use, and what to do; None where it is good.

    >>> identifier_problem("信用额度") is None
    True
    >>> identifier_problem("credit-limit")
    ('`credit-limit` is not a name', 'use letters, digits and `_`, e.g. `credit_limit`')
    """
    plain = unicodedata.normalize("NFKC", name)
    if plain != name:
        return f"{quoted(name)} {_OTHER_FORM}", f"write {quoted(plain)}"
    if not name.isidentifier():
        proposal = re.sub(r"\W+", "_", name).strip("_")
        hint = f", e.g. `{proposal}`" if proposal.isidentifier() else "; the first is no digit"
        return f"{quoted(name)} is not a name", f"use letters, digits and `_`{hint}"
    if iskeyword(name) or name in RESERVED_WORDS:
        return f"`{name}` is a word of the language and cannot be a name", "choose another name"
    if name in FUNCTIONS:
        return f"`{name}` is a function of the language and cannot be a name", "choose another name"
    if name.startswith("__"):
        return f"`{name}` cannot be a name", "do not begin a name with `__`"
    return None


def _identifier(name: str) -> str:
    found = identifier_problem(name)
    if found:
        raise problem("E210", found[0], help=found[1])
    return name


def _id(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name)
    if plain != name:
        raise problem("E210", f"{quoted(name)} {_OTHER_FORM}", help=f"write {quoted(plain)}")
    if not _ID.fullmatch(name):
        raise problem(
            "E210",
            f"{quoted(name)} is not an id",
            help="begin with a letter or digit, and go on with letters, digits, `_`, `-`, `.` and `#`",
        )
    return name


#: A name that expressions use: of a kind, a field, a parameter, a formula, an output.
Identifier = Annotated[str, AfterValidator(_identifier), WithJsonSchema({"type": "string", "format": "name"})]
#: The id of a role, a rule, a policy, a control point.
Id = Annotated[str, AfterValidator(_id), WithJsonSchema({"type": "string", "format": "id"})]


def describe(value: object) -> str:
    """A value of a document in words, for "but got …".

    >>> describe(["a"]), describe(None), describe("30 day")
    ('a list', 'nothing', '`30 day`')
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return quoted(str(value))


# --- the base, and the parts that occur everywhere -------------------------------------------------


class Part(BaseModel):
    """A mapping of a document: frozen, and without keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: What it is called in messages, with its article.
    noun: ClassVar[str] = "a document"
    #: What may stand in its place.
    accepts: ClassVar[str] = "a mapping"
    #: The key that a plain text stands for, where the mapping has a short form.
    short: ClassVar[str | None] = None
    #: Keys that people write here which it does not know, and what they mean by them.
    often_meant: ClassVar[dict[str, str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _from_short_form(cls, data: object) -> object:
        return {cls.short: data} if cls.short is not None and isinstance(data, str) else data


class LocalText(Part):
    """A text for people, in English, Chinese or both.

    A plain text stands for both languages.

    >>> LocalText.model_validate({"en": "Order", "zh": "订单"}).get("zh")
    '订单'
    >>> LocalText.model_validate("ERP").get("zh")
    'ERP'
    """

    noun: ClassVar[str] = "a text"
    accepts: ClassVar[str] = "a text, or a mapping of texts by language,"

    en: Maybe[Text] = Field(default=None, description="The text in English.")
    zh: Maybe[Text] = Field(default=None, description="The text in Chinese.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: object) -> object:
        return {"en": data, "zh": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.en is None and self.zh is None:
            raise problem("E202", "a text needs `en` or `zh`")
        return self

    def get(self, lang: str) -> str:
        """The text in `lang` (`en` or `zh`), or in the other language where that is missing."""
        first, second = (self.zh, self.en) if lang == "zh" else (self.en, self.zh)
        return first or second or ""


class Period(Part):
    """A period of days; both ends belong to it, and an end that is left out is open.

    >>> Period.model_validate({"from": "2026-01-01"}).contains(date(2026, 1, 1))
    True
    """

    noun: ClassVar[str] = "a period"

    from_: Maybe[Day] = Field(default=None, alias="from", description="The first day.")
    to: Maybe[Day] = Field(default=None, description="The last day.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        check_period(self.from_, self.to)
        return self

    def contains(self, day: date) -> bool:
        """Whether `day` lies in the period."""
        return (self.from_ is None or self.from_ <= day) and (self.to is None or day <= self.to)

    def overlaps(self, other: "Period") -> bool:
        """Whether some day lies in both.

        >>> first = Period.model_validate({"to": "2025-12-31"})
        >>> first.overlaps(Period.model_validate({"from": "2026-01-01"}))
        False
        """
        return not (
            (self.to is not None and other.from_ is not None and self.to < other.from_)
            or (other.to is not None and self.from_ is not None and other.to < self.from_)
        )


def check_period(first: date | None, last: date | None) -> None:
    """Refuse a period that ends before it begins."""
    if first is not None and last is not None and last < first:
        raise problem("E206", f"the period ends on {last}, before it begins on {first}", at=("to",))


#: The period without ends.
ALWAYS = Period.model_validate({})


class Source(Part):
    """Where a rule comes from: a document of the company and the article in it."""

    noun: ClassVar[str] = "a source"

    document: LocalText = Field(description="The document that says so, e.g. the credit rules.")
    article: Maybe[LocalText] = Field(default=None, description="The article, clause or page in it.")


# --- choices and plain values ----------------------------------------------------------------------


def _choices(value: object) -> object:
    """A list of texts as a mapping without titles."""
    if not isinstance(value, list | tuple):
        return value
    named: dict[str, None] = {}
    for index, item in enumerate(value):
        if not isinstance(item, str):
            raise problem(
                "E204",
                f"expected a text but got {describe(item)}",
                at=(index,),
                help="put it in quotes" if isinstance(item, bool) else None,
            )
        if item in named:
            raise problem("E205", f"`{item}` is listed twice", at=(index,))
        named[item] = None
    return named


class _Choices:
    """A list of texts, or a mapping from texts to titles."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_choices, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        texts = {"type": "array", "items": SCALAR, "uniqueItems": True}
        return {"anyOf": [texts, handler(schema)]}


def _value(value: object) -> object:
    if value is None:
        raise problem("E204", "expected a value but got nothing")
    return value


#: The texts of a choice, with their titles; the short form is the list of them.
Choices = Annotated[dict[Text, LocalText | None], _Choices()]
#: Any value of a document but nothing.
Value = Annotated[object, BeforeValidator(_value), WithJsonSchema({"not": {"type": "null"}})]
