"""How each kind of expression is said: YAML and facts in, words out, in both languages."""

import re

import pytest
from tests.loading import engine_of

from salesctrl.decision.layout import plain

VOCABULARY = """
vocabulary: v
currency: CNY
kinds:
  order:
    title: {en: Order, zh: 订单}
    fields:
      id: {type: text, title: {en: Number, zh: 编号}}
      amount: {type: money, title: {en: Amount, zh: 金额}}
      cost: {type: money, title: {en: Cost, zh: 成本}}
      rate: {type: rate, title: {en: Rate, zh: 比率}}
      grade: {type: choice, choices: [A, B, C], title: {en: Grade, zh: 等级}}
      mode: {type: choice, choices: {fast: {en: express, zh: 加急}, slow: {en: ordinary, zh: 普通}}, title: {en: Mode, zh: 方式}}
      day1: {type: date, title: {en: Begin, zh: 起始日}}
      day2: {type: date, title: {en: End, zh: 终止日}}
      wait: {type: days, title: {en: Wait, zh: 等待}}
      rush: {type: boolean, title: {en: Rush, zh: 急单}}
      note: {type: text, optional: true, title: {en: Note, zh: 备注}}
      lines: {type: list, of: piece, default: [], title: {en: Lines, zh: 明细}}
  piece:
    fields:
      quantity: {type: integer, title: {en: Quantity, zh: 数量}}
      price: {type: money, title: {en: Price, zh: 单价}}
  customer:
    title: {en: Customer, zh: 客户}
    fields:
      id: {type: text, title: {en: Number, zh: 编号}}
---
organisation: o
roles: {cfo: {title: {en: CFO, zh: 财务总监}}, clerk: {title: {en: clerk, zh: 文员}}}
---
policy: p
control_point: c
parameters:
  limit: {value: 100 CNY, title: {en: Limit, zh: 上限}}
  grades: [A, B]
  shares: {cfo: 3, clerk: 1}
  steps: {bands: {"<= 100": clerk, "> 100": cfo}, title: {en: Steps, zh: 档位}}
"""
FACTS = {
    "order": {
        "id": "SO-1", "amount": "120.00", "cost": "90.00", "rate": "0.25", "grade": "B", "mode": "fast",
        "day1": "2026-01-31", "day2": "2026-03-01", "wait": 4, "rush": True,
        "lines": [{"quantity": 2, "price": "10.00"}, {"quantity": 5, "price": "4.00"}],
    },
    "customer": {"id": "C-9"},
}  # fmt: skip


def lines(condition, lang="en", *, compute=None):
    """What is said of a condition in a rule that fired or did not, or of a value that it computes."""
    when = "true" if compute is not None else condition
    computes = f"compute: {{x: '{compute}'}}" if compute is not None else "flag: true"
    engine = engine_of(f"{VOCABULARY}rules:\n  - {{id: R, when: '{when}', {computes}}}\n")
    text = engine.evaluate("c", FACTS, as_of="2026-03-01").explain(lang, "full")
    start = re.search(r"^  R.*$", text, re.MULTILINE)
    below = text[start.end() + 1 :].split("\n\n")[0].splitlines()
    return [re.sub(r"\s{2,}", "  ", line.strip()) for line in below]


def said(condition, lang="en"):
    (line,) = lines(condition, lang)
    return line


