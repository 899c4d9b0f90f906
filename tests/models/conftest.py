"""PyTorch, for the tests that compare with it."""

from tests.layers.conftest import torch

__all__ = ["torch"]
