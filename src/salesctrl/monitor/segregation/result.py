"""What was found out about the segregation of duties."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cached_property

import polars as pl

from salesctrl.batch.frames import Frame, give
from salesctrl.batch.summary import Language
from salesctrl.monitor.segregation.matrix import Counted, Matrix, MatrixKind, matrix
from salesctrl.monitor.segregation.statements import Statements
from salesctrl.monitor.segregation.words import EXPIRED, SOON, UNEXPLAINED, WAIVED, WHY, word
from salesctrl.outcome import OUTCOMES, Outcome

COLUMNS = (
    "form", "outcome", "state", "id", "title", "who", "subject", "name", "department", "case", "duties", "by",
    "times", "on", "because", "instead", "owner", "approved_by", "until", "ends_soon",
)  # fmt: skip
"""The columns of findings, in their order."""


class SegregationResult:
    """Findings about the segregation of duties, and the questions that people ask of them.

    Attributes:
        as_of: The day of the judgement.
        rejected: What was not used of the input: ``source``, ``row`` (from 1), ``id``, ``code``, ``reason``.
        notices: What a person should know of the input and of waivers that are over.
    """

    def __init__(
        self,
        statements: Statements,
        as_of: date,
        found: pl.DataFrame,
        rejected: pl.DataFrame,
        notices: tuple[str, ...],
        kind: Frame,
    ):
        self._statements, self._found, self._kind = statements, found, kind
        self.as_of, self.rejected, self.notices = as_of, rejected, notices

    def __len__(self) -> int:
        return self._found.height

    def __repr__(self) -> str:
        counts = ", ".join(f"{count:,} {outcome}" for outcome, count in self.outcomes.items() if count)
        refused = f"; {self.rejected.height:,} rejected" if self.rejected.height else ""
        return f"SegregationResult(as of {self.as_of}: {counts or 'no findings'}{refused})"

    @cached_property
    def outcomes(self) -> dict[Outcome, int]:
        """How many findings came to each outcome, the gravest first."""
        counts = dict(self._found["outcome"].cast(pl.String).value_counts().iter_rows())
        return {outcome: counts.get(outcome.value, 0) for outcome in reversed(OUTCOMES)}

    @property
    def outcome(self) -> Outcome:
        """The gravest outcome; where something was rejected, not better than ``incomplete``."""
        worst = max((outcome for outcome, count in self.outcomes.items() if count), default=Outcome.ALLOW)
        return max(worst, Outcome.INCOMPLETE) if self.rejected.height else worst

    @property
    def findings(self) -> object:
        """The findings as a frame of the kind that was given, with titles and sentences in English.

        ``form`` (``design``, ``operation``, ``gap`` or ``input``), ``outcome``, ``state`` (``conflict``,
        ``waived``, ``expired`` or ``unjudged``), ``id`` and ``title`` of the statement, ``who`` the
        ``subject`` is, its ``name`` and ``department``, the ``case``, the ``duties``, ``by`` which roles or
        events, at which ``times``, ``on`` which day it is judged, ``because``; and of the waiver the
        control ``instead``, its ``owner``, who approved it, ``until`` when it is in force, and whether it
        ``ends_soon``.
        """
        return give(replace(self._kind, index=None, rows=len(self)), self.columns)

    @cached_property
    def columns(self) -> pl.DataFrame:
        """The findings as columns of Polars: see `findings`."""
        return self.in_words("en")

    def in_words(self, lang: Language) -> pl.DataFrame:
        """The findings with titles and sentences in a language."""
        found = self._found.join(
            self._statements.waivers.drop("id", "person", "role", "begins"),
            on="waiver", how="left", maintain_order="left",
        ).with_columns(instead=pl.col(f"instead_{lang}"), owner_title=self._owners(lang))  # fmt: skip
        ids = list(self._statements.by_id)
        titles = [self._statements.title(id).get(lang) for id in ids]
        reasons = [self._because(id, lang) for id in ids]
        place = lang == "zh"
        reason = _looked_up(ids, reasons)
        for key, words in WHY.items():
            reason = pl.when(pl.col("why") == key).then(_filled(words[place])).otherwise(reason)
        found = found.with_columns(title=_looked_up(ids, titles), because=reason)
        with_waiver = (
            pl.when(pl.col("state") == "waived")
            .then(_filled(WAIVED[place]))
            .when(pl.col("state") == "expired")
            .then(_filled(EXPIRED[place]))
            .otherwise("because")
        )
        found = found.with_columns(because=with_waiver)
        soon = pl.when(pl.col("ends_soon").fill_null(value=False)).then(_filled(SOON[place]))
        return found.with_columns(because=soon.otherwise("because")).select(COLUMNS)

    def _owners(self, lang: Language) -> pl.Expr:
        """What people call the owners of waivers."""
        owners = list(dict.fromkeys(one.owner for one in self._statements.segregation.waivers))
        titles = [self.title_of_role(owner, lang) for owner in owners]
        return pl.col("owner").replace_strict(owners, titles, default=None, return_dtype=pl.String)

    def _because(self, id: str, lang: Language) -> str:
        """Why a statement is made: its own sentence, or else what it says of which duties."""
        one = self._statements.by_id[id]
        if one.because is not None:
            return one.because.get(lang)
        duties = [duty for duty in self._statements.duties if duty in self._statements.duties_of(id)]
        between = "、" if lang == "zh" else ", "
        return word(UNEXPLAINED, lang, duties=between.join(self.title_of(duty, lang) for duty in duties))

    def matrix(self, kind: MatrixKind = "duties", of: Counted = "conflict") -> object:
        """What may not go together, as a frame of the kind that was given, with how often it does.

        Args:
            kind: ``duties``: how many findings there are of each pair; ``roles``: how many persons have an
                excluded pair from two roles, or from one alone; ``persons``: how many findings each has of
                each statement.
            of: Count ``conflict``, which are those without a waiver in force, or ``waived``.

        A cell is null where two things may go together, and 0 where they may not, and do not.
        """
        columns = self.grid(kind).frame(of)
        return give(replace(self._kind, index=None, rows=columns.height), columns)

    def grid(self, kind: MatrixKind = "duties", lang: Language = "en") -> Matrix:
        """The matrix behind the picture."""
        return matrix(kind, self._found, self._statements, lang)

    def svg(self, kind: MatrixKind = "duties", lang: Language = "en") -> str:
        """The matrix as a picture: one SVG, which needs nothing else."""
        from salesctrl.monitor.segregation.picture import to_svg

        return to_svg(self.grid(kind, lang), self.as_of, lang, self.rejected.height)

    def html(self, lang: Language = "en") -> str:
        """The result as a page of its own: the matrices, the findings, and what was not used."""
        from salesctrl.monitor.segregation.page import to_page

        return to_page(self, lang)

    def _repr_html_(self) -> str:
        from salesctrl.monitor.segregation.page import to_html

        return to_html(self, "en", most=20)

    def counted(self) -> Mapping[str, int]:
        """How many findings are conflicts, waived, and cannot be judged."""
        states = dict(self._found["state"].cast(pl.String).value_counts().iter_rows())
        return {
            "conflicts": states.get("conflict", 0) + states.get("expired", 0),
            "waived": states.get("waived", 0),
            "unjudged": states.get("unjudged", 0),
            "rejected": self.rejected.height,
        }

    def title_of(self, duty: str, lang: Language) -> str:
        """What people call a duty."""
        return self._statements.organisation.duty_title(duty).get(lang)

    def title_of_role(self, role: str, lang: Language) -> str:
        """What people call a role."""
        return self._statements.organisation.title(role).get(lang)


def _looked_up(keys: list[str], values: list[str]) -> pl.Expr:
    return pl.col("id").replace_strict(keys, values, default=None, return_dtype=pl.String)


def _filled(template: str) -> pl.Expr:
    """A sentence with the values of columns in it, by their names in braces."""
    parts = re.split(r"\{(\w+)\}", template)
    return pl.concat_str(
        pl.col(part).cast(pl.String) if place % 2 else pl.lit(part) for place, part in enumerate(parts)
    )
