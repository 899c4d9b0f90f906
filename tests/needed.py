"""Packages that the tests of a file need."""

from __future__ import annotations

import importlib.util

import pytest


def needs(*packages: str) -> None:
    """Skip a file where one is missing; unlike `importorskip` it does not take their time."""
    for package in packages:
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed", allow_module_level=True)
