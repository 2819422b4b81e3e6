"""What must be unique across the documents of a policy set: kinds, roles, rule ids, versions in force."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from salesctrl.diagnostics import Diagnostics, Span, quoted
from salesctrl.policy.documents import (
    CaseControlDocument,
    LadderDocument,
    MetricDocument,
    ObligationDocument,
    OrganisationDocument,
    OverlayDocument,
    Pack,
    Part,
    PolicyDocument,
    RuleSpec,
    ScheduleDocument,
    TableSpec,
    TestsDocument,
    TimelineDocument,
    Vocabulary,
)
from salesctrl.policy.documents_errors import Path, resolve
from salesctrl.policy.source import SourceDocument

if TYPE_CHECKING:
    from salesctrl.policy.loader import Loaded


def check_set(documents: Sequence[Loaded[Part]], diagnostics: Diagnostics) -> None:
    """Report what stands twice in a set of documents and may stand there once."""
    _check_names(documents, diagnostics)
    _check_versions(documents, diagnostics)
    _check_rule_ids(documents, diagnostics)


# --- documents and their parts: E208 ---------------------------------------------------------------


def _check_names(documents: Sequence[Loaded[Part]], diagnostics: Diagnostics) -> None:
    first: dict[Hashable, Span] = {}
    for loaded in documents:
        for what, name, path, key in _named(loaded.doc):
            span = loaded.source.span(path, key=key)
            earlier = first.setdefault((_SHARED.get(what, what), name), span)
            if earlier is not span:
                message = f"duplicate {what}" if name is None else f"duplicate {what} {quoted(name)}"
                help_ = _HELP.get(what, "merge the two, or give one another name")
                diagnostics.error("E208", message, span, help_, [("it stands first here", earlier)])


_SHARED = {"timeline": "document of tests"}
"""What takes its names from those of another: results name a case by the document alone."""
_HELP = {
    "pack": "a policy set has one pack",
    "calendar": "a policy set has one calendar: merge them",
    "timeline": "timelines and documents of tests share their names: give one another",
    "title of the kind": "a kind may stand in several vocabularies, but with its title in one of them",
}


def _named(document: Part) -> Iterator[tuple[str, str | None, Path, bool]]:
    """What stands once in a set: what it is, its name, its path, and whether the key is meant."""
    match document:
        case Pack():
            yield "pack", None, ("pack",), False
        case Vocabulary():
            for name, kind in document.kinds.items():
                if kind.title is not None:
                    yield "title of the kind", name, ("kinds", name, "title"), True
                for field in kind.fields:
                    yield "field", f"{name}.{field}", ("kinds", name, "fields", field), True
            for name in document.activities:
                yield "activity", name, ("activities", name), True
        case OrganisationDocument():
            for key, what in (
                ("roles", "role"),
                ("duties", "duty"),
                ("processes", "process"),
                ("persons", "person"),
            ):
                for name in getattr(document, key):
                    yield what, name, (key, name), True
            if document.calendar is not None:
                yield "calendar", None, ("calendar",), True
        case TestsDocument():
            yield "document of tests", document.tests, ("tests",), False
        case TimelineDocument():
            yield "timeline", document.timeline, ("timeline",), False
        case ScheduleDocument():
            yield "schedule", document.schedule, ("schedule",), False
        case OverlayDocument():
            yield "overlay", document.overlay, ("overlay",), False


# --- versions of a policy: E211 ----------------------------------------------------------------------


_Versioned = PolicyDocument | MetricDocument | ObligationDocument | CaseControlDocument | LadderDocument


def _noun_of(doc: _Versioned) -> str:
    return "control" if isinstance(doc, CaseControlDocument) else doc.noun.split()[-1]


def _name_of(doc: _Versioned) -> str:
    match doc:
        case PolicyDocument():
            return doc.policy
        case MetricDocument():
            return doc.metric
        case CaseControlDocument():
            return doc.case_control
        case LadderDocument():
            return doc.ladder
    return doc.obligation


def _check_versions(documents: Sequence[Loaded[Part]], diagnostics: Diagnostics) -> None:
    versions: dict[str, list[tuple[_Versioned, SourceDocument]]] = defaultdict(list)
    for loaded in documents:
        if isinstance(loaded.doc, _Versioned):
            versions[_name_of(loaded.doc)].append((loaded.doc, loaded.source))
    for name, several in versions.items():
        noun = _noun_of(several[0][0])
        several.sort(key=lambda version: version[0].effective.from_ or date.min)
        latest, latest_source = several[0]
        for version, source in several[1:]:
            if version.effective.overlaps(latest.effective):
                start = version.effective.from_
                when = "at the same time" if start is None else f"on {start}"
                if start is not None and start > (latest.effective.from_ or date.min):
                    help_ = f"end the earlier one with `to: {start - timedelta(days=1)}`"
                else:
                    help_ = (
                        "give versions periods that do not overlap, and different policies different names"
                    )
                diagnostics.error(
                    "E211",
                    f"two versions of the {noun} `{name}` are in force {when}",
                    _effective(source),
                    help_,
                    [("the other version", _effective(latest_source))],
                )
            if (version.effective.to or date.max) >= (latest.effective.to or date.max):
                latest, latest_source = version, source


def _effective(source: SourceDocument) -> Span:
    path, absent = resolve(source.data, ("effective",))
    return source.span((next(iter(source.data)),) if absent and isinstance(source.data, dict) else path)


# --- ids of rules: E209 --------------------------------------------------------------------------------


_ID_HELP = "give one of the two another: exceptions and findings name rules by it"


@dataclass(frozen=True, slots=True)
class _Use:
    """An id that is used: as what, by which policy or overlay, and where."""

    what: str
    owner: str
    source: SourceDocument
    path: Path
    key: bool

    def span(self) -> Span:
        return self.source.span(resolve(self.source.data, self.path)[0], key=self.key)


@dataclass(slots=True)
class _Ids:
    """The ids of the rules in a set."""

    uses: dict[str, list[_Use]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, use: _Use, diagnostics: Diagnostics) -> bool:
        """Add the use of an id, and report it if another rule has it.

        Versions of one policy may use the same id: only one of them is in force.
        """
        uses = self.uses[name]
        other = next((u for u in uses if u.source is use.source or u.owner != use.owner), None)
        if other is not None:
            notes = [("it is also used here", other.span())]
            diagnostics.error("E209", f"duplicate {use.what} {quoted(name)}", use.span(), _ID_HELP, notes)
        uses.append(use)
        return other is None

    def add_all(
        self,
        owner: str,
        source: SourceDocument,
        below: Path,
        rules: Sequence[RuleSpec],
        tables: Mapping[str, TableSpec],
        diagnostics: Diagnostics,
    ) -> None:
        """Add the rules of a policy, and the rows of its tables that are rules."""
        for index, rule in enumerate(rules):
            at: Path = (*below, "rules", index, "id")
            self.add(rule.id, _Use("rule id", owner, source, at, False), diagnostics)
        for name, table in tables.items():
            path: Path = (*below, "tables", name)
            table_use = _Use("name of a table of rules", owner, source, path, True)
            rows = [(index, row) for index, row in enumerate(table.rows) if row.has_effect]
            if rows and not self.add(name, table_use, diagnostics):
                continue  # its rows would only say the same again
            for index, row in rows:
                key = row.id is None
                at = path if key else (*path, "rows", index, "id")
                use = _Use("rule id", owner, source, at, key)
                self.add(row.id or f"{name}#{index + 1}", use, diagnostics)

    def copy(self) -> _Ids:
        """The same ids, to which an overlay may add its own."""
        return _Ids(defaultdict(list, {name: list(uses) for name, uses in self.uses.items()}))


def _check_rule_ids(documents: Sequence[Loaded[Part]], diagnostics: Diagnostics) -> None:
    ids = _Ids()
    for loaded in documents:
        doc = loaded.doc
        if isinstance(doc, PolicyDocument):
            ids.add_all(f"policy {doc.policy}", loaded.source, (), doc.rules, doc.tables, diagnostics)
        elif isinstance(doc, MetricDocument):
            ids.add_all(f"metric {doc.metric}", loaded.source, (), doc.rules, doc.tables, diagnostics)
        elif isinstance(doc, CaseControlDocument):
            ids.add_all(f"control {doc.case_control}", loaded.source, (), doc.rules, doc.tables, diagnostics)
        elif isinstance(doc, LadderDocument):
            for index, transition in enumerate(doc.transitions):
                at: Path = ("transitions", index, "id")
                use = _Use("rule id", f"ladder {doc.ladder}", loaded.source, at, False)
                ids.add(transition.id, use, diagnostics)
        elif isinstance(doc, ObligationDocument):
            owner = f"obligation {doc.obligation}"
            use = _Use("rule id", owner, loaded.source, ("obligation",), False)
            ids.add(doc.obligation, use, diagnostics)
    for loaded in documents:
        if isinstance(loaded.doc, OverlayDocument) and loaded.doc.add:
            overlaid = ids.copy()  # one overlay at a time: two need not be in use together
            owner = f"overlay {loaded.doc.overlay}"
            for policy, added in loaded.doc.add.items():
                below = ("add", policy)
                overlaid.add_all(owner, loaded.source, below, added.rules, added.tables, diagnostics)
