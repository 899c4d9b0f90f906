"""What a planted bug is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One planted bug.

    Attributes
    ----------
    name : what is wrong
    file : path from the repository's root
    old, new : text that occurs exactly once in the file, and what takes its place
    tests : pytest node ids, quick ones, of which at least one must fail
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
