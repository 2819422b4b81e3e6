"""The command line, `salesctrl`: one file a command. `docs/cli.md` describes it."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the code to exit with.

    0: nothing at or above `--fail-on`; 1: something is; 2: the policies or the input are wrong, or the
    command could not be run.
    """
    from salesctrl.cli.app import run

    return run(arguments)
