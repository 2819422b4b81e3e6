"""``python -m salesctrl.cli``: the same as ``salesctrl``."""

import sys

from salesctrl.cli import main

if __name__ == "__main__":
    sys.exit(main())
