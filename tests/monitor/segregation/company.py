"""A small company with duties to keep apart, and events and assignments for it."""

from datetime import UTC, datetime, timedelta
from functools import cache

import polars as pl
from tests.loading import engine_of

SET = """\
vocabulary: v
currency: CNY
kinds:
  event: {fields: {amount: {type: money, optional: true}}}
activities:
  take_order: {title: {en: Takes the order, zh: 接单}, duty: take_order}
  change_order: {title: {en: Changes the order, zh: 改单}, duty: take_order}
  approve_contract: {title: {en: Approves the contract, zh: 审批合同}, duty: approve_contract}
  release: {title: {en: Releases the goods, zh: 批准放货}, duty: approve_release}
  ship: {title: {en: Ships the goods, zh: 发货}, duty: keep_goods}
  dun: {title: {en: Duns, zh: 催收}, duty: dun}
  remind: {title: {en: Reminds, zh: 提醒}}
---
organisation: o
roles:
  salesperson: {title: {en: Salesperson, zh: 销售员}, aliases: [业务员], duties: [take_order]}
  sales_manager: {title: {en: "Sales manager, home", zh: 销售经理}, duties: [approve_contract, approve_release]}
  keeper: {title: {en: Storekeeper, zh: 仓管员}, duties: [keep_goods]}
  branch_head: {title: {en: Branch head, zh: 分公司负责人}, duties: [take_order, approve_contract]}
  cfo: {title: {en: CFO, zh: 财务总监}}
duties:
  take_order: {title: {en: Takes the order, zh: 承接订单}}
  approve_contract: {title: {en: Approves the contract, zh: 审批合同}}
  approve_release: {title: {en: Approves the release, zh: 批准放货}}
  keep_goods: {title: {en: Keeps the goods, zh: 保管货物}}
  dun: {title: {en: Duns, zh: 催收}}
incompatible:
  - id: IC-1
    duties: [take_order, approve_contract]
    title: {en: Order and contract, zh: 接单与审批分离}
    because: {en: whoever takes the order does not approve the contract, zh: 承接订单者不得审批合同}
  - {id: IC-2, duties: [take_order, approve_release], title: {en: Order and release, zh: 接单与放货分离}}
  - {id: IC-3, duties: [take_order, keep_goods]}
processes:
  order_to_goods:
    title: {en: From order to goods, zh: 从接单到发货}
    duties: [take_order, approve_contract, keep_goods]
"""

WAIVERS = """\
waivers:
  - of: IC-1
    person: "9"
    instead: {en: monthly review, zh: 每月复核}
    owner: cfo
    approved_by: "1"
    from: 2026-02-01
    until: 2026-06-30
  - of: IC-1
    role: branch_head
    instead: {en: head office reads every contract, zh: 总部逐份复核}
    owner: cfo
    until: 2026-12-31
"""

PERSONS = """\
persons:
  "1": {name: {en: Ada, zh: 阿达}, roles: [cfo]}
  "2": {name: {en: Bo, zh: 阿博}, roles: [salesperson]}
  "3": {name: {en: Cy, zh: 阿赛}, roles: [{role: sales_manager, from: 2026-01-01}]}
delegations:
  - {from: "3", to: "2", role: sales_manager, effective: {from: 2026-03-01, to: 2026-03-31}}
"""


@cache
def company(*, waivers="", persons=""):
    """The engine of the company."""
    return engine_of(SET + waivers + persons)


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def events(*rows):
    """A log: each row is a case, an activity, a person, and if wanted day, id, department and role."""
    full = [(*row, *(0, None, None, None)[len(row) - 3 :]) for row in rows]
    return pl.DataFrame(
        {
            "case": [row[0] for row in full],
            "activity": [row[1] for row in full],
            "person": [row[2] for row in full],
            "time": [NOON + timedelta(days=row[3]) for row in full],
            "id": [row[4] or f"e{number}" for number, row in enumerate(full)],
            "department": [row[5] for row in full],
            "role": [row[6] for row in full],
        },
        schema={
            "case": pl.String, "activity": pl.String, "person": pl.String,
            "time": pl.Datetime("us", "UTC"), "id": pl.String, "department": pl.String, "role": pl.String,
        },
    )  # fmt: skip


def people(*rows):
    """Assignments: each row is a person, a role, and if wanted a department, a first and a last day."""
    full = [(*row, *(None, None, None)[len(row) - 2 :]) for row in rows]
    names = ("user", "role", "department", "from", "to")
    return pl.DataFrame(full, schema=dict.fromkeys(names, pl.String), orient="row")


def short(result, *columns):
    """Some columns of the findings, as rows."""
    return result.columns.select(columns).rows()
