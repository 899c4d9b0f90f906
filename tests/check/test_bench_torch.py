"""The PyTorch peer of a benchmark computes what ours does, in the fastest of its settings."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from tests.layers.examples import EXAMPLES
from tests.strategies import normal
from tests.weights.nets import SMALLER
from tinyalex import layers, models
from tinyalex.check import bench
from tinyalex.check.bench import ours
from tinyalex.errors import ConfigError

JOB = bench.Job("numpy", "tiny", "train", batch_size=4, threads=1)


@pytest.mark.parametrize("name", models.names())
def test_the_torch_net_computes_what_ours_does(name):
    torch = pytest.importorskip("torch")
    from tinyalex.check.bench.torch_net import translate

    model = models.build(name, init={"*": ("constant", 0.0)}, image_size=SMALLER.get(name))
    # Weights of the first normal size would make logits of 1e-6 in the ladder's nets.
    for i, (_, layer, key) in enumerate(model.parameter_owners()):
        fan_in = max(1, layer.params[key][0].size)
        layer.params[key] = (normal(layer.params[key].shape, i) / fan_in**0.5).astype(np.float32)
    x = normal((2, *model.input_shape), 7).astype(np.float32)
    model.eval()
    y = model.forward(x)
    with torch.inference_mode():
        theirs = translate(model).eval()(torch.from_numpy(x.copy())).numpy()
    assert np.abs(y).max() > 1e-3
    np.testing.assert_allclose(y, theirs, rtol=2e-4, atol=2e-4 * np.abs(y).max())


TRANSLATED = [
    pytest.param(example, id=f"{kind.__name__}: {example.name}")
    for kind, examples in EXAMPLES.items()
    if issubclass(kind, layers.Layer)
    for example in examples
]


@pytest.mark.parametrize("example", TRANSLATED)
def test_every_layer_has_a_counterpart_with_the_same_gradient(example):
    torch = pytest.importorskip("torch")
    from tinyalex.check.bench.torch_net import translate

    layer = example.make().eval()
    x = normal(example.shape, 1).astype(np.float32)
    module = translate(layer).eval()
    there = torch.from_numpy(x.copy()).requires_grad_()
    expected = module(there.clone())
    y = layer.forward(x.copy())
    np.testing.assert_allclose(y, expected.detach().numpy(), rtol=1e-5, atol=1e-5)
    dy = normal(y.shape, 2).astype(np.float32)
    expected.backward(torch.from_numpy(dy.copy()))
    dx = layer.backward(dy.copy())
    np.testing.assert_allclose(dx, there.grad.numpy(), rtol=1e-4, atol=1e-4)


def test_a_layer_without_counterpart_is_refused():
    pytest.importorskip("torch")
    from tinyalex.check.bench.torch_net import translate

    class Unheard(layers.Layer):
        pass

    with pytest.raises(ConfigError, match="Unheard has no PyTorch counterpart"):
        translate(Unheard())
    with pytest.raises(ConfigError, match="odd size"):
        translate(layers.SpatialResponseNorm(2))


def test_dropout_of_the_peer_drops_in_training_only():
    torch = pytest.importorskip("torch")
    from tinyalex.check.bench.torch_net import translate

    for mode, kept in (("paper", 0.5), ("inverted", 1.0)):
        module = translate(layers.Dropout(0.5, mode))
        ones = torch.ones(1000)
        assert 300 < int((module.train()(ones) == 0).sum()) < 700
        assert set(module.eval()(ones).tolist()) == {kept}


def test_both_ways_of_the_peers_augmentation_agree():
    torch = pytest.importorskip("torch")
    from tinyalex.check.bench import peer

    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (5, 3, 9, 9), np.uint8))
    tops, lefts = torch.tensor([0, 1, 2, 3, 0]), torch.tensor([3, 0, 1, 2, 2])
    mirrors = torch.tensor([True, False, True, False, True])
    draws = images, tops, lefts, mirrors, 6
    x = peer._one_by_one(*draws)
    assert x.shape == (5, 3, 6, 6) and x.dtype == torch.float32
    assert torch.equal(x, peer._gather(*draws))
    assert torch.equal(x[0], images[0, :, 0:6, 3:9].flip(2).float())


def test_the_peer_keeps_the_fastest_settings(monkeypatch):
    from tinyalex.check.bench import peer

    cost = {"channels_last": -0.2, "fused": 0.1}
    monkeypatch.setattr(
        peer, "_trial", lambda job: 1 + sum(cost[k] for k, on in job.settings.items() if on)
    )
    assert peer.choose(JOB) == {"channels_last": True, "fused": False}


@pytest.mark.parametrize("task", bench.TASKS)
def test_every_setting_of_the_peer_runs(task):
    pytest.importorskip("torch")
    from tinyalex.check.bench import peer

    job = replace(JOB, implementation="torch", task=task)
    for on in (False, True):
        work = peer.work(replace(job, settings=dict.fromkeys(peer.TRIED[task], on)))
        assert work.seconds(1) > 0
        assert work.flop == ours.work(replace(job, implementation="numpy")).flop


def test_a_missing_torch_is_said_with_what_to_install(monkeypatch):
    from tinyalex.check.bench.torch_net import import_torch

    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ConfigError, match=r"pip install .*\[compare\]"):
        import_torch()


def test_torch_layers_have_our_names():
    pytest.importorskip("torch")
    from tinyalex.check.bench import torch_layer_times

    rows = torch_layer_times.measure(replace(JOB, implementation="torch"), passes=1)
    assert [row["name"] for row in rows] == [n for n, _ in models.build("tiny").named_layers()]
    assert all(row["forward_ms"] > 0 and row["backward_ms"] > 0 for row in rows)
