"""Draw docs/pictures/alexnet.png: the paper's network, from the model's own shapes.

Run ``python docs/pictures/draw.py`` after a change of the model. Upper half: every map after a
convolution or a pooling, edges on a square-root scale, cut by a dashed line where two groups do
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
PITCH = 92.0  # from one block to the next
SLANT = 0.3  # how far a map's far edge is shifted, as a share of its height


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
            how = f"{kernel} × {kernel}" + (f"\nstride {stride}" if stride > 1 else "")
            found.append(Stage("conv", f"conv{conv}", how, shape[1:], layer.groups, **cost))
        elif isinstance(layer, MaxPool2d):
            how = f"{layer.kernel_size[0]} × {layer.kernel_size[0]}\nstride {layer.stride[0]}"
            found.append(Stage("pool", f"pool{conv}", how, shape[1:]))
        elif isinstance(layer, Linear):
            fc += 1
            found.append(Stage("fc", f"fc{5 + fc}", "", shape[1:], **cost))
    return found, model.count_parameters()


def block(axes: Axes, centre: float, stage: Stage) -> None:
    """Draw one block: a slanted box for a map, a bar for a vector."""
    depth = 9.0 if stage.kind == "fc" else 2 + 2.2 * stage.shape[0] ** 0.5
    height = 3 * stage.shape[0] ** 0.5 if stage.kind == "fc" else 14 * stage.shape[1] ** 0.5
    slant = 0.0 if stage.kind == "fc" else SLANT * height
    left, low = centre - (depth + slant) / 2, -(height + slant) / 2
    right, high = left + depth, low + height

    def face(corners: list[tuple[float, float]], alpha: float) -> None:
        axes.add_patch(Polygon(corners, facecolor="white"))
        colour = COLOURS[stage.kind]
        axes.add_patch(
            Polygon(corners, facecolor=colour, alpha=alpha, edgecolor=INK, linewidth=0.7)
        )

    far = [
        (left + slant, high + slant),
        (right + slant, high + slant),
        (right + slant, low + slant),
    ]
    face([(left, low), (right, low), (right, high), (left, high)], 1.0)
    if slant:
        face([(left, high), (right, high), far[1], far[0]], 0.55)
        face([(right, low), (right, high), far[1], far[2]], 0.75)
    if stage.groups == 2:
        middle = (left + right) / 2
        x, y = [middle, middle, middle + slant], [low, high, high + slant]
        axes.plot(x, y, color="white", linewidth=1.5, linestyle=(0, (3, 2)))


def draw_network(axes: Axes, blocks: list[Stage]) -> None:
    """All blocks in a row, with name, size and window below each."""
    for i, stage in enumerate(blocks):
        x = i * PITCH
        block(axes, x, stage)
        size = " × ".join(str(n) for n in stage.shape)
        axes.text(x, -150, stage.name, ha="center", va="top", fontsize=10, weight="bold")
        axes.text(x, -170, size, ha="center", va="top", fontsize=8.5)
        axes.text(x, -188, stage.how, ha="center", va="top", fontsize=8.5, color="#5b6b78")
    axes.set_xlim(-0.5 * PITCH, (len(blocks) - 0.5) * PITCH)
    axes.set_ylim(-225, 145)
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
        if share > 0.04:
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
    figure = plt.figure(figsize=(12.5, 6.4), dpi=110)
    grid = figure.add_gridspec(
        3, 1, height_ratios=[6.0, 1, 1], hspace=0.4, left=0.01, right=0.99, top=0.99, bottom=0.01
    )
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
