"""The state of a monitor as a file, to go on from in another process, with the same results.

A snapshot holds the events of the cases that are open, not what was found in them: that is worked out anew.
It names the policies that it was made with, and is refused by others. A file is complete or not there.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import MappingProxyType
from typing import Any

from salesctrl.errors import SalesctrlError
from salesctrl.monitor.controls import Rules
from salesctrl.monitor.findings import Rejected
from salesctrl.monitor.model import Event
from salesctrl.monitor.stream import Monitor, Settings, State

VERSION = 1
_FORMAT = "salesctrl monitor snapshot"


class SnapshotError(SalesctrlError):
    """A snapshot that cannot be written, or cannot be gone on from."""


def save(monitor: Monitor, path: str | Path, digest: str) -> None:
    """Write the state of a monitor into a file, in place of one that is there.

    Raises:
        SnapshotError: An attribute of an event cannot be written, or the file cannot.
    """
    state, target = monitor.state(), Path(path)
    body = {
        "settings": monitor.settings._asdict(),
        "now": state.now,
        "events": [_event(event) for event in state.events],
        "closing": dict(state.closing),
        "closed": list(state.closed),
        "rejected": [[one.event, one.case, one.code, one.reason] for one in state.rejected],
    }
    text = json.dumps(body, separators=(",", ":"))  # in ASCII: half a character is none for a file
    head = {"format": _FORMAT, "version": VERSION, "policies": digest, "sha256": _sha(text)}
    data = gzip.compress(f"{json.dumps(head)}\n{text}\n".encode(), compresslevel=1, mtime=0)
    temporary = None
    try:
        with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            temporary = Path(file.name)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()
        raise SnapshotError(f"the snapshot `{target.name}` cannot be written: {error.strerror}") from error


def restore(rules: Rules, path: str | Path) -> Monitor:
    """The monitor that a snapshot was made of.

    Raises:
        SnapshotError: The file cannot be read, is damaged or of another version, or was made with other
            policies.
    """
    name = Path(path).name
    try:
        head_text, _, text = gzip.decompress(Path(path).read_bytes()).decode().partition("\n")
        head = json.loads(head_text)
        if head["format"] != _FORMAT:
            raise ValueError
    except OSError as error:
        if isinstance(error, gzip.BadGzipFile):
            raise _damaged(name) from error
        raise SnapshotError(f"the snapshot `{name}` cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, EOFError, zlib.error) as error:
        raise _damaged(name) from error
    if head.get("version") != VERSION:
        raise SnapshotError(
            f"the snapshot `{name}` is of version {head.get('version')}, but {VERSION} is expected: "
            "let events be read anew"
        )
    if head.get("sha256") != _sha(text.rstrip("\n")):
        raise _damaged(name)
    if head.get("policies") != rules.digest:
        raise SnapshotError(
            f"the snapshot `{name}` was made with other policies: load those, or let events be read anew"
        )
    body = json.loads(text)
    state = State(
        body["now"],
        tuple(_read(event) for event in body["events"]),
        body["closing"],
        tuple(body["closed"]),
        tuple(Rejected(*one) for one in body["rejected"]),
    )
    controls, *others = body["settings"].values()
    settings = Settings(None if controls is None else tuple(controls), *others)
    return Monitor.resumed(rules, settings, state)


def _damaged(name: str) -> SnapshotError:
    return SnapshotError(f"`{name}` is no whole snapshot of a monitor: take an earlier one")


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _event(event: Event) -> list[object]:
    attributes = {key: _written(value, event.id, key) for key, value in event.attributes.items()}
    return [
        event.id, event.case, event.activity, event.time.isoformat(), event.on.isoformat(), event.person,
        event.role, event.department, attributes,
    ]  # fmt: skip


def _read(data: list[Any]) -> Event:
    id, case, activity, time, on, person, role, department, attributes = data
    return Event(
        id, case, activity, datetime.fromisoformat(time), date.fromisoformat(on), person, role, department,
        MappingProxyType({key: _value(value) for key, value in attributes.items()}),
    )  # fmt: skip


def _written(value: object, event: str, name: str) -> object:
    """A value as JSON can hold it, so that it comes back as what it was."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return {"int": str(value)}
        case float():
            return {"float": value.hex()}
        case Decimal():
            return {"decimal": str(value)}
        case datetime():
            return {"datetime": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case list() | tuple():
            return [_written(item, event, name) for item in value]
        case Mapping():
            return {"map": {str(key): _written(item, event, name) for key, item in value.items()}}
    kind = type(value).__name__
    raise SnapshotError(
        f"`{name}` of the event `{event}` is a {kind}, which a snapshot cannot hold: give it as text"
    )


_READERS = {
    "int": int, "float": float.fromhex, "decimal": Decimal, "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
}  # fmt: skip


def _value(data: Any) -> object:
    if isinstance(data, list):
        return [_value(item) for item in data]
    if not isinstance(data, dict):
        return data
    ((kind, inner),) = data.items()
    if kind == "map":
        return {key: _value(item) for key, item in inner.items()}
    reader: Any = _READERS[kind]
    value: object = reader(inner)
    return value
