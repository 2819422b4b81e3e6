"""An engine that decides order by order, as a batch: its adapter of single decisions, in a loop."""

import importlib

from adapters.batch._bits import OUTCOMES, bits
from reference.rules import RULES

#: Engines that take many orders in one call: a function from the engine and rows to that call.
SEVERAL = "batcher"


class Loop:
    """The adapter `adapters.NAME`, under the interface of those over columns."""

    def __init__(self, name):
        self.adapter = importlib.import_module(f"adapters.{name}")
        self.TITLE = self.adapter.TITLE
        self.DISTRIBUTION = self.adapter.DISTRIBUTION
        self.TAKES = f"{self.adapter.ROWS} rows"
        self.CALLS = {"loop": (self._loop, self._read)}
        if hasattr(self.adapter, SEVERAL):
            self.CALLS["batch call"] = (self._batch, self._read)

    def load(self):
        return self.adapter.load()

    def _loop(self, engine, rows):
        decide = self.adapter.decider(engine)
        return [decide(row) for row in rows]

    def _batch(self, engine, rows):
        return getattr(self.adapter, SEVERAL)(engine)(rows)

    @staticmethod
    def _read(answers):
        return (
            [OUTCOMES.index(outcome) for outcome, _ in answers],
            [bits(rule for rule in RULES if rule in fired) for _, fired in answers],
        )
