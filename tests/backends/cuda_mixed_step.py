"""A training step of AlexNet in mixed precision; `test_cuda_simulator` runs this file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import numpy as np

from tests.backends.cuda_launches import blocks
from tests.backends.cuda_step import build, trained  # noqa: F401 (a fixture)
from tests.backends.mixing import MIXED
from tests.backends.waiting import no_waiting
from tinyalex import models
from tinyalex.backends.numpy.backend import NumpyBackend


def test_a_step_never_waits_and_is_near_numpys_in_float32(
    build: Callable[[], models.Model],  # noqa: F811
) -> None:
    """The last pooling has 64 windows: where another number is the maximum, an eighth of the
    change goes elsewhere."""
    with blocks(256, waiting=16):
        weights, loss, _ = trained(MIXED, build(), no_waiting("a training step"), steps=1)
    expected, host_loss, _ = trained(NumpyBackend(1), build(), nullcontext(), steps=1)
    np.testing.assert_allclose(loss, host_loss, rtol=2**-5)
    start = build().state_dict()
    for name, value in expected.items():
        assert weights[name].dtype == np.float32
        off, change = (np.linalg.norm(other - value) for other in (weights[name], start[name]))
        assert off <= 0.3 * change, name
