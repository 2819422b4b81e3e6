"""Pages of small policies: conditions in words, tables, parameters, roles, the flow, worked examples."""

import pytest

from salesctrl.coverage import Catalogue, Control
from salesctrl.engine import load
from salesctrl.handbook import render
from salesctrl.testing import run

SET = """
pack: small
version: "2"
title: {en: Our rules, zh: 本公司制度}
systems: {S2: {en: Second, zh: 第二}, S1: {en: First, zh: 第一}}
---
vocabulary: sales
currency: CNY
kinds:
  customer:
    title: {en: Customer, zh: 客户}
    fields:
      grade: {type: choice, choices: {A: {en: grade A, zh: A级}, B: {en: grade B, zh: B级}}, title: {en: Grade, zh: 等级}}
      number: {type: text, optional: true, title: {en: Number, zh: 编号}}
  order:
    title: {en: Order, zh: 订单}
    fields:
      number: {type: text, title: {en: Number, zh: 编号}}
      amount: {type: money, min: 0, title: {en: Amount | total, zh: 金额}}
      due: {type: date, title: {en: Due date, zh: 到期日}}
      urgent: {type: boolean, default: false, title: {en: Urgent, zh: 加急}}
      lines: {type: list, of: line, default: [], title: {en: Lines, zh: 明细}}
  line:
    title: {en: Line, zh: 明细行}
    fields: {price: {type: money, title: {en: Price, zh: 单价}}}
terms: {contract: {en: signed contract, zh: 已签合同}, written: {en: written, zh: 书面}}
---
organisation: company
roles:
  gm: {title: {en: General manager, zh: 总经理}}
  seller: {title: {en: Salesperson, zh: 销售员}, reports_to: gm}
duties: {order: {title: {en: Takes the order, zh: 接单}}}
---
policy: release
title: {en: Release, zh: 放货}
system: S1
source: {document: {en: Rules, zh: 制度}, article: {en: Art. 9, zh: 第9条}}
control_point: order.release
parameters:
  large: {value: 5000 CNY, title: {en: Large order, zh: 大额}, ref: A001, note: {en: Left blank in the print, zh: 原文空白}}
  share: {values: [{from: 2025-01-01, value: 20%}, {from: 2026-01-01, value: 30%}], title: {en: Share paid, zh: 预付比例}}
  grace: {bands: {A: 30 days, B: 10 days}, title: {en: Days of grace, zh: 宽限天数}}
  shares: {value: {seller: 7, gm: 3}, title: {en: Shares, zh: 分担比例}}
  reading:
    type: choice
    choices: {strict: {en: strictly, zh: 从严}, mild: {en: mildly, zh: 从宽}}
    value: strict
    title: {en: How to read it, zh: 读法}
let:
  late: {value: "days_between(order.due, as_of)", title: {en: Days late, zh: 逾期天数}}
  lines_total: {value: sum(one.price for one in order.lines if one.price > 1), title: {en: Total of lines, zh: 明细合计}}
outputs: [late]
rules:
  - id: R-1
    title: {en: Large orders wait, zh: 大额待批}
    covers: [C-1]
    when: order.amount > large and not known(customer.number) and order.number != coalesce(customer.number, "none")
    review:
      - {approval: {any_of: gm, form: written, within: 30 days, amount: order.amount}}
      - {document: contract}
      - {payment: {share: share, of: order.amount}}
    notify: seller
    because: {en: "{order.amount} is above {large}", zh: "{order.amount}元超过{large}元"}
  - {id: R-1-X, excepts: R-1, title: {en: Unless urgent, zh: 加急除外}, when: order.urgent, requires: {approval: gm}}
  - id: R-2
    title: {en: Late money, zh: 逾期}
    when: late > band(customer.grade, grace) and customer.grade == "B"
    compute: {split: "allocate(round(order.amount * 10%, 2), shares)"}
    deny: true
  - {id: R-3, title: {en: Other reading, zh: 其他读法}, when: 'reading == "mild"', flag: true}
tables:
  T-1:
    title: {en: Grades, zh: 等级表}
    covers: C-2
    inputs: [customer.grade, order.amount]
    hit: first
    rows:
      - {match: ["A", "-"], allow: true}
      - {match: ["not(A)", "> 100"], review: {action: {name: call, owner: seller, due: 3 days}}, because: {en: "{order.amount} and not A", zh: "{order.amount}元且非A级"}}
  T-2:
    title: {en: Approver, zh: 审批人}
    inputs: [customer.grade]
    rows: [{match: A, give: {approver: seller}}, {match: B, give: {approver: gm}}]
    otherwise: {approver: gm}
---
policy: earlier
title: {en: Earlier clause, zh: 前一条}
system: S1
source: {document: {en: Rules, zh: 制度}, article: {en: Art. 2, zh: 第2条}}
control_point: order.take
tables:
  T-3:
    title: {en: By grade, zh: 按等级}
    inputs: [customer.grade]
    because: {en: "the grade is {customer.grade}", zh: "等级为{customer.grade}"}
    rows: [{match: A, allow: true}, {match: B, flag: true}]
rules: [{id: R-0, title: {en: Taken, zh: 接单}, when: order.urgent, flag: true}]
---
policy: loose
title: {en: No system, zh: 无系统}
control_point: order.other
rules: [{id: R-9, title: {en: Loose, zh: 其他}, when: order.urgent, flag: true}]
---
tests: cases
title: {en: Release of orders, zh: 放货算例}
control_point: order.release
as_of: 2026-03-01
given: {order: {number: N1, amount: 6000, due: 2026-02-01}, customer: {grade: A}}
cases:
  - {name: {en: a large order, zh: 大额订单}, covers: C-1, expect: {outcome: review}}
  - name: {en: lines and evidence, zh: 明细与凭据}
    given:
      order: {amount: 1, lines: [{price: 2}, {price: 3}]}
      customer: {grade: B}
      evidence:
        requester: "7"
        approvals: [{person: "100", role: gm, date: 2026-02-28, form: written}]
        documents: [{kind: contract, date: 2026-02-27, count: 2}]
        duties: [{duty: order, person: "7"}]
    expect: {outcome: deny}
  - {name: {en: nothing known, zh: 未知}, given: {order: {amount: null}}, expect: {outcome: incomplete}}
  - {name: {en: wrong, zh: 不符}, expect: {outcome: allow}}
---
tests: untitled
control_point: order.other
as_of: 2026-03-01
cases: [{name: {en: loose, zh: 其他}, given: {order: {urgent: true}}, expect: {outcome: flag}}]
"""
CATALOGUE = Catalogue((Control("C-1", "S1"), Control("C-2", "S1"), Control("C-3", "S1")), {})


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    folder = tmp_path_factory.mktemp("policies")
    (folder / "set.yaml").write_text(SET, encoding="utf-8")
    engine = load(folder)
    return {lang: render(engine, run(engine), lang, CATALOGUE) for lang in ("en", "zh")}


