"""The organisation, resolved: who holds which role on which date, up to which amount, and what excludes what.

Dates are ordinals (``date.toordinal()``), both ends of a period belong to it, and an end that is left out is
open. Persons, roles and duties are compared after NFKC normalisation, without surrounding space.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

from salesctrl.calendar import WorkCalendar
from salesctrl.diagnostics import Diagnostics, Span, suggest
from salesctrl.numbers import pow10
from salesctrl.policy.documents import LocalText, OrganisationDocument
from salesctrl.policy.literals import BadLiteral, parse_literal
from salesctrl.policy.types import Base

if TYPE_CHECKING:
    from salesctrl.policy.loader import Loaded

K = TypeVar("K")
V = TypeVar("V")

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Limit(NamedTuple):
    """An amount up to which somebody may approve, the amount itself included.

    ``amount`` counts units of ``10**-decimals``; without a ``currency`` it is of whatever currency it is
    compared with.
    """

    amount: int
    decimals: int
    currency: str | None

    def allows(self, amount: int, decimals: int) -> bool:
        """Whether an amount of the same currency, given with its own number of decimals, is within the limit.

        >>> Limit(500, 0, "CNY").allows(50000, 2), Limit(500, 0, "CNY").allows(50001, 2)
        (True, False)
        """
        return amount * pow10(self.decimals) <= self.amount * pow10(decimals)


@dataclass(frozen=True, slots=True)
class Holding:
    """How somebody comes to act in a role on a date: it is their own, or it was delegated to them.

    ``from_person``, ``amount_limit`` and ``control_points`` (none: everywhere) are those of the delegation.
    """

    person: str
    role: str
    via: Literal["own", "delegation"]
    from_person: str | None = None
    amount_limit: Limit | None = None
    control_points: tuple[str, ...] = ()

    def reaches(self, control_point: str | None) -> bool:
        """Whether it holds at a control point; None asks about none in particular.

        >>> Holding("120", "cfo", "delegation", "101", None, ("order.release",)).reaches("contract.sign")
        False
        """
        return control_point is None or not self.control_points or control_point in self.control_points


class Conflict(NamedTuple):
    """Another duty that the same person may not do in the same case, and the rule that says so."""

    duty: str
    id: str
    because: LocalText | None


class _Tenure(NamedTuple):
    """Somebody holds a role from a date to a date."""

    person: str
    first: int
    last: int


class _Grant(NamedTuple):
    """A delegation with its dates."""

    holding: Holding
    first: int
    last: int


@dataclass(frozen=True, slots=True, eq=False)
class Organisation:
    """Roles, authority limits, duties, persons, delegations and the work calendar, indexed; never changes.

    `build_organisation` makes it from the documents. One without documents knows no roles and no persons.

    >>> Organisation().lists_persons
    False
    """

    calendar: WorkCalendar = field(default_factory=WorkCalendar)
    _titles: Mapping[str, LocalText] = field(default_factory=dict, repr=False)
    _role_names: Mapping[str, str] = field(default_factory=dict, repr=False)
    _superiors: Mapping[str, str] = field(default_factory=dict, repr=False)
    _limits: Mapping[tuple[str, str | None], Limit] = field(default_factory=dict, repr=False)
    _duty_titles: Mapping[str, LocalText] = field(default_factory=dict, repr=False)
    _duty_names: Mapping[str, str] = field(default_factory=dict, repr=False)
    _conflicts: Mapping[str, tuple[Conflict, ...]] = field(default_factory=dict, repr=False)
    _persons: Mapping[str, LocalText] = field(default_factory=dict, repr=False)
    _tenures: Mapping[str, tuple[_Tenure, ...]] = field(default_factory=dict, repr=False)
    _own: Mapping[tuple[str, str], tuple[_Tenure, ...]] = field(default_factory=dict, repr=False)
    _grants: Mapping[str, tuple[_Grant, ...]] = field(default_factory=dict, repr=False)
    _granted: Mapping[tuple[str, str], tuple[_Grant, ...]] = field(default_factory=dict, repr=False)

    @property
    def roles(self) -> tuple[str, ...]:
        """All roles, in the order written."""
        return tuple(self._titles)

    def role(self, text: str) -> str | None:
        """The role that a name, alias or title means; None where it means none, or a title of several."""
        return self._role_names.get(normal(text))

    def title(self, role: str) -> LocalText:
        """What people call a role; its name where it has no title."""
        return self._titles.get(role) or _same(role)

    def above(self, role: str) -> tuple[str, ...]:
        """The role itself, then whom it reports to, and so on to the top."""
        chain = [role]
        while (superior := self._superiors.get(chain[-1])) is not None:
            chain.append(superior)
        return tuple(chain)

    def limit(self, role: str, control_point: str | None) -> Limit | None:
        """Up to which amount a role may approve; a limit of the control point goes before a general one."""
        own = self._limits.get((role, control_point))
        return own if own is not None else self._limits.get((role, None))

    @property
    def duties(self) -> tuple[str, ...]:
        """All duties, in the order written."""
        return tuple(self._duty_titles)

    def duty(self, text: str) -> str | None:
        """The duty that a name or title means, or None."""
        return self._duty_names.get(normal(text))

    def duty_title(self, duty: str) -> LocalText:
        """What people call a duty; its name where it has no title."""
        return self._duty_titles.get(duty) or _same(duty)

    def conflicts(self, duty: str) -> tuple[Conflict, ...]:
        """What the person who does a duty may not do in the same case."""
        return self._conflicts.get(duty, ())

    @property
    def lists_persons(self) -> bool:
        """Whether persons are known; if not, a role that an approval states is taken at its word."""
        return bool(self._persons)

    def knows(self, person: str) -> bool:
        """Whether the person is listed."""
        return normal(person) in self._persons

    def person_name(self, person: str) -> LocalText:
        """The name of a person; the id where the person is not listed."""
        return self._persons.get(normal(person)) or _same(person)

    def holdings(self, person: str, role: str, on: int) -> tuple[Holding, ...]:
        """Every way in which a person acts in a role on a date, their own first.

        A delegation counts while the one who gave it holds the role themselves: what was delegated to
        somebody cannot be passed on.
        """
        person = normal(person)
        found = [Holding(person, role, "own")] if self._holds_itself(person, role, on) else []
        for grant in self._granted.get((person, role), ()):
            if self._in_force(grant, on):
                found.append(grant.holding)
        return tuple(found)

    def holds(self, person: str, role: str, on: int, control_point: str | None = None) -> Holding | None:
        """How a person acts in a role on a date (and at a control point), or None where they do not."""
        ways = self.holdings(person, role, on)
        return next((holding for holding in ways if holding.reaches(control_point)), None)

    def persons_of(self, role: str, on: int) -> tuple[str, ...]:
        """Who acts in a role on a date: those who hold it, then those to whom it is delegated."""
        found = [t.person for t in self._tenures.get(role, ()) if t.first <= on <= t.last]
        found += [g.holding.person for g in self._grants.get(role, ()) if self._in_force(g, on)]
        return tuple(dict.fromkeys(found))

    def _holds_itself(self, person: str, role: str, on: int) -> bool:
        return any(t.first <= on <= t.last for t in self._own.get((person, role), ()))

    def _in_force(self, grant: _Grant, on: int) -> bool:
        giver = grant.holding.from_person or ""
        return grant.first <= on <= grant.last and self._holds_itself(giver, grant.holding.role, on)


def normal(text: str) -> str:
    """A text as names of persons, roles and duties are compared: NFKC, without surrounding space.

    >>> normal(" １２０ ")
    '120'
    """
    return text.strip() if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def build_organisation(
    documents: Sequence[Loaded[OrganisationDocument]],
    diagnostics: Diagnostics,
    control_points: Iterable[str] | None = None,
) -> Organisation:
    """Check the organisation documents, and index them as one organisation.

    What is wrong goes to ``diagnostics`` with its place; what comes back while there are errors is good for
    further checks only.

    Args:
        documents: Each with its source, for the places of what is wrong.
        diagnostics: Where to report. ``E401`` unknown role; ``E402`` unknown duty; ``E420`` unknown person;
            ``E421`` a role that reports to itself in the end; ``E422`` an alias, limit or id given twice;
            ``E425`` a bad amount; ``E426`` a delegation to oneself, or a week without a working day;
            ``W420`` a control point that no policy names; ``W421`` a delegation that nobody can use. The
            loader has reported roles, duties, persons and calendars that are given twice (``E208``); the
            first of them counts.
        control_points: All that policies name; without it they are not checked.
    """
    return _Builder(documents, diagnostics, control_points).build()


class _Place(NamedTuple):
    """Where something stands: in which document, and at which path of it."""

    loaded: Loaded[OrganisationDocument]
    path: tuple[str | int, ...]

    def down(self, *path: str | int) -> _Place:
        """The place below."""
        return _Place(self.loaded, (*self.path, *path))

    def span(self) -> Span:
        """The place in the file."""
        return self.loaded.source.span(self.path)


class _Builder:
    """Checks and indexes, one part of the documents after the other."""

    def __init__(
        self,
        documents: Sequence[Loaded[OrganisationDocument]],
        diagnostics: Diagnostics,
        control_points: Iterable[str] | None,
    ):
        self.documents = [(loaded.doc, _Place(loaded, ())) for loaded in documents]
        self.diagnostics = diagnostics
        self.control_points = None if control_points is None else frozenset(control_points)
        self.titles: dict[str, LocalText] = {}
        self.role_names: dict[str, str] = {}
        self.duty_titles: dict[str, LocalText] = {}
        self.duty_names: dict[str, str] = {}
        self.persons: dict[str, LocalText] = {}
        self.person_ids: dict[str, str] = {}
        self.own: dict[tuple[str, str], list[_Tenure]] = {}

    def build(self) -> Organisation:
        self._name_roles()
        superiors = self._superiors()
        limits = self._limits()
        self._name_duties()
        conflicts = self._conflicts()
        self._list_persons()
        granted = self._delegations()
        tenures = ((role, tenure) for (_, role), held in self.own.items() for tenure in held)
        return Organisation(
            calendar=self._calendar(),
            _titles=self.titles,
            _role_names=self.role_names,
            _superiors=superiors,
            _limits=limits,
            _duty_titles=self.duty_titles,
            _duty_names=self.duty_names,
            _conflicts=conflicts,
            _persons=self.persons,
            _tenures=_grouped(tenures),
            _own={key: tuple(held) for key, held in self.own.items()},
            _grants=_grouped((grant.holding.role, grant) for grant in granted),
            _granted=_grouped(((grant.holding.person, grant.holding.role), grant) for grant in granted),
        )

    # --- roles -------------------------------------------------------------------------------------

    def _name_roles(self) -> None:
        for doc, top in self.documents:
            for name, spec in doc.roles.items():
                if name not in self.titles:
                    self.titles[name] = _filled(spec.title, name)
                    self._name(self.role_names, name, name, "role", top.down("roles", name))
        for doc, top in self.documents:
            for name, spec in doc.roles.items():
                for index, alias in enumerate(spec.aliases):
                    self._name(
                        self.role_names, alias, name, "role", top.down("roles", name, "aliases", index)
                    )
        _add_titles(self.titles, self.role_names)

    def _superiors(self) -> dict[str, str]:
        superiors: dict[str, str] = {}
        place: dict[str, _Place] = {}
        for doc, top in self.documents:
            for name, spec in doc.roles.items():
                if spec.reports_to is not None and name not in place:
                    place[name] = top.down("roles", name, "reports_to")
                    superior = self._role(spec.reports_to, place[name])
                    if superior is not None:
                        superiors[name] = superior
        checked: set[str] = set()
        for name in list(superiors):
            path: dict[str, None] = {}
            here: str | None = name
            while here is not None and here not in checked and here not in path:
                path[here] = None
                here = superiors.get(here)
            if here is not None and here in path:
                cycle = list(path)[list(path).index(here) :]
                message = f"the role `{here}` reports to itself: {' -> '.join([*cycle, here])}"
                self._error("E421", message, place[here], "leave out `reports_to` of the role at the top")
                for member in cycle:
                    del superiors[member]
            checked.update(path)
        return superiors

    def _limits(self) -> dict[tuple[str, str | None], Limit]:
        limits: dict[tuple[str, str | None], Limit] = {}
        first: dict[tuple[str, str | None], _Place] = {}
        for doc, top in self.documents:
            for index, spec in enumerate(doc.authority):
                at = top.down("authority", index)
                role = self._role(spec.role, at.down("role"))
                limit = self._amount(spec.amount, at.down("amount"))
                where = ""
                if spec.control_point is not None:
                    self._control_point(spec.control_point, at.down("control_point"))
                    where = f" at `{spec.control_point}`"
                key = (role or spec.role, spec.control_point)
                if self._is_new(key, f"the authority limit of `{key[0]}`{where}", at, first):
                    limits[key] = limit
        return limits

    # --- duties ------------------------------------------------------------------------------------

    def _name_duties(self) -> None:
        for doc, top in self.documents:
            for name, spec in doc.duties.items():
                if name not in self.duty_titles:
                    self.duty_titles[name] = _filled(spec.title, name)
                    self._name(self.duty_names, name, name, "duty", top.down("duties", name))
        _add_titles(self.duty_titles, self.duty_names)

    def _conflicts(self) -> dict[str, tuple[Conflict, ...]]:
        conflicts: list[tuple[str, Conflict]] = []
        first: dict[str, _Place] = {}
        for doc, top in self.documents:
            for index, spec in enumerate(doc.incompatible):
                at = top.down("incompatible", index)
                if not self._is_new(spec.id, f"the id `{spec.id}`", at.down("id"), first):
                    continue
                found = [self._duty(text, at.down("duties", n)) for n, text in enumerate(spec.duties)]
                named = [duty for duty in found if duty is not None]
                duties = list(dict.fromkeys(named))
                if len(duties) < len(named):
                    message = f"expected different duties in `{spec.id}` but got one of them twice"
                    hint = "a duty is not incompatible with itself"
                    self._error("E422", message, at.down("duties"), hint)
                conflicts += [
                    (duty, Conflict(other, spec.id, spec.because))
                    for duty in duties
                    for other in duties
                    if other != duty
                ]
        return _grouped(conflicts)

    # --- persons -----------------------------------------------------------------------------------

    def _list_persons(self) -> None:
        for doc, top in self.documents:
            for text, spec in doc.persons.items():
                person, at = normal(text), top.down("persons", text)
                self._name(self.person_ids, text, text, "person", at)
                if person in self.persons:
                    continue
                self.persons[person] = spec.name
                for index, held in enumerate(spec.roles):
                    role = self._role(held.role, at.down("roles", index, "role"))
                    if role is not None:
                        tenure = _Tenure(person, _first(held.from_), _last(held.to))
                        self.own.setdefault((person, role), []).append(tenure)

    def _delegations(self) -> list[_Grant]:
        granted: list[_Grant] = []
        for doc, top in self.documents:
            for index, spec in enumerate(doc.delegations):
                at = top.down("delegations", index)
                giver = self._person(spec.from_, at.down("from"))
                taker = self._person(spec.to, at.down("to"))
                role = self._role(spec.role, at.down("role"))
                limit = None if spec.amount is None else self._amount(spec.amount, at.down("amount"))
                for position, name in enumerate(spec.control_points):
                    self._control_point(name, at.down("control_points", position))
                if giver is None or taker is None or role is None:
                    continue
                if giver == taker:
                    hint = "name the person who acts instead"
                    self._error("E426", f"`{giver}` delegates to themselves", at.down("to"), hint)
                    continue
                holding = Holding(taker, role, "delegation", giver, limit, spec.control_points)
                grant = _Grant(holding, _first(spec.effective.from_), _last(spec.effective.to))
                granted.append(grant)
                held = self.own.get((giver, role), ())
                if not any(t.first <= grant.last and grant.first <= t.last for t in held):
                    self.diagnostics.warning(
                        "W421",
                        f"`{giver}` delegates the role `{spec.role}` but does not hold it in that period",
                        at.down("role").span(),
                        help="only those who hold a role themselves can delegate it: "
                        "correct the role, the person or the period",
                    )
        return granted

    # --- the calendar ------------------------------------------------------------------------------

    def _calendar(self) -> WorkCalendar:
        for doc, top in self.documents:
            spec = doc.calendar
            if spec is None:
                continue
            weekend = [WEEKDAYS.index(day) + 1 for day in spec.weekend]
            if len(set(weekend)) == len(WEEKDAYS):
                hint = "leave out the days that are worked"
                self._error(
                    "E426", "the weekend leaves no working day", top.down("calendar", "weekend"), hint
                )
                continue
            return WorkCalendar.of(weekend=weekend, holidays=spec.holidays, extra_workdays=spec.workdays)
        return WorkCalendar()

    # --- looking up, and saying what is wrong ------------------------------------------------------

    def _role(self, text: str, at: _Place) -> str | None:
        return self._look_up("E401", "role", text, self.role_names, at)

    def _duty(self, text: str, at: _Place) -> str | None:
        return self._look_up("E402", "duty", text, self.duty_names, at)

    def _person(self, text: str, at: _Place) -> str | None:
        found = self._look_up("E420", "person", text, self.person_ids, at)
        return None if found is None else normal(found)

    def _look_up(self, code: str, noun: str, text: str, names: Mapping[str, str], at: _Place) -> str | None:
        found = names.get(normal(text))
        if found is None:
            near = suggest(text, names)
            hint = f"did you mean `{near}`?" if near else f"list the {noun} in an organisation document"
            self._error(code, f"unknown {noun} `{text}`", at, hint)
        return found

    def _amount(self, text: str, at: _Place) -> Limit:
        """The limit that a text gives; where it is wrong, one that allows nothing."""
        message = f"expected an amount of money but got `{text}`"
        try:
            constant = parse_literal(text)
        except BadLiteral as error:
            message = str(error)
        else:
            amount, type_ = constant.value, constant.type
            is_amount = type_.base is Base.MONEY or (type_.base is Base.NUMBER and not type_.percent)
            if is_amount and type_.scale is not None and isinstance(amount, int) and amount >= 0:
                return Limit(amount, type_.scale, type_.currency)
        self._error("E425", message, at, "write it as in `500000 CNY`")
        return Limit(-1, 0, None)

    def _control_point(self, name: str, at: _Place) -> None:
        if self.control_points is not None and name not in self.control_points:
            near = suggest(name, self.control_points)
            self.diagnostics.warning(
                "W420",
                f"no policy names the control point `{name}`, so this has no effect",
                at.span(),
                help=f"did you mean `{near}`?" if near else "correct the name, or delete the entry",
            )

    def _name(self, names: dict[str, str], text: str, of: str, noun: str, at: _Place) -> None:
        """Let a text name something, unless it names something else already."""
        other = names.setdefault(normal(text), of)
        if other != of:
            message = f"`{text}` already names the {noun} `{other}`"
            self._error("E422", message, at, f"leave the name with one {noun}")

    def _is_new(self, name: K, what: str, at: _Place, first: dict[K, _Place]) -> bool:
        """Whether something is given for the first time; if not, that is an error."""
        before = first.setdefault(name, at)
        if before is at:
            return True
        self.diagnostics.error(
            "E422",
            f"{what} is given twice",
            at.span(),
            help="delete one of the two",
            notes=[("first given here", before.span())],
        )
        return False

    def _error(self, code: str, message: str, at: _Place, hint: str) -> None:
        self.diagnostics.error(code, message, at.span(), hint)


def _grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, tuple[V, ...]]:
    groups: dict[K, list[V]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in groups.items()}


def _add_titles(titles: Mapping[str, LocalText], names: dict[str, str]) -> None:
    """Let titles name what they are the title of, unless something else has that name or title too."""
    meant: dict[str, set[str]] = {}
    for name, title in titles.items():
        for text in (title.en, title.zh):
            if text:
                meant.setdefault(normal(text), set()).add(name)
    for text, owners in meant.items():
        if len(owners) == 1:
            names.setdefault(text, *owners)


def _same(text: str) -> LocalText:
    return LocalText(en=text, zh=text)


def _filled(title: LocalText | None, name: str) -> LocalText:
    return _same(name) if title is None else title


def _first(day: date | None) -> int:
    return date.min.toordinal() if day is None else day.toordinal()


def _last(day: date | None) -> int:
    return date.max.toordinal() if day is None else day.toordinal()
