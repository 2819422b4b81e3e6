"""Write what the examples print into `golden/`. Read the change before you commit it."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / folder) for folder in (".", "src")]

from tests.examples.running import GOLDEN, SCRIPTS, copy_examples, run_script, settled  # noqa: E402


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        root = copy_examples(Path(folder))
        for name, script in SCRIPTS.items():
            (GOLDEN / name).write_text(settled(run_script(script, root)), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
