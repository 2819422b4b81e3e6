"""Every kept explanation is what is said today; `python tests/golden/update.py` writes them anew."""

import pytest
from tests.golden.cases import GOLDEN, TRACES


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", GOLDEN)
def test_explanation_is_as_reviewed(name, lang):
    golden = GOLDEN[name]
    expected = (TRACES / f"{name}.{lang}.txt").read_text(encoding="utf-8")
    assert golden.decide().explain(lang, golden.verbosity) + "\n" == expected


def test_every_kept_explanation_has_its_case():
    assert {path.name for path in TRACES.iterdir()} == {
        f"{name}.{lang}.txt" for name in GOLDEN for lang in ("en", "zh")
    }
