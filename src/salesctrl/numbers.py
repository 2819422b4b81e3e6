"""Exact numbers: scaled integers, rounding, splitting, and the border where values come in and go out.

A money, rate, decimal or quantity value is an ``int`` with a scale known from its type: ``n`` of scale
``s`` means ``n / 10**s``, so 1,234.50 with two decimals is ``123450``. A quotient is a pair of integers
``(numerator, denominator)`` with a positive denominator until it is rounded. No result here depends on
binary floating point: floats come in only through `to_scaled` and `to_scaled_nearest`, which say when
they refuse them.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Final

# The most decimal digits of which every number fits.
INT64_DIGITS: Final = 18
INT128_DIGITS: Final = 38
FLOAT_DIGITS: Final = 15  # in a double, and back without a change

MAX_DIGITS: Final = 60  # of a number that comes in

_POWERS: Final = tuple(10**k for k in range(MAX_DIGITS + INT128_DIGITS + 1))


class LostPrecision(ValueError):
    """Digits other than zero would be dropped, and no rounding mode allows it."""


class NotExact(ValueError):
    """A value cannot be taken as an exact number of the declared decimals and digits.

    ``str()`` of it is the message. ``code`` is one of ``F_TYPE`` (not a number), ``F_FORMAT`` (text that
    is not in plain decimal notation), ``F_NOT_FINITE`` (infinite or not a number), ``F_DECIMALS`` (more
    decimals than declared), ``F_DIGITS`` (more digits than declared), ``F_FLOAT_NOISE`` (a float that is
    not the nearest double of a number with the declared decimals). ``help`` says what to do.
    """

    def __init__(self, code: str, message: str, help: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = help


def pow10(exponent: int) -> int:
    """``10 ** exponent`` as an integer, quickly.

    Args:
        exponent: Zero or more; Python's own power would turn a negative one into a float.

    Raises:
        ValueError: The exponent is negative.

    >>> pow10(3)
    1000
    """
    if exponent < 0:
        raise ValueError(f"expected an exponent of zero or more but got `{exponent}`")
    power: int = _POWERS[exponent] if exponent < len(_POWERS) else 10**exponent
    return power


def digits_of(n: int) -> int:
    """How many decimal digits an integer has, its sign left out; zero has one.

    >>> digits_of(-123450), digits_of(0), digits_of(10**5000)
    (6, 1, 5001)
    """
    n = abs(n)
    # 0.30102999566398 is just below log10(2): the estimate is right or one short, and never needs the
    # text of a huge integer, which Python takes long to make or refuses.
    estimate = max(n.bit_length() - 1, 0) * 30102999566398 // 10**14 + 1
    return estimate + (n >= pow10(estimate))


# ── rounding ──


def round_half_up(n: int, d: int) -> int:
    """``n / d`` to the nearest integer; a tie goes away from zero. ``d`` must be positive.

    >>> round_half_up(5, 2), round_half_up(-5, 2), round_half_up(7, 3)
    (3, -3, 2)
    """
    if n >= 0:
        return (n + (d >> 1)) // d
    return -(((d >> 1) - n) // d)


def round_half_even(n: int, d: int) -> int:
    """``n / d`` to the nearest integer; a tie goes to the even one. ``d`` must be positive.

    >>> round_half_even(5, 2), round_half_even(7, 2), round_half_even(-5, 2)
    (2, 4, -2)
    """
    q, r = divmod(n, d)
    r += r
    return q + 1 if r > d or (r == d and q & 1) else q


def round_half_down(n: int, d: int) -> int:
    """``n / d`` to the nearest integer; a tie goes toward zero. ``d`` must be positive.

    >>> round_half_down(5, 2), round_half_down(-5, 2), round_half_down(8, 3)
    (2, -2, 3)
    """
    if n >= 0:
        return (n + ((d - 1) >> 1)) // d
    return -((((d - 1) >> 1) - n) // d)


def round_up(n: int, d: int) -> int:
    """``n / d`` to an integer, away from zero. ``d`` must be positive.

    >>> round_up(21, 10), round_up(-21, 10)
    (3, -3)
    """
    return -(-n // d) if n >= 0 else n // d


def round_down(n: int, d: int) -> int:
    """``n / d`` to an integer, toward zero. ``d`` must be positive.

    >>> round_down(29, 10), round_down(-29, 10)
    (2, -2)
    """
    return n // d if n >= 0 else -(-n // d)


def round_floor(n: int, d: int) -> int:
    """The greatest integer not above ``n / d``. ``d`` must be positive.

    >>> round_floor(29, 10), round_floor(-21, 10)
    (2, -3)
    """
    return n // d


def round_ceil(n: int, d: int) -> int:
    """The least integer not below ``n / d``. ``d`` must be positive.

    >>> round_ceil(21, 10), round_ceil(-29, 10)
    (3, -2)
    """
    return -(-n // d)


class RoundingMode(StrEnum):
    """How a number between two neighbours is settled."""

    HALF_UP = "half_up"  # to the nearest; a tie away from zero
    HALF_EVEN = "half_even"  # to the nearest; a tie to the even neighbour
    HALF_DOWN = "half_down"  # to the nearest; a tie toward zero
    UP = "up"  # away from zero
    DOWN = "down"  # toward zero
    FLOOR = "floor"  # toward minus infinity
    CEIL = "ceil"  # toward plus infinity


ROUNDERS: Final[Mapping[RoundingMode, Callable[[int, int], int]]] = MappingProxyType(
    {
        RoundingMode.HALF_UP: round_half_up,
        RoundingMode.HALF_EVEN: round_half_even,
        RoundingMode.HALF_DOWN: round_half_down,
        RoundingMode.UP: round_up,
        RoundingMode.DOWN: round_down,
        RoundingMode.FLOOR: round_floor,
        RoundingMode.CEIL: round_ceil,
    }
)
"""The function of each mode: of ``(n, d)`` with ``d`` positive, the integer that ``n / d`` rounds to."""


def round_div(n: int, d: int, mode: RoundingMode) -> int:
    """``n / d`` rounded to an integer, exactly, however large both are.

    Raises:
        ValueError: ``d`` is not positive.

    >>> round_div(-25, 10, RoundingMode.HALF_UP)
    -3
    """
    if d <= 0:
        raise ValueError(f"expected a positive divisor but got `{d}`")
    return ROUNDERS[mode](n, d)


def rescale(n: int, from_scale: int, to_scale: int, mode: RoundingMode | None = None) -> int:
    """The scaled integer of the same value with another number of decimals.

    Args:
        n: A scaled integer of ``from_scale`` decimals.
        from_scale: The decimals that it has.
        to_scale: The decimals wanted.
        mode: How to drop digits; without it only zeros may be dropped.

    Raises:
        LostPrecision: Digits other than zero would be dropped and ``mode`` is None.

    >>> rescale(1234, 2, 4), rescale(123400, 4, 2), rescale(123450, 4, 2, RoundingMode.HALF_UP)
    (123400, 1234, 1235)
    """
    if to_scale >= from_scale:
        return n * pow10(to_scale - from_scale)
    divisor = pow10(from_scale - to_scale)
    if mode is not None:
        return ROUNDERS[mode](n, divisor)
    quotient, rest = divmod(n, divisor)
    if rest:
        raise LostPrecision(
            f"expected at most {_count(to_scale, 'decimal')} but got `{format_plain(n, from_scale)}`"
        )
    return quotient


# ── splitting ──


def allocate(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split a total by weights into whole units, by the largest remainder (Hamilton's method).

    Everyone gets the whole units of their exact share; the units left over go one each to the largest
    remainders, and among equal remainders to the one written first. The parts add up to the total. A
    negative total is split as the exact negative of the positive one.

    Args:
        total: What to split, in the smallest unit (cents, say).
        weights: One for each part: not negative, and not all zero.

    Raises:
        ValueError: A weight is negative, or there is none above zero.

    >>> allocate(33333, (5, 3, 2))
    (16666, 10000, 6667)
    >>> allocate(-1, (1, 1))
    (-1, 0)
    """
    whole = sum(weights)
    if min(weights, default=0) < 0:
        raise ValueError(f"expected weights of zero or more but got `{min(weights)}`")
    if whole <= 0:
        raise ValueError("expected at least one weight above zero but got none")
    if total < 0:
        return tuple([-part for part in allocate(-total, weights)])
    parts: list[int] = []
    rests: list[int] = []
    for weight in weights:
        part, rest = divmod(total * weight, whole)
        parts.append(part)
        rests.append(rest)
    left = total - sum(parts)
    if left:
        # The sort is stable, so equal remainders keep the order in which they are written.
        for i in sorted(range(len(rests)), key=rests.__getitem__, reverse=True)[:left]:
            parts[i] += 1
    return tuple(parts)


