"""A lesson's notebook for Google Colab: a badge that opens it there, and a cell that installs."""

from __future__ import annotations

import copy
import importlib
import re
from typing import Any

from tinyalex.errors import ConfigError

BRANCH = "notebooks"  # where the repository has its executed notebooks: .github/workflows/site.yml
_REPOSITORY = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?")
_BADGE = "https://colab.research.google.com/assets/colab-badge.svg"


def checked(repository: str) -> str:
    """The address of a GitHub repository in its usual form.

    Raises
    ------
    ConfigError
        It is not one; Colab opens notebooks from GitHub alone.

    Examples
    --------
    >>> checked("https://github.com/someone/tinyalex.git")
    'https://github.com/someone/tinyalex'
    """
    found = _REPOSITORY.fullmatch(repository)
    if found is None:
        raise ConfigError(
            f"--colab: must be the address of a GitHub repository (got {repository!r})",
            "--colab https://github.com/OWNER/NAME",
        )
    return f"https://github.com/{found[1]}"


def for_colab(book: Any, name: str, repository: str) -> Any:
    """A copy of a notebook with two cells before the others.

    Parameters
    ----------
    book : nbformat.NotebookNode
        It is not changed.
    name : str
        The lesson's name, as in its file.
    repository : str
        As `checked` gives it: the package is installed from there.

    Returns
    -------
    nbformat.NotebookNode
    """
    cells = importlib.import_module("nbformat.v4")
    place = repository.removeprefix("https://github.com/")
    target = f"https://colab.research.google.com/github/{place}/blob/{BRANCH}/{name}.ipynb"
    wanted = f"tinyalex[lessons] @ git+{repository}"
    first = [
        cells.new_markdown_cell(f"[![Open in Colab]({_BADGE})]({target})"),
        cells.new_code_cell(f'%pip install --quiet "{wanted}"  # in Colab; elsewhere skip it'),
    ]
    for number, cell in enumerate(first):  # the same bytes every time
        cell["id"] = f"colab-{number}"
    longer = copy.copy(book)
    longer.cells = [*first, *book.cells]
    return longer
