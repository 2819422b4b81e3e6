"""Segregation of duties, resolved: which duties go with a role, which exclude one another, for whom not.

The pairs and the processes are stated once, in the organisation. Who *could* break them (roles as assigned),
who *did* (events of a case), and what one person does from end to end are three readings of this statement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

from salesctrl.calendar import FIRST_DAY
from salesctrl.diagnostics import Diagnostics, Span, suggest
from salesctrl.policy.documents import LocalText, OrganisationDocument, Process
from salesctrl.policy.loader import Loaded
from salesctrl.policy.organisation import Organisation, normal

_DECLARE = {
    "E401": "declare it under `roles` of the organisation",
    "E402": "declare it under `duties` of the organisation",
    "E420": "declare it under `persons` of the organisation",
}


class Pair(NamedTuple):
    """Two duties that one person may not do in the same case; ``id`` is that of the statement."""

    id: str
    first: str
    second: str
    title: LocalText
    because: LocalText | None


class CheckedProcess(NamedTuple):
    """Duties from end to end, all of which one person or department must not do."""

    id: str
    title: LocalText
    duties: tuple[str, ...]
    because: LocalText | None


class CheckedWaiver(NamedTuple):
    """That a pair or a process does not count for a person or a role, from a day to a day (ordinals)."""

    of: str
    person: str | None
    role: str | None
    instead: LocalText
    owner: str
    approved_by: str | None
    first: int
    last: int

    def counts(self, on: int) -> bool:
        """Whether it is in force on a day."""
        return self.first <= on <= self.last


@dataclass(frozen=True, slots=True)
class Segregation:
    """All statements about the segregation of duties."""

    pairs: tuple[Pair, ...] = ()
    processes: tuple[CheckedProcess, ...] = ()
    waivers: tuple[CheckedWaiver, ...] = ()
    duties_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The duties that go with a role, by role."""

    def waiver(self, of: str, person: str | None, roles: Sequence[str], on: int) -> CheckedWaiver | None:
        """The waiver that lets a person, in one of these roles, do what is excluded on a day."""
        for waiver in self.waivers:
            holds = waiver.person == person if waiver.person is not None else waiver.role in roles
            if waiver.of == of and holds and waiver.counts(on):
                return waiver
        return None


def build_segregation(
    documents: Sequence[Loaded[OrganisationDocument]], organisation: Organisation, diagnostics: Diagnostics
) -> Segregation:
    """Resolve roles, duties and waivers.

    What is wrong goes to ``diagnostics``: ``E402`` unknown duty, ``E401`` unknown role, ``E420`` unknown
    person, ``E422`` a duty that stands in a process twice, ``E431`` a waiver of something that is neither
    incompatible duties nor a process, a process with the id of incompatible duties, and a waiver that
    somebody approves for themselves. Duties of incompatible sets have been reported with the organisation.
    """
    return _Builder(documents, organisation, diagnostics).build()


