"""What every layer promises, on every backend: a new layer enrols itself."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import tinyalex.layers
from tests.backends import BACKENDS
from tests.layers.examples import (
    ALL,
    EXAMPLES,
    IMAGES_ONLY,
    NOT_LOSSES,
    WITH_WEIGHTS,
    Example,
    both_passes,
    build,
    classes,
    forward,
    host_input,
    labels_for,
    leaves,
    name_of,
)
from tests.strategies import normal
from tinyalex import backends
from tinyalex.backends import Backend, operations
from tinyalex.check import gradcheck
from tinyalex.errors import ShapeError, TinyalexError
from tinyalex.layers import Container, Layer, Loss


@pytest.fixture(params=BACKENDS.values(), ids=BACKENDS.keys())
def backend(request: pytest.FixtureRequest) -> Backend:
    return request.param


@pytest.fixture(params=ALL, ids=name_of)
def example(request: pytest.FixtureRequest) -> Example:
    return request.param[1]


def only(cases: list[tuple[type[Layer], Example]]) -> pytest.MarkDecorator:
    """Run a test for some of the examples."""
    return pytest.mark.parametrize("example", cases, ids=name_of, indirect=True)


@pytest.fixture
def layer(example: Example, backend: Backend) -> Layer:
    return build(example, backend)


def test_every_layer_has_an_example() -> None:
    missing = [cls.__name__ for cls in classes() if cls not in EXAMPLES]
    assert not missing, f"add them to EXAMPLES in tests/layers/examples.py: {missing}"


@pytest.mark.parametrize("example", [e for _, e in ALL], ids=[name_of(e) for e in ALL])
def test_a_layers_text_makes_the_same_layer_again(example: Example) -> None:
    """So no setting that decides what is computed is missing in it."""
    layer = example.make()
    if isinstance(layer, Container):
        return  # tests/layers/test_containers.py
    text = repr(layer)
    again = eval(text, vars(tinyalex.layers))
    assert type(again) is type(layer) and repr(again) == text
    names = inspect.signature(type(layer)).parameters.keys() - {"seed", "inplace"}
    assert {name: vars(layer)[name] for name in names} == {n: vars(again)[n] for n in names}


def test_no_example_is_square() -> None:
    assert all(e.shape[2] != e.shape[3] for _, e in ALL if len(e.shape) == 4)


@pytest.mark.parametrize(
    "backend",
    # On the textbook's strict arrays it takes a second, and both passes give NumPy's numbers.
    [
        pytest.param(b, id=n, marks=pytest.mark.slow if n == "strict" else ())
        for n, b in BACKENDS.items()
    ],
    indirect=True,
)
def test_gradients_equal_measured_slopes(layer: Layer, example: Example) -> None:
    x = host_input(example)
    gradcheck(layer, x, extra=labels_for(layer, x))


def test_output_shape_tells_the_truth(layer: Layer, example: Example) -> None:
    x = host_input(example)
    results = both_passes(layer, x)
    if not isinstance(layer, Loss):
        assert results["y"].shape == layer.output_shape(x.shape)
    assert results["dx"].shape == x.shape
    for leaf in leaves(layer):
        assert {k: v.shape for k, v in leaf.params.items()} == {
            k: v.shape for k, v in leaf.grads.items()
        }


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_dtype_is_kept(example: Example, backend: Backend, dtype: str) -> None:
    layer = build(example, backend, dtype)
    results = both_passes(layer, host_input(example).astype(dtype))
    assert {name: a.dtype.name for name, a in results.items()} == dict.fromkeys(results, dtype)


def test_inputs_and_parameters_are_left_alone(layer: Layer, example: Example) -> None:
    backend = layer.backend
    host = host_input(example)
    x, labels = backend.asarray(host.copy()), labels_for(layer, host)
    before = {
        (i, key): backend.to_host(value).copy()
        for i, leaf in enumerate(leaves(layer))
        for key, value in leaf.params.items()
    }
    y = forward(layer, x, labels)
    kept_y = backend.to_host(y).copy()
    if labels:
        layer.backward()
    else:
        host_dy = normal(tuple(y.shape), 1)
        dy = backend.asarray(host_dy.copy())
        layer.backward(dy)
        np.testing.assert_array_equal(backend.to_host(dy), host_dy)
    np.testing.assert_array_equal(backend.to_host(x), host)
    np.testing.assert_array_equal(backend.to_host(y), kept_y)
    for (i, key), value in before.items():
        np.testing.assert_array_equal(backend.to_host(leaves(layer)[i].params[key]), value)


def test_the_same_passes_twice_give_the_same_bytes(layer: Layer, example: Example) -> None:
    x = host_input(example)
    one, two = both_passes(layer, x), both_passes(layer, x)
    assert {k: v.tobytes() for k, v in one.items()} == {k: v.tobytes() for k, v in two.items()}


def test_memory_order_does_not_matter(example: Example) -> None:
    backend = backends.get("numpy", threads=1)
    x = host_input(example)
    expected = both_passes(build(example, backend), x)
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]))
    wide[..., ::2] = x
    orders = {
        "columns first": np.asfortranarray(x),
        "every second column": wide[..., ::2],
        "back to front": x[::-1].copy()[::-1],
        "batch last": np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 0, -1)), -1, 0),
    }
    for name, same in orders.items():
        results = both_passes(build(example, backend), same)
        for key, value in results.items():
            np.testing.assert_allclose(
                value, expected[key], rtol=1e-12, atol=1e-12, err_msg=f"{name}: {key}"
            )


@only(NOT_LOSSES)
def test_an_image_alone_gives_what_it_gives_in_a_batch(layer: Layer, example: Example) -> None:
    layer.eval()
    x = host_input(example)
    together, alone = both_passes(layer, x), both_passes(layer, x[:1])
    np.testing.assert_allclose(alone["y"], together["y"][:1], rtol=1e-12, atol=1e-12)
    assert alone["dx"].shape == x[:1].shape


def test_an_empty_batch_gives_an_empty_result_or_a_clear_error(
    layer: Layer, example: Example
) -> None:
    x = host_input(example, batch=0)
    if isinstance(layer, Loss):
        with pytest.raises(ShapeError, match="empty"):
            both_passes(layer, x)
        return
    results = both_passes(layer, x)
    assert results.pop("y").shape == layer.output_shape(x.shape)
    assert results.pop("dx").shape == x.shape
    assert all(not g.any() for g in results.values())


def test_any_number_of_threads_gives_the_same_bytes(
    example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = host_input(example, batch=7).astype(np.float32)
    whole = both_passes(build(example, backends.get("numpy", threads=1), "float32"), x)
    monkeypatch.setattr(operations, "SLICE_BYTES", 1)  # an image a slice
    results = [
        both_passes(build(example, backends.get("numpy", threads=threads), "float32"), x)
        for threads in (1, 2, 4)
    ]
    for key, value in results[0].items():
        assert value.tobytes() == results[1][key].tobytes() == results[2][key].tobytes(), key
        np.testing.assert_allclose(value, whole[key], rtol=1e-4, atol=1e-5, err_msg=key)


def test_every_backend_computes_the_same(layer: Layer, example: Example) -> None:
    x = host_input(example)
    expected = both_passes(build(example, backends.get("numpy", threads=1)), x)
    for key, value in both_passes(layer, x).items():
        np.testing.assert_allclose(value, expected[key], rtol=1e-10, atol=1e-12, err_msg=key)


@only(WITH_WEIGHTS)
def test_the_input_gradient_can_be_left_out(layer: Layer, example: Example) -> None:
    x = host_input(example)
    expected = both_passes(layer, x)
    layer.needs_dx = False
    y = forward(layer, layer.backend.asarray(x), ())
    assert layer.backward(layer.backend.asarray(normal(tuple(y.shape), 1))) is None
    for key in layer.params:
        np.testing.assert_array_equal(
            layer.backend.to_host(layer.grads[key]), expected[f"0 d{key}"]
        )


def test_moving_there_and_back_changes_nothing(example: Example) -> None:
    numpy = backends.get("numpy", threads=1)
    layer = build(example, numpy)
    x = host_input(example)
    expected = both_passes(layer, x)
    layer.to(BACKENDS["strict"]).to(numpy)
    for key, value in both_passes(layer, x).items():
        np.testing.assert_array_equal(value, expected[key])


def test_train_and_eval_reach_every_part_and_return_the_layer(layer: Layer) -> None:
    assert all(leaf.training for leaf in leaves(layer))
    assert layer.eval() is layer and not any(leaf.training for leaf in leaves(layer))
    assert layer.train() is layer and all(leaf.training for leaf in leaves(layer))


@only(NOT_LOSSES)
def test_flops_are_counted_for_each_image_alike(layer: Layer, example: Example) -> None:
    _, *image = example.shape
    one = layer.flops((1, *image))
    assert one >= 0 and layer.flops((3, *image)) == 3 * one
    assert (one > 0) == any(leaf.params for leaf in leaves(layer))


def test_backward_before_forward_is_a_clear_error(layer: Layer, example: Example) -> None:
    with pytest.raises(TinyalexError, match="Try: call forward"):
        if isinstance(layer, Loss):
            layer.backward()
        else:
            shape = layer.output_shape(example.shape)
            layer.backward(layer.backend.asarray(np.zeros(shape)))


def test_whole_numbers_are_refused(layer: Layer, example: Example) -> None:
    x = np.ones(example.shape, dtype=np.int64)
    with pytest.raises(ShapeError, match="floating-point"):
        forward(layer, layer.backend.asarray(x), labels_for(layer, x))


@only(NOT_LOSSES)
def test_a_gradient_of_the_wrong_shape_is_refused(layer: Layer, example: Example) -> None:
    y = forward(layer, layer.backend.asarray(host_input(example)), ())
    N, *rest = y.shape
    with pytest.raises(ShapeError, match="dy"):
        layer.backward(layer.backend.asarray(np.zeros((N + 1, *rest))))


@only(IMAGES_ONLY)
def test_an_image_without_its_batch_axis_is_refused(layer: Layer, example: Example) -> None:
    x = host_input(example)[0]
    with pytest.raises(ShapeError, match=r"\(N, C, H, W\)[\s\S]*x\[None\]"):
        layer.forward(layer.backend.asarray(x))
