"""Timing of one function against another on the same core, so that what the machine does cancels."""

import gc
import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Call = Callable[[Any], object]

BLOCK_NS = 2_000_000  # one block of calls: long against the clock, short against the machine's moods
LEAST_PAIRS = 60


@dataclass(frozen=True, slots=True)
class Timing:
    """One function beside the base function: microseconds a call, and the ratio of the two.

    `ratio` is the median over pairs of neighbouring blocks; half the pairs lie between `low`
    and `high`.
    """

    us: float
    base_us: float
    ratio: float
    low: float
    high: float
    calls: int

    def to_dict(self) -> dict[str, float]:
        return asdict(self)


class _Blocks:
    """A function with its inputs, run in blocks of about the same time."""

    def __init__(self, call: Call, inputs: Sequence[Any]) -> None:
        self.call = call
        began = time.perf_counter_ns()
        for count in itertools.count(1):
            call(inputs[count % len(inputs)])
            spent = time.perf_counter_ns() - began
            if count >= 3 * len(inputs) or spent > 100 * BLOCK_NS:
                break
        self.size = max(1, round(BLOCK_NS * count / spent))
        # Chunks made beforehand: slicing is no part of what is measured.
        around = itertools.cycle(inputs)
        chunks = -(-3 * len(inputs) // self.size)
        self._chunks = itertools.cycle([list(itertools.islice(around, self.size)) for _ in range(chunks)])

    def run(self) -> float:
        """Microseconds a call over one block."""
        call, chunk = self.call, next(self._chunks)
        began = time.perf_counter_ns()
        for value in chunk:
            call(value)
        return (time.perf_counter_ns() - began) / self.size / 1_000


def compare(
    call: Call, inputs: Sequence[Any], base: Call, base_inputs: Sequence[Any], *, seconds: float
) -> Timing:
    """Time `call` and `base` in turn, block by block, for about so many seconds.

    The order within a pair alternates, so that a steady drift favours neither. The collector
    stays on, as in the programs that use the functions; what exists already is frozen out.
    """
    measured, reference = _Blocks(call, inputs), _Blocks(base, base_inputs)
    gc.collect()
    gc.freeze()
    pairs: list[tuple[float, float]] = []
    until = time.perf_counter() + seconds
    while len(pairs) < LEAST_PAIRS or time.perf_counter() < until:
        if len(pairs) % 2:
            base_us = reference.run()
            us = measured.run()
        else:
            us = measured.run()
            base_us = reference.run()
        pairs.append((us, base_us))
    gc.unfreeze()
    ratios = [us / base_us for us, base_us in pairs]
    low, ratio, high = statistics.quantiles(ratios, n=4)
    return Timing(
        us=statistics.median(us for us, _ in pairs),
        base_us=statistics.median(base_us for _, base_us in pairs),
        ratio=ratio,
        low=low,
        high=high,
        calls=len(pairs) * measured.size,
    )
