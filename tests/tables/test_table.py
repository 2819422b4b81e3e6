"""Tables: rows of a file as facts, columns found by their names."""

import io
import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import salesctrl
from salesctrl import FactsError, PolicyError
from salesctrl.tables import open_table, read_map

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
      paid: {type: money, optional: true, title: {en: Paid, zh: 已付金额}}
      rate: {type: rate, title: {en: Discount rate, zh: 折扣率}}
      placed: {type: date, title: {en: Placed on, zh: 下单日期}}
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
      order.amount > 100 or order.paid > 1 or order.rate > 5% or order.placed > as_of or customer.vip
      or order.name == "x" or customer.name == "x" or order.customer.name == "y"
      or any(x.quantity > 1 for x in order.lines)
    deny: true
  - {id: R-2, when: order.amount > 50, review: {approval: boss}}
---
organisation: shop
roles: {boss: {title: {en: Boss, zh: 老板}}}
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("set")
    (folder / "set.yaml").write_text(SET, encoding="utf-8")
    return salesctrl.load(folder)


@pytest.fixture
def table(engine, tmp_path):
    """Opens a table that is given as text or bytes."""
    opened = []

    def open_(content, name="orders.csv", mapping=None, **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        if mapping is not None:
            (tmp_path / "map.yaml").write_text(mapping, encoding="utf-8")
            options["mapping"] = read_map(tmp_path / "map.yaml")
        plans = engine.point("order.release").plans
        opened.append(open_table(path, plans, engine.checked.vocabulary, **options))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()


def facts(table):
    return [row.facts for row in table]


def notices(table):
    return [notice.text for notice in table.notices]


# --- columns ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "column",
    [
        "order.amount", "ORDER.AMOUNT", "订单.订单金额", "Order.Order amount", "订单.amount", "order.金额",
        "amount", "Order Amount", "order_amount", "订单金额", "金额", " 金额 ",
    ],
)  # fmt: skip
def test_a_column_is_found_by_path_name_title_or_alias(table, column):
    assert facts(table(f"{column}\n12.50\n")) == [{"order": {"amount": "12.50"}}]


def test_what_the_control_point_does_not_read_is_no_reason_for_doubt(table):
    """`other.amount` exists, but only `order.amount` is read."""
    assert facts(table("amount,other.amount\n1,2\n")) == [{"order": {"amount": "1"}}]


def test_a_name_of_two_facts_is_an_error(table):
    with pytest.raises(FactsError) as error:
        table("name\nx\n")
    assert str(error.value) == (
        "orders.csv: the column `name` could be `order.name`, `customer.name`, `order.customer.name` "
        "[F_COLUMN]\n"
        "  help: name it by the whole path, or pass `--map`"
    )
    assert facts(table("order.name,order.customer.name,Customer.name\na,b,c\n")) == [
        {"order": {"name": "a", "customer": {"name": "b"}}, "customer": {"name": "c"}}
    ]


def test_two_columns_of_one_fact_are_an_error(table):
    for header in ("amount,订单金额", "amount,amount"):
        with pytest.raises(FactsError, match=r"both hold `order\.amount`"):
            table(f"{header}\n1,1\n")


def test_evidence_as_a_whole_and_in_parts_is_an_error(table):
    for header in ("evidence,evidence.approvals", "evidence.approvals,evidence"):
        with pytest.raises(FactsError, match="both hold evidence"):
            table(f"{header}\n,\n")


def test_all_that_is_wrong_with_the_columns_is_said_at_once(table):
    with pytest.raises(FactsError) as error:
        table("name,amount,金额,evidence,evidence.duties\n")
    assert [problem.path for problem in error.value.problems] == ["orders.csv"] * 3


def test_missing_and_surplus_columns_are_named(table):
    found = table("order.amount,rate,placed,order.name,customer.name,order.customer.name,freight,unread,\n")
    assert notices(found) == [
        "no column for `customer.vip`, `order.lines`: the default counts in every row",
        "no column for `order.paid`, which may be absent",
        "not read: `freight`, `unread`, `column 9`",
    ]
    found = table("order.amuont,客户.客户名\n1,2\n")
    assert (found.notices[0].text, found.notices[0].grave) == (
        "no column for `order.amount`, `order.rate`, `order.placed`, `order.name`, `customer.name`, "
        "`order.customer.name`: unknown in every row",
        True,
    )
    assert "the column `order.amuont` is not read; did you mean `order.amount`?" in notices(found)
    assert "the column `客户.客户名` is not read; did you mean `customer.name`?" in notices(found)


def test_key_columns(table):
    assert table("customer.id,amount,id\n").keys == ("customer.id", "id")
    assert table("freight,amount\n", keys=("freight",)).keys == ("freight",)
    found = table("freight,amount\nF,1\n", mapping="{columns: {}, key: freight}")
    assert [row.keys for row in found] == [("F",)]
    with pytest.raises(FactsError, match="no column `frieght` to name rows by"):
        table("freight,amount\n", keys=("frieght",))


# --- cells and rows -------------------------------------------------------------------------------------


