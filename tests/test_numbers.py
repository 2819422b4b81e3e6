"""Exact numbers: rounding, splitting, the border, formatting."""

import math
import random
from collections.abc import Callable
from datetime import date
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    localcontext,
)
from enum import IntEnum
from fractions import Fraction
from functools import partial
from typing import TypeVar

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from salesctrl import numbers
from salesctrl.numbers import (
    FLOAT_DIGITS,
    INT64_DIGITS,
    INT128_DIGITS,
    MAX_DIGITS,
    ROUNDERS,
    LostPrecision,
    NotExact,
    RoundingMode,
    allocate,
    digits_of,
    format_percent,
    format_plain,
    format_ratio,
    format_scaled,
    parse_decimal,
    pow10,
    rescale,
    round_div,
    scaler,
    to_scaled,
    to_scaled_nearest,
)

T = TypeVar("T")

HUGE = 10**40
integers = st.integers(-HUGE, HUGE) | st.integers(-50, 50)
divisors = st.integers(1, HUGE) | st.integers(1, 20)
scales = st.integers(0, 8)

DECIMAL_MODES = {
    RoundingMode.HALF_UP: ROUND_HALF_UP,
    RoundingMode.HALF_EVEN: ROUND_HALF_EVEN,
    RoundingMode.HALF_DOWN: ROUND_HALF_DOWN,
    RoundingMode.UP: ROUND_UP,
    RoundingMode.DOWN: ROUND_DOWN,
    RoundingMode.FLOOR: ROUND_FLOOR,
    RoundingMode.CEIL: ROUND_CEILING,
}


def refusal(read: Callable[[], object]) -> NotExact:
    with pytest.raises(NotExact) as caught:
        read()
    return caught.value


def attempt(read: Callable[[], T]) -> T | NotExact:
    try:
        return read()
    except NotExact as error:
        return error


class TestConstants:
    def test_every_number_of_so_many_digits_fits(self) -> None:
        assert 10**INT64_DIGITS - 1 <= 2**63 - 1 < 10 ** (INT64_DIGITS + 1) - 1
        assert 10**INT128_DIGITS - 1 <= 2**127 - 1 < 10 ** (INT128_DIGITS + 1) - 1

    @given(st.integers(0, 300))
    def test_pow10(self, exponent: int) -> None:
        assert pow10(exponent) == int("1" + "0" * exponent)

    def test_pow10_never_gives_a_float(self) -> None:
        with pytest.raises(ValueError, match="zero or more but got `-1`"):
            pow10(-1)

    @given(st.integers(-(10**100), 10**100) | st.integers(0, 200).map(lambda k: 10**k))
    def test_digits_of(self, n: int) -> None:
        assert digits_of(n) == len(str(abs(n)))
        assert digits_of(n - 1) == len(str(abs(n - 1)))

    def test_digits_of_what_python_does_not_write_out(self) -> None:
        assert digits_of(10**9999) == 10000
        assert digits_of(10**9999 - 1) == 9999


