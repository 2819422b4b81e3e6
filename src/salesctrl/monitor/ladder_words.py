"""What is said of ladders, in English and Chinese."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Literal

from salesctrl.compile.cases import Activities, State, Transition
from salesctrl.decision.model import Decision
from salesctrl.evidence.reasons import RequirementResult
from salesctrl.outcome import Outcome
from salesctrl.policy.documents import LocalText

if TYPE_CHECKING:
    from salesctrl.monitor.ladder_stage import Stage, Step


def out_of_order(activities: Activities, activity: str, state: State) -> LocalText:
    """Why an event is out of order."""
    known = activities.by_name.get(activity)
    title = LocalText(en=activity, zh=activity) if known is None else known.title
    return LocalText(
        en=f"“{title.get('en')}” leads nowhere from the state “{state.title.get('en')}”",
        zh=f"处于“{state.title.get('zh')}”状态时，“{title.get('zh')}”不在流程之内",
    )


def endless(most: int) -> LocalText:
    """Why time leads no further."""
    return LocalText(
        en=f"{most} steps of time without an event: the ladder goes round in a circle",
        zh=f"无任何事件而已连续推进{most}步：流程陷入循环",
    )


def why_blocked(step: Transition, decision: Decision, pending: Sequence[RequirementResult]) -> LocalText:
    """Why a transition is blocked, where its rule has no sentence of its own."""
    wrong = dict.fromkeys([*decision.missing, *(problem.path for problem in decision.trace.problems)])
    if wrong and decision.outcome is Outcome.INCOMPLETE:
        paths = ", ".join(f"`{path}`" for path in wrong)
        return LocalText(en=f"not known: {paths}", zh=f"未知：{paths}")
    if pending:
        lacking = [missing for result in pending for missing in result.missing]
        return LocalText(
            en="missing: " + "; ".join(missing.text("en") for missing in lacking),
            zh="；".join(missing.text("zh") for missing in lacking),
        )
    title = step.title
    return LocalText(
        en=f"“{title.get('en')}” comes to `{decision.outcome}`",
        zh=f"“{title.get('zh')}”的判定为`{decision.outcome}`",
    )


def overdue(action: str, on: date) -> LocalText:
    """That something was due and is not done."""
    return LocalText(
        en=f"`{action}` was due on {on.isoformat()} and is not done",
        zh=f"`{action}`应于{on.isoformat()}前完成，尚未完成",
    )


def said_of(stage: Stage, lang: Literal["en", "zh"]) -> str:
    """A stage in words, a line for each thing."""
    if stage.version is None or stage.title is None or stage.state is None:
        return "尚未开始" if lang == "zh" else "not begun"
    state = stage.title.get(lang)
    entered = f"{stage.entered}"
    lines = [f"{state}（自{entered}起）" if lang == "zh" else f"{state}, since {entered}"]
    lines += [_said_of_step(step, stage, lang) for step in stage.steps]
    for due in stage.due:
        if due.done is not None:
            done = f"{due.on}前应完成：{due.action}（{due.done}已完成）"
            lines.append(done if lang == "zh" else f"due {due.on}: {due.action}, done {due.done}")
        else:
            late = ("（已逾期）" if lang == "zh" else ", overdue") if due.is_overdue else ""
            words = f"{due.on}前应完成：{due.action}" if lang == "zh" else f"due {due.on}: {due.action}"
            lines.append(words + late)
    return "\n".join(lines)


_KINDS = {
    "moved": ("", ""),
    "elapsed": (" (time)", "（到期）"),
    "blocked": (" blocked", " 受阻"),
    "out_of_order": ("out of order", "次序不符"),
}


def _said_of_step(step: Step, stage: Stage, lang: Literal["en", "zh"]) -> str:
    assert stage.version is not None
    kind = _KINDS[step.kind][lang == "zh"]
    name = step.transition or ""
    words = f"{step.on} {name}{kind}" if name or kind else f"{step.on}"
    if step.has_moved:
        words += f" → {stage.version.states[step.to].title.get(lang)}"
    if step.because is not None:
        words += ("：" if lang == "zh" else ": ") + step.because.get(lang)
    return words
