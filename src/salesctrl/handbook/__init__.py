"""The policies as pages for people: Markdown, one page for each system of controls, and an index.

`render` makes the pages, `write` puts them into a folder.
"""

from salesctrl.handbook.pages import render
from salesctrl.handbook.writing import write

__all__ = ["render", "write"]
