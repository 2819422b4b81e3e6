"""Compiled policies kept in a folder: never stale, never those of somebody else, never an error."""

import os
import pickle
from pathlib import Path

import pytest

import salesctrl
from salesctrl import PolicyError
from salesctrl import engine as engines
from salesctrl.kept import Kept

POLICIES = """
vocabulary: sales
currency: CNY
kinds: {order: {fields: {amount: money}}}
---
policy: ceiling
control_point: order.release
parameters: {ceiling: 100 CNY}
rules: [{id: R-1, when: order.amount > ceiling, deny: true}]
---
overlay: lower
parameters: {ceiling: {ceiling: 50 CNY}}
"""


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A file of policies, a folder for what is compiled, and a list of what was compiled anew."""
    path, cache = tmp_path / "set.yaml", tmp_path / "cache"
    path.write_text(POLICIES, encoding="utf-8")
    made: list[object] = []
    compiled = engines._loaded

    def counted(*asked):
        made.append(asked)
        return compiled(*asked)

    monkeypatch.setattr(engines, "_loaded", counted)
    return path, cache, made


def outcome(engine: salesctrl.Engine, amount: int) -> str:
    return str(engine.evaluate("order.release", {"order": {"amount": amount}}, as_of="2026-03-01").outcome)


def test_what_was_compiled_is_found_again(places):
    path, cache, made = places
    first, again = (salesctrl.load(path, cache=cache) for _ in range(2))
    assert len(made) == 1
    assert first.digest == again.digest
    facts = {"order": {"amount": 101}}
    one, other = (e.evaluate("order.release", facts, as_of="2026-03-01") for e in (first, again))
    assert one.to_json(trace=True) == other.to_json(trace=True)
    assert one.explain("zh") == other.explain("zh")


def test_the_pack_is_found_again(tmp_path):
    first, again = (salesctrl.load(cache=tmp_path) for _ in range(2))
    assert (first.digest, first.control_points) == (again.digest, again.control_points)
    assert again.with_overlays(["as-printed"]).digest == first.with_overlays(["as-printed"]).digest
    assert len(list(tmp_path.glob("*.compiled"))) == 1


def test_a_changed_policy_is_compiled_anew(places):
    path, cache, made = places
    assert outcome(salesctrl.load(path, cache=cache), 60) == "allow"
    before = path.stat()
    path.write_text(POLICIES.replace("100 CNY", "055 CNY"), encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # neither size nor time tells
    assert outcome(salesctrl.load(path, cache=cache), 60) == "deny"
    assert len(made) == 2


def test_overlays_are_kept_apart(places, tmp_path):
    path, cache, _ = places
    own = tmp_path / "own.yaml"
    own.write_text("overlay: own\nparameters: {ceiling: {ceiling: 70 CNY}}\n", encoding="utf-8")
    found = [
        [outcome(salesctrl.load(path, overlays=over, cache=cache), n) for n in (60, 80, 101)]
        for over in ([], ["lower"], [own], [])
    ]
    assert found == [
        ["allow", "allow", "deny"],
        ["deny"] * 3,
        ["allow", "deny", "deny"],
        ["allow", "allow", "deny"],
    ]
    own.write_text("overlay: own\nparameters: {ceiling: {ceiling: 30 CNY}}\n", encoding="utf-8")
    assert outcome(salesctrl.load(path, overlays=[own], cache=cache), 60) == "deny"


def test_wrong_policies_are_not_kept(places):
    path, cache, _ = places
    path.write_text(POLICIES.replace("order.amount", "order.amuont"), encoding="utf-8")
    for _ in range(2):
        with pytest.raises(PolicyError):
            salesctrl.load(path, cache=cache)
    assert not list(cache.glob("*.compiled"))


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("what was tampered with has been loaded",))


@pytest.mark.parametrize("place", [0, 31, 32, 40, -1])
def test_a_changed_byte_is_noticed(places, place):
    path, cache, made = places
    salesctrl.load(path, cache=cache)
    [kept] = cache.glob("*.compiled")
    content = bytearray(kept.read_bytes())
    content[place] ^= 1
    kept.write_bytes(bytes(content))
    assert outcome(salesctrl.load(path, cache=cache), 101) == "deny"
    assert len(made) == 2


def test_what_another_wrote_is_not_loaded(places, tmp_path):
    path, cache, made = places
    salesctrl.load(path, cache=cache)
    [kept] = cache.glob("*.compiled")
    kept.write_bytes(pickle.dumps(Trap()))
    assert outcome(salesctrl.load(path, cache=cache), 101) == "deny"
    theirs = Kept(tmp_path / "theirs")  # a key of their own, and a content that agrees with it
    theirs.keep(kept.stem, Trap())
    kept.write_bytes(next((tmp_path / "theirs").glob("*.compiled")).read_bytes())
    assert outcome(salesctrl.load(path, cache=cache), 101) == "deny"
    assert len(made) == 3


def test_a_content_is_not_taken_for_another(places):
    path, cache, _ = places
    salesctrl.load(path, cache=cache)
    [first] = cache.glob("*.compiled")
    content = first.read_bytes()
    path.write_text(POLICIES.replace("100 CNY", "10 CNY"), encoding="utf-8")
    salesctrl.load(path, cache=cache)
    [second] = set(cache.glob("*.compiled")) - {first}
    second.write_bytes(content)
    assert outcome(salesctrl.load(path, cache=cache), 60) == "deny"


@pytest.mark.skipif(os.name != "posix", reason="rights of files are those of POSIX")
def test_a_key_that_others_can_read_is_no_key(places):
    path, cache, made = places
    salesctrl.load(path, cache=cache)
    assert (cache / "key").stat().st_mode & 0o777 == 0o600
    (cache / "key").chmod(0o644)
    salesctrl.load(path, cache=cache)
    assert len(made) == 2


def test_a_folder_that_cannot_be_made_is_no_error(places, tmp_path):
    path, _, made = places
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    for _ in range(2):
        assert outcome(salesctrl.load(path, cache=blocked / "cache"), 101) == "deny"
    assert len(made) == 2


def test_a_full_disk_leaves_nothing_behind(places, monkeypatch):
    path, cache, _ = places

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert outcome(salesctrl.load(path, cache=cache), 101) == "deny"
    assert list(cache.iterdir()) == []


def test_a_file_that_changes_while_it_is_read_is_not_kept(places, monkeypatch):
    path, cache, _ = places
    compiled = engines._loaded

    def changing(*asked):
        path.write_text(POLICIES.replace("100 CNY", "10 CNY"), encoding="utf-8")
        return compiled(*asked)

    monkeypatch.setattr(engines, "_loaded", changing)
    salesctrl.load(path, cache=cache)
    assert not list(cache.glob("*.compiled"))
