"""The evidence of a case: what was given for requirements, and how it is read from the caller's values.

Dates are ordinals (``date.toordinal()``), amounts of payments count hundredths. All texts that identify a
person, a role, a form and so on are read in NFKC, without surrounding space, so that one person is not two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from operator import index
from typing import Any, Final, TypeAlias, TypeVar

from salesctrl.diagnostics import quoted, suggest
from salesctrl.errors import FactProblem
from salesctrl.numbers import NotExact, format_plain, to_scaled
from salesctrl.policy.organisation import normal

PAYMENT_DECIMALS: Final = 2
"""How many decimals the amount of a payment has."""

MAX_ITEMS: Final = 10_000
"""The most items of one kind of evidence."""

MAX_TEXT: Final = 1000
"""The most characters of a text."""

# --- what was given ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody approved, in a role, on a date; for one requirement only where it names one."""

    person: str
    role: str
    date: int
    form: str | None = None
    requirement: str | None = None

    def to_dict(self) -> dict[str, object]:
        """The approval as plain data."""
        return {
            "person": self.person,
            "role": self.role,
            "date": _iso(self.date),
            "form": self.form,
            "requirement": self.requirement,
        }


@dataclass(frozen=True, slots=True)
class Document:
    """Documents of a kind, with their date."""

    kind: str
    date: int
    count: int = 1

    def to_dict(self) -> dict[str, object]:
        """The document as plain data."""
        return {"kind": self.kind, "date": _iso(self.date), "count": self.count}


@dataclass(frozen=True, slots=True)
class Payment:
    """Money came in; a negative amount was paid back."""

    amount: int
    date: int

    def to_dict(self) -> dict[str, object]:
        """The payment as plain data.

        >>> Payment(30000, date(2026, 2, 27).toordinal()).to_dict()
        {'amount': '300.00', 'date': '2026-02-27'}
        """
        return {"amount": format_plain(self.amount, PAYMENT_DECIMALS), "date": _iso(self.date)}


@dataclass(frozen=True, slots=True)
class Action:
    """Something was done on a date, by somebody."""

    name: str
    date: int
    person: str | None = None

    def to_dict(self) -> dict[str, object]:
        """The action as plain data."""
        return {"name": self.name, "date": _iso(self.date), "person": self.person}


@dataclass(frozen=True, slots=True)
class DutyDone:
    """Who did which duty in this case."""

    duty: str
    person: str

    def to_dict(self) -> dict[str, object]:
        """The duty as plain data."""
        return {"duty": self.duty, "person": self.person}


Item: TypeAlias = Approval | Document | Payment | Action


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was given for the requirements of one case."""

    requester: str | None = None
    approvals: tuple[Approval, ...] = ()
    documents: tuple[Document, ...] = ()
    payments: tuple[Payment, ...] = ()
    actions: tuple[Action, ...] = ()
    duties: tuple[DutyDone, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """The evidence as plain data; the items keep their order."""
        return {
            "requester": self.requester,
            "approvals": [item.to_dict() for item in self.approvals],
            "documents": [item.to_dict() for item in self.documents],
            "payments": [item.to_dict() for item in self.payments],
            "actions": [item.to_dict() for item in self.actions],
            "duties": [item.to_dict() for item in self.duties],
        }


NOTHING: Final = Evidence()
"""No evidence at all."""


def _iso(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


# --- how it is read ---------------------------------------------------------------------------------


def read_evidence(value: object, path: str, problems: list[FactProblem]) -> Evidence | None:
    """Read the evidence that came with the facts.

    Mappings, objects with attributes (dataclasses, pydantic models, rows of an ORM) and lists of these are
    taken; dates are ``date`` or text as ``2026-12-31``, amounts ``Decimal``, ``int``, text, or a ``float``
    that stands for a number of two decimals exactly.

    Args:
        value: What the caller gave; ``None`` where there is none.
        path: Where it stands among the facts, such as ``evidence``.
        problems: Where everything wrong is added, with its own path. Codes: ``F_TYPE``, ``F_FORMAT``,
            ``F_MISSING``, ``F_UNKNOWN`` (a key that means nothing), ``F_LENGTH``, ``F_RANGE``, and those of
            `salesctrl.numbers.NotExact`; ``F_READ`` (an object that fails when it is read).

    Returns:
        The evidence; None where there is none, or something is wrong with it.

    >>> problems = []
    >>> evidence = {"payments": [{"amount": "300.00", "date": "2026-02-27"}]}
    >>> read_evidence(evidence, "evidence", problems).payments
    (Payment(amount=30000, date=739674),)
    >>> read_evidence({"payments": [{"amount": "300.00"}]}, "evidence", problems)
    >>> print(problems[0])
    evidence.payments[0].date: expected a date but got nothing [F_MISSING]
      help: write it as `YYYY-MM-DD`
    """
    if isinstance(value, Evidence):
        return value
    reader, before = _Reader(problems), len(problems)
    try:
        if _is_absent(value):
            return None
        given = reader.open(value, path, "evidence", _EVIDENCE_KEYS) or {}
        evidence = Evidence(
            reader.value(given, "requester", path, _SOMEBODY),
            reader.items(given, "approvals", path, Approval),
            reader.items(given, "documents", path, Document),
            reader.items(given, "payments", path, Payment),
            reader.items(given, "actions", path, Action),
            reader.items(given, "duties", path, DutyDone),
        )
    except Exception as error:  # an object of the caller's own may do anything when it is asked
        problems.append(FactProblem.unreadable(path, error))
        return None
    return evidence if len(problems) == before else None


class _RefusedError(Exception):
    """A value cannot be taken."""

    def __init__(self, code: str, message: str, hint: str | None = None):
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


@dataclass(frozen=True, slots=True)
class _How:
    """How a value is read, what it is called, and what to do where it is missing."""

    read: Callable[[object], Any]
    noun: str
    hint: str
    required: bool = True


_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _RefusedError("F_TYPE", f"expected a text but got {_described(value)}", "give it as text")
    if len(value) > MAX_TEXT:
        raise _RefusedError("F_LENGTH", f"expected at most {MAX_TEXT} characters but got {len(value)}")
    text = normal(value)
    if not text.isprintable():
        # What cannot be seen could make one person look like two, or two like one.
        message = f"expected a text without invisible characters but got {quoted(ascii(text)[1:-1])}"
        raise _RefusedError("F_FORMAT", message, "remove the characters that do not show")
    return text


def _person(value: object) -> str:
    if isinstance(value, str | bool | float | Decimal):
        return _text(value)
    try:
        return str(index(value))  # type: ignore[arg-type]  # a number of a person; NumPy's integers too
    except TypeError:
        return _text(value)


def _date(value: object) -> int:
    if isinstance(value, datetime):
        if value.tzinfo is None and value.time() == time.min:
            return value.date().toordinal()
        hint = "give the day that it was where the company works"
        raise _RefusedError(
            "F_TYPE", f"expected a date but got the point in time `{value.isoformat()}`", hint
        )
    if isinstance(value, date):
        return value.toordinal()
    if not isinstance(value, str):
        raise _RefusedError("F_TYPE", f"expected a date but got {_described(value)}", _DATE.hint)
    if not _ISO_DATE.fullmatch(value):
        raise _RefusedError("F_FORMAT", f"expected a date but got {quoted(value)}", _DATE.hint)
    try:
        return date.fromisoformat(value).toordinal()
    except ValueError:
        message = f"expected a date but got `{value}`: the calendar has no such day"
        raise _RefusedError("F_FORMAT", message, "correct the day or the month") from None


def _amount(value: object) -> int:
    return to_scaled(value, PAYMENT_DECIMALS, 18)


def _count(value: object) -> int:
    count = to_scaled(value, 0, 9)
    if count < 1:
        raise _RefusedError(
            "F_RANGE", f"expected a count of 1 or more but got `{count}`", "leave out what is not there"
        )
    return count


_PERSON = _How(_person, "a person", "give the id of the person")
_SOMEBODY = _How(_person, "a person", "leave it out, or give the id of the person", required=False)
_DATE = _How(_date, "a date", "write it as `YYYY-MM-DD`")
_FORM = _How(_text, "a form", "leave it out, or give it as text", required=False)
_REQUIREMENT = _How(_text, "a requirement", "leave it out, or give its id", required=False)

_KEYS: Final[Mapping[type, Mapping[str, _How]]] = {
    Approval: {
        "person": _PERSON,
        "role": _How(_text, "a role", "name the role in which the person approved"),
        "date": _DATE,
        "form": _FORM,
        "requirement": _REQUIREMENT,
    },
    Document: {
        "kind": _How(_text, "a kind of document", "name it as the policy does"),
        "date": _DATE,
        "count": _How(_count, "a count", "leave it out for one", required=False),
    },
    Payment: {
        "amount": _How(_amount, "an amount", "give the amount that was paid"),
        "date": _DATE,
    },
    Action: {
        "name": _How(_text, "the name of an action", "name it as the policy does"),
        "date": _DATE,
        "person": _SOMEBODY,
    },
    DutyDone: {
        "duty": _How(_text, "a duty", "name it as the organisation does"),
        "person": _PERSON,
    },
}

_NOUNS: Final[Mapping[type, str]] = {
    Approval: "an approval",
    Document: "a document",
    Payment: "a payment",
    Action: "an action",
    DutyDone: "a duty",
}
_EVIDENCE_KEYS = ("requester", "approvals", "documents", "payments", "actions", "duties")

T = TypeVar("T", Approval, Document, Payment, Action, DutyDone)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads values of all shapes, and notes what is wrong with each."""

    problems: list[FactProblem]

    def open(self, value: object, path: str, noun: str, keys: Collection[str]) -> dict[str, object] | None:
        """What a mapping or an object holds under these keys, without what is absent."""
        found: dict[str, object] = {}
        names = getattr(value, "_fields", None)  # of a named tuple, which has a method called `count` too
        if isinstance(value, Mapping):
            for key in value:
                if key not in keys and not _is_absent(value[key]):
                    self._unknown(str(key), path, keys)
            found = {key: value[key] for key in keys if key in value}
        elif isinstance(names, tuple) or not isinstance(value, _PLAIN):
            # Other attributes of an object are none of our business: a row of a database has many.
            known = [key for key in keys if (hasattr(value, key) if names is None else key in names)]
            found = {key: getattr(value, key) for key in known}
        if not found and not isinstance(value, Mapping):
            message = f"expected {noun} with {_listed(keys)} but got {_described(value)}"
            self._add(path, "F_TYPE", message, "give a mapping, or an object with these attributes")
            return None
        return {key: held for key, held in found.items() if not _is_absent(held)}

    def value(self, given: Mapping[str, object], key: str, path: str, how: _How) -> Any:
        """The value under a key, or None where it is absent or wrong."""
        at = f"{path}.{key}"
        if key not in given:
            if how.required:
                self._add(at, "F_MISSING", f"expected {how.noun} but got nothing", how.hint)
            return None
        try:
            return how.read(given[key])
        except _RefusedError as refused:
            self._add(at, refused.code, refused.message, refused.hint)
        except NotExact as inexact:
            self._add(at, inexact.code, inexact.message, inexact.help)
        except Exception as error:
            self.problems.append(FactProblem.unreadable(at, error))
        return None

    def items(self, given: Mapping[str, object], key: str, path: str, of: type[T]) -> tuple[T, ...]:
        """The items of a list; those that are wrong are left out."""
        at = f"{path}.{key}"
        if key not in given:
            return ()
        listed = given[key]
        if not isinstance(listed, list | tuple) and callable(to_list := getattr(listed, "tolist", None)):
            listed = to_list()  # an array, as columns of lists come out of pandas
        if not isinstance(listed, list | tuple):
            hint = f"put brackets around it, also where it is only {_NOUNS[of]}"
            self._add(at, "F_TYPE", f"expected a list but got {_described(listed)}", hint)
            return ()
        if len(listed) > MAX_ITEMS:
            self._add(at, "F_LENGTH", f"expected at most {MAX_ITEMS} items but got {len(listed)}", None)
            return ()
        read = (self._item(value, f"{at}[{position}]", of) for position, value in enumerate(listed))
        return tuple(item for item in read if item is not None)

    def _item(self, value: object, path: str, of: type[T]) -> T | None:
        if isinstance(value, of):
            return value
        before, keys = len(self.problems), _KEYS[of]
        try:
            given = self.open(value, path, _NOUNS[of], keys)
        except Exception as error:
            self.problems.append(FactProblem.unreadable(path, error))
            return None
        if given is None:
            return None
        read = {key: self.value(given, key, path, how) for key, how in keys.items()}
        if len(self.problems) > before:
            return None
        return of(**{key: held for key, held in read.items() if held is not None})

    def _unknown(self, key: str, path: str, keys: Collection[str]) -> None:
        near = suggest(key, keys)
        hint = f"did you mean `{near}`?" if near else f"known here are {_listed(keys)}"
        self._add(path, "F_UNKNOWN", f"unknown key {quoted(key)}", hint)

    def _add(self, path: str, code: str, message: str, hint: str | None) -> None:
        self.problems.append(FactProblem(path, code, message, hint))


# What has no keys, whatever attributes it has: a `date` has none of ours, but a `range` has a `count`.
_PLAIN = (str, bytes, bytearray, int, float, complex, Decimal, date, time, Sequence, Set)


def _is_absent(value: object) -> bool:
    """Nothing, or what tables write for nothing: an empty text, NaN, NaT, NA."""
    if value is None or type(value).__name__ == "NAType":
        return True
    if isinstance(value, str):
        return not value.strip()
    return isinstance(value, float | datetime) and value != value  # NaN and NaT alone differ from themselves


def _described(value: object) -> str:
    """A value in words, for "but got …"."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"`{str(value).lower()}`"
        case int() | float() | Decimal():
            return f"the number {quoted(str(value))}"
        case str():
            return quoted(value)
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            return f"a value of type `{type(value).__name__}`"


def _listed(keys: Collection[str]) -> str:
    return ", ".join(f"`{key}`" for key in keys)