def test_cells_are_converted_for_their_field(table):
    text = 'amount,rate,placed,vip,lines,as_of\n"1,234.50",5%,2024/3/1,是,"[{""quantity"": 2}]",2024/3/2\n'
    assert facts(table(text)) == [
        {
            "order": {
                "amount": "1234.50",
                "rate": "0.05",
                "placed": "2024-03-01",
                "lines": [{"quantity": 2}],
            },
            "customer": {"vip": True},
            "as_of": "2024-03-02",
        }
    ]


def test_empty_cells_are_absent(table):
    assert facts(table("amount,rate\n,5%\n ,\n")) == [{"order": {"rate": "0.05"}}, {}]


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter(table):
    assert facts(table("\ufeff金额,rate\r\n1,5%\r\n")) == [{"order": {"amount": "1", "rate": "0.05"}}]


def test_evidence_in_columns(table):
    text = 'evidence.requester,evidence.approvals\n007,"[{""person"": ""1""}]"\n'
    assert facts(table(text)) == [{"evidence": {"requester": "007", "approvals": [{"person": "1"}]}}]
    text = 'evidence\n"{""requester"": ""7""}"\n'
    assert facts(table(text)) == [{"evidence": {"requester": "7"}}]


def test_rows_that_cannot_be_read_stay_in_their_place(table):
    rows = list(table(b"order.id,amount\nA,1\nB\n\nC,2,3\n\xd6,4\nE,\xff\nF,5\n"))
    assert [(row.number, row.keys, row.problem and row.problem.code) for row in rows] == [
        (1, ("A",), None),
        (2, ("",), "F_CELLS"),
        (3, ("",), "F_CELLS"),
        (4, ("",), None),
        (5, ("E",), "F_ENCODING"),
        (6, ("F",), None),
    ]
    assert rows[1].problem.message == "expected 2 cells, as many as columns, but got 1 (line 3)"
    assert rows[2].problem.help == "put cells that hold a comma in quotes"


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        ("", "a.csv", "a row with the names of the columns"),
        ('amount\n"1\n2\n', "a.csv", "not CSV from line 2 on: unexpected end of data"),
        ('amount\n1\n"1"2\n', "a.csv", "not CSV from line 3 on: `,` expected after `"),
        (b"\xbd\xf0\xb6\xee\n1\n", "a.csv", "the names of the columns are not UTF-8"),
        ("x", "a.txt", "expected a name that ends in .csv, .parquet, .xlsx, .json or .jsonl"),
        ("", "a.json", "expected JSON that begins with"),
        ("5", "a.json", "expected JSON that begins with"),
        (b'{"a": "\xff"}', "a.json", "not UTF-8"),
        ('{"order": 1,}', "a.json", "not JSON at column 1"),
        (
            '{"order": {}}\n{"order": {}}',
            "a.json",
            "extra data [F_JSON]\n  help: for one object a line",
        ),
    ],
)
def test_files_that_cannot_be_read(table, content, name, words):
    with pytest.raises(FactsError) as error:
        list(table(content, name))
    assert words in str(error.value)
    assert str(error.value).startswith(f"{name}: ")


def test_no_such_file(engine, tmp_path):
    plans, vocabulary = engine.point("order.release").plans, engine.checked.vocabulary
    with pytest.raises(FactsError, match=r"^no\.csv: cannot be read: no such file or directory"):
        open_table(tmp_path / "no.csv", plans, vocabulary)
    with pytest.raises(FactsError, match="cannot be read: is a directory"):
        open_table(tmp_path, plans, vocabulary, input_format="csv")


# --- JSON -----------------------------------------------------------------------------------------------


def test_json_of_one_object_and_of_many(table):
    one = table('{"order": {"amount": 1.10}}', "a.json")
    assert one.source.single
    assert facts(one) == [{"order": {"amount": Decimal("1.10")}}]
    many = table('[{"order": {"amount": "1"}}, 5, {"as_of": "2026-01-01"}]', "a.json")
    assert not many.source.single
    rows = list(many)
    assert rows[0].facts == {"order": {"amount": "1"}}
    assert rows[1].problem.message == "expected an object but got a number"
    assert rows[2].facts == {"as_of": "2026-01-01"}


def test_json_lines(table):
    text = '{"order": {"amount": 1}}\n\n[1]\n{"a": 1, "a": 2}\n{"order": {"amount": 2}}\nnull'
    rows = list(table(text, "a.jsonl"))
    assert [row.number for row in rows] == [1, 2, 3, 4, 5]
    assert [row.problem and row.problem.message for row in rows] == [
        None, "expected an object but got a list (line 3)", "the key `a` is given twice (line 4)", None,
        "expected an object but got null (line 6)",
    ]  # fmt: skip


def test_members_that_are_no_records_are_columns(table):
    found = table('[{"order.amount": 5, "折扣率": "5%", "customer": {"name": "5%"}, "freight": 1}]', "a.json")
    assert facts(found) == [
        {"order": {"amount": 5, "rate": "0.05"}, "customer": {"name": "5%"}, "freight": 1},
    ]
    assert notices(found) == ["not read: `freight`"]


