"""Checks that tell a right layer from a wrong one."""

from tinyalex.check.gradcheck import GradientError, GradReport, GradRow, gradcheck, permuted_grid

__all__ = ["GradReport", "GradRow", "GradientError", "gradcheck", "permuted_grid"]