class TestRounding:
    def test_the_modes_by_example(self) -> None:
        table = {
            # tenths:                  -25  -21  -15   -5    0    5   15   21   25   29
            RoundingMode.HALF_UP: [-3, -2, -2, -1, 0, 1, 2, 2, 3, 3],
            RoundingMode.HALF_EVEN: [-2, -2, -2, 0, 0, 0, 2, 2, 2, 3],
            RoundingMode.HALF_DOWN: [-2, -2, -1, 0, 0, 0, 1, 2, 2, 3],
            RoundingMode.UP: [-3, -3, -2, -1, 0, 1, 2, 3, 3, 3],
            RoundingMode.DOWN: [-2, -2, -1, 0, 0, 0, 1, 2, 2, 2],
            RoundingMode.FLOOR: [-3, -3, -2, -1, 0, 0, 1, 2, 2, 2],
            RoundingMode.CEIL: [-2, -2, -1, 0, 0, 1, 2, 3, 3, 3],
        }
        assert set(table) == set(RoundingMode)
        for mode, expected in table.items():
            got = [round_div(n, 10, mode) for n in (-25, -21, -15, -5, 0, 5, 15, 21, 25, 29)]
            assert got == expected, mode

    @given(integers, divisors, st.sampled_from(RoundingMode))
    def test_as_decimal_rounds(self, n: int, d: int, mode: RoundingMode) -> None:
        # The quotient cut to one digit, and a last digit that says whether anything was cut, round as
        # the quotient itself does; and that Decimal can hold.
        tenths, rest = divmod(abs(n) * 10, d)
        exact = Decimal(f"{tenths}{1 if rest else 0}E-2").copy_sign(n)
        oracle = exact.quantize(Decimal(1), rounding=DECIMAL_MODES[mode], context=Context(prec=100))
        assert round_div(n, d, mode) == int(oracle)

    @given(integers, divisors, st.sampled_from(RoundingMode), st.integers(1, HUGE))
    def test_the_fraction_alone_matters(self, n: int, d: int, mode: RoundingMode, factor: int) -> None:
        assert round_div(n * factor, d * factor, mode) == round_div(n, d, mode)

    @given(integers, divisors)
    def test_symmetry(self, n: int, d: int) -> None:
        for mode in (
            RoundingMode.HALF_UP,
            RoundingMode.HALF_EVEN,
            RoundingMode.HALF_DOWN,
            RoundingMode.UP,
            RoundingMode.DOWN,
        ):
            assert round_div(-n, d, mode) == -round_div(n, d, mode)
        assert round_div(-n, d, RoundingMode.FLOOR) == -round_div(n, d, RoundingMode.CEIL)

    @pytest.mark.parametrize("mode", RoundingMode)
    def test_small_quotients_all(self, mode: RoundingMode) -> None:
        for n in range(-60, 61):
            for d in range(1, 13):
                oracle = int((Decimal(n) / d).quantize(Decimal(1), rounding=DECIMAL_MODES[mode]))
                assert ROUNDERS[mode](n, d) == oracle, (n, d)

    @pytest.mark.parametrize("d", [0, -1])
    def test_divisor_must_be_positive(self, d: int) -> None:
        with pytest.raises(ValueError, match="positive divisor"):
            round_div(1, d, RoundingMode.HALF_UP)

    def test_every_mode_has_its_function(self) -> None:
        assert set(ROUNDERS) == set(RoundingMode)
        for mode, function in ROUNDERS.items():
            assert function is getattr(numbers, f"round_{mode}")


class TestRescale:
    @given(integers, scales, scales)
    def test_value_is_kept_or_refused(self, n: int, old: int, new: int) -> None:
        value = Fraction(n, 10**old)
        if (value * 10**new).denominator == 1:
            assert Fraction(rescale(n, old, new), 10**new) == value
        else:
            with pytest.raises(LostPrecision):
                rescale(n, old, new)

    @given(integers, scales, scales, st.sampled_from(RoundingMode))
    def test_rounding(self, n: int, old: int, new: int, mode: RoundingMode) -> None:
        assert rescale(n, old, new, mode) == round_div(n * 10**new, 10**old, mode)

    def test_message(self) -> None:
        with pytest.raises(LostPrecision, match=r"^expected at most 1 decimal but got `-12\.3450`$"):
            rescale(-123450, 4, 1)


