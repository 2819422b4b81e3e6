"""What the policies state about the segregation of duties, as tables to join with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Protocol

import polars as pl

from salesctrl.compile.cases import Activities
from salesctrl.compile.plan import CheckedSet
from salesctrl.compile.segregation import CheckedProcess, Pair, Segregation
from salesctrl.policy.documents import LocalText
from salesctrl.policy.organisation import Organisation


class HasPolicies(Protocol):
    """An engine: all that is needed of it are its checked policies."""

    @property
    def checked(self) -> CheckedSet:
        """The checked policies."""


@dataclass(frozen=True)
class Statements:
    """Pairs, processes, roles with their duties, and waivers."""

    segregation: Segregation
    organisation: Organisation
    activities: Activities

    @classmethod
    def of(cls, engine: HasPolicies) -> Statements:
        """Those of an engine."""
        checked = engine.checked
        return cls(checked.segregation, checked.organisation, checked.cases.activities)

    @cached_property
    def pairs(self) -> pl.DataFrame:
        """Incompatible duties: ``id``, ``first``, ``second``."""
        rows = [(pair.id, pair.first, pair.second) for pair in self.segregation.pairs]
        return pl.DataFrame(rows, schema=dict.fromkeys(("id", "first", "second"), pl.String), orient="row")

    @cached_property
    def processes(self) -> pl.DataFrame:
        """The duties of processes: ``id``, ``duty``, ``place`` among the duties, ``count`` of these."""
        rows = [
            (process.id, duty, place, len(process.duties))
            for process in self.segregation.processes
            for place, duty in enumerate(process.duties)
        ]
        schema = {"id": pl.String, "duty": pl.String, "place": pl.UInt32, "count": pl.UInt32}
        return pl.DataFrame(rows, schema=schema, orient="row")

    @cached_property
    def role_duties(self) -> pl.DataFrame:
        """The duties of roles: ``role``, ``duty``."""
        rows = [
            (role, duty)
            for role, duties in self.segregation.duties_of.items()
            for duty in dict.fromkeys(duties)
        ]
        return pl.DataFrame(rows, schema=dict.fromkeys(("role", "duty"), pl.String), orient="row")

    @cached_property
    def waivers(self) -> pl.DataFrame:
        """Waivers in the order written: ``waiver``, ``id``, ``person``, ``role``, ``begins``, ``until``, ….

        The compensating control is there in both languages, with its owner and who approved it.
        """
        rows = [
            (number, one.of, one.person, one.role, date.fromordinal(one.first), date.fromordinal(one.last),
             one.instead.get("en"), one.instead.get("zh"), one.owner, one.approved_by)
            for number, one in enumerate(self.segregation.waivers)
        ]  # fmt: skip
        schema: dict[str, pl.DataType | type[pl.DataType]] = {
            "waiver": pl.UInt32, "id": pl.String, "person": pl.String, "role": pl.String, "begins": pl.Date,
            "until": pl.Date, "instead_en": pl.String, "instead_zh": pl.String, "owner": pl.String,
            "approved_by": pl.String,
        }  # fmt: skip
        return pl.DataFrame(rows, schema=schema, orient="row")

    @cached_property
    def duties(self) -> tuple[str, ...]:
        """The duties that stand in a pair or a process, in the order of the organisation."""
        named = {duty for pair in self.segregation.pairs for duty in (pair.first, pair.second)}
        named |= {duty for process in self.segregation.processes for duty in process.duties}
        return tuple(duty for duty in self.organisation.duties if duty in named)

    @cached_property
    def paired(self) -> tuple[str, ...]:
        """The duties that stand in a pair, in the order of the organisation."""
        named = {duty for pair in self.segregation.pairs for duty in (pair.first, pair.second)}
        return tuple(duty for duty in self.organisation.duties if duty in named)

    @cached_property
    def by_id(self) -> Mapping[str, Pair | CheckedProcess]:
        """A pair, or the process, of each id."""
        found: dict[str, Pair | CheckedProcess] = {}
        for one in self._all():
            found.setdefault(one.id, one)
        return found

    def _all(self) -> Iterator[Pair | CheckedProcess]:
        yield from self.segregation.pairs
        yield from self.segregation.processes

    def duties_of(self, id: str) -> frozenset[str]:
        """The duties of all pairs, or of the process, of an id."""
        pairs = {
            duty for pair in self.segregation.pairs if pair.id == id for duty in (pair.first, pair.second)
        }
        processes = {duty for one in self.segregation.processes if one.id == id for duty in one.duties}
        return frozenset(pairs | processes)

    def title(self, id: str) -> LocalText:
        """What people call a pair or a process."""
        found = self.by_id.get(id)
        return LocalText(en=id, zh=id) if found is None else found.title
