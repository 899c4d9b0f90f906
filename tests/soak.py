"""How long a soak is: whole in `.ci/run --all`, which sets HYPOTHESIS_PROFILE=long."""

from __future__ import annotations

import os

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


def tries(whole: int) -> int:
    """So many tries, or a tenth: the first ones, always the same."""
    return whole if LONG else whole // 10
