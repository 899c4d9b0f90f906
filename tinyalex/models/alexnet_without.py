"""The paper's network with one of its ideas left out, as some of its authors' nets had it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tinyalex.layers import (
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
)
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
    """`alexnet` with one of its ideas left out; what stays has the same parameters' names.

    Parameters
    ----------
    norm : bool
        Response normalisation (paper, section 3.3); without it the authors' net 148.
    overlap : bool
        Pooling windows of 3 pixels, 2 apart (section 3.4), or of 2 pixels, as in their net 147.
    exchange : bool
        The two columns see each other in conv3, fc6 and fc7 (section 3.2), or meet in the last
        layer only, as in their net 150.
    drop : bool
        Dropout in fc6 and fc7 (section 4.2).
    activation : callable
        Makes the layer behind each of the seven first ones (section 3.1).
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
    # Fully connected layers as convolutions over the whole map, which can have groups.
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