@pytest.fixture
def page(books):
    return books["en"]["s1.md"]


@pytest.fixture
def chinese(books):
    return books["zh"]["s1.md"]


def section(page, heading):
    """The lines under a heading, up to the next."""
    return page.partition(f"\n{heading}\n")[2].partition("\n#")[0].strip().splitlines()


# --- the book ------------------------------------------------------------------------------------------


def test_there_is_a_page_for_each_system_with_policies_and_one_for_the_others(books):
    assert sorted(books["en"]) == sorted(books["zh"]) == ["index.md", "policies.md", "s1.md"]


def test_the_index_counts(books):
    index = books["en"]["index.md"]
    assert "# Our rules: handbook of controls" in index
    assert "| S1 | [First](s1.md) | 3 | 2 | 2 | 2 | 9 | 4 |" in index
    assert "|  | [Further policies](policies.md) |  |  |  | 1 | 1 | 1 |" in index
    assert "| S1 | [第一](s1.md) |" in books["zh"]["index.md"]


def test_the_same_policies_give_the_same_pages(books, tmp_path):
    (tmp_path / "set.yaml").write_text(SET, encoding="utf-8")
    engine = load(tmp_path)
    assert render(engine, run(engine), "en", CATALOGUE) == books["en"]


# --- clauses and flow ----------------------------------------------------------------------------------


