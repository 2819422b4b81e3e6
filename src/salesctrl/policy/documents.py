"""The documents of a policy set, as pydantic models: what YAML may say, in its normal form.

| first key | model |
| --- | --- |
| `pack` | :class:`Pack` |
| `vocabulary` | :class:`Vocabulary` |
| `organisation` | :class:`OrganisationDocument` |
| `policy` | :class:`PolicyDocument` |
| `tests` | :class:`TestsDocument` |
| `overlay` | :class:`OverlayDocument` |

The models are frozen. Short forms are written out (a text for a formula becomes a :class:`FormulaSpec`), a
single item becomes a tuple of one, and numbers and expressions stay the text that was written: types and
expressions are read by later stages, which know the vocabulary.
"""

from typing import Final

from salesctrl.policy.documents_base import FUNCTIONS, LocalText, Part, Period, Source
from salesctrl.policy.documents_cases import AddSpec, Case, Off, OverlayDocument, TestsDocument
from salesctrl.policy.documents_organisation import (
    AuthorityLimit,
    CalendarSpec,
    Delegation,
    Duty,
    FieldSpec,
    Incompatible,
    Kind,
    OrganisationDocument,
    Pack,
    Person,
    Role,
    RoleHeld,
    Vocabulary,
)
from salesctrl.policy.documents_policy import (
    ActionSpec,
    ApprovalSpec,
    DatedValue,
    DocumentSpec,
    Effects,
    Example,
    FormulaSpec,
    ParameterSpec,
    PaymentSpec,
    PolicyDocument,
    RequirementSpec,
    RuleSpec,
    TableInput,
    TableRow,
    TableSpec,
)

Document = Pack | Vocabulary | OrganisationDocument | PolicyDocument | TestsDocument | OverlayDocument

#: The model of a document by its first key.
DOCUMENTS: Final[dict[str, type[Part]]] = {
    "pack": Pack,
    "vocabulary": Vocabulary,
    "organisation": OrganisationDocument,
    "policy": PolicyDocument,
    "tests": TestsDocument,
    "overlay": OverlayDocument,
}

__all__ = [
    "DOCUMENTS",
    "FUNCTIONS",
    "ActionSpec",
    "AddSpec",
    "ApprovalSpec",
    "AuthorityLimit",
    "CalendarSpec",
    "Case",
    "DatedValue",
    "Delegation",
    "Document",
    "DocumentSpec",
    "Duty",
    "Effects",
    "Example",
    "FieldSpec",
    "FormulaSpec",
    "Incompatible",
    "Kind",
    "LocalText",
    "Off",
    "OrganisationDocument",
    "OverlayDocument",
    "Pack",
    "ParameterSpec",
    "Part",
    "PaymentSpec",
    "Period",
    "Person",
    "PolicyDocument",
    "RequirementSpec",
    "Role",
    "RoleHeld",
    "RuleSpec",
    "Source",
    "TableInput",
    "TableRow",
    "TableSpec",
    "TestsDocument",
    "Vocabulary",
]
