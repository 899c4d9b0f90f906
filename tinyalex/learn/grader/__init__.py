"""The grader: judges a student's file by properties, and shows the smallest failing input.

`process.grade` does so in a process with limits, `examine.examine` in this one.
"""

from tinyalex.learn.grader.spec import (
    Answer,
    Arguments,
    Broken,
    Exercise,
    Property,
    expect_equal,
    expect_shape,
)

__all__ = [
    "Answer",
    "Arguments",
    "Broken",
    "Exercise",
    "Property",
    "expect_equal",
    "expect_shape",
]