def test_clauses_stand_in_their_order_with_controls_and_rules(page):
    lines = section(page, "## Clauses")
    assert lines[2:4] == [
        "| Rules, Art. 2 |  | R-0, T-3 |",
        "| Rules, Art. 9 | C-1, C-2 | R-1, R-1-X, R-2, R-3, T-1, T-2 |",
    ]
    assert lines[-1] == "No rule carries C-3."


def test_the_flow_has_the_control_points_in_the_order_of_the_clauses(page):
    assert section(page, "## Flow") == [
        "```mermaid",
        "flowchart TD",
        '    p1["Earlier clause<br>order.take"]',
        '    p1 --> e1(["flag"])',
        '    p2["Release<br>order.release"]',
        '    p2 --> e2(["deny, unless approved: General manager<br>review: General manager<br>flag"])',
        "    p1 ==> p2",
        "```",
    ]


# --- rules ---------------------------------------------------------------------------------------------


def test_a_rule_in_words(page):
    assert section(page, "### R-1: Large orders wait") == [
        "- Clause: Rules, Art. 9",
        "- Controls: C-1",
        "- When: *Amount | total* > *Large order* (5,000.00) and *Customer: Number* is not known and "
        '*Order: Number* ≠ first known of (*Customer: Number*, "none")',
        "- Then: **review**, requires approval by General manager, form: written, not older than 30 days "
        "(amount: *Amount | total*); signed contract; a payment "
        "(sum due: round(*Share paid* (30%) × *Amount | total*, 2))",
        "- Then: to be told: Salesperson",
        "- Unless: R-1-X (Unless urgent)",
        "- Reason: ‹Amount | total› is above ‹Large order›",
    ]


def test_a_rule_in_chinese(chinese):
    assert section(chinese, "### R-1: 大额待批") == [
        "- 条款：制度第9条",
        "- 控制项：C-1",
        "- 条件：金额 > 大额（5,000.00） 且 客户.编号 未知 且 订单.编号 ≠ 首个已知值（客户.编号，“none”）",
        "- 结果：**待审**，要求总经理审批，形式为书面，有效期30天（金额：金额）；已签合同；"
        "付款（应付金额：四舍五入（预付比例（30%） × 金额，保留2位小数））",
        "- 结果：须通知：销售员",
        "- 例外：R-1-X（加急除外）",
        "- 原因：‹金额›元超过‹大额›元",
    ]


def test_an_exception(page):
    assert section(page, "### R-1-X: Unless urgent")[1:] == [
        "- When: *Urgent*",
        "- Exception to: R-1 (Large orders wait)",
        "- Then: requires approval by General manager",
    ]


def test_a_ladder_a_choice_and_a_split(page):
    assert section(page, "### R-2: Late money")[1:] == [
        "- When: *Days late* > *Days of grace* of *Grade* and *Grade* = “grade B”",
        "- Then: **deny**",
        "- Then: value `split`: round(*Amount | total* × 10%, 2) split by *Shares* (Salesperson 7, General manager 3)",
    ]


def test_a_reading_is_told_for_whatever_is_chosen_and_what_is_idle_is_said(page):
    assert section(page, "### R-3: Other reading")[1:] == [
        "- When: *How to read it* = “mildly”",
        "- Then: **flag**",
        "- Not in use: with the parameters as they are its condition never holds.",
    ]


