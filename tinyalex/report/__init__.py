"""Pictures of a run, the table of a model's layers, and the report of runs as a page."""

from tinyalex.report.layer_table import LayerRow, layer_table, measure_layers
from tinyalex.report.page import report
from tinyalex.report.pictures import curves, draw_run, filters, first_filters

__all__ = [
    "LayerRow",
    "curves",
    "draw_run",
    "filters",
    "first_filters",
    "layer_table",
    "measure_layers",
    "report",
]
