"""Order lines with a discount beside the price: what is quoted is the unit price less the discount.

Two things go wrong where such a table is read as binary floats, and are avoided here:

- 10.10 less 25 % is 7.575, which is 7.58 on a bill. In binary floats it is 7.574999999999999, and 7.57 when
  it is rounded. No reader can mend a cent that is lost: calculate with `Decimal`, round where the bill does.
- A column of single-precision numbers comes out as 0.15000000596046448. That is off by 6e-9, more than any
  calculation with doubles explains, so it is refused in either mode. `from_single` reads what was meant.

    python discounts.py [LINES.csv]
"""

from __future__ import annotations

import csv
import struct
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import salesctrl

HERE = Path(__file__).resolve().parent
POSTS = {
    "Sales Representative": "salesperson",
    "Inside Sales Coordinator": "salesperson",
    "Sales Manager": "sales_manager",
    "Vice President, Sales": "sales_vp",
}
CENT = Decimal("0.01")


def from_single(text: str) -> Decimal:
    """The number that was meant by the text of a single-precision float: the shortest that is the same float.

    Only for columns known to be single precision: up to seven digits they hold a number for certain.

    >>> from_single("0.15000000596046448"), from_single("9.800000190734863"), from_single("9.65")
    (Decimal('0.15'), Decimal('9.8'), Decimal('9.65'))
    """
    single = struct.pack("f", float(text))
    for digits in range(1, 8):
        shortest = Decimal(f"{float(text):.{digits}g}")
        if struct.pack("f", float(shortest)) == single:
            return Decimal(f"{shortest:f}")
    raise ValueError(f"expected a number of at most 7 digits in single precision but got `{text}`")


def quote_of(line: Mapping[str, str]) -> dict[str, object]:
    """The facts of one order line: what is quoted is the price after the discount, in whole cents."""
    price = from_single(line["unit_price"]) * (1 - from_single(line["discount_rate"]))
    quote = {
        "id": f"{line['order_id']} {line['product']}",
        "list_price": from_single(line["list_price"]) if line["list_price"] else None,
        "price": price.quantize(CENT, ROUND_HALF_UP),
        "quoted_by": POSTS[line["employee_title"]],
    }
    return {"quote": quote, "as_of": line["order_date"]}


def decide(path: Path, engine: salesctrl.Engine) -> Iterator[salesctrl.Decision]:
    """The decision on each line of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            yield engine.evaluate("price.quote", quote_of(line))


def main(path: Path = HERE / "lines.csv") -> None:
    engine = salesctrl.load()
    outcomes: Counter[str] = Counter()
    for decision in decide(path, engine):
        outcomes[decision.outcome.value] += 1
        reasons = [finding.because.get("en") for finding in decision.findings if finding.because is not None]
        [name] = decision.subject.values()
        print(f"{name:<24} {decision.outcome.value:<11} {'; '.join(reasons)}".rstrip())
    print(", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
