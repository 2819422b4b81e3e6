"""What would allow it: changes of one fact, and evidence, that are shown to be enough by deciding anew.

Nothing here is guessed from the rules: every remedy was decided by the same evaluator, on the same facts but for
what it names. The nearest value of a number or a date is found by exact bisection; that all values beyond it do
as well is checked at the points that the search has visited, up to the bounds of the field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from salesctrl.compile.plan import Plan
from salesctrl.decision.asks import asked
from salesctrl.decision.imagined import completed
from salesctrl.decision.lines import Line
from salesctrl.decision.model import Decision, Owner
from salesctrl.decision.phrases import Names, Phrases
from salesctrl.decision.trace import RuleTrace, Status
from salesctrl.decision.values import Language, Raw
from salesctrl.decision.words import OUTCOMES, Words
from salesctrl.evidence.given import Evidence
from salesctrl.evidence.reasons import RequirementResult
from salesctrl.outcome import OUTCOMES as RANKS
from salesctrl.outcome import Outcome
from salesctrl.policy.types import NUMERIC, Base, Type
from salesctrl.policy.vocabulary import Field

MOST_FACTS = 12
"""So many facts are tried at most."""
MOST_EVALUATIONS = 64
"""So often one fact is tried in one direction, at most."""
MOST_TOGETHER = 4
"""So many facts are changed together at most, where no single one is enough."""
_CHECKS = 3
"""At so many points between the nearest value and the one that the search came from it is decided anew."""

_RELATIONS = {"at_most": "≤", "at_least": "≥", "equal": "="}


@dataclass(frozen=True, slots=True)
class Change:
    """Another value of a fact: ``raws`` where the relation is ``equal``, else all up to or from one value on."""

    path: str
    type: Type
    relation: str
    raws: tuple[Raw, ...]
    was: Raw


@dataclass(frozen=True, slots=True)
class Remedy:
    """Something that is enough, alone, for a better outcome: all its changes, and all that it requires.

    ``missing`` and ``refused`` are facts that have to be given, or corrected, before anything can be said; then
    there is no ``outcome``.
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
        return self.line(Phrases(words, Names(self.owner.plan, lang), self.owner.role_title)).text

    def line(self, phrases: Phrases) -> Line:
        """The remedy as a line of an account."""
        words = phrases.words
        if self.outcome is None:
            names = [phrases.names.fact(path) for path in self.missing]
            names += [words.say("correct", name=phrases.names.fact(path)) for path in self.refused]
            return Line(words.join(names, "list"), kind="remedy")
        parts = [_change(change, phrases) for change in self.changes]
        parts += [
            words.say("for_rule", what=asked(result.need, words, phrases.role), rule=result.need.rule)
            for result in self.requirements
        ]
        now = [words.say("instead", value=phrases.shown_raw(c.was, c.type)) for c in self.changes if len(self.changes) == 1]
        outcome = words.say("becomes", outcome=words.of(OUTCOMES[self.outcome]))
        return Line(words.join(parts, "and"), aside=words.join([*now, outcome]), kind="remedy")


