"""Settings of the documentation's site; docs/build_site.py builds it."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.util.osutil import relative_uri

import tinyalex
from docs.links import REPOSITORY

project = "tinyalex"
author = "the tinyalex authors"
project_copyright = f"2026 {author}"
version = release = tinyalex.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_nb",
]
exclude_patterns = ["repository/**"]  # files to look at, not pages
default_role = "autolink"  # `name` in a docstring: a link if that name is public
nitpicky = True
nitpick_ignore_regex = [("py:obj", r".*")]  # `name`s of private modules, for who reads the source

# Docstrings say shapes and types; annotations would repeat them with names of private modules.
autodoc_typehints = "none"
autodoc_preserve_defaults = True
autodoc_member_order = "bysource"
autosummary_generate = False
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

myst_heading_anchors = 4
myst_enable_extensions: list[str] = []  # no mathematics: nothing is loaded for it
myst_url_schemes = {"http": None, "https": None, "mailto": None, REPOSITORY[:-1]: None}
nb_execution_mode = "off"  # the lessons have been run before: docs/build_site.py
nb_merge_streams = True

html_theme = "furo"
html_title = "tinyalex"
html_show_sphinx = False
html_copy_source = False
html_show_search_summary = False  # it fetches pages, which a browser forbids for files
html_static_path = ["_static"]
html_css_files = ["site.css"]
pygments_style, pygments_dark_style = "friendly", "github-dark"


def link_files(app: Any, doctree: nodes.document, docname: str) -> None:
    """Lead links to files of the repository to their copies on the site."""
    from docs.file_pages import place_of

    for link in doctree.findall(nodes.reference):
        if (target := link.get("refuri", "")).startswith(REPOSITORY):
            here = app.builder.get_target_uri(docname)
            link["refuri"] = relative_uri(here, place_of(target.removeprefix(REPOSITORY)))


def forget_builtins(app: Any) -> list[Any]:
    """Keep what has no source out of the list of sources."""
    app.env._viewcode_modules.pop("builtins", None)
    return []


def setup(app: Any) -> None:
    app.connect("html-collect-pages", forget_builtins, priority=1)  # before viewcode
    app.connect("doctree-resolved", link_files)
