"""docs/handbook says what the policies of the package say.

On purpose changed? `python tests/handbook/update.py` writes the pages; read the difference.
"""

import pytest
from tests.handbook.book import FOLDERS, SITE, book, navigation, written


@pytest.mark.parametrize("lang", FOLDERS)
def test_the_pages_are_those_of_the_policies(lang):
    there, wanted = written(lang), book(lang)
    assert sorted(there) == sorted(wanted)
    stale = [name for name, text in wanted.items() if there[name] != text]
    assert stale == [], "run `python tests/handbook/update.py`"


def test_the_site_names_them_all():
    text = SITE.read_text("utf-8")
    assert navigation(text) == text
