"""Write the expected explanations anew: `python tests/golden/update.py`, then review what changed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.golden.cases import GOLDEN, TRACES

if __name__ == "__main__":
    for name, golden in GOLDEN.items():
        decision = golden.decide()
        for lang in ("en", "zh"):
            text = decision.explain(lang, golden.verbosity) + "\n"
            (TRACES / f"{name}.{lang}.txt").write_text(text, encoding="utf-8")
