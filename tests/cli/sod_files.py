"""A small organisation with duties to keep apart, who has which role in it, and who did what."""

POLICIES = """\
pack: duties
version: "1"
---
vocabulary: cases
activities:
  order: {title: {en: Order taken, zh: 接单}, duty: take_order}
  approve: {title: {en: Contract approved, zh: 审批合同}, duty: approve_contract}
  ship: {title: {en: Goods shipped, zh: 发货}, duty: keep_goods}
---
organisation: company
duties:
  take_order: {title: {en: Takes the order, zh: 承接订单}}
  approve_contract: {title: {en: Approves the contract, zh: 审批合同}}
  keep_goods: {title: {en: Keeps the goods, zh: 保管货物}}
roles:
  salesperson: {title: {en: Salesperson, zh: 销售员}, duties: [take_order]}
  sales_manager: {title: {en: Sales manager, zh: 销售经理}, duties: [approve_contract]}
  storekeeper: {title: {en: Storekeeper, zh: 仓管员}, duties: [keep_goods]}
  cfo: {title: {en: CFO, zh: 财务总监}}
incompatible:
  - id: IC-1
    duties: [take_order, approve_contract]
    because: {en: whoever takes the order does not approve the contract, zh: 承接订单者不得审批合同}
  - {id: IC-2, duties: [take_order, keep_goods], title: {en: Order and custody, zh: 接单与保管分离}}
processes:
  order_to_goods:
    title: {en: From order to goods, zh: 从接单到发货}
    duties: [take_order, approve_contract, keep_goods]
waivers:
  - of: IC-1
    person: "9"
    instead: {en: monthly review, zh: 每月复核}
    owner: cfo
    until: 2026-03-31
"""

ROLES = """\
user,name,role,department
7,Lin Na,"salesperson, storekeeper",North
8,Wang Fang,salesperson,South
9,Sun Tao,salesperson,East
9,Sun Tao,销售经理,East
"""

WRONG = """\
user,name,role,valid_from
7,Lin Na,salesperson; storkeeper,
,Nobody,cfo,
8,Wang Fang,salesperson,1.3.2026
"""

EVENTS = """\
case,activity,time,user
S-1,order,2026-03-01T09:00:00+08:00,7
S-1,approve,2026-03-01T10:00:00+08:00,7
S-1,ship,2026-03-02T09:00:00+08:00,7
S-2,order,2026-03-01T09:00:00+08:00,9
S-2,approve,2026-03-01T10:00:00+08:00,
S-3,refund,2026-03-01T10:00:00+08:00,9
"""

FILES = {"duties/set.yaml": POLICIES, "roles.csv": ROLES, "wrong-roles.csv": WRONG, "log.csv": EVENTS}
"""What the golden outputs of `sod` are made from."""

SOD = ("sod", "roles.csv", "--policies", "duties", "--as-of", "2026-03-10")
COMMANDS = {
    "sod.txt": SOD,
    "sod-zh.txt": (*SOD, "--events", "log.csv", "--lang", "zh"),
    "sod.csv": (*SOD, "--events", "log.csv", "--format", "csv"),
    "sod.json": (*SOD, "--events", "log.csv", "--format", "json"),
    "sod-wrong.txt": ("sod", "wrong-roles.csv", *SOD[2:]),
}
