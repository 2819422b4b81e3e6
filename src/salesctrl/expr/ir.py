"""The lowered form: a graph of operations on integers, booleans and texts that all evaluators print.

A node is a number, its index in the graph; equal nodes are one node, so a shared part is computed once. Every
integer node carries the interval that its value lies in, which follows from the declared digits: it says how
wide a machine integer must be. All operations are total: what has no value (a missing input, a division by
zero) is *unknown*, ``None`` in Python and null in a column.

========== =================== ======================================================================
op         args                meaning
========== =================== ======================================================================
const                          ``imm``
input                          fact number ``imm``
var                            field number ``imm[1]`` (path ``imm[2]``) of the item of loop ``imm[0]``
add sub mul a, b               integer arithmetic
neg abs    a                   likewise
min max    a, b                likewise
round      n, d                n / d rounded to an integer by mode ``imm``; d > 0
nonzero    a                   a, unknown where a is 0
sign       a                   -1 where a is negative, else 1
cmp        a, b                comparison ``imm``
and or     a, b, ...           Kleene
not        a                   Kleene
if         c, a, b             a where c holds, b where it does not, unknown where c is
in         a                   a is one of ``imm``
select     t1, v1, ..., [v]    value of the first test that holds; ``imm``: whether there is a last v
guard      c, a                a where c holds, else unknown; ``imm``: the reason
known      a                   whether a is known; never unknown
coalesce   a, b                a where known, else b
call       a, ...              runtime function ``imm[0]`` with static arguments ``imm[1:]``
item       a                   element ``imm`` of a tuple
fold       s, [body], [test]   ``imm``: kind, loop, whether there is a body, a test
judge      [figure]            whether requirement number ``imm`` is satisfied; never unknown
========== =================== ======================================================================
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_DIGITS = 76
"""No expression may need more digits than two 128-bit integers hold."""
_LIMIT = 10**MAX_DIGITS
MAX_FLATTENED = 8
"""An ``and`` of at most so many operands becomes part of the ``and`` around it; ``or`` likewise."""


class TooWide(Exception):
    """An integer of the graph could need more than :data:`MAX_DIGITS` digits."""


@dataclass(frozen=True, slots=True)
class Op:
    """One operation: see the table above. ``low`` and ``high`` bound an integer result."""

    name: str
    args: tuple[int, ...] = ()
    imm: object = None
    low: int = 0
    high: int = 0
    loops: frozenset[int] = frozenset()
    """The loops whose item this depends on: it can only be computed inside them."""


class Graph:
    """The operations of one plan, each once, every operand before its use."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self._index: dict[tuple[str, tuple[int, ...], object], int] = {}
        self.true = self.const(True)
        self.false = self.const(False)

    def __len__(self) -> int:
        return len(self.ops)

    def make(
        self, name: str, args: tuple[int, ...] = (), imm: object = None, low: int = 0, high: int = 0
    ) -> int:
        """The node of this operation, new or as it is there already."""
        key = (name, args, (type(imm), imm))
        found = self._index.get(key)
        if found is not None:
            return found
        if low < -_LIMIT or high > _LIMIT:
            raise TooWide
        loops: frozenset[int] = frozenset()
        for arg in args:
            loops |= self.ops[arg].loops
        if name == "var":
            assert isinstance(imm, tuple)
            loops = frozenset({imm[0]})
        elif name == "fold":
            assert isinstance(imm, tuple)
            loops -= {imm[1]}
        self.ops.append(Op(name, args, imm, low, high, loops))
        self._index[key] = len(self.ops) - 1
        return len(self.ops) - 1

    # -- constants and folding ---------------------------------------------------------------------

    def const(self, value: int | str | bool) -> int:
        """A constant."""
        bound = value if isinstance(value, int) and not isinstance(value, bool) else 0
        return self.make("const", (), value, bound, bound)

    def value(self, node: int) -> int | str | bool | None:
        """The value of a constant node, ``None`` for another."""
        op = self.ops[node]
        if op.name != "const":
            return None
        assert isinstance(op.imm, int | str)
        return op.imm

    def interval(self, node: int) -> tuple[int, int]:
        """The bounds of an integer node."""
        op = self.ops[node]
        return op.low, op.high

    # -- arithmetic --------------------------------------------------------------------------------

    def add(self, a: int, b: int) -> int:
        """a + b."""
        x, y = self.value(a), self.value(b)
        if isinstance(x, int) and isinstance(y, int):
            return self.const(int(x) + int(y))
        (al, ah), (bl, bh) = self.interval(a), self.interval(b)
        return a if y == 0 else b if x == 0 else self.make("add", (a, b), None, al + bl, ah + bh)

    def sub(self, a: int, b: int) -> int:
        """a - b."""
        x, y = self.value(a), self.value(b)
        if isinstance(x, int) and isinstance(y, int):
            return self.const(int(x) - int(y))
        (al, ah), (bl, bh) = self.interval(a), self.interval(b)
        return a if y == 0 else self.make("sub", (a, b), None, al - bh, ah - bl)

    def mul(self, a: int, b: int) -> int:
        """a × b."""
        x, y = self.value(a), self.value(b)
        if isinstance(x, int) and isinstance(y, int):
            return self.const(int(x) * int(y))
        if y == 1 or x == 1:
            return a if y == 1 else b
        corners = [p * q for p in self.interval(a) for q in self.interval(b)]
        return self.make("mul", (a, b), None, min(corners), max(corners))

    def neg(self, a: int) -> int:
        """-a."""
        x = self.value(a)
        if isinstance(x, int):
            return self.const(-int(x))
        low, high = self.interval(a)
        return self.make("neg", (a,), None, -high, -low)

    def abs(self, a: int) -> int:
        """The absolute value."""
        low, high = self.interval(a)
        if low >= 0:
            return a
        x = self.value(a)
        if isinstance(x, int):
            return self.const(-int(x))
        return self.make("abs", (a,), None, 0, max(-low, high))

    def extreme(self, name: str, a: int, b: int) -> int:
        """``min`` or ``max`` of two integers."""
        (al, ah), (bl, bh) = self.interval(a), self.interval(b)
        pick = min if name == "min" else max
        if a == b:
            return a
        x, y = self.value(a), self.value(b)
        if isinstance(x, int) and isinstance(y, int):
            return self.const(pick(int(x), int(y)))
        return self.make(name, (a, b), None, pick(al, bl), pick(ah, bh))

    def round(self, n: int, d: int, mode: str) -> int:
        """n / d rounded; d > 0."""
        if self.value(d) == 1:
            return n
        low, high = self.interval(n)
        least = max(self.interval(d)[0], 1)
        if low >= 0:
            return self.make("round", (n, d), mode, 0, high // least + 1)
        return self.make("round", (n, d), mode, -(-low // least) - 1, max(high, 0) // least + 1)

    def nonzero(self, a: int) -> int:
        """a, unknown where it is 0."""
        low, high = self.interval(a)
        return a if low > 0 or high < 0 else self.make("nonzero", (a,), None, low, high)

    def sign(self, a: int) -> int:
        """-1 or 1."""
        low, high = self.interval(a)
        if low >= 0 or high < 0:
            return self.const(1 if low >= 0 else -1)
        return self.make("sign", (a,), None, -1, 1)

    # -- logic -------------------------------------------------------------------------------------

    def compare(self, op: str, a: int, b: int) -> int:
        """A comparison of two integers, texts or booleans."""
        x, y = self.value(a), self.value(b)
        if x is not None and y is not None:
            return self.true if _COMPARISONS[op](x, y) else self.false
        return self.make("cmp", (a, b), op)

    def logic(self, name: str, args: list[int]) -> int:
        """Kleene's ``and`` or ``or``."""
        neutral, final = (self.true, self.false) if name == "and" else (self.false, self.true)
        flat: dict[int, None] = {}
        for arg in args:
            if arg == final:
                return final
            op = self.ops[arg]
            # A long one stays whole: the rows of a table share it, and copies would grow with their square.
            inner = op.args if op.name == name and len(op.args) <= MAX_FLATTENED else (arg,)
            flat.update((i, None) for i in inner if i != neutral)
        if not flat:
            return neutral
        return next(iter(flat)) if len(flat) == 1 else self.make(name, tuple(flat))

    def invert(self, a: int) -> int:
        """Kleene's ``not``."""
        if a in (self.true, self.false):
            return self.false if a == self.true else self.true
        op = self.ops[a]
        return op.args[0] if op.name == "not" else self.make("not", (a,))

    def choose(self, c: int, a: int, b: int) -> int:
        """``a if c else b``."""
        if c in (self.true, self.false):
            return a if c == self.true else b
        (al, ah), (bl, bh) = self.interval(a), self.interval(b)
        return self.make("if", (c, a, b), None, min(al, bl), max(ah, bh))

    def known(self, a: int) -> int:
        """Whether a is known."""
        return self.true if self.ops[a].name == "const" else self.make("known", (a,))

    def coalesce(self, a: int, b: int) -> int:
        """a where known, else b."""
        if self.ops[a].name == "const":
            return a
        (al, ah), (bl, bh) = self.interval(a), self.interval(b)
        return self.make("coalesce", (a, b), None, min(al, bl), max(ah, bh))

    def guard(self, c: int, a: int, reason: str) -> int:
        """a where c holds, else unknown for a reason."""
        low, high = self.interval(a)
        return a if c == self.true else self.make("guard", (c, a), reason, low, high)


_COMPARISONS = {
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip
