"""From folders and files of YAML to a policy set: documents with the places of their parts.

Everything wrong with the documents themselves is collected (codes E1xx from the reader, E2xx from here);
what is sound is still returned. What names and expressions mean is checked by later stages.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from salesctrl.diagnostics import Diagnostics, Span, quoted, suggest
from salesctrl.policy.documents import (
    DOCUMENTS,
    CaseControlDocument,
    LadderDocument,
    MetricDocument,
    ObligationDocument,
    OrganisationDocument,
    OverlayDocument,
    Pack,
    Part,
    PolicyDocument,
    ScheduleDocument,
    TestsDocument,
    TimelineDocument,
    Vocabulary,
)
from salesctrl.policy.documents_base import describe
from salesctrl.policy.documents_errors import listed, report
from salesctrl.policy.reader import read_file
from salesctrl.policy.set_checks import check_set
from salesctrl.policy.source import SourceDocument

RulingDocument = PolicyDocument | MetricDocument | ObligationDocument | CaseControlDocument | LadderDocument

T = TypeVar("T", bound=Part)
T_co = TypeVar("T_co", bound=Part, covariant=True)

_SUFFIXES = frozenset({".yaml", ".yml"})


@dataclass(frozen=True, slots=True)
class Loaded(Generic[T_co]):
    """A document, and where every part of it stands."""

    doc: T_co
    source: SourceDocument


@dataclass(frozen=True, slots=True)
class PolicySet:
    """The documents that were loaded, those of a kind in the order of their files and inside a file.

    `files` names all files that were asked for, relative to the path that was given.
    """

    pack: Loaded[Pack] | None = None
    vocabularies: tuple[Loaded[Vocabulary], ...] = ()
    organisations: tuple[Loaded[OrganisationDocument], ...] = ()
    policies: tuple[Loaded[PolicyDocument], ...] = ()
    metrics: tuple[Loaded[MetricDocument], ...] = ()
    obligations: tuple[Loaded[ObligationDocument], ...] = ()
    case_controls: tuple[Loaded[CaseControlDocument], ...] = ()
    ladders: tuple[Loaded[LadderDocument], ...] = ()
    tests: tuple[Loaded[TestsDocument], ...] = ()
    timelines: tuple[Loaded[TimelineDocument], ...] = ()
    schedules: tuple[Loaded[ScheduleDocument], ...] = ()
    overlays: tuple[Loaded[OverlayDocument], ...] = ()
    files: tuple[str, ...] = ()

    @property
    def ruling(self) -> tuple[Loaded[RulingDocument], ...]:
        """All documents with rules, or what rules are made of."""
        return (*self.policies, *self.metrics, *self.obligations, *self.case_controls, *self.ladders)


def load_policy_set(paths: Sequence[Path], diagnostics: Diagnostics) -> PolicySet:
    """Load folders (every `.yaml` and `.yml` file below, but no hidden ones) and files.

    Spans name a file relative to the path that was given, with forward slashes, so that the output is the
    same on every machine. It never raises for what files hold, nor for a path that cannot be read: all of
    that is added to `diagnostics`.

    >>> found = Diagnostics()
    >>> load_policy_set([Path("no-such-folder")], found).policies
    ()
    >>> [diagnostic.code for diagnostic in found]
    ['E100']
    """
    with collector_paused():
        found = Diagnostics()
        policy_set = _load(paths, found)
        diagnostics.extend(found)
        return policy_set


def _load(paths: Sequence[Path], found: Diagnostics) -> PolicySet:
    files = list(_files(paths, found))
    sources = [source for path, name in files for source in read_file(path, found, file=name)]
    loaded = [document for source in sources if (document := load_document(source, found)) is not None]
    if not loaded and not found.has_errors:
        _report_nothing(paths, found)
    check_set(loaded, found)
    return set_of(loaded, [name for _, name in files])


def policy_files(paths: Sequence[Path]) -> list[tuple[str, bytes]] | None:
    """The files that would be loaded, by name, with what is in them; None where one cannot be read.

    >>> policy_files([Path("no-such-folder")]) is None
    True
    """
    found = Diagnostics()
    try:
        files = [(name, path.read_bytes()) for path, name in _files(paths, found)]
    except OSError:
        return None
    return None if found.has_errors else files


def set_of(documents: Sequence[Loaded[Part]], files: Sequence[str] = ()) -> PolicySet:
    """The documents by their kinds, in the order given."""
    return PolicySet(
        pack=next(iter(_of(Pack, documents)), None),
        vocabularies=_of(Vocabulary, documents),
        organisations=_of(OrganisationDocument, documents),
        policies=_of(PolicyDocument, documents),
        metrics=_of(MetricDocument, documents),
        obligations=_of(ObligationDocument, documents),
        case_controls=_of(CaseControlDocument, documents),
        ladders=_of(LadderDocument, documents),
        tests=_of(TestsDocument, documents),
        timelines=_of(TimelineDocument, documents),
        schedules=_of(ScheduleDocument, documents),
        overlays=_of(OverlayDocument, documents),
        files=tuple(files),
    )


@contextmanager
def collector_paused() -> Iterator[None]:
    """Hold the cyclic garbage collector while many objects are made that all stay.

    It would go through all of them time and again, and make the cost of loading grow faster than the text.

    >>> import gc
    >>> with collector_paused():
    ...     gc.isenabled()
    False
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def load_document(source: SourceDocument, diagnostics: Diagnostics) -> Loaded[Part] | None:
    r"""The document that was read, or None where it is empty or wrong.

    >>> from salesctrl.policy.reader import read_text
    >>> found = Diagnostics()
    >>> [source] = read_text('pack: example\nversion: "1"', "pack.yaml", found)
    >>> load_document(source, found).doc.version
    '1'
    """
    data = source.data
    if data is None:
        return None
    if not isinstance(data, dict) or not data:
        got = describe(data) if data else f"an empty {'mapping' if data == {} else 'list'}"
        help_ = f"begin it with {listed(list(DOCUMENTS), 'or')}"
        diagnostics.error(
            "E204", f"expected a document, which is a mapping, but got {got}", source.span(()), help_
        )
        return None
    first = next(iter(data))
    model = DOCUMENTS.get(first)
    if model is None:
        diagnostics.error("E203", *_unknown_document(first, data, source))
        return None
    try:
        return Loaded(model.model_validate(data), source)
    except ValidationError as error:
        report(error, model, source, diagnostics)
        return None


