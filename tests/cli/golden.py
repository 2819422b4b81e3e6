"""Outputs that a person has read: what the commands write for the starter set.

`python tests/cli/update.py` writes them again; read the difference.
"""

import re
from pathlib import Path

from tests.cli import sod_files

FOLDER = Path(__file__).parent / "golden"
ORDERS = ("order.release", "facts/orders.csv", "--policies", "policies")
MONITOR = ("--policies", "cases/set.yaml", "--zone", "Asia/Shanghai")
COMMANDS: dict[str, tuple[str, ...]] = {
    "evaluate.txt": ("evaluate", *ORDERS),
    "evaluate-zh.txt": ("evaluate", *ORDERS, "--lang", "zh"),
    "evaluate.csv": ("evaluate", *ORDERS, "--format", "csv"),
    "evaluate.json": ("evaluate", *ORDERS, "--format", "json"),
    "evaluate.jsonl": ("evaluate", *ORDERS, "--format", "jsonl"),
    "evaluate-wrong-rows.txt": ("evaluate", "order.release", "facts/wrong.csv", "--policies", "policies"),
    "evaluate-wrong-rows.csv": (
        "evaluate", "order.release", "facts/wrong.csv", "--policies", "policies", "--format", "csv",
    ),
    "check.txt": ("check", "policies"),
    "check-wrong.txt": ("check", "wrong"),
    "check-wrong.json": ("check", "wrong", "--format", "json"),
    "test.txt": ("test", "policies"),
    "list.txt": ("list", "--policies", "policies"),
    "list-zh.txt": ("list", "--policies", "policies", "--lang", "zh"),
    "list.json": ("list", "--policies", "policies", "--format", "json"),
    "monitor.txt": ("monitor", "cases/log.csv", *MONITOR),
    "monitor-zh.txt": ("monitor", "cases/log.csv", *MONITOR, "--lang", "zh"),
    "monitor-rejected.txt": ("monitor", "cases/rejected.csv", *MONITOR),
    "monitor-rejected.json": ("monitor", "cases/rejected.csv", *MONITOR, "--format", "json"),
    "monitor-rejected.jsonl": ("monitor", "cases/rejected.csv", *MONITOR, "--format", "jsonl"),
    "monitor.csv": ("monitor", "cases/log.csv", *MONITOR, "--format", "csv"),
    "test-timeline.txt": ("test", "cases/wrong"),
    "schema-facts.json": ("schema", "--facts", "order.release", "--policies", "policies"),
    **sod_files.COMMANDS,
}  # fmt: skip

WRONG_ROWS = """\
order.id,as_of,order.amount,discount_rate,customer.grade,credit_limit,balance,freight
SO-1,2026-03-02,100.00,5%,A,50000.00,0.00,1
SO-2,2026-03-02,100.005,5%,A,50000.00,0.00,1
SO-3,2026-03-02,100.00,150%,AA,50000.00,0.00,1
SO-4,2026-03-02,100.00
SO-5,2.3.2026,100.00,5%,A,50000.00,0.00,1
SO-6,2026-03-02,60000.00,5%,A,50000.00,0.00,1
"""

CASES = """\
pack: cases
version: "1"
---
vocabulary: sales
currency: CNY
kinds:
  event: {fields: {amount: {type: money, title: {en: Amount, zh: 金额}}}}
activities:
  take_order: {title: {en: Takes the order, zh: 接单}, duty: take_order}
  approve_order: {title: {en: Approves the order, zh: 审批订单}, duty: approve_order}
  ship: {title: {en: Ships the goods, zh: 发货}}
  pay: {title: {en: Receives money, zh: 收款}}
  remind: {title: {en: Reminds, zh: 提醒}}
---
organisation: firm
roles:
  salesperson: {title: {en: Salesperson, zh: 业务员}}
duties:
  take_order: {title: {en: Takes the order, zh: 接单}}
  approve_order: {title: {en: Approves the order, zh: 审批订单}}
incompatible:
  - id: IC-1
    duties: [take_order, approve_order]
    because: {en: who takes an order does not approve it, zh: 接单人不得审批同一订单}
---
case_control: shipped-before-paid
title: {en: Shipped before paid, zh: 先发货后收款}
events: {ordered: take_order, shipped: ship}
order: [ordered, shipped]
gather:
  payments: {activity: pay, before: shipped}
let:
  paid: sum(payment.amount for payment in matched.payments)
rules:
  - id: SBP-1
    title: {en: Nothing leaves unpaid, zh: 未付款不得发货}
    when: paid < ordered.amount
    deny: true
    because: {en: "{paid} of {ordered.amount} was paid", zh: "{ordered.amount}中仅收{paid}"}
---
ladder: dunning
title: {en: Dunning, zh: 催收}
begins: ship
states:
  open: {title: {en: Open, zh: 未收}, due: {action: remind, owner: salesperson, within: 3 days}}
  reminded: {title: {en: Reminded, zh: 已提醒}}
transitions:
  - {id: D-1, from: open, to: reminded, on: remind}
---
timeline: shipping
controls: [shipped-before-paid, dunning]
cases:
  - name: {en: nothing was paid, zh: 分文未付}
    events:
      - {activity: take_order, time: 2026-03-01, amount: 100.00}
      - {activity: ship, time: 2026-03-02}
    expect: {fired: [SBP-1], stage: {dunning: open}, due: {remind: 2026-03-05}}
"""

LOG = """\
id,case,activity,time,person,amount
1,SO-1,take_order,2026-03-01T09:00,Li,1000.00
2,SO-1,approve_order,2026-03-01T10:00,Wu,
3,SO-1,ship,2026-03-02T10:00,Xu,
4,SO-2,接单,2026-03-01T09:00,Li,500.00
5,SO-2,Approves the order,2026-03-01T11:00,Li,
6,SO-2,pay,2026-03-02T11:00,,500.00
7,SO-2,ship,2026-03-03T11:00,Xu,
8,SO-2,remind,2026-03-04T11:00,Li,
"""
MORE = """\
9,SO-3,take_order,2026-03-05T11:00,,
10,SO-3,ship,2026-03-06T11:00,Xu,
11,SO-3,shp,2026-03-06T11:00,Xu,
12,,ship,2026-03-06T11:00,Xu,
13,SO-3,ship,soon,Xu,
"""

_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


def prepare(folder: Path) -> None:
    """Add to the starter set what the commands need besides."""
    (folder / "facts" / "wrong.csv").write_text(WRONG_ROWS, encoding="utf-8")
    cases = folder / "cases"
    (cases / "wrong").mkdir(parents=True, exist_ok=True)
    (cases / "set.yaml").write_text(CASES, encoding="utf-8")
    (cases / "wrong" / "set.yaml").write_text(CASES.replace("100.00}", "0.00}"), encoding="utf-8")
    (cases / "log.csv").write_text(LOG, encoding="utf-8")
    (cases / "rejected.csv").write_text(LOG + MORE, encoding="utf-8")
    for name, content in sod_files.FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    wrong = folder / "wrong"
    wrong.mkdir(exist_ok=True)
    for path in sorted((folder / "policies").iterdir()):
        text = path.read_text(encoding="utf-8")
        text = text.replace("when: exposure > customer.credit_limit", "when: exposure > customer.credit_limt")
        text = text.replace("[cfo, general_manager]", "[cfo, generl_manager]")
        (wrong / path.name).write_text(text, encoding="utf-8")


def shown(out: str, err: str, code: int) -> str:
    """The golden text of a run: both outputs and the exit code, without the digests of documents."""
    return _DIGEST.sub("<sha256>", f"{out}--- stderr\n{err}--- exit code {code}\n")
