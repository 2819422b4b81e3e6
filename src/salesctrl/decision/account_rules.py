"""What is said of one rule: its condition with the numbers, what it computes, requires, and excepts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from salesctrl.decision.asks import FIGURES, asked
from salesctrl.decision.lines import Line
from salesctrl.decision.phrases import Phrases, first_known, unknown_parts
from salesctrl.decision.trace import RuleTrace, Status, Trace
from salesctrl.decision.values import shown_value
from salesctrl.decision.words import OUTCOMES, PROBLEMS, Words
from salesctrl.decision.working import Part, Worked, Working
from salesctrl.evidence.reasons import ItemVerdict, Missing, RequirementResult
from salesctrl.outcome import Outcome
from salesctrl.policy.types import Base

_LEAVES = frozenset({"field", "item", "literal", "parameter", "formula", "table", "key", "as_of", "band"})
_SAID_ONCE = frozenset({"role_stated", "requester_unstated", "requester_unlisted"})
_LIVE = frozenset({Status.FIRED, Status.SATISFIED, Status.EXCEPTED, Status.UNKNOWN})
_MOST_STEPS = 40
"""So many formulas, one inside another, are told of one expression."""
_MOST_ITEMS = 5
"""So many items of a list are told where not everything is asked for."""


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


def conjuncts(part: Part) -> list[Part]:
    """The parts of a condition that made it what it is, each to be said on its own."""
    if part.kind == "not" and part.raw is not None:
        return conjuncts(part.children[0])
    if part.kind == "logic" and part.raw is not None:
        return [inner for child in part.children if child.raw is part.raw for inner in conjuncts(child)]
    return [part]


class RuleTeller:
    """Tells of rules. What a formula is made of is told once, where it is first named."""

    def __init__(
        self, words: Words, phrases: Phrases, working: Working, trace: Trace, *, brief: bool, full: bool
    ):
        self.words, self.phrases, self.working = words, phrases, working
        self.brief, self.full = brief, full
        self.rules = {rule.id: rule for rule in trace.rules}
        self._told: set[tuple[str, str, str]] = set()
        self._said_causes: set[str] = set()
        self.about_evidence: dict[str, None] = {}
        """What is to be known of all evidence."""
        self._unknown = False
        """Whether what is unknown is to be told of: not where a value is known all the same."""
        self._counting = {
            verdict.item
            for rule in trace.rules
            for result in rule.requirements
            for verdict in result.items
            if verdict.counts
        }
        self._exceptors = {
            name
            for rule in trace.rules
            if rule.status in (Status.FIRED, Status.EXCEPTED)
            for name, _ in rule.exceptions
        }

    def told_elsewhere(self, rule: RuleTrace) -> bool:
        """Whether a rule only excepts another, and is told of there."""
        return rule.id in self._exceptors and not _has_effect(rule)

    def to_no_end(self, rule: RuleTrace) -> bool:
        """Whether a rule only excepts others, and none of them fired."""
        targets = self._targets(rule)
        return bool(targets) and not any(self.rules[t].status in _LIVE for t in targets)

    # -- rules -------------------------------------------------------------------------------------

    def fired(self, rule: RuleTrace) -> Line:
        """A rule that fired."""
        lines = [*self._all_of(rule), *self._notes(rule)]
        return replace(
            titled(rule, self.words), aside=self._contribution(rule), tone=_tone(rule), lines=tuple(lines)
        )

    def excepted(self, rule: RuleTrace) -> Line:
        """A rule that would count but for an exception."""
        outcome = self.words.of(OUTCOMES[rule.template.effect or Outcome.ALLOW])
        aside = self.words.say("excepted_aside", outcome=outcome)
        return replace(titled(rule, self.words), aside=aside, lines=tuple(self._all_of(rule)))

    def _all_of(self, rule: RuleTrace) -> list[Line]:
        worked = self.working.rule(rule.id)
        assert worked is not None
        lines: list[Line] = []
        if not self.brief:
            lines += self._condition(worked.condition)
            lines += [line for name, part in worked.computed for line in self._computed(name, part)]
        lines += self._sentence(rule)
        lines += self._requirements(rule, worked)
        for name, status in rule.exceptions:
            lines += self._exception(self.rules[name], status)
        return lines

    def _contribution(self, rule: RuleTrace) -> str:
        effect = rule.template.effect
        if rule.status is Status.SATISFIED and effect is not None:
            return self.words.say("met", outcome=self.words.of(OUTCOMES[effect]))
        if effect is not None:
            return self.words.of(OUTCOMES[effect])
        key = (
            "computes"
            if rule.computed
            else "notifies"
            if rule.template.notify
            else "excepts"
            if rule.template.excepts
            else "no_effect"
        )
        return self.words.say(key)

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

    # -- conditions and values ---------------------------------------------------------------------

    def _condition(self, part: Part) -> list[Line]:
        if part.kind == "literal":
            return [Line(self.words.say("always"), kind="condition")]
        lines: list[Line] = []
        for one in conjuncts(part):
            lines += self._stated(one)
        return lines

    def _stated(self, part: Part) -> list[Line]:
        """What is true of one condition; of a formula that is told of here for the first time, that alone."""
        if part.kind == "formula" and self._is_new(part):
            return self._definition(part, 0)
        return self._saying(lambda: self.phrases.statement(part), "condition", aside=self.phrases.gap(part))

    def _computed(self, name: str, part: Part) -> list[Line]:
        return self._saying(lambda: self._equation(name, part), "formula")

    def _saying(self, say: Callable[[], str], kind: str, *, aside: str = "", depth: int = 0) -> list[Line]:
        """A line, after those that tell of the formulas it names; the items of lists stand below it."""
        self.phrases.mentioned = []
        text = say()
        mentioned = self.phrases.mentioned
        before: list[Line] = []
        below: list[Line] = []
        for part in mentioned:
            if part.kind == "fold":
                below += self._items(part)
            elif (part.raw is not None or self._unknown) and depth < _MOST_STEPS and self._is_new(part):
                before += self._definition(part, depth + 1)
        return [*before, Line(text, aside=aside, kind=kind, lines=tuple(below))]

    def _is_new(self, part: Part) -> bool:
        key = (part.kind, part.policy, part.name)
        new = key not in self._told
        self._told.add(key)
        return new

    def _definition(self, part: Part, depth: int) -> list[Line]:
        """How a formula or an output of a table came about."""
        if part.kind == "table":
            return self._saying(lambda: self._table(part), "formula", depth=depth)
        (inner,) = part.inside
        return self._saying(lambda: self._equation(self.phrases.name(part), inner), "formula", depth=depth)

    def _equation(self, name: str, part: Part) -> str:
        """A name and what it is: ``exposure = customer.balance 19,000.00 + order.amount 1,234.50 = 20,234.50``."""
        if part.type.base is Base.BOOLEAN and part.kind not in _LEAVES:
            shown = self.words.phrase("is", name, self.phrases.shown(part))
            return self.words.say("as_so", value=shown, condition=self.phrases.statement(part))
        return f"{name} = {self._worked_out(part)}"

    def _worked_out(self, part: Part) -> str:
        if part.kind == "choice" and part.children[0].raw is not None:
            test, then, otherwise = part.children
            value = self._worked_out(then if test.raw else otherwise)
            return self.words.say("as", value=value, condition=self.phrases.statement(test))
        if part.op == "coalesce" and part.raw is not None and not first_known(part.children):
            return self._worked_out(part.children[0])
        text = self.phrases.value(part)
        if part.kind in _LEAVES or (part.op == "coalesce" and part.raw is not None):
            return text
        problem = next(
            (p.problem for p in _inner(part) if p.problem not in (None, "depends", "missing", "refused")),
            None,
        )
        if part.raw is None and problem is not None:
            return self.words.say("problem_in", text=text, problem=self.words.of(PROBLEMS[problem]))
        if isinstance(part.raw, tuple) and part.type.is_numeric:
            shown = shown_value(part.raw, part.type, self.words.lang)
            return f"{text} {shown}" if shown.startswith("≈") else f"{text} = {shown}"
        return f"{text} = {self.phrases.shown(part)}"

    def _table(self, part: Part) -> str:
        text = f"{part.name} {self.phrases.shown(part)}"
        rows, table = part.inside, part.name.rsplit(".", 1)[0]
        if not rows:
            return self.words.say("no_row_of", text=text, table=table)
        places = [str(row.place[0]) for row in rows if row.place is not None]
        count = rows[0].place[1] if rows[0].place is not None else len(rows)
        if len(rows) == 1 or part.op == "first":
            shown = self.words.say("row", number=places[0], count=count)
            cells = self.phrases.row(rows[0])
            if cells:
                return self.words.say("row_of", text=text, row=shown, table=table, cells=cells)
        else:
            shown = self.words.say("rows", numbers=self.words.join(places, "list"), count=count)
        return self.words.say("row_of_any", text=text, row=shown, table=table)

    def _items(self, fold: Part) -> list[Line]:
        """The items of a list that count."""
        items = self.phrases.deciding_items(fold)
        most = len(items) if self.full else _MOST_ITEMS
        lines: list[Line] = []
        for item in items[:most]:
            number = item.place[0] if item.place is not None else 0
            lines += self._saying(lambda item=item, number=number: self._item(fold, item, number), "formula")
        if len(items) > most:
            lines.append(Line(self.words.say("more_items", count=len(items) - most), kind="note"))
        return lines

    def _item(self, fold: Part, item: Part, number: int) -> str:
        parts = [
            self.phrases.statement(p) if p.type.base is Base.BOOLEAN else self._worked_out(p)
            for p in item.children
        ]
        return self.words.say("each", number=number, text=self.words.join(parts))

    def output(self, part: Part) -> list[Line]:
        """A formula that is reported: how it came about, or its value alone where that was told."""
        if self._is_new(part):
            return self._definition(part, 0)
        return [Line(self.phrases.value(part), kind="formula")]

    # -- requirements and exceptions ---------------------------------------------------------------

    def _requirements(self, rule: RuleTrace, worked: Worked, key: str = "requires") -> list[Line]:
        figures = dict(worked.figures)
        return [self._requirement(result, figures.get(result.need.id), key) for result in rule.requirements]

    def _requirement(self, result: RequirementResult, figure: Part | None, how: str) -> Line:
        what = asked(result.need, self.words, self.phrases.role)
        below: list[Line] = []
        if figure is not None and not self.brief:
            key = FIGURES[type(result.need)]
            below += self._saying(lambda: self.words.say(key, text=self._worked_out(figure)), "formula")
        given = [v for v in result.items if self._is_about(v, result)]
        if not self.brief:
            below += [self._verdict(verdict) for verdict in given]
        below += [
            Line(self.words.say("missing", text=self._gap(gap)), kind="missing", tone="bad")
            for gap in result.missing
        ]
        state = "satisfied" if result.satisfied else "open"
        return Line(
            self.words.say(how, what=what), aside=self.words.say(state), kind="ask",
            tone="good" if result.satisfied else "bad", lines=tuple(below),
        )  # fmt: skip

    def _is_about(self, verdict: ItemVerdict, result: RequirementResult) -> bool:
        """Whether an item is worth a line here: one in another role only where it counts nowhere."""
        if self.full or not any(reason.code == "other_role" for reason in verdict.reasons):
            return True
        return not result.satisfied and verdict.item not in self._counting

    def _verdict(self, verdict: ItemVerdict) -> Line:
        """What an item of evidence is worth; what holds of all evidence is said once, for the decision."""
        once = [reason for reason in verdict.reasons if reason.code in _SAID_ONCE]
        for reason in once:
            self.about_evidence[reason.text(self.words.lang)] = None
        rest = tuple(reason for reason in verdict.reasons if reason.code not in _SAID_ONCE)
        text = replace(verdict, reasons=rest).text(self.words.lang)
        return Line(text, kind="given", tone="good" if verdict.valid else "bad")

    def _gap(self, gap: Missing) -> str:
        """What is missing; what the requirement itself says is not said again."""
        said = [d.text(self.words.lang) for d in gap.details if d.code not in ("in_form", "not_older")]
        return self.words.join(said, "semicolon")

    def _exception(self, rule: RuleTrace, status: Status) -> list[Line]:
        """An exception to the rule that is told of, and whether it applies."""
        title = rule.title.get(self.words.lang)
        called = self.words.say("called", rule=rule.id, title=title) if title != rule.id else rule.id
        worked = self.working.rule(rule.id)
        assert worked is not None
        if status is Status.WITHHELD:
            below = self._requirements(rule, worked, "with")
            return [Line(self.words.say("would_except", rule=called), kind="exception", lines=tuple(below))]
        if self.brief and status is not Status.FIRED:
            return []
        if status in (Status.FIRED, Status.SATISFIED):
            below = (
                [] if worked.condition.kind == "literal" or self.brief else self._condition(worked.condition)
            )
            below += self._sentence(rule)
            below += self._requirements(rule, worked)
            return [
                Line(
                    self.words.say("excepted_by", rule=called),
                    kind="exception",
                    tone="good",
                    lines=tuple(below),
                )
            ]
        why = self.words.join([self.phrases.statement(one) for one in conjuncts(worked.condition)])
        return [Line(self.words.say("exception_fails", rule=called, text=why), kind="exception")]

    # -- rules that are unknown --------------------------------------------------------------------

    def unknown(self, rule: RuleTrace) -> Line:
        """A rule that cannot be decided, and what for."""
        worked = self.working.rule(rule.id)
        assert worked is not None
        lines: list[Line] = []
        self._unknown = True
        unknown = [part for part in (worked.condition, *(p for _, p in worked.computed)) if part.raw is None]
        if not self.brief:
            lines += self._condition(worked.condition)
            if worked.condition.raw is not None:
                lines += [line for name, part in worked.computed for line in self._computed(name, part)]
        causes = self._causes(unknown)
        self._said_causes.update(line.text for line in causes)
        lines += causes
        for name, status in rule.exceptions:
            exception = self.rules[name]
            if status is Status.UNKNOWN:
                lines += self._exception(exception, status)
        self._unknown = False
        contribution = self.words.of(OUTCOMES[rule.outcome or Outcome.INCOMPLETE])
        return replace(titled(rule, self.words), aside=contribution, tone="bad", lines=tuple(lines))

    def unknown_values(self, parts: Sequence[Part]) -> list[Line]:
        """Reported values that cannot be computed; those for want of what was said already in one line."""
        lines: list[Line] = []
        rest: list[str] = []
        for part in parts:
            causes = self._causes([part], self._said_causes)
            name = self.phrases.name(part)
            if not causes:
                rest.append(f"`{name}`")
                continue
            self._said_causes.update(line.text for line in causes)
            self._unknown = True
            below = [] if self.brief or not self._is_new(part) else self._definition(part, 0)
            self._unknown = False
            text = self.words.say("output_unknown", name=name)
            lines.append(Line(text, kind="problem", tone="bad", lines=(*below, *causes)))
        if rest:
            text = self.words.say("outputs_unknown", names=self.words.join(rest, "list"))
            lines.append(Line(text, kind="problem", tone="bad"))
        return lines

    def _causes(self, parts: Sequence[Part], known: Collection[str] = ()) -> list[Line]:
        """For want of which facts, or by what error, something is unknown; ``known`` are those said already."""
        found: dict[str, Line] = {}
        for part in unknown_parts(parts):
            text = self._cause(part) if part.problem not in (None, "depends") else ""
            if text and text not in known:
                found[text] = Line(text, kind="missing", tone="bad")
        return list(found.values())

    def _cause(self, part: Part) -> str:
        assert part.problem is not None
        problem = self.words.of(PROBLEMS[part.problem])
        if part.problem in ("missing", "refused"):
            name = self.phrases.name(part)
            title = part.title.get(self.words.lang) if part.title is not None else name
            if self.words.lang == "zh":
                called = name if name == part.name else f"{name}（{part.name}）"
            else:
                called = name if title == name.rsplit(".", 1)[-1] else f"{name} ({title})"
            return self.words.say("problem_in", text=called, problem=problem)
        return self.words.say("problem_in", text=self.phrases.value(part), problem=problem)

    # -- rules that did not fire -------------------------------------------------------------------

    def grouped(self, rules: Sequence[RuleTrace]) -> list[Line]:
        """Rules that did not fire, one line for those that the same thing decided."""
        said: dict[str, list[RuleTrace]] = {}
        tables: dict[str, list[RuleTrace]] = {}
        for rule in rules:
            if rule.row is not None:
                tables.setdefault(rule.row.table, []).append(rule)
            else:
                said.setdefault(self._decisive(rule), []).append(rule)
        lines = [
            Line(text, label=self.words.join([r.id for r in same], "list"), kind="quiet")
            for text, same in said.items()
        ]
        for table, rows in tables.items():
            lines.append(Line(self._rows(rows), label=table, kind="quiet"))
        return lines

    def _rows(self, rules: Sequence[RuleTrace]) -> str:
        numbers = [str(rule.row.number) for rule in rules if rule.row is not None]
        count = rules[0].row.count if rules[0].row is not None else 0
        return self.words.say("rows", numbers=self.words.join(numbers, "list"), count=count)

    def _decisive(self, rule: RuleTrace) -> str:
        """The first thing for which a rule did not fire."""
        worked = self.working.rule(rule.id)
        assert worked is not None
        if self.to_no_end(rule):
            return self.words.say("nothing_to_except", rules=self.words.join(self._targets(rule), "list"))
        if rule.status is Status.WITHHELD or worked.condition.raw is None:
            return self.words.say("not_given")
        first = conjuncts(worked.condition)[0]
        told = (first.kind, first.policy, first.name) in self._told
        if first.kind == "formula" and not told:
            return self._equation(self.phrases.name(first), first.inside[0])
        return self.phrases.statement(first)

    def _targets(self, rule: RuleTrace) -> list[str]:
        """The rules that one only excepts; none where it does more than that."""
        if _has_effect(rule):
            return []
        named = set(rule.template.excepts)
        return [
            r.id for r in self.rules.values() if r.id in named or (r.row is not None and r.row.table in named)
        ]

    def quiet(self, rule: RuleTrace) -> Line:
        """A rule that did not fire, in full."""
        worked = self.working.rule(rule.id)
        assert worked is not None
        part = worked.condition
        parts = part.children if part.kind in ("logic", "row") else (part,)
        lines: list[Line] = []
        for one in parts:
            if one.kind == "cell" and one.text.strip() == "-":
                continue
            lines += self._stated(one)
        if part.raw is True and rule.row is not None:
            lines.append(Line(self.words.say("earlier_row"), kind="note"))
        if self.to_no_end(rule):
            lines = [Line(self._decisive(rule), kind="condition")]
        elif rule.status is Status.WITHHELD:
            lines += self._requirements(rule, worked)
        return replace(titled(rule, self.words), kind="quiet", lines=tuple(lines))


def _has_effect(rule: RuleTrace) -> bool:
    """Whether a rule does anything but except others."""
    return rule.template.effect is not None or bool(rule.computed) or bool(rule.template.notify)


def _tone(rule: RuleTrace) -> str:
    if rule.status is Status.SATISFIED or rule.outcome is Outcome.ALLOW:
        return "good"
    return "bad" if rule.outcome in (Outcome.DENY, Outcome.REVIEW) else ""


def _inner(part: Part) -> list[Part]:
    """A part and all below it."""
    todo, found = [part], []
    while todo:
        here = todo.pop()
        found.append(here)
        todo.extend(reversed(here.children))
    return found
