"""The site's reference: a page for each public module, made from the module's ``__all__``."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Any

# In the order of the side bar, from a user's first call to a reader's last.
MODULES = (
    "layers",
    "models",
    "training",
    "evaluation",
    "data",
    "functional",
    "backends",
    "check",
    "weights",
    "recipes",
    "report",
    "reproduce",
    "learn",
    "learn.grader",
)
ERRORS = "errors"


def public(module: str) -> list[str]:
    """Public names of a module of the package; of ``errors``, all its classes."""
    found = importlib.import_module(f"tinyalex.{module}")
    if module == ERRORS:
        return [name for name, value in vars(found).items() if _is_of(found.__name__, value)]
    return list(found.__all__)


def _is_of(module: str, value: Any) -> bool:
    return isinstance(value, type) and value.__module__ == module


def _heading(text: str, mark: str) -> list[str]:
    return [text, mark * len(text), ""]


def _kind(value: Any) -> str:
    """The directive that describes a value. An alias of a type is data, which autodoc cannot do."""
    if inspect.ismodule(value):
        return "automodule"
    if isinstance(value, type):
        return "autoclass"
    return "autofunction" if inspect.isroutine(value) else "py:data"


def page(module: str) -> str:
    """The page of a module, as reStructuredText."""
    found = importlib.import_module(f"tinyalex.{module}")
    kinds = {name: _kind(getattr(found, name)) for name in public(module)}
    table = [f"   {name}" for name, kind in kinds.items() if kind != "py:data"]
    lines = [
        *_heading(f"tinyalex.{module}", "="),
        f".. automodule:: tinyalex.{module}",
        "   :no-members:",
        "",
        f".. currentmodule:: tinyalex.{module}",
        "",
        *([".. autosummary::", "   :nosignatures:", "", *table, ""] if table else []),
    ]
    for name, kind in kinds.items():
        shown = ["   :members:"] if kind in ("automodule", "autoclass") else []
        shown = [f"   :value: {getattr(found, name)}"] if kind == "py:data" else shown
        full = name if kind != "automodule" else getattr(found, name).__name__
        lines += [f".. {kind}:: {full}", *shown, ""]
    return "\n".join(lines)


def write(folder: Path) -> None:
    """Write all pages, and the one that lists them."""
    folder.mkdir(parents=True, exist_ok=True)
    modules = [*MODULES, ERRORS]
    for module in modules:
        (folder / f"{module}.rst").write_text(page(module), encoding="utf-8")
    lines = [
        *_heading("Reference", "="),
        "Every public name of the package. What has no entry here may change without notice.",
        "",
        ".. toctree::",
        "   :maxdepth: 1",
        "",
        *(f"   {module}" for module in modules),
        "",
    ]
    (folder / "index.rst").write_text("\n".join(lines), encoding="utf-8")
