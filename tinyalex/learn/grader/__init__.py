"""The grader: judges a student's file by properties, and shows the smallest failing input.

`examine.grade` judges; the student's code runs in a process of its own, with limits.
"""

from __future__ import annotations

from tinyalex.learn.grader.spec import (
    Answer,
    Arguments,
    Broken,
    Exercise,
    Property,
    TooSlow,
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
    "TooSlow",
    "expect_additive",
    "expect_equal",
    "expect_shape",
]
