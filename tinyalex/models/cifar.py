"""The CIFAR-10 ladder: cuda-convnet's example nets, and the two nets of the paper's figure 1.

Sources: cuda-convnet ``example-layers/layers-80sec.cfg``, ``layers-19pct.cfg``,
``layers-18pct.cfg``, ``layers-conv-local-13pct.cfg``, ``layers-conv-local-11pct.cfg`` and the
``layer-params-*.cfg`` in the same folder. All pool in ceil mode: 32 pixels become 16, 8 and 4.
"""

from __future__ import annotations

from tinyalex.layers import (
    AvgPool2d,
    Conv2d,
    Flatten,
    Layer,
    Linear,
    LocallyConnected2d,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    Sequential,
    SpatialResponseNorm,
    Tanh,
)

Image = tuple[int, int, int]


def conv5(channels: int, filters: int) -> Conv2d:
    """The ladder's convolution: 5x5, padded so that the size stays the same."""
    return Conv2d(channels, filters, 5, padding=2)


def max_pool() -> MaxPool2d:
    """Overlapping windows: 3x3, stride 2."""
    return MaxPool2d(3, stride=2, ceil_mode=True)


def avg_pool() -> AvgPool2d:
    """Overlapping windows: 3x3, stride 2."""
    return AvgPool2d(3, stride=2, ceil_mode=True)


def spatial_norm() -> SpatialResponseNorm:
    """``rnorm`` of the 18 % net; cuda-convnet divides its scale 5e-5 by the window's 9 pixels."""
    return SpatialResponseNorm(3, alpha=5e-5 / 9, beta=0.75, k=1.0)


def map_norm() -> LocalResponseNorm:
    """``cmrnorm`` of the 11 % net; cuda-convnet divides its scale 1e-3 by the 9 channels."""
    return LocalResponseNorm(9, alpha=1e-3 / 9, beta=0.75, k=1.0)


def with_classifier(layers: dict[str, Layer], image: Image, *sizes: tuple[str, int]) -> Sequential:
    """Append flatten and fully connected layers with ReLU between them."""
    N, *rest = Sequential(layers).output_shape((1, *image))
    features = rest[0] * rest[1] * rest[2]
    layers["flatten"] = Flatten()
    for i, (name, size) in enumerate(sizes):
        if i:
            layers[f"relu_{sizes[i - 1][0]}"] = ReLU(inplace=True)
        layers[name] = Linear(features, size)
        features = size
    return Sequential(layers)


def three_convs(image: Image, norm: bool) -> dict[str, Layer]:
    """Three convolutions with a max and two average poolings: 80sec, 19pct and 18pct."""
    layers: dict[str, Layer] = {
        "conv1": conv5(image[0], 32),
        "pool1": max_pool(),
        # after the pooling: the same result as before it, for a quarter of the work
        "relu1": ReLU(inplace=True),
        "norm1": spatial_norm(),
        "conv2": conv5(32, 32),
        "relu2": ReLU(inplace=True),
        "pool2": avg_pool(),
        "norm2": spatial_norm(),
        "conv3": conv5(32, 64),
        "relu3": ReLU(inplace=True),
        "pool3": avg_pool(),
    }
    if not norm:
        del layers["norm1"], layers["norm2"]
    return layers


def cifar_80sec(image: Image, num_classes: int, dropout: str) -> Sequential:
    """26 % error after 80 seconds (on a GPU of 2011)."""
    return with_classifier(three_convs(image, False), image, ("fc64", 64), ("fc10", num_classes))


def cifar_19pct(image: Image, num_classes: int, dropout: str) -> Sequential:
    """19 % error: one fully connected layer less, with a strong weight decay on the other."""
    return with_classifier(three_convs(image, False), image, ("fc10", num_classes))


def cifar_18pct(image: Image, num_classes: int, dropout: str) -> Sequential:
    """18 % error: with response normalisation within each channel."""
    return with_classifier(three_convs(image, True), image, ("fc10", num_classes))


def two_locals(
    image: Image, num_classes: int, norm: bool, local3: int, local4: int = 32
) -> Sequential:
    """Two convolutions, then two layers with unshared weights."""
    layers: dict[str, Layer] = {
        "conv1": conv5(image[0], 64),
        "relu1": ReLU(inplace=True),
        "pool1": max_pool(),
        "norm1": map_norm(),  # after the pooling here, before it in the second layer
        "conv2": conv5(64, 64),
        "relu2": ReLU(inplace=True),
        "norm2": map_norm(),
        "pool2": max_pool(),
    }
    if not norm:
        del layers["norm1"], layers["norm2"]
    _, channels, H, W = Sequential(layers).output_shape((1, *image))
    for name, filters in (("3", local3), ("4", local4)):
        layers[f"local{name}"] = LocallyConnected2d(channels, filters, (H, W), 3, padding=1)
        layers[f"relu{name}"] = ReLU(inplace=True)
        channels = filters
    return with_classifier(layers, image, ("fc10", num_classes))


def cifar_13pct(image: Image, num_classes: int, dropout: str) -> Sequential:
    """13 % error with 24x24 crops and horizontal flips."""
    return two_locals(image, num_classes, norm=False, local3=32)


def cifar_11pct(image: Image, num_classes: int, dropout: str) -> Sequential:
    """11 % error with cross-channel normalisation, a wider local layer and longer training.

    Its layer file exists in two versions; this is the one that normalises over 9 channels.
    """
    return two_locals(image, num_classes, norm=True, local3=64)


def figure1(image: Image, num_classes: int, activation: type[Layer]) -> Sequential:
    """Four layers with weights; an activation after each convolution (paper, figure 1)."""
    layers: dict[str, Layer] = {
        "conv1": conv5(image[0], 32),
        "act1": activation(),
        "pool1": max_pool(),
        "conv2": conv5(32, 32),
        "act2": activation(),
        "pool2": max_pool(),
        "conv3": conv5(32, 64),
        "act3": activation(),
        "pool3": max_pool(),
    }
    return with_classifier(layers, image, ("fc10", num_classes))


def cifar_fig1_relu(image: Image, num_classes: int, dropout: str) -> Sequential:
    """Figure 1's solid line."""
    return figure1(image, num_classes, ReLU)


def cifar_fig1_tanh(image: Image, num_classes: int, dropout: str) -> Sequential:
    """Figure 1's dashed line."""
    return figure1(image, num_classes, Tanh)
