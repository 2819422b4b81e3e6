"""Which column of a frame holds which fact."""

import pytest

import salesctrl
from salesctrl import FactsError
from salesctrl.batch.header import resolve
from salesctrl.tables.columns import Columns

SET = """
vocabulary: shop
currency: CNY
kinds:
  customer:
    title: {en: Customer, zh: 客户}
    fields:
      id: text
      name: {type: text, title: {en: Name of the customer, zh: 客户名称}}
      vip: {type: boolean, default: false, title: {en: Very important, zh: 重要客户}}
  line: {fields: {quantity: integer}}
  order:
    title: {en: Order, zh: 订单}
    fields:
      id: text
      amount: {type: money, title: {en: Order amount, zh: 订单金额}, aliases: [金额]}
      paid: {type: money, optional: true}
      name: text
      customer: customer
      lines: {type: list, of: line, default: []}
  other: {fields: {amount: money, unread: text}}
---
policy: release
control_point: order.release
rules:
  - id: R-1
    when: >-
      order.amount > 100 or order.paid > 1 or customer.vip or order.name == "x" or customer.name == "x"
      or order.customer.name == "y" or any(x.quantity > 1 for x in order.lines)
    deny: true
"""


@pytest.fixture(scope="module")
def columns(tmp_path_factory):
    folder = tmp_path_factory.mktemp("set")
    (folder / "set.yaml").write_text(SET, encoding="utf-8")
    engine = salesctrl.load(folder)
    return Columns(engine.point("order.release").plans, engine.checked.vocabulary)


def problems(columns, names, *args, **options):
    with pytest.raises(FactsError) as error:
        resolve(names, columns, *args, **options)
    return [(problem.path, problem.message, problem.help) for problem in error.value.problems]


@pytest.mark.parametrize(
    "name", ["order.amount", "amount", "Order Amount", "订单.订单金额", " 金额", "ORDER.金额"]
)
def test_a_column_is_found_by_path_name_title_or_alias(columns, name):
    header = resolve([name, "freight"], columns)
    assert header.column_of == {"order.amount": name}
    assert header.surplus == ("freight",)
    assert header.used == {name}


def test_all_of_a_header(columns):
    names = ["金额", "order.name", "日期", "evidence.approvals", "evidence.requester", "unread"]
    header = resolve(names, columns, {"日期": "as_of"})
    assert header.column_of == {"order.amount": "金额", "order.name": "order.name"}
    assert header.as_of == "日期"
    assert header.evidence == {"approvals": "evidence.approvals", "requester": "evidence.requester"}
    assert header.surplus == ("unread",)
    assert set(header.missing) == {
        "order.paid", "customer.vip", "customer.name", "order.customer.name", "order.lines",
    }  # fmt: skip
    assert header.used == {"金额", "order.name", "日期", "evidence.approvals", "evidence.requester"}
    assert [notice.text for notice in header.notices] == [
        "no column for `customer.name`, `order.customer.name`: unknown in every row",
        "no column for `customer.vip`, `order.lines`: the default counts in every row",
        "no column for `order.paid`, which may be absent",
        "not read: `unread`",
    ]
    assert resolve(["evidence", "as_of"], columns).evidence == {"": "evidence"}


def test_a_mapping_goes_before_names_and_may_give_one_column_to_several_facts(columns):
    header = resolve(["amount", "B"], columns, {"B": ["order.amount", "客户.name"]})
    assert header.column_of == {"order.amount": "B", "customer.name": "B"}
    assert header.target_of["customer.name"].type.base.name == "TEXT"


def test_all_that_is_wrong_is_said_at_once(columns):
    said = problems(
        columns,
        ["name", "amount", "金额", "Betrag", "evidence", "evidence.duties"],
        {"Betrag": "order.piad", "Bertag": "customer.vip"},
    )
    assert [message for _, message, _ in said] == [
        "unknown fact `order.piad`",
        "there is no column `Bertag`",
        "the column `name` could be `order.name`, `customer.name`, `order.customer.name`",
        "the columns `amount` and `金额` both hold `order.amount`",
        "the columns `evidence` and `evidence.duties` both hold evidence",
    ]
    assert said[0][2] == "did you mean `order.paid`?"
    assert said[1][2] == "did you mean `Betrag`?"
    assert said[2][2] == "name it by the whole path, or say what it holds with `columns`"


def test_a_mapping_the_wrong_way_round_is_told(columns):
    said = problems(columns, ["Betrag"], {"order.amount": "Betrag"})
    assert said[-1][1:] == (
        "there is no column `order.amount`",
        "say the column first and then the fact: `columns={'the column': 'the fact'}`",
    )


def test_a_column_that_is_nearly_an_absent_fact_is_refused(columns):
    [said] = problems(columns, ["order.amuont", "客户.name"])
    assert said[:2] == ("order.amount", "absent, but there is a column `order.amuont`")
    assert resolve(["order.amuont"], columns, {}).surplus == ("order.amuont",)
    assert resolve(["order.amuont", "order.amount"], columns).surplus == ("order.amuont",)
    header = resolve(["order.vip"], columns)
    assert header.notices[-1].text == "the column `order.vip` is not read; did you mean `customer.vip`?"
    header = resolve(["order.amuont"], columns, slips_are_wrong=False)
    assert "did you mean `order.amount`?" in header.notices[-1].text


def test_lists_from_tables_of_their_own(columns):
    header = resolve(["amount"], columns, lists=["lines"])
    assert header.lists == ("order.lines",)
    assert "order.lines" not in header.missing
    said = problems(columns, ["order.lines"], lists=["lines", "order.lines", "order.line", "order.amount"])
    assert [message for _, message, _ in said] == [
        "the list `order.lines` is in a table of its own and in the column `order.lines`",
        "two tables for the list `order.lines`",
        "the list `order.lines` is in a table of its own and in the column `order.lines`",
        "unknown list `order.line`",
        "unknown list `order.amount`",
    ]
    assert said[3][2] == "did you mean `order.lines`?"


def test_columns_of_records(columns):
    header = resolve(["order", "vip"], columns, records={"order": "order"})
    assert header.records == {"order": "order"}
    assert header.missing == ("customer.name",)
    assert header.used == {"order", "vip"}
    [said] = problems(columns, ["order", "amount"], records={"order": "order"})
    assert said[1] == "the columns `order` and `amount` both hold facts of `order`"
