"""From a policy set to what evaluation needs: the passes, in their order.

    documents ── derivation ── vocabulary ── organisation
              ── drafts ── policies ── cases ── across ── plans ── CheckedSet

Each pass reads what those before it left in the :class:`Work` and adds its own part; all of them report what
is wrong to the same diagnostics, so that everything is found at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from salesctrl.compile.across import check_across
from salesctrl.compile.cases import Cases, build_cases
from salesctrl.compile.checked import CheckedPolicy, Expression
from salesctrl.compile.derived import derived
from salesctrl.compile.drafts import Draft, Reporter, draft_policies
from salesctrl.compile.formulas import Names
from salesctrl.compile.parameters import check_parameters
from salesctrl.compile.plan import CheckedSet, Plan, plan_all
from salesctrl.compile.rules import RuleChecker, interval
from salesctrl.compile.segregation import Segregation, build_segregation
from salesctrl.diagnostics import Diagnostics
from salesctrl.expr import tree as t
from salesctrl.expr.check import check
from salesctrl.policy.documents import LocalText, OverlayDocument
from salesctrl.policy.loader import Loaded, PolicySet
from salesctrl.policy.organisation import Organisation, build_organisation
from salesctrl.policy.types import Base
from salesctrl.policy.vocabulary import VocabularyIndex, build_vocabulary


@dataclass(slots=True)
class Work:
    """What the passes have made so far."""

    documents: PolicySet
    overlays: Sequence[Loaded[OverlayDocument]]
    diagnostics: Diagnostics
    before: CheckedSet | None = None
    """The same documents, checked with fewer overlays: what these do not touch is taken from it."""
    vocabulary: VocabularyIndex = field(default_factory=lambda: VocabularyIndex({}))
    organisation: Organisation | None = None
    drafts: list[Draft] = field(default_factory=list)
    policies: list[CheckedPolicy] = field(default_factory=list)
    plans: dict[str, tuple[Plan, ...]] = field(default_factory=dict)
    segregation: Segregation = field(default_factory=Segregation)
    cases: Cases = field(default_factory=Cases)


def derivation(work: Work) -> None:
    """Write metrics, obligations, controls over cases and ladders as the policies that they are."""
    work.documents = derived(work.documents, work.diagnostics)


def vocabulary(work: Work) -> None:
    """Resolve kinds and fields."""
    if work.before is not None:
        work.vocabulary = work.before.vocabulary
        return
    work.vocabulary = build_vocabulary(work.documents.vocabularies, work.diagnostics)


def organisation(work: Work) -> None:
    """Resolve roles, duties, persons, delegations, and what is to be segregated."""
    if work.before is not None:
        work.organisation = work.before.organisation
        work.segregation = work.before.segregation
        return
    points = [loaded.doc.control_point for loaded in work.documents.policies]
    work.organisation = build_organisation(work.documents.organisations, work.diagnostics, points)
    work.segregation = build_segregation(work.documents.organisations, work.organisation, work.diagnostics)


def drafts(work: Work) -> None:
    """Lay the overlays over the policies."""
    work.drafts = draft_policies(work.documents.policies, work.overlays, work.diagnostics)


def policies(work: Work) -> None:
    """Type every expression of every policy."""
    assert work.organisation is not None
    reporter = Reporter(work.diagnostics)
    known = work.before.policies if work.before is not None else ()
    for number, draft in enumerate(work.drafts):
        if known and draft.as_written:
            work.policies.append(known[number])
            continue
        parameters = check_parameters(draft, reporter)
        names = Names(draft, work.vocabulary, parameters, reporter)
        names.check_all()
        checker = RuleChecker(draft, names, work.organisation, reporter)
        rules = checker.rules()
        doc = draft.document.value
        outputs: list[str] = []
        for i, name in enumerate(doc.outputs):
            if name in names.formulas:
                expression = names.formulas[name]
                if checker.definite(name, expression.node, expression.text, draft.formulas[name]):
                    outputs.append(name)
            elif name not in draft.formulas:
                reporter.error("E303", f"unknown formula `{name}`", draft.document, "outputs", i)
        work.policies.append(
            CheckedPolicy(
                doc.policy,
                doc.title or LocalText(en=doc.policy, zh=doc.policy),
                doc.control_point,
                interval(doc.effective),
                parameters,
                names.formulas,
                tuple(outputs),
                _subject(draft, names, reporter),
                names.tables,
                names.table_outputs,
                tuple(rules),
                draft.document.span("policy"),
            )
        )


def _subject(draft: Draft, names: Names, reporter: Reporter) -> tuple[Expression, ...]:
    """The fields that name the transaction."""
    done: list[Expression] = []
    for i, text in enumerate(draft.document.value.subject):
        node, problems = check(text, names.scope)
        reporter.problems([p for p in problems if not p.warning], draft.document, "subject", i)
        if isinstance(node, t.FieldRef) and node.type.base is not Base.LIST:
            done.append(Expression(text, node))
        elif node is not None:
            reporter.error("E305", f"expected a field but got `{text}`", draft.document, "subject", i)
    return tuple(done)


def cases(work: Work) -> None:
    """Resolve activities, the patterns of controls over cases, and ladders."""
    assert work.organisation is not None
    if (
        work.documents.case_controls
        or work.documents.ladders
        or work.documents.timelines
        or any(loaded.doc.activities for loaded in work.documents.vocabularies)
    ):
        work.cases = build_cases(
            work.documents, work.organisation, work.vocabulary, work.policies, work.diagnostics
        )


def across(work: Work) -> None:
    """What only shows between policies: ids, exceptions, outputs of one name."""
    check_across(work.drafts, work.policies, work.diagnostics)


def plans(work: Work) -> None:
    """Lower everything, for every stretch of time in which nothing changes."""
    if not work.diagnostics.has_errors:
        work.plans = plan_all(work.policies, work.vocabulary, work.diagnostics, work.before)


PASSES: tuple[Callable[[Work], None], ...] = (
    derivation, vocabulary, organisation, drafts, policies, cases, across, plans,
)  # fmt: skip


def check_set(
    documents: PolicySet,
    diagnostics: Diagnostics,
    overlays: Sequence[Loaded[OverlayDocument]] = (),
    before: CheckedSet | None = None,
) -> CheckedSet:
    """Run all passes. The result is fit for evaluation if ``diagnostics`` has no errors.

    Args:
        documents: The policy set.
        diagnostics: Where everything that is wrong goes.
        overlays: What is laid over the policies, in this order.
        before: The same documents, checked without errors and with some of these overlays: saves the time
            for all policies that no overlay touches.
    """
    work = Work(documents, overlays, diagnostics, before)
    for run in PASSES:
        run(work)
    assert work.organisation is not None
    pack = documents.pack.doc if documents.pack is not None else None
    return CheckedSet(
        pack.pack if pack else "policies", pack.version if pack else "0", work.vocabulary, work.organisation,
        tuple(work.policies), tuple(o.doc.overlay for o in overlays), work.plans,
        work.segregation, work.cases,
    )  # fmt: skip