def _change(change: Change, phrases: Phrases) -> str:
    shown = [phrases.shown_raw(raw, change.type) for raw in change.raws]
    value = phrases.words.list(shown, "or")
    return f"{phrases.names.fact(change.path)} {_RELATIONS[change.relation]} {value}"


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

    def remedies(self) -> tuple[Remedy, ...]:
        refused = tuple(dict.fromkeys(p.path for p in self.decision.trace.problems))
        missing = tuple(path for path in self.decision.missing if path not in refused)
        first = [Remedy(None, (), (), missing, refused, self.owner)] if missing or refused else []
        if refused:
            return tuple(first)
        found = [*self._single_facts(), *self._evidence()]
        if not found:
            found = list(self._together())
        best = min((r.outcome.rank for r in found if r.outcome is not None), default=0)
        return (*first, *(r for r in found if r.outcome is not None and r.outcome.rank == best))

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
        facts = [(place, paths[place], self.plan.inputs.vocabulary.at(paths[place])) for place in sorted(places - {0})]
        kinds = NUMERIC | {Base.DATE, Base.BOOLEAN, Base.CHOICE}
        return [f for f in facts if f[2].type.base in kinds and self.values[f[0]] is not None][:MOST_FACTS]

    def _single_facts(self) -> Iterator[Remedy]:
        rank = self.decision.outcome.rank
        for place, path, spec in self._facts(self.decision):
            def score(value: Raw, place: int = place) -> tuple[int, ...]:
                return (self._again({place: value}).outcome.rank,)

            for change, reached in self._changes(place, path, spec, score, (rank,)):
                yield self._with_evidence((change,), {place: change.raws[0]}, RANKS[reached[0]])

    def _changes(
        self, place: int, path: str, spec: Field, score: Callable[[Raw], tuple[int, ...]], now: tuple[int, ...]
    ) -> Iterator[tuple[Change, tuple[int, ...]]]:
        """The nearest values of a fact with a better score than now."""
        was = self.values[place]
        if spec.type.base in (Base.BOOLEAN, Base.CHOICE):
            others: Sequence[Raw] = (not was,) if isinstance(was, bool) else [c for c in spec.type.choices if c != was]
            scores = {other: score(other) for other in others}
            best = min(scores.values(), default=now)
            if best < now:
                raws = tuple(other for other, reached in scores.items() if reached == best)
                yield Change(path, spec.type, "equal", raws, was), best
            return
        assert isinstance(was, int)
        for step in (-1, 1):
            found = _nearest(was, step, spec.low, spec.high, score, now)
            if found is not None:
                value, relation, reached = found
                yield Change(path, spec.type, relation, (value,), was), reached

    def _together(self) -> Iterator[Remedy]:
        """Several facts changed together, each for the most that it does, where no single one is enough."""
        changed: dict[int, Raw] = {}
        changes: list[Change] = []
        here = self.decision
        for _ in range(MOST_TOGETHER):
            now = _score(here)
            best: tuple[tuple[int, ...], int, Change] | None = None
            for place, path, spec in self._facts(here):
                if place in changed:
                    continue

                def score(value: Raw, place: int = place) -> tuple[int, ...]:
                    return _score(self._again({**changed, place: value}))

                for change, reached in self._changes(place, path, spec, score, now):
                    if best is None or reached < best[0]:
                        best = (reached, place, change)
            if best is None:
                return
            _, place, change = best
            changed[place] = change.raws[0]
            changes.append(replace(change, relation="equal"))
            here = self._again(changed)
            if here.allowed or here.outcome.rank < self.decision.outcome.rank:
                yield self._with_evidence(tuple(changes), changed, here.outcome)
                return

    def _with_evidence(self, changes: tuple[Change, ...], changed: dict[int, Raw], reached: Outcome) -> Remedy:
        """The remedy; where something is still required then, with that, if it is enough."""
        if reached is Outcome.REVIEW:
            here = self._again(changed)
            asks = _open(here, _pending(here))
            done = self._again(changed, completed(here, asks, self.evidence))
            if asks and done.allowed:
                return Remedy(done.outcome, changes, asks, owner=self.owner)
        return Remedy(reached, changes, owner=self.owner)

    # -- evidence ----------------------------------------------------------------------------------

    def _evidence(self) -> Iterator[Remedy]:
        """All that is asked for, and the exceptions that would apply if what they ask for were there."""
        pending = _pending(self.decision)
        choices = [()] if pending else []
        choices += self._exceptions()
        for exceptions in choices:
            for rules in ([exceptions, (*exceptions, *pending)] if exceptions else [pending]):
                asks = _open(self.decision, rules)
                if not asks:
                    continue
                done = self._again({}, completed(self.decision, asks, self.evidence))
                if done.outcome.rank < self.decision.outcome.rank:
                    yield Remedy(done.outcome, (), asks, owner=self.owner)
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


def _deciding(decision: Decision):  # type: ignore[no-untyped-def]
    """The rules for which the outcome is what it is."""
    _, _, _, fired, unknown, pending, *_ = decision._kept
    plan = decision._kept[0].plan
    bits = {Outcome.INCOMPLETE: unknown, Outcome.REVIEW: pending}.get(decision.outcome, fired)
    rules = [rule for i, rule in enumerate(plan.rules) if bits >> i & 1]
    if decision.outcome is Outcome.DENY:
        return [rule for rule in rules if rule.rule.outcome is Outcome.DENY]
    return rules


def _score(decision: Decision) -> tuple[int, ...]:
    """Less is better: the outcome, then how many rules make it so."""
    return (decision.outcome.rank, len(_deciding(decision)))


def _pending(decision: Decision) -> tuple[RuleTrace, ...]:
    """The rules whose requirements are open."""
    ids = set(decision.pending)
    return tuple(rule for rule in decision.trace.rules if rule.id in ids)


def _open(decision: Decision, rules: Sequence[RuleTrace]) -> tuple[RequirementResult, ...]:
    """The requirements of rules that are not met."""
    return tuple(result for rule in rules for result in rule.requirements if not result.satisfied)


def _nearest(
    was: int, step: int, low: int, high: int, score: Callable[[Raw], tuple[int, ...]], now: tuple[int, ...]
) -> tuple[int, str, tuple[int, ...]] | None:
    """The nearest better value below (``step`` -1) or above, whether all beyond do as well, and its score."""
    known: dict[int, tuple[int, ...]] = {}

    def scored(value: int) -> tuple[int, ...]:
        if value not in known:
            known[value] = score(value)
        return known[value]

    points = list(_points(was, step, low, high))
    best = min((scored(point) for point in points), default=now)
    if best >= now:
        return None
    first = next(i for i, point in enumerate(points) if scored(point) <= best)
    good, bad = points[first], points[first - 1] if first else was
    while abs(good - bad) > 1:
        if len(known) >= MOST_EVALUATIONS:
            return None
        middle = (good + bad) // 2
        if scored(middle) <= best:
            good = middle
        else:
            bad = middle
    gap = points[first] - good
    between = [good + gap * k // (_CHECKS + 1) for k in range(1, _CHECKS + 1)]
    beyond = all(scored(point) <= best for point in [*points[first:], *between])
    relation = "equal" if not beyond else "at_most" if step < 0 else "at_least"
    return good, relation, best


def _points(was: int, step: int, low: int, high: int) -> Iterator[int]:
    """Where the search looks: ever farther away, by tens, past zero, and at the bound."""
    bound = low if step < 0 else high
    distance, last = 1, was
    while abs(bound - was) > distance:
        point = was + step * distance
        if (last < 0 < point or point < 0 < last) and last:
            yield 0
        yield point
        last = point
        distance *= 10
    if was != bound:
        yield bound