@pytest.mark.parametrize(
    ("condition", "english", "chinese"),
    [
        ("order.amount > limit", "order.amount 120.00 > limit 100.00  over by 20.00", "金额 120.00 > 上限 100.00  超出 20.00"),
        ("order.amount < limit", "order.amount 120.00 ≥ limit 100.00  over by 20.00", "金额 120.00 ≥ 上限 100.00  超出 20.00"),
        ("order.cost >= 90", "order.cost 90.00 ≥ 90  exactly", "成本 90.00 ≥ 90  恰好相等"),
        ("order.rate > 30%", "order.rate 25.00% ≤ 30%  short by 5.00 percentage points", "比率 25.00% ≤ 30%  相差 5.00个百分点"),
        ("order.day2 > order.day1", "order.day2 2026-03-01 > order.day1 2026-01-31  over by 29 days", "终止日 2026-03-01 > 起始日 2026-01-31  超出 29天"),
        ("order.cost > 0", "order.cost 90.00 > 0", "成本 90.00 > 0"),
        ("100 < order.amount", "order.amount 120.00 > 100  over by 20.00", "金额 120.00 > 100  超出 20.00"),
        ('order.grade == "B"', 'order.grade is "B"', "等级为B"),
        ('order.grade == "A"', 'order.grade is "B", not "A"', "等级为B，非A"),
        ('order.mode == "fast"', "order.mode is express", "方式为加急"),
        ('order.mode != "slow"', "order.mode is express, not ordinary", "方式为加急，非普通"),
        ('order.grade in ["A", "B"]', 'order.grade "B" in "A", "B"', "等级 B 属于 A、B"),
        ("order.grade not in grades", 'order.grade "B" in grades "A", "B"', "等级 B 属于 grades A、B"),
        ("order.rush", "order.rush: yes", "急单：是"),
        ("not order.rush", "order.rush: yes", "急单：是"),
        ("known(order.note)", "order.note is not known", "备注 未知"),
        ("not known(order.note)", "order.note is not known", "备注 未知"),
        ('starts_with(order.id, "SO")', 'order.id "SO-1" starts with "SO"', "编号 “SO-1” 以“SO”开头"),
        ('contains(order.id, "X")', 'order.id "SO-1" does not contain "X"', "编号 “SO-1” 不包含“X”"),
        ("order.id == customer.id", 'order.id "SO-1" ≠ customer.id "C-9"', "订单.编号 “SO-1” ≠ 客户.编号 “C-9”"),
        ("any(l.quantity > 4 for l in order.lines)", "1 of 2 order.lines: l.quantity > 4", "明细2项中有1项：数量 > 4"),
        ("all(l.quantity > 1 for l in order.lines)", "all 2 order.lines: l.quantity > 1", "明细全部2项：数量 > 1"),
        ("any(l.quantity > 9 for l in order.lines)", "none of 2 order.lines: l.quantity > 9", "明细2项中没有：数量 > 9"),
        ("order.amount - order.cost > limit", "(order.amount 120.00 - order.cost 90.00 = 30.00) ≤ limit 100.00  short by 70.00",
         "(金额 120.00 - 成本 90.00 = 30.00) ≤ 上限 100.00  相差 70.00"),
    ],
)  # fmt: skip
def test_conditions(condition, english, chinese):
    assert lines(condition)[0] == english
    assert lines(condition, "zh")[0] == chinese


