"""Parts of the benchmark that run in a process of their own, and answer with one line of JSON."""

import json
import subprocess
from collections.abc import Sequence
from typing import Any


class Failed(Exception):
    """A process failed; the message is the last thing it said."""


def last_words(errors: str, otherwise: str) -> str:
    r"""The last line with a word in it of what a process wrote where errors go; it may be in a frame.

    >>> last_words("│ no such file │\n╰──────────────╯", "ended with 2")
    'no such file'
    """
    lines = [line.strip("│ ") for line in errors.splitlines() if any(map(str.isalnum, line))]
    return lines[-1] if lines else otherwise


def answer(command: Sequence[str]) -> Any:
    """What the process printed last, read as JSON.

    Raises:
        Failed: where it failed, or printed nothing.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not done.stdout:
        raise Failed(last_words(done.stderr, f"ended with {done.returncode}"))
    return json.loads(done.stdout.splitlines()[-1])
