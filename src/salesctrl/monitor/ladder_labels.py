"""What stands in the picture of a ladder: states, transitions and what is due, in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from salesctrl.compile.cases import CheckedLadder, Length, Transition
from salesctrl.compile.needs import ActionNeed, ApprovalNeed, DocumentNeed, Need
from salesctrl.compile.plan import CheckedSet
from salesctrl.policy.documents import LocalText

Lang = Literal["en", "zh"]


class Label(NamedTuple):
    """The words of a transition: what it happens on, and what it asks for besides."""

    head: str
    below: str


class Labels:
    """The words of one ladder; with the policy set, by the titles of activities, roles and documents."""

    def __init__(self, ladder: CheckedLadder, lang: Lang, checked: CheckedSet | None = None):
        self._ladder, self._lang, self._checked = ladder, lang, checked
        policies = () if checked is None else checked.policies
        self._rules = {
            rule.id: rule
            for policy in policies
            if policy.control_point == ladder.point and policy.effective == ladder.effective
            for rule in policy.rules
        }

    def begins(self) -> str:
        """The events with which a case begins."""
        return self._activities(sorted(self._ladder.begins))

    def title(self) -> str:
        """The title of the ladder."""
        return self._ladder.title.get(self._lang)

    def state(self, name: str) -> str:
        """The title of a state."""
        return self._ladder.states[name].title.get(self._lang)

    def due(self, state: str) -> tuple[str, ...]:
        """What is due in a state: within which time, what, and by whom."""
        done = []
        for one in self._ladder.states[state].due:
            action = self._term(one.action)
            owner = self._role(one.owner)
            length = self.length(one.within)
            words = (
                f"{length}内{action}（{owner}）"
                if self._lang == "zh"
                else f"{action} within {length} – {owner}"
            )
            done.append(words)
        return tuple(done)

    def transition(self, step: Transition) -> Label:
        """What a transition happens on, with its id; and what its guard and its review ask for."""
        if step.after is None:
            head = self._activities(sorted(step.activities))
        else:
            length = self.length(step.after)
            head = f"{length}后" if self._lang == "zh" else f"after {length}"
        return Label(f"{step.id} · {head}", self._asks(step))

    def length(self, length: Length) -> str:
        """A length of time: the number that is in force last."""
        number = length.dated[-1][1]
        if self._lang == "zh":
            return f"{number}{'个月' if length.months else '天'}"
        unit = "month" if length.months else "day"
        return f"{number} {unit}" if number == 1 else f"{number} {unit}s"

    def _asks(self, step: Transition) -> str:
        rule = self._rules.get(step.id)
        if rule is None:
            return ""
        parts = []
        prefix = f'stage.transition == "{step.id}" and ('
        if rule.when.text.startswith(prefix):
            guard = rule.when.text[len(prefix) : -1]
            parts.append(f"若 {guard}" if self._lang == "zh" else f"if {guard}")
        needs = [self._need(requirement.need) for requirement in rule.requirements]
        if needs:
            words = self._joined(needs)
            parts.append(f"须有{words}" if self._lang == "zh" else f"requires {words}")
        return ("；" if self._lang == "zh" else "; ").join(parts)

    def _need(self, need: Need) -> str:
        is_chinese = self._lang == "zh"
        match need:
            case ApprovalNeed():
                roles = (need.level,) if need.level is not None else need.roles
                words = "、".join(map(self._role, roles)) if is_chinese else ", ".join(map(self._role, roles))
                return f"{words}审批" if is_chinese else f"approval of {words}"
            case DocumentNeed():
                return self._called(need.called, need.kind)
            case ActionNeed():
                return self._called(need.called, need.name)
        return "付款" if is_chinese else "payment"

    def _called(self, called: LocalText | None, code: str) -> str:
        return called.get(self._lang) if called is not None else self._term(code)

    def _term(self, code: str) -> str:
        words = None if self._checked is None else self._checked.vocabulary.terms.get(code)
        return self._activities([code]) if words is None else words.get(self._lang)

    def _role(self, role: str) -> str:
        if self._checked is None or role not in self._checked.organisation.roles:
            return role
        return self._checked.organisation.title(role).get(self._lang)

    def _activities(self, names: Iterable[str]) -> str:
        known = {} if self._checked is None else self._checked.cases.activities.by_name
        return self._joined([known[n].title.get(self._lang) if n in known else n for n in names])

    def _joined(self, words: Iterable[str]) -> str:
        return "、".join(words) if self._lang == "zh" else ", ".join(words)
