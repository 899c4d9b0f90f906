"""The textbook: every operation of the network and, right below it, its gradients.

Pure functions of arrays, with the names and argument orders of ``torch.nn.functional`` where it
has them. They use the Python array API standard alone, so the same lines run on NumPy, CuPy,
array-api-strict and PyTorch tensors. A backend may replace an operation by a faster one that
gives the same numbers; here is what the numbers are. Read `conv` first, then `lrn` and `pool`.
"""

from tinyalex.functional.activation import relu, relu_backward, tanh, tanh_backward
from tinyalex.functional.arrays import out_hw
from tinyalex.functional.augment import augment
from tinyalex.functional.conv import col2im, conv2d, conv2d_backward, im2col
from tinyalex.functional.dropout import dropout, dropout_backward
from tinyalex.functional.linear import linear, linear_backward
from tinyalex.functional.local import local_conv2d, local_conv2d_backward
from tinyalex.functional.loss import cross_entropy, cross_entropy_backward, softmax
from tinyalex.functional.lrn import (
    local_response_norm,
    local_response_norm_backward,
    spatial_response_norm,
    spatial_response_norm_backward,
)
from tinyalex.functional.pool import (
    avg_pool2d,
    avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)
from tinyalex.functional.sgd import sgd_step

__all__ = [
    "augment",
    "avg_pool2d",
    "avg_pool2d_backward",
    "col2im",
    "conv2d",
    "conv2d_backward",
    "cross_entropy",
    "cross_entropy_backward",
    "dropout",
    "dropout_backward",
    "im2col",
    "linear",
    "linear_backward",
    "local_conv2d",
    "local_conv2d_backward",
    "local_response_norm",
    "local_response_norm_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "out_hw",
    "relu",
    "relu_backward",
    "sgd_step",
    "softmax",
    "spatial_response_norm",
    "spatial_response_norm_backward",
    "tanh",
    "tanh_backward",
]