# ── coming in ──

# A leading point is how some databases print fractions (`.5`), and means one thing only. A trailing point
# (`12.`) looks like a number that was cut off, and is refused.
_PLAIN: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)")

_FORMAT_HELP: Final = (
    (re.compile(r"\s*"), "give a number, or leave the field out"),
    (re.compile(r"\s*[+-]?[0-9]*\.?[0-9]+\s*"), "remove the space around it"),
    (re.compile(r"[+-]?[0-9.]+ ?%"), "write a percentage as a fraction, such as 0.05 for 5 %"),
    (re.compile(r"[+-]?[0-9]{1,3}([,' _][0-9]{3})+(\.[0-9]*)?"), "leave out the thousands separators"),
    (re.compile(r"[+-]?[0-9.]*,[0-9]+"), "write the decimals after a point, without thousands separators"),
    (re.compile(r"[+-]?[0-9.]+[eE][+-]?[0-9]+"), "write it out, without an exponent"),
)


# What is taken as it is; anything else may be a scalar of an array library around one of these.
_NUMBERS: Final = (int, float, str, Decimal, Fraction)


def parse_decimal(text: str) -> tuple[int, int]:
    """Read plain decimal notation: ASCII digits, at most one point, an optional sign, nothing else.

    Returns:
        The digits as one integer, and how many of them are decimals.

    Raises:
        NotExact: ``F_FORMAT`` if the text is anything else (spaces, exponents, separators, other
            scripts' digits, ``NaN``), ``F_DIGITS`` if it has more than 60 digits.

    >>> parse_decimal("-12.50")
    (-1250, 2)
    """
    if _PLAIN.fullmatch(text) is None:
        raise _bad_format(text)
    if len(text) > MAX_DIGITS and (count := len(text.lstrip("+-")) - ("." in text)) > MAX_DIGITS:
        raise _too_long(count, MAX_DIGITS, 0, text)
    point = text.find(".")
    if point < 0:
        return int(text), 0
    return int(text[:point] + text[point + 1 :]), len(text) - point - 1


