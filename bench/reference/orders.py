"""The orders: three sets, made from fixed seeds with the standard library alone.

A record holds its numbers as decimal text; `as_decimals`, `as_floats` and `as_scaled` give
the row of plain Python values that an engine is fed.

typical    what a sales system sends in a day: about half the orders pass. Used for timing
boundary   orders that sit on a threshold, on half a cent, or just beside one
dirty      orders with a field that the caller computed in binary floats (a sum of lines,
           1 - price / list, paid / amount) and that therefore carries noise
"""

import random
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from reference.rules import DECIMALS

Record = dict[str, Any]
Draft = dict[str, Any]

SIZES = {"typical": 2_000, "boundary": 2_000, "dirty": 600}
SEEDS = {"typical": 20240601, "boundary": 7, "dirty": 11}

WHOLE = 10_000  # a rate of 1, in ten-thousandths
CENTS = 100


def floor_price(list_price: int, discount: int) -> int:
    """The list price less the discount in cents, half a cent going up."""
    return (list_price * (WHOLE - discount) + WHOLE // 2) // WHOLE


def harmless(rng: random.Random, name: str) -> Draft:
    """An order that no rule holds against; amounts in cents, rates in ten-thousandths."""
    list_price = rng.randint(10 * CENTS, 5_000 * CENTS)
    discount = rng.choice((0, 100, 150, 200, 300, 400))
    return {
        "order_id": name,
        "customer_grade": rng.choice("AAB"),
        "amount": rng.randint(100 * CENTS, 30_000 * CENTS),
        "credit_limit": 500_000 * CENTS,
        "outstanding": rng.randint(0, 200_000 * CENTS),
        "overdue_days": 0,
        "discount_rate": discount,
        "list_price": list_price,
        "unit_price": floor_price(list_price, discount) + rng.choice((0, 0, 1, 500)),
        "prepaid_ratio": 10 * rng.randint(0, 1_000),
        "contract_signed": True,
        "requester_role": "sales_rep",
        "approver_role": rng.choice(("sales_manager", "vp_sales", "gm")),
        "has_cfo_approval": False,
    }


def written(draft: Draft) -> Record:
    """The draft with its numbers as decimal text."""
    record = dict(draft)
    for name, decimals in DECIMALS.items():
        whole, rest = divmod(draft[name], 10**decimals)
        record[name] = f"{whole}.{rest:0{decimals}}"
    return record


# --- typical ------------------------------------------------------------------------------------


def _everyday(rng: random.Random, name: str) -> Draft:
    order = harmless(rng, name)
    limit = rng.choice((100_000, 200_000, 500_000, 1_000_000, 2_000_000)) * CENTS
    late = rng.choices(("no", "days", "months", "lost"), (75, 17, 6, 2))[0]
    dear = rng.choices(("small", "some", "large", "huge"), (78, 14, 6, 2))[0]
    discounts = {"small": (0, 500), "some": (501, 1_000), "large": (1_001, 2_000), "huge": (2_001, 4_000)}
    lateness = {"no": (0, 0), "days": (1, 30), "months": (31, 120), "lost": (121, 400)}
    order |= {
        "customer_grade": rng.choices("ABCD", (40, 35, 18, 7))[0],
        "credit_limit": limit,
        "outstanding": rng.randrange(limit * 9 // 10),
        "amount": min(int(rng.lognormvariate(15.0, 1.0)), 900_000 * CENTS),
        "overdue_days": rng.randint(*lateness[late]),
        "discount_rate": rng.randint(*discounts[dear]),
        "contract_signed": rng.random() >= 0.03,
        "requester_role": "sales_manager" if rng.random() < 0.06 else "sales_rep",
        "has_cfo_approval": rng.random() < 0.10,
    }
    lowest = floor_price(order["list_price"], order["discount_rate"])
    if rng.random() < 0.03:
        order["unit_price"] = max(lowest - rng.randint(1, 500), 0)
    else:
        order["unit_price"] = lowest + rng.choice((0, 0, 1, 250))
    return order


# --- boundary -----------------------------------------------------------------------------------


def _at_the_limit(rng: random.Random, order: Draft) -> None:
    """The exposure meets the limit, or misses it by a cent; up to ten trillion."""
    top = 10 ** rng.choice((2, 3, 4, 5, 7, 9, 12, 15))
    order["outstanding"], order["amount"] = rng.randint(1, top), rng.randint(1, top)
    exposure = order["outstanding"] + order["amount"]
    order["credit_limit"] = max(exposure + rng.choice((0, 0, 0, 1, -1)), 0)


def _at_a_discount_step(rng: random.Random, order: Draft) -> None:
    order["discount_rate"] = rng.choice((500, 1_000, 2_000)) + rng.choice((-1, 0, 0, 0, 1))
    _price_beside_the_floor(rng, order)


def _on_half_a_cent(rng: random.Random, order: Draft) -> None:
    """The list price less the discount ends on exactly half a cent."""
    _price_whose_remainder(rng, order, WHOLE // 2, WHOLE // 2)


def _just_under_half_a_cent(rng: random.Random, order: Draft) -> None:
    """Rounded to four decimals first and then to two, the price would go the wrong way."""
    _price_whose_remainder(rng, order, WHOLE // 2 - 50, WHOLE // 2 - 1)


def _price_whose_remainder(rng: random.Random, order: Draft, least: int, most: int) -> None:
    while True:
        list_price = rng.randint(5, 5_000 * CENTS)
        discount = rng.choice((50, 250, 500, 750, 1_250, 1_500, rng.randint(1, 4_000)))
        if least <= list_price * (WHOLE - discount) % WHOLE <= most:
            break
    order["list_price"], order["discount_rate"] = list_price, discount
    _price_beside_the_floor(rng, order)


def _price_beside_the_floor(rng: random.Random, order: Draft) -> None:
    lowest = floor_price(order["list_price"], order["discount_rate"])
    order["unit_price"] = max(lowest + rng.choice((0, 0, -1, -1, 1)), 0)


def _at_a_prepaid_share(rng: random.Random, order: Draft) -> None:
    order["customer_grade"] = rng.choice("CD")
    order["prepaid_ratio"] = rng.choice((2_999, 3_000, 3_000, 3_001, 9_999, 10_000, 10_000))


def _at_the_large_amount(rng: random.Random, order: Draft) -> None:
    order["amount"] = 500_000 * CENTS + rng.choice((-1, 0, 0, 1))


def _at_an_age(rng: random.Random, order: Draft) -> None:
    order["overdue_days"] = rng.choice((30, 31, 120, 121))


def _other_answers(rng: random.Random, order: Draft) -> None:
    order["contract_signed"] = rng.random() < 0.5
    order["has_cfo_approval"] = rng.random() < 0.5
    order["requester_role"] = rng.choice((order["approver_role"], "sales_rep"))


BOUNDARIES: tuple[Callable[[random.Random, Draft], None], ...] = (
    _at_the_limit,
    _at_the_limit,
    _at_a_discount_step,
    _on_half_a_cent,
    _on_half_a_cent,
    _just_under_half_a_cent,
    _at_a_prepaid_share,
    _at_the_large_amount,
    _at_an_age,
    _other_answers,
)

#: Small cases known to trip binary floats, so that the examples of wrong answers are short.
TEXTBOOK: tuple[Draft, ...] = (
    {"outstanding": 10, "amount": 20, "credit_limit": 30},
    {"outstanding": 10, "amount": 70, "credit_limit": 80},
    {"outstanding": 11_000, "amount": 22_000, "credit_limit": 33_000},
    {"list_price": 1_010, "discount_rate": 500, "unit_price": 959},
    {"list_price": 250, "discount_rate": 500, "unit_price": 237},
    {"list_price": 270, "discount_rate": 500, "unit_price": 256},
    {"discount_rate": 500},
    {"discount_rate": 1_000},
    {"discount_rate": 2_000},
    {"customer_grade": "C", "prepaid_ratio": 3_000},
    {"customer_grade": "D", "prepaid_ratio": 10_000},
)


def _borderline(rng: random.Random, name: str) -> Draft:
    order = harmless(rng, name)
    for alter in rng.sample(BOUNDARIES, rng.choice((1, 1, 2, 3))):
        alter(rng, order)
    return order


# --- dirty --------------------------------------------------------------------------------------


def _summed_amount(rng: random.Random, order: Draft) -> tuple[str, float]:
    """The amount is a float sum of lines that meets the limit exactly."""
    lines = [rng.randint(1, 10 ** rng.choice((2, 4, 6))) for _ in range(rng.randint(2, 6))]
    order["outstanding"], order["amount"], order["credit_limit"] = 0, sum(lines), sum(lines)
    return "amount", sum(line / CENTS for line in lines)


def _derived_discount(rng: random.Random, order: Draft) -> tuple[str, float]:
    """The discount is computed back from the prices, exactly on a step."""
    discount, list_price = rng.choice((500, 1_000, 2_000)), CENTS * rng.randint(1, 5_000)
    unit_price = floor_price(list_price, discount)
    order |= {"discount_rate": discount, "list_price": list_price, "unit_price": unit_price}
    return "discount_rate", 1 - (unit_price / CENTS) / (list_price / CENTS)


def _derived_share(rng: random.Random, order: Draft) -> tuple[str, float]:
    """The prepaid share is three payments of a tenth each, over the amount."""
    amount = 10 * rng.randint(1, 500_000)
    order |= {"customer_grade": "C", "amount": amount, "prepaid_ratio": 3_000}
    return "prepaid_ratio", sum([amount / 1_000] * 3) / (amount / CENTS)


def _dirty(rng: random.Random, count: int) -> list[Record]:
    spoilers = (_summed_amount, _derived_discount, _derived_share)
    records: list[Record] = []
    while len(records) < count:
        order = harmless(rng, f"F{len(records):06}")
        field, value = spoilers[len(records) % len(spoilers)](rng, order)
        record = written(order)
        noisy = value != float(record[field])
        if noisy or rng.random() < 0.1:  # a few without noise stay in
            records.append(record | {field: repr(value)})
    return records


# --- the sets and the rows ------------------------------------------------------------------------


def make(name: str) -> list[Record]:
    """One of the three sets, always the same."""
    rng, count = random.Random(SEEDS[name]), SIZES[name]
    if name == "typical":
        return [written(_everyday(rng, f"T{n:06}")) for n in range(count)]
    if name == "dirty":
        return _dirty(rng, count)
    known = [harmless(rng, f"B{n:06}") | case for n, case in enumerate(TEXTBOOK)]
    others = [_borderline(rng, f"B{n:06}") for n in range(len(known), count)]
    return [written(order) for order in known + others]


def as_decimals(record: Record) -> Record:
    """Numbers with decimals as `Decimal`, with whatever noise they carry."""
    return record | {name: Decimal(record[name]) for name in DECIMALS}


def as_floats(record: Record) -> Record:
    """Numbers with decimals as binary floats."""
    return record | {name: float(record[name]) for name in DECIMALS}


def as_scaled(record: Record) -> Record:
    """Amounts in cents and rates in ten-thousandths: the caller rounds, and so drops the noise."""
    return record | {
        name: int((Decimal(record[name]) * 10**decimals).to_integral_value())
        for name, decimals in DECIMALS.items()
    }


AS: Mapping[str, Callable[[Record], Record]] = {
    "Decimal": as_decimals,
    "float": as_floats,
    "scaled int": as_scaled,
}
