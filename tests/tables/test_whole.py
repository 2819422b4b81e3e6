"""Files that are written: complete, or not there."""

import os
import threading
from contextlib import suppress

import pytest

from salesctrl.tables.whole import whole_file


def test_an_older_file_stays_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with whole_file(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_of_what_failed(tmp_path, error):
    path = tmp_path / "a"
    with suppress(error), whole_file(path) as file:
        file.write(b"new")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_one(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    with whole_file(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_pipe_is_written_to(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    with whole_file(tmp_path / "pipe") as file:
        file.write(b"new")
    reader.join(10)
    assert read == [b"new"]
    assert (tmp_path / "pipe").is_fifo()
