"""AlexNet as in its authors' code: net 145, and 1 CNN*, which has a sixth convolution.

The layer files are ``layers/layers-145.cfg``, ``layers/layer-params-145.cfg`` and
``layers/layers-146-2012-2011.cfg`` of AlexNet-Source-Code (computerhistory). Parameters have the
same names as in `alexnet`, so weights can be copied from one to the other.
"""

from __future__ import annotations

from tinyalex.layers import (
    Conv2d,
    Layer,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    Sequential,
    SpatialResponseNorm,
)
from tinyalex.models.alexnet import paper_layers, with_classifier


def alexnet_code2012(image: tuple[int, int, int], num_classes: int, dropout: str) -> Sequential:
    """Net 145, the paper's "1 CNN" of ILSVRC-2012.

    It has the paper's weights in another order of layers:

    - conv1 is normalised and pooled before its ReLU, conv5 pooled before its ReLU (the files put
      ``neuron=relu`` at the pooling layer). A ReLU gives the same result before and after max
      pooling, but not before and after a normalisation.
    - After conv2's normalisation there is a second one, over 5x5 pixels of the same channel
      (``cnorm2a``: scale 0.001, pow 0.75; no minDiv, for which layer.py takes 1).
    - ``scale`` is divided by the size of a window (layer.py): 1e-4 / 5 per term across channels
      and 1e-3 / 25 within a channel.
    - Each GPU normalised its own channels only: ``groups=2``.
    """
    across = {"alpha": 1e-4 / 5, "k": 2.0, "groups": 2}
    layers: list[Layer] = [
        Conv2d(image[0], 96, 11, stride=4),
        LocalResponseNorm(**across),  # type: ignore[arg-type]
        MaxPool2d(3, stride=2),
        ReLU(inplace=True),
        Conv2d(96, 256, 5, padding=2, groups=2),
        ReLU(inplace=True),
        # Two layers in one place, so that later parameters have the same names as in `alexnet`.
        Sequential(
            {
                "across": LocalResponseNorm(**across),  # type: ignore[arg-type]
                "within": SpatialResponseNorm(5, alpha=1e-3 / 25, k=1.0),
            }
        ),
        MaxPool2d(3, stride=2),
        Conv2d(256, 384, 3, padding=1),
        ReLU(inplace=True),
        Conv2d(384, 384, 3, padding=1, groups=2),
        ReLU(inplace=True),
        Conv2d(384, 256, 3, padding=1, groups=2),
        MaxPool2d(3, stride=2),
        ReLU(inplace=True),
    ]
    return with_classifier(layers, image, num_classes, dropout)


def alexnet_star(image: tuple[int, int, int], num_classes: int, dropout: str) -> Sequential:
    """1 CNN*: the paper's network with a sixth convolution over its last pooling layer.

    The paper (section 6.1) says no more about it. In net 146 that layer has 256 filters of 3x3,
    padded by 1, which read the channels of both GPUs. Its output stays 6x6, so fc6 keeps its 9216
    inputs. ReLU follows. The other layers are the paper's, as in `alexnet`, not net 145's.
    """
    sixth = [Conv2d(256, 256, 3, padding=1), ReLU(inplace=True)]
    return with_classifier([*paper_layers(image[0]), *sixth], image, num_classes, dropout)
