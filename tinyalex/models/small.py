"""AlexNet's eight layers for small photographs, and the same with one of its ideas left out."""

from __future__ import annotations

from collections.abc import Callable

from tinyalex.layers import (
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    Sequential,
)

HIDDEN = 256  # units of fc6 and of fc7


def alexnet_small(
    image: tuple[int, int, int],
    num_classes: int,
    dropout: str,
    *,
    norm: bool = True,
    overlap: bool = True,
    exchange: bool = True,
    drop: bool = True,
    activation: Callable[[], Layer] = ReLU,
) -> Sequential:
    """Build the network.

    Parameters
    ----------
    image : (C, H, W)
        28 pixels become 14, 7 and 3.
    norm : bool
        Response normalisation after the first two convolutions (paper, section 3.3).
    overlap : bool
        Pooling windows of 3 pixels, 2 apart (section 3.4), or else of 2 pixels.
    exchange : bool
        The two columns see each other in conv3, fc6 and fc7 (section 3.2), or meet in the last
        layer only, as in the authors' net 150.
    drop : bool
        Dropout in fc6 and fc7 (section 4.2).
    activation : callable
        Makes the layer behind each of the seven first ones (section 3.1).
    """
    across = 1 if exchange else 2  # groups of the layers in which the columns exchange

    def pool() -> MaxPool2d:
        return MaxPool2d(3, stride=2, ceil_mode=True) if overlap else MaxPool2d(2)

    layers: dict[str, Layer] = {
        "conv1": Conv2d(image[0], 32, 5, padding=2),
        "act1": activation(),
        "norm1": LocalResponseNorm(),
        "pool1": pool(),
        "conv2": Conv2d(32, 48, 5, padding=2, groups=2),
        "act2": activation(),
        "norm2": LocalResponseNorm(),
        "pool2": pool(),
        "conv3": Conv2d(48, 64, 3, padding=1, groups=across),
        "act3": activation(),
        "conv4": Conv2d(64, 64, 3, padding=1, groups=2),
        "act4": activation(),
        "conv5": Conv2d(64, 48, 3, padding=1, groups=2),
        "act5": activation(),
        "pool5": pool(),
    }
    if not norm:
        del layers["norm1"], layers["norm2"]
    _, channels, H, W = Sequential(layers).output_shape((1, *image))
    # Fully connected layers as convolutions over the whole map, which can be grouped.
    layers |= {
        "fc6": Conv2d(channels, HIDDEN, (H, W), groups=across),
        "act6": activation(),
        "drop6": Dropout(0.5, dropout),
        "fc7": Conv2d(HIDDEN, HIDDEN, 1, groups=across),
        "act7": activation(),
        "drop7": Dropout(0.5, dropout),
        "flatten": Flatten(),
        "fc8": Linear(HIDDEN, num_classes),
    }
    if not drop:
        del layers["drop6"], layers["drop7"]
    return Sequential(layers)
