"""The documents of a policy set, as pydantic models: what YAML may say, in its normal form.

| first key | model |
| --- | --- |
| `pack` | :class:`Pack` |
| `vocabulary` | :class:`Vocabulary` |
| `organisation` | :class:`OrganisationDocument` |
| `policy` | :class:`PolicyDocument` |
| `metric` | :class:`MetricDocument` |
| `obligation` | :class:`ObligationDocument` |
| `case_control` | :class:`CaseControlDocument` |
| `ladder` | :class:`LadderDocument` |
| `tests` | :class:`TestsDocument` |
| `timeline` | :class:`TimelineDocument` |
| `schedule` | :class:`ScheduleDocument` |
| `overlay` | :class:`OverlayDocument` |

The models are frozen. Short forms are written out (a text for a formula becomes a :class:`FormulaSpec`), a
single item becomes a tuple of one, and numbers and expressions stay the text that was written: types and
expressions are read by later stages, which know the vocabulary.
"""

from typing import Final

from salesctrl.policy.documents_activity import Activity, EvidenceSpec
from salesctrl.policy.documents_base import FUNCTIONS, LocalText, Part, Period, Source
from salesctrl.policy.documents_cases import AddSpec, Case, Off, OverlayDocument, TestsDocument
from salesctrl.policy.documents_events import (
    AroundSpec,
    CaseControlDocument,
    DueSpec,
    EventSpec,
    LadderDocument,
    StateSpec,
    TimelineCase,
    TimelineDocument,
    TransitionSpec,
)
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
    Process,
    Role,
    RoleHeld,
    Vocabulary,
    Waiver,
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
from salesctrl.policy.documents_schedule import ScheduleDocument

Document = (
    Pack
    | Vocabulary
    | OrganisationDocument
    | PolicyDocument
    | MetricDocument
    | ObligationDocument
    | CaseControlDocument
    | LadderDocument
    | TestsDocument
    | TimelineDocument
    | ScheduleDocument
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
    "case_control": CaseControlDocument,
    "ladder": LadderDocument,
    "tests": TestsDocument,
    "timeline": TimelineDocument,
    "schedule": ScheduleDocument,
    "overlay": OverlayDocument,
}

__all__ = [
    "DOCUMENTS",
    "FUNCTIONS",
    "ActionSpec",
    "Activity",
    "AddSpec",
    "ApprovalSpec",
    "AroundSpec",
    "AuthorityLimit",
    "CalendarSpec",
    "Case",
    "CaseControlDocument",
    "DatedValue",
    "Delegation",
    "Document",
    "DocumentSpec",
    "DueSpec",
    "Duty",
    "Effects",
    "EventSpec",
    "EvidenceSpec",
    "Example",
    "FieldSpec",
    "FormulaSpec",
    "GroupKey",
    "Incompatible",
    "Kind",
    "LadderDocument",
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
    "Process",
    "Rank",
    "RequirementSpec",
    "Role",
    "RoleHeld",
    "RuleSpec",
    "RulesDocument",
    "ScheduleDocument",
    "Source",
    "StateSpec",
    "TableInput",
    "TableRow",
    "TableSpec",
    "TestsDocument",
    "TimelineCase",
    "TimelineDocument",
    "TransitionSpec",
    "Vocabulary",
    "Waiver",
]
