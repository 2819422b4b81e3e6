"""Write what is said of every bad policy into its `.txt`. Read the change before you commit it."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / folder) for folder in (".", "src")]

from tests.corpus.checking import BAD, names, rendered  # noqa: E402 - the path comes first


def main() -> None:
    for name in names():
        (BAD / f"{name}.txt").write_text(rendered(name), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
