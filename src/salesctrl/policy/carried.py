"""A policy set as one text, to be made again elsewhere: in a worker of a cluster, from a row of a database.

The text is JSON: the data of every document but tests, in their order, and the overlays laid over them. What
is made of it has the same digest, and decides the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from salesctrl.diagnostics import Diagnostics
from salesctrl.policy.documents import OverlayDocument, Part
from salesctrl.policy.loader import Loaded, PolicySet, collector_paused, load_document, set_of
from salesctrl.policy.reader import read_text
from salesctrl.policy.source import SourceDocument


def to_text(documents: PolicySet, laid: Sequence[Loaded[OverlayDocument]], digest: str) -> str:
    """The documents that decide, the overlays laid over them, and their digest, as one text."""
    pack = () if documents.pack is None else (documents.pack,)
    loaded: list[Loaded[Part]] = [
        *pack,
        *documents.vocabularies,
        *documents.organisations,
        *documents.ruling,
        *documents.schedules,
    ]
    data = {
        "digest": digest,
        "documents": [_entry(one.source) for one in loaded],
        "overlays": [_entry(one.source) for one in laid],
    }
    return _json(data)


def from_text(
    text: str, diagnostics: Diagnostics
) -> tuple[PolicySet, tuple[Loaded[OverlayDocument], ...], str]:
    """The documents, the overlays to lay over them, and the digest, of a text that `to_text` made.

    What is wrong with the documents is added to `diagnostics`.
    """
    data = json.loads(text)
    with collector_paused():
        documents = set_of(_read(data["documents"], diagnostics))
        laid = set_of(_read(data["overlays"], diagnostics)).overlays
    return documents, laid, data["digest"]


def _entry(source: SourceDocument) -> dict[str, object]:
    return {"file": source.file, "data": source.data}


def _read(entries: Iterable[dict[str, object]], diagnostics: Diagnostics) -> list[Loaded[Part]]:
    """The documents again. JSON is YAML: keys and texts are quoted, and so they stay what they are."""
    sources = [
        source
        for entry in entries
        for source in read_text(_json(entry["data"]), str(entry["file"]), diagnostics)
    ]
    return [found for source in sources if (found := load_document(source, diagnostics)) is not None]


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
