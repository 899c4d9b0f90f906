"""Every layer of AlexNet and its relatives, each written once: forward and backward."""

from tinyalex.layers.activations import ReLU, Tanh
from tinyalex.layers.base import Layer, Loss
from tinyalex.layers.containers import Container, NoSuchLayerError, Sequential, Towers
from tinyalex.layers.conv import Conv2d
from tinyalex.layers.dropout import Dropout
from tinyalex.layers.flatten import Flatten
from tinyalex.layers.linear import Linear
from tinyalex.layers.local import LocallyConnected2d
from tinyalex.layers.loss import SoftmaxCrossEntropy
from tinyalex.layers.lrn import LocalResponseNorm, SpatialResponseNorm
from tinyalex.layers.module import Module, NotReadyError
from tinyalex.layers.pool import AvgPool2d, MaxPool2d

__all__ = [
    "AvgPool2d",
    "Container",
    "Conv2d",
    "Dropout",
    "Flatten",
    "Layer",
    "Linear",
    "LocalResponseNorm",
    "LocallyConnected2d",
    "Loss",
    "MaxPool2d",
    "Module",
    "NoSuchLayerError",
    "NotReadyError",
    "ReLU",
    "Sequential",
    "SoftmaxCrossEntropy",
    "SpatialResponseNorm",
    "Tanh",
    "Towers",
]
