"""The generated tables: the same every time, and they hang together."""

import csv
import json
from collections import defaultdict
from decimal import Decimal

import pytest
from examples.generator import CLOSING_DAY, write_tables
from examples.generator.dice import Dice

from salesctrl import load
from salesctrl.cli.app import run


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return write_tables(tmp_path_factory.mktemp("tables"))


def _csv(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _jsonl(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_same_seed_makes_the_same_tables(tables, tmp_path):
    again = write_tables(tmp_path / "again")
    other = write_tables(tmp_path / "other", seed=3)
    for name, path in tables.items():
        assert again[name].read_bytes() == path.read_bytes()
        assert other[name].read_bytes() != path.read_bytes()


def test_dice_do_not_depend_on_the_version_of_python():
    dice = Dice("fixed")
    assert [dice.between(1, 6) for _ in range(12)] == [4, 6, 4, 1, 6, 5, 5, 4, 2, 5, 6, 1]


def test_what_customers_owe_in_orders_is_the_sum_of_their_invoices(tables):
    overdue = defaultdict(Decimal)
    late = defaultdict(int)
    for row in _csv(tables["receivables"]):
        if row["receivable.due_date"] < CLOSING_DAY.isoformat():
            overdue[row["customer.id"]] += Decimal(row["receivable.overdue"])
            late[row["customer.id"]] += Decimal(row["receivable.overdue"]) > 0
        else:
            assert Decimal(row["receivable.overdue"]) == 0
    orders = _jsonl(tables["orders"])
    assert len(orders) == 120
    for facts in orders:
        customer = facts["customer"]
        assert Decimal(customer["receivable"]) >= overdue[customer["id"]]
        assert customer["overdue_invoices"] == late[customer["id"]]


@pytest.mark.parametrize(
    ("point", "name"), [("order.release", "orders"), ("expense.request", "expense_requests")]
)
def test_python_and_the_command_line_decide_alike(tables, tmp_path, point, name):
    out = tmp_path / "decided.jsonl"
    code = run(["evaluate", point, str(tables[name]), "--format", "jsonl", "--out", str(out)])
    engine = load()
    decisions = [engine.evaluate(point, facts).to_dict() for facts in _jsonl(tables[name])]
    assert _jsonl(out) == decisions
    assert code == int(any(decision["outcome"] == "deny" for decision in decisions)) == 1
