"""The control points of a system as a picture in Mermaid, one after another, each with what it may end in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from salesctrl.compile.checked import CheckedRule
from salesctrl.compile.needs import ApprovalNeed
from salesctrl.decision.words import OUTCOMES
from salesctrl.engine import Engine
from salesctrl.handbook.model import Page
from salesctrl.handbook.words import PageWords
from salesctrl.outcome import Outcome

_MOST_ROLES = 4


def flow(engine: Engine, page: Page, words: PageWords) -> Iterator[str]:
    """The lines of the picture.

    A control point stands in a box; an arrow leads to what it may end in but going ahead, with the roles that
    approve where a review is asked for; a thick arrow leads to the next control point.
    """
    yield from ("```mermaid", "flowchart TD")
    points = page.control_points
    for number, point in enumerate(points, 1):
        title = next(c.policy.title for c in page.chapters if c.policy.control_point == point)
        yield f'    p{number}["{_label(title.get(words.lang))}<br>{_label(point)}"]'
        ends = _ends(engine, page, point, words)
        if ends:
            yield f'    p{number} --> e{number}(["{"<br>".join(ends)}"])'
    if len(points) > 1:
        yield "    " + " ==> ".join(f"p{number}" for number in range(1, len(points) + 1))
    yield "```"


def approvers(rules: Sequence[CheckedRule]) -> tuple[str, ...]:
    """The roles that may approve what some rules ask for, in the order met."""
    found: dict[str, None] = {}
    for rule in rules:
        for requirement in rule.requirements:
            need = requirement.need
            if isinstance(need, ApprovalNeed):
                found.update(dict.fromkeys((need.level,) if need.level is not None else need.roles))
    return tuple(found)


def _ends(engine: Engine, page: Page, point: str, words: PageWords) -> list[str]:
    """What a control point may end in, the gravest first; nothing is said of what goes ahead."""
    rules = [rule for rule in page.rules if _point(page, rule) == point]
    seen = {rule.outcome for rule in rules}
    ends = []
    for outcome in (Outcome.DENY, Outcome.REVIEW, Outcome.FLAG):
        if outcome not in seen:
            continue
        name = words.of(OUTCOMES[outcome.value])
        if outcome is Outcome.REVIEW:
            roles = _called(engine, approvers([r for r in rules if r.outcome is outcome]), words)
            name = words.phrase_of(name, roles) if roles else name
        elif outcome is Outcome.DENY:
            roles = _called(engine, approvers([r for r in rules if r.excepts]), words)
            name = words.tell("unless", outcome=name, roles=roles) if roles else name
        ends.append(_label(name))
    return ends


def _called(engine: Engine, roles: Sequence[str], words: PageWords) -> str:
    """Some roles by their titles; of many, the first."""
    organisation = engine.checked.organisation
    shown = [organisation.title(role).get(words.lang) for role in roles[:_MOST_ROLES]]
    return words.join(shown, "list") + ("…" if len(roles) > _MOST_ROLES else "")


def _point(page: Page, rule: CheckedRule) -> str:
    return next(c.policy.control_point for c in page.chapters if c.policy.name == rule.policy)


def _label(text: str) -> str:
    return text.replace('"', "#quot;").replace("<", "#lt;")
