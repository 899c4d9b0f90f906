"""The reference has every public name, and says what each is."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import tinyalex
from docs import reference
from tinyalex import errors

EVERY = [*reference.MODULES, reference.ERRORS]


def test_every_public_subpackage_is_in_the_reference() -> None:
    assert set(tinyalex._SUBPACKAGES) <= set(reference.MODULES)


@pytest.mark.parametrize("module", EVERY)
def test_a_page_has_each_public_name_once(module: str) -> None:
    found = importlib.import_module(f"tinyalex.{module}")
    page = reference.page(module)
    for name in reference.public(module):
        assert page.count(f":: {name}\n") == 1, name
        documented = reference._kind(getattr(found, name)) == "py:data"
        assert documented or getattr(found, name).__doc__, f"{module}.{name} has no docstring"


def test_a_directive_suits_its_value() -> None:
    kinds = {1: "py:data", int: "autoclass", len: "autofunction", importlib: "automodule"}
    assert [reference._kind(value) for value in kinds] == list(kinds.values())
    assert reference._kind(tuple[int, int]) == "py:data"


def test_all_pages_are_listed(tmp_path: Path) -> None:
    reference.write(tmp_path)
    index = (tmp_path / "index.rst").read_text(encoding="utf-8")
    pages = {path.stem for path in tmp_path.glob("*.rst")} - {"index"}
    assert pages == set(EVERY) and all(f"\n   {module}\n" in index for module in EVERY)


def test_the_errors_are_the_packages_own() -> None:
    names = reference.public(reference.ERRORS)
    assert "ShapeError" in names
    assert all(issubclass(getattr(errors, name), errors.TinyalexError) for name in names)
