"""Which fact a column holds, by its name: the dotted path, the field's name, a title, an alias."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from salesctrl.compile.plan import Plan, reads
from salesctrl.diagnostics import suggest
from salesctrl.policy.documents import LocalText
from salesctrl.policy.types import DATE, Base, Type
from salesctrl.policy.vocabulary import VocabularyIndex

AS_OF = "as_of"
EVIDENCE = "evidence"
EVIDENCE_KEYS = ("requester", "approvals", "documents", "payments", "actions", "duties")
EVIDENCE_TYPE = Type(Base.MAP)
_SPACE = re.compile(r"[\s_]+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A fact that a control point reads: its type, and what stands in for it where it is absent."""

    path: str
    type: Type
    has_default: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a name means: ``paths`` that are read (several: it is ambiguous), ``known`` ones that are not."""

    paths: tuple[str, ...]
    known: tuple[str, ...] = ()


def folded(name: str) -> str:
    """A name as columns are compared: width, case, and the difference of `_` and spaces do not count.

    >>> folded(" Credit  Limit "), folded("ＩＤ")
    ('credit_limit', 'id')
    """
    return _SPACE.sub("_", unicodedata.normalize("NFKC", name).casefold().strip())


class Columns:
    """The names by which columns are found at one control point."""

    def __init__(self, plans: Sequence[Plan], vocabulary: VocabularyIndex):
        self.vocabulary = vocabulary
        self.wanted: dict[str, Wanted] = {}
        self.subject = tuple(dict.fromkeys(path for plan in plans for path in plan.subject))
        """The facts that name the transaction, where the policies say."""
        for plan in plans:
            for path in reads(plan):
                field = vocabulary.at(path)
                wanted = Wanted(path, field.type, field.default is not None, field.optional)
                self.wanted.setdefault(path, wanted)
        self._by_name: dict[str, dict[str, None]] = {}
        for path in self.wanted:
            self._index(path)
        for kind in vocabulary.kinds.values():
            for name in kind.fields:
                self._index(f"{kind.name}.{name}")

    def _index(self, path: str) -> None:
        """Note every way to say a path: whole, or from any of its parts on, each part by any of its names."""
        ways = self._ways(path)
        for start in range(len(ways)):
            for parts in product(*ways[start:]):
                self._by_name.setdefault(".".join(parts), {})[path] = None

    def _ways(self, path: str) -> list[list[str]]:
        first, *rest = path.split(".")
        kind = self.vocabulary.kinds[first]
        ways = [_folded_names(kind.names, kind.title)]
        for part in rest:
            field = kind.fields[part]
            ways.append(_folded_names(field.names, field.title))
            if field.record is not None:
                kind = self.vocabulary.kinds[field.record]
        return ways

    def find(self, name: str) -> Found:
        """What a column of that name holds."""
        wanted = folded(name)
        if wanted == AS_OF or self.is_evidence(wanted):
            return Found((wanted,))
        paths = self._by_name.get(wanted, {})
        exact = tuple(path for path in paths if path == wanted or folded(path) == wanted)
        found = exact or tuple(paths)
        return Found(
            tuple(p for p in found if p in self.wanted), tuple(p for p in found if p not in self.wanted)
        )

    def is_evidence(self, name: str) -> bool:
        """Whether a name is the evidence, or a part of it."""
        first, _, part = name.partition(".")
        return first == EVIDENCE and (not part or part in EVIDENCE_KEYS)

    def type_of(self, path: str) -> Type:
        """The type of a path that `find` gave."""
        if path == AS_OF:
            return DATE
        if path == f"{EVIDENCE}.requester":
            return Type(Base.TEXT)
        if path.split(".")[0] == EVIDENCE:
            return EVIDENCE_TYPE
        known = self.wanted.get(path)
        return known.type if known is not None else self.vocabulary.at(path).type

    def like(self, name: str, among: Iterable[str], *, closely: bool = False) -> str | None:
        """The path of those that a misspelt column probably means.

        Closely like it are only paths that could be said in as many parts, each like the part of the name.
        """
        count = name.count(".") + 1
        names: dict[str, str] = {}
        for path in among:
            ways = self._ways(path)
            lengths = {count} if closely else {1, len(ways)}
            for length in lengths:
                if length <= len(ways):
                    names |= {".".join(parts): path for parts in product(*ways[-length:])}
        near = suggest(folded(name), names)
        return names[near] if near is not None else None

    def is_key(self, name: str) -> bool:
        """Whether a column says which transaction a row is: every fact of its name is an ``id``."""
        found = self.find(name)
        paths = (*found.paths, *found.known)
        return bool(paths) and all(path.endswith(".id") for path in paths)


def _folded_names(names: Iterable[str], title: LocalText) -> list[str]:
    texts = (*names, title.en, title.zh)
    return list(dict.fromkeys(folded(text) for text in texts if text))
