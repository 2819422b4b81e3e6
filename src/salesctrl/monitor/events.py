"""Events as callers give them: read into :class:`Event`, or refused with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from sys import intern
from types import MappingProxyType
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from salesctrl.compile.cases import Activities
from salesctrl.compile.derived_cases import EVENT
from salesctrl.diagnostics import quoted, suggest
from salesctrl.monitor.model import FIELDS, Event
from salesctrl.policy.organisation import Organisation, normal
from salesctrl.policy.vocabulary import VocabularyIndex

_TEXTS: Final = ("person", "role", "department")
_LONGEST: Final = 1000
_NONE: Final[Mapping[str, object]] = MappingProxyType({})


class Refused(NamedTuple):
    """Why an event was not taken, and which one it is as far as that is known."""

    id: str
    case: str | None
    code: str
    reason: str


def zone_of(name: str | None) -> ZoneInfo | None:
    """The time zone of a name.

    Raises:
        ValueError: There is no such zone.

    >>> zone_of("Asia/Shanghai").key
    'Asia/Shanghai'
    """
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone `{name}`: write it as `Asia/Shanghai`") from error


def role_of(text: str, organisation: Organisation) -> str:
    """The name of the role that a name, a title or an alias means; a text that means none stays."""
    return organisation.role(text) or normal(text)


class EventReader:
    """Reads events: mappings with the fields of an event, and attributes beside them.

    Args:
        activities: Those that events may name, by name, title or alias.
        vocabulary: The names of attributes.
        zone: The zone of times that state none, and of days; without it such times are refused, and an event
            was on the day that its time is written with.

    >>> from salesctrl.compile.cases import CheckedActivity
    >>> from salesctrl.policy.documents import LocalText
    >>> title = LocalText(en="Ships", zh="发货")
    >>> known = Activities({"ship": CheckedActivity("ship", title, None, None, False)}, {"ship": "ship"})
    >>> reader = EventReader(known, "Asia/Shanghai")
    >>> event = reader.read({"id": 1, "case": "SO-1", "activity": "Ship", "time": "2026-03-01T23:30"})
    >>> event.activity, event.time.isoformat(), event.on
    ('ship', '2026-03-01T15:30:00+00:00', datetime.date(2026, 3, 1))
    >>> reader.read({"id": 2, "case": "SO-1", "activity": "sip", "time": "2026-03-01"}).reason
    'unknown activity `sip`; did you mean `ship`?'
    """

    def __init__(
        self,
        activities: Activities,
        zone: str | None = None,
        vocabulary: VocabularyIndex | None = None,
        organisation: Organisation | None = None,
    ):
        self._activities = activities
        self._zone = zone_of(zone)
        self._vocabulary = vocabulary or VocabularyIndex({})
        self._organisation = organisation
        self._has_fields = EVENT in self._vocabulary.kinds
        self._day = date.min

    def read(self, given: Event | Mapping[str, object]) -> Event | Refused:
        """The event, or why it is refused: the first of its problems."""
        if isinstance(given, Event):
            given = {**given.attributes, **{name: getattr(given, name) for name in FIELDS}}
        id = _text(given.get("id"))
        case = _text(given.get("case"))
        name = id or ""
        if not id:
            return Refused(name, case, "V_NO_ID", "the event has no `id`: give each event its own")
        if not case:
            return Refused(name, case, "V_NO_CASE", "the event has no `case`: which one does it belong to?")
        text = _text(given.get("activity"))
        if not text:
            return Refused(name, case, "V_NO_ACTIVITY", "the event has no `activity`: what was done?")
        activity = self._activities.find(text)
        if activity is None:
            near = suggest(text, sorted(self._activities.by_name))
            hint = f"; did you mean `{near}`?" if near else ": list it in a vocabulary"
            return Refused(name, case, "V_ACTIVITY", f"unknown activity {quoted(text)}{hint}")
        moment = self._moment(given.get("time"))
        if isinstance(moment, str):
            code = "V_NO_ZONE" if moment.startswith("the time states") else "V_TIME"
            return Refused(name, case, code, moment)
        for one in (id, case):
            if len(one) > _LONGEST:
                return Refused(name[:40], case[:40], "V_LONG", f"a text of more than {_LONGEST} characters")
        try:
            on = (moment if self._zone is None else moment.astimezone(self._zone)).date()
        except OverflowError:
            return Refused(name, case, "V_TIME", f"the time {moment.isoformat()} is out of range")
        if on == self._day:  # events of one day share it
            on = self._day
        self._day = on
        texts = {key: _shared(given.get(key)) for key in _TEXTS}
        attributes: dict[str, object] = {}
        for key, value in given.items():
            if key in FIELDS or value is None or value == "":
                continue
            field = self._vocabulary.field(EVENT, key) if self._has_fields else None
            attribute = key if field is None else field.name
            if attribute in attributes:
                return Refused(id, case, "V_TWICE", f"the event has `{attribute}` twice, under two names")
            attributes[attribute] = value
        return Event(
            id, intern(case), activity, moment.astimezone(UTC), on,
            texts["person"], self._role(texts["role"]), texts["department"],
            MappingProxyType(attributes) if attributes else _NONE,
        )  # fmt: skip

    def _role(self, text: str | None) -> str | None:
        return text if text is None or self._organisation is None else role_of(text, self._organisation)

    def _moment(self, value: object) -> datetime | str:
        """A point in time, or what is wrong with it."""
        if isinstance(value, str):
            try:
                text = value.strip()
                value = (
                    date.fromisoformat(text)
                    if len(text) <= len("2026-12-31")
                    else datetime.fromisoformat(text)
                )
            except ValueError:
                return f"expected a time but got {quoted(str(value))}: write `2026-03-01T09:30+08:00`"
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time())
        if not isinstance(value, datetime):
            return "the event has no `time`" if value is None else f"expected a time but got `{value!r}`"
        if value.tzinfo is None or value.utcoffset() is None:
            if self._zone is None:
                return "the time states no zone: write `+08:00` behind it, or name the zone of the log"
            return _placed(value, self._zone)
        try:
            value.astimezone(UTC)
        except OverflowError:
            return f"the time {value.isoformat()} is out of range"
        return value


def _placed(value: datetime, zone: ZoneInfo) -> datetime | str:
    """A local time as a point in time; none where clocks skip it or show it twice."""
    try:
        early, late = value.replace(tzinfo=zone, fold=0), value.replace(tzinfo=zone, fold=1)
        if early.utcoffset() != late.utcoffset():
            there = early.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == value
            what = "was shown twice" if there else "did not exist"
            return f"the local time {value.isoformat()} {what} in {zone.key}: state its offset"
        return early.astimezone(UTC)
    except (OverflowError, ValueError):
        return f"the time {value.isoformat()} is out of range"


def _text(value: object) -> str | None:
    """A text as names are compared; numbers, as ids of exports often are, become texts."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return normal(str(value)) or None


def _shared(value: object) -> str | None:
    """A text that many events have: held in memory once."""
    text = _text(value)
    return None if text is None else intern(text)
