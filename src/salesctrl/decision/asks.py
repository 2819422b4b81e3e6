"""What a requirement asks for, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from salesctrl.compile.needs import ActionNeed, ApprovalNeed, DocumentNeed, Need, PaymentNeed, Within
from salesctrl.decision.words import Words
from salesctrl.evidence.reasons import within_called
from salesctrl.policy.documents import LocalText

FIGURES = {ApprovalNeed: "amount", PaymentNeed: "due_sum", ActionNeed: "due_date"}
"""What the number of a requirement is called."""


def asked(need: Need, words: Words, role: Callable[[str], str]) -> str:
    """What a requirement asks for; ``role`` gives the title of a role.

    >>> need = ApprovalNeed("R/1", "R", "order.release", ("cfo", "gm"), "all", form="written")
    >>> asked(need, Words("en"), str.upper)
    'approval by CFO and GM, in the form `written`'
    >>> asked(DocumentNeed("R/2", "R", "contract", called=LocalText(en="signed contract")), Words("en"), str)
    'signed contract'
    """
    match need:
        case ApprovalNeed():
            text = _approval(need, words, role)
            if need.form is not None:
                text += _coded("form", need.form, need.form_called, words)
            return text + _within(need.within, words)
        case DocumentNeed():
            key = "document" if need.count == 1 else "documents"
            what = _coded(key, need.kind, need.called, words, count=need.count)
            return what + _within(need.within, words)
        case PaymentNeed():
            return words.say("payment")
    text = _coded("action", need.name, need.called, words)
    return text if need.owner is None else text + words.say("by", owner=role(need.owner))


def _coded(key: str, code: str, called: LocalText | None, words: Words, **values: object) -> str:
    """A code in a phrase; where the vocabulary has words for it, the phrase that is made for words."""
    if called is None:
        return words.say(key, code=code, **values)
    return words.say(f"{key}_called", text=called.get(words.lang), **values)


def _approval(need: ApprovalNeed, words: Words, role: Callable[[str], str]) -> str:
    titles: Sequence[str] = [role(r) for r in need.roles]
    if need.level is not None:
        return words.say("approval", roles=words.say("level", role=role(need.level)))
    if need.mode == "all":
        return words.say("approval_all", roles=words.list(titles, "and"))
    if need.mode == "order":
        return words.say("approval_order", roles=words.join(titles, "then"))
    if need.at_least > 1:
        return words.say("approvals", roles=words.list(titles, "or"), count=need.at_least)
    return words.say("approval", roles=words.list(titles, "or"))


def _within(within: Within | None, words: Words) -> str:
    return "" if within is None else words.say("within", within=within_called(within).get(words.lang))