def to_scaled(value: object, scale: int, digits: int) -> int:
    """Take a value from outside as an exact number, or say why it cannot be taken.

    Accepted are ``Decimal``, ``int``, ``Fraction``, text in plain decimal notation, and a ``float`` only
    when it is the nearest double of a number with at most ``scale`` decimals and at most 15 digits in
    all: that number is then meant. NumPy scalars count as what their ``item()`` gives. A ``bool`` is not
    a number. Nothing is ever rounded.

    Args:
        value: What was given.
        scale: How many decimals the number may have.
        digits: How many digits it may have in all, decimals included; at most 60.

    Returns:
        The scaled integer.

    Raises:
        NotExact: The value cannot be taken; its ``code`` says why and its ``help`` what to do.
        ValueError: ``scale`` or ``digits`` is out of range.

    >>> to_scaled("1234.5", 2, 18), to_scaled(0.1, 2, 18), to_scaled(Decimal("7.000"), 2, 18)
    (123450, 10, 700)
    >>> to_scaled(0.1 + 0.2, 2, 18)
    Traceback (most recent call last):
    salesctrl.numbers.NotExact: expected at most 2 decimals but got the float `0.30000000000000004`
    """
    return scaler(scale, digits)(value)


@lru_cache(maxsize=1024)
def scaler(scale: int, digits: int) -> Callable[[object], int]:
    """The function that does `to_scaled` for one scale and number of digits: to be kept, and called often.

    Raises:
        ValueError: ``scale`` is not within 0 to 60, or ``digits`` not within 1 to 60.

    >>> read = scaler(2, 18)
    >>> read(Decimal("19.99"))
    1999
    """
    _check_declared(scale, digits)
    # With these traps `quantize` is exact or raises, and it raises for more digits than the precision:
    # one call makes both checks, and bounds the work for numbers such as 1E+999999.
    context = Context(
        prec=digits, Emin=MIN_EMIN, Emax=MAX_EMAX, clamp=0, flags=[], traps=[Inexact, InvalidOperation]
    )
    quantize, multiply = context.quantize, context.multiply
    unit, factor = Decimal((0, (1,), -scale)), Decimal((0, (1,), scale))
    power = pow10(scale)
    limit, float_limit = pow10(digits), pow10(min(digits, FLOAT_DIGITS))

    def convert(value: object) -> int:
        if type(value) is Decimal:
            try:
                return int(multiply(quantize(value, unit), factor))
            except (ArithmeticError, ValueError):
                raise _explain(value, scale, digits) from None
        if type(value) is int:
            n = value * power
            if -limit < n < limit:
                return n
        elif type(value) is float:
            # Within 15 digits the product is off by less than a half, so rounding it finds the only
            # candidate; Python's quotient of two integers is the double nearest to it, which decides.
            product = value * power
            if -float_limit < product < float_limit:
                n = round(product)
                if -float_limit < n < float_limit and n / power == value:
                    return n
        elif type(value) is str:
            unscaled, decimals = parse_decimal(value)
            if decimals <= scale and -limit < (n := unscaled * _POWERS[scale - decimals]) < limit:
                return n
        return _to_scaled(value, scale, digits)

    return convert


