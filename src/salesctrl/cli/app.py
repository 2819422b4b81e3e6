"""The commands put together, and what happens to errors: one line and exit code 2, never a traceback."""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

import salesctrl
from salesctrl.cli import console
from salesctrl.cli.check import check
from salesctrl.cli.coverage import coverage
from salesctrl.cli.evaluate import evaluate
from salesctrl.cli.explain import explain
from salesctrl.cli.handbook import handbook
from salesctrl.cli.init import init
from salesctrl.cli.list import list_
from salesctrl.cli.measure import measure
from salesctrl.cli.monitor import monitor
from salesctrl.cli.schedule import schedule
from salesctrl.cli.schema import schema
from salesctrl.cli.sod import sod
from salesctrl.cli.test import test
from salesctrl.errors import SalesctrlError

OK, FOUND, WRONG = 0, 1, 2
COMMANDS: tuple[tuple[str, Callable[..., int]], ...] = (
    ("init", init),
    ("check", check),
    ("test", test),
    ("evaluate", evaluate),
    ("explain", explain),
    ("measure", measure),
    ("schedule", schedule),
    ("monitor", monitor),
    ("sod", sod),
    ("list", list_),
    ("coverage", coverage),
    ("handbook", handbook),
    ("schema", schema),
)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name; the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = given[: given.index("--")] if "--" in given else given
    debug = "--debug" in options
    if debug:
        given.remove("--debug")
    console.prepare_streams()
    try:
        _app(debug)(args=given or ["--help"], prog_name="salesctrl")
    except SystemExit as done:
        if not given:
            return WRONG
        return done.code if isinstance(done.code, int) else OK if done.code is None else WRONG
    return OK


def _app(debug: bool) -> typer.Typer:
    app = typer.Typer(
        help="Rules-driven internal control of sales: check, test and apply policies written in YAML.",
        epilog="Exit codes: 0 nothing found, 1 something at or above --fail-on, 2 wrong policies or input.",
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for name, function in COMMANDS:
        app.command(name)(_guarded(function, debug))
    return app


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"salesctrl {salesctrl.__version__}\n")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an unexpected error; anywhere on the line.")
    ] = False,
) -> None:
    """What holds for all commands; `--debug` is taken from the line before it is parsed."""


def _guarded(command: Callable[..., int], debug: bool) -> Callable[..., None]:
    """The command, its exit code raised, and its errors put into words."""

    @functools.wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> None:
        try:
            code = command(*args, **kwargs)
            sys.stdout.flush()
        except (typer.Exit, typer.Abort):
            raise
        except BrokenPipeError:
            code = _stop_writing()
        except KeyboardInterrupt:
            console.error("interrupted")
            code = WRONG
        except SalesctrlError as error:
            console.error(str(error))
            code = WRONG
        except OSError as error:
            console.error(_of_the_system(error))
            code = WRONG
        except Exception as error:
            # The last resort: no traceback reaches the user unasked. Typer's own errors are for Typer.
            if type(error).__module__.split(".")[0] in ("typer", "click"):
                raise
            if debug:
                traceback.print_exc()
            console.error(_unexpected(error))
            code = WRONG
        raise typer.Exit(code)

    return guarded


def _stop_writing() -> int:
    """The reader of the output has gone; nothing is said, and nothing more is written at exit."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return WRONG


def _of_the_system(error: OSError) -> str:
    what = f"`{Path(os.fsdecode(error.filename)).name}`: " if error.filename else ""
    return what + (error.strerror or str(error)).lower()


def _unexpected(error: Exception) -> str:
    said = str(error).partition("\n")[0]
    return (
        f"unexpected {type(error).__name__}{': ' if said else ''}{said}; this is a defect of salesctrl: "
        "please report it, with what `--debug` prints"
    )
