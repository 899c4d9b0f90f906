"""How much a soak tries: all of it in `.ci/run --all`, which sets HYPOTHESIS_PROFILE=long."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"

Case = TypeVar("Case")


def tries(whole: int) -> int:
    """So many tries, or a tenth: the first ones, always the same."""
    return whole if LONG else whole // 10


def some(cases: Sequence[Case], step: int) -> Sequence[Case]:
    """All cases, or the first of each ``step``: always the same ones."""
    return cases if LONG else cases[::step]