def to_scaled_nearest(value: object, scale: int, digits: int, tolerance: Decimal) -> tuple[int, bool]:
    """As `to_scaled`, but a float may be off by the noise of binary arithmetic.

    Args:
        value: What was given. Only floats are treated in another way than by `to_scaled`.
        scale: How many decimals the number may have.
        digits: How many digits it may have in all.
        tolerance: How far a float may be from the number taken for it, in the unit of the value; at
            least zero, and less than half of the last decimal (so that noise is all it can hide).

    Returns:
        The scaled integer, and whether noise was rounded away.

    Raises:
        NotExact: The value cannot be taken, or is further off than the tolerance.
        ValueError: The tolerance, ``scale`` or ``digits`` is out of range.

    >>> to_scaled_nearest(0.1 + 0.2, 2, 18, Decimal("1e-9"))
    (30, True)
    >>> to_scaled_nearest(0.3, 2, 18, Decimal("1e-9"))
    (30, False)
    """
    _check_declared(scale, digits)
    if not tolerance.is_finite() or not 0 <= tolerance < Decimal((0, (5,), -scale - 1)):
        raise ValueError(
            f"expected a tolerance below half of the last of {_count(scale, 'decimal')} but got `{tolerance}`"
        )
    value = _unwrapped(value)
    if not isinstance(value, float):
        return to_scaled(value, scale, digits), False
    n = _nearest(value, scale, digits)
    if n / pow10(scale) == value:
        return n, False
    if abs(Fraction(value) - Fraction(n, pow10(scale))) <= Fraction(tolerance):
        return n, True
    raise _not_nearest(value, n, scale, f"correct the number: it is further off than {tolerance}")


def _to_scaled(value: object, scale: int, digits: int) -> int:
    """What `to_scaled` does, for every value that the short ways of `scaler` leave."""
    value = _unwrapped(value)
    if isinstance(value, Decimal):  # of a subclass, or from inside an array
        return scaler(scale, digits)(Decimal(value))
    if isinstance(value, float):
        n = _nearest(value, scale, digits)
        if n / pow10(scale) == value:
            return n
        raise _not_nearest(
            value, n, scale, 'pass a Decimal or text, or ask for floats="nearest" to have noise rounded away'
        )
    if isinstance(value, str):
        unscaled, decimals = parse_decimal(value)
        try:
            n = rescale(unscaled, decimals, scale)
        except LostPrecision:
            raise _too_many_decimals(decimals, scale, format_plain(unscaled, decimals)) from None
    elif isinstance(value, Fraction):
        n, rest = divmod(value.numerator * pow10(scale), value.denominator)
        if rest:
            raise NotExact(
                "F_DECIMALS",
                f"expected at most {_count(scale, 'decimal')} but got a fraction that needs more",
                f"round it to {_count(scale, 'decimal')} first",
            )
    elif isinstance(value, int) and not isinstance(value, bool):
        n = int(value) * pow10(scale)
    else:
        raise _wrong_type(value)
    if (count := digits_of(n)) > digits:
        # Python refuses to write out a huge integer, or takes long; its first digits do as well.
        shown = format_plain(n, scale) if count <= MAX_DIGITS else str(round_down(n, pow10(count - 41)))
        raise _too_long(count, digits, scale, shown)
    return n


