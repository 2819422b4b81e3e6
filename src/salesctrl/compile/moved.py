"""Documents made of other documents: what is wrong with a part is reported where it was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from salesctrl.diagnostics import Span
from salesctrl.policy.source import NodePath, SourceDocument


@dataclass(frozen=True, slots=True, eq=False)
class _Elsewhere(SourceDocument):
    """A document whose parts are reported where other parts stand: those that they were made of."""

    moved: Mapping[NodePath, NodePath] = field(default_factory=dict)
    before: Mapping[NodePath, int] = field(default_factory=dict)
    """How many characters stand in an expression before the one that it was made of."""

    def span(self, path: NodePath, *, key: bool = False) -> Span:
        return SourceDocument.span(self, self._origin(path), key=key)

    def expression_span(self, path: NodePath, start: int, end: int) -> Span:
        before = self.before.get(path, 0)
        return SourceDocument.expression_span(self, self._origin(path), start - before, end - before)

    def _origin(self, path: NodePath) -> NodePath:
        for length in range(len(path), 0, -1):
            origin = self.moved.get(path[:length])
            if origin is not None:
                return (*origin, *path[length:])
        return path


def moved_source(
    source: SourceDocument, moved: Mapping[NodePath, NodePath], before: Mapping[NodePath, int] | None = None
) -> SourceDocument:
    """The document with its parts reported where other parts stand."""
    return _Elsewhere(source.data, source.tree, source.lines, moved, before or {})