# --- tables, figures, parameters -----------------------------------------------------------------------


def test_a_table_with_effects(page):
    assert section(page, "### T-1: Grades") == [
        "- Controls: C-2",
        "",
        r"| # | *Grade* | *Amount \| total* | Result | Reason |",
        "| --- | --- | --- | --- | --- |",
        "| 1 | grade A | any | **allow** |  |",
        "| 2 | not (grade A) | > 100 | **review**, requires the action `call` by Salesperson "
        r"(due: *date of the decision* + 3 days) | ‹Amount \| total› and not A |",
    ]


def test_a_table_with_one_reason_for_all_its_rows(page):
    assert section(page, "### T-3: By grade") == [
        "- Reason: the grade is ‹Grade›",
        "",
        "| # | *Grade* | Result |",
        "| --- | --- | --- |",
        "| 1 | grade A | **allow** |",
        "| 2 | grade B | **flag** |",
    ]


def test_a_table_that_gives_values(page):
    assert section(page, "### T-2: Approver")[:5] == [
        "| # | *Grade* | approver |",
        "| --- | --- | --- |",
        "| 1 | grade A | Salesperson |",
        "| 2 | grade B | General manager |",
        "|  | otherwise | General manager |",
    ]


def test_figures(page):
    assert "| Days late | days from *Due date* to *date of the decision* |" in page
    assert "| Total of lines | sum of *Price* over *Lines* where *Price* > 1 |" in page


def test_parameters_with_unit_register_and_readings(page, chinese):
    assert "| Large order | 5,000.00 CNY | A001 | Left blank in the print |" in page
    assert "| Share paid | 20% from 2025-01-01; 30% from 2026-01-01 |  |  |" in page
    assert "| Days of grace | A: 30 days; B: 10 days |  |  |" in page
    assert "| Shares | Salesperson 7, General manager 3 |  |  |" in page
    assert "| How to read it | strictly |  | Other readings: mildly. |" in page
    assert "| 读法 | 从严 |  | 其他读法：从宽。 |" in chinese


def test_roles(page):
    assert section(page, "## Roles") == [
        "| Role | Approves | Does | Is told |",
        "| --- | --- | --- | --- |",
        "| General manager | R-1, R-1-X |  |  |",
        "| Salesperson |  | T-1#2 | R-1 |",
    ]


# --- worked examples -----------------------------------------------------------------------------------


def test_worked_examples(page):
    lines = section(page, "### Release of orders")
    assert lines[:3] == [
        "Control point `order.release`.",
        "",
        "In all of them: Order: Number N1, Amount | total 6,000.00, Due date 2026-02-01; Customer: Grade grade A.",
    ]
    assert lines[4:] == [
        "| Example | Controls | Facts | Outcome | Rules that fire | Figures given out |",
        "| --- | --- | --- | --- | --- | --- |",
        "| a large order | C-1 | as of 2026-03-01 | **review**; open: R-1 | R-1, T-1#1 | Days late 28 days |",
        r"| lines and evidence |  | as of 2026-03-01; Order: Amount \| total 1.00, Lines (Price 2.00) (Price 3.00); "
        "Customer: Grade grade B; asked for by 7; approval of General manager 100 2026-02-28 (written); "
        "signed contract (2) 2026-02-27; Takes the order: 7 | **deny** | R-2 | Days late 28 days; "
        "`split` Salesperson 0.07, General manager 0.03 |",
        r"| nothing known |  | as of 2026-03-01; Order: Amount \| total unknown "
        r"| **incomplete**; missing: Amount \| total | T-1#1 | Days late 28 days |",
        "| wrong |  | as of 2026-03-01 | **review**; open: R-1; not as expected | R-1, T-1#1 | Days late 28 days |",
    ]


def test_examples_without_a_title_are_called_like_the_policy(books):
    assert section(books["en"]["policies.md"], "### No system")[0] == "Control point `order.other`."