def _check_declared(scale: int, digits: int) -> None:
    if not 0 <= scale <= MAX_DIGITS:
        raise ValueError(f"expected 0 to {MAX_DIGITS} decimals but got `{scale}`")
    if not 1 <= digits <= MAX_DIGITS:
        raise ValueError(f"expected 1 to {MAX_DIGITS} digits but got `{digits}`")


def _unwrapped(value: object) -> object:
    """The Python value inside a NumPy scalar (or what behaves as one); anything else as it is."""
    # A shape of () tells a scalar from an array or a column that happens to hold one value.
    if isinstance(value, _NUMBERS) or getattr(value, "shape", None) != ():
        return value
    item = getattr(value, "item", None)
    return item() if callable(item) else value


def _nearest(value: float, scale: int, digits: int) -> int:
    """The scaled integer nearest to a float; within 15 digits, so there is no other candidate."""
    if not math.isfinite(value):
        raise _not_finite(value)
    numerator, denominator = value.as_integer_ratio()
    n = round_half_even(numerator * pow10(scale), denominator)
    if (count := digits_of(n)) > digits:
        raise _too_long(count, digits, scale, repr(float(value)))
    if count > FLOAT_DIGITS:
        raise NotExact(
            "F_FLOAT_NOISE",
            f"expected at most {FLOAT_DIGITS} digits in a float but got {count} in `{float(value)!r}`",
            "pass a Decimal or text: a float cannot hold so many digits for certain",
        )
    return n


# ── what to say when a value is refused ──


def _wrong_type(value: object) -> NotExact:
    got = "nothing" if value is None else f"a value of type `{type(value).__name__}`"
    if isinstance(value, bool):
        got = f"`{str(value).lower()}`"
    return NotExact(
        "F_TYPE", f"expected a number but got {got}", "pass a Decimal, an integer, or text such as 1234.50"
    )


def _bad_format(text: str) -> NotExact:
    hint = "write digits with at most one point between them, such as -1234.50"
    if not text.isascii() and _PLAIN.fullmatch(plain := unicodedata.normalize("NFKC", text).strip()):
        hint = f"write it in ASCII digits: {plain}"
    elif len(text) <= 2 * MAX_DIGITS:  # so that no pattern meets an unbounded text
        hint = next((advice for pattern, advice in _FORMAT_HELP if pattern.fullmatch(text)), hint)
    got = _quoted(text) if text.strip() else "blank text"
    return NotExact("F_FORMAT", f"expected a number such as `1234.50` but got {got}", hint)


def _not_finite(value: object) -> NotExact:
    return NotExact(
        "F_NOT_FINITE",
        f"expected a finite number but got {_quoted(str(value))}",
        "give a number, or leave the field out if it is not known",
    )


def _too_long(count: int, digits: int, scale: int, text: str) -> NotExact:
    if 0 < scale < digits:
        count, expected = count - scale, f"{_count(digits - scale, 'digit')} before the point"
    else:
        expected = f"{_count(digits, 'digit')} in all"
    return NotExact(
        "F_DIGITS",
        f"expected at most {expected} but got {count} in {_quoted(text)}",
        "correct the number, or declare the field with more digits",
    )


def _too_many_decimals(count: int, scale: int, text: str) -> NotExact:
    return NotExact(
        "F_DECIMALS",
        f"expected at most {_count(scale, 'decimal')} but got {count} in {_quoted(text)}",
        f"round it to {_count(scale, 'decimal')} first, or declare the field with more",
    )


