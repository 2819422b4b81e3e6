"""The words of results about the segregation of duties, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from salesctrl.batch.summary import Language

Pair = tuple[str, str]

WHY: Final[Mapping[str, Pair]] = {
    "no_statements": (
        "the policies state no incompatible duties and no process",
        "政策未规定不相容职责，也未规定流程",
    ),
    "no_duties": (
        "no role has duties: what can be done in it is unknown; roles assigned: {count}",
        "各岗位均未列明职责，无法判断其权限；已分配岗位数：{count}",
    ),
    "no_person": ("it is unknown who did this; events: {count}", "未记录操作人；事件数：{count}"),
    "no_department": (
        "it is unknown which department did this; events: {count}",
        "未记录部门；事件数：{count}",
    ),
    "unknown_activity": (
        "the policies do not know this activity; events: {count}",
        "政策中没有该活动；事件数：{count}",
    ),
}
"""Why something cannot be judged."""

UNEXPLAINED: Final[Pair] = ("one hand must not do all of these: {duties}", "不得由同一方完成：{duties}")
WAIVED: Final[Pair] = (
    "{because}; waived until {until}: {instead} ({owner_title})",
    "{because}；已豁免至{until}：{instead}（{owner_title}）",
)
EXPIRED: Final[Pair] = (
    "{because}; the waiver expired on {until}: {instead} ({owner_title})",
    "{because}；豁免已于{until}到期：{instead}（{owner_title}）",
)
SOON: Final[Pair] = ("{because}; ends within 30 days", "{because}；30日内到期")

WORDS: Final[Mapping[str, Pair]] = {
    "title": ("Segregation of duties as of {date}", "职责分离（截至{date}）"),
    "conflicts": ("conflicts: {count}", "冲突{count}项"),
    "waived": ("waived: {count}", "已豁免{count}项"),
    "unjudged": ("cannot be judged: {count}", "无法判断{count}项"),
    "rejected": ("rows refused: {count}", "未采用{count}行"),
    "duties": ("Duties that one person may not do together", "同一人不得兼任的职责"),
    "roles": ("Roles that one person may not hold together", "同一人不得兼任的岗位"),
    "persons": ("Persons, and what they may not do together", "人员与不相容职责"),
    "key_stated": ("may not go together", "不相容，无冲突"),
    "key_conflict": ("conflicts, and how many", "冲突及其数量"),
    "key_both": ("conflicts, and others waived", "冲突，另有已豁免"),
    "key_none": ("nothing found", "无"),
    "key_waived": ("waived, and how many", "已豁免及其数量"),
    "key_unjudged": ("cannot be judged", "无法判断"),
    "key_compatible": ("may go together", "可以兼任"),
    "more": ("and {count} more", "另有{count}项"),
    "nothing": ("nothing to show", "无内容"),
    "outcome": ("outcome", "结论"),
    "statement": ("statement", "规定"),
    "whose": ("who", "对象"),
    "where": ("case", "案例"),
    "which": ("duties, and where from", "职责及来源"),
    "why": ("why", "原因"),
    "refused": ("refused", "未采用"),
    "row": ("row", "行"),
    "person": ("person", "人员"),
    "role": ("role", "岗位"),
    "department": ("department", "部门"),
    "case": ("case", "案例"),
    "activity": ("activity", "活动"),
    "policies": ("policies", "政策"),
    "design": ("could", "可为"),
    "operation": ("did", "已为"),
    "gap": ("whole process", "全流程"),
    "input": ("input", "输入"),
    "none": ("no conflict was found", "未发现冲突"),
}


def word(pair: Pair, lang: Language, **values: object) -> str:
    """A sentence with its values.

    >>> word(WORDS["conflicts"], "zh", count=3)
    '冲突3项'
    """
    return pair[lang == "zh"].format(**values)


def say(key: str, lang: Language, **values: object) -> str:
    """A sentence by its key.

    >>> say("key_waived", "en")
    'waived, and how many'
    """
    return word(WORDS[key], lang, **values)
