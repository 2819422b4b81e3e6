"""Rules and rows with effects: conditions, computed values, requirements, sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from salesctrl.calendar import FIRST_DAY, LAST_DAY
from salesctrl.compile.checked import (
    CheckedRule,
    Expression,
    Interval,
    PlacedExample,
    Requirement,
    RowOf,
    Sentence,
    SwitchedOff,
)  # fmt: skip
from salesctrl.compile.drafts import Draft, Placed, Reporter
from salesctrl.compile.formulas import Names
from salesctrl.compile.needs import ActionNeed, ApprovalNeed, DocumentNeed, Need, PaymentNeed, Within
from salesctrl.compile.tables import outcome_of
from salesctrl.diagnostics import suggest
from salesctrl.expr import tree as t
from salesctrl.expr.check import check
from salesctrl.expr.scope import Problem, Scope
from salesctrl.expr.units import described
from salesctrl.numbers import RoundingMode
from salesctrl.policy.documents import (
    ApprovalSpec,
    Effects,
    LocalText,
    PaymentSpec,
    Period,
    RequirementSpec,
    RuleSpec,
    TableRow,
    TableSpec,
)  # fmt: skip
from salesctrl.policy.literals import BadLiteral, parse_literal
from salesctrl.policy.organisation import Organisation
from salesctrl.policy.types import BOOLEAN, DATE, DAYS, TEXT, Base, Type, number
from salesctrl.policy.vocabulary import MONEY_DECIMALS

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
MAX_OUTPUT_DECIMALS = 18


class RuleChecker:
    """The rules of one policy."""

    def __init__(self, draft: Draft, names: Names, organisation: Organisation, reporter: Reporter):
        self.draft, self.names, self.organisation, self.reporter = draft, names, organisation, reporter
        self.policy = draft.document.value
        self.decimals = names.vocabulary.money_decimals
        self.computed_types: dict[str, Type] = {}

    def rules(self) -> list[CheckedRule]:
        """All rules and rows that are sound."""
        done = [self._rule(placed) for placed in self.draft.rules]
        for name, placed in self.draft.tables.items():
            done += self._rows(name, placed)
        return [rule for rule in done if rule is not None]

    # -- rules and rows ----------------------------------------------------------------------------

    def _rule(self, placed: Placed[RuleSpec]) -> CheckedRule | None:
        spec = placed.value
        when = (
            "true"
            if spec.when is None
            else "true"
            if spec.when is True
            else "false"
            if spec.when is False
            else spec.when
        )
        node, problems = check(when, self.names.scope, BOOLEAN)
        self.reporter.problems(problems, placed, "when")
        checked = self._effects(
            spec.id, Placed(spec, placed.source, placed.path, placed.origin), placed, node, when,
            interval(spec.effective), spec.title, None,
        )  # fmt: skip
        if checked is None:
            return None
        requires = self._requirements(spec.id, spec.requires, placed, "requires")
        if requires is None:
            return None
        examples = tuple(
            PlacedExample(example, placed.span("examples", i), i + 1)
            for i, example in enumerate(spec.examples)
        )
        return replace(
            checked, note=spec.note, covers=spec.covers, source=spec.source or self.policy.source,
            excepts=spec.excepts, requirements=checked.requirements or tuple(requires), examples=examples,
        )  # fmt: skip

    def _rows(self, name: str, placed: Placed[TableSpec]) -> list[CheckedRule | None]:
        spec = placed.value
        conditions = self.names.row_conditions(name)
        if conditions is None:
            return []
        done: list[CheckedRule | None] = []
        for i, (row, condition) in enumerate(zip(spec.rows, conditions, strict=True)):
            if outcome_of(row) is None and not row.compute and not row.notify:
                continue
            part: Placed[TableRow] = Placed(row, placed.source, (*placed.path, "rows", i), placed.origin)
            cells = tuple(str(c) for c in row.match)
            shown = RowOf(name, i + 1, len(spec.rows), cells)
            rule = self._effects(
                row.id or f"{name}#{i + 1}", part, part, condition, ", ".join(cells),
                interval(spec.effective), row.title or spec.title, shown, spec.because,
            )  # fmt: skip
            if rule is not None:
                off = rule.off or self._switched_off(name)
                source = spec.source or self.policy.source
                done.append(replace(rule, covers=spec.covers, note=spec.note, source=source, off=off))
        return done

    def _effects(
        self, id: str, effects: Placed[Effects], placed: Placed[RuleSpec] | Placed[TableRow],
        when: t.Node | None, text: str, effective: Interval, title: LocalText | None, row: RowOf | None,
        because: LocalText | None = None,
    ) -> CheckedRule | None:  # fmt: skip
        spec = effects.value
        computes = self._computes(effects)
        requirements = self._requirements(id, spec.review, placed, "review")
        for i, role in enumerate(spec.notify):
            self._role(role, effects, "notify", i)
        own = placed.value.because
        sentence = self._sentence(own or because, placed, computes or (), own is not None)
        if when is None or computes is None or requirements is None:
            return None
        return CheckedRule(
            id, self.policy.policy, title or LocalText(en=id, zh=id), None, None, (), effective,
            Expression(text, when, span=placed.span("when")), outcome_of(spec), computes, tuple(spec.notify),
            tuple(requirements), (), sentence, row, self._switched_off(id), placed.origin, (), placed.span(),
        )  # fmt: skip

    def _switched_off(self, id: str) -> SwitchedOff | None:
        placed = self.draft.off.get(id)
        if placed is None:
            return None
        off = placed.value
        self._role(off.owner, placed, "owner")
        return SwitchedOff(off.until.toordinal(), off.because, off.owner, placed.origin or "")

    def _role(self, name: str, placed: Placed[object], *path: str | int) -> str | None:
        role = self.organisation.role(name)
        if role is None:
            near = suggest(name, self.organisation.roles)
            help = f"did you mean `{near}`?" if near else "declare it under `roles` of the organisation"
            self.reporter.error("E401", f"unknown role `{name}`", placed, *path, help=help)
        return role

    # -- computed values ---------------------------------------------------------------------------

    def _computes(self, placed: Placed[Effects]) -> tuple[tuple[str, Expression], ...] | None:
        done: list[tuple[str, Expression]] = []
        sound = True
        for name, text in placed.value.compute.items():
            node, problems = check(text, self.names.scope)
            self.reporter.problems(problems, placed, "compute", name)
            if node is None or not self.definite(name, node, text, placed, "compute", name):
                sound = False
                continue
            if node.type.bare:
                node = replace(node, type=replace(node.type, bare=False))
            before = self.computed_types.setdefault(name, node.type)
            if not _alike(before, node.type):
                message = f"`{name}` is {_described(node.type)} here and {_described(before)} in another rule"
                self.reporter.error("E414", message, placed, "compute", name, help="choose another name")
                sound = False
            done.append((name, Expression(text, node, span=placed.span("compute", name))))
        return tuple(done) if sound else None

    def definite(self, name: str, node: t.Node, text: str, placed: Placed[object], *path: str | int) -> bool:
        """Whether a value that is reported has a definite number of decimals, and no more than its unit."""
        type_ = node.type if node.type.element is None else node.type.element
        if not type_.is_numeric:
            return True
        most = (
            self.decimals.get(type_.currency or "", MONEY_DECIMALS)
            if type_.base is Base.MONEY
            else MAX_OUTPUT_DECIMALS
        )
        rounded = isinstance(node, t.Call) and node.name == "round"
        if type_.scale is not None and (type_.scale <= most or rounded):
            return True
        have = "no definite number of decimals" if type_.scale is None else f"{type_.scale} decimals"
        places = most if type_.base is Base.MONEY else 4
        help = f"say how it is rounded: `round({text}, {places})`"
        if node.type.base is Base.MAP:
            help = f"round what is split: `allocate(round(…, {places}), …)`"
        self.reporter.error("E311", f"`{name}` has {have}, expected at most {most}", placed, *path, help=help)
        return False

    # -- requirements ------------------------------------------------------------------------------

    def _requirements(
        self,
        rule: str,
        specs: Sequence[RequirementSpec],
        placed: Placed[RuleSpec] | Placed[TableRow],
        key: str,
    ) -> list[Requirement] | None:
        done: list[Requirement] = []
        sound = True
        for i, spec in enumerate(specs):
            whole: tuple[str | int, ...] = (
                (key, i)
                if placed.source.span((*placed.path, key, i)) != placed.source.span((*placed.path, key))
                else (key,)
            )
            id = spec.id or (rule if len(specs) == 1 else f"{rule}/{i + 1}")
            made = self._requirement(id, rule, spec, placed, whole)
            sound = sound and made is not None
            if made is not None:
                done.append(made)
        return done if sound else None

    def _requirement(
        self, id: str, rule: str, spec: RequirementSpec, placed: Placed[RuleSpec] | Placed[TableRow],
        at: tuple[str | int, ...],
    ) -> Requirement | None:  # fmt: skip
        if spec.approval is not None:
            return self._approval(id, rule, spec.approval, placed, (*at, "approval"))
        if spec.document is not None:
            within, sound = self._within(spec.document.within, placed, (*at, "document"))
            called = self._term("kind of document", spec.document.kind, placed, *at, "document", "kind")
            need: Need = DocumentNeed(id, rule, spec.document.kind, within, spec.document.count, called)
            return Requirement(need, None) if sound else None
        if spec.payment is not None:
            text = spec.payment.amount or f"({spec.payment.share}) * ({spec.payment.of})"
            return self._payment(id, rule, text, spec, placed, (*at, "payment"))
        assert spec.action is not None
        action, figure = spec.action, None
        if action.owner is not None and self._role(action.owner, placed, *at, "action", "owner") is None:
            return None
        if action.due is not None:
            figure = self._due(action.due, placed, (*at, "action", "due"))
            if figure is None:
                return None
        called = self._term("action", action.name, placed, *at, "action", "name")
        return Requirement(
            ActionNeed(id, rule, action.name, action.owner, figure is not None, called), figure
        )

    def _term(self, what: str, code: str, placed: Placed[object], *path: str | int) -> LocalText | None:
        """The words for a code; where the vocabulary has terms but not this one, it is likely misspelt."""
        terms = self.names.vocabulary.terms
        if terms and code not in terms:
            near = suggest(code, terms)
            help = f"did you mean `{near}`?" if near else "add it to `terms` of a vocabulary"
            message = f"no term for the {what} `{code}`"
            self.reporter.diagnostics.warning("W403", message, placed.span(*path), help=help)
        return terms.get(code)

    def _approval(
        self, id: str, rule: str, spec: ApprovalSpec, placed: Placed[RuleSpec] | Placed[TableRow],
        at: tuple[str | int, ...],
    ) -> Requirement | None:  # fmt: skip
        groups: Mapping[str, tuple[str, ...]] = {
            "any": spec.any_of,
            "all": spec.all_of,
            "order": spec.in_order,
        }
        mode, named = next(((m, roles) for m, roles in groups.items() if roles), ("any", ()))
        roles = [self._role(role, placed, *at) for role in named]
        level = None
        if spec.level is not None:
            level = self._role(spec.level, placed, *at, "level")
            roles += [] if level is not None else [None]
        within, sound = self._within(spec.within, placed, at)
        if spec.duty is not None and self.organisation.duty(spec.duty) is None:
            near = suggest(spec.duty, self.organisation.duties)
            self.reporter.error(
                "E402",
                f"unknown duty `{spec.duty}`",
                placed,
                *at,
                "duty",
                help=f"did you mean `{near}`?" if near else "declare it under `duties` of the organisation",
            )
            sound = False
        form_called = None
        if spec.form is not None:
            form_called = self._term("form of approval", spec.form, placed, *at, "form")
        figure = None
        if spec.amount is not None:
            figure = self._money(spec.amount, placed, (*at, "amount"))
            sound = sound and figure is not None
        if None in roles or not sound:
            return None
        scale = figure.node.type.scale if figure is not None else MONEY_DECIMALS
        need = ApprovalNeed(
            id, rule, self.policy.control_point, tuple(r for r in roles if r is not None), mode,  # type: ignore[arg-type]
            spec.at_least, level, spec.form, within, figure is not None,
            self.organisation.duty(spec.duty) if spec.duty else None,
            scale if scale is not None else MONEY_DECIMALS,
            figure.node.type.currency if figure is not None else None, form_called,
        )  # fmt: skip
        return Requirement(need, figure)

    def _payment(
        self, id: str, rule: str, text: str, spec: RequirementSpec,
        placed: Placed[RuleSpec] | Placed[TableRow], at: tuple[str | int, ...],
    ) -> Requirement | None:  # fmt: skip
        assert spec.payment is not None
        if spec.payment.of is not None and not self._are_share_and_sum(spec.payment, placed, at):
            return None
        where = (*at, "amount") if spec.payment.amount is not None else at
        figure = self._money(text, placed, where, whole=spec.payment.amount is None)
        if figure is None:
            return None
        return Requirement(
            PaymentNeed(id, rule, figure.node.type.currency, figure.node.type.scale or 0), figure
        )

    def _are_share_and_sum(
        self, spec: PaymentSpec, placed: Placed[RuleSpec] | Placed[TableRow], at: tuple[str | int, ...]
    ) -> bool:
        """Whether a payment is a share, a number, of a sum of money; what is not is said at its own place."""
        sound = True
        for key, text, base, wanted in (
            ("share", spec.share, Base.NUMBER, "a share such as `30%`"), ("of", spec.of, Base.MONEY, "money"),
        ):  # fmt: skip
            node, problems = check(text or "", self.names.scope)
            errors = [p for p in problems if not p.warning]
            self.reporter.problems(errors, placed, *at, key)
            if node is not None and node.type.base is not base:
                message = f"expected {wanted} but got {described(node.type)}"
                self.reporter.error("E306", message, placed, *at, key)
            sound = sound and node is not None and node.type.base is base
        return sound

    def _money(
        self, text: str, placed: Placed[RuleSpec] | Placed[TableRow], at: tuple[str | int, ...], *,
        whole: bool = False,
    ) -> Expression | None:  # fmt: skip
        """An amount; where it has more decimals than money has, it is rounded half up to them."""
        node, problems = check(text, self.names.scope)
        if whole:
            problems = [replace(p, span=(0, 0)) for p in problems]
        self.reporter.problems(problems, placed, *at)
        if node is None:
            return None
        if node.type.base is not Base.MONEY:
            self.reporter.error("E306", f"expected money but got {described(node.type)}", placed, *at)
            return None
        scale = node.type.scale
        most = self.decimals.get(node.type.currency or "", MONEY_DECIMALS)
        if scale is None or scale > most:
            places = t.Literal(number(0), node.span, most)
            mode = t.Literal(TEXT, node.span, RoundingMode.HALF_UP.value)
            node = t.Call(node.type.with_scale(most), node.span, "round", (node, places, mode))
        return Expression(text, node, span=placed.span(*at))

    def _due(
        self, text: str, placed: Placed[RuleSpec] | Placed[TableRow], at: tuple[str | int, ...]
    ) -> Expression | None:
        """A date, or a number of days from ``as_of``."""
        node, problems = check(text, self.names.scope)
        self.reporter.problems(problems, placed, *at)
        if node is None:
            return None
        if node.type.base is Base.DAYS:
            node = t.Arithmetic(DATE, node.span, "+", t.AsOf(DATE, node.span), node)
        if node.type.base is not Base.DATE:
            message = f"expected a date or {DAYS} but got {described(node.type)}"
            self.reporter.error("E306", message, placed, *at)
            return None
        return Expression(text, node, span=placed.span(*at))

    def _within(
        self, text: str | None, placed: Placed[RuleSpec] | Placed[TableRow], at: tuple[str | int, ...]
    ) -> tuple[Within | None, bool]:
        """An age limit: a literal, or a parameter whose value does not change."""
        if text is None:
            return None, True
        parameter = self.names.parameters.get(text)
        try:
            constant = (
                parameter.dated[-1][1]
                if parameter is not None and len(parameter.dated) == 1
                else parse_literal(text)
            )
        except BadLiteral as error:
            self.reporter.error("E411", str(error), placed, *at, "within")
            return None, False
        if constant.type.base not in (Base.DAYS, Base.MONTHS) or int(constant.value) < 0:
            self.reporter.error(
                "E411",
                f"expected days or months but got `{text}`",
                placed,
                *at,
                "within",
                help="write it as `30 days`, or name a parameter whose value does not change with time",
            )
            return None, False
        return Within(int(constant.value), "days" if constant.type.base is Base.DAYS else "months"), True

    # -- sentences ---------------------------------------------------------------------------------

    def _sentence(
        self, text: LocalText | None, placed: Placed[RuleSpec] | Placed[TableRow],
        computes: Sequence[tuple[str, Expression]], own: bool,
    ) -> Sentence | None:  # fmt: skip
        if text is None:
            return None
        scope = replace(self.names.scope, computed={name: e.node for name, e in computes})
        parts: dict[str, tuple[str | Expression, ...]] = {}
        for lang in ("en", "zh"):
            sentence = getattr(text, lang)
            if sentence is not None:
                parts[lang] = tuple(self._parts(sentence, scope, placed, lang, own))
        return Sentence(parts)

    def _parts(
        self, sentence: str, scope: Scope, placed: Placed[RuleSpec] | Placed[TableRow], lang: str, own: bool
    ) -> list[str | Expression]:
        done: list[str | Expression] = []
        position = 0
        two = placed.source.span((*placed.path, "because", lang)) != placed.source.span(
            (*placed.path, "because")
        )
        path = (("because", lang) if two else ("because",)) if own else ()
        for found in _PLACEHOLDER.finditer(sentence):
            done.append(sentence[position : found.start()])
            position = found.end()
            if found[0] in ("{{", "}}"):
                done.append(found[0][0])
            elif found[1] is None:
                help = f"write `{found[0] * 2}` for a brace that is part of the sentence"
                alone = Problem("E415", f"`{found[0]}` has no partner", found.span() if own else (0, 0), help)
                self.reporter.problems([alone], placed, *path)
            else:
                node, problems = check(found[1], scope)
                at = found.start(1)
                moved = [replace(p, span=(p.span[0] + at, p.span[1] + at)) for p in problems if not p.warning]
                self.reporter.problems(
                    moved if own else [replace(p, span=(0, 0)) for p in moved], placed, *path
                )
                if node is not None:
                    done.append(Expression(found[1], node))
        done.append(sentence[position:])
        return [part for part in done if part != ""]


def _alike(a: Type, b: Type) -> bool:
    """Whether two rules may compute a value of one name: of one unit; a split with the same decimals."""
    if a.element is not None or b.element is not None:
        return a == b
    return a.base is b.base and a.currency == b.currency and a.choices == b.choices


def _described(type_: Type) -> str:
    """A type in words; of a split what its parts are."""
    if type_.base is not Base.MAP or type_.element is None:
        return described(type_)
    of = f"{type_.element.unit} with {type_.element.scale} decimals"
    return f"a split of {of} among {', '.join(type_.keys)}"


def interval(period: Period | None) -> Interval:
    """A period of a document as days; open ends reach to the ends of the calendar."""
    if period is None:
        return Interval(FIRST_DAY, LAST_DAY)
    first = period.from_.toordinal() if period.from_ is not None else FIRST_DAY
    return Interval(first, period.to.toordinal() if period.to is not None else LAST_DAY)
