"""The grader: judges a student's file by properties, and shows the smallest failing input.

`process.grade` does so in a separate process with limits, `examine.examine` in this process.
"""

from __future__ import annotations

from tinyalex.learn.grader.spec import (
    Answer,
    Arguments,
    Broken,
    Exercise,
    Property,
    expect_additive,
    expect_equal,
    expect_shape,
)

__all__ = [
    "Answer",
    "Arguments",
    "Broken",
    "Exercise",
    "Property",
    "expect_additive",
    "expect_equal",
    "expect_shape",
]