class TestAllocate:
    def test_examples(self) -> None:
        assert allocate(33333, (5, 3, 2)) == (16666, 10000, 6667)
        assert allocate(50000, (5, 3, 2)) == (25000, 15000, 10000)
        assert allocate(100, (1, 1, 1)) == (34, 33, 33)
        assert allocate(-100, (1, 1, 1)) == (-34, -33, -33)
        assert allocate(1, (0, 1, 0)) == (0, 1, 0)
        assert allocate(0, (1, 2)) == (0, 0)
        assert allocate(7, [4]) == (7,)

    weights = st.lists(st.integers(0, 1000) | st.integers(0, HUGE), min_size=1, max_size=12).filter(any)

    @given(integers, weights)
    def test_laws(self, total: int, weights: list[int]) -> None:
        parts = allocate(total, weights)
        whole = sum(weights)
        assert len(parts) == len(weights)
        assert sum(parts) == total
        assert parts == tuple(-part for part in allocate(-total, weights))
        for part, weight in zip(parts, weights, strict=True):
            exact = Fraction(total * weight, whole)
            assert abs(part - exact) < 1, "a part is never a whole unit off its exact share"
            assert math.floor(exact) <= part <= math.ceil(exact), "and nothing goes to a weight of zero"

    @given(st.integers(0, HUGE), weights)
    def test_units_go_to_the_largest_remainders_first_written_first(
        self, total: int, weights: list[int]
    ) -> None:
        whole = sum(weights)
        exact = [Fraction(total * weight, whole) for weight in weights]
        got_one = [
            part > math.floor(share) for part, share in zip(allocate(total, weights), exact, strict=True)
        ]
        rest = [share - math.floor(share) for share in exact]
        for i, j in ((i, j) for i in range(len(rest)) for j in range(len(rest)) if got_one[i] > got_one[j]):
            assert rest[i] > rest[j] or (rest[i] == rest[j] and i < j)

    @pytest.mark.parametrize(("weights", "message"), [((), "above zero"), ((0, 0), "above zero")])
    def test_needs_a_weight(self, weights: tuple[int, ...], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            allocate(10, weights)

    def test_refuses_negative_weights(self) -> None:
        with pytest.raises(ValueError, match="zero or more but got `-1`"):
            allocate(10, (3, -1))


class TestParseDecimal:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("0", (0, 0)),
            ("-12.50", (-1250, 2)),
            ("+7", (7, 0)),
            ("007.10", (710, 2)),
            (".5", (5, 1)),
            ("-.5", (-5, 1)),
            ("-0.00", (0, 2)),
            ("9" * 60, (10**60 - 1, 0)),
            ("-0." + "9" * 59, (-(10**59) + 1, 59)),
        ],
    )
    def test_plain_notation(self, text: str, expected: tuple[int, int]) -> None:
        assert parse_decimal(text) == expected

    @pytest.mark.parametrize(
        ("text", "help"),
        [
            ("", "leave the field out"),
            ("  ", "leave the field out"),
            (" 5", "remove the space"),
            ("5\n", "remove the space"),
            ("1,234.50", "leave out the thousands separators"),
            ("1'234", "leave out the thousands separators"),
            ("1_000", "leave out the thousands separators"),
            ("12,50", "decimals after a point"),
            ("1.234,50", "decimals after a point"),
            ("1e5", "without an exponent"),
            ("1.5E-3", "without an exponent"),
            ("5%", "as a fraction"),
            ("\uff11\uff12\uff13\uff14\uff15", "write it in ASCII digits: 12345"),
            ("١٢", "digits with at most one point"),
            ("12.", "digits with at most one point"),
            ("1.2.3", "digits with at most one point"),
            ("--5", "digits with at most one point"),
            ("+-5", "digits with at most one point"),
            (".", "digits with at most one point"),
            ("-", "digits with at most one point"),
            ("0x10", "digits with at most one point"),
            ("NaN", "digits with at most one point"),
            ("inf", "digits with at most one point"),
            ("¥5", "digits with at most one point"),
            ("1" * 500 + "x", "digits with at most one point"),
        ],
    )
    def test_refuses_all_else(self, text: str, help: str) -> None:
        error = refusal(lambda: parse_decimal(text))
        assert error.code == "F_FORMAT"
        assert help in error.help
        assert "expected a number such as `1234.50` but got" in str(error)

    @pytest.mark.parametrize("text", ["1" * 61, "-" + "1" * 61, "0." + "1" * 60, "0" * 100_000])
    def test_refuses_what_is_too_long(self, text: str) -> None:
        error = refusal(lambda: parse_decimal(text))
        assert error.code == "F_DIGITS"
        assert len(str(error)) < 150

    def test_a_message_shows_no_control_characters(self) -> None:
        error = refusal(lambda: parse_decimal("1\x1b[31m\u202e2"))
        assert str(error).isprintable()

    @given(st.text())
    def test_any_text_is_a_number_or_a_refusal(self, text: str) -> None:
        got = attempt(lambda: parse_decimal(text))
        if isinstance(got, NotExact):
            assert got.code in ("F_FORMAT", "F_DIGITS")
        else:
            assert Decimal(got[0]).scaleb(-got[1]) == Decimal(text)

    @given(st.integers(-(10**60) + 1, 10**60 - 1), st.integers(0, 59))
    def test_reads_what_is_written(self, n: int, scale: int) -> None:
        assert parse_decimal(format_plain(n, scale)) == (n, scale)


