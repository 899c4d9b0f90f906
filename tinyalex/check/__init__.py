"""Checks of layers: gradients against measured slopes."""

from tinyalex.check.gradcheck import gradcheck
from tinyalex.check.gradreport import GradientError, GradReport, GradRow
from tinyalex.check.grid import permuted_grid

__all__ = ["GradReport", "GradRow", "GradientError", "gradcheck", "permuted_grid"]
