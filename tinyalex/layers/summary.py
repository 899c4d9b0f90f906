"""A network as a table, for the terminal and for notebooks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tinyalex.functional.arrays import Shape
from tinyalex.layers.base import Layer
from tinyalex.outside import html_table, shown

HEAD = ("layer", "kind", "output", "parameters", "multiply-adds")


@dataclass(frozen=True)
class SummaryRow:
    """One layer, for one image.

    Attributes
    ----------
    name : dotted name
    kind : the layer's class
    output_shape : without the batch axis; None if the network's input is not known
    parameters : weights and biases
    multiply_adds : of forward, without biases; None as above
    """

    name: str
    kind: str
    output_shape: tuple[int, ...] | None
    parameters: int
    multiply_adds: int | None


@dataclass(frozen=True)
class Summary:
    """The layers of a network in order; ``print`` it, or show it in a notebook."""

    network: str
    rows: tuple[SummaryRow, ...]

    @property
    def parameters(self) -> int:
        """Of all layers."""
        return sum(row.parameters for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """Of all layers, for one image."""
        return sum(row.multiply_adds or 0 for row in self.rows)

    def cells(self) -> Iterator[tuple[str, ...]]:
        """The lines of the table, the totals last."""
        for row in self.rows:
            shape = "" if row.output_shape is None else "x".join(map(str, row.output_shape))
            cost = "" if row.multiply_adds is None else f"{row.multiply_adds:,}"
            yield shown(row.name), row.kind, shape, f"{row.parameters:,}", cost
        known = any(row.multiply_adds is not None for row in self.rows)
        yield "total", "", "", f"{self.parameters:,}", f"{self.multiply_adds:,}" if known else ""

    def __str__(self) -> str:
        cells = [HEAD, *self.cells()]
        width = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = []
        for row in cells:
            left = [text.ljust(w) for text, w in zip(row[:3], width, strict=False)]
            right = [text.rjust(w) for text, w in zip(row[3:], width[3:], strict=True)]
            lines.append("  ".join(left + right).rstrip())
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """The table, in a notebook."""
        return html_table(self.network, HEAD, self.cells(), texts=3)


def summarise(network: Layer, input_shape: Shape | None) -> Summary:
    """The summary of a network; for images of its own ``input_shape`` if none is given."""
    kind = type(network).__name__
    title = str(getattr(network, "name", kind))
    given = input_shape
    if given is None:
        given = getattr(network, "input_shape", None)
    if given is None:
        rows = (
            SummaryRow(name, type(layer).__name__, None, _parameters(layer), None)
            for name, layer in network.named_layers()
        )
        return Summary(title, tuple(rows))
    found = []
    for name, layer, seen in network.named_inputs((1, *given)):
        out = layer.output_shape(seen)[1:]
        cost = layer.flops(seen) // 2
        found.append(SummaryRow(name, type(layer).__name__, out, _parameters(layer), cost))
    return Summary(title, tuple(found))


def _parameters(layer: Layer) -> int:
    return sum(math.prod(array.shape) for array in layer.params.values())
