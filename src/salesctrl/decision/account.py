"""What is said of a decision, in order: the account that is printed as text, as a tree, or as HTML."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from salesctrl.decision.account_rules import RuleTeller, titled
from salesctrl.decision.lines import Line
from salesctrl.decision.model import Decision
from salesctrl.decision.phrases import Names, Phrases
from salesctrl.decision.remedy import remedies
from salesctrl.decision.trace import RuleTrace, Status, Version
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
        words = self.words
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
            ("evidence", [Line(text, kind="note") for text in self.rules.about_evidence]),
        ]
        told = [Section(key, words.say(key), tuple(lines)) for key, lines in sections if lines]
        return Account(
            words.lang, self.decision.outcome, words.of(OUTCOMES[self.decision.outcome]), self._head(),
            (*told, *self._remedies()), self._foot(),
        )  # fmt: skip

    # -- head and foot -----------------------------------------------------------------------------

    def _head(self) -> tuple[str, ...]:
        subject = {path: str(value) for path, value in self.decision.subject.items() if value is not None}
        if len(subject) == 1:
            named = tuple(subject.values())
        else:
            named = tuple(f"{self.phrases.names.fact(path)} {value}" for path, value in subject.items())
        return (
            self.decision.control_point,
            *named,
            self.words.say("as_of", date=self.decision.as_of.isoformat()),
        )

    def _foot(self) -> tuple[str, ...]:
        words, named = self.words, self.owner.policies
        lines: list[str] = []
        if not self.brief:
            periods: dict[str, list[str]] = {}
            for version in self.trace.versions:
                title = version.title.get(words.lang)
                known = (
                    title
                    if title == version.policy
                    else words.say("called", rule=title, title=version.policy)
                )
                periods.setdefault(self._period(version), []).append(known)
            lines += [
                words.say("versions", policies=words.join(policies, "list"), period=period)
                for period, policies in periods.items()
            ]
        last = words.say("set", name=named.name, version=named.version, digest=named.digest[:_DIGEST])
        if named.overlays:
            last += words.say("overlays", names=words.join([f"`{o}`" for o in named.overlays], "list"))
        last += words.say("facts_digest", digest=self.decision.facts[:_DIGEST])
        return (*lines, last)

    def _period(self, version: Version) -> str:
        first, last = version.first, version.last
        if first is None:
            return (
                self.words.say("until", date=last) if last is not None else self.words.say("in_force_always")
            )
        return self.words.say("from" if last is None else "from_until", date=first, last=last)

    # -- rules -------------------------------------------------------------------------------------

    def _with(self, *statuses: Status) -> list[RuleTrace]:
        return [rule for rule in self.trace.rules if rule.status in statuses]

    def _aside(self, rule: RuleTrace) -> bool:
        """Whether a rule that fired is an exception: it is told of with the rule that it excepts, if that fired."""
        return self.rules.told_elsewhere(rule) or self.rules.to_no_end(rule)

    def _fired(self) -> list[Line]:
        rules = [r for r in self._with(Status.FIRED, Status.SATISFIED) if not self._aside(r)]
        rules.sort(key=lambda rule: -_gravity(rule))
        lines = [self.rules.fired(rule) for rule in rules]
        if not lines and not self.trace.versions:
            return [Line(self.words.say("no_policy", date=self.decision.as_of.isoformat()), kind="problem")]
        return lines or [Line(self.words.say("nothing_fired"), kind="quiet")]

    def _excepted(self) -> list[Line]:
        return [self.rules.excepted(rule) for rule in self._with(Status.EXCEPTED)]

    def _unknown(self) -> list[Line]:
        lines = [self.rules.unknown(rule) for rule in self._with(Status.UNKNOWN)]
        return lines + self.rules.unknown_values([p for p in self.working.outputs() if p.raw is None])

    def _values(self) -> list[Line]:
        """The formulas that are reported, where no rule has told of them."""
        if self.brief:
            return []
        parts = [part for part in self.working.outputs() if part.raw is not None]
        return [line for part in parts for line in self.rules.output(part)]

    def _not_fired(self) -> list[Line]:
        rules = [r for r in self._with(Status.NOT_FIRED, Status.WITHHELD) if not self.rules.told_elsewhere(r)]
        rules += [r for r in self._with(Status.FIRED) if self.rules.to_no_end(r)]
        if not rules:
            return []
        if self.brief:
            key = "count_not_fired" if len(rules) != 1 else "count_not_fired_1"
            return [Line(self.words.say(key, count=len(rules)), kind="quiet")]
        return [self.rules.quiet(rule) for rule in rules] if self.full else self.rules.grouped(rules)

    def _dormant(self) -> list[Line]:
        lines: list[Line] = []
        for rule in self._with(Status.NOT_IN_FORCE):
            first, last = rule.template.effective
            period = self._period(replace(rule.template.version, first=first, last=last))
            lines.append(replace(titled(rule, self.words), aside=period, kind="quiet"))
        return [] if self.brief else lines

    def _off(self) -> list[Line]:
        lines: list[Line] = []
        for rule in self._with(Status.OFF):
            off = rule.template.off
            assert off is not None
            owner = self.phrases.role(off.owner)
            because = off.because.get(self.words.lang)
            text = self.words.say(
                "off_by", because=because, owner=owner, until=off.until, date=off.until, overlay=off.overlay
            )
            lines.append(replace(titled(rule, self.words), lines=(Line(text, kind="note"),)))
        return lines

    # -- parameters and facts ----------------------------------------------------------------------

    def _parameters(self) -> list[Line]:
        """The parameters that were named above and that an overlay or the date has set."""
        lines: list[Line] = []
        policies = {policy.name: policy for policy in self.owner.plan.policies}
        for policy, name in self.phrases.parameters:
            parameter = policies[policy].parameters[name]
            notes: list[str] = []
            if parameter.origin is not None:
                notes.append(self.words.say("set_by", overlay=parameter.origin))
            traced = [p for p in self.trace.parameters if (p.policy, p.name) == (policy, name)]
            if traced and traced[0].since is not None:
                notes.append(self.words.say("since", date=traced[0].since))
            if notes:
                shown = f" {self.phrases.shown_raw(traced[0].raw, traced[0].type)}" if traced else ""
                called = name if self.words.lang == "en" else parameter.title.get("zh")
                lines.append(Line(f"{called}{shown}", aside=self.words.join(notes), kind="note"))
        return [] if self.brief else lines

    def _facts(self) -> list[Line]:
        lines = [
            Line(self._problem(problem), label=problem.path, kind="problem")
            for problem in self.trace.problems
        ]
        rounded = [Line(self.words.say("rounded"), label=path, kind="note") for path in self.trace.rounded]
        return lines + rounded

    def _problem(self, problem: FactProblem) -> str:
        text = problem.message
        if self.words.lang == "zh" and problem.code in FACT_PROBLEMS:
            text = f"{FACT_PROBLEMS[problem.code][1]}（{text}）"
        return self.words.say("refused", problem=text)

    def _remedies(self) -> list[Section]:
        """What would allow it, after what has to be given first."""
        if self.brief or self.decision.allowed:
            return []
        found = remedies(self.decision)
        first = tuple(
            line for remedy in found if remedy.outcome is None for line in remedy.lines(self.phrases)
        )
        rest = tuple(
            line for remedy in found if remedy.outcome is not None for line in remedy.lines(self.phrases)
        )
        allowed = any(remedy.outcome in (Outcome.ALLOW, Outcome.FLAG) for remedy in found)
        sections = [("first", first), ("remedies" if allowed else "remedies_better", rest)]
        return [Section(key, self.words.say(key), lines) for key, lines in sections if lines]


def _gravity(rule: RuleTrace) -> int:
    return rule.outcome.rank if rule.outcome is not None else -1