def test_a_fact_given_twice_makes_the_row_unreadable(table):
    found = table('[{"order": {"amount": 5}, "amount": 6}, {"amount": 6, "order": {"amount": 5}}]', "a.json")
    assert [row.problem.path for row in found] == ["order.amount", "order.amount"]


def test_keys_of_json(table):
    assert table('[{"order": {"id": "A", "amount": 1}, "customer": {"vip": true}}]', "a.json").keys == (
        "order.id",
    )
    found = table('[{"order": {"id": 7}}, {}]', "a.json")
    assert [row.keys for row in found] == [("7",), ("",)]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b'{"order": {}}', 1),
        (b'\n{"order": {}}\n{"order": {}}\n', 2),
        (b'[{"order": {}},\n {"order": {}}]', 2),
        (b'{"order":\n {}}', 1),
        (b'\xef\xbb\xbf{"order": {}}\n{"a": 1, "a": 1}', 2),
        (b'{"a": 1, "a": 1}\n{"order": {}}', 2),
    ],
)
def test_the_standard_input_shows_its_format(engine, content, rows):
    plans, vocabulary = engine.point("order.release").plans, engine.checked.vocabulary
    assert len(list(open_table(None, plans, vocabulary, stdin=io.BytesIO(content)))) == rows


# --- maps -----------------------------------------------------------------------------------------------

MAP = """
columns:
  Betrag: order.amount
  Datum: [{fact: order.placed, date: day/month/year}, {fact: as_of, date: day/month/year}]
  VIP: {fact: customer.vip, values: {"Y": true, "N": false, "-": "否"}}
constants: {order.rate: 5%, order.customer.name: y}
"""


def test_a_map(table):
    found = table("Betrag,Datum,VIP,折扣率\n1,3/2/2024,Y,9%\n2,,-,\n", mapping=MAP)
    common = {"rate": "0.05", "customer": {"name": "y"}}
    assert facts(found) == [
        {
            "order": {**common, "amount": "1", "placed": "2024-02-03"},
            "as_of": "2024-02-03",
            "customer": {"vip": True},
        },
        {"order": {**common, "amount": "2"}, "customer": {"vip": False}},
    ]
    assert "not read: `折扣率`" in notices(found)


def test_what_the_map_says_goes_before_names(table):
    found = table("amount,B\n1,2\n", mapping="columns: {B: order.amount}")
    assert facts(found) == [{"order": {"amount": "2"}}]


def test_a_map_that_the_table_does_not_fit(table):
    found = table("A\n1\n", mapping="columns: {B: order.amount}")
    assert notices(found)[0] == "the map names a column `B` that the table does not have"


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ("columns: {A: order.amuont}", "unknown fact `order.amuont`"),
        ("columns: {A: name}", "`name` could be `order.name`, `customer.name`"),
        ("columns: {A: order.amount, B: 金额}", "two columns for `order.amount`: `A` and `B`"),
        ("{columns: {A: order.amount}, constants: {金额: 5}}", "is a constant and also in the column `A`"),
        ("constants: {金额: 5, order.amount: 6}", "two constants for `order.amount`"),
        ("columns: {A: {fact: as_of, date: m/d/y}}", "expected `year/month/day`"),
        ("colums: {}", "did you mean `columns`?"),
        ("", "expected one mapping with `columns`"),
        ("- a", "expected a mapping but got a list"),
    ],
)
def test_wrong_maps(table, mapping, words):
    with pytest.raises(PolicyError, match=r"map\.yaml|one mapping") as error:
        table("A,B\n1,2\n", mapping=mapping)
    assert words in str(error.value)


def test_a_map_of_json_rows(table):
    mapping = "{columns: {Betrag: order.amount}, constants: {order.rate: 5%}}"
    assert facts(table('{"Betrag": 5}\n{"Betrag": "1,000"}', "a.jsonl", mapping=mapping)) == [
        {"order": {"amount": 5, "rate": "0.05"}},
        {"order": {"amount": "1000", "rate": "0.05"}},
    ]


# --- whatever the bytes ----------------------------------------------------------------------------------


@settings(max_examples=150)
@given(
    content=st.one_of(
        st.binary(max_size=80),
        st.text(alphabet='amount,order.\n"é额 15%[{:}]', max_size=80).map(str.encode),
        st.lists(st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=5))).map(
            lambda rows: json.dumps(rows).encode()
        ),
    ),
    format_=st.sampled_from([None, "json", "jsonl", "csv"]),
)
def test_any_bytes_are_rows_or_a_documented_error(engine, content, format_):
    plans, vocabulary = engine.point("order.release").plans, engine.checked.vocabulary
    with suppress(FactsError):
        rows = list(open_table(None, plans, vocabulary, input_format=format_, stdin=io.BytesIO(content)))
        assert [row.number for row in rows] == list(range(1, len(rows) + 1))
        assert all((row.facts is None) is (row.problem is not None) for row in rows)
