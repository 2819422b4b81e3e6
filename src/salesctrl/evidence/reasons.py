"""What is said of evidence, in English and Chinese: why an item counts or does not, and what is missing.

A `Reason` is a code with parameters, so that it can be compared, stored and counted; its words come from one
table. A parameter that differs between the languages is held as ``name.en`` and ``name.zh``; one that is a
code of evidence as ``name``, followed by those two where the vocabulary has words for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol, TypeAlias

from salesctrl.calendar import LAST_DAY, DateRange, add_months
from salesctrl.compile.needs import ActionNeed, ApprovalNeed, DocumentNeed, Need, PaymentNeed, Within
from salesctrl.evidence.given import Item
from salesctrl.numbers import format_scaled

Params: TypeAlias = tuple[tuple[str, str], ...]

WHAT: Final[Mapping[type[Need], str]] = {
    ApprovalNeed: "approval",
    DocumentNeed: "document",
    PaymentNeed: "payment",
    ActionNeed: "action",
}
"""What each kind of need is called in data."""

CODED: Final = frozenset({"kind", "name", "expected", "form"})
"""The parameters that are codes: of documents, actions, forms. Without words, the code is shown as such."""

MAX_NAMED: Final = 5
"""So many persons are named in a text; ``persons`` holds all."""


class Bilingual(Protocol):
    """A text in two languages."""

    def get(self, lang: str) -> str:
        """The text in ``en`` or ``zh``."""


@dataclass(frozen=True, slots=True)
class Called:
    """A text in two languages, made here."""

    english: str
    chinese: str

    def get(self, lang: str) -> str:
        """The text in ``en`` or ``zh``."""
        return self.chinese if lang == "zh" else self.english


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is said of an item of evidence, or of what is missing.

    >>> reason = Reason("after_as_of", (("date", "2026-03-02"), ("as_of", "2026-03-01")))
    >>> reason.text("en"), reason.text("zh")
    ('dated 2026-03-02, which is after 2026-03-01', '日期为2026-03-02，晚于2026-03-01')
    """

    code: str
    params: Params = ()

    def text(self, lang: str = "en") -> str:
        """The words, in ``en`` or ``zh``."""
        english, chinese = TEXTS[self.code]
        values = {}
        for key, value in self.params:
            name, _, language = key.partition(".")
            if not language:
                values[name] = f"`{value}`" if name in CODED else value
            elif language == lang:
                values[name] = value
        return (chinese if lang == "zh" else english).format_map(values)

    def to_dict(self) -> dict[str, object]:
        """The reason as plain data, with its words."""
        return {
            "code": self.code,
            "params": dict(self.params),
            "text": {"en": self.text("en"), "zh": self.text("zh")},
        }


