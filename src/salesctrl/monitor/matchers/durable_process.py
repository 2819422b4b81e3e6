"""The other end of `durable_worker`: starting it, asking it, and ending it when it does not answer."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping
from contextlib import suppress
from math import inf
from time import monotonic
from typing import Any

from salesctrl.errors import MissingExtra

MODULE = "salesctrl.monitor.matchers.durable_worker"

SECONDS_TO_START = 60.0
"""A new process has so long to load durable-rules and to build its rules, however busy the machine is."""


class WorkerDied(Exception):
    """The process ended, or was ended because it gave no answer; the message says which."""


class Worker:
    """A process with durable-rules in it.

    Raises:
        MissingExtra: durable-rules is not installed, or does not work with this Python.
        WorkerDied: The process ended before it was ready.
    """

    def __init__(self, patterns: Mapping[str, Any], timeout: float):
        self._timeout = timeout
        # -P: the folder that the caller happens to be in is no place for modules. Warnings would be errors
        # inside durable-rules where the caller's environment says so.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-W", "ignore", "-m", MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._watchdog = _Watchdog(self._process)
        self.stop = weakref.finalize(self, _stop, self._process, self._watchdog)
        try:
            said = self._answer(patterns, SECONDS_TO_START)
        except WorkerDied:
            self.stop()
            raise
        if "missing" in said:
            self.stop()
            raise MissingExtra("durable", "matching with durable-rules (Python 3.11 or 3.12)")

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def ask(self, orders: object) -> Any:
        """The answer of the process.

        Raises:
            WorkerDied: There is none.
        """
        return self._answer(orders, self._timeout)

    def _answer(self, orders: object, seconds: float) -> Any:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        self._watchdog.watch(seconds)
        try:
            stdin.write(json.dumps(orders, separators=(",", ":")).encode() + b"\n")
            stdin.flush()
            line = stdout.readline()
        except OSError:
            line = b""
        except BaseException:  # else the answer would be taken for that of the next question
            self._process.kill()
            raise
        finally:
            self._watchdog.rest()
        if not line.endswith(b"\n"):
            raise WorkerDied(self._why(seconds))
        return json.loads(line)

    def _why(self, seconds: float) -> str:
        self._process.kill()  # it has closed its end, but may be there still
        code = self._process.wait()
        if self._watchdog.struck:
            return f"durable-rules gave no answer within {seconds:g} s"
        return f"the process of durable-rules ended with {code}"


class _Watchdog(threading.Thread):
    """Ends a process that does not answer in time.

    It sleeps to the end of the time that was given and only then looks whether there is more by now, so that
    a question costs it nothing.
    """

    def __init__(self, process: subprocess.Popen[bytes]):
        super().__init__(name="watchdog of durable-rules", daemon=True)
        self._process = process
        self._changed = threading.Condition()
        self._until = inf
        self._sleeps_until = inf
        self._over = False
        self.struck = False
        self.start()

    def run(self) -> None:
        with self._changed:
            while not self._over:
                left = self._until - monotonic()
                if left <= 0:
                    self.struck = True
                    self._process.kill()
                    return
                self._sleeps_until = self._until
                self._changed.wait(None if left == inf else left)

    def watch(self, seconds: float) -> None:
        """From now on an answer is awaited, for so long."""
        with self._changed:
            self._until = monotonic() + seconds
            if self._until < self._sleeps_until:
                self._changed.notify()

    def rest(self) -> None:
        """No answer is awaited."""
        with self._changed:
            self._until = inf

    def end(self) -> None:
        """The process is no longer watched."""
        with self._changed:
            self._over = True
            self._changed.notify()
        self.join()


def _stop(process: subprocess.Popen[bytes], watchdog: _Watchdog) -> None:
    watchdog.end()
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        with suppress(OSError):  # what was not sent yet cannot be sent any more
            pipe.close()
