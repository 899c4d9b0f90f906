"""`features`, `summary` and the tables of notebooks; lists and other libraries' arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyalex import backends, models
from tinyalex.backends.foreign import bring
from tinyalex.check import gradcheck
from tinyalex.errors import ConfigError, ShapeError
from tinyalex.layers import (
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    NoSuchLayerError,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
    Tanh,
    Towers,
)

X = np.random.default_rng(0).normal(size=(3, 2, 5, 5)).astype(np.float32)


def network() -> Sequential:
    sides = [Sequential([Conv2d(2, 3, 3, seed=s), Tanh()]) for s in (1, 2)]
    return Sequential(
        {
            "towers": Towers(*sides, crossing=True),
            "flatten": Flatten(),
            "classifier": Sequential(Dropout(0.5, seed=3), Linear(54, 4, seed=4), ReLU()),
        }
    )


def step_by_step(net: Sequential, x: Any) -> dict[str, Any]:
    """The output of every layer and of every network inside, by definition."""
    left, right = net["towers"].children.values()
    found: dict[str, Any] = {}
    for name, tower in (("left", left), ("right", right)):
        found[f"towers.{name}.0"] = tower.children["0"].forward(x)
        found[f"towers.{name}.1"] = np.tanh(found[f"towers.{name}.0"])
        found[f"towers.{name}"] = found[f"towers.{name}.1"]
    found["towers"] = np.concatenate([found["towers.left"], found["towers.right"]], axis=1)
    found["flatten"] = found["classifier.0"] = found["towers"].reshape(len(x), -1)
    found["classifier.1"] = net["classifier"].children["1"].forward(found["flatten"])
    found["classifier.2"] = found["classifier"] = np.maximum(found["classifier.1"], 0)
    return found


@given(st.sampled_from(sorted(step_by_step(network().eval(), X))), st.booleans())
def test_features_are_the_output_of_any_layer_and_leave_no_trace(at: str, training: bool) -> None:
    net, twin = network().train(training), network().train(training)
    net["flatten"].eval()  # modes may be mixed
    twin["flatten"].eval()
    wanted = step_by_step(network().eval(), X)[at]
    y, twins_y = net.forward(X), twin.forward(X)
    modes = [layer.training for _, layer in net.named_layers()]
    np.testing.assert_allclose(net.features(X[::-1], at=at), wanted[::-1], atol=1e-6)
    assert [layer.training for _, layer in net.named_layers()] == modes
    assert net.random_state() == twin.random_state()
    dy = np.ones_like(y)  # backward is still that of the first forward
    assert (net.backward(dy) == twin.backward(dy)).all() and (y == twins_y).all()


def test_features_of_no_layer_name_the_nearest() -> None:
    for at in ("classifier.9", "clasifier.1", "", "flatten.0"):
        with pytest.raises(NoSuchLayerError, match="unknown layer"):
            network().features(X, at=at)
    with pytest.raises(ShapeError, match="channels"):
        network().features(X[:, :1], at="classifier.1")
    net = network()
    assert "forward" not in vars(net["flatten"])


def test_the_summary_has_what_every_layer_puts_out_and_costs() -> None:
    net = network()
    summary = net.summary((2, 5, 5))
    assert [row.name for row in summary.rows] == [name for name, _ in net.named_layers()]
    for row in summary.rows:
        assert row.output_shape == net.features(X, at=row.name).shape[1:]
        layer = net.find(row.name)
        assert row.parameters == sum(w.size for w in layer.params.values())
    assert summary.parameters == net.count_parameters()
    assert summary.multiply_adds == net.flops((1, 2, 5, 5)) // 2 == 2 * 9 * 27 * 2 + 54 * 4
    lines = str(summary).splitlines()
    assert lines[-1].split() == ["total", "334", "1,188"]
    assert models.build("tiny").summary() == models.build("tiny").summary((1, 16, 16))
    unknown = str(network().summary())
    assert "None" not in unknown and unknown.splitlines()[-1].split() == ["total", "334"]


def test_a_notebook_shows_tables_of_escaped_text() -> None:
    class Odd(ReLU):
        pass

    Odd.__name__ = "<b>"
    html = Sequential({"<script>": Odd()})._repr_html_()
    assert "<script>" not in html and "&lt;script&gt;" in html and "<b>" not in html
    report = gradcheck(Linear(3, 2), X[0, 0, :, :3].astype(float))._repr_html_()
    assert report.count("<tr>") == 1 + 3 * 4 and "text-align:right" in report
    assert "color" not in html + report and "background" not in report  # the notebook's own


def test_layers_are_given_one_by_one_or_as_a_list_or_a_dict() -> None:
    a, b = Linear(2, 3), ReLU()
    for net in (Sequential(a, b), Sequential([a, b]), Sequential({"0": a, "1": b})):
        assert list(net.children.items()) == [("0", a), ("1", b)]
    assert list(Sequential(layer for layer in (a, b))) == [a, b]
    assert list(Sequential(Sequential(a), b)[0].children) == ["0"]
    assert len(Sequential()) == len(Sequential([])) == 0
    with pytest.raises(ConfigError, match="must be a Layer"):
        Sequential(a, [b])  # type: ignore[call-overload]


def test_lists_and_other_libraries_arrays_are_taken(torch: Any) -> None:
    net = Sequential(Linear(2, 3), ReLU())
    wanted = net.forward(np.array([[1, 2], [3, 4]], np.float32))

    class Reads:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return np.array([[1, 2], [3, 4]], np.float32)

    rows = [[1, 2], [3, 4]]
    for x in (rows, tuple(rows), torch.tensor(rows, dtype=torch.float32), Reads()):
        assert (net.forward(x) == wanted).all()
        assert (net(x) == wanted).all() and (net[0](x) >= -9).all()
    strided = torch.arange(8.0).reshape(4, 2)[::2]
    assert (bring(strided, net.backend, "x") == [[0, 1], [4, 5]]).all()
    loss = SoftmaxCrossEntropy()
    assert math.isclose(loss([[0.0, 0.0]], [1]), math.log(2), rel_tol=1e-6)


def test_what_is_no_array_is_refused_and_named(torch: Any) -> None:
    net = Sequential(ReLU())
    numbers = torch.ones(2, 2)
    for x, says in (
        (numbers.requires_grad_(), r"torch.Tensor: .*\n?.*detach"),
        (torch.ones(2, 2).bfloat16(), "torch.Tensor"),
        ("words", "got str"),
        ([["a"]], "must be numbers"),
        ([[1.0], [1.0, 2.0]], "got a list: "),
        (None, "got NoneType"),
    ):
        with pytest.raises(ShapeError, match=says):
            net.forward(x)
    for x in (torch.ones(2, 2), [[1.0]], 3.0):
        with pytest.raises(ShapeError, match=r"ReLU: x must be an array of backend 'numpy'"):
            ReLU().forward(x)


def test_own_arrays_are_not_copied() -> None:
    x = np.ones((2, 2), np.float32)
    assert bring(x, backends.get("numpy"), "x") is x