def default_policies() -> Path:
    """The folder of the policies that are installed with the package, or of the checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_policies"
    return installed if installed.is_dir() else package.parents[1] / "policies"


def _of(model: type[T], documents: Sequence[Loaded[Part]]) -> tuple[Loaded[T], ...]:
    """The documents of one kind."""
    return tuple(Loaded(loaded.doc, loaded.source) for loaded in documents if isinstance(loaded.doc, model))


def _unknown_document(first: str, data: dict[str, object], source: SourceDocument) -> tuple[str, Span, str]:
    """Message, place and help for a document whose first key says nothing."""
    span = source.span((first,), key=True)
    message = f"expected the first key to say what the document is, but got {quoted(first)}"
    other = next((name for name in DOCUMENTS if name in data), None)
    if other is not None:
        return message, span, f"write `{other}` first"
    meant = suggest(first, DOCUMENTS)
    return (
        message,
        span,
        f"did you mean `{meant}`?" if meant else f"begin with {listed(list(DOCUMENTS), 'or')}",
    )


# --- files ------------------------------------------------------------------------------------------


def _files(paths: Sequence[Path], diagnostics: Diagnostics) -> Iterator[tuple[Path, str]]:
    """Every file once, with the name that spans give it."""
    seen: set[str] = set()
    names: set[str] = set()
    for root in paths:
        if root.is_dir():
            found = [(path, path.relative_to(root).as_posix()) for path in _below(root, diagnostics)]
        else:
            found = [(root, root.name or root.as_posix())]
        for path, name in sorted(found, key=lambda item: item[1]):
            real = os.path.realpath(path)
            if real in seen:
                continue
            seen.add(real)
            name = _distinct(name, Path(os.path.realpath(root)).name, names)
            names.add(name)
            if path.exists() and not path.is_file():
                span = Span(name, 1, 1, 1, 1)
                diagnostics.error(
                    "E100", "the file cannot be read: it is no regular file", span, "leave it out"
                )
            else:
                yield path, name


def _below(root: Path, diagnostics: Diagnostics) -> Iterator[Path]:
    """The YAML files below a folder, through links, every folder once."""

    def unreadable(error: OSError) -> None:
        name = Path(error.filename).relative_to(root).as_posix()
        reason = (error.strerror or str(error)).lower()
        help_ = "check its rights: rules that are not read are not applied"
        diagnostics.error("E100", f"the folder cannot be read: {reason}", Span(name, 1, 1, 1, 1), help_)

    seen = {os.path.realpath(root)}
    for folder, folders, files in os.walk(root, onerror=unreadable, followlinks=True):
        here = Path(folder)
        kept = []
        for name in sorted(folders):
            real = os.path.realpath(here / name)
            if not name.startswith(".") and real not in seen:
                seen.add(real)
                kept.append(name)
        folders[:] = kept
        for name in files:
            if not name.startswith(".") and Path(name).suffix.lower() in _SUFFIXES:
                yield here / name


def _distinct(name: str, folder: str, taken: set[str]) -> str:
    """A name that no other file has: two folders may hold files of the same name."""
    if name not in taken:
        return name
    name = f"{folder}/{name}"
    number, candidate = 1, name
    while candidate in taken:
        number += 1
        candidate = f"{name} ({number})"
    return candidate


def _report_nothing(paths: Sequence[Path], diagnostics: Diagnostics) -> None:
    """Say that there is nothing to load: a set without rules would decide nothing."""
    help_ = "a policy set is a folder of `.yaml` files with documents such as `policy` and `vocabulary`"
    for path in paths:
        if path.is_dir():
            diagnostics.error("E212", f"no documents in {quoted(path.as_posix())}", None, help_)
        else:
            diagnostics.error("E212", "no documents in this file", Span(path.name, 1, 1, 1, 1), help_)
    if not paths:
        diagnostics.error("E212", "expected a folder or file of policies but got none", None, help_)
