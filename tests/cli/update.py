"""Write the golden outputs of the command line. Read the change before you commit it."""

import contextlib
import io
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.cli.golden import COMMANDS, FOLDER, prepare, shown  # noqa: E402 - the path comes first

from salesctrl.cli import main  # noqa: E402


def update() -> None:
    """Run every command in a folder of its own, and write what it says."""
    os.environ["COLUMNS"] = "100"
    with tempfile.TemporaryDirectory() as folder:
        with contextlib.redirect_stdout(io.StringIO()):
            main(["init", folder])
        os.chdir(folder)
        prepare(Path())
        for name, arguments in COMMANDS.items():
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main(arguments)
            text = shown(out.getvalue(), err.getvalue(), code)
            (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
        os.chdir(ROOT)


if __name__ == "__main__":  # pytest imports this file too, in search of doctests
    update()
