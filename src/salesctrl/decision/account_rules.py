"""What is said of rules: those that fired, were excepted, are unknown, or did not fire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from salesctrl.decision.account_evidence import EvidenceTeller
from salesctrl.decision.account_working import WorkingTeller, conjuncts
from salesctrl.decision.lines import Line
from salesctrl.decision.phrases import Phrases
from salesctrl.decision.trace import RuleTrace, Status, Trace
from salesctrl.decision.words import OUTCOMES, Words
from salesctrl.decision.working import Worked, Working
from salesctrl.outcome import Outcome

_LIVE = frozenset({Status.FIRED, Status.SATISFIED, Status.EXCEPTED, Status.UNKNOWN})
"""What becomes of a rule that an exception could matter to."""


def titled(rule: RuleTrace, words: Words) -> Line:
    """A rule by its id and title, with the row that it is of a table, and the clause that it stands on."""
    title, row = rule.title.get(words.lang), rule.row
    if row is not None:
        title = words.say("titled_row", title=title, row=words.say("row", number=row.number, count=row.count))
    return Line(title if title != rule.id else "", label=rule.id, kind="rule", note=_source(rule, words))


def _source(rule: RuleTrace, words: Words) -> str:
    if rule.source is None:
        return ""
    document, article = rule.source.document.get(words.lang), rule.source.article
    if article is None:
        return document
    said = article.get(words.lang)
    return f"{document}{'' if words.lang == 'zh' and not said[:1].isascii() else ' '}{said}"


class RuleTeller:
    """Tells of the rules of one decision."""

    def __init__(
        self, words: Words, phrases: Phrases, working: Working, trace: Trace, *, brief: bool, full: bool
    ):
        self.words, self.phrases, self.working = words, phrases, working
        self.brief = brief
        self.told = WorkingTeller(words, phrases, full=full)
        self.evidence = EvidenceTeller(words, phrases, self.told, trace, brief=brief, full=full)
        self.rules = {rule.id: rule for rule in trace.rules}
        self._exceptors = {
            name
            for rule in trace.rules
            if rule.status in (Status.FIRED, Status.EXCEPTED)
            for name, _ in rule.exceptions
        }

    def _worked(self, rule: RuleTrace) -> Worked:
        worked = self.working.rule(rule.id)
        assert worked is not None
        return worked

    # -- exceptions --------------------------------------------------------------------------------

    def told_elsewhere(self, rule: RuleTrace) -> bool:
        """Whether a rule only excepts another, and is told of there."""
        return rule.id in self._exceptors and not _has_effect(rule)

    def to_no_end(self, rule: RuleTrace) -> bool:
        """Whether a rule only excepts others, and none of them fired."""
        targets = self._targets(rule)
        return bool(targets) and not any(self.rules[target].status in _LIVE for target in targets)

    def _targets(self, rule: RuleTrace) -> list[str]:
        """The rules that one only excepts; none where it does more than that."""
        if _has_effect(rule):
            return []
        named = set(rule.template.excepts)
        return [
            other.id
            for other in self.rules.values()
            if other.id in named or (other.row is not None and other.row.table in named)
        ]

    def _exception(self, rule: RuleTrace, status: Status) -> list[Line]:
        """An exception to the rule that is told of, and whether it applies."""
        title, worked = rule.title.get(self.words.lang), self._worked(rule)
        called = self.words.say("called", rule=rule.id, title=title) if title != rule.id else rule.id
        if status is Status.WITHHELD:
            below = self.evidence.requirements(rule, worked, "with")
            return [Line(self.words.say("would_except", rule=called), kind="exception", lines=tuple(below))]
        if status in (Status.FIRED, Status.SATISFIED):
            trivial = self.brief or worked.condition.kind == "literal"
            below = [] if trivial else self.told.condition(worked.condition)
            below += [*self._sentence(rule), *self.evidence.requirements(rule, worked)]
            text = self.words.say("excepted_by", rule=called)
            return [Line(text, kind="exception", tone="good", lines=tuple(below))]
        if self.brief:
            return []
        text = self.words.say("exception_fails", rule=called, text=self._decisive(rule))
        return [Line(text, kind="exception")]

    # -- rules that fired --------------------------------------------------------------------------

    def fired(self, rule: RuleTrace) -> Line:
        """A rule that fired."""
        lines = [*self._all_of(rule), *self._notes(rule)]
        if rule.status is Status.UNKNOWN:
            lines += self.told.causes([part for _, part in self._worked(rule).computed], again=True)
        line = titled(rule, self.words)
        return replace(line, aside=self._contribution(rule), tone=_tone(rule), lines=tuple(lines))

    def excepted(self, rule: RuleTrace) -> Line:
        """A rule that would count but for an exception."""
        outcome = self.words.of(OUTCOMES[rule.template.effect or Outcome.ALLOW])
        aside = self.words.say("excepted_aside", outcome=outcome)
        return replace(titled(rule, self.words), aside=aside, lines=tuple(self._all_of(rule)))

    def _all_of(self, rule: RuleTrace) -> list[Line]:
        worked = self._worked(rule)
        lines: list[Line] = []
        if not self.brief:
            lines += self.told.condition(worked.condition)
            lines += [line for name, part in worked.computed for line in self.told.computed(name, part)]
        lines += self._sentence(rule)
        lines += self.evidence.requirements(rule, worked)
        for name, status in rule.exceptions:
            lines += self._exception(self.rules[name], status)
        return lines

    def _contribution(self, rule: RuleTrace) -> str:
        """What a rule adds, as it stands beside it."""
        effect, template = rule.template.effect, rule.template
        if effect is not None:
            outcome = self.words.of(OUTCOMES[effect])
            return self.words.say("met", outcome=outcome) if rule.status is Status.SATISFIED else outcome
        if rule.computed:
            return self.words.say("computes")
        return self.words.say(
            "notifies" if template.notify else "excepts" if template.excepts else "no_effect"
        )

    def _sentence(self, rule: RuleTrace) -> list[Line]:
        if (because := rule.because) is None:
            return []
        return [Line(self.words.say("because", text=because.get(self.words.lang)), kind="because")]

    def _notes(self, rule: RuleTrace) -> list[Line]:
        """Who is to be told of a rule that fired, and where it comes from."""
        lines: list[Line] = []
        if rule.template.notify and not self.brief:
            roles = self.words.join([self.phrases.role(role) for role in rule.template.notify], "list")
            lines.append(Line(self.words.say("told", roles=roles), kind="note"))
        if rule.template.origin is not None and not self.brief:
            lines.append(Line(self.words.say("overlay_rule", overlay=rule.template.origin), kind="note"))
        return lines

    # -- rules that are unknown --------------------------------------------------------------------

    def unknown(self, rule: RuleTrace) -> Line:
        """A rule that cannot be decided, and what for."""
        worked, lines = self._worked(rule), list[Line]()
        self.told.telling_unknown = True
        if not self.brief:
            lines += self.told.condition(worked.condition)
            if worked.condition.raw is not None:
                lines += [line for name, part in worked.computed for line in self.told.computed(name, part)]
        self.told.telling_unknown = False
        parts = [worked.condition, *(part for _, part in worked.computed)]
        lines += self.told.causes([part for part in parts if part.raw is None], again=True)
        for name, status in rule.exceptions:
            if status is Status.UNKNOWN:
                lines += self._exception(self.rules[name], status)
        contribution = self.words.of(OUTCOMES[rule.outcome or Outcome.INCOMPLETE])
        return replace(titled(rule, self.words), aside=contribution, tone="bad", lines=tuple(lines))

    # -- rules that did not fire -------------------------------------------------------------------

    def grouped(self, rules: Sequence[RuleTrace]) -> list[Line]:
        """Rules that did not fire, one line for those that the same thing decided."""
        said: dict[str, list[str]] = {}
        tables: dict[str, list[RuleTrace]] = {}
        for rule in rules:
            if rule.row is not None:
                tables.setdefault(rule.row.table, []).append(rule)
            else:
                said.setdefault(self._decisive(rule), []).append(rule.id)
        lines = [Line(text, label=self.words.join(ids, "list"), kind="quiet") for text, ids in said.items()]
        return lines + [Line(self._rows(rows), label=table, kind="quiet") for table, rows in tables.items()]

    def _rows(self, rules: Sequence[RuleTrace]) -> str:
        rows = [rule.row for rule in rules if rule.row is not None]
        numbers = self.words.join([str(row.number) for row in rows], "list")
        return self.words.say(
            "rows" if len(rows) > 1 else "row", numbers=numbers, number=numbers, count=rows[0].count
        )

    def _decisive(self, rule: RuleTrace) -> str:
        """The first thing for which a rule did not fire."""
        worked = self._worked(rule)
        if self.to_no_end(rule):
            return self.words.say("nothing_to_except", rules=self.words.join(self._targets(rule), "list"))
        if rule.status is Status.WITHHELD or worked.condition.raw is None:
            return self.words.say("not_given")
        first = conjuncts(worked.condition)[0]
        if first.kind == "literal":
            return self.words.say("never")
        if first.kind == "formula" and not self.told.is_told(first):
            return self.told.equation(self.phrases.name(first), first.inside[0])
        return self.phrases.statement(first)

    def quiet(self, rule: RuleTrace) -> Line:
        """A rule that did not fire, in full."""
        worked = self._worked(rule)
        part = worked.condition
        parts = part.children if part.kind in ("logic", "row") else (part,)
        lines = [line for one in parts if one.text.strip() != "-" for line in self.told.stated(one)]
        if part.raw is True and rule.row is not None:
            lines.append(Line(self.words.say("earlier_row"), kind="note"))
        if self.to_no_end(rule):
            lines = [Line(self._decisive(rule), kind="condition")]
        elif rule.status is Status.WITHHELD:
            lines += self.evidence.requirements(rule, worked)
        return replace(titled(rule, self.words), kind="quiet", lines=tuple(lines))


def _has_effect(rule: RuleTrace) -> bool:
    """Whether a rule does anything but except others."""
    return rule.template.effect is not None or bool(rule.computed) or bool(rule.template.notify)


def _tone(rule: RuleTrace) -> str:
    if rule.status is Status.SATISFIED or rule.outcome is Outcome.ALLOW:
        return "good"
    return "bad" if rule.outcome in (Outcome.DENY, Outcome.REVIEW) else ""
