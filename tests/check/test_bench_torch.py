"""The PyTorch peer of a benchmark computes what ours does, in the fastest of its settings."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.layers.examples import EXAMPLES
from tests.strategies import normal
from tests.weights.nets import SMALLER, few_hidden
from tinyalex import layers, models
from tinyalex.check import bench
from tinyalex.check.bench import ours, tables, torch_settings
from tinyalex.check.bench.turns import Result
from tinyalex.errors import ConfigError

JOB = bench.Job("numpy", "tiny", "train", batch_size=4, threads=1)
QUICK = {"tiny", "cifar-80sec", "cifar-18pct", "cifar-13pct", "cifar-fig1-tanh", "alexnet-small"}


@pytest.mark.parametrize(
    "name",
    [
        name if name in QUICK else pytest.param(name, marks=pytest.mark.slow)
        for name in models.names()
    ],
)
def test_the_torch_net_computes_what_ours_does(name, monkeypatch):
    torch = pytest.importorskip("torch")
    few_hidden(monkeypatch)
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


class Timed:
    """Work whose first call takes 100 seconds, and every other one what its settings cost."""

    images = 10

    def __init__(self, seconds: float) -> None:
        self.spent = [seconds, seconds, 100.0]

    def seconds(self, repeats: int) -> float:
        return self.spent.pop() if len(self.spent) > 1 else self.spent[0]


COST = {True: 0.7, False: 1.0, "off": 1.0, "default": 0.8, "max-autotune": 0.6, "float32": 1.0}


def timed(job: bench.Job) -> Any:
    """channels_last helps without torch.compile, and harms with it; fused always harms."""
    cost = {name: COST.get(value, 1.0) for name, value in job.settings.items()}
    if job.settings["channels_last"] and job.settings["compile"] != "off":
        cost["channels_last"] = 1.2
    if job.settings["compile"] == "reduce-overhead":
        raise RuntimeError("no graphs\nat all")
    if job.settings.get("fused"):
        cost["fused"] = 1.1
    return Timed(float(np.prod(list(cost.values()))))


def test_the_peer_keeps_the_fastest_settings_and_tells_of_all():
    settings, trials = torch_settings.choose(replace(JOB, device="cuda"), timed)
    assert settings == {"channels_last": False, "fused": False, "compile": "max-autotune"}
    tried = [(t["settings"]["channels_last"], t["settings"]["compile"]) for t in trials]
    assert tried == [
        (False, "off"),
        (True, "off"),  # faster: kept for what follows
        (True, "off"),  # fused
        (True, "default"),
        (True, "reduce-overhead"),
        (True, "max-autotune"),
        (False, "max-autotune"),
    ]
    assert trials[-1]["images_per_second"] == pytest.approx(10 / 0.6)
    assert trials[-1]["first_call_seconds"] == 100
    assert trials[4]["problem"] == "RuntimeError: no graphs"
    assert trials[4]["images_per_second"] is None


def test_the_peer_must_run_as_it_is():
    def fails(job: bench.Job) -> Any:
        raise ValueError("cannot")

    with pytest.raises(RuntimeError, match="ValueError: cannot"):
        torch_settings.choose(JOB, fails)


def test_what_is_tried_depends_on_the_task_the_device_and_the_precision():
    def compiles(**changes: Any) -> tuple[Any, ...]:
        return torch_settings.tried(replace(JOB, **changes)).get("compile", ())

    assert "reduce-overhead" in compiles(device="cuda") and "reduce-overhead" not in compiles()
    assert not compiles(compile=False) and not compiles(task="data")
    infer = torch_settings.tried(replace(JOB, task="infer", precision="bf16"))
    assert infer["weights"] == ("float32", "bfloat16") and "fused" not in infer
    assert "weights" not in torch_settings.tried(replace(JOB, task="infer"))


@pytest.mark.parametrize("precision", ["float32", "bf16"])
@pytest.mark.parametrize("task", bench.TASKS)
def test_every_setting_of_the_peer_runs(task, precision):
    pytest.importorskip("torch")
    from tinyalex.check.bench import peer

    job = replace(JOB, implementation="torch", task=task, precision=precision, compile=False)
    for which in (0, -1):
        values = torch_settings.tried(job)
        work = peer.work(replace(job, settings={name: v[which] for name, v in values.items()}))
        assert work.seconds(1) > 0
        same = replace(job, implementation="numpy", precision="float32")
        assert work.flop == ours.work(same).flop


@pytest.mark.slow
@pytest.mark.parametrize("task", ["train", "infer"])
def test_a_compiled_peer_computes_the_same(task):
    torch = pytest.importorskip("torch")
    from tinyalex.check.bench import peer

    job = replace(JOB, implementation="torch", task=task)
    nets = [peer.Net(replace(job, settings={"compile": mode})) for mode in ("off", "default")]
    plain, fast = (net.compiled(lambda net=net: net.module.eval()(net.x)) for net in nets)
    nets[1].module.load_state_dict(nets[0].module.state_dict())
    with torch.no_grad():
        np.testing.assert_allclose(fast().numpy(), plain().numpy(), rtol=1e-4, atol=1e-6)


def test_in_bfloat16_the_peers_products_are_rounded():
    torch = pytest.importorskip("torch")
    from tinyalex.check.bench import peer

    job = replace(JOB, implementation="torch", precision="bf16")
    net = peer.Net(job)
    with net.autocast():
        assert net.module(net.x).dtype == torch.bfloat16
    low = peer.Net(replace(job, settings={"weights": "bfloat16"}))
    assert low.x.dtype == torch.bfloat16 and low.module(low.x).dtype == torch.bfloat16
    whole = peer.Net(replace(job, precision="float32"))
    with whole.autocast():
        assert whole.module(whole.x).dtype == torch.float32


def test_the_settings_are_told_in_words():
    def trial(settings: dict[str, Any], rate: float | None, problem: str = "") -> dict[str, Any]:
        first = {"first_call_seconds": 61.2, "problem": problem}
        return {"settings": settings, "images_per_second": rate, **first}

    best = {"channels_last": True, "compile": "default"}
    job = replace(JOB, implementation="torch", settings=best)
    trials = (trial(best, 9.0), trial({"compile": "off"}, 8.0), trial({"compile": "x"}, None, "no"))
    result = Result(job, (1.0,), 1, 0.0, None, 1, "cpu", trials=trials)
    assert tables.settings_lines([result, replace(result, job=JOB)]) == [
        "torch train, float32: channels_last on, compile default (the fastest of 2 choices; its "
        "first call took 61 s)",
        "  left out: compile x: no",
    ]
    assert result.to_dict()["trials"] == list(trials)


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
