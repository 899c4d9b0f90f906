"""AlexNet as its authors' program had it: net 145, and 1 CNN*, which has a sixth convolution.

The layer files are ``layers/layers-145.cfg``, ``layers/layer-params-145.cfg`` and
``layers/layers-146-2012-2011.cfg`` of AlexNet-Source-Code (computerhistory). Parameters have the
same names as in `alexnet`, so weights go from one to the other.
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
    """Net 145, the network behind the paper's "1 CNN" of ILSVRC-2012.

    It has the paper's weights in another order of layers:

    - conv1 is normalised and pooled before its ReLU, conv5 pooled before its ReLU (the files put
      ``neuron=relu`` at the pooling layer). Behind max pooling a ReLU gives the same as before
      it; before a normalisation it does not.
    - Behind conv2's normalisation there is a second one, over 5x5 pixels of the same map
      (``cnorm2a``: scale 0.001, pow 0.75; no minDiv, for which layer.py takes 1).
    - ``scale`` is divided by what a window holds (layer.py): 1e-4 / 5 a term across maps and
      1e-3 / 25 within a map.
    - A GPU normalised its own maps only: ``groups=2``.
    """
    across = {"alpha": 1e-4 / 5, "k": 2.0, "groups": 2}
    layers: list[Layer] = [
        Conv2d(image[0], 96, 11, stride=4),
        LocalResponseNorm(**across),  # type: ignore[arg-type]
        MaxPool2d(3, stride=2),
        ReLU(inplace=True),
        Conv2d(96, 256, 5, padding=2, groups=2),
        ReLU(inplace=True),
        # Two layers in one place, so that the parameters behind it are called as in `alexnet`.
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

    The paper (section 6.1) says no more of it. Net 146 has 256 filters of 3x3 there, padded by
    1, which see the maps of both GPUs: the maps stay 6x6, so that fc6 has its 9216 inputs. ReLU
    follows. The other layers are the paper's, as in `alexnet`, not net 145's.
    """
    sixth = [Conv2d(256, 256, 3, padding=1), ReLU(inplace=True)]
    return with_classifier([*paper_layers(image[0]), *sixth], image, num_classes, dropout)
