"""Pictures of a run, the table of a model's layers, and the report of runs as a page."""

from tinyalex.report.explore import explore
from tinyalex.report.layer_table import LayerRow, layer_table, measure_layers
from tinyalex.report.look import grad_cam, look, saliency
from tinyalex.report.page import report
from tinyalex.report.pictures import curves, draw_run, filters, first_filters

__all__ = [
    "LayerRow",
    "curves",
    "draw_run",
    "explore",
    "filters",
    "first_filters",
    "grad_cam",
    "layer_table",
    "look",
    "measure_layers",
    "report",
    "saliency",
]
