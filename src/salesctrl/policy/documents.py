"""The documents of a policy set, as pydantic models: what YAML may say, in its normal form.

| first key | model |
| --- | --- |
| `pack` | :class:`Pack` |
| `vocabulary` | :class:`Vocabulary` |
| `organisation` | :class:`OrganisationDocument` |
| `policy` | :class:`PolicyDocument` |
| `metric` | :class:`MetricDocument` |
| `obligation` | :class:`ObligationDocument` |
| `tests` | :class:`TestsDocument` |
| `overlay` | :class:`OverlayDocument` |

The models are frozen. Short forms are written out (a text for a formula becomes a :class:`FormulaSpec`), a
single item becomes a tuple of one, and numbers and expressions stay the text that was written: types and
expressions are read by later stages, which know the vocabulary.
"""

from typing import Final

from salesctrl.policy.documents_base import FUNCTIONS, LocalText, Part, Period, Source
from salesctrl.policy.documents_cases import AddSpec, Case, Off, OverlayDocument, TestsDocument
from salesctrl.policy.documents_metric import GroupKey, MetricDocument, Rank
from salesctrl.policy.documents_obligation import ObligationDocument
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
    RulesDocument,
    RuleSpec,
    TableInput,
    TableRow,
    TableSpec,
)

Document = (
    Pack
    | Vocabulary
    | OrganisationDocument
    | PolicyDocument
    | MetricDocument
    | ObligationDocument
    | TestsDocument
    | OverlayDocument
)

#: The model of a document by its first key.
DOCUMENTS: Final[dict[str, type[Part]]] = {
    "pack": Pack,
    "vocabulary": Vocabulary,
    "organisation": OrganisationDocument,
    "policy": PolicyDocument,
    "metric": MetricDocument,
    "obligation": ObligationDocument,
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
    "GroupKey",
    "Incompatible",
    "Kind",
    "LocalText",
    "MetricDocument",
    "ObligationDocument",
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
    "Rank",
    "RequirementSpec",
    "Role",
    "RoleHeld",
    "RuleSpec",
    "RulesDocument",
    "Source",
    "TableInput",
    "TableRow",
    "TableSpec",
    "TestsDocument",
    "Vocabulary",
]