class Whole(IntEnum):
    SEVEN = 7


class Tagged(Decimal):
    pass


class TestToScaled:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (Decimal("1234.5"), 123450),
            (Decimal("-0.01"), -1),
            (Decimal("7.000"), 700),
            (Decimal("1E+3"), 100000),
            (Decimal("0E+999999"), 0),
            (Decimal("-0"), 0),
            (Tagged("1.25"), 125),
            (1234, 123400),
            (Whole.SEVEN, 700),
            ("1234.5", 123450),
            ("-1234.5000", -123450),
            (Fraction(5, 4), 125),
            (1234.5, 123450),
            (0.1, 10),
            (-0.07, -7),
            (-0.0, 0),
            (9999999999999.99, 999999999999999),
            (np.float64(0.1), 10),
            (np.float32(0.5), 50),
            (np.int64(12), 1200),
            (np.uint8(255), 25500),
            (np.str_("1.10"), 110),
            (np.array(3), 300),
            (np.array(Decimal("1.50")), 150),
        ],
    )
    def test_accepts(self, value: object, expected: int) -> None:
        got = to_scaled(value, 2, 18)
        assert got == expected
        assert type(got) is int

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            (None, "F_TYPE"),
            (True, "F_TYPE"),
            (False, "F_TYPE"),
            (np.bool_(True), "F_TYPE"),
            (1j, "F_TYPE"),
            (b"12", "F_TYPE"),
            ([1], "F_TYPE"),
            (date(2026, 1, 1), "F_TYPE"),
            (np.datetime64("2026-01-01"), "F_TYPE"),
            (np.longdouble("0.1"), "F_TYPE"),
            (np.array([5]), "F_TYPE"),
            (pd.Series([5]), "F_TYPE"),
            (pl.Series([5]), "F_TYPE"),
            (pd.NA, "F_TYPE"),
            (pd.NaT, "F_TYPE"),
            (object(), "F_TYPE"),
            (float("nan"), "F_NOT_FINITE"),
            (float("-inf"), "F_NOT_FINITE"),
            (np.float32("inf"), "F_NOT_FINITE"),
            (Decimal("NaN"), "F_NOT_FINITE"),
            (Decimal("sNaN"), "F_NOT_FINITE"),
            (Decimal("-Infinity"), "F_NOT_FINITE"),
            ("1,000", "F_FORMAT"),
            ("nan", "F_FORMAT"),
            (Decimal("1.005"), "F_DECIMALS"),
            (Tagged("1.005"), "F_DECIMALS"),
            (np.array(Decimal("1.005")), "F_DECIMALS"),
            (Decimal("1E-999999"), "F_DECIMALS"),
            ("1.005", "F_DECIMALS"),
            (Fraction(1, 3), "F_DECIMALS"),
            pytest.param(Fraction(1, 10**5000), "F_DECIMALS", id="tiny"),
            (1.005, "F_DECIMALS"),
            (5e-324, "F_DECIMALS"),
            (10**16, "F_DIGITS"),
            pytest.param(-(10**5000), "F_DIGITS", id="huge"),
            (Decimal(10**16), "F_DIGITS"),
            (Decimal("1E+999999999"), "F_DIGITS"),
            ("1" + "0" * 16, "F_DIGITS"),
            ("1" * 61, "F_DIGITS"),
            (Fraction(10**16), "F_DIGITS"),
            (1e16, "F_DIGITS"),
            (1.7976931348623157e308, "F_DIGITS"),
            (0.1 + 0.2, "F_FLOAT_NOISE"),
            (1.1 * 1.1, "F_FLOAT_NOISE"),
            (np.float64(0.1) + np.float64(0.2), "F_FLOAT_NOISE"),
            (np.float32(0.1), "F_FLOAT_NOISE"),
            (12345678901234.56, "F_FLOAT_NOISE"),  # 16 digits: another number has the same double
        ],
    )
    def test_refuses(self, value: object, code: str) -> None:
        error = refusal(lambda: to_scaled(value, 2, 18))
        assert error.code == code
        assert str(error) == error.message
        assert error.message.startswith("expected")
        assert " but got " in error.message
        assert not error.message.endswith(".")
        assert error.help
        assert len(error.message) < 150

    @pytest.mark.parametrize(
        ("value", "message", "help"),
        [
            (True, "expected a number but got `true`", "pass a Decimal, an integer, or text such as 1234.50"),
            (None, "expected a number but got nothing", None),
            ([1], "expected a number but got a value of type `list`", None),
            ("", "expected a number such as `1234.50` but got blank text", None),
            (
                Decimal("1.005"),
                "expected at most 2 decimals but got 3 in `1.005`",
                "round it to 2 decimals first, or declare the field with more",
            ),
            (
                10**16,
                "expected at most 16 digits before the point but got 17 in `10000000000000000.00`",
                "correct the number, or declare the field with more digits",
            ),
            (
                0.1 + 0.2,
                "expected at most 2 decimals but got the float `0.30000000000000004`",
                'pass a Decimal or text, or ask for floats="nearest" to have noise rounded away; '
                "the nearest number is 0.30",
            ),
            (
                12345678901234.56,
                "expected at most 15 digits in a float but got 16 in `12345678901234.56`",
                "pass a Decimal or text: a float cannot hold so many digits for certain",
            ),
            (Decimal("NaN"), "expected a finite number but got `NaN`", None),
            (Fraction(1, 3), "expected at most 2 decimals but got a fraction that needs more", None),
        ],
    )
    def test_messages(self, value: object, message: str, help: str | None) -> None:
        error = refusal(lambda: to_scaled(value, 2, 18))
        assert error.message == message
        assert help is None or error.help == help

    def test_messages_about_digits_fit_the_type(self) -> None:
        assert (
            str(refusal(lambda: to_scaled(100, 0, 2)))
            == "expected at most 2 digits in all but got 3 in `100`"
        )
        assert "2 digits in all but got 3" in str(refusal(lambda: to_scaled("0.0123", 4, 2)))
        assert "1 digit before the point but got 2" in str(refusal(lambda: to_scaled("10.00", 2, 3)))

    @given(st.integers(-(10**FLOAT_DIGITS) + 1, 10**FLOAT_DIGITS - 1), st.integers(0, 30))
    @example(999_999_999_999_999, 2)
    @example(-999_999_999_999_999, 30)
    def test_the_nearest_double_of_a_number_is_that_number(self, n: int, scale: int) -> None:
        assert to_scaled(float(Fraction(n, 10**scale)), scale, 40) == n

    @given(st.floats(), scales, st.integers(1, 30))
    def test_a_float_is_taken_only_for_a_number_that_it_is_nearest_to(
        self, value: float, scale: int, digits: int
    ) -> None:
        try:
            n = to_scaled(value, scale, digits)
        except NotExact:
            return
        assert float(Decimal(n).scaleb(-scale)) == value
        for other in (n - 1, n + 1):
            assert float(Decimal(other).scaleb(-scale)) != value, "no other number has the same double"

    @given(st.floats(allow_nan=False, allow_infinity=False), scales)
    def test_a_float_that_is_refused_is_nearest_to_none(self, value: float, scale: int) -> None:
        exact = Fraction(value) * 10**scale
        assume(abs(exact) < 10**FLOAT_DIGITS - 1)
        nearest = {n for n in (math.floor(exact), math.ceil(exact)) if float(Fraction(n, 10**scale)) == value}
        if nearest:
            assert to_scaled(value, scale, 18) in nearest
        else:
            assert refusal(lambda: to_scaled(value, scale, 18)).code in ("F_DECIMALS", "F_FLOAT_NOISE")

    @given(st.decimals() | st.decimals(-(10**9), 10**9, places=4), scales, st.integers(1, 30))
    def test_decimals(self, value: Decimal, scale: int, digits: int) -> None:
        got = attempt(lambda: to_scaled(value, scale, digits))
        if not isinstance(got, NotExact):
            assert Fraction(got, 10**scale) == Fraction(value)
            assert abs(got) < 10**digits
        elif not value.is_finite():
            assert got.code == "F_NOT_FINITE"
        elif (Fraction(value) * 10**scale).denominator != 1:
            assert got.code == "F_DECIMALS"
        else:
            assert got.code == "F_DIGITS"
            assert abs(Fraction(value) * 10**scale) >= 10**digits

    @given(st.integers(-(10**20), 10**20), scales, st.integers(1, 22))
    def test_all_ways_of_writing_a_number_agree(self, n: int, scale: int, digits: int) -> None:
        forms: list[object] = [
            format_plain(n, scale),
            format_plain(n * 1000, scale + 3),
            Decimal(n).scaleb(-scale, Context(prec=40)),
            Fraction(n, 10**scale),
            Tagged(format_plain(n, scale)),
        ]
        if n % 10**scale == 0:
            forms += [n // 10**scale]
        for form in forms:
            got = attempt(partial(to_scaled, form, scale, digits))
            if abs(n) < 10**digits:
                assert got == n
            else:
                assert isinstance(got, NotExact)
                assert got.code == "F_DIGITS"

    def test_the_caller_s_decimal_context_does_not_matter(self) -> None:
        with localcontext(prec=2, rounding=ROUND_UP):
            assert to_scaled(Decimal("1234567.89"), 2, 18) == 123456789
            assert refusal(lambda: to_scaled(Decimal("1.001"), 2, 18)).code == "F_DECIMALS"

    @given(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.decimals(allow_nan=True)
        | st.fractions()
        | st.text()
        | st.binary()
        | st.dates()
        | st.complex_numbers()
        | st.lists(st.integers(), max_size=2)
    )
    def test_anything_is_a_number_or_a_refusal(self, value: object) -> None:
        got = attempt(lambda: to_scaled(value, 2, 18))
        assert type(got) is int or (isinstance(got, NotExact) and got.code.startswith("F_"))

    def test_the_bounds_of_a_declaration(self) -> None:
        assert to_scaled("." + "9" * MAX_DIGITS, MAX_DIGITS, MAX_DIGITS) == 10**MAX_DIGITS - 1
        assert scaler(2, 18) is scaler(2, 18)
        for scale, digits in ((-1, 18), (61, 18), (2, 0), (2, 61)):
            with pytest.raises(ValueError, match="but got"):
                scaler(scale, digits)


class TestNearest:
    TOLERANCE = Decimal("1e-9")

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (0.3, (30, False)),
            (0.1 + 0.2, (30, True)),
            (np.float64(0.1) + np.float64(0.2), (30, True)),
            (1.1 * 1.1, (121, True)),
            (-(1.1 * 1.1), (-121, True)),
            (100 * 1.1, (11000, True)),
            ("0.3", (30, False)),
            (Decimal("0.30"), (30, False)),
            (12, (1200, False)),
        ],
    )
    def test_noise_is_rounded_away(self, value: object, expected: tuple[int, bool]) -> None:
        assert to_scaled_nearest(value, 2, 18, self.TOLERANCE) == expected

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            (1.005, "F_DECIMALS"),
            (0.3000000100000001, "F_FLOAT_NOISE"),
            (np.float32(0.1), "F_FLOAT_NOISE"),
            (float("nan"), "F_NOT_FINITE"),
            (12345678901234.56, "F_FLOAT_NOISE"),
            (1e17, "F_DIGITS"),
            (Decimal("0.3000000000001"), "F_DECIMALS"),
            ("0.3000000000001", "F_DECIMALS"),
            (True, "F_TYPE"),
        ],
    )
    def test_what_is_not_noise_is_refused(self, value: object, code: str) -> None:
        assert refusal(lambda: to_scaled_nearest(value, 2, 18, self.TOLERANCE)).code == code

    def test_help_names_the_tolerance(self) -> None:
        error = refusal(lambda: to_scaled_nearest(0.3000000100000001, 2, 18, Decimal("0.00000001")))
        assert error.help == ("correct the number: it is further off than 1E-8; the nearest number is 0.30")

    def test_tolerance_is_inclusive_and_exact(self) -> None:
        value = 0.25 + 2**-30
        off = Decimal(2) ** -30
        assert to_scaled_nearest(value, 2, 18, off) == (25, True)
        with pytest.raises(NotExact):
            to_scaled_nearest(value, 2, 18, off.next_minus())

    @pytest.mark.parametrize("tolerance", ["-1e-9", "0.005", "1", "NaN", "Infinity"])
    def test_tolerance_must_be_noise(self, tolerance: str) -> None:
        with pytest.raises(ValueError, match="expected a tolerance below half"):
            to_scaled_nearest(0.3, 2, 18, Decimal(tolerance))

    @given(st.integers(-(10**10), 10**10), st.integers(0, 4), st.integers(-3, 3))
    def test_a_few_steps_off_is_noise(self, n: int, scale: int, steps: int) -> None:
        clean = float(Fraction(n, 10**scale))
        value = clean
        for _ in range(abs(steps)):
            value = math.nextafter(value, math.copysign(math.inf, steps))
        tolerance = Decimal("4e-5")
        got, rounded = to_scaled_nearest(value, scale, 18, tolerance)
        assert got == n
        assert rounded == (value != clean)

    @given(st.floats(-(10**9), 10**9), st.integers(0, 4))
    def test_never_further_off_than_the_tolerance(self, value: float, scale: int) -> None:
        tolerance = Decimal("0.00001")
        try:
            n, rounded = to_scaled_nearest(value, scale, 18, tolerance)
        except NotExact:
            assert abs(Fraction(value) - Fraction(round(Fraction(value), scale))) > Fraction(tolerance)
        else:
            assert abs(Fraction(value) - Fraction(n, 10**scale)) <= Fraction(tolerance)
            assert rounded == (float(Fraction(n, 10**scale)) != value)


