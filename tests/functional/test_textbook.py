"""The textbook's proofs: array-api-strict runs all of it, and autograd agrees with it.

What its numbers are, `tests/backends/test_kernels.py` compares with plain loops.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import array_api_strict as strict
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies as own
from tests.functional.cases import OPERATIONS, Case
from tinyalex import functional as F
from tinyalex.backends.operations import Operations

NEAR = {"rtol": 1e-9, "atol": 1e-10}
operations = pytest.mark.parametrize("name", OPERATIONS)
WITHOUT_GRADIENT = {"augment", "sgd_step"}


def direction_of(y: Any, seed: int = 99) -> np.ndarray[Any, Any]:
    """A gradient of the loss, in the shape of the output."""
    return own.normal(tuple(y.shape), seed)


@operations
@given(data=st.data())
def test_strict_arrays_give_the_same_numbers(name: str, data: st.DataObject) -> None:
    case = data.draw(OPERATIONS[name])
    expected = case.forward(*case.arrays)
    given_arrays = [strict.asarray(a) for a in case.arrays]
    y = case.forward(*given_arrays)
    np.testing.assert_allclose(np.asarray(y), expected, **NEAR)
    dy = direction_of(expected)
    found = case.backward(strict.asarray(dy), *given_arrays)
    for got, wanted in zip(found, case.backward(dy, *case.arrays), strict=True):
        np.testing.assert_allclose(np.asarray(got), wanted, **NEAR)


@operations
@given(data=st.data())
def test_autograd_through_the_forward_pass_is_the_backward_pass(
    name: str, data: st.DataObject
) -> None:
    torch = pytest.importorskip("torch")
    case = data.draw(OPERATIONS[name])
    tensors = [torch.from_numpy(a.copy()).requires_grad_() for a in case.arrays]
    y = case.forward(*tensors)
    np.testing.assert_allclose(y.detach().numpy(), case.forward(*case.arrays), **NEAR)
    dy = direction_of(y)
    y.backward(torch.from_numpy(dy))
    ours = case.backward(dy, *case.arrays)
    with torch.no_grad():
        on_tensors = case.backward(torch.from_numpy(dy), *tensors)
    for tensor, gradient, there in zip(tensors, ours, on_tensors, strict=True):
        np.testing.assert_allclose(tensor.grad.numpy(), gradient, **NEAR)
        np.testing.assert_allclose(there.numpy(), gradient, **NEAR)


@operations
@given(data=st.data())
def test_arguments_stay_as_they_are(name: str, data: st.DataObject) -> None:
    case: Case = data.draw(OPERATIONS[name])
    before = [a.copy() for a in case.arrays]
    dy = direction_of(case.forward(*case.arrays))
    copy = dy.copy()
    case.backward(dy, *case.arrays)
    for a, b in zip([*case.arrays, dy], [*before, copy], strict=True):
        np.testing.assert_array_equal(a, b)


@operations
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(data=st.data())
def test_a_dtype_is_kept(name: str, dtype: str, data: st.DataObject) -> None:
    case = data.draw(OPERATIONS[name])
    if name == "dropout" and dtype == "float32":
        return  # its case draws float64 numbers to compare with; layers' tests have the other
    arrays = [a.astype(dtype) for a in case.arrays]
    y = case.forward(*arrays)
    gradients = case.backward(direction_of(y).astype(dtype), *arrays)
    assert {str(a.dtype) for a in (y, *gradients)} == {dtype}


@given(seed=own.seeds)
@pytest.mark.parametrize("kind", ["strict", "torch"])
def test_a_step_of_sgd_and_augmentation_on_other_arrays(kind: str, seed: int) -> None:
    as_array: Callable[..., Any] = strict.asarray
    if kind == "torch":
        as_array = pytest.importorskip("torch").from_numpy
    w, g, v = (own.normal((3, 2), seed + i) for i in range(3))
    expected = F.sgd_step(w, g, v, 0.1, 0.9, 5e-4)
    for got, wanted in zip(
        F.sgd_step(*map(as_array, (w, g, v)), 0.1, 0.9, 5e-4), expected, strict=True
    ):
        np.testing.assert_allclose(np.asarray(got), wanted, **NEAR)
    rng = np.random.default_rng(seed)
    batch = (
        rng.integers(0, 256, (2, 6, 5, 3), np.uint8),
        *(rng.integers(0, 2, 2) for _ in range(2)),
        rng.random(2) < 0.5,
    )
    floats = (rng.random(shape, np.float32) for shape in ((3, 4, 3), (2, 3), (3,)))
    mean, colour, scale = floats
    wanted = F.augment(*batch, (4, 3), mean, colour, scale)
    got = F.augment(*map(as_array, batch), (4, 3), *map(as_array, (mean, colour, scale)))
    np.testing.assert_allclose(np.asarray(got), wanted, rtol=1e-6)


@given(data=st.data())
def test_pytorchs_functions_of_the_same_name_give_the_same(data: st.DataObject) -> None:
    torch = pytest.importorskip("torch")
    case = data.draw(own.convolutions())
    x = own.normal(case.shape, 0)
    w = own.normal((case.out_channels, case.shape[1] // case.groups, *case.kernel), 1)
    how = own.normal(w.shape[:1], 2), case.stride, case.padding, case.groups
    pool = data.draw(own.poolings())
    maps, logits = own.normal(pool.shape, 3), own.normal((3, 5), 4)
    window = pool.kernel, pool.stride
    labels = np.array([0, 4, 2])
    theirs = torch.nn.functional
    t = torch.from_numpy
    bias, stride, padding, groups = how
    pairs = [
        (F.conv2d(x, w, *how), theirs.conv2d(t(x), t(w), t(bias), stride, padding, 1, groups)),
        (
            F.max_pool2d(maps, *window, pool.ceil_mode)[0],
            theirs.max_pool2d(t(maps), *window, ceil_mode=pool.ceil_mode),
        ),
        (
            F.avg_pool2d(maps, *window, pool.ceil_mode),
            theirs.avg_pool2d(t(maps), *window, ceil_mode=pool.ceil_mode),
        ),
        (
            F.local_response_norm(maps, 3, 0.1, 0.75, 2.0)[0],
            theirs.local_response_norm(t(maps), 3, 0.3, 0.75, 2.0),  # theirs divides alpha by 3
        ),
        (F.softmax(logits), theirs.softmax(t(logits), dim=1)),
        (F.cross_entropy(logits, labels), theirs.cross_entropy(t(logits), t(labels))),
        (F.linear(logits, logits, labels), theirs.linear(t(logits), t(logits), t(1.0 * labels))),
        (F.relu(logits), theirs.relu(t(logits))),
        (F.tanh(logits), torch.tanh(t(logits))),
    ]
    for ours, their in pairs:
        np.testing.assert_allclose(ours, their.numpy(), **NEAR)


def test_every_operation_has_a_case_and_a_place_in_the_table() -> None:
    helpers = {"out_hw", "softmax"}
    backward = {f"{n}_backward" for n in OPERATIONS if n != "im2col"} | {"col2im"}
    assert set(F.__all__) == {*OPERATIONS} | backward | WITHOUT_GRADIENT | helpers
    assert {n for n in F.__all__ if not hasattr(Operations, n)} == helpers
