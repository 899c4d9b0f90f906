"""What a wrong answer is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wrong:
    """A wrong answer, made from the reference solution.

    Attributes
    ----------
    name : what is wrong
    old, new : text that occurs exactly once in the solution, and what takes its place
    caught_by : name of the property that must reject it
    """

    name: str
    old: str
    new: str
    caught_by: str