class TestFormat:
    @pytest.mark.parametrize(
        ("n", "scale", "plain", "grouped"),
        [
            (123450, 2, "1234.50", "1,234.50"),
            (-123450, 2, "-1234.50", "-1,234.50"),
            (5, 2, "0.05", "0.05"),
            (-5, 2, "-0.05", "-0.05"),
            (-50, 2, "-0.50", "-0.50"),
            (0, 2, "0.00", "0.00"),
            (100, 2, "1.00", "1.00"),
            (1234567, 0, "1234567", "1,234,567"),
            (-1234567, 0, "-1234567", "-1,234,567"),
            (7, 6, "0.000007", "0.000007"),
        ],
    )
    def test_examples(self, n: int, scale: int, plain: str, grouped: str) -> None:
        assert format_plain(n, scale) == plain
        assert format_scaled(n, scale) == grouped
        assert format_scaled(n, scale, grouping=False) == plain

    @given(integers, st.integers(0, 20))
    def test_as_decimal_writes(self, n: int, scale: int) -> None:
        exact = Decimal(n).scaleb(-scale, Context(prec=60))
        if n == 0:
            exact = exact.copy_abs()
        assert format_plain(n, scale) == f"{exact:.{scale}f}"
        assert format_scaled(n, scale) == f"{exact:,.{scale}f}"

    @pytest.mark.parametrize(
        ("n", "scale", "text"),
        [
            (500, 4, "5.00%"),
            (-1, 4, "-0.01%"),
            (5, 2, "5%"),
            (5, 1, "50%"),
            (-3, 0, "-300%"),
            (12345678, 4, "123,456.78%"),
        ],
    )
    def test_percent(self, n: int, scale: int, text: str) -> None:
        assert format_percent(n, scale) == text

    @given(integers, st.integers(0, 12))
    def test_percent_is_exact(self, n: int, scale: int) -> None:
        text = format_percent(n, scale)
        assert text.endswith("%")
        assert Fraction(text[:-1].replace(",", "")) == Fraction(n, 10**scale) * 100

    @pytest.mark.parametrize(
        ("num", "den", "text"),
        [
            (5, 4, "1.25"),
            (-5, 4, "-1.25"),
            (2469, 2, "1,234.5"),
            (6, 3, "2"),
            (0, 7, "0"),
            (1, 64, "0.015625"),
            (1, 128, "≈ 0.00781 (1/128)"),
            (1, 3, "≈ 0.3333 (1/3)"),
            (-2, 6, "≈ -0.3333 (-1/3)"),
            (2, 3, "≈ 0.6667 (2/3)"),
            (10_000_000, 3, "≈ 3,333,333.3333 (10,000,000/3)"),
            (1, 30_000, "≈ 0.0000333 (1/30,000)"),
            (10**20, 3**20, "≈ 28,679,719,907.9244"),
        ],
    )
    def test_ratio(self, num: int, den: int, text: str) -> None:
        assert format_ratio(num, den) == text

    @given(integers, divisors)
    def test_a_ratio_is_exact_or_says_that_it_is_not(self, num: int, den: int) -> None:
        text = format_ratio(num, den)
        exact = Fraction(num, den)
        if text.startswith("≈ "):
            number, _, fraction = text[2:].partition(" ")
            shown = Fraction(number.replace(",", ""))
            assert abs(shown - exact) <= abs(exact) / 100
            assert shown != 0
            if fraction:
                assert Fraction(fraction[1:-1].replace(",", "")) == exact
        else:
            assert Fraction(text.replace(",", "")) == exact

    @pytest.mark.parametrize("den", [0, -2])
    def test_ratio_needs_a_positive_denominator(self, den: int) -> None:
        with pytest.raises(ValueError, match="positive denominator"):
            format_ratio(1, den)


def test_a_float_s_noise_is_found_in_a_thousand_sums() -> None:
    """Sums of prices in floats are taken when they are clean, refused when not, never taken wrongly."""
    rng = random.Random(20260301)
    noisy = 0
    for _ in range(1000):
        cents = [rng.randrange(1, 10**6) for _ in range(rng.randrange(2, 6))]
        total = sum(c / 100 for c in cents)
        try:
            assert to_scaled(total, 2, 18) == sum(cents)
        except NotExact:
            noisy += 1
        assert to_scaled_nearest(total, 2, 18, Decimal("1e-6"))[0] == sum(cents)
    assert 0 < noisy < 1000
