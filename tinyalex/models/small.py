"""AlexNet's eight layers for small photographs, also with one idea left out."""

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
    """Build the network: 28x28 images become 14, 7 and 3 wide. Parameters: `alexnet_without`."""
    across = 1 if exchange else 2  # groups of the layers that connect the two towers

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
    # Fully connected layers as convolutions over the whole feature map, which can have groups.
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
