"""Policies from text, as the tests write them: YAML in, a checked set and what was found out."""

from textwrap import dedent

from salesctrl.compile.pipeline import check_set
from salesctrl.compile.plan import CheckedSet
from salesctrl.diagnostics import Diagnostics
from salesctrl.engine import Engine, Loading
from salesctrl.policy.documents import (
    OrganisationDocument,
    OverlayDocument,
    Pack,
    PolicyDocument,
    TestsDocument,
    Vocabulary,
)
from salesctrl.policy.loader import Loaded, PolicySet, load_document
from salesctrl.policy.reader import read_text
from salesctrl.policy.set_checks import check_set as check_documents


def read_set(text: str, file: str = "set.yaml") -> tuple[PolicySet, Diagnostics]:
    """The documents of a text, and what is wrong with their shape."""
    found = Diagnostics()
    sources = read_text(dedent(text), file, found)
    loaded = [document for source in sources if (document := load_document(source, found)) is not None]
    check_documents(loaded, found)

    def of(model):
        return tuple(Loaded(one.doc, one.source) for one in loaded if isinstance(one.doc, model))

    documents = PolicySet(
        pack=next(iter(of(Pack)), None),
        vocabularies=of(Vocabulary),
        organisations=of(OrganisationDocument),
        policies=of(PolicyDocument),
        tests=of(TestsDocument),
        overlays=of(OverlayDocument),
        files=(file,),
    )
    return documents, found


def check_text(text: str, *, overlays: bool = False) -> tuple[CheckedSet, Diagnostics]:
    """All passes over a text; with ``overlays`` those of the text apply, in their order."""
    documents, found = read_set(text)
    checked = check_set(documents, found, documents.overlays if overlays else ())
    return checked, found


def sound(text: str, *, overlays: bool = False) -> CheckedSet:
    """The checked set of a text in which nothing is wrong."""
    checked, found = check_text(text, overlays=overlays)
    assert not found.has_errors, found.render()
    return checked


def engine_of(text: str, *, overlays: bool = False) -> Engine:
    """An engine of the policies in a text in which nothing is wrong."""
    documents, found = read_set(text)
    laid = documents.overlays if overlays else ()
    checked = check_set(documents, found, laid)
    assert not found.has_errors, found.render()
    return Engine(Loading(documents, laid, checked, found))
