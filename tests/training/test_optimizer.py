"""SGD: the paper's update written out, PyTorch's, and multipliers by name."""

from __future__ import annotations

import numpy as np
import pytest

from tinyalex import models, recipes
from tinyalex.errors import CheckpointError, ConfigError
from tinyalex.layers import Linear
from tinyalex.training import SGD


def layer_with(seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    layer = Linear(4, 3)
    for key, shape in (("weight", (3, 4)), ("bias", (3,))):
        layer.params[key] = rng.normal(size=shape).astype(dtype)
    return layer, rng


def new_gradients(layer, rng):
    for key, w in layer.params.items():
        layer.grads[key] = rng.normal(size=w.shape).astype(w.dtype)


def test_a_step_is_the_papers_update_written_out():
    layer, rng = layer_with(0)
    optimizer = SGD(layer, lr=0.1, momentum=0.9, weight_decay=0.01)
    w = layer.params["weight"].copy()
    v = np.zeros_like(w)
    for lr in (0.1, 0.1, 0.02, 0.02):
        optimizer.lr = lr
        new_gradients(layer, rng)
        optimizer.step()
        g = layer.grads["weight"]
        for i in np.ndindex(w.shape):
            v[i] = 0.9 * v[i] - 0.01 * lr * w[i] - lr * g[i]
            w[i] = w[i] + v[i]
        np.testing.assert_allclose(layer.params["weight"], w, rtol=1e-12)


def test_steps_are_pytorchs_while_the_rate_stays_and_differ_once_it_changes():
    torch = pytest.importorskip("torch")
    layer, rng = layer_with(1)
    w = torch.tensor(layer.params["weight"].copy(), requires_grad=True)
    theirs = torch.optim.SGD([w], lr=0.05, momentum=0.9, weight_decay=0.02)
    ours = SGD(layer, lr=0.05, momentum=0.9, weight_decay=0.02)

    def step():
        new_gradients(layer, rng)
        w.grad = torch.tensor(layer.grads["weight"])
        theirs.step()
        ours.step()

    for _ in range(5):
        step()
        np.testing.assert_allclose(layer.params["weight"], w.detach().numpy(), rtol=1e-12)
    # PyTorch's buffer has no rate in it; ours is -lr times that.
    buffer = theirs.state[w]["momentum_buffer"].numpy()
    np.testing.assert_allclose(ours.velocity["weight"], -0.05 * buffer, rtol=1e-10)
    ours.lr = theirs.param_groups[0]["lr"] = 0.005
    step()
    assert np.abs(layer.params["weight"] - w.detach().numpy()).max() > 1e-3
    # With the buffer converted to the new rate, they agree again.
    layer.params["weight"] = w.detach().numpy().copy()
    ours.load_state_dict({"weight": -0.005 * buffer_of(theirs, w), "bias": ours.velocity["bias"]})
    step()
    np.testing.assert_allclose(layer.params["weight"], w.detach().numpy(), rtol=1e-10)


def buffer_of(optimizer, w):
    return optimizer.state[w]["momentum_buffer"].numpy()


def test_the_last_pattern_that_matches_gives_rate_and_decay():
    model = models.build("cifar-80sec")
    optimizer = SGD(
        model, 0.001, 0.9, 0.004, [("*", 3, 3), ("fc*.weight", 1, 7.5), ("*.bias", 2, 0)]
    )
    assert optimizer.multipliers["conv1.weight"] == (3, 3)
    assert optimizer.multipliers["fc64.weight"] == (1, 7.5)
    assert optimizer.multipliers["fc64.bias"] == (2, 0)


def test_multipliers_reach_the_update():
    layer, rng = layer_with(2)
    optimizer = SGD(layer, 0.1, 0.0, 0.5, [("bias", 2, 0)])
    new_gradients(layer, rng)
    w, b = layer.params["weight"].copy(), layer.params["bias"].copy()
    optimizer.step()
    g = layer.grads
    np.testing.assert_allclose(layer.params["weight"], w - 0.1 * (0.5 * w + g["weight"]))
    np.testing.assert_allclose(layer.params["bias"], b - 0.2 * g["bias"])


@pytest.mark.parametrize(
    ("net", "conv", "last"),
    [("cifar-80sec", 0.004, 0.03), ("cifar-19pct", 0.004, 3.0), ("cifar-18pct", 0.004, 1.0)],
)
def test_recipes_decay_as_the_cfg_files_say(net, conv, last):
    recipe = recipes.get(net)
    optimizer = SGD(
        models.build(net), recipe.lr, recipe.momentum, recipe.weight_decay, recipe.multipliers
    )
    for name, wanted in (("conv1.weight", conv), ("conv3.weight", conv), ("fc10.weight", last)):
        rate, decay = optimizer.multipliers[name]
        assert rate == 1
        assert decay * recipe.weight_decay == pytest.approx(wanted)
    assert optimizer.multipliers["conv1.bias"] == (2, 0)


def test_frozen_parameters_stay():
    layer, rng = layer_with(3)
    optimizer = SGD(layer, 0.1)
    optimizer.freeze("w*")
    new_gradients(layer, rng)
    before = {k: w.copy() for k, w in layer.params.items()}
    optimizer.step()
    np.testing.assert_array_equal(layer.params["weight"], before["weight"])
    assert (layer.params["bias"] != before["bias"]).all()


def test_the_velocity_follows_a_change_of_dtype():
    layer, rng = layer_with(4, np.float32)
    optimizer = SGD(layer, 0.1)
    new_gradients(layer, rng)
    optimizer.step()
    layer.params = {k: w.astype(np.float64) for k, w in layer.params.items()}
    new_gradients(layer, rng)
    optimizer.step()
    assert optimizer.velocity["weight"].dtype == np.float64


@pytest.mark.parametrize(
    "wrong",
    [{"lr": -1}, {"lr": float("nan")}, {"lr": 1, "momentum": -0.1}, {"lr": 1, "lars": -0.001}],
)
def test_numbers_that_cannot_work_are_refused(wrong):
    with pytest.raises(ConfigError, match="must be a number of at least 0"):
        SGD(Linear(2, 2), **wrong)


def test_a_pattern_that_matches_nothing_is_refused():
    with pytest.raises(ConfigError, match=r"no parameter is called 'conv9\.\*'"):
        SGD(Linear(2, 2), 0.1, multipliers=[("conv9.*", 1, 1)])


def test_momentum_of_another_model_is_refused():
    optimizer = SGD(Linear(2, 2), 0.1)
    with pytest.raises(CheckpointError, match="missing or unknown"):
        optimizer.load_state_dict({"weight": np.zeros((2, 2))})
    with pytest.raises(CheckpointError, match=r"momentum of weight must be \(2, 2\)"):
        optimizer.load_state_dict({"weight": np.zeros((3, 2)), "bias": np.zeros(2)})


def test_a_steady_parameter_keeps_the_first_rate():
    layer, rng = layer_with(4)
    optimizer = SGD(layer, 0.1, momentum=0.0, weight_decay=0.0, steady=("bias",))
    before = {key: w.copy() for key, w in layer.params.items()}
    new_gradients(layer, rng)
    optimizer.lr = 0.001
    optimizer.step()
    for key, lr in (("weight", 0.001), ("bias", 0.1)):
        np.testing.assert_allclose(layer.params[key], before[key] - lr * layer.grads[key])
    with pytest.raises(ConfigError, match="no parameter is called 'biases'"):
        SGD(layer, 0.1, steady=("biases",))


def test_with_momentum_correction_steps_are_pytorchs_when_the_rate_changes():
    torch = pytest.importorskip("torch")
    layer, rng = layer_with(1)
    w = torch.tensor(layer.params["weight"].copy(), requires_grad=True)
    theirs = torch.optim.SGD([w], lr=0.05, momentum=0.9, weight_decay=0.02)
    ours = SGD(layer, lr=0.05, momentum=0.9, weight_decay=0.02, momentum_correction=True)
    for lr in (0.05, 0.2, 0.2, 0.01):
        ours.lr = theirs.param_groups[0]["lr"] = lr
        new_gradients(layer, rng)
        w.grad = torch.tensor(layer.grads["weight"])
        theirs.step()
        ours.step()
        np.testing.assert_allclose(layer.params["weight"], w.detach().numpy(), rtol=1e-12)


def test_momentum_is_corrected_by_each_parameters_own_rate():
    layer, rng = layer_with(2)
    optimizer = SGD(layer, 0.1, 0.5, 0.0, steady=("bias",), momentum_correction=True)
    optimizer.lr = 0.0
    for lr in (0.0, 0.4, 0.8):  # after a learning rate of 0 there is nothing to correct
        optimizer.lr = lr
        before = optimizer.state_dict()
        new_gradients(layer, rng)
        optimizer.step()
    v, g = optimizer.velocity, layer.grads
    np.testing.assert_allclose(v["weight"], 0.5 * 2 * before["weight"] - 0.8 * g["weight"])
    np.testing.assert_allclose(v["bias"], 0.5 * before["bias"] - 0.1 * g["bias"])


def test_lars_is_the_papers_rule_for_each_weight_and_each_bias():
    layer, rng = layer_with(3)
    optimizer = SGD(layer, 2.0, 0.9, 0.1, [("bias", 2, 0)], lars=0.001)
    w = {key: array.copy() for key, array in layer.params.items()}
    v = {key: np.zeros_like(array) for key, array in w.items()}
    for _ in range(3):
        new_gradients(layer, rng)
        optimizer.step()
        for key, multiplier, decay in (("weight", 1, 0.1), ("bias", 2, 0.0)):
            g = layer.grads[key]
            length, slope = (sum(x * x for x in a.flat) ** 0.5 for a in (w[key], g))
            lr = 2.0 * multiplier * 0.001 * length / (slope + decay * length)
            v[key] = 0.9 * v[key] - lr * (g + decay * w[key])
            w[key] = w[key] + v[key]
            np.testing.assert_allclose(layer.params[key], w[key], rtol=1e-12)


def test_with_lars_a_bias_of_zeros_moves_and_a_gradient_of_zeros_is_no_error():
    layer, rng = layer_with(4)
    layer.params["bias"] = np.zeros(3)
    optimizer = SGD(layer, 2.0, 0.0, 0.0, lars=0.001)
    new_gradients(layer, rng)
    layer.grads["weight"][:] = 0
    before = layer.params["weight"].copy()
    optimizer.step()
    np.testing.assert_allclose(layer.params["bias"], -2.0 * 0.001 * layer.grads["bias"])
    np.testing.assert_array_equal(layer.params["weight"], before)


def test_lars_step_does_not_depend_on_the_size_of_the_gradient():
    """Norms are float64: float32 squares of these numbers would be 0 or infinite."""
    moved = []
    for size in (1e-25, 1.0, 1e25):
        layer, rng = layer_with(5, np.float32)
        before = layer.params["weight"].copy()
        new_gradients(layer, rng)
        layer.grads = {key: g * np.float32(size) for key, g in layer.grads.items()}
        SGD(layer, 10.0, 0.0, 0.0, lars=0.01).step()
        moved.append(layer.params["weight"] - before)
    np.testing.assert_allclose(moved[0], moved[1], rtol=1e-4)
    np.testing.assert_allclose(moved[2], moved[1], rtol=1e-4)


def test_norms_count_every_piece_of_a_large_parameter(monkeypatch):
    monkeypatch.setattr("tinyalex.training.optimizer._PIECE", 5)  # 12 numbers: 5, 5 and 2
    test_lars_is_the_papers_rule_for_each_weight_and_each_bias()


def test_with_lars_the_host_waits_once_per_step_and_frozen_parameters_stay(monkeypatch):
    model = models.build("tiny")
    optimizer = SGD(model, 1.0, lars=0.001)
    optimizer.freeze("features.0.*")
    for _, layer, key in optimizer.parameters[2:]:
        layer.grads[key] = np.ones_like(layer.params[key])
    before = model.state_dict()
    asked = []
    backend = type(model.backend)
    real = backend.to_host
    monkeypatch.setattr(backend, "to_host", lambda self, a: asked.append(a.shape) or real(self, a))
    optimizer.step()
    monkeypatch.undo()
    assert asked == [(2 * (len(optimizer.parameters) - 2),)]
    after = model.state_dict()
    moved = {name for name in before if (after[name] != before[name]).any()}
    assert moved == {name for name in before if not name.startswith("features.0.")}
    optimizer.freeze("*")
    optimizer.step()