class _Builder:
    def __init__(
        self,
        documents: Sequence[Loaded[OrganisationDocument]],
        organisation: Organisation,
        diagnostics: Diagnostics,
    ):
        self._documents = documents
        self._organisation = organisation
        self._diagnostics = diagnostics

    def build(self) -> Segregation:
        pairs: dict[tuple[str, frozenset[str]], Pair] = {}
        processes: dict[str, CheckedProcess] = {}
        duties_of: dict[str, tuple[str, ...]] = {}
        for loaded in self._documents:
            for spec in loaded.doc.incompatible:
                duties = [d for text in spec.duties if (d := self._organisation.duty(text)) is not None]
                for first, second in combinations(dict.fromkeys(duties), 2):
                    title = spec.title or _same(spec.id)
                    pair = Pair(spec.id, first, second, title, spec.because)
                    pairs.setdefault((spec.id, frozenset((first, second))), pair)
            for name, process in loaded.doc.processes.items():
                found = self._duties(loaded, process.duties, "processes", name, "duties")
                self._check_process(loaded, name, process, found)
                title = process.title or _same(name)
                processes.setdefault(name, CheckedProcess(name, title, found, process.because))
            for name, role in loaded.doc.roles.items():
                found = self._duties(loaded, role.duties, "roles", name, "duties")
                duties_of[name] = (*duties_of.get(name, ()), *found)
        known = {spec.id for loaded in self._documents for spec in loaded.doc.incompatible} | set(processes)
        waivers = self._waivers(known)
        return Segregation(tuple(pairs.values()), tuple(processes.values()), waivers, duties_of)

    def _duties(
        self, loaded: Loaded[OrganisationDocument], texts: Sequence[str], *path: str | int
    ) -> tuple[str, ...]:
        found: list[str] = []
        for i, text in enumerate(texts):
            duty = self._organisation.duty(text)
            if duty is None:
                self._unknown("E402", "duty", text, self._organisation.duties, loaded.source.span((*path, i)))
            else:
                found.append(duty)
        return tuple(dict.fromkeys(found))

    def _check_process(
        self, loaded: Loaded[OrganisationDocument], name: str, spec: Process, found: Sequence[str]
    ) -> None:
        """A process has different duties, and a name by which a waiver means it and nothing else."""
        if len(found) < sum(self._organisation.duty(text) is not None for text in spec.duties):
            self._diagnostics.error(
                "E422", f"expected different duties in `{name}` but got one of them twice",
                loaded.source.span(("processes", name, "duties")), help="leave it out",
            )  # fmt: skip
        if any(name == other.id for one in self._documents for other in one.doc.incompatible):
            self._diagnostics.error(
                "E431", f"`{name}` already names incompatible duties",
                loaded.source.span(("processes", name), key=True), help="give the process another name",
            )  # fmt: skip

    def _waivers(self, known: set[str]) -> tuple[CheckedWaiver, ...]:
        done: list[CheckedWaiver] = []
        for loaded in self._documents:
            for i, spec in enumerate(loaded.doc.waivers):
                if spec.of not in known:
                    what = "set of incompatible duties or process"
                    self._unknown("E431", what, spec.of, known, loaded.source.span(("waivers", i, "of")))
                owner = self._role(loaded, spec.owner, "waivers", i, "owner")
                role = None if spec.role is None else self._role(loaded, spec.role, "waivers", i, "role")
                for key in ("person", "approved_by"):
                    named: str | None = getattr(spec, key)
                    if named is None or not self._organisation.lists_persons:
                        continue
                    if not self._organisation.knows(named):
                        span = loaded.source.span(("waivers", i, key))
                        self._unknown("E420", "person", named, (), span)
                first = FIRST_DAY if spec.from_ is None else spec.from_.toordinal()
                person = None if spec.person is None else normal(spec.person)
                approved_by = None if spec.approved_by is None else normal(spec.approved_by)
                if person is not None and person == approved_by:
                    self._diagnostics.error(
                        "E431", f"the waiver for `{person}` is approved by the same person",
                        loaded.source.span(("waivers", i, "approved_by")), help="have another approve it",
                    )  # fmt: skip
                done.append(
                    CheckedWaiver(
                        spec.of, person, role, spec.instead, owner or spec.owner, approved_by, first,
                        spec.until.toordinal(),
                    )
                )  # fmt: skip
        return tuple(done)

    def _role(self, loaded: Loaded[OrganisationDocument], text: str, *path: str | int) -> str | None:
        role = self._organisation.role(text)
        if role is None:
            self._unknown("E401", "role", text, self._organisation.roles, loaded.source.span(path))
        return role

    def _unknown(self, code: str, what: str, text: str, known: Sequence[str] | set[str], span: Span) -> None:
        near = suggest(text, sorted(known))
        help = f"did you mean `{near}`?" if near else _DECLARE.get(code)
        self._diagnostics.error(code, f"unknown {what} `{text}`", span, help=help)


def _same(name: str) -> LocalText:
    return LocalText(en=name, zh=name)
