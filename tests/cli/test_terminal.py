"""What a person sees at a terminal: colour, its width, a bar while work goes on."""

import io
import os
import re
import subprocess
import sys
from contextlib import suppress

import pytest
from rich.cells import cell_len

from salesctrl.cli import console, progress
from salesctrl.cli.console import plain
from salesctrl.tables.source import Source

COMMAND = [sys.executable, "-m", "salesctrl.cli"]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def at_a_terminal(arguments, columns):
    """What a command writes to a terminal of that width."""
    pty = pytest.importorskip("pty")
    fcntl, struct, termios = (pytest.importorskip(name) for name in ("fcntl", "struct", "termios"))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
    environment |= {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen([*COMMAND, *arguments], stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    written = b""
    with suppress(OSError):  # how Linux says that the other end has been closed
        while chunk := os.read(ours, 65536):
            written += chunk
    os.close(ours)
    process.wait(30)
    return written.decode().replace("\r\n", "\n")


def test_colour_and_width_of_the_terminal(starter):
    shown = at_a_terminal(
        ("evaluate", "order.release", "facts/orders.csv", "-p", "policies", "--lang", "zh"), 80
    )
    assert "\x1b[1;31m拒绝" in shown
    lines = ESCAPES.sub("", shown).splitlines()
    assert max(map(cell_len, lines)) <= 80


def test_colour_of_diagnostics(starter):
    path = starter / "policies" / "order-release.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("exposure >", "exposur >"), encoding="utf-8")
    shown = at_a_terminal(("check", "policies"), 100)
    assert "\x1b[1;31merror[E303]" in shown


def test_columns_of_chinese_are_aligned(starter, salesctrl):
    done = salesctrl("evaluate", "order.release", "facts/orders.csv", "-p", "policies", "--lang", "zh")
    places = {
        cell_len(line.partition("信用敞口 ")[0]) for line in done.out.splitlines() if "信用敞口 " in line
    }
    assert len(places) == 1


def test_no_line_is_broken_off_a_terminal():
    assert plain("x " * 500).count("\n") == 1


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Slow:
    """A table that takes its time."""

    def __init__(self):
        self.name = "orders.csv"
        self.source = Source("orders.csv", "csv", iter(()), 100)


@pytest.mark.parametrize(("patience", "shown"), [(0.0, True), (1000.0, False)])
def test_a_bar_for_those_who_wait(monkeypatch, patience, shown):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "PATIENCE", patience)
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert list(progress.followed(range(50), Slow(), quiet=False)) == list(range(50))
    assert ("orders.csv" in stream.getvalue()) is shown
    assert list(progress.followed(range(5), Slow(), quiet=True)) == list(range(5))


def test_no_bar_off_a_terminal(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    assert list(progress.followed(range(5), Slow(), quiet=False)) == list(range(5))
    assert stream.getvalue() == ""


@pytest.mark.parametrize(("number", "said"), [(0, "0 rows"), (1, "1 row"), (1234, "1,234 rows")])
def test_counted(number, said):
    assert console.counted(number, "row") == said


def test_marks_stay_under_their_text_on_a_narrow_terminal(starter):
    path = starter / "policies" / "order-release.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("[cfo, general", "[cfo, generl"), encoding="utf-8"
    )
    narrow, wide = (ESCAPES.sub("", at_a_terminal(("check", "policies"), columns)) for columns in (40, 200))
    assert narrow == wide
