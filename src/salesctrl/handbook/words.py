"""What the pages say beside the words of decisions, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from salesctrl.decision.words import Pair, Words

TEXTS: Final[Mapping[str, Pair]] = {
    # the index
    "index": ("Handbook of controls", "内部控制手册"),
    "index_of": ("{title}: handbook of controls", "{title}：内部控制手册"),
    "written": (
        "<!-- written by `salesctrl handbook` from the policies: changes here are lost -->",
        "<!-- 由 `salesctrl handbook` 根据制度生成，请勿在此修改 -->",
    ),
    "version": ("Policies {name}, version {version}.", "制度集 {name}，版本 {version}。"),
    "counts": (
        "{systems} systems with {controls} controls; {rules} rules at {points} control points, "
        "shown by {cases} worked examples.",
        "共{systems}个系统、{controls}个控制项；{points}个控制点、{rules}条规则，{cases}个算例。",
    ),
    "system": ("System", "系统"),
    "title": ("Title", "名称"),
    "controls": ("Controls", "控制项"),
    "with_rule": ("With a rule", "有规则"),
    "with_case": ("With an example", "有算例"),
    "control_points": ("Control points", "控制点"),
    "further": ("Further policies", "其他制度"),
    # a page
    "clauses": ("Clauses", "条款"),
    "clause": ("Clause", "条款"),
    "no_rule": ("No rule carries {controls}.", "尚无规则的控制项：{controls}。"),
    "flow": ("Flow", "流程"),
    "rules": ("Rules", "规则"),
    "rule": ("Rule", "规则"),
    "at": ("Control point `{point}`.", "控制点 `{point}`。"),
    "on": ("Source: {clause}.", "依据：{clause}。"),
    "by_clause": ("{document}, {article}", "{document}{article}"),
    "in_force": ("It is {period}.", "{period}。"),
    "subject": ("A transaction is named by {facts}.", "业务标识：{facts}。"),
    "carries": ("Controls: {controls}", "控制项：{controls}"),
    "from_clause": ("Clause: {clause}", "条款：{clause}"),
    "when": ("When: {condition}", "条件：{condition}"),
    "always": ("When: always", "条件：一律适用"),
    "then": ("Then: {effect}", "结果：{effect}"),
    "except_of": ("Exception to: {rules}", "例外于：{rules}"),
    "excepted": ("Unless: {rules}", "例外：{rules}"),
    "unless": ("{outcome}, unless approved: {roles}", "{outcome}（{roles}批准的除外）"),
    "because": ("Reason: {text}", "原因：{text}"),
    "reason": ("Reason", "原因"),
    "note": ("Note: {text}", "备注：{text}"),
    "of_row": ("row {number} of `{table}`", "`{table}`第{number}行"),
    "idle": (
        "Not in use: with the parameters as they are its condition never holds.",
        "未启用：按现行参数其条件不会成立。",
    ),
    "off": ("Switched off: {text}", "已停用：{text}"),
    "value": ("value {name}: {text}", "计算{name}：{text}"),
    "result": ("Result", "结果"),
    "any_cell": ("any", "任意"),
    "otherwise": ("otherwise", "其余"),
    "figures": ("Figures", "计算项"),
    "figure": ("Figure", "计算项"),
    "worked_out": ("How it is worked out", "计算方法"),
    "parameters": ("Parameters", "参数"),
    "parameter": ("Parameter", "参数"),
    "value_unit": ("Value", "取值"),
    "ref": ("Clause or register", "条款或登记号"),
    "open": ("Open readings", "存疑与其他读法"),
    "other_readings": ("Other readings: {readings}.", "其他读法：{readings}。"),
    "from": ("{value} from {date}", "自{date}起{value}"),
    "look_up": ("{name} of {given}", "按{given}查{name}"),
    "date_of_decision": ("date of the decision", "决策日"),
    "roles": ("Roles", "岗位"),
    "role": ("Role", "岗位"),
    "approves": ("Approves", "审批"),
    "does": ("Does", "经办"),
    "told": ("Is told", "接收通知"),
    # worked examples
    "examples": ("Worked examples", "算例"),
    "example": ("Example", "算例"),
    "common": ("In all of them: {facts}.", "共同事实：{facts}。"),
    "facts": ("Facts", "事实"),
    "outcome": ("Outcome", "结论"),
    "fired": ("Rules that fire", "触发规则"),
    "values": ("Figures given out", "计算结果"),
    "examples_of": ("Examples of {rule}", "{rule} 的算例"),
    "overlays": ("with {names}", "覆盖层 {names}"),
    "pending": ("open: {rules}", "待补：{rules}"),
    "missing": ("missing: {facts}", "缺：{facts}"),
    "not_as_expected": ("not as expected", "与预期不符"),
    "cannot": ("cannot be decided: {problem}", "无法判定：{problem}"),
    "requester": ("asked for by {person}", "申请人{person}"),
    "approval_by": ("approval of {role} {person}", "{role}{person}审批"),
    "payment_on": ("payment of {amount}", "付款{amount}"),
    "duty_by": ("{duty}: {person}", "{duty}：{person}"),
    "times": ("{what} ({count})", "{what}（{count}）"),
    "no_evidence": ("no evidence", "无凭据"),
    "nothing": ("none", "无"),
    # timelines
    "looked_at": ("Looked at by {names}.", "适用控制：{names}。"),
    "segregation": ("Segregation of duties", "职责分离"),
    "by_all": ("Looked at by all controls.", "适用全部控制。"),
    "events": ("Events", "事件"),
    "came": ("What came of it", "进展"),
    "up_to": ("up to {date}", "截至{date}"),
    "in_case": ("case {case}", "案例{case}"),
    "state": ("{ladder}: {state} since {date}", "{ladder}：{state}（自{date}起）"),
    "blocked": ("blocked: {rules}", "受阻：{rules}"),
    "out_of_order": ("out of order: {names}", "次序不符：{names}"),
    "due_on": ("due {date}: {action}", "{date}前应完成：{action}"),
    "late_since": ("due {date}: {action}, overdue", "{date}前应完成：{action}（已逾期）"),
    "done_on": ("done {date}: {action}", "{date}已完成：{action}"),
    "rejected": ("events rejected: {count}", "未采纳事件：{count}"),
    "not_judged": ("not judged: {names}", "无法判断：{names}"),
}


class PageWords(Words):
    """The words of a page in one language.

    >>> PageWords("zh").tell("clauses"), PageWords("en").tell("at", point="order.release")
    ('条款', 'Control point `order.release`.')
    """

    def tell(self, key: str, **values: object) -> str:
        """Words of the pages by their key, with values filled in."""
        return self.of(TEXTS[key]).format_map(values)

    def phrase_of(self, label: str, text: str) -> str:
        """A label with what it says.

        >>> PageWords("en").phrase_of("Order", "12.50"), PageWords("zh").phrase_of("订单", "12.50")
        ('Order: 12.50', '订单：12.50')
        """
        return f"{label}：{text}" if self.lang == "zh" else f"{label}: {text}"