def _explain(value: Decimal, scale: int, digits: int) -> NotExact:
    """Why a Decimal is refused, told from its digits alone: writing 1E+999999 out would take for ever."""
    if not value.is_finite():
        return _not_finite(value)
    if (decimals := -_last_place(value)) > scale:
        return _too_many_decimals(decimals, scale, str(value))
    return _too_long(value.adjusted() + 1 + scale, digits, scale, str(value))


def _not_nearest(value: float, n: int, scale: int, hint: str) -> NotExact:
    shortest = Decimal(repr(float(value)))
    if len(shortest.as_tuple().digits) <= FLOAT_DIGITS:  # so few digits were written, not computed
        return _too_many_decimals(-_last_place(shortest), scale, repr(float(value)))
    return NotExact(
        "F_FLOAT_NOISE",
        f"expected at most {_count(scale, 'decimal')} but got the float `{float(value)!r}`",
        f"{hint}; the nearest number is {format_plain(n, scale)}",
    )


def _last_place(value: Decimal) -> int:
    """The power of ten of the last digit that is not zero."""
    return value.adjusted() + 1 - len("".join(map(str, value.as_tuple().digits)).rstrip("0"))


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _quoted(text: str) -> str:
    """A user's text in backticks, not too long, and nothing in it that a terminal would obey."""
    text = text if len(text) <= 40 else f"{text[:37]}..."
    return f"`{text if text.isprintable() else repr(text)[1:-1]}`"


# ── going out ──


def format_plain(n: int, scale: int) -> str:
    """The canonical text of a scaled integer: all its decimals, no grouping. JSON and digests use it.

    >>> format_plain(-123450, 2), format_plain(5, 3), format_plain(0, 2), format_plain(42, 0)
    ('-1234.50', '0.005', '0.00', '42')
    """
    text = str(n)
    if not scale:
        return text
    if n < 0:
        text = text[1:].zfill(scale + 1)
        return f"-{text[:-scale]}.{text[-scale:]}"
    if len(text) <= scale:
        text = text.zfill(scale + 1)
    return f"{text[:-scale]}.{text[-scale:]}"


def format_scaled(n: int, scale: int, *, grouping: bool = True) -> str:
    """A scaled integer for people to read, with a comma between thousands.

    >>> format_scaled(-123450, 2), format_scaled(123450, 2, grouping=False)
    ('-1,234.50', '1234.50')
    """
    if not grouping:
        return format_plain(n, scale)
    if not scale:
        return f"{n:,}"
    if n < 0:
        whole, part = divmod(-n, pow10(scale))
        return f"-{whole:,}.{str(part).zfill(scale)}"
    whole, part = divmod(n, pow10(scale))
    return f"{whole:,}.{str(part).zfill(scale)}"


def format_percent(n: int, scale: int) -> str:
    """A rate as a percentage, with two decimals fewer than the rate has.

    >>> format_percent(500, 4), format_percent(-5, 1), format_percent(1, 0)
    ('5.00%', '-50%', '100%')
    """
    if scale >= 2:
        return format_scaled(n, scale - 2) + "%"
    return f"{n * pow10(2 - scale):,}%"


def format_ratio(num: int, den: int) -> str:
    """A quotient for people to read: exactly, where six decimals can do it, else rounded and as a fraction.

    A rounded one starts with ``≈`` and keeps four decimals, or at least three digits where it is smaller.
    The fraction, in lowest terms, is left out when it is long.

    Args:
        num: The numerator.
        den: The denominator, above zero.

    Raises:
        ValueError: The denominator is not positive.

    >>> format_ratio(5, 4), format_ratio(2469, 2), format_ratio(1, 3), format_ratio(-1, 30000)
    ('1.25', '1,234.5', '≈ 0.3333 (1/3)', '≈ -0.0000333 (-1/30,000)')
    """
    if den <= 0:
        raise ValueError(f"expected a positive denominator but got `{den}`")
    common = math.gcd(num, den)
    num, den = num // common, den // common
    for decimals in range(7):
        n, rest = divmod(num * pow10(decimals), den)
        if not rest:
            return format_scaled(n, decimals)
    decimals = 4 + max(digits_of(den) - digits_of(num) - 1, 0)
    shown = "≈ " + format_scaled(round_half_up(num * pow10(decimals), den), decimals)
    return f"{shown} ({num:,}/{den:,})" if digits_of(num) + digits_of(den) <= 24 else shown
