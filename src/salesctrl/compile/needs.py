"""What a rule can require: approvals, documents, payments, actions, as the compiler hands them on.

``called`` and ``form_called`` are the words that the vocabulary has for a code; None where it has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from salesctrl.policy.documents import LocalText


@dataclass(frozen=True, slots=True)
class Within:
    """An age limit: so many days or months before ``as_of``, the last day included."""

    count: int
    unit: Literal["days", "months"]


@dataclass(frozen=True, slots=True)
class ApprovalNeed:
    """An approval by roles.

    ``mode``: any of the roles (``at_least`` so many persons), all of them, or all in this order. With a
    ``level`` the roles are that role and all above it. ``has_amount``: an amount is judged against authority
    limits; it has ``decimals`` decimals of ``currency``.
    """

    id: str
    rule: str
    control_point: str
    roles: tuple[str, ...]
    mode: Literal["any", "all", "order"]
    at_least: int = 1
    level: str | None = None
    form: str | None = None
    within: Within | None = None
    has_amount: bool = False
    duty: str | None = None
    decimals: int = 2
    currency: str | None = None
    form_called: LocalText | None = None


@dataclass(frozen=True, slots=True)
class DocumentNeed:
    """So many documents of a kind, none too old."""

    id: str
    rule: str
    kind: str
    within: Within | None = None
    count: int = 1
    called: LocalText | None = None


@dataclass(frozen=True, slots=True)
class PaymentNeed:
    """Payments up to ``as_of`` that reach an amount of so many decimals."""

    id: str
    rule: str
    currency: str | None = None
    decimals: int = 2


@dataclass(frozen=True, slots=True)
class ActionNeed:
    """A named action, done; by the due date where it ``has_due`` one."""

    id: str
    rule: str
    name: str
    owner: str | None = None
    has_due: bool = False
    called: LocalText | None = None


Need: TypeAlias = ApprovalNeed | DocumentNeed | PaymentNeed | ActionNeed
