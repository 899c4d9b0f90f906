"""Every public name has an example in its docstring; `test_snippets` runs them."""

from __future__ import annotations

import importlib

import pytest

import tinyalex

PACKAGES = (*tinyalex._SUBPACKAGES, "report")


def public_names() -> list[tuple[str, str]]:
    """(package, name) of all that a user imports; of aliases and tables nobody needs an example."""
    found = []
    for package in PACKAGES:
        module = importlib.import_module(f"tinyalex.{package}")
        for name in module.__all__:
            if getattr(getattr(module, name), "__module__", "").startswith("tinyalex."):
                found.append((package, name))
    return found


def without_example(package: str, name: str) -> bool:
    public = getattr(importlib.import_module(f"tinyalex.{package}"), name)
    own = vars(public).get("__doc__") if isinstance(public, type) else public.__doc__
    return "Examples\n" not in (own or "") or ">>> " not in (own or "")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_has_an_example(package: str) -> None:
    names = [name for at, name in public_names() if at == package]
    assert names and [name for name in names if without_example(package, name)] == []
