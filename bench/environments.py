"""One virtual environment for each peer, made when it is first needed."""

import json
import os
import subprocess
import sys
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENTS = HERE / ".envs"


class NotInstalled(Exception):
    """A peer could not be installed; the message is the last thing the installer said."""


@dataclass(frozen=True, slots=True)
class Peer:
    """An engine to measure: its adapter, the pinned packages it needs, and what it is over."""

    adapter: str
    packages: tuple[str, ...]
    batch: bool = False
    log: bool = False

    @property
    def home(self) -> Path:
        return ENVIRONMENTS / self.adapter

    @property
    def _recipe(self) -> str:
        return json.dumps([sys.version, *self.packages])

    def python(self) -> Path:
        """The interpreter of the peer's environment, which is made where it is not there yet.

        A changed pin or another Python makes the environment again.

        Raises:
            NotInstalled: where the packages cannot be installed.
        """
        python = self.home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        stamp = self.home / "recipe.json"
        if stamp.exists() and stamp.read_text() == self._recipe:
            return python
        venv.create(self.home, with_pip=True, clear=True, symlinks=os.name != "nt")
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run([*install, *self.packages], capture_output=True, text=True, check=False)
        if done.returncode:
            complaint = [line for line in done.stderr.splitlines() if "ERROR" in line or "error:" in line]
            raise NotInstalled((complaint or ["pip failed without a word"])[-1].strip())
        stamp.write_text(self._recipe)
        return python


def peers(*, batch: bool = False, log: bool = False) -> list[Peer]:
    """The peers of `peers.toml`, in its order: those that decide order by order, or over columns, or logs."""
    table = tomllib.loads((HERE / "peers.toml").read_text(encoding="utf-8"))
    everyone = [
        Peer(adapter, tuple(entry["packages"]), entry.get("batch", False), entry.get("log", False))
        for adapter, entry in table.items()
    ]
    return [peer for peer in everyone if (peer.batch, peer.log) == (batch, log)]
