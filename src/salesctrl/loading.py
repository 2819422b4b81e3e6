"""Loading: from files to documents, checked, with overlays laid over them; all that is wrong is collected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from salesctrl.compile.pipeline import check_set
from salesctrl.compile.plan import CheckedSet
from salesctrl.decision.model import digest
from salesctrl.diagnostics import Diagnostic, Diagnostics, Span, quoted, suggest
from salesctrl.policy.documents import OverlayDocument
from salesctrl.policy.loader import Loaded, PolicySet, collector_paused, default_policies, load_policy_set


@dataclass(frozen=True, slots=True)
class Loading:
    """What loading found: the checked set (fit for use if there are no errors), and every diagnostic."""

    documents: PolicySet
    overlays: tuple[Loaded[OverlayDocument], ...]
    checked: CheckedSet
    diagnostics: Diagnostics

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """All diagnostics in the order of files and lines."""
        return self.diagnostics.sorted()


def read(
    path: str | Path | Sequence[str | Path] | None = None, *, overlays: Sequence[str | Path] = ()
) -> Loading:
    """Load and check policies without raising for what is wrong with them: what ``salesctrl check`` shows."""
    diagnostics = Diagnostics()
    with collector_paused():
        documents = load_policy_set(policy_paths(path), diagnostics)
        _check_tests(documents, diagnostics)
        return laid_over(documents, (), overlays, diagnostics)


def policy_paths(path: str | Path | Sequence[str | Path] | None) -> list[Path]:
    """The paths of policies: those given, or those that come with the package."""
    if path is None:
        return [default_policies()]
    return [Path(path)] if isinstance(path, str | Path) else [Path(p) for p in path]


def check_overlays(loading: Loading) -> None:
    """Report what is wrong with overlays of the set that were not asked for: each alone over the policies."""
    if loading.diagnostics.has_errors:
        return
    known = set(loading.diagnostics)
    for overlay in loading.documents.overlays:
        if overlay in loading.overlays:
            continue
        found = Diagnostics()
        with collector_paused():
            check_set(loading.documents, found, [*loading.overlays, overlay], loading.checked)
        new = [one for one in found if one not in known]
        loading.diagnostics.extend(new)
        known.update(new)


def _check_tests(documents: PolicySet, diagnostics: Diagnostics) -> None:
    """Report overlays that tests and timelines name and that the set does not have."""
    named = _named(documents)
    naming = [(loaded.doc.overlays, loaded.source) for loaded in documents.tests]
    naming += [(loaded.doc.overlays, loaded.source) for loaded in documents.timelines]
    for overlays, source in naming:
        for i, overlay in enumerate(overlays):
            if overlay not in named:
                span = source.span(("overlays", i))
                _unknown_overlay(overlay, named, "name an overlay of the policy set", diagnostics, span)


def laid_over(
    documents: PolicySet,
    laid: Sequence[Loaded[OverlayDocument]],
    wanted: Sequence[str | Path],
    diagnostics: Diagnostics,
    before: CheckedSet | None = None,
) -> Loading:
    """The documents checked with overlays: those laid over them already, and those asked for."""
    chosen = list(laid)
    for overlay in _overlays(wanted, documents, diagnostics):
        if overlay not in chosen:
            chosen.append(overlay)
    checked = check_set(documents, diagnostics, chosen, before)
    return Loading(documents, tuple(chosen), checked, diagnostics)


def _overlays(
    wanted: Sequence[str | Path], documents: PolicySet, diagnostics: Diagnostics
) -> list[Loaded[OverlayDocument]]:
    """The overlays asked for, by name in the set or by path, in the order asked."""
    named = _named(documents)
    done: list[Loaded[OverlayDocument]] = []
    for overlay in wanted:
        if isinstance(overlay, str) and overlay in named:
            done.append(named[overlay])
            continue
        if not Path(overlay).exists():
            help = "name an overlay of the policy set, or a file"
            _unknown_overlay(str(overlay), named, help, diagnostics)
            continue
        found = load_policy_set([Path(overlay)], diagnostics).overlays
        if not found:
            diagnostics.error(
                "E409", f"no overlay in `{Path(overlay).name}`", None, help="its first key is `overlay`"
            )
        done.extend(found)
    return done


def _named(documents: PolicySet) -> dict[str, Loaded[OverlayDocument]]:
    """The overlays of a set by their names."""
    return {loaded.doc.overlay: loaded for loaded in documents.overlays}


def _unknown_overlay(
    name: str, named: Iterable[str], otherwise: str, diagnostics: Diagnostics, span: Span | None = None
) -> None:
    near = suggest(name, named)
    help = f"did you mean `{near}`?" if near else otherwise
    diagnostics.error("E409", f"unknown overlay {quoted(name)}", span, help=help)


def set_digest(loading: Loading) -> str:
    """SHA-256 of what was loaded: the data of every document but tests, and the overlays laid over them."""
    documents = loading.documents
    pack = () if documents.pack is None else (documents.pack.source.data,)
    groups: Sequence[Sequence[object]] = (
        pack,
        [loaded.source.data for loaded in documents.vocabularies],
        [loaded.source.data for loaded in documents.organisations],
        [loaded.source.data for loaded in documents.ruling],
        *([[loaded.source.data for loaded in documents.schedules]] if documents.schedules else ()),
    )
    parts = [sorted(digest(data) for data in group) for group in groups]
    return digest([*parts, [digest(loaded.source.data) for loaded in loading.overlays]])
