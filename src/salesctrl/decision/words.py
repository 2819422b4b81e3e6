"""The words in which decisions are explained, in English and Chinese, and how words are put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from salesctrl.decision.values import Language

Pair = tuple[str, str]
"""English, Chinese."""

OUTCOMES: Final[Mapping[str, Pair]] = {
    "allow": ("allow", "允许"),
    "flag": ("flag", "提示"),
    "review": ("review", "待审"),
    "incomplete": ("incomplete", "资料不全"),
    "deny": ("deny", "拒绝"),
}
"""The outcomes, as they stand over a decision and beside a rule."""

WORDS: Final[Mapping[str, Pair]] = {
    # the head and the sections
    "as_of": ("as of {date}", "决策日 {date}"),
    "as_of_name": ("as_of", "决策日"),
    "fired": ("what decided", "判定依据"),
    "excepted": ("excepted", "适用例外"),
    "unknown": ("cannot be decided", "无法判定"),
    "not_fired": ("not fired", "未触发"),
    "dormant": ("not in force", "未生效"),
    "off": ("switched off", "已停用"),
    "parameters": ("parameters set by an overlay or by date", "由覆盖层或日期决定的参数"),
    "facts": ("facts", "事实数据"),
    "evidence": ("about the evidence", "关于凭据"),
    "values": ("values", "计算结果"),
    "remedies": ("what would allow it", "满足以下任一条件即可通过"),
    "remedies_better": ("what would bring it forward", "满足以下任一条件可改善结论"),
    "first": ("what is needed first", "须先补正"),
    "nothing_fired": ("no rule fired", "没有规则触发"),
    "no_policy": ("no policy of this control point is in force on {date}", "{date} 没有该控制点的有效制度"),
    # what a rule adds to the decision
    "met": ("{outcome} (met)", "{outcome}（已齐备）"),
    "excepted_aside": ("{outcome}, excepted", "{outcome}（例外）"),
    "nothing_to_except": ("{rules} did not fire", "{rules} 未触发"),
    "computes": ("value", "计算"),
    "notifies": ("notice", "通知"),
    "excepts": ("exception", "例外"),
    "no_effect": ("no effect", "无影响"),
    "row": ("row {number} of {count}", "第{number}行（共{count}行）"),
    "rows": ("rows {numbers} of {count}", "第{numbers}行（共{count}行）"),
    "titled_row": ("{title}, {row}", "{title}，{row}"),
    "overlay_rule": ("added by the overlay `{overlay}`", "由覆盖层`{overlay}`增加"),
    # conditions
    "always": ("holds always", "恒成立"),
    "never": ("never holds", "恒不成立"),
    "over": ("over by {difference}", "超出 {difference}"),
    "short": ("short by {difference}", "相差 {difference}"),
    "exactly": ("exactly", "恰好相等"),
    "points": ("{number} percentage points", "{number}个百分点"),
    "as": ("{value} (as {condition})", "{value}（因{condition}）"),
    "as_so": ("{value}, as {condition}", "{value}，因{condition}"),
    "because": ("because: {text}", "原因：{text}"),
    "earlier_row": ("an earlier row holds", "已有更靠前的行成立"),
    "problem_in": ("{text}: {problem}", "{text}：{problem}"),
    "each": ("item {number}: {text}", "第{number}项：{text}"),
    "more_items": ("… {count} more", "……其余{count}项"),
    "first_items": (
        "… of {count} items the first {shown} were looked at",
        "……共{count}项，仅列示前{shown}项",
    ),
    "row_of": ("{text}: {row} of `{table}`, {cells}", "{text}：`{table}`{row}，{cells}"),
    "row_of_any": ("{text}: {row} of `{table}`", "{text}：`{table}`{row}"),
    "no_row_of": ("{text}: no row of `{table}` holds", "{text}：`{table}`没有成立的行"),
    "places": ("{count}", "保留{count}位小数"),
    "one_item": ("1 item", "1项"),
    "items": ("{count} items", "{count}项"),
    "bracketed": ("{name}({args})", "{name}（{args}）"),
    "split_by": ("{total} split by {weights}", "{total} 按 {weights} 分配"),
    # requirements
    "requires": ("requires {what}", "要求{what}"),
    "with": ("{what}", "{what}"),
    "satisfied": ("met", "已满足"),
    "open": ("open", "未满足"),
    "amount": ("amount: {text}", "金额：{text}"),
    "due_sum": ("sum due: {text}", "应付金额：{text}"),
    "due_date": ("due: {text}", "期限：{text}"),
    "missing": ("missing: {text}", "{text}"),
    "told": ("to be told: {roles}", "须通知：{roles}"),
    "would_except": ("would be excepted by {rule} with:", "如具备以下凭据，可适用例外 {rule}："),
    "called": ("{rule} ({title})", "{rule}（{title}）"),
    "counted": ("{name} ({count})", "{name}（{count}）"),
    "excepted_by": ("excepted by {rule}", "适用例外 {rule}"),
    "exception_fails": ("not excepted by {rule}: {text}", "不适用例外 {rule}：{text}"),
    "approval": ("approval by {roles}", "{roles}审批"),
    "approval_all": ("approval by {roles}", "{roles}审批"),
    "approval_order": ("approval by {roles}, in this order", "依次经{roles}审批"),
    "approvals": (
        "approvals of {count} different persons, each {roles}",
        "{count}名不同人员审批，须为{roles}",
    ),
    "level": ("{role} or above", "{role}或其上级"),
    "form": (", in the form `{code}`", "，形式为`{code}`"),
    "form_called": (", form: {text}", "，形式为{text}"),
    "within": (", not older than {within}", "，有效期{within}"),
    "document": ("the document `{code}`", "单据`{code}`"),
    "document_called": ("{text}", "{text}"),
    "documents": ("{count} of the document `{code}`", "{count}份单据`{code}`"),
    "documents_called": ("{count} of {text}", "{count}份{text}"),
    "payment": ("a payment", "付款"),
    "payment_of": ("a payment of {amount}", "付款{amount}"),
    "action": ("the action `{code}`", "完成`{code}`"),
    "action_called": ("{text}", "完成{text}"),
    "by": (" by {owner}", "，责任人：{owner}"),
    # what is unknown
    "not_known": ("{name} is not known", "{name} 未知"),
    "not_known_for": ("{name} is not known ({causes})", "{name} 未知（{causes}）"),
    "facts_missing": ("without {names}", "缺少{names}"),
    "and_more": ("{names} and {count} more", "{names}等{count}项"),
    "not_given": ("what it requires is not there", "所要求的凭据未齐备"),
    "is_known": ("{name} is known", "{name} 已知"),
    "output_unknown": ("the value `{name}` cannot be computed", "无法计算`{name}`"),
    "outputs_unknown": ("cannot be computed for the same reason: {names}", "因此也无法计算：{names}"),
    # rules that take no part
    "count_not_fired": ("{count} rules did not fire", "{count}条规则未触发"),
    "count_not_fired_1": ("1 rule did not fire", "1条规则未触发"),
    "until": ("in force until {date}", "有效期至{date}"),
    "from": ("in force from {date}", "自{date}起生效"),
    "from_until": ("in force from {date} to {last}", "有效期{date}至{last}"),
    "in_force_always": ("in force without a date", "长期有效"),
    "off_by": (
        "{because}; {owner} answers for it, until {date} (overlay `{overlay}`)",
        "{because}；负责人：{owner}，截至{date}（覆盖层`{overlay}`）",
    ),
    # parameters and facts
    "set_by": ("set by the overlay `{overlay}`", "由覆盖层`{overlay}`设定"),
    "since": ("the value from {date} on", "{date}起的取值"),
    "refused": ("refused: {problem}", "未采用：{problem}"),
    "rounded": ("binary noise was rounded away", "已舍去二进制误差"),
    # what would allow it
    "instead": ("now {value}", "现为 {value}"),
    "for_rule": ("{what} ({rule})", "{what}（{rule}）"),
    "between": ("{name} from {low} to {high}", "{name} {low} 至 {high}"),
    "to_give": ("to be given: {names}", "补充：{names}"),
    "everything": ("the facts", "事实数据"),
    "to_correct": ("to be corrected: {names}", "更正：{names}"),
    "becomes": ("then {outcome}", "则{outcome}"),
    # the last lines
    "versions": ("{policies}: {period}", "{policies}：{period}"),
    "set": ("policies {name} {version} (sha256 {digest}…)", "制度 {name} {version}（sha256 {digest}…）"),
    "overlays": (", with the overlays {names}", "，覆盖层{names}"),
    "facts_digest": ("; facts sha256 {digest}…", "；事实 sha256 {digest}…"),
}

PROBLEMS: Final[Mapping[str, Pair]] = {
    "missing": ("not given", "未提供"),
    "refused": ("refused", "未采用"),
    "division_by_zero": ("division by zero", "除数为零"),
    "no_row": ("no row holds", "没有成立的行"),
    "several_rows": ("several rows hold, where one may", "多行同时成立"),
    "rows_differ": ("rows that hold give different values", "成立的各行取值不一致"),
    "no_items": ("the list is empty", "列表为空"),
    "no_such_day": ("there is no such day in that month", "该月没有这一天"),
    "date_range": ("outside the calendar", "超出日历范围"),
    "backward_period": ("the period ends before it begins", "期间终点早于起点"),
    "no_value_yet": ("it has no value yet on that date", "该日尚无取值"),
    "depends": ("not known", "未知"),
}
"""Why there is no value."""

FACT_PROBLEMS: Final[Mapping[str, str]] = {
    "F_RANGE": "超出允许范围",
    "F_TYPE": "类型不符",
    "F_FORMAT": "格式不符",
    "F_LENGTH": "过长",
    "F_CHOICE": "不在可选值之内",
    "F_NAME": "名称疑有误",
    "F_AMBIGUOUS": "以不同名称重复给出且取值不同",
    "F_RECORD": "应为一条记录",
    "F_LIST": "应为列表",
    "F_READ": "读取失败",
    "F_MISSING": "缺少必填项",
    "F_UNKNOWN": "未知的键",
    "F_DECIMALS": "小数位过多",
    "F_DIGITS": "位数过多",
    "F_FLOAT_NOISE": "浮点数含误差",
    "F_NOT_FINITE": "不是有限的数",
}
"""What is wrong with a fact, in Chinese; the problem itself says it in English."""

FUNCTIONS: Final[Mapping[str, Pair]] = {
    "floor": ("round down", "向下取整"),
    "ceil": ("round up", "向上取整"),
    "half_up": ("round", "四舍五入"),
    "half_down": ("round half down", "五舍六入"),
    "half_even": ("round half to even", "四舍六入五成双"),
    "up": ("round away from zero", "进位"),
    "down": ("round toward zero", "截位"),
    "min": ("least of ", "较小值"),
    "max": ("greatest of ", "较大值"),
    "coalesce": ("first known of ", "首个已知值"),
}
"""Functions that are written with brackets: ``round(x, 2)``."""

PHRASES: Final[Mapping[str, Pair]] = {
    "days_between": ("days from {0} to {1}", "{0} 至 {1} 的天数"),
    "months_between": ("whole months from {0} to {1}", "{0} 至 {1} 的整月数"),
    "months_started": ("months begun from {0} to {1}", "{0} 至 {1} 的月数（不足一月按一月计）"),
    "add_months": ("{1} after {0}", "{0} 后 {1}"),
    "add_workdays": ("{1} after {0}, working days counted", "{0} 后 {1}（按工作日）"),
    "year_end": ("year end of {0}", "{0} 的年末日"),
    "month_end": ("month end of {0}", "{0} 的月末日"),
    "year": ("year of {0}", "{0} 的年份"),
    "month": ("month of {0}", "{0} 的月份"),
    "day": ("day of the month of {0}", "{0} 的日"),
    "abs": ("absolute value of {0}", "{0} 的绝对值"),
    "lower": ("lower case of {0}", "{0} 的小写"),
    "length": ("length of {0}", "{0} 的字符数"),
    "accrue": ("interest on {0} at {1} from {2} to {3} ({4})", "{0} 按 {1} 自 {2} 至 {3} 的利息（{4}）"),
    "starts_with": ("{0} starts with {1}", "{0} 以{1}开头"),
    "ends_with": ("{0} ends with {1}", "{0} 以{1}结尾"),
    "contains": ("{0} contains {1}", "{0} 包含{1}"),
    "not_starts_with": ("{0} does not start with {1}", "{0} 不以{1}开头"),
    "not_ends_with": ("{0} does not end with {1}", "{0} 不以{1}结尾"),
    "not_contains": ("{0} does not contain {1}", "{0} 不包含{1}"),
    "in": ("{0} in {1}", "{0} 属于 {1}"),
    "not_in": ("{0} not in {1}", "{0} 不属于 {1}"),
    "is": ("{0}: {1}", "{0}：{1}"),
    "is_one": ("{0} is {1}", "{0}为{1}"),
    "is_other": ("{0} is {1}, not {2}", "{0}为{1}，非{2}"),
    "not": ("not ({0})", "非（{0}）"),
    "if": ("{1} if {0} else {2}", "若{0}则{1}，否则{2}"),
    "sum": ("sum of {1} over {0}", "{0}各项 {1} 之和"),
    "min": ("least {1} of {0}", "{0}各项 {1} 的最小值"),
    "max": ("greatest {1} of {0}", "{0}各项 {1} 的最大值"),
    "count": ("number of {0}", "{0}的项数"),
    "any": ("any of {0}: {1}", "{0}中有：{1}"),
    "all": ("all of {0}: {1}", "{0}均为：{1}"),
    "where": ("{0} where {1}", "{0}（限{1}）"),
    "any_holds": ("{k} of {n} {0}: {1}", "{0}{n}项中有{k}项：{1}"),
    "any_fails": ("none of {n} {0}: {1}", "{0}{n}项中没有：{1}"),
    "all_holds": ("all {n} {0}: {1}", "{0}全部{n}项：{1}"),
    "all_fails": ("{k} of {n} {0} not so: {1}", "{0}{n}项中有{k}项不满足：{1}"),
    "some": ("some of {0}: {1}", "{0}中有：{1}"),
    "not_all": ("not all of {0}: {1}", "{0}并非均为：{1}"),
    "list_empty": ("{0} is empty", "{0}为空"),
}
"""Operations that are said in a phrase; ``{0}``, ``{1}`` are the operands."""

OPERATORS: Final[Mapping[str, str]] = {
    "==": "=", "!=": "≠", "<=": "≤", ">=": "≥", "<": "<", ">": ">", "+": "+", "-": "-", "*": "×", "/": "÷",
}  # fmt: skip
OPPOSITES: Final[Mapping[str, str]] = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}

_JOINTS: Final[Mapping[str, Pair]] = {
    "comma": (", ", "，"),
    "list": (", ", "、"),
    "semicolon": ("; ", "；"),
    "and": (" and ", " 且 "),
    "or": (" or ", " 或 "),
    "then": (", then ", "、"),
}


class Words:
    """The words of one language.

    >>> Words("en").say("row", number=2, count=5), Words("zh").say("row", number=2, count=5)
    ('row 2 of 5', '第2行（共5行）')
    """

    def __init__(self, lang: Language):
        self.lang: Language = lang
        self._place = 1 if lang == "zh" else 0

    def of(self, pair: Pair) -> str:
        """The one of two texts that is in this language."""
        return pair[self._place]

    def say(self, key: str, **values: object) -> str:
        """Words by their key, with values filled in."""
        return WORDS[key][self._place].format_map(values)

    def phrase(self, key: str, *operands: str, **values: object) -> str:
        """A phrase by its key, with operands filled in."""
        return PHRASES[key][self._place].format(*operands, **values)

    def join(self, parts: Sequence[str], joint: str = "comma") -> str:
        """Parts with a joint between them: ``comma``, ``list``, ``semicolon``, ``and``, ``or``, ``then``.

        >>> Words("zh").join(["甲", "乙"], "list")
        '甲、乙'
        """
        return _JOINTS[joint][self._place].join(parts)

    def list(self, parts: Sequence[str], last: str) -> str:
        """A list with ``and`` or ``or`` before its last part.

        >>> Words("en").list(["a", "b", "c"], "or"), Words("zh").list(["甲", "乙", "丙"], "or")
        ('a, b or c', '甲、乙或丙')
        """
        if len(parts) < 2:
            return "".join(parts)
        word = {"and": (" and ", "和"), "or": (" or ", "或")}[last][self._place]
        return self.join(parts[:-1], "list") + word + parts[-1]

    def brackets(self, text: str) -> str:
        """A text in brackets: those of arithmetic, which are narrow in both languages."""
        return f"({text})"
