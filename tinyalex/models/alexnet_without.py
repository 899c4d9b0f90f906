"""The paper's network with one idea left out, as in some of the authors' own nets."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tinyalex.layers import Conv2d, Dropout, Flatten, Layer, Linear, MaxPool2d, ReLU, Sequential
from tinyalex.models.alexnet import paper_layers

_relu = partial(ReLU, inplace=True)


def alexnet_without(
    image: tuple[int, int, int],
    num_classes: int,
    dropout: str,
    *,
    norm: bool = True,
    overlap: bool = True,
    exchange: bool = True,
    drop: bool = True,
    activation: Callable[[], Layer] = _relu,
) -> Sequential:
    """`alexnet` with one idea left out; the parameters that stay keep their names.

    Parameters
    ----------
    norm : bool
        Response normalisation (paper, section 3.3). False: the authors' net 148.
    overlap : bool
        Pooling windows of 3x3 pixels with stride 2 (section 3.4). False: 2x2, as in their net 147.
    exchange : bool
        Connections between the two towers in conv3, fc6 and fc7 (section 3.2). False: in the last
        layer only, as in their net 150.
    drop : bool
        Dropout in fc6 and fc7 (section 4.2).
    activation : callable
        Makes the layer after each of the first seven layers (section 3.1).
    """
    parts: dict[str, Layer] = {str(i): y for i, y in enumerate(paper_layers(image[0]))}
    if not norm:
        del parts["2"], parts["6"]
    if not exchange:
        parts["8"] = Conv2d(256, 384, 3, padding=1, groups=2)
    for name, layer in parts.items():
        if isinstance(layer, MaxPool2d) and not overlap:
            parts[name] = MaxPool2d(2)
        if isinstance(layer, ReLU):
            parts[name] = activation()
    features = Sequential(parts)
    _, channels, H, W = features.output_shape((1, *image))
    across = 1 if exchange else 2
    # Fully connected layers as convolutions over the whole feature map, which can have groups.
    last: dict[str, Layer] = {
        "0": Conv2d(channels, 4096, (H, W), groups=across),
        "1": activation(),
        "2": Dropout(0.5, dropout),
        "3": Conv2d(4096, 4096, 1, groups=across),
        "4": activation(),
        "5": Dropout(0.5, dropout),
        "flatten": Flatten(),
        "6": Linear(4096, num_classes),
    }
    if not drop:
        del last["2"], last["5"]
    return Sequential({"features": features, "classifier": Sequential(last)})
