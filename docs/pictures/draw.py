"""Draw docs/pictures/alexnet.png: the paper's network, from the model's own shapes.

Run ``python docs/pictures/draw.py`` after a change of the model. Upper half: every map after a
convolution or a pooling, drawn to scale in height and width, a dashed line where two groups do
not see each other. Lower half: where the weights are, and where the arithmetic is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from tinyalex import models
from tinyalex.layers import Conv2d, Linear, MaxPool2d

OUT = Path(__file__).parent / "alexnet.png"

INK = "#22303c"
COLOURS = {"input": "#c9d1d9", "conv": "#4c84c4", "pool": "#8fb8de", "fc": "#e0883a"}
SLANT = 0.32  # how far a map's far edge is shifted, as a share of its width


@dataclass(frozen=True)
class Stage:
    """One block of the picture: a map or a vector, and the layer that makes it."""

    kind: str
    name: str
    how: str
    shape: tuple[int, ...]
    groups: int = 1
    weights: int = 0
    multiply_adds: int = 0


def stages(name: str) -> tuple[list[Stage], int]:
    """Blocks of a model in order, and its number of parameters."""
    model = models.build(name)
    shape: tuple[int, ...] = (1, *models.spec(name).input_shape)
    found = [Stage("input", "image", "", shape[1:])]
    conv = fc = 0
    for _, layer in model.named_layers():
        before, shape = shape, layer.output_shape(shape)
        cost = {
            "weights": sum(p.size for p in layer.params.values()),
            "multiply_adds": layer.flops(before) // 2,
        }
        if isinstance(layer, Conv2d):
            conv += 1
            kernel, stride = layer.kernel_size[0], layer.stride[0]
            how = f"{kernel} × {kernel}" + (f", stride {stride}" if stride > 1 else "")
            found.append(Stage("conv", f"conv{conv}", how, shape[1:], layer.groups, **cost))
        elif isinstance(layer, MaxPool2d):
            how = f"{layer.kernel_size[0]} × {layer.kernel_size[0]}, stride {layer.stride[0]}"
            found.append(Stage("pool", f"pool{conv}", how, shape[1:]))
        elif isinstance(layer, Linear):
            fc += 1
            found.append(Stage("fc", f"fc{5 + fc}", "", shape[1:], **cost))
    return found, model.count_parameters()


def block(axes: Axes, x: float, stage: Stage) -> float:
    """Draw one block with its near corner at ``x``; return the x where it ends."""
    colour = COLOURS[stage.kind]
    if stage.kind == "fc":
        width, height, slant = 7.0, 26 + stage.shape[0] * 0.028, 0.0
    else:
        channels, height, _ = stage.shape
        width, slant = 3 + channels * 0.085, height * SLANT
    low, high = -height / 2, height / 2
    front = [(x, low), (x + width, low), (x + width, high), (x, high)]
    style = {"edgecolor": INK, "linewidth": 0.7, "joinstyle": "round"}
    axes.add_patch(Polygon(front, facecolor=colour, alpha=0.92, **style))
    if slant:
        top = [
            (x, high),
            (x + width, high),
            (x + width + slant, high + slant),
            (x + slant, high + slant),
        ]
        side = [
            (x + width, low),
            (x + width, high),
            (x + width + slant, high + slant),
            (x + width + slant, low + slant),
        ]
        axes.add_patch(Polygon(top, facecolor=colour, alpha=0.6, **style))
        axes.add_patch(Polygon(side, facecolor=colour, alpha=0.75, **style))
    if stage.groups == 2:
        middle = x + width / 2
        axes.plot(
            [middle, middle], [low, high], color="white", linewidth=1.2, linestyle=(0, (3, 2))
        )
        axes.plot(
            [middle, middle + slant],
            [high, high + slant],
            color="white",
            linewidth=1.2,
            linestyle=(0, (3, 2)),
        )
    return x + width + slant


def draw_network(axes: Axes, blocks: list[Stage]) -> None:
    x = 0.0
    for stage in blocks:
        end = block(axes, x, stage)
        centre = (x + end) / 2
        size = " × ".join(str(n) for n in stage.shape)
        axes.text(centre, -128, stage.name, ha="center", va="top", fontsize=10, weight="bold")
        axes.text(centre, -144, size, ha="center", va="top", fontsize=8.5)
        axes.text(centre, -158, stage.how, ha="center", va="top", fontsize=8, color="#5b6b78")
        x = end + (26 if stage.kind != "fc" else 34)
    axes.set_xlim(-6, x)
    axes.set_ylim(-172, 190)
    axes.set_aspect("equal")
    axes.axis("off")


def draw_shares(axes: Axes, blocks: list[Stage], what: str, title: str) -> None:
    """One horizontal bar, cut where one layer ends and the next begins."""
    counted = [s for s in blocks if s.weights]
    total = sum(getattr(s, what) for s in counted)
    left = 0.0
    for stage in counted:
        share = getattr(stage, what) / total
        axes.barh(0, share, left=left, color=COLOURS[stage.kind], edgecolor="white", height=0.8)
        if share > 0.03:
            label = f"{stage.name}\n{share:.0%}"
            axes.text(
                left + share / 2, 0, label, ha="center", va="center", fontsize=8.5, color="white"
            )
        left += share
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    axes.set_xlim(0, 1)
    axes.axis("off")


def main() -> None:
    blocks, parameters = stages("alexnet")
    multiply_adds = sum(s.multiply_adds for s in blocks)
    figure = plt.figure(figsize=(12.5, 6.6), dpi=110)
    grid = figure.add_gridspec(3, 1, height_ratios=[6.2, 1, 1], hspace=0.35)
    draw_network(figure.add_subplot(grid[0]), blocks)
    draw_shares(figure.add_subplot(grid[1]), blocks, "weights", f"{parameters:,} parameters")
    draw_shares(
        figure.add_subplot(grid[2]),
        blocks,
        "multiply_adds",
        f"{multiply_adds / 1e6:,.0f} million multiply-adds an image",
    )
    figure.savefig(OUT, bbox_inches="tight", facecolor="white", pad_inches=0.15)


if __name__ == "__main__":
    main()