@dataclass(frozen=True, slots=True)
class ItemVerdict:
    """What an item of evidence is worth for a requirement.

    ``valid``: it meets all conditions on its own. ``counts``: the requirement takes it into account (a valid
    approval does not count where enough others were given, say). ``reasons`` says why it is not valid, or
    what else is to be known about it. ``label`` says what it is.
    """

    item: Item
    valid: bool
    counts: bool
    label: Reason
    reasons: tuple[Reason, ...] = ()

    def text(self, lang: str = "en") -> str:
        """One line: what it is, whether it is valid, and why not."""
        verdict = Reason("valid" if self.valid else "not_valid")
        words = [self.label.text(lang) + (", " if lang != "zh" else "，") + verdict.text(lang)]
        return _joined([*words, *(reason.text(lang) for reason in self.reasons)], lang)

    def to_dict(self) -> dict[str, object]:
        """The verdict as plain data."""
        return {
            "item": self.item.to_dict(),
            "valid": self.valid,
            "counts": self.counts,
            "reasons": [reason.to_dict() for reason in self.reasons],
            "text": {"en": self.text("en"), "zh": self.text("zh")},
        }


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that a requirement still lacks, and who can give it.

    ``what`` is ``approval``, ``authority`` (no role that is asked for may approve so much), ``document``,
    ``payment``, ``action``, or ``figure`` (a number that the rule computes is not known). ``roles`` can give
    it, each on its own; ``persons`` are those who can as of the date of the decision, where the organisation
    lists persons.
    """

    what: str
    roles: tuple[str, ...]
    persons: tuple[str, ...]
    details: tuple[Reason, ...]

    def text(self, lang: str = "en") -> str:
        """One line: what is missing, and who can give it."""
        return _joined([detail.text(lang) for detail in self.details], lang)

    def to_dict(self) -> dict[str, object]:
        """The gap as plain data."""
        return {
            "what": self.what,
            "roles": list(self.roles),
            "persons": list(self.persons),
            "details": [detail.to_dict() for detail in self.details],
            "text": {"en": self.text("en"), "zh": self.text("zh")},
        }


@dataclass(frozen=True, slots=True)
class RequirementResult:
    """Whether a requirement is met, by what, and what is missing if not."""

    need: Need
    satisfied: bool
    items: tuple[ItemVerdict, ...]
    missing: tuple[Missing, ...]

    def to_dict(self) -> dict[str, object]:
        """The result as plain data."""
        return {
            "id": self.need.id,
            "rule": self.need.rule,
            "what": WHAT[type(self.need)],
            "satisfied": self.satisfied,
            "items": [verdict.to_dict() for verdict in self.items],
            "missing": [gap.to_dict() for gap in self.missing],
        }


def in_both(name: str, text: Bilingual) -> Params:
    """A parameter that differs between the languages.

    >>> in_both("role", Called("CFO", "财务总监"))
    (('role.en', 'CFO'), ('role.zh', '财务总监'))
    """
    return ((f"{name}.en", text.get("en")), (f"{name}.zh", text.get("zh")))


def coded(name: str, code: str, words: Bilingual | None) -> Params:
    """A parameter that is a code, with the words for it if there are any.

    >>> Reason("in_form", coded("form", "written", Called("written", "书面"))).text("zh")
    '形式为书面'
    >>> Reason("in_form", coded("form", "written", None)).text("zh")
    '形式为`written`'
    """
    return ((name, code), *(in_both(name, words) if words is not None else ()))


def person_called(person: str, name: Bilingual) -> Called:
    """What a person is called: the name with the id, or the id where there is no name.

    >>> person_called("120", Called("Li Na", "李娜")).get("en")
    'Li Na (120)'
    """
    english, chinese = name.get("en"), name.get("zh")
    return Called(
        person if english == person else f"{english} ({person})",
        person if chinese == person else f"{chinese}（{person}）",
    )


def one_of(texts: Sequence[Bilingual], *, most: int | None = None) -> Called:
    """Alternatives; those beyond ``most`` are counted, not named.

    >>> people = [Called("Ann", "安"), Called("Bo", "波"), Called("Cy", "赛")]
    >>> one_of(people).get("en"), one_of(people, most=1).get("zh")
    ('Ann, Bo or Cy', '安等3人')
    """
    rest = 0 if most is None else max(len(texts) - most, 0)
    shown = texts[: len(texts) - rest]
    *head, last = [text.get("en") for text in shown] + ([f"{rest} more"] if rest else [])
    chinese = "、".join(text.get("zh") for text in shown)
    return Called(
        f"{', '.join(head)} or {last}" if head else last,
        f"{chinese}等{len(texts)}人" if rest else chinese,
    )


def within_called(within: Within) -> Called:
    """An age limit.

    >>> within_called(Within(12, "months")).get("zh")
    '12个月'
    """
    unit = within.unit if within.count != 1 else within.unit.removesuffix("s")
    return Called(f"{within.count} {unit}", f"{within.count}{'天' if within.unit == 'days' else '个月'}")


def amount_text(amount: int, decimals: int, currency: str | None) -> str:
    """An amount with its currency, if it has one.

    >>> amount_text(50000000, 2, "CNY")
    '500,000.00 CNY'
    """
    shown = format_scaled(amount, decimals)
    return shown if currency is None else f"{shown} {currency}"


def iso(ordinal: int) -> str:
    """A date as text.

    >>> iso(739674)
    '2026-02-27'
    """
    return date.fromordinal(ordinal).isoformat()


def last_good_day(given: int, within: Within) -> int:
    """The last day on which evidence of a date still counts.

    Months are counted from the date of the evidence, to the last day of a month that is too short.

    >>> iso(last_good_day(date(2026, 1, 31).toordinal(), Within(1, "months")))
    '2026-02-28'
    """
    if within.unit == "days":
        return min(given + within.count, LAST_DAY)
    try:
        return add_months(given, within.count)
    except DateRange:
        return LAST_DAY


def dated(given: int, within: Within | None, as_of: int) -> list[Reason]:
    """Why evidence of a date does not count on another: it is of the future, or too old.

    >>> dated(739600, Within(30, "days"), 739631)[0].text()
    'it was good until 2026-01-14, and it is 2026-01-15'
    """
    if given > as_of:
        return [Reason("after_as_of", (("date", iso(given)), ("as_of", iso(as_of))))]
    if within is not None and (until := last_good_day(given, within)) < as_of:
        return [Reason("expired", (("until", iso(until)), ("as_of", iso(as_of))))]
    return []


def _joined(parts: Sequence[str], lang: str) -> str:
    return ("；" if lang == "zh" else "; ").join(parts)


TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    # what an item is
    "approval": ("approval by {person} as {role} on {date}", "{person}以{role}身份于{date}审批"),
    "document": ("{kind} of {date}, {count}", "{date}的{kind}，{count}份"),
    "payment": ("payment of {amount} on {date}", "{date}付款{amount}"),
    "action": ("{name} done on {date}", "{date}完成{name}"),
    "action_by": ("{name} done by {person} on {date}", "{person}于{date}完成{name}"),
    "valid": ("valid", "有效"),
    "not_valid": ("not valid", "无效"),
    # why it is not valid
    "after_as_of": ("dated {date}, which is after {as_of}", "日期为{date}，晚于{as_of}"),
    "expired": ("it was good until {until}, and it is {as_of}", "有效期至{until}，截至{as_of}已过期"),
    "other_role": ("{role} is not asked for here", "此处不要求{role}审批"),
    "unknown_role": ("`{role}` is not a role of the organisation", "组织中没有`{role}`这一角色"),
    "unknown_person": ("`{person}` is not a person of the organisation", "组织中没有人员`{person}`"),
    "wrong_form": ("expected the form {expected} but got {form}", "要求形式为{expected}，实为{form}"),
    "no_form": ("expected the form {expected} but got none", "要求形式为{expected}，但未注明形式"),
    "role_not_held": ("{person} did not hold the role on {date}", "{person}在{date}不担任该角色"),
    "delegated_elsewhere": (
        "the delegation from {giver} does not extend to `{control_point}`",
        "{giver}的授权委托不适用于`{control_point}`",
    ),
    "self_approval": ("nobody approves their own request", "申请人不得审批本人的申请"),
    "requester_delegated": (
        "{person} acts for {giver}, who is the requester: nobody approves their own request through another",
        "{person}代理的{giver}是申请人：申请人不得通过受托人审批本人的申请",
    ),
    "incompatible_duty": (
        "{person} did `{done}` in this case, incompatible with `{duty}` ({id})",
        "{person}在本业务中已履行`{done}`，与`{duty}`不相容（{id}）",
    ),
    "giver_incompatible": (
        "{person} acts for {giver}, who did `{done}` in this case, incompatible with `{duty}` ({id})",
        "{person}代理的{giver}在本业务中已履行`{done}`，与`{duty}`不相容（{id}）",
    ),
    "unknown_duty": (
        "{person} did `{done}` in this case, which is not a duty of the organisation: "
        "it is not known whether it is compatible with `{duty}`",
        "{person}在本业务中已履行`{done}`，组织中没有这一职责，无法判断是否与`{duty}`相容",
    ),
    "above_limit": (
        "{amount} is above the authority limit of {role}, {limit}",
        "{amount}超过{role}的审批权限{limit}",
    ),
    "above_delegated": (
        "{amount} is above the limit of the delegation from {giver}, {limit}",
        "{amount}超过{giver}授权委托的限额{limit}",
    ),
    "amount_unknown": (
        "there is an authority limit of {limit}, and the amount is not known",
        "审批权限为{limit}，但金额未知",
    ),
    "other_currency": (
        "the authority limit of {limit} says nothing about {currency}",
        "审批权限{limit}不适用于币种{currency}",
    ),
    "out_of_order": (
        "given before the approval by {before} of {date}, which has to come first",
        "早于{before}于{date}的审批，而后者应在先",
    ),
    # what else is to be known
    "role_stated": (
        "the organisation lists no persons: the role is taken as stated",
        "组织未列出人员：角色以所述为准",
    ),
    "delegated": ("by delegation from {giver}", "受{giver}委托"),
    "requester_unstated": (
        "the requester is not stated: it was not checked that they are somebody else",
        "未注明申请人：未核查审批人是否为申请人本人",
    ),
    "requester_unlisted": (
        "the requester `{requester}` is not a person of the organisation",
        "申请人`{requester}`不在组织人员之列",
    ),
    "not_needed": ("enough others were given", "已有足够的其他审批"),
    "counted_once": ("{person} counts once, as {role}", "{person}只计一次，已计为{role}"),
    "awaits": ("counts when {role} has approved before it", "待{role}先行审批后方可计入"),
    "late": ("done on {date}, after the due date {due}", "于{date}完成，晚于期限{due}"),
    # what is missing
    "approval_missing": ("approval by {roles}", "缺少{roles}的审批"),
    "approvals_missing": (
        "{count} more approvals by different persons, each by {roles}",
        "还缺少{count}名不同人员的审批，须为{roles}",
    ),
    "in_form": ("in the form {form}", "形式为{form}"),
    "not_older": ("not older than {within}", "有效期{within}"),
    "after_role": ("not before the approval by {role}", "不得早于{role}的审批"),
    "given_by": ("can be given by {persons}", "可由{persons}作出"),
    "given_by_nobody": (
        "the organisation lists nobody who can give it",
        "组织中目前无人可以作出",
    ),
    "no_authority": (
        "{amount} is above the authority of every role that is asked for: {roles}",
        "{amount}超过所要求的各角色的审批权限：{roles}",
    ),
    "unknown_amount": (
        "the amount to be approved by {roles} is not known",
        "须由{roles}审批的金额未知",
    ),
    "document_missing": ("{kind}", "缺少{kind}"),
    "documents_missing": ("{count} more of {kind}", "还缺少{count}份{kind}"),
    "payment_missing": (
        "payment of {open}: {paid} of {due} has come in by {as_of}",
        "还需付款{open}：截至{as_of}已收{paid}，应收{due}",
    ),
    "unknown_payment": ("the sum to be paid is not known", "应付金额未知"),
    "action_missing": ("{name}", "待完成{name}"),
    "owned_by": ("to be done by {owner}", "责任人：{owner}"),
    "done_by": ("can be done by {persons}", "可由{persons}完成"),
    "due": ("due on {due}", "期限{due}"),
    "overdue": ("due on {due}, which has passed", "期限{due}，已逾期"),
    "unknown_due": ("the due date of {name} is not known", "{name}的期限未知"),
}
"""The words of every code, in English and Chinese."""
