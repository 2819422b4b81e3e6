"""What is said of a decision, in order: the account that is printed as text, as a tree, or as HTML."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from salesctrl.decision.account_rules import RuleTeller, titled
from salesctrl.decision.lines import Line
from salesctrl.decision.model import Decision
from salesctrl.decision.names import Names
from salesctrl.decision.phrases import Phrases
from salesctrl.decision.remedy import remedies
from salesctrl.decision.trace import RuleTrace, Status
from salesctrl.decision.values import Language
from salesctrl.decision.words import FACT_PROBLEMS, OUTCOMES, Words
from salesctrl.errors import FactProblem
from salesctrl.outcome import Outcome

Verbosity = Literal["brief", "normal", "full"]
_DIGEST = 12
"""So many characters of a digest are shown; the decision has all of them."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the account under a title."""

    key: str
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """All that is said of a decision."""

    lang: Language
    outcome: Outcome
    outcome_word: str
    head: tuple[str, ...]
    """Control point, what names the transaction, the date."""
    sections: tuple[Section, ...]
    foot: tuple[str, ...]


def account(decision: Decision, lang: Language, verbosity: Verbosity) -> Account:
    """What is said of a decision."""
    return _Teller(decision, lang, verbosity).account()


class _Teller:
    """Says it."""

    def __init__(self, decision: Decision, lang: Language, verbosity: Verbosity):
        owner = decision._kept[0]
        self.decision, self.trace, self.owner = decision, decision.trace, owner
        self.brief, self.full = verbosity == "brief", verbosity == "full"
        self.words = Words(lang)
        self.phrases = Phrases(self.words, Names(owner.plan, lang), owner.role_title)
        self.working = owner.working(decision)
        self.rules = RuleTeller(
            self.words, self.phrases, self.working, self.trace, brief=self.brief, full=self.full
        )

    def account(self) -> Account:
        words, outcome = self.words, self.decision.outcome
        sections = [
            ("fired", self._fired()),
            ("excepted", self._excepted()),
            ("unknown", self._unknown()),
            ("values", self._values()),
            ("not_fired", self._not_fired()),
            ("dormant", self._dormant()),
            ("off", self._off()),
            ("parameters", self._parameters()),
            ("facts", self._facts()),
            ("evidence", [Line(text, kind="note") for text in self.rules.evidence.about_evidence]),
            *self._remedies(),
        ]
        told = tuple(Section(key, words.say(key), tuple(lines)) for key, lines in sections if lines)
        return Account(words.lang, outcome, words.of(OUTCOMES[outcome]), self._head(), told, self._foot())

    # -- head and foot -----------------------------------------------------------------------------

    def _head(self) -> tuple[str, ...]:
        subject = {path: str(value) for path, value in self.decision.subject.items() if value is not None}
        names = self.phrases.names
        named = [
            value if len(subject) == 1 else f"{names.fact(path)} {value}" for path, value in subject.items()
        ]
        as_of = self.words.say("as_of", date=self.decision.as_of.isoformat())
        return (self.decision.control_point, *named, as_of)

    def _foot(self) -> tuple[str, ...]:
        words, policies = self.words, self.owner.policies
        last = words.say(
            "set", name=policies.name, version=policies.version, digest=policies.digest[:_DIGEST]
        )
        if policies.overlays:
            last += words.say("overlays", names=words.join([f"`{o}`" for o in policies.overlays], "list"))
        last += words.say("facts_digest", digest=self.decision.facts[:_DIGEST])
        return (*([] if self.brief else self._versions()), last)

    def _versions(self) -> list[str]:
        """The policies that were in force, those of the same period together."""
        periods: dict[str, list[str]] = {}
        for version in self.trace.versions:
            title = version.title.get(self.words.lang)
            known = title == version.policy
            called = title if known else self.words.say("called", rule=title, title=version.policy)
            periods.setdefault(self._period(version.first, version.last), []).append(called)
        return [
            self.words.say("versions", policies=self.words.join(called, "list"), period=period)
            for period, called in periods.items()
        ]

    def _period(self, first: date | None, last: date | None) -> str:
        if first is None and last is None:
            return self.words.say("in_force_always")
        key = "until" if first is None else "from" if last is None else "from_until"
        return self.words.say(key, date=first or last, last=last)

    # -- rules -------------------------------------------------------------------------------------

    def _with(self, *statuses: Status) -> list[RuleTrace]:
        return [rule for rule in self.trace.rules if rule.status in statuses]

    def _fired(self) -> list[Line]:
        """The rules that fired, the gravest first; of exceptions those that do more than except."""
        rules = [
            rule
            for rule in self._with(Status.FIRED, Status.SATISFIED)
            if not self.rules.told_elsewhere(rule) and not self.rules.to_no_end(rule)
        ]
        rules += [rule for rule in self._with(Status.UNKNOWN) if _denies(rule)]
        lines = [self.rules.fired(rule) for rule in sorted(rules, key=_gravity, reverse=True)]
        if not lines and not self.trace.versions:
            return [Line(self.words.say("no_policy", date=self.decision.as_of.isoformat()), kind="problem")]
        return lines or [Line(self.words.say("nothing_fired"), kind="quiet")]

    def _excepted(self) -> list[Line]:
        return [self.rules.excepted(rule) for rule in self._with(Status.EXCEPTED)]

    def _unknown(self) -> list[Line]:
        lines = [self.rules.unknown(rule) for rule in self._with(Status.UNKNOWN) if not _denies(rule)]
        parts = [part for part in self.working.outputs() if part.raw is None]
        return lines + self.rules.told.unknown_values(parts, brief=self.brief)

    def _values(self) -> list[Line]:
        """The formulas that are reported."""
        if self.brief:
            return []
        parts = [part for part in self.working.outputs() if part.raw is not None]
        return [line for part in parts for line in self.rules.told.output(part)]

    def _not_fired(self) -> list[Line]:
        rules = [r for r in self._with(Status.NOT_FIRED, Status.WITHHELD) if not self.rules.told_elsewhere(r)]
        rules += [r for r in self._with(Status.FIRED) if self.rules.to_no_end(r)]
        if self.brief and rules:
            key = "count_not_fired" if len(rules) != 1 else "count_not_fired_1"
            return [Line(self.words.say(key, count=len(rules)), kind="quiet")]
        return [self.rules.quiet(rule) for rule in rules] if self.full else self.rules.grouped(rules)

    def _dormant(self) -> list[Line]:
        rules = [] if self.brief else self._with(Status.NOT_IN_FORCE)
        return [
            replace(titled(rule, self.words), aside=self._period(*rule.template.effective), kind="quiet")
            for rule in rules
        ]

    def _off(self) -> list[Line]:
        lines: list[Line] = []
        for rule in self._with(Status.OFF):
            off = rule.template.off
            assert off is not None
            text = self.words.say(
                "off_by", because=off.because.get(self.words.lang), owner=self.phrases.role(off.owner),
                date=off.until, overlay=off.overlay,
            )  # fmt: skip
            lines.append(replace(titled(rule, self.words), lines=(Line(text, kind="note"),)))
        return lines

    # -- parameters and facts ----------------------------------------------------------------------

    def _parameters(self) -> list[Line]:
        """The parameters that were named above and that an overlay or the date has set."""
        policies = {policy.name: policy for policy in self.owner.plan.policies}
        since = {(p.policy, p.name): p.since for p in self.trace.parameters}
        lines: list[Line] = []
        for (policy, name), part in self.phrases.parameters.items():
            origin, first = policies[policy].parameters[name].origin, since.get((policy, name))
            notes = [] if origin is None else [self.words.say("set_by", overlay=origin)]
            notes += [] if first is None else [self.words.say("since", date=first)]
            if notes and not self.brief:
                text = self.phrases.value(part) if part.kind == "parameter" else name
                lines.append(Line(text, aside=self.words.join(notes), kind="note"))
        return lines

    def _facts(self) -> list[Line]:
        refused = [
            Line(self._problem(p), label=p.path or self.words.say("everything"), kind="problem")
            for p in self.trace.problems
        ]
        rounded = [Line(self.words.say("rounded"), label=path, kind="note") for path in self.trace.rounded]
        return refused + rounded

    def _problem(self, problem: FactProblem) -> str:
        text = problem.message
        if self.words.lang == "zh" and problem.code in FACT_PROBLEMS:
            text = self.words.say("called", rule=FACT_PROBLEMS[problem.code], title=text)
        return self.words.say("refused", problem=text)

    def _remedies(self) -> list[tuple[str, list[Line]]]:
        """What would allow it, after what has to be given first."""
        if self.brief:
            return []
        found = remedies(self.decision)
        allowed = any(remedy.outcome in (Outcome.ALLOW, Outcome.FLAG) for remedy in found)
        first = [line for remedy in found if remedy.outcome is None for line in remedy.lines(self.phrases)]
        rest = [line for remedy in found if remedy.outcome is not None for line in remedy.lines(self.phrases)]
        return [("first", first), ("remedies" if allowed else "remedies_better", rest)]


def _gravity(rule: RuleTrace) -> int:
    return rule.outcome.rank if rule.outcome is not None else -1


def _denies(rule: RuleTrace) -> bool:
    """Whether a rule denies, though a value that it computes is unknown."""
    return rule.outcome is Outcome.DENY
