"""What facts are called."""

from __future__ import annotations

from collections import Counter

from salesctrl.compile.plan import Plan, reads
from salesctrl.decision.values import Language


class Names:
    """What the facts of a plan are called: in English by their path, in Chinese by their title.

    A title that several facts have stands after that of the record it is in; a fact without a Chinese title
    is called by its path.
    """

    def __init__(self, plan: Plan, lang: Language):
        self.vocabulary, self.lang = plan.inputs.vocabulary, lang
        inside = [f"{path}.{name}" for path, names in plan.inputs.items.items() for name in names]
        self._titles = {path: self.vocabulary.at(path).title.get("zh") for path in [*reads(plan), *inside]}
        self._taken = Counter(self._titles.values())

    def fact(self, path: str) -> str:
        """The name of a fact by its path; a path that is none of a fact, such as ``order``, as it stands."""
        title = self._titles.get(path)
        if self.lang == "en" or title is None or title == path.rsplit(".", 1)[-1]:
            return path
        kind = self.vocabulary.kinds[path.partition(".")[0]].title.get("zh")
        return title if self._taken[title] < 2 else f"{kind}.{title}"
