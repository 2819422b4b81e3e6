"""Compiled policies kept in a folder between processes: found again by all that they were made of.

The name of a file is the SHA-256 of what its content follows from: the text of every policy file, the version
of Python, and the code of this package. So a stale file has another name, and is never found. A file begins
with an HMAC of its content under a key that only its owner can read; what does not agree with it is not
loaded, and made anew.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import os
import pickle
import secrets
import stat
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

_KEY = "key"
_KEY_BYTES = 32
_DIGEST_BYTES = hashlib.sha256().digest_size
_SUFFIX = ".compiled"


class Kept:
    """A folder of compiled policies. Nothing that is wrong with it is an error: then nothing is kept."""

    def __init__(self, folder: Path):
        self._folder = folder

    def find(self, fingerprint: str) -> Any:
        """What was kept under a fingerprint; ``None`` if nothing was, or it is not what was kept."""
        try:
            key = self._key()
            content = self._path(fingerprint).read_bytes()
        except OSError:
            return None
        if key is None:
            return None
        said, payload = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if not hmac.compare_digest(said, _signed(key, fingerprint, payload)):
            return None
        try:
            return pickle.loads(payload)  # noqa: S301 - it is what this user wrote: its HMAC says so
        except Exception:  # made by other versions of what it names
            return None

    def keep(self, fingerprint: str, what: object) -> None:
        """Keep something; if that cannot be done, it is not kept."""
        buffer = io.BytesIO()
        try:
            _Pickler(buffer, protocol=5).dump(what)
        except (pickle.PicklingError, RecursionError, AttributeError, TypeError):
            return
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            key = self._key() or self._new_key()
            payload = buffer.getvalue()
            _write_whole(self._path(fingerprint), _signed(key, fingerprint, payload) + payload)

    def _path(self, fingerprint: str) -> Path:
        return self._folder / f"{fingerprint}{_SUFFIX}"

    def _key(self) -> bytes | None:
        """The key of the folder; ``None`` if somebody else could know it, or there is none."""
        path = self._folder / _KEY
        try:
            found = path.stat()
            key = path.read_bytes()
        except FileNotFoundError:
            return None
        if os.name == "posix" and (
            found.st_uid != os.getuid() or found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        ):
            return None
        return key if len(key) == _KEY_BYTES else None

    def _new_key(self) -> bytes:
        path, key = self._folder / _KEY, secrets.token_bytes(_KEY_BYTES)
        _write_whole(path, key)
        return self._key() or key  # another process may have been first


def fingerprint(parts: Iterable[bytes]) -> str:
    """The SHA-256 of the parts, of the Python that runs, and of the code of this package.

    >>> fingerprint([b"a", b"b"]) == fingerprint([b"ab"])
    False
    """
    digest = hashlib.sha256()
    for part in (sys.version.encode(), _code(), *parts):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


@cache
def _code() -> bytes:
    """What tells this package from any other version of it: the size and the time of every module."""
    import pydantic

    root = Path(__file__).parent
    stats = [(path.relative_to(root).as_posix(), path.stat()) for path in sorted(root.rglob("*.py"))]
    lines = [f"{name} {found.st_size} {found.st_mtime_ns}" for name, found in stats]
    return "\n".join([pydantic.VERSION, *lines]).encode()


def _signed(key: bytes, fingerprint: str, payload: bytes) -> bytes:
    return hmac.digest(key, fingerprint.encode() + payload, "sha256")


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, complete or not at all."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


class _Pickler(pickle.Pickler):
    """Pickles read-only mappings, which `pickle` by itself does not, and records so that they load soon.

    A frozen dataclass with slots looks up its fields whenever one is loaded; of these there are most.
    """

    def reducer_override(self, what: Any) -> Any:
        cls = type(what)
        if cls is MappingProxyType:
            return read_only, (dict(what),)
        if "__slots__" in cls.__dict__ and is_dataclass(cls) and cls.__reduce__ is object.__reduce__:
            return record, (cls, *(getattr(what, name) for name in _slots(cls)[0]))
        return NotImplemented


def read_only(mapping: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    """A mapping that nobody can change.

    >>> read_only({"a": 1})["a"]
    1
    """
    return MappingProxyType(mapping)


def record(cls: type, *values: object) -> object:
    """A dataclass with slots that holds these values, in the order of its fields.

    >>> from salesctrl.diagnostics import Span
    >>> record(Span, "a.yaml", 1, 2, 1, 8).line
    1
    """
    made: object = object.__new__(cls)
    for put, value in zip(_slots(cls)[1], values, strict=True):
        put(made, value)
    return made


@cache
def _slots(cls: type) -> tuple[tuple[str, ...], tuple[Callable[[object, object], None], ...]]:
    """The names of the fields of a dataclass with slots, and what sets each, frozen or not."""
    names = tuple(field.name for field in fields(cls))
    return names, tuple(getattr(cls, name).__set__ for name in names)
