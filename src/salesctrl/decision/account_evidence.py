"""What is said of requirements: what is asked for, what was given, what is missing."""

from __future__ import annotations

from dataclasses import replace

from salesctrl.decision.account_working import WorkingTeller
from salesctrl.decision.asks import FIGURES, asked
from salesctrl.decision.lines import Line
from salesctrl.decision.phrases import Phrases
from salesctrl.decision.trace import RuleTrace, Trace
from salesctrl.decision.words import Words
from salesctrl.decision.working import Part, Worked
from salesctrl.evidence.reasons import ItemVerdict, Missing, RequirementResult

_SAID_ONCE = frozenset({"role_stated", "requester_unstated", "requester_unlisted"})
"""What holds of all evidence of a case, and is said once."""
_ASKED_FOR = frozenset({"in_form", "not_older"})
"""What the requirement says itself."""


class EvidenceTeller:
    """Tells of requirements; ``about_evidence`` collects what holds of all evidence of the case."""

    def __init__(
        self, words: Words, phrases: Phrases, working: WorkingTeller, trace: Trace, *, brief: bool, full: bool
    ):
        self.words, self.phrases, self.working = words, phrases, working
        self.brief, self.full = brief, full
        self.about_evidence: dict[str, None] = {}
        results = [result for rule in trace.rules for result in rule.requirements]
        self._counting = {verdict.item for result in results for verdict in result.items if verdict.counts}

    def requirements(self, rule: RuleTrace, worked: Worked, how: str = "requires") -> list[Line]:
        """All that a rule asks for; ``how`` is the key of the words around it."""
        figures = dict(worked.figures)
        return [self._requirement(result, figures.get(result.need.id), how) for result in rule.requirements]

    def _requirement(self, result: RequirementResult, figure: Part | None, how: str) -> Line:
        below: list[Line] = []
        if not self.brief:
            below += self._figure(result, figure)
            below += [self._verdict(verdict) for verdict in result.items if self._is_about(verdict, result)]
        below += [self._missing(gap) for gap in result.missing]
        text = self.words.say(how, what=asked(result.need, self.words, self.phrases.role))
        tone, state = ("good", "satisfied") if result.satisfied else ("bad", "open")
        return Line(text, aside=self.words.say(state), kind="ask", tone=tone, lines=tuple(below))

    def _figure(self, result: RequirementResult, figure: Part | None) -> list[Line]:
        """The number that is asked for: the amount to approve, the sum due, the date due."""
        if figure is None:
            return []
        key = FIGURES[type(result.need)]
        return self.working.saying(
            lambda: self.words.say(key, text=self.working.worked_out(figure)), "formula"
        )

    def _is_about(self, verdict: ItemVerdict, result: RequirementResult) -> bool:
        """Whether an item is worth a line here: one in another role only where it counts nowhere."""
        if self.full or not any(reason.code == "other_role" for reason in verdict.reasons):
            return True
        return not result.satisfied and verdict.item not in self._counting

    def _verdict(self, verdict: ItemVerdict) -> Line:
        """What an item of evidence is worth; what holds of all evidence is kept for the end."""
        for reason in verdict.reasons:
            if reason.code in _SAID_ONCE:
                self.about_evidence[reason.text(self.words.lang)] = None
        rest = tuple(reason for reason in verdict.reasons if reason.code not in _SAID_ONCE)
        text = replace(verdict, reasons=rest).text(self.words.lang)
        return Line(text, kind="given", tone="good" if verdict.valid else "bad")

    def _missing(self, gap: Missing) -> Line:
        """What is missing; what the requirement itself says is not said again."""
        said = [detail.text(self.words.lang) for detail in gap.details if detail.code not in _ASKED_FOR]
        text = self.words.say("missing", text=self.words.join(said, "semicolon"))
        return Line(text, kind="missing", tone="bad")
