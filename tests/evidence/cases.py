"""The organisations that the tests of this folder decide on."""

from datetime import date

from salesctrl.diagnostics import Diagnostics
from salesctrl.evidence.given import Approval
from salesctrl.policy.documents import OrganisationDocument
from salesctrl.policy.loader import Loaded
from salesctrl.policy.organisation import Organisation, build_organisation
from salesctrl.policy.reader import read_text


def organisation(text: str) -> Organisation:
    """The organisation of one document."""
    found = Diagnostics()
    loaded = [
        Loaded(OrganisationDocument.model_validate(s.data), s) for s in read_text(text, "o.yaml", found)
    ]
    built = build_organisation(loaded, found)
    assert not found.has_errors, found.render()
    return built


def on(text: str) -> int:
    """The ordinal of a date."""
    return date.fromisoformat(text).toordinal()


def approval(
    person: str, role: str, day: str = "2026-02-20", form: str | None = None, requirement: str | None = None
) -> Approval:
    """An approval."""
    return Approval(person, role, on(day), form, requirement)


ROLES = """
organisation: example
roles:
  gm: {title: {en: general manager, zh: 总经理}}
  cfo: {title: {en: CFO, zh: 财务总监}, reports_to: gm}
  vp: {title: {en: sales VP, zh: 销售副总}, reports_to: gm, aliases: [营销总监]}
  manager: {title: {en: sales manager, zh: 销售经理}, reports_to: vp}
  seller: {title: {en: salesperson, zh: 销售员}, reports_to: manager}
authority:
  - {role: manager, amount: 1000 CNY}
  - {role: vp, amount: 50000 CNY}
  - {role: vp, control_point: order.release, amount: 5000 CNY}
duties:
  take: {}
  approve: {}
  ship: {}
incompatible:
  - {id: IC-1, duties: [take, approve]}
"""

PERSONS = (
    ROLES
    + """
persons:
  zhao: {name: {en: Zhao Min, zh: 赵敏}, roles: [gm]}
  qian: {name: {en: Qian Feng, zh: 钱锋}, roles: [cfo]}
  sun: {name: {en: Sun Li, zh: 孙丽}, roles: [{role: vp, from: 2026-01-01}]}
  li: {name: {en: Li Na, zh: 李娜}, roles: [{role: manager, to: 2026-02-28}]}
  zhou: {name: {en: Zhou Yu, zh: 周瑜}, roles: [manager, cfo]}
  wang: {name: {en: Wang Wei, zh: 王伟}, roles: [seller]}
delegations:
  - from: qian
    to: li
    role: cfo
    effective: {from: 2026-02-01, to: 2026-02-20}
    amount: 800 CNY
    control_points: [order.release]
  - {from: li, to: wang, role: cfo, effective: {}}
"""
)

STATED = organisation(ROLES)
"""Lists no persons."""

COMPANY = organisation(PERSONS)
"""Lists persons: Zhao the general manager, Qian the CFO, Sun the VP, Li and Zhou sales managers, Zhou also
CFO, Wang a salesperson. Li stands in for Qian in the first twenty days of February, up to 800 CNY at
`order.release`, and cannot pass that on to Wang."""
