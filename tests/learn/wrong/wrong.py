"""What a wrong answer is: a reference solution with one mistake put in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wrong:
    """A mistake that a student could make.

    Attributes
    ----------
    name : str
        The mistake in a few words.
    old, new : str
        ``old`` occurs exactly once in the reference solution and becomes ``new``.
    caught_by : str
        The property that must reject it; those before it hold.
    """

    name: str
    old: str
    new: str
    caught_by: str
