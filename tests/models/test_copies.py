"""Networks can be copied, and sent to another process: a user's own multiprocessing does that."""

from __future__ import annotations

import copy
from multiprocessing.reduction import ForkingPickler

import numpy as np
import pytest

from tests.layers.examples import ALL, Example, both_passes, build, name_of
from tinyalex import backends, models
from tinyalex.layers import Layer

HERE = [name for name in ("numpy", "numba") if name in backends.available()]


def sent(net: Layer) -> Layer:
    """The object as another process gets it."""
    return ForkingPickler.loads(ForkingPickler.dumps(net))


def same(first: Layer, second: Layer, x: np.ndarray) -> None:
    one, two = both_passes(first, x), both_passes(second, x)
    assert one.keys() == two.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], two[name])


@pytest.mark.parametrize("backend", HERE)
@pytest.mark.parametrize("how", [copy.deepcopy, sent])
def test_a_copy_computes_the_same_and_shares_no_weights(how, backend):
    net = models.build("tiny", seed=3)
    net.to(backends.get(backend, threads=2))
    x = np.random.default_rng(0).normal(size=(3, 1, 16, 16)).astype(np.float32)
    net.forward(x)  # what it keeps for backward is copied as well
    other = how(net)
    assert other.backend is net.backend
    assert repr(other) == repr(net) and other.training is net.training
    same(net, other, x)
    name, layer, key = next(iter(other.parameter_owners()))
    layer.params[key] += 1
    before = dict(net.named_parameters())[name]
    assert not np.shares_memory(before, layer.params[key])
    assert np.all(before != layer.params[key])


@pytest.mark.parametrize("example", [e for _, e in ALL], ids=[name_of(e) for e in ALL])
def test_every_layer_can_be_copied_and_sent(example: Example):
    layer = build(example, backends.get("numpy"))
    for other in (copy.deepcopy(layer), sent(layer)):
        assert repr(other) == repr(layer) and other.backend is layer.backend
