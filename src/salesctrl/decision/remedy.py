"""What would allow it: changes of one fact, and evidence, that are shown to be enough by deciding anew.

Nothing here is guessed from the rules: every remedy was decided by the same evaluator, on the same facts but
for what it names. The nearest value of a number or a date is found by exact bisection; that all values beyond
it do as well is checked at the points that the search has visited, up to the bounds of the field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, floor
from typing import Literal

from salesctrl.compile.plan import Plan, PlannedRule
from salesctrl.decision.asks import asked
from salesctrl.decision.bisection import Bounds, Score, nearest
from salesctrl.decision.figures import comparisons
from salesctrl.decision.imagined import completed
from salesctrl.decision.layout import plain
from salesctrl.decision.lines import Line
from salesctrl.decision.model import Decision, Owner
from salesctrl.decision.names import Names
from salesctrl.decision.phrases import Phrases
from salesctrl.decision.trace import RuleTrace, Status
from salesctrl.decision.values import Language, Raw
from salesctrl.decision.words import OUTCOMES, Words
from salesctrl.evidence.given import Evidence
from salesctrl.evidence.reasons import RequirementResult
from salesctrl.outcome import Outcome
from salesctrl.policy.types import NUMERIC, Base, Type
from salesctrl.policy.vocabulary import Field

MOST_FACTS = 12
"""So many facts are tried at most."""
MOST_TOGETHER = 4
"""So many facts are changed together at most, where no single one is enough."""

_RELATIONS = {"at_most": "≤", "at_least": "≥", "equal": "="}


@dataclass(frozen=True, slots=True)
class Change:
    """Other values of a fact.

    ``relation``: ``at_most`` and ``at_least`` the one value in ``raws``, ``between`` the two, or ``equal`` to
    one of them. ``was`` is the value that the fact has.
    """

    path: str
    type: Type
    relation: str
    raws: tuple[Raw, ...]
    was: Raw


@dataclass(frozen=True, slots=True)
class Remedy:
    """Something that is enough, alone, for a better outcome: all its changes, and all that it requires.

    ``missing`` and ``refused`` are facts that have to be given, or corrected, before anything can be said;
    then there is no ``outcome``.
    """

    outcome: Outcome | None
    changes: tuple[Change, ...] = ()
    requirements: tuple[RequirementResult, ...] = ()
    missing: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    owner: Owner | None = field(default=None, repr=False, compare=False)

    def text(self, lang: Language = "en") -> str:
        """The remedy in words."""
        assert self.owner is not None
        words = Words(lang)
        lines = self.lines(Phrases(words, Names(self.owner.plan, lang), self.owner.role_title))
        return plain(words.join([line.text for line in lines], "semicolon"))

    def lines(self, phrases: Phrases) -> tuple[Line, ...]:
        """The remedy as lines of an account."""
        words = phrases.words
        if self.outcome is None:
            given = [("to_give", self.missing), ("to_correct", self.refused)]
            named = [(key, [_name(path, phrases) for path in paths]) for key, paths in given if paths]
            return tuple(
                Line(words.say(key, names=words.join(names, "list")), kind="remedy") for key, names in named
            )
        parts = [_change(change, phrases) for change in self.changes]
        asks: dict[str, list[str]] = {}
        for result in self.requirements:
            asks.setdefault(result.need.rule, []).append(_asked(result, phrases))
        parts += [
            words.say("for_rule", what=words.join(what, "and"), rule=rule) for rule, what in asks.items()
        ]
        now = [
            words.say("instead", value=phrases.shown_raw(c.was, c.type))
            for c in self.changes
            if len(self.changes) == 1
        ]
        outcome = words.say("becomes", outcome=words.of(OUTCOMES[self.outcome]))
        return (Line(words.join(parts, "and"), aside=words.join([*now, outcome]), kind="remedy"),)


def _name(path: str, phrases: Phrases) -> str:
    """What a fact is called; a problem of no single fact is one of all of them."""
    return phrases.names.fact(path) if path else phrases.words.say("everything")


def _asked(result: RequirementResult, phrases: Phrases) -> str:
    """What is asked for; of a payment, what is still open."""
    reasons = [dict(detail.params) for gap in result.missing for detail in gap.details]
    still_open = next((params["open"] for params in reasons if "open" in params), None)
    if still_open is not None:
        return phrases.words.say("payment_of", amount=still_open)
    return asked(result.need, phrases.words, phrases.role)


def _change(change: Change, phrases: Phrases) -> str:
    name, words = phrases.names.fact(change.path), phrases.words
    shown = [phrases.shown_raw(raw, change.type) for raw in change.raws]
    if change.relation == "between":
        return words.say("between", name=name, low=shown[0], high=shown[1])
    if change.type.base is Base.CHOICE:
        return words.phrase("is_one", name, words.list(shown, "or"))
    return f"{name} {_RELATIONS[change.relation]} {shown[0]}"


def remedies(decision: Decision) -> tuple[Remedy, ...]:
    """What would allow a decision, or bring it nearer to that; the best that can be reached, nothing less.

    Empty where the decision allows it, and where nothing was found. Bounded work: see the constants above.
    """
    if decision.allowed or not decision._kept[0].plan.policies:
        return ()
    return _Search(decision).remedies()


class _Search:
    """The search for one decision."""

    def __init__(self, decision: Decision):
        self.decision = decision
        self.owner: Owner = decision._kept[0]
        self.plan: Plan = self.owner.plan
        self.values = self.owner.values(decision)
        kept = decision._kept[2]
        self.evidence = kept if isinstance(kept, Evidence) else None
        working = self.owner.working(decision)
        worked = [working.rule(rule.rule.id) for rule in _deciding(decision)]
        self._compared = list(comparisons([one.condition for one in worked if one is not None]))

    def remedies(self) -> tuple[Remedy, ...]:
        refused = tuple(dict.fromkeys(p.path for p in self.decision.trace.problems))
        missing = tuple(path for path in self.decision.missing if path not in refused)
        first = [Remedy(None, (), (), missing, refused, self.owner)] if missing or refused else []
        if refused:
            return tuple(first)
        found = [*self._single_facts(), *self._evidence()]
        if not found:
            found = list(self._together())
        best = min((_rank(remedy) for remedy in found), default=0)
        return (*first, *(remedy for remedy in found if _rank(remedy) == best))

    # -- facts -------------------------------------------------------------------------------------

    def _facts(self, decision: Decision) -> list[tuple[int, str, Field]]:
        """The facts on which the rules that decided depend, those that have a value to change."""
        graph, paths = self.plan.graph, {place: path for path, place in self.plan.inputs.slots.items()}
        todo = [node for rule in _deciding(decision) for node in (rule.fired, rule.met)]
        seen: set[int] = set()
        places: set[int] = set()
        while todo:
            node = todo.pop()
            if node in seen:
                continue
            seen.add(node)
            op = graph.ops[node]
            if op.name == "input" and isinstance(op.imm, int):
                places.add(op.imm)
            todo.extend(op.args)
        facts = [
            (place, paths[place], self.plan.inputs.vocabulary.at(paths[place]))
            for place in sorted(places - {0})
        ]
        kinds = NUMERIC | {Base.DATE, Base.BOOLEAN, Base.CHOICE}
        return [f for f in facts if f[2].type.base in kinds and self.values[f[0]] is not None][:MOST_FACTS]

    def _single_facts(self) -> Iterator[Remedy]:
        for place, path, spec in self._facts(self.decision):

            def score(value: Raw, place: int = place) -> Score:
                return (_rank(self._again({place: value})),)

            for change, _ in self._changes(place, path, spec, score, (_rank(self.decision),)):
                yield self._with_evidence((change,), {place: change.raws[0]})

    def _changes(
        self, place: int, path: str, spec: Field, score: Callable[[Raw], Score], now: Score
    ) -> Iterator[tuple[Change, Score]]:
        """The nearest values of a fact with a better score than now."""
        was = self.values[place]
        if isinstance(was, bool | str):
            others: Sequence[Raw] = (
                (not was,) if isinstance(was, bool) else [c for c in spec.type.choices if c != was]
            )
            scores = {other: score(other) for other in others}
            best = min(scores.values(), default=now)
            if best < now:
                raws = tuple(other for other, reached in scores.items() if reached == best)
                yield Change(path, spec.type, "equal", raws, was), best
            return
        assert isinstance(was, int)
        steps: tuple[Literal[-1, 1], ...] = (-1, 1)
        for step in steps:
            found = nearest(was, step, Bounds(spec.low, spec.high), self._hints(was, spec), score, now)
            if found is not None:
                yield Change(path, spec.type, found.relation, found.values, was), found.score

    def _hints(self, was: int, spec: Field) -> set[int]:
        """Values at which a comparison may turn: its sides, and as far away as these are from one another."""
        scale = spec.type.scale or 0
        found: set[int] = set()
        for left, right in self._compared:
            for value in (left, right):
                found |= {floor(value * 10**scale) + k for k in (-1, 0, 1)}
            gap = ceil(abs(left - right) * 10**scale)
            found |= {was + gap + k for k in (-1, 0, 1)} | {was - gap + k for k in (-1, 0, 1)}
        return found

    def _together(self) -> Iterator[Remedy]:
        """Several facts changed together, each for the most that it does, where no single one is enough."""
        changed: dict[int, Raw] = {}
        changes: list[Change] = []
        here = self.decision
        for _ in range(MOST_TOGETHER):
            now = _score(here)
            best: tuple[Score, int, Change] | None = None
            for place, path, spec in self._facts(here):
                if place in changed:
                    continue

                def score(value: Raw, place: int = place) -> Score:
                    return _score(self._again({**changed, place: value}))

                for change, reached in self._changes(place, path, spec, score, now):
                    if best is None or reached < best[0]:
                        best = (reached, place, change)
            if best is None:
                return
            _, place, change = best
            changed[place] = change.raws[0]
            changes.append(
                change
                if change.relation != "between"
                else replace(change, relation="equal", raws=change.raws[:1])
            )
            here = self._again(changed)
            if here.outcome.rank < self.decision.outcome.rank:
                yield self._with_evidence(tuple(changes), changed)
                return

    def _with_evidence(self, changes: tuple[Change, ...], changed: dict[int, Raw]) -> Remedy:
        """The remedy; where something is still required then, with that, if it is enough."""
        here = self._again(changed)
        if here.outcome is Outcome.REVIEW:
            asks = _open(here, _pending(here))
            done = self._again(changed, completed(here, asks, self.evidence))
            if asks and done.allowed:
                return Remedy(done.outcome, changes, asks, owner=self.owner)
        return Remedy(here.outcome, changes, owner=self.owner)

    # -- evidence ----------------------------------------------------------------------------------

    def _evidence(self) -> Iterator[Remedy]:
        """All that is asked for, and the exceptions that would apply if what they ask for were there."""
        pending = _pending(self.decision)
        choices: list[tuple[tuple[RuleTrace, ...], ...]] = [(pending,)] if pending else []
        choices += [(exceptions, (*exceptions, *pending)) for exceptions in self._exceptions()]
        for steps in choices:
            for rules in dict.fromkeys(_open(self.decision, step) for step in steps):
                done = self._again({}, completed(self.decision, rules, self.evidence))
                if done.outcome.rank < self.decision.outcome.rank:
                    yield Remedy(done.outcome, (), rules, owner=self.owner)
                if done.allowed:
                    break

    def _exceptions(self) -> list[tuple[RuleTrace, ...]]:
        """Exceptions that would do: each on its own where one rule decided, else one for each rule."""
        trace = self.decision.trace
        by_id = {rule.id: rule for rule in trace.rules}
        deciding = {rule.rule.id for rule in _deciding(self.decision)}
        withheld = [
            [by_id[name] for name, status in rule.exceptions if status is Status.WITHHELD]
            for rule in trace.rules
            if rule.id in deciding
        ]
        if not withheld or not all(withheld):
            return []
        if len(withheld) == 1:
            return [(exception,) for exception in withheld[0]]
        return [tuple({rules[0].id: rules[0] for rules in withheld}.values())]

    def _again(self, changed: dict[int, Raw], evidence: Evidence | None = None) -> Decision:
        return self.owner.again(self.decision, changed, evidence if evidence is not None else self.evidence)


def _deciding(decision: Decision) -> list[PlannedRule]:
    """The rules for which the outcome is what it is."""
    _, _, _, fired, unknown, pending, *_ = decision._kept
    plan = decision._kept[0].plan
    bits = {Outcome.INCOMPLETE: unknown, Outcome.REVIEW: pending}.get(decision.outcome, fired)
    rules = [rule for i, rule in enumerate(plan.rules) if bits >> i & 1]
    if decision.outcome is Outcome.DENY:
        return [rule for rule in rules if rule.rule.outcome is Outcome.DENY]
    return rules


def _rank(of: Decision | Remedy) -> int:
    """How good an outcome is; all that let it go ahead are as good as one another."""
    return 0 if of.outcome is None or of.outcome <= Outcome.FLAG else of.outcome.rank


def _score(decision: Decision) -> Score:
    """Less is better: the outcome, then how many rules make it so."""
    return (_rank(decision), len(_deciding(decision)))


def _pending(decision: Decision) -> tuple[RuleTrace, ...]:
    """The rules whose requirements are open."""
    ids = set(decision.pending)
    return tuple(rule for rule in decision.trace.rules if rule.id in ids)


def _open(decision: Decision, rules: Sequence[RuleTrace]) -> tuple[RequirementResult, ...]:
    """The requirements of rules that are not met."""
    return tuple(result for rule in rules for result in rule.requirements if not result.satisfied)
