"""The starter set as files, and the command line called as a user calls it."""

import io
import sys
from dataclasses import dataclass

import pytest

from salesctrl.cli import main


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def salesctrl(capsys, monkeypatch):
    """Runs a command; `stdin` is what it may read."""
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments, stdin=b""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Done(code, captured.out, captured.err)

    return run


@pytest.fixture
def starter(salesctrl, tmp_path, monkeypatch):
    """A folder with the starter set, in which the test stands."""
    monkeypatch.chdir(tmp_path)
    assert salesctrl("init", ".").code == 0
    return tmp_path
