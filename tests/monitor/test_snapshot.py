"""Snapshots: whole or not there, refused where they are damaged, of another version, or of other policies."""

import errno
import gzip
import json
import os
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.test_agreement import engine_of, plain

from salesctrl.monitor.snapshot import SnapshotError


def event(id="1", activity="order", **more):
    time = datetime(2026, 1, 1, 8, tzinfo=UTC)
    return {"id": id, "case": "c", "activity": activity, "time": time, "person": "7", **more}


@pytest.fixture
def engine(tmp_path):
    return engine_of(tmp_path / "set")


@pytest.fixture
def monitor(engine):
    made = engine.monitor(late=3, zone="Asia/Shanghai", controls=["segregation"])
    made.add_all([event(), event("2", "approve"), event("3", "dance"), event("4", "settle", case="d")])
    made.advance(date(2026, 1, 9))
    return made


def test_it_goes_on_where_it_was(engine, monitor, tmp_path):
    path = tmp_path / "state"
    monitor.save(path)
    again = engine.restore_monitor(path)
    assert again.state() == monitor.state()
    assert again.settings == monitor.settings
    assert plain(again.findings) == plain(monitor.findings)
    again.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == path.read_bytes()
    assert again.add(event("5", case="d")) == monitor.add(event("5", case="d")) == ()
    assert again.rejected[-1].code == "V_CLOSED"


def test_a_file_that_ends_too_soon_is_refused_wherever_it_ends(engine, monitor, tmp_path):
    path = tmp_path / "state"
    monitor.save(path)
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        with pytest.raises(SnapshotError, match="no whole snapshot of a monitor: take an earlier one"):
            engine.restore_monitor(path)


@settings(max_examples=60)
@given(st.data())
def test_a_file_that_was_changed_is_refused_or_means_the_same(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("state")
    engine = engine_of(folder / "set")
    made = engine.monitor()
    made.add(event())
    made.save(folder / "state")
    whole = bytearray((folder / "state").read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    (folder / "state").write_bytes(whole)
    try:
        again = engine.restore_monitor(folder / "state")
    except SnapshotError:
        return
    assert again.state() == made.state()


WRONG = (b"", b"[1]\n{}\n", b"{}\n{}", b'{"format": "x"}\n{}', b"\xff\xfe\n")


@pytest.mark.parametrize("content", [b"", b"\x00", b"text", *(gzip.compress(one, mtime=0) for one in WRONG)])
def test_what_is_no_snapshot(engine, tmp_path, content):
    (tmp_path / "state").write_bytes(content)
    with pytest.raises(SnapshotError, match="`state` is no whole snapshot"):
        engine.restore_monitor(tmp_path / "state")


def test_a_file_that_is_not_there(engine, tmp_path):
    with pytest.raises(SnapshotError, match="the snapshot `nothing` cannot be read: No such file"):
        engine.restore_monitor(tmp_path / "nothing")
    with pytest.raises(SnapshotError, match="cannot be read"):
        engine.restore_monitor(tmp_path)


def changed(path, **head):
    """The snapshot with another head."""
    first, _, rest = gzip.decompress(path.read_bytes()).decode().partition("\n")
    path.write_bytes(gzip.compress(f"{json.dumps({**json.loads(first), **head})}\n{rest}".encode()))


def test_another_version(engine, monitor, tmp_path):
    path = tmp_path / "state"
    monitor.save(path)
    changed(path, version=99)
    with pytest.raises(SnapshotError, match="is of version 99, but 1 is expected: let events be read anew"):
        engine.restore_monitor(path)


def test_other_policies(monitor, tmp_path):
    path = tmp_path / "state"
    monitor.save(path)
    control = {
        "case_control": "more",
        "events": {"e": {"activity": "ship"}},
        "rules": [{"id": "M-1", "when": "true", "flag": True}],
    }
    other = engine_of(tmp_path / "other", control)
    with pytest.raises(SnapshotError, match="was made with other policies"):
        other.restore_monitor(path)


# --- writing ------------------------------------------------------------------------------------------------


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("step", ["fsync", "replace", "write"])
def test_a_full_disk_leaves_the_file_as_it_was(engine, monitor, tmp_path, monkeypatch, there, step):
    path = tmp_path / "out" / "state"
    path.parent.mkdir()
    if there:
        monitor.save(path)
    before = path.read_bytes() if there else None
    monitor.add(event("6", "ship"))
    if step == "fsync":
        monkeypatch.setattr("salesctrl.monitor.snapshot.os.fsync", full)
    elif step == "replace":
        monkeypatch.setattr("pathlib.Path.replace", full)
    else:
        made = __import__("tempfile").NamedTemporaryFile

        def no_room(*given, **more):
            file = made(*given, **more)
            file.write = full
            return file

        monkeypatch.setattr("salesctrl.monitor.snapshot.NamedTemporaryFile", no_room)
    with pytest.raises(
        SnapshotError, match="the snapshot `state` cannot be written: No space left on device"
    ):
        monitor.save(path)
    assert [one.name for one in path.parent.iterdir()] == (["state"] if there else [])
    assert (path.read_bytes() if there else None) == before
    monkeypatch.undo()
    monitor.save(path)
    assert engine.restore_monitor(path).state() == monitor.state()


def test_a_folder_that_is_not_there(monitor, tmp_path):
    with pytest.raises(SnapshotError, match="the snapshot `state` cannot be written: No such file"):
        monitor.save(tmp_path / "nowhere" / "state")


class Hostile:
    """An attribute that no file can hold, and that says so loudly."""

    def __repr__(self):
        raise RuntimeError

    __str__ = __repr__


def test_an_attribute_that_no_file_can_hold(monitor, tmp_path):
    monitor.add(event("6", "ship", note=Hostile()))
    with pytest.raises(SnapshotError, match=r"`note` of the event `6` is a Hostile, .* give it as text"):
        monitor.save(tmp_path / "state")
    assert not (tmp_path / "state").exists()


attributes = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    | st.decimals(allow_nan=False) | st.dates() | st.datetimes(timezones=st.none() | st.just(UTC)).map(lambda t: t.replace(fold=0)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["x", "int", "map", "amount"]), attributes))
def test_attributes_come_back_as_what_they_were(tmp_path_factory, given_):
    folder = tmp_path_factory.mktemp("state")
    engine = engine_of(folder / "set")
    made = engine.monitor()
    made.add(event(**given_))
    made.save(folder / "state")
    again = engine.restore_monitor(folder / "state")
    assert again.events == made.events
    for one, other in zip(again.events, made.events, strict=True):
        assert repr(dict(one.attributes)) == repr(dict(other.attributes))


def test_half_a_character_comes_back(engine, tmp_path):
    made = engine.monitor()
    made.add(event(note="\ud800"))
    made.save(tmp_path / "state")
    assert engine.restore_monitor(tmp_path / "state").events == made.events


def test_numbers_stay_exact(engine, tmp_path):
    made = engine.monitor()
    made.add(event(amount=Decimal("1.10"), big=10**40, third=1 / 3))
    made.save(tmp_path / "state")
    (again,) = engine.restore_monitor(tmp_path / "state").events
    assert repr(dict(again.attributes)) == repr(dict(made.events[0].attributes))
