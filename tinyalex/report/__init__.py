"""Pictures of a run, and the table of a model's layers."""

from tinyalex.report.layer_table import LayerRow, layer_table, measure_layers
from tinyalex.report.pictures import curves, filters

__all__ = ["LayerRow", "curves", "filters", "layer_table", "measure_layers"]
