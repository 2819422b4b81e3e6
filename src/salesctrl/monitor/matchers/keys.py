"""The keys that events are joined on: the values of their fields, as texts.

They are equal where their texts are: a customer may be the number 17 in one source and a text in another.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter

from salesctrl.monitor.matchers.protocol import Group
from salesctrl.monitor.model import Event

Key = str | tuple[str, ...]
"""The value of one field, or the values of none or several; never empty, so that what is not known is."""

_NO_FIELDS = ("",)

# Fields that are a text in every event that has them.
_TEXTS = frozenset(["id", "case", "activity", "person", "role", "department"])


def key_reader(fields: tuple[str, ...]) -> Callable[[Event], Key | None]:
    """What reads the key of an event; it gives ``None`` or an empty text where a field is not known.

    >>> from datetime import UTC, datetime
    >>> noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    >>> event = Event("1", "SO-1", "ship", noon, noon.date(), attributes={"customer": 17})
    >>> key_reader(("case",))(event), key_reader(("case", "customer"))(event), key_reader(("person",))(event)
    ('SO-1', ('SO-1', '17'), None)
    """
    if not fields:
        return lambda event: _NO_FIELDS
    if len(fields) == 1:
        (field,) = fields
        return attrgetter(field) if field in _TEXTS else lambda event: _text(event.get(field))
    read: Callable[[Event], tuple[str | None, ...]] = (
        attrgetter(*fields)
        if _TEXTS.issuperset(fields)
        else lambda event: tuple([_text(event.get(field)) for field in fields])
    )

    def complete(event: Event) -> Key | None:
        values = read(event)
        return None if None in values or "" in values else values  # type: ignore[return-value]

    return complete


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def key_values(fields: tuple[str, ...], key: Key) -> tuple[str, ...]:
    """The values of a key, one for each field."""
    if isinstance(key, str):
        return (key,)
    return key if fields else ()


def key_of(values: tuple[str, ...]) -> Key:
    """The key with these values: what `key_values` takes apart."""
    if not values:
        return _NO_FIELDS
    return values[0] if len(values) == 1 else values


def group_at(by: tuple[str, ...], key: Key) -> Group:
    """The group with this key."""
    return Group(by, key_values(by, key))
