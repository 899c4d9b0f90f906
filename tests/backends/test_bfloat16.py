"""Mixed precision: each operation has its casts where the table says, on every backend."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests import strategies as own
from tests.backends import rounding
from tinyalex import backends, functional, models
from tinyalex import functional as F
from tinyalex.backends import base
from tinyalex.backends.bfloat16 import CASTS, with_bfloat16
from tinyalex.errors import ConfigError
from tinyalex.layers import Conv2d

ml_dtypes = pytest.importorskip("ml_dtypes")

Host = np.ndarray[Any, Any]
BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
UNIT = 2.0**-8  # the largest relative error of a rounding to 8 bits
NAMES = [name for name in backends.available() if name != "cuda"]
BACKENDS = {name: backends.get(name, threads=2, precision="bf16") for name in NAMES}


def rounded(x: Host) -> Host:
    """The nearest number of 8 bits, of two the even one, by arithmetic on the exponent."""
    mantissa, exponent = np.frexp(np.asarray(x, np.float64))
    return np.ldexp(np.round(mantissa * 256) / 256, exponent)  # NumPy rounds halves to even


# ---------------------------------------------------------------------- rounding


@pytest.mark.parametrize("name", NAMES)
@given(bits=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20))
@example(bits=[0x3F808000, 0x3F818000, 0x3F808001, 0x7F7FFFFF, 0x7F800000, 0x7F800001, 0xFFFFFFFF])
@example(bits=[0x00000001, 0x80008000, 0x00018000, 0x80000000])
def test_rounding_is_to_the_nearest_and_to_even(name: str, bits: list[int]) -> None:
    x = np.array(bits, np.uint32).view(np.float32)
    backend = BACKENDS[name]
    found = backend.narrowed(x)
    assert found.dtype == BFLOAT16
    with np.errstate(invalid="ignore"):
        expected = x.astype(BFLOAT16)
    np.testing.assert_array_equal(found.astype(np.float32), expected.astype(np.float32))
    np.testing.assert_array_equal(np.signbit(found), np.signbit(x))
    normal = np.isfinite(x) & (np.abs(x) > 1e-30) & (np.abs(x) < 1e38)
    np.testing.assert_array_equal(found.astype(np.float64)[normal], rounded(x[normal]))
    wide = backend.widened(found)
    assert wide.dtype == np.float32
    np.testing.assert_array_equal(wide, expected.astype(np.float32))


# ---------------------------------------------------------------------- operations


@st.composite
def calls(draw: st.DrawFn, name: str) -> tuple[Any, ...]:
    """Arguments of an operation: float32 arrays, then settings."""
    kind = name.removesuffix("_backward")
    arrays: list[Any]
    settings: tuple[Any, ...]
    if kind in ("conv2d", "local_conv2d", "im2col", "col2im"):
        case = draw(own.convolutions(grouped=kind == "conv2d"))
        window = case.kernel, case.stride, case.padding
        x = own.normal(case.shape, case.seed)
        if kind == "im2col":
            arrays, settings = [x], window
        elif kind == "col2im":
            cols = F.im2col(x, *window)
            arrays, settings = [own.normal(cols.shape, case.seed)], (x.shape, *window)
        else:
            start = case.out_hw if kind == "local_conv2d" else ()
            F_, C = case.out_channels, case.shape[1] // case.groups
            w = own.normal((*start, F_, C, *case.kernel), case.seed + 1)
            b = own.normal((*start, F_), case.seed + 2)
            settings = window[1:] + ((case.groups,) if kind == "conv2d" else ())
            y = getattr(F, kind)(x, w, b, *settings)
            arrays = [x, w, b] if kind == name else [own.normal(y.shape, case.seed + 3), x, w]
    elif kind == "linear":
        N, features, outputs = (draw(st.integers(1, 5)) for _ in range(3))
        shapes = [(N, features), (outputs, features), (outputs,)]
        seed = draw(own.seeds)
        arrays = [own.normal(shape, seed + i) for i, shape in enumerate(shapes)]
        arrays = arrays if kind == name else [own.normal((N, outputs), seed + 3), *arrays[:2]]
        settings = ()
    elif kind.endswith("pool2d"):
        pool = draw(own.poolings(own.few_kinds))
        x = own.grid(pool.shape, pool.seed)
        window = pool.kernel, pool.stride
        arrays, settings = [x], (*window, pool.ceil_mode)
        if kind != name:
            dy = own.normal((*pool.shape[:2], *pool.out_hw), pool.seed)
            arrays = [dy, *([F.max_pool2d(x, *settings)[1]] if kind == "max_pool2d" else [])]
            settings = (pool.shape, *window)
    elif kind.endswith("norm"):
        norm = draw(own.normalisations())
        x = rounded(own.normal(norm.shape, norm.seed)).astype(np.float32)
        how = norm.size, norm.alpha, norm.beta, norm.k
        arrays, settings = [x], how
        if kind != name:
            scale = getattr(F, kind)(x, *how)[1]
            arrays, settings = [own.normal(norm.shape, norm.seed + 1), x, scale], how[:3]
    elif kind == "cross_entropy":
        N, classes, seed = draw(st.integers(1, 4)), draw(st.integers(1, 5)), draw(own.seeds)
        labels = np.random.default_rng(seed).integers(0, classes, N)
        arrays, settings = [own.normal((N, classes), seed), labels], ()
    else:  # element by element
        shape, seed = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4)), draw(own.seeds)
        two = [own.normal(tuple(shape), seed + i) for i in range(2)]
        arrays, settings = (two, ()) if kind != name else (two[:1], ())
        if name == "dropout":
            draws = np.random.default_rng(seed).random(shape)
            arrays, settings = [two[0], draws], (0.4, draw(st.booleans()))
    return (*(a.astype(np.float32) if a.dtype.kind == "f" else a for a in arrays), *settings)


def room(name: str, args: tuple[Any, ...], exact: list[Any]) -> list[Any]:
    """How far float32 results may be from the exact ones, from the sizes of the sums' terms.

    A sum of n terms is off by at most n * u times the sum of their absolute values, in any order;
    Winograd's transforms of 3 x 3 windows add and subtract up to 36 terms before that.
    """
    unit = 2.0**-24
    if name.startswith(("conv2d", "local_conv2d", "linear")):
        absolute = [np.abs(a) if isinstance(a, np.ndarray) else a for a in args]
        most = max(a.size for a in args if isinstance(a, np.ndarray))
        results = getattr(F, name)(*absolute)
        sizes = results if isinstance(results, tuple) else (results,)
        return [36 * (most + 2) * unit * size for size in sizes]
    return [None if y is None else 64 * unit * (1 + np.abs(y).max(initial=0)) for y in exact]


@pytest.mark.parametrize(  # Numba compiles a kernel for each shape that is drawn
    "name", [pytest.param(n, marks=pytest.mark.slow if n == "numba" else ()) for n in NAMES]
)
@pytest.mark.parametrize("operation", [n for n in CASTS if hasattr(F, n)])
@given(data=st.data())
def test_an_operation_is_the_textbooks_with_the_casts_of_the_table(
    name: str, operation: str, data: st.DataObject
) -> None:
    args = data.draw(calls(operation))
    takes, gives = CASTS[operation]
    seen = [rounded(a) if i in takes else a for i, a in enumerate(args)]
    seen = [a.astype(np.float64) if getattr(a, "dtype", None) == np.float32 else a for a in seen]
    expected = getattr(F, operation)(*seen)
    exact = list(expected) if isinstance(expected, tuple) else [expected]
    backend = BACKENDS[name]
    found = getattr(backend, operation)(*args)
    assert isinstance(found, tuple) == isinstance(expected, tuple)
    for i, (got, wanted, near) in enumerate(
        zip(
            found if isinstance(found, tuple) else [found],
            exact,
            room(operation, tuple(seen), exact),
            strict=True,
        )
    ):
        if wanted.dtype.kind != "f":  # argmax
            np.testing.assert_array_equal(got, wanted)
            continue
        assert got.dtype == (BFLOAT16 if i in gives else np.float32)
        allowed = near + (UNIT * (np.abs(wanted) + near) if i in gives else 0)
        assert (np.abs(got.astype(np.float64) - wanted) <= allowed).all()
    # The same from arrays that are bfloat16 already.
    narrow = [backend.narrowed(a) if i in takes else a for i, a in enumerate(args)]
    again = getattr(backend, operation)(*narrow)
    for got, wanted in zip(
        *(r if isinstance(r, tuple) else (r,) for r in (again, found)), strict=True
    ):
        assert got.tobytes() == wanted.tobytes()


def test_every_operation_has_casts_but_those_that_stay_in_float32() -> None:
    helpers = {"out_hw", "softmax"}
    assert set(functional.__all__) - helpers - set(CASTS) == {"sgd_step", "augment"}


@pytest.mark.parametrize("name", NAMES)
def test_a_weight_is_rounded_for_each_product(name: str) -> None:
    backend = BACKENDS[name]
    x, weight = np.ones((1, 2), np.float32), np.array([[1 + 2**-9, -1]], np.float32)
    bias = np.zeros(1, np.float32)
    assert backend.linear(x, weight, bias).tolist() == [[0]]
    maps, filters = x.reshape(1, 2, 1, 1), weight.reshape(1, 2, 1, 1)
    assert backend.conv2d(maps, filters, bias, (1, 1), (0, 0), 1).ravel().tolist() == [0]
    assert weight[0, 0] == 1 + 2**-9


@pytest.mark.parametrize("name", NAMES)
def test_relu_works_in_place(name: str) -> None:
    backend = BACKENDS[name]
    x = backend.narrowed(np.array([[-1.0, 2.0]], np.float32))
    dy = backend.narrowed(np.array([[3.0, 4.0]], np.float32))
    y = backend.relu(x, True)
    assert y is x and y.tolist() == [[0, 2]]
    assert backend.relu_backward(dy, y, True) is dy and dy.tolist() == [[0, 4]]
    assert backend.relu(x, False) is not x


# ---------------------------------------------------------------------- backends


@pytest.mark.parametrize("name", NAMES)
def test_what_a_backend_says_of_itself(name: str) -> None:
    backend = BACKENDS[name]
    assert (backend.name, backend.precision, backend.threads) == (name, "bf16", 2)
    assert backends.get(name, threads=2, precision="bf16") is backend
    assert backends.get(name, threads=2).precision == "float32"
    x = np.array([1.0, 1 / 3], BFLOAT16)
    assert backend.is_floating(x) and not backend.is_floating(np.array([1]))
    assert backend.to_host(x).dtype == np.float32
    assert backend.widened(np.zeros(2)).dtype == np.float64  # only what is bfloat16


def test_a_plain_one_is_the_textbook_with_the_same_casts() -> None:
    backend = BACKENDS[NAMES[0]]
    plain = backend.plain()
    assert plain.precision == "bf16" and not plain.float32.replaces
    case = own.Conv((2, 4, 6, 5), 4, (3, 3), (1, 1), (1, 1), 2, 0)
    x, w = own.normal(case.shape, 0), own.normal((4, 2, 3, 3), 1)
    args = x.astype(np.float32), w.astype(np.float32), np.zeros(4, np.float32)
    y, z = (b.conv2d(*args, (1, 1), (1, 1), 2) for b in (backend, plain))
    layer = Conv2d(4, 4, 3, padding=1, groups=2)
    layer.params = {"weight": args[1], "bias": args[2]}
    near = rounding.of_convolution(layer, args[0], np.zeros(y.shape, np.float32))["y"]
    assert (np.abs(y.astype(float) - z) <= 2 * UNIT * (np.abs(y) + near) + 36 * near).all()


def test_a_function_of_ones_own_gets_float32_and_is_rounded_too() -> None:
    seen = []

    def thirds(x: Host) -> Host:
        seen.append(x.dtype)
        return x / 3

    backend = BACKENDS[NAMES[0]].replaced(relu=thirds)
    assert "thirds" in backend.own["relu"] and backend.precision == "bf16"
    y = backend.relu(np.array([[1.0]], np.float32))
    assert seen == [np.float32] and y.dtype == BFLOAT16 and float(y[0, 0]) == rounded(1 / 3)


def test_without_the_package_it_says_what_to_install(monkeypatch) -> None:
    real = builtins.__import__

    def no_ml_dtypes(name: str, *rest: Any) -> Any:
        if name == "ml_dtypes":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", no_ml_dtypes)
    base.bfloat16.cache_clear()
    try:
        with pytest.raises(ConfigError, match="needs the package ml_dtypes") as refused:
            with_bfloat16(backends.get("numpy"))
    finally:
        base.bfloat16.cache_clear()
    assert "[bf16]" in refused.value.hint and refused.value.exit_code == 2


# ---------------------------------------------------------------------- networks


@pytest.mark.parametrize("name", NAMES)
def test_a_network_keeps_activations_in_bfloat16_and_gradients_of_weights_in_float32(
    name: str,
) -> None:
    backend = BACKENDS[name]
    model = models.build("tiny")
    model.to(backend)
    model.train()
    x = backend.asarray(own.normal((2, *model.input_shape), 0).astype(np.float32))
    kept: dict[str, Any] = {}
    y = model.forward(x)
    for layer_name, layer in model.named_layers():
        for key in {"x", "y"} & set(layer.remembers):
            kept[f"{layer_name}.{key}"] = vars(layer)[key].dtype
        if "scale" in layer.remembers:
            assert layer.scale.dtype == np.float32
    assert y.dtype == BFLOAT16 and set(kept.values()) == {BFLOAT16} and len(kept) > 5
    dx = model.backward(np.ones_like(y))
    assert dx.dtype == BFLOAT16
    for _, layer, key in model.parameter_owners():
        assert layer.params[key].dtype == layer.grads[key].dtype == np.float32


def test_the_label_smoothing_is_added_in_float32() -> None:
    from tinyalex.training.label_smoothing import SmoothedCrossEntropy

    logits = rounded(own.normal((3, 7), 0)).astype(np.float32)
    found: list[tuple[float, Host]] = []
    for precision in ("float32", "bf16"):
        loss = SmoothedCrossEntropy(0.1)
        loss.to(backends.get("numpy", precision=precision))
        given_ = logits.astype(BFLOAT16) if precision == "bf16" else logits
        value = float(loss.forward(given_, np.arange(3)))
        found.append((value, np.asarray(loss.backward(), np.float64)))
    (exact, gradient), (mixed, rough) = found
    assert abs(mixed - exact) < 1e-6
    np.testing.assert_allclose(rough, gradient, atol=1e-7)