@pytest.mark.parametrize(
    ("expression", "english", "chinese"),
    [
        ("order.amount", "x = order.amount 120.00", "x = 金额 120.00"),
        ("(order.amount + order.cost) * 2", "x = (order.amount 120.00 + order.cost 90.00) × 2 = 420.00",
         "x = (金额 120.00 + 成本 90.00) × 2 = 420.00"),
        ("order.amount - (order.cost - 10)", "x = order.amount 120.00 - (order.cost 90.00 - 10) = 40.00",
         "x = 金额 120.00 - (成本 90.00 - 10) = 40.00"),
        ("round(order.amount * order.rate / 7, 2)", "x = round(order.amount 120.00 × order.rate 25.00% ÷ 7, 2) = 4.29",
         "x = 四舍五入（金额 120.00 × 比率 25.00% ÷ 7，保留2位小数） = 4.29"),
        ("floor(order.amount / 7)", "x = round down(order.amount 120.00 ÷ 7, 0) = 17",
         "x = 向下取整（金额 120.00 ÷ 7，保留0位小数） = 17"),
        ("max(order.amount, order.cost)", "x = greatest of (order.amount 120.00, order.cost 90.00) = 120.00",
         "x = 较大值（金额 120.00，成本 90.00） = 120.00"),
        ("days_between(order.day1, order.day2)", "x = days from order.day1 2026-01-31 to order.day2 2026-03-01 = 29 days",
         "x = 起始日 2026-01-31 至 终止日 2026-03-01 的天数 = 29天"),
        ("add_days(order.day1, order.wait)", "x = order.day1 2026-01-31 + order.wait 4 days = 2026-02-04",
         "x = 起始日 2026-01-31 + 等待 4天 = 2026-02-04"),
        ("add_days(order.day1, -order.wait)", "x = order.day1 2026-01-31 - order.wait 4 days = 2026-01-27",
         "x = 起始日 2026-01-31 - 等待 4天 = 2026-01-27"),
        ("add_months(order.day1, 1 month)", "x = 1 month after order.day1 2026-01-31 = 2026-02-28",
         "x = 起始日 2026-01-31 后 1个月 = 2026-02-28"),
        ("add_workdays(order.day1, order.wait)", "x = order.wait 4 days after order.day1 2026-01-31, working days counted = 2026-02-05",
         "x = 起始日 2026-01-31 后 等待 4天（按工作日） = 2026-02-05"),
        ("month_end(order.day2)", "x = month end of order.day2 2026-03-01 = 2026-03-31", "x = 终止日 2026-03-01 的月末日 = 2026-03-31"),
        ("order.cost if order.rush else order.amount", "x = order.cost 90.00 (as order.rush: yes)", "x = 成本 90.00（因急单：是）"),
        ("coalesce(order.note, order.id)", 'x = order.id "SO-1" (as order.note is not known)', "x = 编号 “SO-1”（因备注 未知）"),
        ("coalesce(order.id, order.note)", 'x = order.id "SO-1"', "x = 编号 “SO-1”"),
        ("band(order.amount, steps)", "x = CFO (as order.amount 120.00 > 100)", "x = 财务总监（因金额 120.00 > 100）"),
        ("allocate(order.amount, shares)", "x = order.amount 120.00 split by shares 3:1 = CFO 90.00, clerk 30.00",
         "x = 金额 120.00 按 shares 3:1 分配 = 财务总监 90.00、文员 30.00"),
        ("shares.clerk", "x = shares.clerk 1", "x = shares.文员 1"),
        ("round(accrue(order.amount, 5%, order.day1, order.day2, \"ACT/365\"), 2)",
         "x = round(interest on order.amount 120.00 at 5% from order.day1 2026-01-31 to order.day2 2026-03-01 (ACT/365), 2) = 0.48",
         "x = 四舍五入（金额 120.00 按 5% 自 起始日 2026-01-31 至 终止日 2026-03-01 的利息（ACT/365），保留2位小数） = 0.48"),
    ],
)  # fmt: skip
def test_values(expression, english, chinese):
    assert "".join(lines("true", compute=expression)[1:]).replace(" ", "") == english.replace(" ", "")
    assert "".join(lines("true", "zh", compute=expression)[1:]).replace(" ", "") == chinese.replace(" ", "")


def test_the_items_of_a_list_are_told_below_it():
    told = lines("true", compute="sum(l.quantity * l.price for l in order.lines if l.quantity > 1)")
    assert told == [
        "holds always",
        "x = sum of l.quantity × l.price over order.lines (2 items) where l.quantity > 1 = 40.00",
        "item 1: l.quantity 2 × l.price 10.00 = 20.00, l.quantity 2 > 1",
        "item 2: l.quantity 5 × l.price 4.00 = 20.00, l.quantity 5 > 1",
    ]


def test_of_and_only_what_failed_is_told_and_of_or_only_what_held():
    assert lines("order.amount > limit and order.rush") == [
        "order.amount 120.00 > limit 100.00  over by 20.00",
        "order.rush: yes",
    ]
    assert lines('order.amount < limit or order.grade == "B"') == ['order.grade is "B"']
    assert lines('not (order.amount < limit or order.grade == "A")') == [
        "order.amount 120.00 ≥ limit 100.00  over by 20.00",
        'order.grade is "B", not "A"',
    ]


def test_a_chain_is_told_limit_by_limit():
    assert lines("100 < order.amount <= 200") == [
        "order.amount 120.00 > 100  over by 20.00",
        "order.amount 120.00 ≤ 200  short by 80.00",
    ]


def test_no_text_keeps_the_marks_that_hold_names_together():
    assert plain("信\u2060用\u00a01") == "信用 1"
